/**
 * The way of each packet through the machine: which functions it passed, what changed, and what became of it. Found by
 * executing history again; an identity is told by what a packet says, so it survives queues, copies and headers.
 */
import type { EngineApi, Note, TracePoint } from '../engine/api.ts';
import { FIELDS, PacketView } from '../packets/fields.ts';
import { formatIpv4 } from '../packets/format.ts';
import { packetEnds } from './packets.ts';

/** A function that a packet passed. */
export interface Hop {
  readonly fn: string;
  /** One of `JOURNEY_LAYERS`, by the function's file. */
  readonly layer: string;
  readonly tick: number;
  readonly probe: number;
  readonly ns: number;
  /** What is different from before; empty if nothing is. */
  readonly change: string;
  readonly bytes: Uint8Array;
  readonly link: 'ethernet' | 'ip';
}

/** From the outside to the guest's programs. */
export const JOURNEY_LAYERS: readonly string[] = ['host', 'slirp', 'net', 'nic', 'driver', 'guest', 'program'];

/** Where a packet came into a layer, or was given up. */
export type JourneyPass = Pick<Hop, 'layer' | 'fn' | 'tick' | 'probe' | 'ns'>;

/** The hops that lead into another layer, and the last one. */
export function passesOf(hops: readonly Hop[]): readonly JourneyPass[] {
  return hops
    .filter((h, i) => h.layer !== hops[i - 1]?.layer || i === hops.length - 1)
    .map(({ layer, fn, tick, probe, ns }) => ({ layer, fn, tick, probe, ns }));
}

export interface Journey {
  /** From 1, in the order in which packets began. */
  readonly id: number;
  /** `10.0.2.2:80 -> 10.0.2.15:1024 TCP [ACK]`. */
  readonly text: string;
  readonly hops: readonly Hop[];
  /** `delivered to ...`, `dropped: REASON`, `in ...`. */
  readonly end: string;
  /** `fragment of 3`, `retransmission of 7`; empty. */
  readonly relation: string;
}

/** Where packets begin: who comes here again is another packet. */
const ORIGINS: ReadonlySet<string> = new Set(['ip_output', 'if_output', 'ip_local_out', 'trace_frame']);

/** Helpers that every packet passes many times. */
const HELPERS =
  /constructor$|^m_|^ifs_|^if_dequeue$|^tcp_mss|^tcp_parse|^ip_stripoptions$|_header$|^receive_filter$|^e1000x_/;

/** What is said of a packet that was last seen there. */
const LAST: readonly (readonly [RegExp, string])[] = [
  [/^if_(output|start)$/, 'in the queues of the user network (if_fastq, if_batchq)'],
  [/^qemu_net_queue_append/, 'in a net queue'],
  [/^e1000_(rx_write|receive)/, 'in the Rx ring'],
  [/^(tcp_queue_rcv|udp_queue_rcv_skb)$/, "in the receive queue of the guest's socket"],
  [/^tcp_data_queue_ofo$/, "out of order, in the queue of the guest's socket"],
  [/^tcp_reass$/, 'out of order, in the queue of the user network'],
  [/^(sosendto|icmp_send|udp_send|udp6_send)$/, "delivered to the host's socket"],
  [/^ip_(reass|frag_queue|defrag)$/, 'a fragment that was put together, or waits for the others'],
];

/** Readers of streams: cumulative counts tell which bytes, and so which packets, were read. */
const READS = [
  {
    name: 'tcp_recvmsg',
    at: 'return',
    test: '$ret>0',
    data: '[sk.inet_daddr,sk.inet_dport,sk.inet_saddr,sk.inet_num,$ret]',
  },
  {
    name: 'sowrite',
    at: 'return',
    test: '$ret>0',
    data: '[so.so_laddr,so.so_lport,so.so_faddr,so.so_fport,$ret]',
  },
  { name: 'udp_recvmsg', at: 'return', test: '$ret>=0', data: '[sk.msg_addr,sk.msg_port,0,sk.inet_num,$ret]' },
  // The process that runs from here on: where it goes on, and where it begins.
  { name: 'schedule', at: -3, data: '[task.pid,task.argv[0]]' },
  { name: 'schedule', at: -1, data: '[task.pid,task.argv[0]]' },
] as const satisfies readonly TracePoint[];

interface Growing {
  id: number;
  text: string;
  hops: Hop[];
  end: string;
  relation: string;
  /** Bytes that it carries, and of which stream; null: not known yet. */
  stream: StreamBytes | null;
}

/** Numbers of a segment's bytes; the name is empty for what is none. */
interface StreamBytes {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly syn: boolean;
}

