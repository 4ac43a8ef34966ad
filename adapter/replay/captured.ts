/** Packets as they were captured, for those who show them beside what was sent. */
import type { TcpRelative } from '../packets/conversations.ts';
import type { TcpIpView } from '../packets/tcp-ip-view.ts';
import { KIND_MASK, KIND_TCP, type PacketColumns, SIDE_1 } from './analysis.ts';
import { type ConnectionColumns, SHIFT_CUT, SYN_SEEN, sideOf, TH_ACK, TH_SYN } from './connections.ts';

/** What is known of a capture's connections, and of its packets. */
interface Known {
  readonly packets: Pick<PacketColumns, 'what' | 'conv'>;
  readonly connections: ConnectionColumns;
}

/** The numbers of packet `i` (from 0), a segment in `p`, counted from the SYNs of its connection, if it has one. */
export function capturedRelative(known: Known, i: number, p: TcpIpView): TcpRelative | undefined {
  const what = known.packets.what[i] ?? 0;
  const id = (known.packets.conv[i] ?? 0) - 1;
  if (p.tcp < 0 || p.fragment || id < 0 || (what & KIND_MASK) !== KIND_TCP) {
    return undefined;
  }
  const side = what & SIDE_1 ? 1 : 0;
  const [me, peer] = [sideOf(known.connections, side), sideOf(known.connections, 1 - side)];
  const isn = (iss: number | undefined): number => Math.max(0, (iss ?? 0) - 1);
  const flags = p.u8(p.tcp + 13);
  const shifts = [me, peer].map((s) => ((s.flags[id] ?? 0) & SYN_SEEN ? (s.shift[id] ?? 0) - 1 : -1));
  const scaled = !(flags & TH_SYN) && shifts.every((shift) => shift >= 0 && shift + 1 < SHIFT_CUT);
  const ack = p.u32(p.tcp + 8);
  return {
    stream: id,
    seq: (p.u32(p.tcp + 4) - isn(me.iss[id])) >>> 0,
    ack: flags & TH_ACK ? (ack - isn(peer.iss[id])) >>> 0 : ack,
    window: p.u16(p.tcp + 14) * (scaled ? 2 ** (shifts[0] ?? 0) : 1),
  };
}
