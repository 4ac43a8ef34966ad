/**
 * Drives `pktgdb-machine` by the test protocol through a scenario that real QEMU went through, and says what came of
 * each step. The steps are the driver of the NIC; after each one the receive ring is looked at.
 */
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { soon, watch } from '../kit/until.ts';
import { regoff, ringRegisters, STATE_REGS, STATS } from '../stack/e1000_oracle.ts';
import { build, type Dict, type Me, parse, payloadOf } from './frames.ts';
import type { QTest } from './qtest.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type Step = { readonly op: string } & Dict;

export interface Scenario {
  readonly name: string;
  readonly netdev?: string;
  readonly mac?: string;
  readonly slot?: number;
  readonly device_opts?: string;
  readonly extra_args?: readonly string[];
  readonly me?: Partial<Me>;
  readonly vars?: { readonly [key: string]: Json };
  readonly steps: readonly Step[];
}

/** A frame that the NIC delivered, with its descriptor. */
export interface RxEvent {
  readonly ring_index: number;
  readonly desc: string;
  readonly frame?: string;
  readonly pkt?: Dict;
}

export interface Event {
  readonly i: number;
  readonly op: string;
  result: Json;
  rx: RxEvent[];
  irq: string[];
}

interface Ring {
  base: number;
  count: number;
  bufbase: number;
  bufsize: number;
  refill: boolean;
  next: number;
}

const BAR0 = 0xfebc0000;
const BAR1 = 0xc000;
/** Patience with the host's sockets, in milliseconds. */
const PATIENCE = 500;
const ICR_BITS = ['TXDW', 'TXQE', 'LSC', 'RXSEQ', 'RXDMT0', 'b5', 'RXO', 'RXT0'];

const hex32 = (v: number): string => (v >>> 0).toString(16).padStart(8, '0');

/** The value of `=sa.tcp.seq+1`: names from the environment, numbers, plus and minus. */
function evaluate(text: string, env: ReadonlyMap<string, Json>): number {
  const lookup = (name: string): Json => {
    const [first, ...rest] = name.split('.');
    return rest.reduce<Json>((v, key) => (v as Dict)[key]!, env.get(first!) ?? null);
  };
  return [...text.matchAll(/([+-]?)\s*([\w.]+)/g)].reduce((sum, [, sign, word]) => {
    const v = Number(/^\d/.test(word!) ? word : lookup(word!));
    return sign === '-' ? sum - v : sum + v;
  }, 0);
}

function substitute(x: Json, env: ReadonlyMap<string, Json>): Json {
  if (typeof x === 'string') {
    return x.startsWith('=') ? evaluate(x.slice(1), env) : /^0x[0-9a-fA-F]+$/.test(x) ? Number(x) : x;
  }
  if (Array.isArray(x)) {
    return x.map((v) => substitute(v as Json, env));
  }
  return x !== null && typeof x === 'object'
    ? Object.fromEntries(Object.entries(x).map(([k, v]) => [k, substitute(v, env)]))
    : x;
}

/** Is everything in `pattern` so in `value`? TCP flags may be in any order. */
function matches(pattern: Json, value: Json | undefined): boolean {
  if (pattern !== null && typeof pattern === 'object' && !Array.isArray(pattern)) {
    return Object.entries(pattern).every(([k, v]) => matches(v, (value as Dict | undefined)?.[k]));
  }
  if (typeof pattern === 'string' && typeof value === 'string' && /^[FSRPAU]+$/.test(pattern)) {
    return [...pattern].sort().join('') === [...value].sort().join('');
  }
  return pattern === value;
}

/** The driver and the host's side of one run. */
export class Driver {
  readonly #q: QTest;
  readonly #slot: number;
  readonly #me: Me;
  readonly #env: Map<string, Json>;
  #rx: (Ring & { part: Buffer; fcs: number }) | undefined;
  #tx: Ring | undefined;
  #queue: RxEvent[] = [];
  #current!: Event;
  readonly #servers = new Map<string, { server: Server; accepted: Socket[] }>();
  readonly #streams = new Map<string, { socket: Socket; received: Buffer; ended: boolean; error: string }>();
  readonly #datagrams = new Map<string, { socket: UdpSocket; received: Buffer[]; peer?: RemoteInfo }>();

