/** TCP conversations: what has to be remembered between packets for relative sequence numbers and window scales. */
import type { Layer } from './layer.ts';
import type { PacketView } from './packet-view.ts';
import { tcp } from './protocols/tcp.ts';
import { MAX_WINDOW_SHIFT, windowShift } from './protocols/tcp-options.ts';

const SYN = 0x02;
const ACK = 0x10;

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

/** Who knows the connections of segments. */
export interface Relatives {
  /** Relative numbers of a TCP segment, the packet's first one unless told; undefined if nothing is known of it. */
  relative(p: PacketView, l?: Layer | null): TcpRelative | undefined;
}

/** Remembers the TCP connections of a capture. Give it every packet, in order, with `add`, before asking about it. */
export class Conversations implements Relatives {
  readonly #tcp = new Map<string, TcpConversation>();
  #streams = 0;

  /** Takes note of a packet. */
  add(p: PacketView): void {
    const l = p.first(tcp);
    if (l === null) {
      return;
    }
    const { key, dir } = endpoints(p, l);
    const flags = p.u8(l.at + 13);
    const seq = p.u32(l.at + 4);
    let conv = this.#tcp.get(key);
    const opening = (flags & (SYN | ACK)) === SYN;
    if (!conv || (opening && conv.sides[dir].isn >= 0 && conv.sides[dir].isn !== seq)) {
      conv = new TcpConversation(this.#streams++);
      this.#tcp.set(key, conv);
    }
    const side = conv.sides[dir];
    if (flags & SYN) {
      side.isn = seq;
      side.wscale = windowShift(p, l);
    } else if (side.isn < 0) {
      side.isn = (seq - 1) >>> 0;
    }
    const peer = conv.sides[dir === 0 ? 1 : 0];
    if (flags & ACK && peer.isn < 0) {
      peer.isn = (p.u32(l.at + 8) - 1) >>> 0;
    }
  }

  /**
   * Relative numbers of a TCP segment, the first one of the packet unless told; undefined if its connection was never
   * added.
   */
  relative(p: PacketView, l: Layer | null = p.first(tcp)): TcpRelative | undefined {
    if (l === null) {
      return undefined;
    }
    const { key, dir } = endpoints(p, l);
    const conv = this.#tcp.get(key);
    if (!conv) {
      return undefined;
    }
    const side = conv.sides[dir];
    const peer = conv.sides[dir === 0 ? 1 : 0];
    const flags = p.u8(l.at + 13);
    const ack = p.u32(l.at + 8);
    const scaled = !(flags & SYN) && side.wscale >= 0 && peer.wscale >= 0;
    return {
      stream: conv.stream,
      seq: (p.u32(l.at + 4) - Math.max(0, side.isn)) >>> 0,
      ack: flags & ACK ? (ack - Math.max(0, peer.isn)) >>> 0 : ack,
      window: p.u16(l.at + 14) * (scaled ? 2 ** Math.min(MAX_WINDOW_SHIFT, side.wscale) : 1),
    };
  }
}

/** A key that both directions share, and which direction this segment goes. */
function endpoints(p: PacketView, l: Layer): { key: string; dir: 0 | 1 } {
  const ip = l.below ?? l;
  const [off, n] = ip.protocol.name === 'ip' ? [12, 4] : [8, 16];
  const at = ip.at + off;
  const src = `${p.bytes(at, at + n).join('.')}:${p.u16(l.at)}`;
  const dst = `${p.bytes(at + n, at + 2 * n).join('.')}:${p.u16(l.at + 2)}`;
  return src <= dst ? { key: `${src} ${dst}`, dir: 0 } : { key: `${dst} ${src}`, dir: 1 };
}
