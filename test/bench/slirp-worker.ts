/**
 * The thread of a benchmark of the user network: the release build of slirp on the live host, driven by the synthetic
 * guest.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { LiveHost } from '../../adapter/inferior/live-host.ts';
import type { MailboxBuffers } from '../../adapter/mailbox/mailbox.ts';
import type * as SlirpModule from '../../adapter/stack/slirp/slirp.ts';
import type * as MachineModule from '../../adapter/stack/softmmu/machine.ts';
import type * as RandomModule from '../../adapter/stack/util/random.ts';
import type * as SocketsModule from '../../adapter/stack/util/sockets.ts';
import type * as TimerModule from '../../adapter/stack/util/timer.ts';
import { arpRequest, Guest, HOST_IP } from './slirp-guest.ts';
import { type Outcome, type Run, WORKLOADS } from './slirp-workloads.ts';

export interface BenchData {
  readonly mailbox: MailboxBuffers;
  readonly workload: string;
  /** The runs, one after the other: how many operations, and the port of the peer that listens, or 0. */
  readonly runs: readonly { readonly n: number; readonly port: number }[];
  readonly conc: number;
  readonly guest_closes: boolean;
  readonly size: number;
  readonly window: number;
}

/** What the thread tells the main one. */
export type BenchMessage =
  | { readonly type: 'ring' }
  | { readonly type: 'report'; readonly text: string }
  | { readonly type: 'start'; readonly port: number }
  | { readonly type: 'done'; readonly figures: object };

const data = workerData as BenchData;
const post = (m: BenchMessage): void => parentPort!.postMessage(m);

Object.defineProperty(globalThis, '__pktgdb', {
  value: { A: new Uint8Array(1), E: new Uint8Array(1), T: new Float64Array(2), D: [], tick: () => 0, module: () => 0 },
});
const release = join(import.meta.dirname, '../../dist/stack/release');
const load = <T>(module: string): Promise<T> => import(pathToFileURL(join(release, module)).href) as Promise<T>;
const { slirp_new: slirpNew, ...slirpApi } = await load<typeof SlirpModule>('slirp/slirp.js');
const { machine, DropCounters, QEMUTimerList } = await load<typeof MachineModule>('softmmu/machine.js');
const {
  SocketTable,
  sockaddr_in: sockaddrIn,
  socket_input: socketInput,
} = await load<typeof SocketsModule>('util/sockets.js');
const {
  QEMU_CLOCK_REALTIME,
  QEMU_CLOCK_VIRTUAL,
  qemu_clock_deadline_ns_all: qemuClockDeadlineNsAll,
  qemu_clock_run_all_timers: qemuClockRunAllTimers,
} = await load<typeof TimerModule>('util/timer.js');
const { qemu_random_seed: qemuRandomSeed } = await load<typeof RandomModule>('util/random.js');
const { SlirpConfig } = slirpApi;

const host = new LiveHost(data.mailbox, 1, [], {
  now: () => performance.now(),
  ring: () => post({ type: 'ring' }),
  pause: () => undefined,
  allocShared: (_name, bytes) => new SharedArrayBuffer(bytes),
  frame: () => undefined,
});
machine.host = host;
machine.sockets = new SocketTable();
machine.timers = [new QEMUTimerList(QEMU_CLOCK_REALTIME), new QEMUTimerList(QEMU_CLOCK_VIRTUAL)];
machine.drops = new DropCounters();
machine.slirps = [];
qemuRandomSeed(1);

const peer = { done: false, result: 0 };
const config = new SlirpConfig();
config.in6_enabled = false;
const slirp = slirpNew(config, { send_packet: (_o, buf, size) => guest.received(buf, size) }, {})!;
machine.slirps.push(slirp);
const guest: Guest = new Guest({
  input: (frame, size) => slirpApi.slirp_input(slirp, frame, size),
  hostfwd: () => slirpApi.slirp_add_hostfwd(slirp, false, sockaddrIn(0x7f000001, 0), 0, 80).port,
  step,
});

/** A turn of the main loop, as `main_loop_wait`. */
function step(ms: number): void {
  let timeout = ms * 1e6;
  for (const t of [slirpApi.slirp_pollfds_fill(slirp), qemuClockDeadlineNsAll()]) {
    timeout = t < 0 ? timeout : Math.min(timeout, t);
  }
  for (const input of host.poll(timeout)) {
    if (input.type === 'monitor') {
      peer.done ||= input.id === turn;
      peer.result = Number(input.line);
    } else {
      socketInput(machine.sockets, host, input);
    }
  }
  slirpApi.slirp_pollfds_poll(slirp);
  qemuClockRunAllTimers();
}

const COUNTERS = ['framesIn', 'framesOut', 'bytesIn', 'bytesOut', 'polls', 'errors', 'lost', 'retx'] as const;
/** Milliseconds that connections get to close in between two runs. */
const LINGER_MS = 50;

/** Number of the run. */
let turn = 0;
let started = 0;
let wall = 0;
let cpu = process.cpuUsage();

const run: Omit<Run, 'n' | 'port'> = {
  guest,
  conc: data.conc,
  guest_closes: data.guest_closes,
  size: data.size,
  window: data.window,
  peer,
  start(port = 0) {
    cpu = process.cpuUsage();
    for (const key of COUNTERS) {
      guest[key] = 0;
    }
    started = performance.now();
    post({ type: 'start', port });
  },
  stop() {
    wall = (performance.now() - started) / 1000;
    cpu = process.cpuUsage(cpu);
  },
};

const round = (v: number, digits: number): number => Number(v.toFixed(digits));

/** The same keys as slirp_bench prints. */
function figures(o: Outcome): object {
  const pkts = guest.framesIn + guest.framesOut;
  const cpuNs = (cpu.user + cpu.system) * 1000;
  return {
    impl: 'pktgdb',
    version: process.version,
    workload: data.workload,
    n: o.n,
    unit: o.unit,
    frames_in: guest.framesIn,
    frames_out: guest.framesOut,
    bytes_in: guest.bytesIn,
    bytes_out: guest.bytesOut,
    wall_s: round(wall, 6),
    user_s: round(cpu.user / 1e6, 6),
    sys_s: round(cpu.system / 1e6, 6),
    ops_per_s: round(o.ops / wall, 1),
    pkts_per_s: Math.round(pkts / wall),
    mb_per_s: round((guest.bytesIn + guest.bytesOut) / wall / 1e6, 3),
    payload_mb_per_s: round(o.payload / wall / 1e6, 3),
    ns_per_pkt: round((wall * 1e9) / pkts, 1),
    cpu_ns_per_pkt: round(cpuNs / pkts, 1),
    cpu_ns_per_op: round(cpuNs / o.ops, 1),
    polls: guest.polls,
    errors: guest.errors,
    lost: guest.lost,
    retx: guest.retx,
  };
}

/** Lets what a run left behind come to its end. */
function linger(): void {
  const end = performance.now() + LINGER_MS;
  while (performance.now() < end) {
    step(1);
    guest.txFlush();
  }
}

const hello = arpRequest(HOST_IP);
guest.feed(hello, hello.length);
const rates: number[] = [];
let outcome: Outcome | undefined;
for (const { n, port } of data.runs) {
  outcome = WORKLOADS[data.workload]!.run({ ...run, n, port });
  rates.push(round(outcome.ops / wall, 1));
  if (++turn < data.runs.length) {
    linger();
    Object.assign(peer, { done: false, result: 0 });
  }
}
const cold = rates.length > 1 ? { cold_ops_per_s: rates[0] } : {};
post({ type: 'done', figures: { ...figures(outcome!), ...cold } });
