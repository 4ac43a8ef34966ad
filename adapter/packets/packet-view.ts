/**
 * A packet for field access: finds the layers once, then fields are plain reads. Made to be reused (`set`), since
 * conditions of breakpoints look at every packet that passes; it allocates nothing for a packet after its first ones.
 */
import type { Relatives } from './conversations.ts';
import { Layer, MORE, NO_MESSAGE } from './layer.ts';
import type { Protocol } from './protocol.ts';
// Tells each protocol what it may carry.
import './protocols.ts';
import { data } from './protocols/data.ts';
import { ethernet } from './protocols/ethernet.ts';
import { frame } from './protocols/frame.ts';
import { nullLoopback } from './protocols/null.ts';
import { otherLink } from './protocols/other-link.ts';
import { raw } from './protocols/raw.ts';
import { sll, sll2 } from './protocols/sll.ts';
import type { Sessions } from './sessions.ts';
import type { CaptureInterface, CapturePacket } from './types.ts';

/** Where the bytes start: at a header of a link layer, or at an IP header. */
export type LinkType = 'ethernet' | 'ip' | 'sll' | 'sll2' | 'null' | 'other';

/** Who knows more of packets than their bytes say: a replay of a capture. */
export interface PacketKnowledge extends Relatives {
  /** Which packet of the capture it is, from 1; 0 if it is none. */
  numberOf(p: PacketView): number;
  /** Seconds from the capture's first packet to the one with a number. */
  secondsOf(number: number): number;
  /** What the capture says of the packet with a number, but for its bytes. */
  recordOf(number: number): FrameRecord | null;
}

/** What a capture says of a packet: itself, the capture's first packet, the one before it (itself for the first). */
export interface FrameRecord {
  readonly packet: CapturePacket;
  readonly first: CapturePacket;
  readonly before: CapturePacket;
  readonly iface: CaptureInterface | undefined;
  /** Since the capture's first packet. */
  readonly seconds: number;
  /** Of a pcapng file. */
  readonly section: number | undefined;
  readonly comments: readonly string[];
}

/** The protocol on the frame. */
const LINKS: Readonly<Record<LinkType, Protocol>> = {
  ethernet,
  ip: raw,
  sll,
  sll2,
  null: nullLoopback,
  other: otherLink,
};

/** Layers on a frame at most; what comes after is left alone. */
const MAX_LAYERS = 32;

/** Offsets are into `buf`. */
export class PacketView {
  buf: Uint8Array = new Uint8Array(0);
  off = 0;
  len = 0;
  /** First byte after the packet. */
  limit = 0;
  /** First byte after what was put together from it and others, which is behind the packet; `limit` without. */
  top = 0;
  /** Length on the wire; larger than `len` if the capture cut the packet. */
  wireLength = 0;
  linktype: LinkType = 'ethernet';
  /** Whether checksums are checked; without, their state is unverified, as Wireshark has it unless asked. */
  checksums = true;
  /** `frame.number`, if it is known; 0 else. */
  number = 0;
  /** What its capture says of it; null for a packet of none. */
  frame: FrameRecord | null = null;
  /** Who is asked about what is not known of it; without, and without `Conversations`, `tcp.seq` is the raw one. */
  known: PacketKnowledge | null = null;
  /** What upper protocols remember of the packets before; without it each packet is read alone. */
  sessions: Sessions | null = null;

