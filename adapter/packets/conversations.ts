/** TCP conversations: what has to be remembered between packets for relative sequence numbers and window scales. */
import type { PacketView } from './packet-view.ts';

/** One direction of a TCP connection. */
class TcpSide {
  /** Base of the relative sequence numbers: that of the SYN, or one below the first byte seen. -1: nothing seen yet. */
  isn = -1;
  /** Shift of its advertised windows (RFC 7323), from its SYN; -1 if it sent none. */
  wscale = -1;
}

/** A TCP connection, told apart from the next one of the same ports by its SYN. */
class TcpConversation {
  /** `tcp.stream`. */
  readonly stream: number;
  /** Sides by direction: 0 is the one whose address and port compare lower. */
  readonly sides: readonly [TcpSide, TcpSide] = [new TcpSide(), new TcpSide()];
  constructor(stream: number) {
    this.stream = stream;
  }
}

/** What a conversation knows about a segment. */
export interface TcpRelative {
  readonly stream: number;
  readonly seq: number;
  readonly ack: number;
  /** The advertised window, scaled. */
  readonly window: number;
}

/** Remembers the TCP connections of a capture. Give it every packet, in order, with `add`, before asking about it. */
export class Conversations {
  readonly #tcp = new Map<string, TcpConversation>();
  #streams = 0;

  /** Takes note of a packet. */
  add(p: PacketView): void {
    p.find();
    if (p.tcp < 0) {
      return;
    }
    const { key, dir } = endpoints(p);
    const flags = p.buf[p.tcp + 13]!;
    const seq = p.u32(p.tcp + 4);
    let conv = this.#tcp.get(key);
    const opening = (flags & 0x12) === 0x02;
    if (!conv || (opening && conv.sides[dir].isn >= 0 && conv.sides[dir].isn !== seq)) {
      conv = new TcpConversation(this.#streams++);
      this.#tcp.set(key, conv);
    }
    const side = conv.sides[dir];
    if (flags & 0x02) {
      side.isn = seq;
      side.wscale = synWscale(p);
    } else if (side.isn < 0) {
      side.isn = (seq - 1) >>> 0;
    }
    const peer = conv.sides[1 - dir]!;
    if (flags & 0x10 && peer.isn < 0) {
      peer.isn = (p.u32(p.tcp + 8) - 1) >>> 0;
    }
  }

  /** Relative numbers of a TCP segment, or undefined if it is none or of a connection that was never added. */
  relative(p: PacketView): TcpRelative | undefined {
    p.find();
    if (p.tcp < 0) {
      return undefined;
    }
    const { key, dir } = endpoints(p);
    const conv = this.#tcp.get(key);
    if (!conv) {
      return undefined;
    }
    const side = conv.sides[dir];
    const peer = conv.sides[1 - dir]!;
    const flags = p.buf[p.tcp + 13]!;
    const base = Math.max(0, side.isn);
    const scaled = !(flags & 0x02) && side.wscale >= 0 && peer.wscale >= 0;
    return {
      stream: conv.stream,
      seq: (p.u32(p.tcp + 4) - base) >>> 0,
      ack: flags & 0x10 ? (p.u32(p.tcp + 8) - Math.max(0, peer.isn)) >>> 0 : p.u32(p.tcp + 8),
      window: p.u16(p.tcp + 14) * (scaled ? 2 ** Math.min(14, side.wscale) : 1),
    };
  }
}

/** A key that both directions share, and which direction this packet goes. */
function endpoints(p: PacketView): { key: string; dir: 0 | 1 } {
  const at = p.ip >= 0 ? p.ip + 12 : p.ipv6 + 8;
  const n = p.ip >= 0 ? 4 : 16;
  const src = `${p.bytes(at, at + n).join('.')}:${p.u16(p.tcp)}`;
  const dst = `${p.bytes(at + n, at + 2 * n).join('.')}:${p.u16(p.tcp + 2)}`;
  return src <= dst ? { key: `${src} ${dst}`, dir: 0 } : { key: `${dst} ${src}`, dir: 1 };
}

/** The window scale option of a SYN, or -1. */
function synWscale(p: PacketView): number {
  for (const o of tcpOptions(p)) {
    if (o.kind === 3 && o.length === 3) {
      return p.buf[o.off + 2]!;
    }
  }
  return -1;
}

/** A TCP option: where it starts, its kind and whole length. */
export interface TcpOption {
  readonly kind: number;
  readonly off: number;
  readonly length: number;
}

/** The options of a TCP segment; stops at the end-of-list option or at one that runs past the header. */
export function tcpOptions(p: PacketView): TcpOption[] {
  const out: TcpOption[] = [];
  p.find();
  if (p.tcp < 0) {
    return out;
  }
  const end = Math.min(p.l3End, p.tcp + (p.buf[p.tcp + 12]! >> 4) * 4);
  let at = p.tcp + 20;
  while (at < end) {
    const kind = p.buf[at]!;
    const length = kind <= 1 ? 1 : at + 1 < end ? p.buf[at + 1]! : 0;
    if (length < 1 || (kind > 1 && length < 2) || at + length > end) {
      break;
    }
    out.push({ kind, off: at, length });
    if (kind === 0) {
      break;
    }
    at += length;
  }
  return out;
}
