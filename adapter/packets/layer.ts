/** A layer of a packet: one header and what it carries. */
import type { Protocol } from './protocol.ts';

/** Whether what a layer carries is a part of a datagram. */
export const WHOLE = 0;
export const FIRST_FRAGMENT = 1;
/** A fragment that does not start its datagram: what it carries has no header. */
export const LATER_FRAGMENT = 2;

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
  /** Where its header says that it ends, also when the capture was cut before; `end` if it says nothing. */
  claimedEnd = 0;
  /** The number that says what it carries (an Ethernet type, an IP protocol, a port); -1 if there is none. */
  key = -1;
  /** The other port. */
  otherKey = -1;
  /** True once the protocol's `measure` has been asked. */
  measured = true;
  /** What the last key stood for, and in which protocol. */
  knownKey = -1;
  knownProtocol: Protocol | null = null;
  known: Protocol | null = null;
  /** `WHOLE`, `FIRST_FRAGMENT` or `LATER_FRAGMENT`. */
  fragment = WHOLE;

  constructor(protocol: Protocol, below: Layer | null) {
    this.protocol = protocol;
    this.below = below;
    this.index = below === null ? 0 : below.index + 1;
    if (below !== null) {
      below.above = this;
    }
  }
}