/** All journeys up to the moment that is shown. Throws where history is off or the machine runs. */
export async function journeysSoFar(engine: EngineApi): Promise<readonly Journey[]> {
  const fns = engine.info.functions.filter(
    (f) => f.packet && !f.nodebug && f.params.some((p) => p.name === f.packet?.name) && !HELPERS.test(f.name),
  );
  const named = [...new Map(fns.map((f) => [f.name, f])).values()];
  const points = named.map(({ name }) => ({
    name,
    at: 0,
    packet: true,
    ...(name === 'drop' ? { data: 'reason' } : {}),
  }));
  const notes = await engine.trace([...points, ...READS]);
  const book = new Book();
  for (const note of notes) {
    const fn = named[note.place];
    if (fn) {
      book.passes(fn.name, layerOf(fn.file), note);
    } else {
      book.reads(READS[note.place - named.length]?.name ?? '', note);
    }
  }
  return book.all;
}

function layerOf(file: string): string {
  if (file.startsWith('hw/')) {
    return 'nic';
  }
  return /e1000|trace_guest/.test(file) && file.startsWith('guest/') ? 'driver' : (file.split('/')[0] ?? '');
}

class Book {
  readonly #list: Growing[] = [];
  /** The latest packet that says so. */
  readonly #byKey = new Map<string, Growing>();
  /** The first packet with these bytes of a stream. */
  readonly #bySeq = new Map<string, Growing>();
  /** First numbers of streams, and bytes of them that have been read. */
  readonly #base = new Map<string, number>();
  readonly #read = new Map<string, number>();

  get all(): readonly Journey[] {
    return this.#list.map(({ id, text, hops, end, relation }) => ({
      id,
      text,
      hops,
      relation,
      end: end || endOf(hops.at(-1)?.fn ?? ''),
    }));
  }

  passes(fn: string, layer: string, { tick, probe, ns, packet, data }: Note): void {
    if (!packet) {
      return;
    }
    const view = new PacketView(packet.bytes, packet.link);
    const key = keyOf(view);
    if (key === undefined) {
      return;
    }
    let j = this.#byKey.get(key);
    if (!j || (ORIGINS.has(fn) && !ORIGINS.has(j.hops.at(-1)?.fn ?? ''))) {
      j = this.#begin(view, key);
    }
    if (packet.link === 'ethernet' && j.stream === null) {
      this.#measure(j, view);
    }
    if (fn === 'drop') {
      j.end = `dropped: ${String(data)}`;
    }
    const before = j.hops.at(-1);
    const in_ = layer === 'util' ? (before?.layer ?? 'net') : layer;
    const change = before ? changes(before, view, packet) : 'begins here';
    j.hops.push({ fn, layer: in_, tick, probe, ns, change, bytes: packet.bytes, link: packet.link });
  }

  #begin(view: PacketView, key: string): Growing {
    const j: Growing = { id: this.#list.length + 1, text: '', hops: [], end: '', relation: '', stream: null };
    if (key.startsWith('frag')) {
      const whole = this.#list.findLast((o) => o.text.startsWith(ends(view)) && o.hops.some(cuts));
      j.relation = whole ? `fragment of ${whole.id}` : '';
    }
    j.text = packetEnds(view);
    this.#list.push(j);
    this.#byKey.set(key, j);
    return j;
  }

  /** The headers are all there: which bytes of a stream it carries, and whether they were sent before. */
  #measure(j: Growing, view: PacketView): void {
    const stream = streamOf(view);
    j.stream = stream;
    if (stream.name === '') {
      return;
    }
    if (stream.syn) {
      this.#base.set(stream.name, (stream.from + 1) >>> 0);
      this.#read.delete(stream.name);
    }
    if (stream.to !== stream.from || stream.syn) {
      const seq = `${stream.name} ${stream.from}`;
      const first = this.#bySeq.get(seq);
      j.relation = first ? `retransmission of ${first.id}` : j.relation;
      this.#bySeq.set(seq, first ?? j);
    }
  }

  /** The process that runs in the guest. */
  #process = 'a program of the guest';

  /** A reader has taken more bytes of a stream, or a datagram. */
  reads(by: string, { data }: Note): void {
    if (by === 'schedule') {
      const [pid, program] = data as readonly [number, string];
      this.#process = `${program} (pid ${pid})`;
      return;
    }
    const reader = by === 'sowrite' ? "the host's socket" : this.#process;
    if (by === 'udp_recvmsg') {
      const [address = 0, port = 0, , own = 0] = data as readonly number[];
      const [from, to] = [`${formatIpv4(address >>> 0)}:${port} -> `, `:${own} `];
      const read = this.#list.find((j) => j.end === '' && j.text.startsWith(from) && j.text.includes(to));
      if (read) {
        read.end = `delivered to ${reader}`;
      }
      return;
    }
    const [from = 0, sport = 0, to = 0, dport = 0, count = 0] = data as readonly number[];
    const stream = `${from >>> 0}:${sport}>${to >>> 0}:${dport}`;
    const base = this.#base.get(stream);
    const before = this.#read.get(stream) ?? 0;
    this.#read.set(stream, before + count);
    if (base === undefined) {
      return;
    }
    for (const j of this.#list) {
      const [a, b] = [((j.stream?.from ?? 0) - base) | 0, ((j.stream?.to ?? 0) - base) | 0];
      if (j.stream?.name === stream && b > before && a < before + count && b > a && !j.end.startsWith('dropped')) {
        j.end = `delivered to ${reader}, bytes ${Math.max(0, a)} to ${b - 1}`;
      }
    }
  }
}

