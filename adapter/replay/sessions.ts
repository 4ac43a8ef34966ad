/** UDP and ping sessions of a capture, also in fragments. */
import { TcpIpView } from '../packets/tcp-ip-view.ts';
import { AF_INET, type sockaddr } from '../stack/util/host.ts';

/** Fragments of one datagram, bytes of them, and datagrams in progress that are kept. */
const MAX_FRAGMENTS = 8192;
const MAX_BYTES = 4 * 65536;
const MAX_DATAGRAMS = 64;
const MAX_IP = 65535;

/** An address and port as a key. */
export function addressKey(a: sockaddr): string {
  return a.sa_family === AF_INET ? `${a.sin_addr}:${a.sin_port}` : `[${a.sin6_addr?.join('.')}]:${a.sin_port}`;
}

/**
 * The session of a packet; `guest` says which end the guest is. Empty if it belongs to none.
 * Slirp has one per address and port of the guest for UDP, and one per echo request for ICMP.
 */
export function sessionOf(p: TcpIpView, guest: 'src' | 'dst'): string {
  const src = guest === 'src';
  if (p.udp >= 0) {
    const port = p.u16(p.udp + (src ? 0 : 2));
    if (p.ip >= 0) {
      return `udp ${p.u32(p.ip + (src ? 12 : 16))}:${port}`;
    }
    const at = p.ipv6 + (src ? 8 : 24);
    return `udp [${p.bytes(at, at + 16).join('.')}]:${port}`;
  }
  if (p.icmp >= 0 && p.icmp + 8 <= p.l3End && (p.u8(p.icmp) & 0xf7) === 0) {
    const [me, peer] = src ? [12, 16] : [16, 12];
    return `icmp ${p.u32(p.ip + me!)} ${p.u32(p.ip + peer!)} ${p.u16(p.icmp + 4)} ${p.u16(p.icmp + 6)}`;
  }
  return '';
}

/** A fragment: its place in what IP carries, the packet it came in, and its bytes; the first one's with the header. */
interface Fragment {
  readonly off: number;
  readonly length: number;
  readonly more: boolean;
  readonly packet: number;
  readonly bytes: Uint8Array;
}

/** A datagram in progress. */
interface Parts {
  readonly list: Fragment[];
  /** Bytes of all fragments, and how long the whole is: Infinity until its last fragment has come. */
  bytes: number;
  total: number;
}

/** Puts IPv4 fragments together. Of datagrams that never become whole the oldest are given up first. */
export class Reassembly {
  readonly #parts = new Map<string, Parts>();
  readonly #sessions = new Map<string, string>();
  readonly #givenUp: (packet: number) => void;

  /** `givenUp` hears of each packet whose datagram never becomes whole. */
  constructor(givenUp: (packet: number) => void = () => {}) {
    this.#givenUp = givenUp;
  }

  static #key(p: TcpIpView): string {
    return `${p.u32(p.ip + 12)} ${p.u32(p.ip + 16)} ${p.proto} ${p.u16(p.ip + 4)}`;
  }

  /** The session of a packet of the guest; later fragments have that of the first one. */
  session(p: TcpIpView): string {
    if (p.ip < 0 || !p.fragment) {
      return sessionOf(p, 'src');
    }
    const key = Reassembly.#key(p);
    if (!p.laterFragment) {
      makeRoom(this.#sessions, key);
      this.#sessions.set(key, sessionOf(p, 'src'));
    }
    return this.#sessions.get(key) ?? '';
  }

  /**
   * Takes a fragment, which came in packet `packet`. Returns a view of the whole IP packet that it completes, and the
   * packets that it came in, else null.
   */
  add(p: TcpIpView, packet: number): { packet: TcpIpView; parts: readonly number[] } | null {
    const key = Reassembly.#key(p);
    let parts = this.#parts.get(key);
    if (!parts) {
      this.#giveUp(makeRoom(this.#parts, key));
      parts = { list: [], bytes: 0, total: Number.POSITIVE_INFINITY };
      this.#parts.set(key, parts);
    }
    const frag = p.u16(p.ip + 6);
    const off = (frag & 0x1fff) * 8;
    const more = (frag & 0x2000) !== 0;
    const length = p.l3End - p.l4;
    parts.list.push({ off, length, more, packet, bytes: p.bytes(off === 0 ? p.ip : p.l4, p.l3End).slice() });
    parts.bytes += length;
    parts.total = more ? parts.total : Math.min(parts.total, off + length);
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
    return { packet: whole, parts: parts.list.map((f) => f.packet) };
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
function makeRoom<T>(map: Map<string, T>, key: string): T | undefined {
  const [oldest] = map.keys();
  if (map.has(key) || map.size < MAX_DATAGRAMS || oldest === undefined) {
    return undefined;
  }
  const value = map.get(oldest);
  map.delete(oldest);
  return value;
}

/** The IP packet that the parts make up, with the header of the first one, or null while some are missing. */
function assemble(list: readonly Fragment[], length: number): TcpIpView | null {
  const sorted = [...list].sort((a, b) => a.off - b.off);
  const [first] = sorted;
  if (first?.off !== 0) {
    return null;
  }
  const header = first.bytes.length - first.length;
  const out = new Uint8Array(header + length);
  let end = 0;
  for (const { off, bytes, length: more } of sorted) {
    if (off > end) {
      return null;
    }
    const at = off === 0 ? 0 : header + off;
    out.set(bytes.subarray(0, Math.max(0, out.length - at)), Math.min(at, out.length));
    end = Math.max(end, off + more);
  }
  if (end < length) {
    return null;
  }
  const total = Math.min(out.length, MAX_IP);
  out[2] = total >> 8;
  out[3] = total & 255;
  out[6] = 0;
  out[7] = 0;
  return new TcpIpView(out.subarray(0, total), 'ip').find();
}
