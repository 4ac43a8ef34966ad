/** The machine's program: `main`, bring-up and the main loop (softmmu/main.c, vl.c, runstate.c). */
import { guest_new, guest_ops } from '../guest/guest.ts';
import { NullGuest, null_guest_ops } from '../guest/null_guest.ts';
import { trace_guest_new, trace_guest_ops } from '../guest/trace_guest.ts';
import { piix3_init } from '../hw/isa/piix3.ts';
import { pci_bios_init, pci_root_bus_new } from '../hw/pci/pci.ts';
import { i8254_pit_init } from '../hw/timer/i8254.ts';
import { NetState } from '../net/net.ts';
import type { Host } from '../util/host.ts';
import { main_loop_wait } from '../util/main-loop.ts';
import { OptionError } from '../util/qemu-option.ts';
import { qemu_random_seed } from '../util/random.ts';
import { CPUState, cpu_exec, cpu_has_work } from './cpus.ts';
import { machine } from './machine.ts';
import { MemoryMap } from './memory.ts';
import { qtest_init } from './qtest.ts';
import { net_init_clients, qemu_parse_args } from './vl.ts';

/** The CPU with the guest that `-guest` names. */
function cpu_create(guest: string): CPUState {
  switch (guest) {
    case 'trace':
      return new CPUState(trace_guest_ops, trace_guest_new());
    case 'none':
      return new CPUState(null_guest_ops, new NullGuest());
    default:
      return new CPUState(guest_ops, guest_new());
  }
}

/** Builds the machine that the command line describes. Throws an OptionError if it describes none. */
export function qemu_init(argv: readonly string[]): void {
  const o = qemu_parse_args(argv);
  if (o.ram_asked !== 0) {
    const text = `-m: the machine uses ${o.ram_size / 1048576} MiB of the ${o.ram_asked / 1048576} MiB`;
    machine.host.report('warning', text);
  }
  machine.ram = new Uint8Array(machine.host.alloc_shared('ram', o.ram_size));
  machine.memory = new MemoryMap(machine.ram);
  machine.net = new NetState();
  machine.pci = pci_root_bus_new();
  piix3_init(machine.pci);
  machine.cpu = cpu_create(o.guest);
  machine.rtc_start = o.rtc_start;
  if (o.qtest) {
    qtest_init();
    i8254_pit_init();
  }
  net_init_clients(o);
  if (!o.qtest) {
    pci_bios_init(machine.pci);
  }
  // A machine that was saved gets its state here, as with -loadvm.
  machine.host.ready?.();
}

/** Turns until someone quits: what came from outside, then the guest. */
export function main_loop(): void {
  while (!machine.shutdown_requested) {
    main_loop_wait(cpu_has_work(machine.cpu));
    if (cpu_has_work(machine.cpu)) {
      cpu_exec(machine.cpu);
    }
  }
}

/** Builds the machine and runs it until it is switched off. Returns 0, or 1 when the command line is wrong. */
export function main(argc: number, argv: readonly string[], host: Host): number {
  machine.host = host;
  qemu_random_seed(host.seed);
  try {
    qemu_init(argv);
  } catch (e) {
    if (!(e instanceof OptionError)) {
      throw e;
    }
    host.report('error', e.message);
    return 1;
  }
  main_loop();
  return 0;
}