function cuts(h: Hop): boolean {
  return h.fn === 'ip_output' || h.fn === 'ip_do_fragment' || h.fn === 'ip_finish_output';
}

function ends(view: PacketView): string {
  return packetEnds(view).split(' ')[0]?.split(':')[0] ?? '';
}

function endOf(fn: string): string {
  return LAST.find(([name]) => name.test(fn))?.[1] ?? `taken by ${fn}`;
}

function field(view: PacketView, name: string): number {
  return Number(FIELDS[name]?.get(view) ?? -1);
}

function hexOf(view: PacketView, from: number, length: number): string {
  return Buffer.from(view.bytes(from, from + length)).toString('hex');
}

/** What tells a packet from others, whatever is before its IP header; undefined for one that cannot be told. */
function keyOf(view: PacketView): string | undefined {
  const ip = view.layers().find((l) => l.protocol.name === 'ip' || l.protocol.name === 'ipv6');
  const arp = view.layers().find((l) => l.protocol.name === 'arp');
  if (arp) {
    return `arp ${hexOf(view, arp.at, 28)}`;
  }
  if (!ip) {
    return undefined;
  }
  const v4 = ip.protocol.name === 'ip';
  const hosts = v4 ? hexOf(view, ip.at + 12, 8) : hexOf(view, ip.at + 8, 32);
  if (v4 && (view.u16(ip.at + 6) & 0x3fff) !== 0) {
    return `frag ${hosts} ${view.u8(ip.at + 9)} ${view.u16(ip.at + 4)} ${view.u16(ip.at + 6) & 0x1fff}`;
  }
  const above = ip.above;
  if (!above) {
    return undefined;
  }
  switch (above.protocol.name) {
    case 'tcp':
      return `tcp ${hosts} ${hexOf(view, above.at, 16)}`;
    case 'udp':
      return `udp ${hosts} ${hexOf(view, above.at, 6)} ${hexOf(view, above.at + 8, 24)}`;
    default:
      return `${above.protocol.name} ${hosts} ${hexOf(view, above.at, 2)} ${hexOf(view, above.at + 4, 24)}`;
  }
}

/** The stream of a segment, and the numbers of its bytes. */
function streamOf(view: PacketView): StreamBytes {
  const l = view.layers().find((x) => x.protocol.name === 'tcp' && !x.quoted);
  if (l?.below?.protocol.name !== 'ip') {
    return { name: '', from: 0, to: 0, syn: false };
  }
  const [src, dst] = [field(view, 'ip.src') >>> 0, field(view, 'ip.dst') >>> 0];
  const from = view.u32(l.at + 4);
  const to = (from + Math.max(0, field(view, 'tcp.len'))) >>> 0;
  const syn = (view.u8(l.at + 13) & 2) !== 0;
  return { name: `${src}:${view.u16(l.at)}>${dst}:${view.u16(l.at + 2)}`, from, to, syn };
}

/** What the debugger's user sees differ between two functions. */
function changes(before: Hop, view: PacketView, packet: NonNullable<Note['packet']>): string {
  const old = new PacketView(before.bytes, before.link);
  const found: string[] = [];
  if (before.link !== packet.link) {
    found.push(packet.link === 'ethernet' ? 'Ethernet header put on' : 'Ethernet header taken off');
  } else if (before.bytes.length !== packet.bytes.length) {
    found.push(`${before.bytes.length} -> ${packet.bytes.length} bytes`);
  }
  for (const [name, label] of [
    ['ip.ttl', 'TTL'],
    ['ip.id', 'id'],
    ['eth.dst', 'destination MAC'],
  ] as const) {
    const [a, b] = [field(old, name), field(view, name)];
    if (a !== b && a >= 0 && b >= 0) {
      found.push(name === 'eth.dst' ? label : `${label} ${a} -> ${b}`);
    }
  }
  return found.join(', ');
}

/** Packets that went the same way. */
export interface JourneyGroup {
  readonly path: readonly string[];
  readonly end: string;
  readonly ids: readonly number[];
}

/** Journeys by path and end, those of most packets first. */
export function groupJourneys(all: readonly Journey[]): readonly JourneyGroup[] {
  const groups = new Map<string, { path: string[]; end: string; ids: number[] }>();
  for (const j of all) {
    const path = j.hops.map((h) => h.fn).filter((fn, i, fns) => fn !== fns[i - 1]);
    const end = j.end.replace(/, bytes .*/, '');
    const key = `${path.join(' ')}|${end}`;
    const group = groups.get(key) ?? { path, end, ids: [] };
    group.ids.push(j.id);
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => b.ids.length - a.ids.length);
}
