/** The root of the state tree: everything that changes while the machine runs hangs off `machine`. */
import type { E1000State } from '../hw/net/e1000.ts';
import type { PCIBus } from '../hw/pci/pci.ts';
import type { NetState } from '../net/net.ts';
import type { Slirp } from '../slirp/slirp.ts';
import { DropCounters } from '../util/drop.ts';
import type { Host } from '../util/host.ts';
import { RandomState } from '../util/random.ts';
import { SocketTable } from '../util/sockets.ts';
import { QEMU_CLOCK_REALTIME, QEMU_CLOCK_VIRTUAL, QEMUTimerList } from '../util/timer.ts';
import type { CPUState } from './cpus.ts';
import type { MemoryMap } from './memory.ts';

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
  timers: QEMUTimerList[] = [new QEMUTimerList(QEMU_CLOCK_REALTIME), new QEMUTimerList(QEMU_CLOCK_VIRTUAL)];
  random: RandomState = new RandomState();
  drops: DropCounters = new DropCounters();
  /** Set by a 'quit' input: the main loop returns. */
  shutdown_requested = false;
  /** Turns of the main loop so far. */
  turns = 0;
}

/** The machine of this process; `main` fills it in. */
export const machine: MachineState = new MachineState();
