/**
 * Finds the bytes of a packet in the local that a function's `@packet` names: one extractor for each way in which the
 * stack keeps them. The fields of mbuf and sk_buff are named here and nowhere else outside the stack.
 */
import type { PacketKind } from '../compiler/debug-info.ts';

export type LinkType = 'ethernet' | 'ip';

/** Where a packet's bytes are, and what they begin with. */
export interface PacketBytes {
  readonly buf: Uint8Array;
  readonly off: number;
  readonly len: number;
  readonly linktype: LinkType;
}

/** `extra` is the length or the number of pieces, if the tag names one; `link` what the bytes begin with. */
type Extractor = (local: object, extra: unknown, link: LinkType) => PacketBytes | null;

interface Iovec {
  readonly iov_base: Uint8Array;
  readonly iov_len: number;
}

interface Mbuf {
  readonly m_dat: Uint8Array;
  readonly m_data: number;
  readonly m_len: number;
  readonly m_eth: number;
  readonly m_ip: number;
}

interface SkBuff {
  readonly head: Uint8Array;
  readonly data: number;
  readonly len: number;
  readonly mac_header: number;
  readonly network_header: number;
}

const EXTRACTORS: Readonly<Record<PacketKind, Extractor>> = {
  buf: (local, extra, link) =>
    local instanceof Uint8Array ? clamp(local, 0, typeof extra === 'number' ? extra : local.length, link) : null,
  iov: (local, extra, link) => iovBytes(local as readonly Iovec[], extra, link),
  mbuf: (local) => {
    const m = local as Mbuf;
    const end = m.m_data + m.m_len;
    if (m.m_eth >= 0) {
      return clamp(m.m_dat, m.m_eth, end - m.m_eth, 'ethernet');
    }
    const from = m.m_ip >= 0 ? m.m_ip : m.m_data;
    return clamp(m.m_dat, from, end - from, 'ip');
  },
  // Before there is an IP header, or once a program has only the data left, an sk_buff holds no packet.
  skb: (local) => {
    const skb = local as SkBuff;
    const end = skb.data + skb.len;
    if (skb.mac_header >= 0) {
      return clamp(skb.head, skb.mac_header, end - skb.mac_header, 'ethernet');
    }
    return skb.network_header >= 0 ? clamp(skb.head, skb.network_header, end - skb.network_header, 'ip') : null;
  },
};

/** The bytes of the packet in `local`, or null when there is none. */
export function packetBytes(kind: PacketKind, local: unknown, extra: unknown, link: unknown): PacketBytes | null {
  return typeof local === 'object' && local !== null
    ? EXTRACTORS[kind](local, extra, link === 'ip' ? 'ip' : 'ethernet')
    : null;
}

function clamp(buf: Uint8Array, off: number, len: number, linktype: LinkType): PacketBytes | null {
  return off < 0 || off > buf.length ? null : { buf, off, len: Math.max(0, Math.min(len, buf.length - off)), linktype };
}

/** The bytes of pieces: where they are if there is one piece, else a copy. */
function iovBytes(iov: readonly Iovec[], count: unknown, link: LinkType): PacketBytes | null {
  const n = typeof count === 'number' ? Math.min(count, iov.length) : iov.length;
  const first = iov[0];
  if (!first || n < 1) {
    return null;
  }
  if (n === 1) {
    return clamp(first.iov_base, 0, first.iov_len, link);
  }
  const whole = new Uint8Array(iov.slice(0, n).reduce((sum, v) => sum + v.iov_len, 0));
  let at = 0;
  for (const v of iov.slice(0, n)) {
    whole.set(v.iov_base.subarray(0, v.iov_len), at);
    at += v.iov_len;
  }
  return { buf: whole, off: 0, len: whole.length, linktype: link };
}
