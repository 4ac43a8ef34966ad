/** Puts the fragments of IP datagrams together. */
import { fragmentHeader } from '../packets/protocols/ipv6.ts';
import { TcpIpView } from '../packets/tcp-ip-view.ts';

/** Fragments of one datagram, bytes of them, and datagrams in progress that are kept. */
const MAX_FRAGMENTS = 8192;
const MAX_BYTES = 4 * 65536;
const MAX_DATAGRAMS = 64;
const MAX_IP = 65535;
const IPV6_HLEN = 40;
const FRAGMENT_HLEN = 8;

/** What a fragment says of itself: which datagram it is of, and where its bytes `[at, l3End)` belong in that. */
export interface FragmentPlace {
  readonly key: string;
  readonly off: number;
  readonly more: boolean;
  readonly at: number;
  /** Number of the protocol that the datagram carries. */
  readonly proto: number;
}

/** Says it of the fragment in `p`. */
export function fragmentOf(p: TcpIpView): FragmentPlace {
  if (p.ip >= 0) {
    const frag = p.u16(p.ip + 6);
    const key = `${p.u32(p.ip + 12)} ${p.u32(p.ip + 16)} ${p.proto} ${p.u16(p.ip + 4)}`;
    return { key, off: (frag & 0x1fff) * 8, more: (frag & 0x2000) !== 0, at: p.l4, proto: p.proto };
  }
  const { fragmentAt } = fragmentHeader(p.packet, { at: p.ipv6, end: p.l3End });
  const word = p.u16(fragmentAt + 2);
  const ends = p.bytes(p.ipv6 + 8, p.ipv6 + 40).join('.');
  return {
    key: `${ends} ${p.u32(fragmentAt + 4)}`,
    off: word & 0xfff8,
    more: (word & 1) !== 0,
    at: fragmentAt + FRAGMENT_HLEN,
    proto: p.u8(fragmentAt),
  };
}

/** A fragment: its place in what IP carries, the packet it came in, and its bytes. */
interface Fragment {
  readonly off: number;
  readonly packet: number;
  readonly bytes: Uint8Array;
  /** IP's header, as that of the whole has to be but for its length; empty for later ones. */
  readonly header: Uint8Array;
}

/** A datagram in progress. */
interface Parts {
  readonly list: Fragment[];
  /** Bytes of all fragments, and how long the whole is: Infinity until its last fragment has come. */
  bytes: number;
  total: number;
}

/** An IP packet that has been put together, the packets that it came in, and how much of it the first fragment has. */
export interface Whole {
  readonly packet: TcpIpView;
  readonly parts: readonly number[];
  readonly first: number;
}

/** Puts fragments together. Of datagrams that never become whole the oldest are given up first. */
export class Reassembly {
  readonly #parts = new Map<string, Parts>();
  readonly #givenUp: (packet: number) => void;

  /** `givenUp` hears of each packet whose datagram never becomes whole. */
  constructor(givenUp: (packet: number) => void = () => {}) {
    this.#givenUp = givenUp;
  }

  /** Takes a fragment, which came in packet `packet`. Returns what it completes, else null. */
  add(p: TcpIpView, packet: number): Whole | null {
    const { key, off, more, at } = fragmentOf(p);
    let parts = this.#parts.get(key);
    if (!parts) {
      this.#giveUp(makeRoom(this.#parts, key));
      parts = { list: [], bytes: 0, total: Number.POSITIVE_INFINITY };
      this.#parts.set(key, parts);
    }
    const bytes = p.bytes(at, p.l3End).slice();
    parts.list.push({ off, packet, bytes, header: off === 0 ? wholeHeader(p) : new Uint8Array(0) });
    parts.bytes += bytes.length;
    parts.total = more ? parts.total : Math.min(parts.total, off + bytes.length);
    if (parts.list.length > MAX_FRAGMENTS || parts.bytes > MAX_BYTES) {
      this.#parts.delete(key);
      this.#giveUp(parts);
      return null;
    }
    const whole = parts.bytes < parts.total ? null : assemble(parts.list, parts.total);
    if (!whole) {
      return null;
    }
    this.#parts.delete(key);
    const firsts = parts.list.filter((f) => f.off === 0).map((f) => f.bytes.length);
    return { packet: whole, parts: parts.list.map((f) => f.packet), first: Math.min(...firsts) };
  }

  /** No more fragments come. */
  finish(): void {
    for (const parts of this.#parts.values()) {
      this.#giveUp(parts);
    }
    this.#parts.clear();
  }

  #giveUp(parts: Parts | undefined): void {
    for (const { packet } of parts?.list ?? []) {
      this.#givenUp(packet);
    }
  }
}

/** Takes the oldest entry out if there is no room for `key`, and returns it. */
export function makeRoom<T>(map: Map<string, T>, key: string): T | undefined {
  const [oldest] = map.keys();
  if (map.has(key) || map.size < MAX_DATAGRAMS || oldest === undefined) {
    return undefined;
  }
  const value = map.get(oldest);
  map.delete(oldest);
  return value;
}

/** The header of the first fragment in `p`, without what says that it is one. */
function wholeHeader(p: TcpIpView): Uint8Array {
  if (p.ip >= 0) {
    const header = p.bytes(p.ip, p.l4).slice();
    header[6] = header[7] = 0;
    return header;
  }
  const { fragmentAt, announcedAt } = fragmentHeader(p.packet, { at: p.ipv6, end: p.l3End });
  const header = p.bytes(p.ipv6, fragmentAt).slice();
  header[announcedAt - p.ipv6] = p.u8(fragmentAt);
  return header;
}

/** The IP packet that the parts make up, or null while some are missing. */
function assemble(list: readonly Fragment[], length: number): TcpIpView | null {
  const sorted = [...list].sort((a, b) => a.off - b.off);
  const [first] = sorted;
  if (first?.off !== 0) {
    return null;
  }
  const { header } = first;
  const out = new Uint8Array(header.length + length);
  out.set(header);
  let end = 0;
  for (const { off, bytes } of sorted) {
    if (off > end) {
      return null;
    }
    out.set(bytes.subarray(0, Math.max(0, length - off)), header.length + Math.min(off, length));
    end = Math.max(end, off + bytes.length);
  }
  if (end < length) {
    return null;
  }
  const v6 = (header[0] ?? 0) >> 4 === 6;
  const total = Math.min(out.length, MAX_IP + (v6 ? IPV6_HLEN : 0));
  const claimed = v6 ? total - IPV6_HLEN : total;
  out[v6 ? 4 : 2] = claimed >> 8;
  out[v6 ? 5 : 3] = claimed & 255;
  return new TcpIpView(out.subarray(0, total), 'ip').find();
}
