/** What the Info column says of a message whose end is missing. */
import type { Layer } from './layer.ts';
import type { PacketView } from './packet-view.ts';

/** What is said of a message whose end is missing for no reason. */
export const MALFORMED = '[Malformed Packet]';

/** Why the rest of a layer is not there: it is in other fragments, the capture has cut it, or it never was. */
export function cutWords(p: PacketView, l: Layer): string {
  for (let below = l.below; below !== null; below = below.below) {
    if (below.protocol.declaration.isFragment?.(p, below) && below.wholeAt < 0 && p.len >= p.wireLength) {
      return '[BoundErrorUnreassembled Packet]';
    }
  }
  return l.end < l.wireEnd || p.len < p.wireLength ? '[Packet size limited during capture]' : MALFORMED;
}
