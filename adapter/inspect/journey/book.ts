/** Follows packets by what they say: which of those that say the same a function has in its hands. */
import type { Edit, Note } from '../../engine/api.ts';
import { PacketView } from '../../packets/fields.ts';
import { formatIpv4 } from '../../packets/format.ts';
import { packetEnds } from '../packets.ts';
import { changesSince, type Identity, identityOf, streamName, streamOf } from './identity.ts';
import type { Hop, Journey } from './journey.ts';
import { type EndEvent, type Growing, Streams } from './streams.ts';

/** Where packets begin: who comes here again is another packet. */
const ORIGINS: ReadonlySet<string> = new Set([
  'ip_output',
  'ip6_output',
  'if_output',
  'ip_local_out',
  'trace_frame',
  'net_inject',
]);

/** Where packets wait, and by which function. */
const STAGES: Readonly<Record<string, string>> = {
  link_faults_copy: 'link',
  qemu_net_queue_append: 'queue',
  qemu_net_queue_append_iov: 'queue',
  e1000_rx_write: 'rx',
  e1000_xmit_frame: 'tx',
  trace_xmit_frame: 'tx',
  if_output: 'if',
  neigh_resolve_output: 'neighbour',
  netif_rx: 'backlog',
  tcp_data_queue_ofo: 'order',
  tcp_reass: 'order',
};

/** Functions that take packets from where they wait: the one that waits longest goes on. */
const WAKES: Readonly<Record<string, string>> = {
  link_faults_deliver: 'link',
  qemu_net_queue_deliver: 'queue',
  qemu_net_queue_deliver_iov: 'queue',
  eth_type_trans: 'rx',
  trace_receive: 'rx',
  e1000_send_packet: 'tx',
  if_encap: 'if',
  neigh_connected_output: 'neighbour',
  netif_receive_skb: 'backlog',
  tcp_queue_rcv: 'order',
  sbappend: 'order',
};

/** Who comes from there goes through at once, and does not wait for its turn. */
const AT_ONCE: Readonly<Record<string, RegExp>> = { queue: /^qemu_net_queue_send/, order: /^tcp_data_queue$/ };

/** Functions that a packet passes once: what comes here again and says the same is another one. */
const ONCE: ReadonlySet<string> = new Set([
  'link_faults_copy',
  'slirp_output',
  'slirp_input',
  'e1000_receive_iov',
  'e1000_send_packet',
  'netif_receive_skb',
  'dev_queue_xmit',
]);

/** Where all headers from IP on are there before there is another one below. */
const WHOLE: ReadonlySet<string> = new Set(['if_output', 'ip_finish_output']);

/** Where a packet can be held back (see `inspect/hands.ts`), to come in again by `net_inject`. */
const HELD: ReadonlySet<string> = new Set(['slirp_input', 'slirp_output', 'e1000_receive_iov', 'e1000_send_packet']);

/** Where fragments wait for each other. */
const PUT_TOGETHER = /^ip_(reass|frag_queue|defrag)$/;

/** What is said of a packet that was last seen there. */
const LAST: readonly (readonly [RegExp, string])[] = [
  [/^if_(output|start)$/, 'in the queues of the user network (if_fastq, if_batchq)'],
  [/^qemu_net_queue_append/, 'in a net queue'],
  [/^link_faults_copy$/, 'on a slow link'],
  [/^e1000_(rx_write|receive)$/, 'in the Rx ring'],
  [/^(e1000|trace)_xmit_frame$/, 'in the Tx ring'],
  [/^(tcp_queue_rcv|udp_queue_rcv_skb)$/, "in the receive queue of the guest's socket"],
  [/^sbappend$/, "in the buffer of the host's socket"],
  [/^tcp_data_queue_ofo$/, "out of order, in the queue of the guest's socket"],
  [/^tcp_reass$/, 'out of order, in the queue of the user network'],
  [/^(sosendto|icmp_send|udp_send|udp6_send)$/, "delivered to the host's socket"],
  [/^(ping_rcv|icmp_socket_deliver)$/, "delivered to the guest's ping socket"],
  [PUT_TOGETHER, 'waits for the other fragments'],
];

