/** `ping`: echo requests and how long their answers take (Busybox ping). */

import { cpu_get_ns } from '../../softmmu/cpus.ts';
import { rd16 } from '../../wire/bytes.ts';
import { ICMP_MINLEN, ICMP_SEQ } from '../../wire/icmp.ts';
import { IPDEFTTL } from '../../wire/ip.ts';
import { EAGAIN, strerror } from '../errno.ts';
import { do_exit } from '../exit.ts';
import { bb_error_msg, printf } from '../file.ts';
import { ping_recvmsg, ping_v4_sendmsg } from '../icmp.ts';
import type { sock } from '../inet_sock.ts';
import { inet_ntoa, NSEC_PER_MSEC, NSEC_PER_SEC, parse_number } from '../lib.ts';
import { schedule_timeout, type task_struct } from '../sched.ts';
import { ping_socket } from '../socket.ts';
import type { program } from '../task.ts';
import { bb_show_usage, getopt, optarg } from './getopt.ts';
import { res_query, type res_state, res_wait } from './resolver.ts';

const DEFAULT_SIZE = 56;
/** Time to wait for the last answer. */
const MAX_WAIT = 10;

/** State of a running `ping`. */
class ping_state {
  host = '';
  addr = 0;
  query!: res_state;
  sk: sock | null = null;
  size = DEFAULT_SIZE;
  count = 0;
  ttl = IPDEFTTL;
  wait = MAX_WAIT;
  interval = 1;
  quiet = false;
  transmitted = 0;
  received = 0;
  duplicates = 0;
  /** When each of the last requests left, by its sequence number, -1 once it is answered. */
  sent_at: Float64Array = new Float64Array(65536).fill(-1);
  next_send = 0;
  deadline = -1;
  min = 0;
  max = 0;
  sum = 0;
  buf: Uint8Array = new Uint8Array(65536);
}

/** Parses the command line and looks the host up. */
function ping_main(task: task_struct): void {
  const o = getopt(task.argv, '4c:s:t:W:i:qA');
  const st = new ping_state();
  task.state = st;
  st.count = parse_number(optarg(o, 'c', '0'), 0, 1e9);
  st.size = parse_number(optarg(o, 's', String(DEFAULT_SIZE)), 0, 65507);
  st.ttl = parse_number(optarg(o, 't', String(IPDEFTTL)), 1, 255);
  st.wait = parse_number(optarg(o, 'W', String(MAX_WAIT)), 1, 1e6);
  st.interval = /^\d{1,6}(\.\d+)?$/.test(optarg(o, 'i', '1')) ? Math.max(0.001, Number(optarg(o, 'i', '1'))) : -1;
  st.quiet = o.flags.has('q');
  if (o.error !== '' || o.args.length !== 1 || Math.min(st.count, st.size, st.ttl, st.wait, st.interval) < 0) {
    bb_show_usage(task, o.error);
    return;
  }
  st.host = o.args[0]!;
  st.query = res_query(task, st.host);
  ping_poll(task);
}

/** A reply, an error, or the time for the next request. */
function ping_poll(task: task_struct): void {
  const st = task.state as ping_state;
  if (!st.sk && !ping_start(task, st)) {
    return;
  }
  ping_receive(task, st);
  if (task.exited) {
    return;
  }
  const now = cpu_get_ns();
  const all_sent = st.count > 0 && st.transmitted >= st.count;
  if (all_sent && (st.received >= st.count || (st.deadline >= 0 && now >= st.deadline))) {
    ping_finish(task, st);
    return;
  }
  if (!all_sent && now >= st.next_send) {
    ping_send(task, st);
  }
}

/** Opens the socket once the address is known. Returns false while it is not. */
function ping_start(task: task_struct, st: ping_state): boolean {
  const addr = res_wait(task, st.query);
  if (addr === -EAGAIN) {
    return false;
  }
  if (addr < 0) {
    bb_error_msg(task, `bad address '${st.host}'`);
    do_exit(task, 1);
    return false;
  }
  st.addr = addr;
  st.sk = ping_socket(task);
  if (!st.sk) {
    bb_error_msg(task, 'socket: Address in use');
    do_exit(task, 1);
    return false;
  }
  printf(task, `PING ${st.host} (${inet_ntoa(addr)}): ${st.size} data bytes\n`);
  return true;
}