  constructor(q: QTest, sc: Scenario) {
    this.#q = q;
    this.#slot = sc.slot ?? 3;
    this.#me = { mac: sc.mac ?? '52:54:00:12:34:56', ip: '10.0.2.15', gw_mac: '52:55:0a:00:02:02', ...sc.me };
    this.#env = new Map(Object.entries(sc.vars ?? {}));
  }

  async run(steps: readonly Step[]): Promise<Event[]> {
    const events: Event[] = [];
    for (const [i, raw] of steps.entries()) {
      this.#current = { i, op: raw.op, result: null, rx: [], irq: [] };
      this.#q.irqs.length = 0;
      const s = substitute(raw, this.#env) as Step;
      this.#current.result = await this.#step(s);
      this.#current.rx.push(...(await this.#scanRx()));
      this.#current.irq = [...this.#q.irqs];
      if (typeof s['save'] === 'string') {
        this.#env.set(s['save'], (this.#current.result as Dict)['pkt'] ?? this.#current.result);
      }
      events.push(this.#current);
    }
    return events;
  }

  /** Closes the host's sockets. */
  dispose(): void {
    for (const { server, accepted } of this.#servers.values()) {
      server.close();
      accepted.forEach((s) => void s.destroy());
    }
    this.#streams.forEach(({ socket }) => void socket.destroy());
    this.#datagrams.forEach(({ socket }) => void socket.close());
  }

  async #pciR(off: number): Promise<number> {
    await this.#q.outl(0xcf8, 0x80000000 + (this.#slot << 11) + (off & 0xfc));
    return this.#q.inl(0xcfc);
  }
  async #pciW(off: number, v: number): Promise<void> {
    await this.#q.outl(0xcf8, 0x80000000 + (this.#slot << 11) + (off & 0xfc));
    await this.#q.outl(0xcfc, v);
  }
  #rr(reg: Json): Promise<number> {
    return this.#q.readl(BAR0 + (typeof reg === 'number' ? reg : regoff(String(reg))));
  }
  #wr(reg: Json, v: number): Promise<void> {
    return this.#q.writel(BAR0 + (typeof reg === 'number' ? reg : regoff(String(reg))), v);
  }

  /** The descriptors that the device has filled; with `refill` they are given back. */
  async #scanRx(): Promise<RxEvent[]> {
    const got: RxEvent[] = [];
    for (const r = this.#rx; r; ) {
      const i = r.next;
      if (!r.refill && i === (await this.#rr('RDH'))) {
        break;
      }
      const d = await this.#q.read(r.base + 16 * i, 16);
      if ((d[12]! & 1) === 0) {
        break;
      }
      const [addr, len] = [Number(d.readBigUInt64LE(0)), d.readUInt16LE(8)];
      r.part = Buffer.concat([r.part, len > 0 ? await this.#q.read(addr, len) : Buffer.alloc(0)]);
      const event = { ring_index: i, desc: d.toString('hex') };
      if ((d[12]! & 2) !== 0) {
        const f = r.part.subarray(0, r.part.length - r.fcs);
        r.part = Buffer.alloc(0);
        got.push({ ...event, frame: f.toString('hex'), pkt: parse(f) });
        this.#queue.push(got.at(-1)!);
      } else {
        got.push(event);
      }
      if (r.refill) {
        const empty = Buffer.alloc(16);
        empty.writeBigUInt64LE(BigInt(addr));
        await this.#q.write(r.base + 16 * i, empty);
        await this.#wr('RDT', i);
      }
      r.next = (i + 1) % r.count;
    }
    return got;
  }

  #step(s: Step): Promise<Json> | Json {
    const run = this.#steps[s.op];
    if (!run) {
      throw new Error(`unknown step ${s.op}`);
    }
    return run(s);
  }

  readonly #steps: Readonly<Record<string, (s: Step) => Promise<Json> | Json>> = {
    note: (s) => s['text'] ?? null,
    pci_read: (s) => this.#pciR(Number(s['off'])),
    pci_write: (s) => this.#pciW(Number(s['off']), Number(s['value'])).then(() => null),
    pci_setup: (s) => this.#pciSetup(s),
    irq_intercept: async (s) => {
      await this.#q.outl(0xcf8, 0x80000860);
      await this.#q.outl(0xcfc, Number(s['pirq'] ?? 0x0b0a0b0a));
      await this.#q.command(`irq_intercept_in ${s['path'] ?? 'ioapic'}`);
      return null;
    },
    readl: (s) => this.#rr(s['reg']!),
    writel: (s) => this.#wr(s['reg']!, Number(s['value'])).then(() => null),
    eeprom: (s) => this.#eeprom(Number(s['words'] ?? 64)),
    phy_read: (s) => this.#mdic(2 * 0x04000000 + 0x00200000 + Number(s['phy_reg']) * 0x10000),
    phy_write: (s) => this.#mdic(0x04000000 + 0x00200000 + Number(s['phy_reg']) * 0x10000 + Number(s['value'])),
    memread: async (s) => (await this.#q.read(Number(s['addr']), Number(s['len']))).toString('hex'),
    memwrite: (s) => this.#q.write(Number(s['addr']), Buffer.from(String(s['hex']), 'hex')).then(() => null),
    setup_rings: (s) => this.#setupRings(s),
    clock_step: async (s) => Number(await this.#q.command(`clock_step${s['ns'] === undefined ? '' : ` ${s['ns']}`}`)),
    send_frame: (s) => this.#sendFrame(s),
    tx_raw: (s) => this.#txRaw(s),
    expect: (s) => this.#expect(s),
    quiesce: (s) => this.#quiesce(s),
    state: () => this.#state(),
    icr: async () => {
      const value = await this.#rr('ICR');
      return { value, bits: ICR_BITS.filter((_, i) => ((value >> i) & 1) !== 0), asserted: value >= 0x80000000 };
    },
    stats: async () => {
      const r: { [key: string]: Json } = {};
      for (const name of STATS) {
        r[name] = await this.#rr(name);
      }
      return r;
    },
    host_listen: (s) => this.#hostListen(s),
    host_accept: (s) => this.#hostAccept(s),
    host_connect: (s) => this.#hostConnect(s),
    host_send: (s) => this.#hostSend(s),
    host_recv: (s) => this.#hostRecv(s),
    host_close: (s) => this.#hostClose(s),
  };

  async #pciSetup(s: Step): Promise<Json> {
    const id = hex32(await this.#pciR(0));
    await this.#pciW(0x10, 0xffffffff);
    const bar0Mask = hex32(await this.#pciR(0x10));
    await this.#pciW(0x14, 0xffffffff);
    const bar1Mask = hex32(await this.#pciR(0x14));
    await this.#pciW(0x10, BAR0);
    await this.#pciW(0x14, BAR1);
    await this.#pciW(4, Number(s['command'] ?? 7));
    const [cmdsts, classrev] = [hex32(await this.#pciR(4)), hex32(await this.#pciR(8))];
    const [subsys, intr] = [hex32(await this.#pciR(0x2c)), hex32(await this.#pciR(0x3c))];
    return { id, bar0_mask: bar0Mask, bar1_mask: bar1Mask, cmdsts, classrev, subsys, intr };
  }

  async #mdic(value: number): Promise<number> {
    await this.#wr('MDIC', value);
    return this.#rr('MDIC');
  }

  async #eeprom(count: number): Promise<Json> {
    const words: number[] = [];
    for (let i = 0; i < count; i++) {
      await this.#wr('EERD', (i << 8) | 1);
      words.push((await this.#rr('EERD')) >>> 16);
    }
    const sum = words.reduce((a, b) => a + b, 0) & 0xffff;
    const text = (v: number): string => v.toString(16).padStart(4, '0');
    return { words: words.map(text), sum: text(sum) };
  }

  async #setupRings(s: Step): Promise<Json> {
    const rings = { refill: true, next: 0, count: 16 };
    const r = { ...rings, base: 0x100000, bufbase: 0x200000, bufsize: 2048, ...(s['rx'] as object) };
    const t = { ...rings, base: 0x110000, bufbase: 0x400000, bufsize: 16384, ...(s['tx'] as object) };
    const rctl = Number(s['rctl'] ?? 0x8002);
    for (let i = 0; i < r.count; i++) {
      const d = Buffer.alloc(16);
      d.writeBigUInt64LE(BigInt(r.bufbase + r.bufsize * i));
      await this.#q.write(r.base + 16 * i, d);
    }
    await this.#q.write(t.base, Buffer.alloc(16 * t.count));
    for (const [reg, v] of ringRegisters(r, t, s)) {
      await this.#wr(reg, v);
    }
    this.#rx = { ...r, part: Buffer.alloc(0), fcs: (rctl & 0x04000000) !== 0 ? 0 : 4 };
    this.#tx = t;
    if (s['flush_wait'] !== false) {
      await this.#q.command('clock_step 1000000000');
    }
    return null;
  }

  /** Puts a descriptor into the transmit ring. */
  async #queueDesc(d: Buffer): Promise<{ tx_index: number; desc: string }> {
    const t = this.#tx!;
    const txIndex = t.next;
    await this.#q.write(t.base + 16 * txIndex, d);
    t.next = (txIndex + 1) % t.count;
    return { tx_index: txIndex, desc: d.toString('hex') };
  }

  /** Puts a buffer where the next descriptor's is, and makes the descriptor. */
  async #bufferDesc(b: Buffer, lower: number, upper: number): Promise<Buffer> {
    const t = this.#tx!;
    const addr = t.bufbase + t.bufsize * t.next;
    await this.#q.write(addr, b);
    const d = Buffer.alloc(16);
    d.writeBigUInt64LE(BigInt(addr));
    d.writeUInt32LE((lower | b.length) >>> 0, 8);
    d.writeUInt32LE(upper >>> 0, 12);
    return d;
  }

  async #descAfter(i: number): Promise<string> {
    return (await this.#q.read(this.#tx!.base + 16 * i, 16)).toString('hex');
  }

  async #sendFrame(s: Step): Promise<Json> {
    const f = build(s['frame'] as Dict, this.#me);
    const lower = ((Number(s['cmd'] ?? 0x0b) << 24) | (Number(s['cso'] ?? 0) << 16)) >>> 0;
    const upper = (Number(s['css'] ?? 0) << 8) | (Number(s['special'] ?? 0) << 16);
    const r = await this.#queueDesc(await this.#bufferDesc(f, lower, upper));
    await this.#wr('TDT', this.#tx!.next);
    return { ...r, desc_after: await this.#descAfter(r.tx_index), tdh: await this.#rr('TDH') };
  }

  async #txRaw(s: Step): Promise<Json> {
    const records: { tx_index: number; desc: string }[] = [];
    for (const x of s['descs'] as unknown as readonly Dict[]) {
      let d: Buffer;
      if (x['desc'] === undefined) {
        const b = x['frame'] ? build(x['frame'] as Dict, this.#me) : Buffer.from(String(x['buf']), 'hex');
        d = await this.#bufferDesc(b, Number(x['lower'] ?? 0x0b000000), Number(x['upper'] ?? 0));
      } else {
        d = Buffer.from(String(x['desc']), 'hex');
      }
      records.push(await this.#queueDesc(d));
    }
    await this.#wr('TDT', this.#tx!.next);
    const done: Json[] = [];
    for (const r of records) {
      done.push({ ...r, desc_after: await this.#descAfter(r.tx_index) });
    }
    return done;
  }

  async #expect(s: Step): Promise<Json> {
    let found: RxEvent | undefined;
    const look = async (): Promise<boolean> => {
      for (let e = this.#queue.shift(); e && !found; e = found ? undefined : this.#queue.shift()) {
        found = matches(s['match'] ?? {}, e.pkt) ? e : undefined;
      }
      if (!found && s['step_ns'] !== undefined) {
        await this.#q.command(`clock_step ${s['step_ns']}`);
      }
      return found !== undefined || this.#look();
    };
    await soon(look, Number(s['timeout_ms'] ?? 2000), 1);
    return found ? { ok: true, ring_index: found.ring_index, pkt: found.pkt! } : { ok: false };
  }

  /** Looks at the receive ring. False, for use in conditions. */
  async #look(): Promise<false> {
    this.#current.rx.push(...(await this.#scanRx()));
    return false;
  }

  async #quiesce(s: Step): Promise<Json> {
    await watch(() => this.#look(), Number(s['ms'] ?? 200));
    if (!s['keep']) {
      this.#queue = [];
    }
    return null;
  }

  async #state(): Promise<Json> {
    const regs: { [key: string]: Json } = {};
    for (const name of STATE_REGS) {
      regs[name] = `0x${hex32(await this.#rr(name))}`;
    }
    const r: { [key: string]: Json } = { regs, intx: (((await this.#pciR(4)) >>> 19) & 1) !== 0 };
    for (const [name, ring] of [
      ['rx_ring', this.#rx],
      ['tx_ring', this.#tx],
    ] as const) {
      if (ring) {
        const all = await this.#q.read(ring.base, 16 * ring.count);
        r[name] = Array.from({ length: ring.count }, (_, i) => all.subarray(16 * i, 16 * i + 16).toString('hex'));
      }
    }
    return r;
  }

  async #hostListen(s: Step): Promise<Json> {
    const [name, port] = [String(s['name']), Number(s['port'] ?? 0)];
    if (s['proto'] === 'udp') {
      const socket = createSocket('udp4').bind(port, '127.0.0.1');
      const u: { socket: UdpSocket; received: Buffer[]; peer?: RemoteInfo } = { socket, received: [] };
      socket.on('message', (data, peer) => {
        u.received.push(data);
        u.peer = peer;
      });
      this.#datagrams.set(name, u);
      await once(socket, 'listening');
      this.#env.set(name, { port: socket.address().port });
    } else {
      const accepted: Socket[] = [];
      const server = createServer({ allowHalfOpen: true }, (socket) => accepted.push(socket)).listen(port, '127.0.0.1');
      this.#servers.set(name, { server, accepted });
      await once(server, 'listening');
      this.#env.set(name, { port: (server.address() as { port: number }).port });
    }
    return null;
  }

  async #hostAccept(s: Step): Promise<Json> {
    const l = this.#servers.get(String(s['listener']))!;
    if (l.accepted.length === 0) {
      await once(l.server, 'connection', { signal: AbortSignal.timeout(PATIENCE * 4) });
    }
    this.#watch(String(s['name']), l.accepted.shift()!);
    return null;
  }

  #watch(name: string, socket: Socket): void {
    const stream = { socket, received: Buffer.alloc(0), ended: false, error: '' };
    this.#streams.set(name, stream);
    socket.on('data', (data: Buffer) => {
      stream.received = Buffer.concat([stream.received, data]);
    });
    socket.on('end', () => {
      stream.ended = true;
    });
    socket.on('error', (e: NodeJS.ErrnoException) => {
      stream.error = e.code === 'ECONNRESET' ? 'ConnectionResetError' : String(e.code);
    });
  }

  async #hostConnect(s: Step): Promise<Json> {
    const local = s['bind_port'] === undefined ? {} : { localAddress: '127.0.0.1', localPort: Number(s['bind_port']) };
    const socket = connect({ host: '127.0.0.1', port: Number(s['port']), allowHalfOpen: true, ...local });
    await once(socket, 'connect');
    this.#watch(String(s['name']), socket);
    this.#env.set(String(s['name']), { port: socket.localPort! });
    return null;
  }

  async #hostSend(s: Step): Promise<Json> {
    const p = payloadOf(s);
    const u = this.#datagrams.get(String(s['name']));
    if (u) {
      const port = s['reply'] ? u.peer!.port : Number(s['to']);
      await new Promise((resolve) => u.socket.send(p, port, '127.0.0.1', resolve));
    } else {
      await new Promise((resolve) => this.#streams.get(String(s['name']))!.socket.write(p, resolve));
    }
    return p.length;
  }

  /** Waits until `there` holds, looking at the receive ring meanwhile; false if it takes too long. */
  #patiently(there: () => boolean): Promise<boolean> {
    return soon(() => there() || this.#look(), PATIENCE, 1);
  }

  async #hostRecv(s: Step): Promise<Json> {
    const u = this.#datagrams.get(String(s['name']));
    if (u) {
      if (!(await this.#patiently(() => u.received.length > 0))) {
        return { error: 'TimeoutError: timed out' };
      }
      const data = u.received.shift()!;
      return { hex: data.toString('hex'), len: data.length };
    }
    const t = this.#streams.get(String(s['name']))!;
    const want = Number(s['len'] ?? 1);
    const done = await this.#patiently(() => t.received.length >= want || t.ended || t.error !== '');
    const hex = t.received.toString('hex');
    t.received = Buffer.alloc(0);
    if (t.error !== '' || !done) {
      return { error: t.error || 'TimeoutError', hex };
    }
    return { hex, len: hex.length / 2 };
  }

  #hostClose(s: Step): Json {
    const name = String(s['name']);
    const t = this.#streams.get(name);
    if (s['shutdown']) {
      t?.socket.end();
    } else if (s['rst']) {
      t?.socket.resetAndDestroy();
    } else if (t) {
      t.socket.destroySoon();
    } else {
      this.#servers.get(name)?.server.close();
    }
    return null;
  }
}
