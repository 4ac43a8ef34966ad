/**
 * The root of the state tree: everything that changes while the machine runs hangs off `machine`. Every module imports
 * this one, so it imports only types, and modules that do not import it: no order of loading may find a class missing.
 */
import type { E1000State } from '../hw/net/e1000.ts';
import type { PCIBus } from '../hw/pci/pci.ts';
import type { PITChannelState } from '../hw/timer/i8254.ts';
import type { NetState } from '../net/net.ts';
import type { Slirp } from '../slirp/instance.ts';
import type { Host } from '../util/host.ts';
import { SocketTable } from '../util/sockets.ts';
import type { QEMUTimer } from '../util/timer.ts';
import type { CPUState } from './cpus.ts';
import type { MemoryMap } from './memory.ts';
import type { QTestState } from './qtest.ts';

/** The pending timers of one clock, soonest first. */
export class QEMUTimerList {
  readonly clock: number;
  active_timers: QEMUTimer | null = null;
  constructor(clock: number) {
    this.clock = clock;
  }
}

/** How often each reason was the one. */
export class DropCounters {
  total = 0;
  by_reason: Map<string, number> = new Map();
}

/** State of the generator of `qemu_random_u32` (xorshift32). */
export class RandomState {
  x = 1;
}

/** A machine: one CPU with a guest, memory, a PCI bus with NICs, the net layer, user networks. */
export class MachineState {
  /** The world outside. Not part of the state: a checkpoint leaves it out. */
  host!: Host;
  /** Guest RAM at physical address 0, in shared memory. */
  ram: Uint8Array = new Uint8Array(0);
  memory!: MemoryMap;
  pci!: PCIBus;
  cpu!: CPUState;
  net!: NetState;
  nics: E1000State[] = [];
  slirps: Slirp[] = [];
  sockets: SocketTable = new SocketTable();
  /** By clock: `QEMU_CLOCK_REALTIME`, `QEMU_CLOCK_VIRTUAL`. */
  timers: QEMUTimerList[] = [new QEMUTimerList(0), new QEMUTimerList(1)];
  random: RandomState = new RandomState();
  /** Seconds since 1970 when the virtual clock was 0 (`-rtc base=`). */
  rtc_start = 0;
  /** Set when the test protocol drives the machine (`-qtest`). */
  qtest: QTestState | null = null;
  /** The interval timer, which only the test protocol shows. */
  pit: PITChannelState | null = null;
  drops: DropCounters = new DropCounters();
  /** Set by a 'quit' input: the main loop returns. */
  shutdown_requested = false;
  /** Turns of the main loop so far. */
  turns = 0;
}

/** The machine of this process; `main` fills it in. */
export const machine: MachineState = new MachineState();
