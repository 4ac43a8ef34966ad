/**
 * `pktgdb-machine`, driven by QEMU's test protocol, does what real QEMU did in the recorded scenarios, step by step.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { checksum } from '../kit/bytes.ts';
import type { Dict } from './frames.ts';
import { QTest } from './qtest.ts';
import { Driver, type Event, type Json, type Scenario } from './scenario.ts';

const folder = new URL('../vectors/e1000/', import.meta.url);
const load = (name: string): unknown => JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
const scenarios = readdirSync(folder)
  .filter((f) => f.endsWith('.scenario.json'))
  .map((f) => f.replace('.scenario.json', ''));

/** Ports of the host that a scenario names: they may be taken here, so others are used. */
function hostPorts(sc: Scenario): number[] {
  const ports = [...(sc.netdev ?? '').matchAll(/hostfwd=\w+:[\d.]*:(\d+)-/g)].map((m) => Number(m[1]));
  for (const s of sc.steps) {
    if (s.op === 'host_listen' || s.op === 'host_connect') {
      ports.push(...[s['port'], s['bind_port']].filter((p): p is number => typeof p === 'number'));
    }
  }
  return [...new Set(ports)];
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const s = createServer().listen(0, '127.0.0.1', () => resolve(s));
        }),
    ),
  );
  return Promise.all(
    servers.map(
      (s) =>
        new Promise<number>((resolve) => {
          const { port } = s.address() as { port: number };
          s.close(() => resolve(port));
        }),
    ),
  );
}

const PORT_KEYS = ['port', 'bind_port', 'sport', 'dport', 'to'];

/** The scenario with other ports. */
function withPorts<T>(x: T, ports: ReadonlyMap<number, number>): T {
  if (Array.isArray(x)) {
    return x.map((v) => withPorts(v, ports)) as T;
  }
  if (x === null || typeof x !== 'object') {
    return x;
  }
  const entries = Object.entries(x).map(([k, v]) => [
    k,
    PORT_KEYS.includes(k) && typeof v === 'number' ? (ports.get(v) ?? v) : withPorts(v, ports),
  ]);
  return Object.fromEntries(entries) as T;
}

/**
 * Makes frames of two runs comparable: host ports as in the scenario, sequence numbers from the SYN on, checksums only
 * right or wrong.
 */
class Canonical {
  readonly #ports: ReadonlyMap<number, number>;
  readonly #iss = new Map<string, number>();
  constructor(ports: ReadonlyMap<number, number>) {
    this.#ports = ports;
  }
  frame(hex: string): string {
    const f = Buffer.from(hex, 'hex');
    const proto = f[23];
    if (f.length < 34 || f.readUInt16BE(12) !== 0x800 || (proto !== 6 && proto !== 17)) {
      return hex;
    }
    const total = 14 + f.readUInt16BE(16);
    const l4 = f.subarray(34, total);
    const pseudo = Buffer.concat([f.subarray(26, 34), Buffer.from([0, proto, 0, 0])]);
    pseudo.writeUInt16BE(l4.length, 10);
    const at = proto === 6 ? 16 : 6;
    const good = checksum(pseudo, l4) === 0;
    l4.writeUInt16BE(good ? 0 : 1, at);
    l4.writeUInt16BE(this.#ports.get(l4.readUInt16BE(0)) ?? l4.readUInt16BE(0), 0);
    l4.writeUInt16BE(this.#ports.get(l4.readUInt16BE(2)) ?? l4.readUInt16BE(2), 2);
    if (proto === 6) {
      const connection = l4.toString('hex', 0, 4);
      if ((l4[13]! & 2) !== 0 && !this.#iss.has(connection)) {
        this.#iss.set(connection, l4.readUInt32BE(4));
      }
      l4.writeUInt32BE((l4.readUInt32BE(4) - (this.#iss.get(connection) ?? 0)) >>> 0, 4);
    }
    return f.toString('hex');
  }
}

/**
 * What of a step's result is compared: everything but ports of the host, and what waiting in real time makes chance.
 */
function comparable(op: string, result: Json): Json {
  if (op === 'host_recv' && (result as Dict)['error']) {
    return (result as Dict)['error']!;
  }
  if (op.startsWith('host_') && op !== 'host_recv') {
    return null;
  }
  if (op === 'quiesce') {
    return null;
  }
  if (op === 'expect') {
    const { ok, ring_index: ringIndex } = result as Dict;
    return { ok: ok!, ring_index: ringIndex ?? null };
  }
  if (op === 'send_frame') {
    const { tx_index: txIndex, desc, desc_after: descAfter, tdh } = result as Dict;
    return { tx_index: txIndex!, desc: desc!, desc_after: descAfter!, tdh: tdh! };
  }
  return result;
}

/** Steps after which the host's own sockets decide when a frame comes: it may be seen one step earlier or later. */
const HOST_STEPS = ['host_connect', 'host_accept', 'host_send', 'host_close', 'host_recv', 'expect', 'quiesce', 'note'];

function compare(recorded: readonly Event[], actual: readonly Event[], ports: ReadonlyMap<number, number>): void {
  const flat = (events: readonly Event[], c: Canonical): [number, string][] =>
    events.flatMap((e) =>
      (e.rx ?? []).map((r): [number, string] => [
        e.i,
        `ring ${r.ring_index} ${r.desc} ${r.frame === undefined ? '' : c.frame(r.frame)}`,
      ]),
    );
  const theirs = flat(recorded, new Canonical(new Map()));
  const ours = flat(actual, new Canonical(ports));
  assert.deepEqual(
    ours.map(([, r]) => r),
    theirs.map(([, r]) => r),
    'frames',
  );
  theirs.forEach(([i], n) => {
    const j = ours[n]![0];
    const loose = HOST_STEPS.includes(recorded[i]!.op) && HOST_STEPS.includes(recorded[j]!.op) && Math.abs(i - j) <= 1;
    assert.ok(i === j || loose, `frame ${n} came in step ${j} instead of ${i}`);
  });
  recorded.forEach((e, i) => {
    const [a, b] = [comparable(e.op, actual[i]!.result), comparable(e.op, e.result)];
    assert.deepEqual(a, b, `step ${i} ${e.op}`);
    assert.deepEqual(actual[i]!.irq, e.irq ?? [], `step ${i} ${e.op}: interrupts`);
  });
}

describe('pktgdb-machine: transcripts of real QEMU', () => {
  for (const name of scenarios) {
    it(`${name}: registers, descriptors, interrupts and frames are the same`, async () => {
      const scenario = load(`${name}.scenario.json`) as Scenario;
      const wanted = hostPorts(scenario);
      const free = await freePorts(wanted.length);
      const there = new Map(wanted.map((p, i) => [p, free[i]!]));
      const back = new Map(wanted.map((p, i) => [free[i]!, p]));
      const netdev = (scenario.netdev ?? 'user,id=n0').replace(/:(\d+)-/g, (all, p) => {
        const port = there.get(Number(p));
        return port === undefined ? all : `:${port}-`;
      });
      const device = `e1000,netdev=n0,addr=${scenario.slot ?? 3},mac=${scenario.mac ?? '52:54:00:12:34:56'}`;
      const q = await QTest.start(['-netdev', netdev, '-device', `${device}${scenario.device_opts ?? ''}`]);
      const driver = new Driver(q, scenario);
      try {
        const actual = await driver.run(withPorts(scenario.steps, there));
        compare((load(`${name}.transcript.json`) as { events: Event[] }).events, actual, back);
      } finally {
        driver.dispose();
        await q.close();
      }
    });
  }
});
