/**
 * A packet for field access: finds the layers once, then fields are plain reads. Made to be reused (`set`), since
 * conditions of breakpoints look at every packet that passes; it allocates nothing for a packet after its first ones.
 */
import type { Conversations, Relatives } from './conversations.ts';
import { Layer } from './layer.ts';
import type { Protocol } from './protocol.ts';
// Tells each protocol what it may carry.
import './protocols.ts';
import { data } from './protocols/data.ts';
import { ethernet } from './protocols/ethernet.ts';
import { frame } from './protocols/frame.ts';
import { raw } from './protocols/raw.ts';
import type { CaptureInterface, CapturePacket } from './types.ts';

/** Where the bytes start: at an Ethernet header, or at an IP header. */
export type LinkType = 'ethernet' | 'ip';

/** Who knows more of packets than their bytes say: a replay of a capture. */
export interface PacketKnowledge extends Relatives {
  /** Which packet of the capture it is, from 1; 0 if it is none. */
  numberOf(p: PacketView): number;
  /** Seconds from the capture's first packet to the one with a number. */
  secondsOf(number: number): number;
}

/** What a capture says of a packet: itself, the capture's first packet, the one before it (itself for the first). */
export interface FrameRecord {
  readonly packet: CapturePacket;
  readonly first: CapturePacket;
  readonly before: CapturePacket;
  readonly iface: CaptureInterface | undefined;
}

/** The protocol on the frame. */
const LINKS: Readonly<Record<LinkType, Protocol>> = { ethernet, ip: raw };

/** Layers on a frame at most; what comes after is left alone. */
const MAX_LAYERS = 32;

/** Offsets are into `buf`. */
export class PacketView {
  buf: Uint8Array = new Uint8Array(0);
  off = 0;
  len = 0;
  /** First byte after the packet. */
  limit = 0;
  /** Length on the wire; larger than `len` if the capture cut the packet. */
  wireLength = 0;
  linktype: LinkType = 'ethernet';
  /** `frame.number`, if it is known; 0 else. */
  number = 0;
  /** What its capture says of it; null for a packet of none. */
  frame: FrameRecord | null = null;
  /** For relative sequence numbers; without it `tcp.seq` is the raw one. */
  conversations: Conversations | null = null;
  /** Who is asked about what these two do not say. */
  known: PacketKnowledge | null = null;

  readonly #bottom = new Layer(frame, null);
  readonly #link = new Layer(ethernet, this.#bottom);
  /** Index of the innermost layer found so far. */
  #depth = 0;
  /** True once nothing more can be found. */
  #complete = false;
  #malformed: Protocol | null = null;

  constructor(buf?: Uint8Array, linktype: LinkType = 'ethernet') {
    if (buf) {
      this.set(buf, 0, buf.length, linktype);
    }
  }

  /** Aims the view at `len` bytes of `buf` at `off`. */
  set(buf: Uint8Array, off: number, len: number, linktype: LinkType, wireLength = 0): this {
    this.buf = buf;
    this.off = Math.min(Math.max(0, off), buf.length);
    this.limit = Math.min(buf.length, this.off + Math.max(0, len));
    this.len = this.limit - this.off;
    this.wireLength = Math.max(wireLength, this.len);
    if (linktype !== this.linktype) {
      this.linktype = linktype;
      this.#link.protocol = LINKS[linktype];
    }
    this.frame = null;
    this.#complete = false;
    this.#malformed = null;
    this.#bottom.at = this.#bottom.body = this.off;
    this.#bottom.end = this.limit;
    const link = this.#link;
    link.at = this.off;
    link.body = this.off + link.protocol.header;
    link.end = this.limit;
    link.measured = false;
    this.#depth = 1;
    if (link.body > this.limit) {
      // A frame too short for its link layer has nothing else in it.
      this.#depth = 0;
      this.#complete = true;
      this.#malformed = link.protocol;
    }
    return this;
  }

  /**
   * The first layer of a protocol, or null; layers are found up to it and no further. Its fixed header is there, but
   * only `at` is sure to be set: this is for reading the header.
   */
  find(protocol: Protocol): Layer | null {
    return this.#seek(this.#bottom, protocol);
  }