/** Sends the next request. */
function ping_send(task: task_struct, st: ping_state): void {
  const seq = st.transmitted & 0xffff;
  const payload = new Uint8Array(st.size);
  for (let i = 0; i < payload.length; i++) {
    payload[i] = i;
  }
  const err = ping_v4_sendmsg(st.sk!, st.addr, seq, payload, st.ttl);
  if (err < 0) {
    bb_error_msg(task, `sendto: ${strerror(err)}`);
    do_exit(task, 1);
    return;
  }
  st.sent_at[seq] = cpu_get_ns();
  st.transmitted++;
  const last = st.count > 0 && st.transmitted >= st.count;
  const wait = last ? st.wait : st.interval;
  st.next_send = cpu_get_ns() + wait * NSEC_PER_SEC;
  st.deadline = last ? st.next_send : -1;
  schedule_timeout(task, wait * NSEC_PER_SEC);
}

/** Takes the replies that are there. */
function ping_receive(task: task_struct, st: ping_state): void {
  for (;;) {
    const n = ping_recvmsg(st.sk!, st.buf);
    if (n === -EAGAIN) {
      return;
    }
    if (n < 0) {
      bb_error_msg(task, `${inet_ntoa(st.sk!.msg_addr)}: ${strerror(n)}`);
    } else {
      ping_reply(task, st, n);
    }
  }
}

/** Prints one reply of `n` bytes. */
function ping_reply(task: task_struct, st: ping_state, n: number): void {
  const seq = rd16(st.buf, ICMP_SEQ);
  const sent = st.sent_at[seq]!;
  const from = inet_ntoa(st.sk!.msg_addr);
  const head = `${n} bytes from ${from}: seq=${seq} ttl=${st.sk!.msg_ttl}`;
  if (sent < 0) {
    st.duplicates++;
    printf(task, `${head} (DUP!)\n`);
    return;
  }
  st.sent_at[seq] = -1;
  const rtt = (cpu_get_ns() - sent) / NSEC_PER_MSEC;
  st.min = st.received === 0 ? rtt : Math.min(st.min, rtt);
  st.max = Math.max(st.max, rtt);
  st.sum += rtt;
  st.received++;
  if (!st.quiet) {
    printf(task, `${head}${n >= ICMP_MINLEN ? ` time=${rtt.toFixed(3)} ms` : ''}\n`);
  }
}

/** Prints the statistics and ends. */
function ping_finish(task: task_struct, st: ping_state): void {
  const loss = st.transmitted > 0 ? Math.floor(((st.transmitted - st.received) * 100) / st.transmitted) : 0;
  const dup = st.duplicates > 0 ? `${st.duplicates} duplicates, ` : '';
  let text = `\n--- ${st.host} ping statistics ---\n`;
  text += `${st.transmitted} packets transmitted, ${st.received} packets received, ${dup}${loss}% packet loss\n`;
  if (st.received > 0) {
    const [min, avg, max] = [st.min, st.sum / st.received, st.max].map((t) => t.toFixed(3));
    text += `round-trip min/avg/max = ${min}/${avg}/${max} ms\n`;
  }
  printf(task, text);
  do_exit(task, st.received > 0 ? 0 : 1);
}

/** What Ctrl-C does to `ping`: it prints the statistics first. */
export function ping_interrupt(task: task_struct): void {
  const st = task.state as ping_state | null;
  if (st?.sk) {
    ping_finish(task, st);
  }
}

/** `ping`. */
export const ping_program: program = {
  name: 'ping',
  usage: `ping [OPTIONS] HOST

	-c CNT		Send only CNT pings
	-s SIZE		Send SIZE data bytes in packets (default 56)
	-i SECS		Interval
	-t TTL		Set TTL
	-W SEC		Seconds to wait for the last response (default 10)
	-q		Quiet, only display output at start/finish`,
  main: ping_main,
  poll: ping_poll,
  sigint: ping_interrupt,
};
