/** Which packet of the capture is a frame that the user network sends in a replay. */
import { Conversations } from '../packets/conversations.ts';
import { TcpIpView } from '../packets/tcp-ip-view.ts';

/** A frame of the capture that has not been seen in the replay yet. */
interface Pending {
  readonly number: number;
  readonly exact: string;
  readonly from: number;
  readonly to: number;
}

/** Frames of one group, in the capture's order. */
interface Group {
  readonly frames: (Pending | undefined)[];
  /** Those before have been seen, or are given up. */
  head: number;
}

/** How far ahead of the oldest frame that was not seen others are looked for; frames further behind are given up. */
const WINDOW = 1024;

/** What a frame is compared by. */
interface Identity extends Omit<Pending, 'number'> {
  /** Protocol and addresses: frames of different groups are never taken for each other. */
  readonly group: string;
}

const TH_SYN_FIN_RST = 7;

/**
 * Matches what slirp sends in a replay with what it sent in the capture.
 * Initial sequence numbers differ and acknowledgments may be merged.
 * So segments are compared by their place in the stream.
 * One with the same place, flags and acknowledgment is taken if there is one, else the first one that overlaps.
 * Other packets are taken in the capture's order within their addresses.
 */
export class PacketNumbers {
  readonly #groups = new Map<string, Group>();
  readonly #view = new TcpIpView();
  readonly #live = new Conversations();

  /** `sent`: the frames of the user network in the capture, in order. */
  constructor(sent: readonly { readonly number: number; readonly data: Uint8Array }[]) {
    const captured = new Conversations();
    for (const { number, data } of sent) {
      const { group, ...rest } = this.#identify(data, data.length, captured);
      const known = this.#groups.get(group);
      if (known) {
        known.frames.push({ number, ...rest });
      } else {
        this.#groups.set(group, { frames: [{ number, ...rest }], head: 0 });
      }
    }
  }

  /** Number of the packet that the frame is, or 0 if the capture has none like it (any more). */
  sent(buf: Uint8Array, size: number): number {
    const { group, ...wanted } = this.#identify(buf, size, this.#live);
    const known = this.#groups.get(group);
    return known ? take(known, wanted) : 0;
  }

  #identify(buf: Uint8Array, size: number, conversations: Conversations): Identity {
    const p = this.#view.set(buf, 0, size, 'ethernet');
    if (p.tcp >= 0 && !p.fragment) {
      return identifySegment(p, conversations);
    }
    return { group: groupOf(p), exact: '', from: 0, to: 0 };
  }
}

/** Takes the frame that is `wanted` out of its group and returns its number; 0 if it is not there. */
function take(group: Group, { exact, from, to }: Omit<Pending, 'number'>): number {
  const { frames } = group;
  let at = -1;
  for (let i = group.head; i < Math.min(group.head + WINDOW, frames.length); i++) {
    const p = frames[i];
    if (p?.exact === exact) {
      at = i;
      break;
    }
    if (p && at < 0 && p.from < to && from < p.to) {
      at = i;
    }
  }
  const found = frames[at];
  if (!found) {
    return 0;
  }
  frames[at] = undefined;
  group.head = Math.max(group.head, at - WINDOW / 2);
  while (group.head < frames.length && frames[group.head] === undefined) {
    group.head++;
  }
  return found.number;
}

/** A segment covers its bytes of the stream; SYN and FIN are one each, and a mere acknowledgment covers nothing. */
function identifySegment(p: TcpIpView, conversations: Conversations): Identity {
  conversations.add(p.packet);
  const { seq, ack } = conversations.relative(p.packet) ?? { seq: 0, ack: 0 };
  const flags = p.u8(p.tcp + 13) & TH_SYN_FIN_RST;
  const length = p.payloadEnd - p.payload + (flags & 1) + ((flags >> 1) & 1);
  return { group: groupOf(p), exact: `${seq} ${length} ${flags} ${ack}`, from: seq, to: seq + length };
}

function groupOf(p: TcpIpView): string {
  if (p.arp >= 0) {
    return `arp ${p.u16(p.arp + 6)} ${p.bytes(p.arp + 14, p.arp + 28).join('.')}`;
  }
  const l4 = Math.max(p.tcp, p.udp);
  const ports = l4 < 0 ? '' : ` ${p.u16(l4)} ${p.u16(l4 + 2)}`;
  const icmp = Math.max(p.icmp, p.icmpv6);
  const kind = icmp < 0 ? '' : ` ${p.u16(icmp)}`;
  const addresses = p.ip >= 0 ? p.bytes(p.ip + 12, p.ip + 20) : p.ipv6 >= 0 ? p.bytes(p.ipv6 + 8, p.ipv6 + 40) : [];
  return `${p.etherType} ${p.proto} ${addresses.join('.')}${ports}${kind}`;
}
