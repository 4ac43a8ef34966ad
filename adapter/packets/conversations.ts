/**
 * What the packets before say of a packet: relative numbers, retransmissions, messages that are put together from
 * several packets. Each protocol remembers what it needs (`remember`).
 */
import { Memory } from './memory.ts';
import type { PacketView } from './packet-view.ts';

export type { TcpRelative } from './tcp/note.ts';

import type { Layer } from './layer.ts';
import { Sessions } from './sessions.ts';
import type { TcpRelative } from './tcp/note.ts';

/** Who knows the connections of segments. */
export interface Relatives {
  /** Relative numbers of a TCP segment, the packet's first one unless told; undefined if nothing is known of it. */
  relative(p: PacketView, l?: Layer | null): TcpRelative | undefined;
}

/**
 * Remembers the conversations of a capture, or of the packets that pass an edge. Give it every packet, in order, with
 * `add`, before anything is asked of it.
 */
export class Conversations {
  readonly memory: Memory = new Memory();
  readonly sessions: Sessions = new Sessions();

  /** Takes note of a packet; its view then knows what the packets before say. `seconds` is when it came. */
  add(p: PacketView, seconds: number = p.frame?.seconds ?? 0): void {
    const { memory } = this;
    memory.number = p.number > 0 ? p.number : memory.number + 1;
    memory.seconds = seconds;
    p.restart();
    p.sessions = this.sessions;
    for (let l: Layer | null = p.bottom(); l !== null; l = p.above(l)) {
      const note = l.protocol.remember?.(p, l, memory);
      if (note !== undefined && note !== null) {
        l.noted = true;
        l.note = note;
      }
      l.protocol.declaration.note?.(p, l);
    }
  }
}
