/** UDP and ping sessions of a capture, also in fragments. */
import type { TcpIpView } from '../packets/tcp-ip-view.ts';
import { AF_INET, type sockaddr } from '../stack/util/host.ts';
import { fragmentOf, makeRoom } from './reassembly.ts';

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

/** Sessions of the guest's datagrams. */
export class Sessions {
  /** Of those in fragments. */
  readonly #fragmented = new Map<string, string>();

  /** The session of a packet of the guest; later fragments have that of the first one. */
  of(p: TcpIpView): string {
    if (p.ip < 0 || !p.fragment) {
      return sessionOf(p, 'src');
    }
    const { key } = fragmentOf(p);
    if (!p.laterFragment) {
      makeRoom(this.#fragmented, key);
      this.#fragmented.set(key, sessionOf(p, 'src'));
    }
    return this.#fragmented.get(key) ?? '';
  }
}
