/**
 * One build of the NIC in a process of its own: a driver that keeps the rings going, and a peer that sends or counts
 * frames. Arguments: debug|release, frames. Prints an array of `E1000Run`s as JSON.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type AllocationSite, allocations } from './heap.ts';

type Stack = typeof import('../../adapter/stack/hw/net/e1000_pci.ts') &
  typeof import('../../adapter/stack/hw/pci/pci.ts') &
  typeof import('../../adapter/stack/net/net.ts') &
  typeof import('../../adapter/stack/softmmu/cpus.ts') &
  typeof import('../../adapter/stack/softmmu/machine.ts') &
  typeof import('../../adapter/stack/softmmu/memory.ts') &
  typeof import('../../adapter/stack/guest/null_guest.ts');

/** One measurement. */
export interface E1000Run {
  readonly name: string;
  readonly frames: number;
  readonly seconds: number;
  /** What was allocated, and where. */
  readonly sites: readonly AllocationSite[];
}

const BAR0 = 0xfebc0000;
const [RCTL, TCTL, ICR] = [0x100, 0x400, 0xc0];
const RX = { RDBAL: 0x2800, RDLEN: 0x2808, RDH: 0x2810, RDT: 0x2818 };
const TX = { TDBAL: 0x3800, TDLEN: 0x3808, TDT: 0x3818 };
/**
 * Addresses that the driver uses for each batch: numbers beyond 31 bits, which would be allocated each time they are
 * computed.
 */
const [AT_ICR, AT_RDH, AT_RDT, AT_TDT] = [BAR0 + ICR, BAR0 + RX.RDH, BAR0 + RX.RDT, BAR0 + TX.TDT];
const COUNT = 256;
/** Frames between looks of the driver at its rings. */
const BATCH = 16;
const [RX_RING, TX_RING, RX_BUFFERS, TX_BUFFERS] = [0x100000, 0x110000, 0x200000, 0x400000];
const TX_BUFFER = 16384;
const MSS = 1460;
const TSO_PAYLOAD = 44 * MSS;

const [build = 'release', count = '300000'] = process.argv.slice(2);
Object.defineProperty(globalThis, '__pktgdb', {
  value: {
    A: new Uint8Array(new SharedArrayBuffer(Number(process.env['PKTGDB_PROBES'] ?? 100_000))),
    E: new Uint8Array(1 << 16),
    T: new Float64Array([0, Number.POSITIVE_INFINITY]),
    D: [],
    tick: () => undefined,
    module: () => undefined,
  },
});
const load = (module: string): Promise<object> =>
  import(pathToFileURL(join(import.meta.dirname, '../../dist/stack', build, `${module}.js`)).href);
const modules =
  'softmmu/main hw/net/e1000_pci hw/pci/pci net/net softmmu/cpus softmmu/machine softmmu/memory guest/null_guest';
const stack = Object.assign({}, ...(await Promise.all(modules.split(' ').map(load)))) as Stack;
const { machine, address_space_stl: stl, address_space_ldl: ldl } = stack;

let clockNs = 0;
let sent = 0;
machine.host = {
  get nowNs() {
    return clockNs;
  },
  alloc_shared: (_name: string, bytes: number) => new SharedArrayBuffer(bytes),
  report: () => undefined,
} as unknown as typeof machine.host;
machine.ram = new Uint8Array(new SharedArrayBuffer(16 << 20));
machine.memory = new stack.MemoryMap(machine.ram);
machine.net = new stack.NetState();
machine.pci = stack.pci_root_bus_new();
machine.cpu = new stack.CPUState(stack.null_guest_ops, new stack.NullGuest());
const peer = stack.qemu_new_net_client(
  {
    type: 'user',
    receive: (_nc, _buf, size) => {
      sent++;
      return size;
    },
    receive_iov: null,
    can_receive: null,
    link_status_changed: null,
    do_not_pad: false,
  },
  null,
  'bench',
  '',
  {},
);
stack.pci_e1000_realize(stack.e1000_default_properties(peer), 3 << 3);
stack.pci_bios_init(machine.pci);
stack.pci_config_write(3 << 3, stack.PCI_COMMAND, 7, 2);
const wr = (reg: number, v: number): void => stl(BAR0 + reg, v);
const view = machine.memory.ram_view;

