/** A layer of a packet: one header and what it carries. */
import type { Protocol } from './protocol.ts';

/**
 * Keys that stand for no protocol: it is not known what follows, or that is a later part of a datagram, without a
 * header.
 */
export const UNKNOWN = -1;
export const LATER_FRAGMENT = -2;

/** Puts the messages of a stream together. */
export interface Assembler {
  /**
   * A message of a protocol begins at `from` and has more bytes than are there: `length`, or an unknown number
   * (`MORE`, `TO_END`). True if the rest of it is waited for.
   */
  wait(protocol: Protocol, from: number, length: number): boolean;
  /** Whether a message that is waited for begins where this packet's own bytes do, those of the one before apart. */
  beginsAt(from: number): boolean;
}

/** Lengths of messages of a stream: more bytes are needed to know; up to the stream's end; not of this protocol. */
export const MORE = -1;
export const TO_END = -2;
export const NO_MESSAGE = 0;

/** Offsets are into the view's buffer. A view uses its layers again for its next packet, so they are not to be kept. */
export class Layer {
  /** Place among the packet's layers, from 0 for the frame. */
  readonly index: number;
  /** The layer that carries it; null for the frame. */
  below: Layer | null;
  /** The layer that was on it in this packet or an earlier one; `PacketView.above` knows which. */
  above: Layer | null = null;
  protocol: Protocol;
  /** First byte. */
  at = 0;
  /** First byte of what it carries. */
  body = 0;
  /** First byte after what it carries, as far as it was captured. */
  end = 0;
  /** The same on the wire: larger if the capture cut the packet. */
  wireEnd = 0;
  /** True for a header that a quotation has cut; only some of its fields are there. */
  short = false;
  /** True if only the beginning of a message is there, so that it has nothing yet. */
  partial = false;
  /** True if it is in a packet that an error quotes. */
  quoted = false;
  /** True if the packets before have said something of it: one of the following. */
  noted = false;
  /** What they say, of its protocol's own kind. */
  note: object | null = null;
  /** Where what it carries was put together from several packets, in the view's buffer; -1 if it was not. */
  wholeAt = -1;
  wholeEnd = -1;
  /** What the packet has besides: it is behind this place of its own. */
  restAt = 0;
  /** What it carries, whatever its ports say. */
  carried: Protocol | null = null;
  /** Who is told of a message that goes on in later packets. */
  assembler: Assembler | null = null;
  /** The number that says what it carries: an Ethernet type, an IP protocol, a port. */
  key = UNKNOWN;
  /** The other port. */
  otherKey = -1;
  /** True once the protocol's `measure` has been asked. */
  measured = true;

  constructor(protocol: Protocol, below: Layer | null) {
    this.protocol = protocol;
    this.below = below;
    this.index = below === null ? 0 : below.index + 1;
    if (below !== null) {
      below.above = this;
    }
  }

  /** First byte of what it carries, also if that was put together from several packets. */
  get carriedAt(): number {
    return this.wholeAt < 0 ? this.body : this.wholeAt;
  }

  /** First byte after that. */
  get carriedEnd(): number {
    return this.wholeAt < 0 ? this.end : this.wholeEnd;
  }

  /** Forgets what the packets before have said. */
  forget(): void {
    this.noted = false;
    this.note = null;
    this.wholeAt = this.wholeEnd = -1;
    this.carried = null;
    this.assembler = null;
  }
}
