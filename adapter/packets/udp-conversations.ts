/** What is remembered of conversations over UDP. */

import { endpointsOf } from './endpoints.ts';
import type { Layer } from './layer.ts';
import { BoundedMap, type Memory, MemoryKind } from './memory.ts';
import type { PacketView } from './packet-view.ts';
import { elapsed } from './times.ts';

interface UdpConversation {
  /** `udp.stream`. */
  readonly stream: number;
  readonly first: number;
  last: number;
}

class UdpConversations {
  readonly byEnds = new BoundedMap<string, UdpConversation>();
  count = 0;
}

const CONVERSATIONS = new MemoryKind(() => new UdpConversations());

/** What the datagrams before say of one. */
export class UdpNote {
  readonly stream: number;
  /** Seconds since the conversation's first datagram, and since its last one. */
  readonly since: number;
  readonly delta: number;

  constructor(stream: number, since: number, delta: number) {
    this.stream = stream;
    this.since = since;
    this.delta = delta;
  }
}

/** Takes note of a datagram. */
export function rememberDatagram(p: PacketView, l: Layer, memory: Memory): UdpNote {
  const table = CONVERSATIONS.of(memory);
  const { seconds } = memory;
  const c = table.byEnds.need(endpointsOf(p, l).key, () => ({ stream: table.count++, first: seconds, last: seconds }));
  const note = new UdpNote(c.stream, elapsed(c.first, seconds), elapsed(c.last, seconds));
  c.last = seconds;
  return note;
}