for (let i = 0; i < COUNT; i++) {
  view.setUint32(RX_RING + 16 * i, RX_BUFFERS + 2048 * i, true);
}
wr(0, 0x41);
wr(RX.RDBAL, RX_RING);
wr(RX.RDLEN, 16 * COUNT);
wr(RX.RDT, COUNT - 1);
wr(TX.TDBAL, TX_RING);
wr(TX.TDLEN, 16 * COUNT);
wr(RCTL, 0x8002);
wr(TCTL, 0x4010a);
clockNs = 2e9;
stack.qemu_get_queue(machine.nics[0]!.nic);
machine.timers.forEach((list) => {
  list.active_timers = null;
});
machine.nics[0]!.flush_queue_timer.expire_time = -1;

/** A unicast frame in a buffer that is larger, as those of the user network are. */
function frame(size: number): Uint8Array {
  const f = new Uint8Array(2048).fill(0x55);
  f.set(machine.nics[0]!.macaddr);
  f.set([8, 0], 12);
  return f.fill(0, size);
}

function receive(size: number, n: number): void {
  const f = frame(size);
  for (let i = 0; i < n; i += BATCH) {
    for (let j = 0; j < BATCH; j++) {
      stack.qemu_send_packet(peer, f, size);
    }
    ldl(AT_ICR);
    stl(AT_RDT, (ldl(AT_RDH) + COUNT - 1) % COUNT);
  }
}

let tail = 0;

function queue(addr: number, lower: number, upper: number): void {
  const d = TX_RING + 16 * tail;
  view.setUint32(d, addr, true);
  view.setUint32(d + 4, 0, true);
  view.setUint32(d + 8, lower, true);
  view.setUint32(d + 12, upper, true);
  tail = (tail + 1) % COUNT;
}

function transmit(size: number, n: number): void {
  for (let i = 0; i < n; i += BATCH) {
    for (let j = 0; j < BATCH; j++) {
      queue(TX_BUFFERS, 0x0b000000 | size, 0);
    }
    stl(AT_TDT, tail);
    ldl(AT_ICR);
  }
}

const CONTEXT = Uint8Array.of(14, 24, 33, 0, 34, 50, 0, 0);

/** A packet of 64 KiB in 4 pieces behind a context: IP at 14, TCP at 34, headers of 54 bytes. */
function segment(n: number): void {
  const goal = sent + n;
  while (sent < goal) {
    const c = TX_RING + 16 * tail;
    queue(0, 0, 0);
    machine.ram.set(CONTEXT, c);
    view.setUint32(c + 8, (0x27000000 | TSO_PAYLOAD) >>> 0, true);
    view.setUint32(c + 12, (MSS * 0x10000 + (54 << 8)) >>> 0, true);
    let left = 54 + TSO_PAYLOAD;
    for (; left > TX_BUFFER; left -= TX_BUFFER) {
      queue(TX_BUFFERS, 0x26100000 | TX_BUFFER, 0x300);
    }
    queue(TX_BUFFERS, 0x2f100000 | left, 0x300);
    stl(AT_TDT, tail);
    ldl(AT_ICR);
  }
}

async function measure(name: string, frames: number, work: (n: number) => void): Promise<E1000Run> {
  work(frames);
  const started = performance.now();
  work(frames);
  const seconds = (performance.now() - started) / 1000;
  return { name, frames, seconds, sites: await allocations(() => work(frames)) };
}

const n = Number(count);
const runs: E1000Run[] = [];
for (const size of [64, 1514]) {
  runs.push(await measure(`rx_${size}`, n, (k) => receive(size, k)));
}
for (const size of [64, 1514]) {
  runs.push(await measure(`tx_${size}`, n, (k) => transmit(size, k)));
}
runs.push(await measure('tso', n, segment));
console.log(JSON.stringify(runs));
