/** What probes cost while nothing is armed: the instrumented build of a sample against its release build. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compile, PROBE_MODULE, PROBE_MODULE_SOURCE } from '../../adapter/compiler/compile.ts';

/** Figures for one line of JSON. */
export interface ProbeCost {
  /** Time of the instrumented build over that of the release build. */
  readonly ratio: number;
  /** Nanoseconds that one unarmed probe or tick adds. */
  readonly nsPerProbe: number;
  readonly nsPerPacketDebug: number;
  readonly nsPerPacketRelease: number;
  readonly probesPerPacket: number;
}

/**
 * Code of the stack's kind: a ring of descriptors, a queue, headers of packets, branches and calls of small functions.
 */
const SAMPLE = `
class Desc { addr = 0; length = 0; status = 0; }
class Nic { ring: Desc[] = []; head = 0; tail = 0; regs = new Uint32Array(64); ram = new Uint8Array(65536); }
class Queue { packets: Uint8Array[] = []; delivering = false; sent = 0; }
const RDH = 4, RDT = 6, ICR = 3, SIZE = 16;
function reg_read(s: Nic, index: number): number {
  return s.regs[index]!;
}
function reg_write(s: Nic, index: number, value: number): void {
  s.regs[index] = value;
}
function has_room(s: Nic): boolean {
  return (reg_read(s, RDH) + 1) % SIZE !== reg_read(s, RDT);
}
function filter(s: Nic, buf: Uint8Array, size: number): boolean {
  if (size < 14) {
    return false;
  }
  const type = (buf[12]! << 8) | buf[13]!;
  switch (type) {
    case 0x0800:
    case 0x0806:
      return true;
    default:
      return s.head < 0;
  }
}
function receive(s: Nic, buf: Uint8Array, size: number): number {
  if (!filter(s, buf, size)) {
    return -1;
  }
  if (!has_room(s)) {
    reg_write(s, RDH, 0);
  }
  const head = reg_read(s, RDH);
  const desc = s.ring[head]!;
  desc.length = size;
  desc.status = 1;
  for (let i = 0; i < 4; i++) {
    s.ram[desc.addr + i] = buf[i]!;
  }
  reg_write(s, RDH, (head + 1) % SIZE);
  reg_write(s, ICR, reg_read(s, ICR) | 0x80);
  return size;
}
function queue_send(q: Queue, s: Nic, buf: Uint8Array, size: number): number {
  if (q.delivering) {
    q.packets.push(buf);
    return 0;
  }
  q.delivering = true;
  const ret = receive(s, buf, size);
  q.delivering = false;
  if (ret > 0) {
    q.sent++;
  }
  return ret;
}
export function run(packets: number): number {
  const s = new Nic();
  for (let i = 0; i < SIZE; i++) {
    const d = new Desc();
    d.addr = i * 2048;
    s.ring.push(d);
  }
  const q = new Queue();
  const buf = new Uint8Array(60);
  buf[12] = 8;
  for (let i = 0; i < packets; i++) {
    buf[13] = i & 1 ? 0 : 6;
    queue_send(q, s, buf, 60);
  }
  return q.sent;
}
`;

const PACKETS = 200_000;
const ROUNDS = 15;

type Run = (packets: number) => number;

/** Loads both builds as modules, as the worker does, and times them in turn; the best of several rounds counts. */
export async function measureProbes(): Promise<ProbeCost> {
  const folder = mkdtempSync(join(tmpdir(), 'pktgdb-bench-'));
  const world = globalThis as { __pktgdb?: unknown };
  try {
    const { debug, release, info } = compile(new Map([['sample.ts', SAMPLE]]), { lib: false });
    const A = new Uint8Array(new SharedArrayBuffer(info.probes.length));
    const T = new Float64Array(new SharedArrayBuffer(16));
    T[1] = Number.POSITIVE_INFINITY;
    let hits = 0;
    world.__pktgdb = {
      A,
      E: new Uint8Array(1 << 12),
      D: Array.from(A, () => () => hits++ < 0),
      T,
      tick: () => {},
      module: () => {},
    };
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, PROBE_MODULE), PROBE_MODULE_SOURCE);
    writeFileSync(join(folder, 'debug.js'), debug.get('sample.js')!);
    writeFileSync(join(folder, 'release.js'), release.get('sample.js')!);
    const load = async (name: string): Promise<Run> => (await import(pathToFileURL(join(folder, name)).href)).run;
    const [debugRun, releaseRun] = [await load('debug.js'), await load('release.js')];
    const [debugNs, releaseNs] = best([debugRun, releaseRun]);

    // One armed run counts what a packet passes.
    const ticks = T[0]!;
    A.fill(1);
    debugRun(1000);
    const probesPerPacket = (hits + T[0]! - ticks) / 1000;
    return {
      ratio: round(debugNs! / releaseNs!),
      nsPerProbe: round((debugNs! - releaseNs!) / probesPerPacket),
      nsPerPacketDebug: round(debugNs!),
      nsPerPacketRelease: round(releaseNs!),
      probesPerPacket: round(probesPerPacket),
    };
  } finally {
    world.__pktgdb = undefined;
    rmSync(folder, { recursive: true });
  }
}

/** Nanoseconds per packet of each, the shortest of all rounds. */
function best(runs: readonly Run[]): number[] {
  const ns = runs.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, run] of runs.entries()) {
      const start = process.hrtime.bigint();
      run(PACKETS);
      ns[i] = Math.min(ns[i]!, Number(process.hrtime.bigint() - start) / PACKETS);
    }
  }
  return ns;
}

function round(n: number): number {
  return Math.round(n * 100) / 100;
}