  #seek(from: Layer | null, protocol: Protocol): Layer | null {
    let l = from;
    while (l !== null && l.protocol !== protocol) {
      l = l.index === this.#depth ? this.#climb(l, protocol) : l.above;
    }
    return l;
  }

  /** The first layer of a protocol, or null. */
  first(protocol: Protocol): Layer | null {
    const l = this.find(protocol);
    if (l !== null && !l.measured) {
      this.#measure(l);
    }
    return l;
  }

  /** The next layer of a protocol above one, or null. */
  next(l: Layer, protocol: Protocol): Layer | null {
    const found = this.#seek(l.index === this.#depth ? this.#climb(l, protocol) : l.above, protocol);
    if (found !== null && !found.measured) {
      this.#measure(found);
    }
    return found;
  }

  /** All layers, the frame first. */
  layers(): Layer[] {
    const out: Layer[] = [];
    for (let l: Layer | null = this.#bottom; l !== null; l = this.above(l)) {
      out.push(l);
    }
    return out;
  }

  /** The layer that another one carries, with all that is known of it, or null. */
  above(l: Layer): Layer | null {
    const above = l.index === this.#depth ? this.#climb(l, data) : l.above;
    if (above !== null && !above.measured) {
      this.#measure(above);
    }
    return above;
  }

  /**
   * The protocol whose header ought to be there but does not fit, at the body of the innermost layer that is not data.
   */
  malformed(): Protocol | null {
    let l: Layer | null = this.#bottom;
    while (l !== null) {
      l = this.above(l);
    }
    return this.#malformed;
  }

  #measure(l: Layer): void {
    l.measured = true;
    l.protocol.measure?.(this, l);
  }

  /** Finds what the innermost layer carries and returns it, if `wanted` may be there or above; else null. */
  #climb(l: Layer, wanted: Protocol): Layer | null {
    const { protocol } = l;
    const { carried } = protocol;
    if (carried === null) {
      return this.#upper(l, wanted);
    }
    if (!l.measured) {
      this.#measure(l);
    }
    const above = carried.get(l.key);
    return above === undefined ? this.#data(l) : (this.#open(above, l) ?? this.#misfit(above, l));
  }

  /** The same where no number says for sure what is carried, so that it may not be worth the search. */
  #upper(l: Layer, wanted: Protocol): Layer | null {
    if (this.#complete || l.protocol.reaches[wanted.index] !== 1) {
      return null;
    }
    if (!l.measured) {
      this.#measure(l);
    }
    return l.protocol.byPort ? this.#byPort(l) : this.#data(l);
  }

  /** The key says which protocol it is, but the bytes are none of it. */
  #misfit(carried: Protocol, l: Layer): Layer | null {
    if (this.#complete) {
      return null;
    }
    this.#malformed = carried;
    return this.#data(l);
  }

  /**
   * The protocol of either port, the one that is first in the list if both are known; else one that knows its
   * messages.
   */
  #byPort(l: Layer): Layer | null {
    if (l.body >= l.end) {
      return this.#data(l);
    }
    const { carriedByPort, carriedAny } = l.protocol;
    const a = carriedByPort.get(l.key);
    const b = carriedByPort.get(l.otherKey);
    const bFirst = a !== undefined && b !== undefined && b.index < a.index;
    let above = this.#try(bFirst ? b : a, l) ?? this.#try(bFirst ? a : b, l);
    for (let i = 0; above === null && i < carriedAny.length; i++) {
      above = this.#try(carriedAny[i], l);
    }
    return above ?? this.#data(l);
  }

  #try(protocol: Protocol | undefined, l: Layer): Layer | null {
    return protocol === undefined ? null : this.#open(protocol, l);
  }

  /** What no protocol takes is data. */
  #data(l: Layer): Layer | null {
    const above = !this.#complete && l.body < l.end && l.protocol !== data ? this.#open(data, l) : null;
    this.#complete = true;
    return above;
  }

  /** Puts a layer on another one, if the protocol's header is there. */
  #open(protocol: Protocol, below: Layer): Layer | null {
    const at = below.body;
    const { end } = below;
    const body = at + protocol.header;
    const l = below.above ?? grow(below);
    if (body > end || l === null) {
      return null;
    }
    if (l.protocol !== protocol) {
      l.protocol = protocol;
    }
    l.at = at;
    l.body = protocol.leaf ? end : body;
    l.end = end;
    l.measured = protocol.measure === undefined;
    const { open } = protocol;
    if (open !== undefined && !open(this, l)) {
      return null;
    }
    this.#depth = l.index;
    return l;
  }

  u8(at: number): number {
    return this.buf[at]!;
  }
  u16(at: number): number {
    return (this.buf[at]! << 8) | this.buf[at + 1]!;
  }
  u32(at: number): number {
    return this.u16(at) * 65536 + this.u16(at + 2);
  }
  /** A MAC address as a 48-bit number. */
  mac(at: number): number {
    return this.u16(at) * 0x100000000 + this.u32(at + 2);
  }
  /** A view of `[from, to)`, cut to the packet. */
  bytes(from: number, to: number): Uint8Array {
    return this.buf.subarray(Math.min(from, this.limit), Math.min(Math.max(from, to), this.limit));
  }
  /** Text of `[from, to)`, one character a byte, up to a NUL. */
  ascii(from: number, to: number): string {
    let s = '';
    for (let i = from; i < Math.min(to, this.limit) && this.buf[i] !== 0; i++) {
      s += String.fromCharCode(this.buf[i]!);
    }
    return s;
  }
}

/** One more layer for this packet and later ones; null if there are enough. */
function grow(below: Layer): Layer | null {
  return below.index < MAX_LAYERS ? new Layer(data, below) : null;
}
