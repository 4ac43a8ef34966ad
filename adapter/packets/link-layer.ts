/**
 * Where IP begins in a packet of any link type (tcpdump.org/linktypes.html): VLAN tags, PPPoE, MPLS and the headers of
 * Linux' "any" device and of loopback interfaces are walked over. Allocates nothing.
 */
import { DIRECTION_IN, DIRECTION_OUT, DIRECTION_UNKNOWN } from './capture-index.ts';
import { ETHERTYPE_ARP, ETHERTYPE_IP, ETHERTYPE_IPV6, ETHERTYPE_QINQ, ETHERTYPE_VLAN } from './protocols/numbers.ts';

/** Link types that carry IP and have more than one name. */
const DLT_NULL = 0;
const ETHERNET = 1;
const PPP = 9;
const PPP_HDLC = 50;
const PPP_ETHER = 51;
const CISCO_HDLC = 104;
const LOOP = 108;
const LINUX_SLL = 113;
const PPP_WITH_DIRECTION = 204;
const IPV4 = 228;
const IPV6 = 229;
const LINUX_SLL2 = 276;
/** RAW, and the numbers of DLT_RAW on systems that write them to the file. */
const RAW = [101, 12, 14];

const ETH_P_QINQ = 0x9100;
const ETH_P_MPLS = 0x8847;
const ETH_P_MPLS_MULTICAST = 0x8848;
const ETH_P_PPPOE = 0x8864;
/** Types below are lengths of IEEE 802.3 frames. */
const ETH_P_802_3_MIN = 0x600;
/** LLC and SNAP of an 802.3 frame that carries an Ethernet type: DSAP, SSAP, control, and an organisation of 0. */
const SNAP = [0xaa, 0xaa, 3, 0, 0, 0];
const PPP_IP = 0x21;
const PPP_IPV6 = 0x57;

/** Tags and labels walked at most. */
const MAX_TAGS = 8;
/** `sll_pkttype`: to this host, and sent by it. */
const PACKET_HOST = 0;
const PACKET_OUTGOING = 4;

/** What was found; made to be reused. */
export class LinkLayer {
  /** Ethernet type of what follows the link layer: 0x0800, 0x86dd, 0x0806, ...; -1 if there is none. */
  type = -1;
  /** Where it begins. */
  l3 = 0;
  /** Where the Ethernet header is (destination, then source), or -1. */
  eth = -1;
  /** Which way the packet went by the word of the link layer: `DIRECTION_`. */
  direction = DIRECTION_UNKNOWN;
  /** False for link types that carry IP in no way that is known here. */
  known = false;

  /** Looks at the bytes of a packet. */
  find(linktype: number, b: Uint8Array): this {
    this.type = -1;
    this.l3 = b.length;
    this.eth = -1;
    this.direction = DIRECTION_UNKNOWN;
    this.known = true;
    switch (linktype) {
      case ETHERNET:
        this.eth = b.length >= 14 ? 0 : -1;
        this.#byType(b, 12);
        break;
      case LINUX_SLL:
        this.direction = directionOf(u16(b, 0));
        this.#byType(b, 14);
        break;
      case LINUX_SLL2:
        this.direction = directionOf(b[10] ?? -1);
        this.#typed(b, u16(b, 0), 20);
        break;
      case DLT_NULL:
      case LOOP:
        this.#byVersion(b, 4);
        break;
      case IPV4:
      case IPV6:
        this.#byVersion(b, 0);
        break;
      case PPP:
      case PPP_HDLC:
        this.#ppp(b, u16(b, 0) === 0xff03 ? 2 : 0);
        break;
      case PPP_WITH_DIRECTION:
        this.direction = b[0] === 0 ? DIRECTION_IN : DIRECTION_OUT;
        this.#ppp(b, u16(b, 1) === 0xff03 ? 3 : 1);
        break;
      case PPP_ETHER:
        this.#ppp(b, 6);
        break;
      case CISCO_HDLC:
        this.#typed(b, u16(b, 2), 4);
        break;
      default:
        this.known = RAW.includes(linktype);
        if (this.known) {
          this.#byVersion(b, 0);
        }
    }
    return this;
  }

  /** An Ethernet type at `at`, and what it announces behind it. */
  #byType(b: Uint8Array, at: number): void {
    if (at + 2 <= b.length) {
      this.#typed(b, u16(b, at), at + 2);
    }
  }

  /** What an Ethernet type `first` announces at `start`. */
  #typed(b: Uint8Array, first: number, start: number): void {
    let type = first;
    let at = start;
    for (let i = 0; i < MAX_TAGS && isTag(type) && at + 4 <= b.length; i++) {
      type = u16(b, at + 2);
      at += 4;
    }
    if (type < ETH_P_802_3_MIN && SNAP.every((v, i) => b[at + i] === v)) {
      type = u16(b, at + 6);
      at += 8;
    }
    if (type === ETH_P_PPPOE) {
      this.#ppp(b, at + 6);
    } else if (type === ETH_P_MPLS || type === ETH_P_MPLS_MULTICAST) {
      this.#mpls(b, at);
    } else if (at <= b.length && type >= ETH_P_802_3_MIN) {
      this.type = type;
      this.l3 = at;
    }
  }

  #ppp(b: Uint8Array, at: number): void {
    // The protocol may be compressed to one byte (RFC 1661, 6.5).
    const short = ((b[at] ?? 0) & 1) === 1;
    const proto = short ? (b[at] ?? 0) : u16(b, at);
    const type = proto === PPP_IP ? ETHERTYPE_IP : proto === PPP_IPV6 ? ETHERTYPE_IPV6 : -1;
    if (type >= 0 && at + 2 <= b.length) {
      this.type = type;
      this.l3 = at + (short ? 1 : 2);
    }
  }

  /** Labels up to the bottom of the stack (RFC 3032), then IP by its version. */
  #mpls(b: Uint8Array, start: number): void {
    for (let at = start, i = 0; i < MAX_TAGS && at + 4 <= b.length; i++, at += 4) {
      if ((b[at + 2] ?? 0) & 1) {
        this.#byVersion(b, at + 4);
        return;
      }
    }
  }

  #byVersion(b: Uint8Array, at: number): void {
    const version = (b[at] ?? 0) >> 4;
    if (version === 4 || version === 6) {
      this.type = version === 4 ? ETHERTYPE_IP : ETHERTYPE_IPV6;
      this.l3 = at;
    }
  }
}

function isTag(type: number): boolean {
  return type === ETHERTYPE_VLAN || type === ETHERTYPE_QINQ || type === ETH_P_QINQ;
}

function directionOf(packetType: number): number {
  return packetType === PACKET_OUTGOING ? DIRECTION_OUT : packetType === PACKET_HOST ? DIRECTION_IN : DIRECTION_UNKNOWN;
}

function u16(b: Uint8Array, at: number): number {
  return at + 2 <= b.length ? ((b[at] ?? 0) << 8) | (b[at + 1] ?? 0) : -1;
}

/** True for the types that a replay can make something of. */
export function isNetworkType(type: number): boolean {
  return type === ETHERTYPE_IP || type === ETHERTYPE_IPV6 || type === ETHERTYPE_ARP;
}