  readonly #bottom = new Layer(frame, null);
  readonly #link = new Layer(ethernet, this.#bottom);
  /** The innermost layer found so far, and its index. */
  #innermost = this.#bottom;
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
    this.top = this.limit;
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
    this.#bottom.wireEnd = this.off + this.wireLength;
    const link = this.#link;
    if (link.noted) {
      link.forget();
    }
    link.at = this.off;
    link.body = this.off + link.protocol.header;
    link.end = this.limit;
    link.wireEnd = this.off + this.wireLength;
    link.measured = false;
    this.#depth = 1;
    this.#innermost = link;
    if (link.body > this.limit) {
      // A frame too short for its link layer has nothing else in it.
      this.#depth = 0;
      this.#innermost = this.#bottom;
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

  /** The frame. */
  bottom(): Layer {
    return this.#bottom;
  }

  /** Forgets the layers that have been found, and what the packets before say of them. */
  restart(): void {
    const { frame, number } = this;
    this.set(this.buf, this.off, this.len, this.linktype, this.wireLength);
    this.frame = frame;
    this.number = number;
  }

  /** The protocol that the packet begins with. */
  get linkProtocol(): Protocol {
    return this.#link.protocol;
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

  /**
   * Puts bytes behind the packet, which have been put together from several ones: a layer carries them instead of its
   * body.
   */
  graft(l: Layer, bytes: Uint8Array): void {
    const whole = new Uint8Array(this.top + bytes.length);
    whole.set(this.buf.subarray(this.off, this.top), this.off);
    whole.set(bytes, this.top);
    this.buf = whole;
    l.noted = true;
    l.wholeAt = this.top;
    this.top += bytes.length;
    l.wholeEnd = this.top;
    l.restAt = l.end;
  }

  /** Tells that what a layer carries is a part of something, which is not looked into. */
  swallow(l: Layer): void {
    l.noted = true;
    l.wholeAt = l.wholeEnd = l.restAt = l.end;
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
    if (above !== undefined && above !== wanted && above.reaches[wanted.index] !== 1) {
      return null;
    }
    return above === undefined ? this.#data(l) : (this.#open(above, l) ?? this.#misfit(above, l));
  }

  /** The same where no number says for sure what is carried, so that it may not be worth the search. */
  #upper(l: Layer, wanted: Protocol): Layer | null {
    if (this.#complete || (l.protocol.reaches[wanted.index] !== 1 && l.below?.protocol.stream !== true)) {
      return null;
    }
    if (!l.measured) {
      this.#measure(l);
    }
    if (l.protocol.byPort) {
      return this.#byPort(l);
    }
    return this.#next(l) ?? this.#data(l);
  }

  /** The next message of a stream, which stands behind the one before. */
  #next(l: Layer): Layer | null {
    const { below } = l;
    if (!below?.protocol.stream || l.protocol === data) {
      return null;
    }
    if (l.end < below.carriedEnd) {
      return this.#byPort(below, l.end);
    }
    if (below.wholeAt >= 0 && below.restAt < below.end) {
      below.wholeAt = -1;
      return this.#byPort(below, below.restAt);
    }
    return null;
  }

