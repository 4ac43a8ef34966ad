/** Which addresses DHCP gives to whom in a capture: a host that has none yet is called by what it gets. */
import type { TcpIpView } from '../packets/tcp-ip-view.ts';

const BOOTREPLY = 2;
/** Places in a message (RFC 2131, section 2), and of its options. */
const CIADDR = 12;
const YIADDR = 16;
const CHADDR = 28;
const OPTIONS = 240;
const PAD = 0;
const REQUESTED_ADDRESS = 50;
const END = 255;

/** Clients that are remembered; a capture with more of them is a flood. */
const MAX_CLIENTS = 4096;

export class Leases {
  /** By the client's MAC address: what it was given, and what it has or asks for. */
  readonly #given = new Map<number, number>();
  readonly #wanted = new Map<number, number>();

  /** Takes note of a DHCP message, the payload of a UDP datagram. */
  add(p: TcpIpView): void {
    const at = p.payload;
    if (at + CHADDR + 6 > p.payloadEnd || this.#given.size + this.#wanted.size >= MAX_CLIENTS) {
      return;
    }
    const reply = p.u8(at) === BOOTREPLY;
    const address = reply ? p.u32(at + YIADDR) : p.u32(at + CIADDR) || requested(p);
    if (address !== 0) {
      (reply ? this.#given : this.#wanted).set(p.mac(at + CHADDR), address);
    }
  }

  /** The address of a client, as far as anything tells it; -1 asks for that of the only client. */
  of(mac: number): number | undefined {
    const of = (map: ReadonlyMap<number, number>): number | undefined =>
      map.get(mac) ?? (mac < 0 && map.size === 1 ? [...map.values()][0] : undefined);
    return of(this.#given) ?? of(this.#wanted);
  }
}

/** The address in option 50, or 0. */
function requested(p: TcpIpView): number {
  let at = p.payload + OPTIONS;
  while (at + 2 <= p.payloadEnd && p.u8(at) !== END) {
    if (p.u8(at) === REQUESTED_ADDRESS && at + 6 <= p.payloadEnd) {
      return p.u32(at + 2);
    }
    at += p.u8(at) === PAD ? 1 : 2 + p.u8(at + 1);
  }
  return 0;
}
