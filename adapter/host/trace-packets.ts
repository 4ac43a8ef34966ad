/** Which packet of the capture is a frame that the user network sends in a replay. */
import { Conversations } from '../packets/conversations.ts';
import { PacketView } from '../packets/packet-view.ts';

/** A frame of the capture that has not been seen in the replay yet. */
interface Pending {
  readonly number: number;
  readonly exact: string;
  readonly from: number;
  readonly to: number;
}

/** What a frame is compared by. */
interface Identity extends Omit<Pending, 'number'> {
  /** Protocol and addresses: frames of different groups are never taken for each other. */
  readonly group: string;
}

const TH_SYN_FIN_RST = 7;

/**
 * Matches what slirp sends in a replay with what it sent in the capture. Initial sequence numbers differ and acknowledgments may be
 * merged, so segments are compared by their place in the stream: the same place, flags and acknowledgment if there is one, else the
 * first one that overlaps. Other packets are taken in the capture's order within their addresses.
 */
export class PacketNumbers {
  private readonly pending = new Map<string, Pending[]>();
  private readonly view = new PacketView();
  private readonly live = new Conversations();

  /** `sent`: the frames of the user network in the capture, in order. */
  constructor(sent: readonly { readonly number: number; readonly data: Uint8Array }[]) {
    const captured = new Conversations();
    for (const { number, data } of sent) {
      const { group, ...rest } = this.identify(data, data.length, captured);
      const list = this.pending.get(group);
      if (list) {
        list.push({ number, ...rest });
      } else {
        this.pending.set(group, [{ number, ...rest }]);
      }
    }
  }

  /** Number of the packet that the frame is, or 0 if the capture has none like it (any more). */
  sent(buf: Uint8Array, size: number): number {
    const { group, exact, from, to } = this.identify(buf, size, this.live);
    const list = this.pending.get(group) ?? [];
    const same = list.findIndex((p) => p.exact === exact);
    const at = same >= 0 ? same : list.findIndex((p) => p.from < to && from < p.to);
    return at < 0 ? 0 : list.splice(at, 1)[0]!.number;
  }

  private identify(buf: Uint8Array, size: number, conversations: Conversations): Identity {
    const p = this.view.set(buf, 0, size, 'ethernet').find();
    if (p.tcp >= 0 && !p.fragment) {
      return identify_segment(p, conversations);
    }
    return { group: group_of(p), exact: '', from: 0, to: 0 };
  }
}

/** A segment covers its bytes of the stream; SYN and FIN are one each, and a mere acknowledgment covers nothing. */
function identify_segment(p: PacketView, conversations: Conversations): Identity {
  conversations.add(p);
  const { seq, ack } = conversations.relative(p) ?? { seq: 0, ack: 0 };
  const flags = p.u8(p.tcp + 13) & TH_SYN_FIN_RST;
  const length = p.payload_end - p.payload + (flags & 1) + ((flags >> 1) & 1);
  return { group: group_of(p), exact: `${seq} ${length} ${flags} ${ack}`, from: seq, to: seq + length };
}

function group_of(p: PacketView): string {
  if (p.arp >= 0) {
    return `arp ${p.u16(p.arp + 6)} ${p.bytes(p.arp + 14, p.arp + 28).join('.')}`;
  }
  const l4 = Math.max(p.tcp, p.udp);
  const ports = l4 < 0 ? '' : ` ${p.u16(l4)} ${p.u16(l4 + 2)}`;
  const icmp = Math.max(p.icmp, p.icmpv6);
  const kind = icmp < 0 ? '' : ` ${p.u16(icmp)}`;
  const addresses = p.ip >= 0 ? p.bytes(p.ip + 12, p.ip + 20) : p.ipv6 >= 0 ? p.bytes(p.ipv6 + 8, p.ipv6 + 40) : [];
  return `${p.eth_type} ${p.proto} ${addresses.join('.')}${ports}${kind}`;
}
