/** A layer of a packet: one header and what it carries. */
import type { Protocol } from './protocol.ts';

/**
 * Keys that stand for no protocol: it is not known what follows, or that is a later part of a datagram, without a
 * header.
 */
export const UNKNOWN = -1;
export const LATER_FRAGMENT = -2;

/** Lengths of messages of a stream: more bytes are needed to know; up to the stream's end; not of this protocol. */
export const MORE = -1;
export const TO_END = -2;
export const NO_MESSAGE = 0;

/** Offsets are into the view's buffer. A view uses its layers again for its next packet, so they are not to be kept. */
export class Layer {
  /** Place among the packet's layers, from 0 for the frame. */
  readonly index: number;
  /** The layer that carries it; null for the frame. */
  readonly below: Layer | null;
  /** The layer that was on it in this packet or an earlier one; `PacketView.above` knows which. */
  above: Layer | null = null;
  protocol: Protocol;
  /** First byte. */
  at = 0;
  /** First byte of what it carries. */
  body = 0;
  /** First byte after what it carries, as far as it was captured. */
  end = 0;
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
}