/** Ends of a stream, and how many of its bytes move; an address of IPv6 is a text. */
type EndData = readonly [from: number | string, sport: number, to: number | string, dport: number, count: number] | [];

/** What a book is for. */
export interface BookOptions {
  /** What packets said in each function is kept, not only what they said last. */
  readonly keepsBytes?: boolean;
  /** So many packets are followed at a time; where there are more, those that began first are forgotten. */
  readonly most?: number;
}

/** Some hundreds of megabytes, at the some 20 functions that a packet passes. */
const MOST = 50_000;
/** With all that they said. */
const MOST_WHOLE = 25_000;
const NOTHING = new Uint8Array(0);

export class Book {
  readonly #keepsBytes: boolean;
  readonly #most: number;
  #list: Growing[] = [];
  #begun = 0;
  /** All packets that say so, and the one that was seen last. */
  readonly #byKey = new Map<string, { readonly all: Growing[]; last: Growing }>();
  /** Whole datagrams, and their fragments. */
  readonly #whole = new Map<string, Growing>();
  readonly #fragments = new Map<string, Growing[]>();
  readonly #streams = new Streams();
  /** Datagrams in queues of sockets. */
  readonly #datagrams = new Map<string, Growing[]>();
  /** The process that runs in the guest. */
  #process = 'a program of the guest';
  /** Where a program called to write: packets go out before the call returns. */
  #call: Hop | undefined;

  constructor({ keepsBytes = false, most = keepsBytes ? MOST_WHOLE : MOST }: BookOptions = {}) {
    this.#keepsBytes = keepsBytes;
    this.#most = most;
  }