  /** The key says which protocol it is, but the bytes are none of it. */
  #misfit(carried: Protocol, l: Layer): Layer | null {
    if (this.#complete) {
      return null;
    }
    this.#malformed = l.quoted || l.protocol.quotes ? null : carried;
    return this.#data(l);
  }

  /**
   * The protocol that the packets before have told; else that of either port, the lower one first; else one that knows
   * its messages. They begin at `at`.
   */
  #byPort(l: Layer, at = l.carriedAt): Layer | null {
    if (at >= l.carriedEnd) {
      return this.#data(l, at);
    }
    const { carriedByPort, carriedAny } = l.protocol;
    const low = carriedByPort.get(Math.min(l.key, l.otherKey));
    const high = carriedByPort.get(Math.max(l.key, l.otherKey));
    let above = l.carried === null ? null : this.#open(l.carried, l, at);
    above ??= this.sessions === null ? null : this.#try(this.sessions.spokenOver(this, l), l, at);
    above ??= this.#try(low, l, at) ?? this.#try(high, l, at);
    for (let i = 0; above === null && i < carriedAny.length; i++) {
      above = this.#try(carriedAny[i], l, at, true);
    }
    if (above === null && (low?.declaration.keepsPorts || high?.declaration.keepsPorts)) {
      this.#complete = true;
    }
    return above ?? this.#data(l, at);
  }

  #try(protocol: Protocol | undefined, l: Layer, at: number, guess = false): Layer | null {
    return protocol === undefined || this.#complete ? null : this.#open(protocol, l, at, guess);
  }

  /** What no protocol takes is data. */
  #data(l: Layer, at = l.carriedAt): Layer | null {
    const above = !this.#complete && at < l.carriedEnd && l.protocol !== data ? this.#open(data, l, at) : null;
    this.#complete = true;
    return above;
  }

  /**
   * Puts a layer on the innermost one, if the protocol's header is there; `below` carries it. A guess has to look at
   * the bytes before it waits for more of them.
   */
  #open(protocol: Protocol, below: Layer, at = below.carriedAt, guess = false): Layer | null {
    const end = below.carriedEnd;
    const body = at + protocol.header;
    const l = this.#innermost.above ?? grow(this.#innermost);
    const quoted = below.quoted || below.protocol.quotes;
    const short = body > end;
    if (l === null || (short && (!quoted || at + protocol.shortHeader > end))) {
      if (l !== null && !guess && this.#waitsForHeader(protocol, below, at)) {
        this.#complete = true;
      }
      return null;
    }
    if (l.protocol !== protocol) {
      l.protocol = protocol;
    }
    if (l.noted) {
      l.forget();
    }
    l.below = below;
    l.at = at;
    l.body = protocol.leaf || short ? end : body;
    l.end = end;
    l.quoted = quoted;
    l.wireEnd = below.wholeAt < 0 ? below.wireEnd : end;
    l.short = short;
    l.partial = false;
    l.measured = protocol.measure === undefined;
    const { open, messageLength } = protocol;
    if (guess && open !== undefined && !open(this, l)) {
      return null;
    }
    if (messageLength !== undefined && below.protocol.stream && !this.#isWhole(messageLength, l)) {
      return null;
    }
    if (!guess && !l.partial && open !== undefined && !open(this, l)) {
      return null;
    }
    this.#depth = l.index;
    this.#innermost = l;
    return l;
  }

  /** True if the first bytes of a message are there, which say how long it is, and the others of its header are not. */
  #waitsForHeader(protocol: Protocol, below: Layer, at: number): boolean {
    const { lengthBytes = protocol.header } = protocol.declaration;
    const { assembler, carriedEnd: end } = below;
    if (lengthBytes === protocol.header || assembler === null || !below.protocol.stream) {
      return false;
    }
    const l = new Layer(protocol, null);
    l.below = below;
    l.at = at;
    l.end = end;
    const length = at + lengthBytes > end ? MORE : (protocol.messageLength?.(this, l) ?? NO_MESSAGE);
    return length !== NO_MESSAGE && (length === MORE || at + length > end) && assembler.wait(protocol, at, length);
  }

  /**
   * Ends a layer where its message ends. False if that is in a later packet, or if it is no message of the protocol.
   */
  #isWhole(messageLength: (p: PacketView, l: Layer) => number, l: Layer): boolean {
    const length = messageLength(this, l);
    const { below } = l;
    if (length === NO_MESSAGE || below === null) {
      return false;
    }
    if (length > 0 && l.at + length <= l.end) {
      l.end = l.wireEnd = l.at + length;
      l.body = l.protocol.leaf ? l.end : l.body;
      return true;
    }
    if (length < MORE && below.assembler === null) {
      return true;
    }
    const { assembler } = below;
    if (assembler?.wait(l.protocol, l.at, length)) {
      this.#complete = true;
      l.partial = l.protocol.declaration.namedInPart === true && assembler.beginsAt(l.at);
      l.body = l.end = l.wireEnd = l.partial ? l.at : l.end;
      return l.partial;
    }
    return true;
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
  /** A view of `[from, to)`, cut to the packet and what was put together behind it. */
  bytes(from: number, to: number): Uint8Array {
    return this.buf.subarray(Math.min(from, this.top), Math.min(Math.max(from, to), this.top));
  }
  /** Text of `[from, to)`, one character a byte, up to a NUL. */
  ascii(from: number, to: number): string {
    let s = '';
    for (let i = from; i < Math.min(to, this.top) && this.buf[i] !== 0; i++) {
      s += String.fromCharCode(this.buf[i]!);
    }
    return s;
  }
}

/** One more layer for this packet and later ones; null if there are enough. */
function grow(below: Layer): Layer | null {
  return below.index < MAX_LAYERS ? new Layer(data, below) : null;
}
