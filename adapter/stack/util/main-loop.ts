/** One turn of the main loop (util/main-loop.c): waits for what comes from outside, and hands it on. */
import { handle_hmp_command } from '../monitor/hmp.ts';
import { net_inject } from '../net/inject.ts';
import { net_set_faults } from '../net/net.ts';
import { net_sockets_poll } from '../net/socket.ts';
import { slirp_pollfds_fill, slirp_pollfds_poll } from '../slirp/slirp.ts';
import { cpu_kick } from '../softmmu/cpus.ts';
import { machine } from '../softmmu/machine.ts';
import { qtest_read } from '../softmmu/qtest.ts';
import { drop } from './drop.ts';
import type { Input } from './host.ts';
import { socket_input } from './sockets.ts';
import { qemu_clock_deadline_ns_all, qemu_clock_run_all_timers } from './timer.ts';

/** The earlier of two times to wait; -1 is forever. */
function qemu_soonest_timeout(a: number, b: number): number {
  return a < 0 ? b : b < 0 ? a : Math.min(a, b);
}

/** Hands one input to the part it is for. */
function main_loop_input(input: Input): void {
  const cpu = machine.cpu;
  switch (input.type) {
    case 'console':
      cpu.ops.console_input(cpu, input.text);
      cpu_kick(cpu);
      break;
    case 'monitor':
      machine.host.monitor_reply(input.id, handle_hmp_command(input.line));
      break;
    case 'frame':
      if (cpu.ops.trace_frame) {
        cpu.ops.trace_frame(cpu, input.data, input.number);
        cpu_kick(cpu);
      } else {
        drop(input.data, input.data.length, 'GUEST_NOT_OURS');
      }
      break;
    case 'inject': {
      const frame = Uint8Array.from(input.hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
      net_inject(input.edge, frame, frame.length);
      break;
    }
    case 'link':
      net_set_faults(input.name, input.faults);
      break;
    case 'quit':
      machine.shutdown_requested = true;
      break;
    default:
      socket_input(machine.sockets, machine.host, input);
  }
}

/**
 * Waits until something is due or arrives (not at all if `nonblocking`), then runs sockets, user networks and timers.
 */
export function main_loop_wait(nonblocking: boolean): void {
  let timeout = -1;
  for (const slirp of machine.slirps) {
    timeout = qemu_soonest_timeout(timeout, slirp_pollfds_fill(slirp));
  }
  if (machine.qtest && timeout > 0) {
    // Under the test protocol its clock does not move while we wait.
    timeout = -1;
  }
  timeout = nonblocking ? 0 : qemu_soonest_timeout(timeout, qemu_clock_deadline_ns_all());
  let earlier = false;
  for (const input of machine.host.poll(timeout)) {
    if (input.type !== 'qtest') {
      earlier = true;
      main_loop_input(input);
      continue;
    }
    // What the host's sockets brought before a command of the test protocol is done before it, as in a loop that had
    // turned sooner.
    if (earlier) {
      earlier = false;
      net_sockets_poll();
      for (const slirp of machine.slirps) {
        slirp_pollfds_poll(slirp);
      }
    }
    qtest_read(input.text);
  }
  net_sockets_poll();
  for (const slirp of machine.slirps) {
    slirp_pollfds_poll(slirp);
  }
  qemu_clock_run_all_timers();
  machine.turns++;
}