  get all(): readonly Journey[] {
    return this.#list.map((j) => {
      const { id, text, hops, end, relation } = j;
      return { id, text, hops, relation, end: end || endOf(j, hops.at(-1)?.fn ?? '') };
    });
  }

  /** A function has a packet in its hands. */
  passes(fn: string, layer: string, { tick, probe, ns, packet, data }: Note): void {
    if (!packet) {
      return;
    }
    const view = new PacketView(packet.bytes, packet.link);
    const identity = identityOf(view);
    if (identity === undefined) {
      return;
    }
    const j = this.#find(fn, identity, view);
    const before = j.hops.at(-1);
    const change = before
      ? changesSince(before, new PacketView(before.bytes, before.link), view, packet)
      : 'begins here';
    const bytes = before !== undefined && same(before.bytes, packet.bytes) ? before.bytes : packet.bytes;
    if (before && !this.#keepsBytes) {
      j.hops[j.hops.length - 1] = { ...before, bytes: NOTHING };
    }
    // A drop is told where the packet was.
    const where = layer === 'util' ? (before?.layer ?? 'net') : layer;
    j.hops.push({ fn, layer: where, tick, probe, ns, change, bytes, link: packet.link });
    j.stage = STAGES[fn] ?? j.stage;
    this.#learn(j, fn, identity, view, packet.link);
    this.#ends(j, fn, data);
  }

  /** Bytes of a stream move at one of its ends, or a datagram does; or another process runs. */
  moves(by: string, { tick, probe, ns, data }: Note): void {
    if (by === 'schedule') {
      const [pid, program] = data as readonly [number, string];
      this.#process = `${program} (pid ${pid})`;
      return;
    }
    const [from = 0, sport = 0, to = 0, dport = 0, count = 0] = data as EndData;
    const host = by.startsWith('so');
    const who = host ? "the host's socket" : this.#process;
    const nothing = { change: '', bytes: NOTHING, link: 'ip' } as const;
    const hop: Hop = { fn: by, layer: host ? 'host' : 'program', tick, probe, ns, ...nothing };
    if (by === 'tcp_sendmsg' && count === 0) {
      this.#call = hop;
      return;
    }
    const event: EndEvent = { hop: by === 'tcp_sendmsg' ? (this.#call ?? hop) : hop, who };
    const stream = streamName(from, sport, to, dport);
    if (by === 'udp_recvmsg') {
      this.#takes(`${formatIpv4(Number(from) >>> 0)}:${sport}>${dport}`, event);
    } else if (by === 'soread' || by === 'tcp_sendmsg') {
      this.#streams.writes(stream, count, event);
    } else {
      this.#streams.reads(stream, count, event);
    }
  }

  /** The user has edited a packet: it says something else, and stays who it is. */
  edited({ tick, probe, ns, packet, data }: Note): void {
    const { before, what } = data as Edit;
    const old = identityOf(new PacketView(before.bytes, before.link));
    const j = old && this.#byKey.get(old.key)?.last;
    const at = j?.hops.at(-1);
    if (!packet || !old || !j || !at) {
      return;
    }
    const view = new PacketView(packet.bytes, packet.link);
    j.hops.push({ ...at, tick, probe, ns, change: `edited, ${what}`, bytes: packet.bytes, link: packet.link });
    j.stream = j.stream && (streamOf(view) ?? null);
    const now = identityOf(view);
    if (now && now.key !== old.key) {
      const same = this.#byKey.get(now.key);
      this.#byKey.set(now.key, { all: [...(same?.all ?? []), j], last: j });
    }
  }

  /** The packet that a function has, among those that say the same. */
  #find(fn: string, identity: Identity, view: PacketView): Growing {
    const same = this.#byKey.get(identity.key);
    if (!same) {
      return this.#begin(fn, identity, view);
    }
    const { last } = same;
    const from = last.hops.at(-1)?.fn ?? '';
    if (fn === 'net_inject' && last.end === '' && HELD.has(from)) {
      last.passed.clear();
    } else if (ORIGINS.has(fn) && (last.end !== '' || !ORIGINS.has(from))) {
      return this.#begin(fn, identity, view);
    }
    let j = this.#waiting(fn, same) ?? this.#datagramOf(same, identity);
    if (ONCE.has(fn) && j.passed.has(fn)) {
      const again = this.#begin(fn, identity, view);
      again.relation = fn === 'link_faults_copy' ? `duplicate of ${j.id}` : '';
      j = again;
    }
    same.last = j;
    return j;
  }

  #waiting(
    fn: string,
    { all, last }: { readonly all: readonly Growing[]; readonly last: Growing },
  ): Growing | undefined {
    const stage = WAKES[fn];
    if (stage === undefined || AT_ONCE[stage]?.test(last.hops.at(-1)?.fn ?? '')) {
      return undefined;
    }
    const found = all.find((j) => j.stage === stage && j.end === '');
    if (found) {
      found.stage = '';
    }
    return found;
  }

  #datagramOf(same: { readonly all: readonly Growing[]; readonly last: Growing }, { datagram }: Identity): Growing {
    const { all, last } = same;
    if (last.end !== '') {
      // It is over, so this is one of those that are not.
      return all.find((j) => j.end === '' && (j.datagram === '' || j.datagram === datagram)) ?? last;
    }
    const other = last.datagram !== '' && last.datagram !== datagram;
    return (other ? all.findLast((j) => j.datagram === datagram) : undefined) ?? last;
  }

  #begin(fn: string, identity: Identity, view: PacketView): Growing {
    if (this.#list.length >= this.#most) {
      this.#forget();
    }
    const id = ++this.#begun;
    const j: Growing = {
      id,
      text: packetEnds(view),
      hops: [],
      end: '',
      relation: '',
      stage: '',
      passed: new Set(),
      datagram: '',
      stream: null,
    };
    this.#list.push(j);
    const same = this.#byKey.get(identity.key);
    if (same) {
      same.all.push(j);
      same.last = j;
    } else {
      this.#byKey.set(identity.key, { all: [j], last: j });
    }
    if (identity.fragment) {
      const whole = this.#whole.get(identity.datagram);
      j.relation = whole ? `fragment of ${whole.id}` : '';
      this.#fragments.set(identity.datagram, [...(this.#fragments.get(identity.datagram) ?? []), j]);
    } else if (fn === 'e1000_send_packet') {
      const bytes = streamOf(view);
      const whole = bytes && this.#streams.cutFrom(bytes);
      j.relation = whole ? `segment of ${whole.id}` : '';
    }
    return j;
  }

  /** Those that began first make place for others: what is said of later ones may be about them no more. */
  #forget(): void {
    this.#list = this.#list.slice(-Math.ceil((this.#most * 3) / 4));
    const first = this.#list[0]?.id ?? 0;
    const kept = ({ id }: Growing): boolean => id >= first;
    for (const [key, same] of this.#byKey) {
      if (!kept(same.last)) {
        this.#byKey.delete(key);
      } else if (!same.all.every(kept)) {
        this.#byKey.set(key, { all: same.all.filter(kept), last: same.last });
      }
    }
    for (const [key, whole] of this.#whole) {
      if (!kept(whole)) {
        this.#whole.delete(key);
      }
    }
    for (const waiting of [this.#fragments, this.#datagrams]) {
      for (const [key, all] of waiting) {
        const rest = all.filter(kept);
        rest.length === 0 ? waiting.delete(key) : waiting.set(key, rest);
      }
    }
    this.#streams.forget(first);
  }

  /** What can be known of a packet from here on. */
  #learn(j: Growing, fn: string, identity: Identity, view: PacketView, link: Hop['link']): void {
    if (ONCE.has(fn)) {
      j.passed.add(fn);
    }
    if ((link === 'ethernet' || WHOLE.has(fn)) && j.stream === null && !identity.fragment) {
      j.stream = streamOf(view);
      if (j.stream) {
        this.#streams.carries(j, j.stream);
      }
    }
    if (identity.datagram === '') {
      return;
    }
    if (fn === 'ip_fragment' || fn === 'ip_do_fragment') {
      j.datagram = identity.datagram;
      this.#whole.set(identity.datagram, j);
    } else if (!identity.fragment && this.#fragments.size > 0 && !ORIGINS.has(fn)) {
      // Where a packet begins, its identification may be what the buffer's last packet has left.
      this.#joins(j, identity.datagram);
    }
  }

  /** A datagram is whole again. */
  #joins(j: Growing, datagram: string): void {
    const all = this.#fragments.get(datagram) ?? [];
    const parts = all.filter((f) => f.end === '' && PUT_TOGETHER.test(f.hops.at(-1)?.fn ?? ''));
    if (parts.length === 0) {
      return;
    }
    for (const part of parts) {
      part.end = `put together to ${j.id}`;
    }
    if (j.relation === '' && j.hops.length === 1) {
      j.relation = `put together from ${parts.map((f) => f.id).join(', ')}`;
    }
    this.#fragments.delete(datagram);
  }

  #ends(j: Growing, fn: string, data: unknown): void {
    if (fn === 'drop') {
      j.end = `dropped: ${String(data)}`;
      j.stage = '';
    } else if (fn === 'tcp_queue_rcv' || fn === 'sbappend') {
      this.#streams.queues(j, Number(data));
    } else if (fn === 'udp_queue_rcv_skb') {
      const [, source = '', port = ''] = /^(\S+) -> \S*:(\d+) /.exec(j.text) ?? [];
      const key = `${source}>${port}`;
      this.#datagrams.set(key, [...(this.#datagrams.get(key) ?? []), j]);
    }
  }

  /** A program has taken the next datagram from somebody. */
  #takes(key: string, { hop, who }: EndEvent): void {
    const waiting = this.#datagrams.get(key) ?? [];
    const j = waiting.find(({ end }) => end === '');
    if (j) {
      j.end = `delivered to ${who}`;
      const last = j.hops.at(-1) ?? hop;
      j.hops.push({ ...hop, bytes: last.bytes, link: last.link, change: `read by ${who}` });
      waiting.splice(0, waiting.indexOf(j) + 1);
    }
  }
}

function endOf({ stream }: Growing, fn: string): string {
  // A FIN goes the way of data, and leaves nothing in a queue.
  const bare = stream && stream.from === stream.to;
  return (bare ? undefined : LAST.find(([name]) => name.test(fn))?.[1]) ?? `taken by ${fn}`;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}
