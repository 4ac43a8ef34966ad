/** UDP and ping sessions of a capture, also in fragments. */
import { TcpIpView } from '../packets/tcp-ip-view.ts';
import { AF_INET, type sockaddr } from '../stack/util/host.ts';

/** Fragments of one datagram, and datagrams in progress, that are kept. */
const MAX_FRAGMENTS = 64;
const MAX_DATAGRAMS = 64;

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

/** Puts IPv4 fragments together. Datagrams that never become whole are forgotten, the oldest first. */
export class Reassembly {
  readonly #parts = new Map<string, { off: number; more: boolean; bytes: Uint8Array }[]>();
  readonly #sessions = new Map<string, string>();

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
      remember(this.#sessions, key, sessionOf(p, 'src'));
    }
    return this.#sessions.get(key) ?? '';
  }

  /**
   * Takes a packet. Returns a view of the whole IP packet that it completes, else null.
   * That is the packet itself if it is no fragment.
   */
  add(p: TcpIpView): TcpIpView | null {
    if (!p.fragment) {
      return p;
    }
    if (p.ip < 0) {
      return null;
    }
    const key = Reassembly.#key(p);
    const list = this.#parts.get(key) ?? [];
    remember(this.#parts, key, list);
    const frag = p.u16(p.ip + 6);
    const header = p.l4 - p.ip;
    const first = (frag & 0x1fff) === 0;
    list.push({
      off: (frag & 0x1fff) * 8,
      more: (frag & 0x2000) !== 0,
      bytes: p.bytes(first ? p.ip : p.l4, p.l3End).slice(),
    });
    if (list.length > MAX_FRAGMENTS) {
      this.#parts.delete(key);
      return null;
    }
    const whole = assemble(list, header);
    if (whole) {
      this.#parts.delete(key);
    }
    return whole;
  }
}

/** Sets an entry; drops the oldest one when there are too many. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  if (!map.has(key) && map.size >= MAX_DATAGRAMS) {
    map.delete(map.keys().next().value as string);
  }
  map.set(key, value);
}

/**
 * The IP packet that the parts make up, or null while some are missing.
 * The first part has its header of `header` bytes.
 */
function assemble(list: { off: number; more: boolean; bytes: Uint8Array }[], header: number): TcpIpView | null {
  const sorted = [...list].sort((a, b) => a.off - b.off);
  const last = sorted.at(-1)!;
  if (sorted[0]!.off !== 0 || last.more) {
    return null;
  }
  const out = new Uint8Array(header + last.off + last.bytes.length);
  let end = 0;
  for (const part of sorted) {
    const payload = part.off === 0 ? part.bytes.length - header : part.bytes.length;
    if (part.off > end) {
      return null;
    }
    out.set(part.bytes, part.off === 0 ? 0 : header + part.off);
    end = Math.max(end, part.off + payload);
  }
  const total = Math.min(out.length, header + end, 65535);
  out[2] = total >> 8;
  out[3] = total & 255;
  out[6] = 0;
  out[7] = 0;
  return new TcpIpView(out.subarray(0, total), 'ip').find();
}
