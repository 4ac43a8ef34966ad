/**
 * Why packets are dropped: every place that gives one up calls `drop` with a reason, so that none disappears silently.
 */
import { machine } from '../softmmu/machine.ts';

/** The reasons by name, each with its explanation. Counted in `machine.drops`. */
export const DROP_REASONS = {
  LINK_DOWN: 'the link of the sender or receiver is down',
  QUEUE_FULL: 'the net queue holds its maximum of packets',
  NO_PEER: 'the net client has no peer',
  RX_FILTER: 'the NIC filter refuses the destination address',
  RX_DISABLED: 'the NIC does not receive (RCTL.EN, bus mastering or link)',
  RX_OVERSIZE: 'the frame is longer than the NIC accepts',
  RX_NO_BUFFERS: 'the Rx ring has no descriptor left',
  TX_BAD_DESC: 'the Tx descriptor makes no sense',
  TX_LOOPBACK_BUSY: 'loopback while a receive is in progress',
  ETH_SHORT: 'the frame is shorter than an Ethernet header',
  ETH_TYPE: 'no handler for the Ethernet type',
  ARP_SHORT: 'the ARP packet is shorter than its header',
  ARP_NOT_OURS: 'the ARP request is for an address nobody here has',
  ARP_TIMEOUT: 'the guest did not answer ARP within a second',
  IP_SHORT: 'the IP packet is shorter than its header says',
  IP_VERSION: 'the IP version is wrong',
  IP_HLEN: 'the IP header length is wrong',
  IP_CSUM: 'the IP header checksum is wrong',
  IP_TTL: 'the time to live has run out',
  IP_PROTO: 'no handler for the IP protocol',
  IP_FRAG: 'the fragment makes no sense or its set expired',
  IP_FRAG_LIMIT: 'there are too many incomplete datagrams, the oldest is given up',
  ICMP_SHORT: 'the ICMP message is too short',
  ICMP_CSUM: 'the ICMP checksum is wrong',
  ICMP_TYPE: 'the ICMP type is not handled',
  UDP_SHORT: 'the UDP datagram is shorter than its header says',
  UDP_CSUM: 'the UDP checksum is wrong',
  UDP_NO_SOCKET: 'there are too many UDP flows or pings, the oldest is closed',
  TCP_SHORT: 'the TCP segment is shorter than its header says',
  TCP_CSUM: 'the TCP checksum is wrong',
  TCP_NO_CONN: 'no connection for the TCP segment',
  TCP_TOO_MANY: 'there are too many connections, the oldest is closed',
  TCP_REASS_FULL: 'the connection holds its maximum of segments out of order',
  TCP_NO_GUEST: "the guest's IPv6 address is not known yet",
  // What a connection refuses, in the order in which RFC 9293, section 3.10.7, checks a segment.
  TCP_NO_SYN: 'the connection is being opened, and the TCP segment has no SYN',
  TCP_OUT_OF_WINDOW: 'the TCP segment lies outside of the receive window',
  TCP_BAD_RST: "the TCP reset is not the connection's: it acknowledges nothing of it, or its number is not the next",
  TCP_BAD_SYN: 'a SYN came on a TCP connection that is open already',
  TCP_NO_ACK: 'the TCP segment has no ACK, which all have once a connection is open',
  TCP_BAD_ACK: 'the TCP segment of a connection that is being opened does not acknowledge our SYN',
  TCP_ACK_UNSENT: 'the TCP segment acknowledges what has not been sent yet',
  TCP_TIME_WAIT: 'a reset came for a TCP connection in TIME_WAIT, whose wait it does not cut short (RFC 1337)',
  TCP_AFTER_CLOSE: 'TCP data came for a connection whose receiver has closed it',
  TCP_AFTER_FIN: "TCP data came behind the sender's own FIN",
  TCP_SYN_FIN: 'the TCP segment has both SYN and FIN',
  RESTRICTED: 'the user network is restricted',
  DHCP_BAD: 'the DHCP message is not handled or malformed',
  DHCP_NO_LEASE: 'the DHCP pool is exhausted',
  TFTP_BAD: 'the TFTP message is malformed',
  TCP_CONNECTING: 'the host connection is still being made',
  TCP_DUPLICATE: 'the TCP data was received before',
  IPV4_OFF: 'the user network has IPv4 off',
  IPV6_OFF: 'the user network has IPv6 off',
  IP6_HDR: 'the IPv6 header is malformed or has extensions',
  IP6_TOO_BIG: 'the IPv6 packet is longer than the MTU',
  NDP_BAD: 'the neighbor discovery message is malformed',
  NCSI_BAD: 'the NC-SI packet is malformed',
  HOST_ERROR: 'the host cannot reach the destination',
  GUEST_NOT_OURS: "the packet is not for the guest's address",
  GUEST_NO_LISTENER: 'no program in the guest listens on the port',
  GUEST_BAD: 'the guest cannot parse the packet',
  GUEST_NO_MEMORY: 'the guest has no memory left for packets',
  GUEST_BACKLOG: 'as many connections wait for the program in the guest as it lets wait',
  GUEST_RCVBUF: "the receive buffer of the guest's socket is full",
  GUEST_UNREACHABLE: 'the guest has no route to the address, or the neighbour does not answer ARP',
} as const;

/** Name of a reason in `DROP_REASONS`. */
export type DropReason = keyof typeof DROP_REASONS;

/** What a packet's bytes begin with: an Ethernet header or an IP header. */
export type PacketLink = 'ethernet' | 'ip';

/**
 * Gives a packet up: `buf` holds its `size` bytes, or none when there is nothing to show, and begins with the header
 * that `link` says. Break here to see every drop.
 * @packet buf size link
 */
export function drop(buf: Uint8Array, size: number, reason: DropReason, link: PacketLink = 'ethernet'): void {
  const d = machine.drops;
  d.total++;
  d.by_reason.set(reason, (d.by_reason.get(reason) ?? 0) + 1);
}

const NO_BYTES = new Uint8Array(0);

/** `drop` where something ends for which no packet is at hand, such as a connection. */
export function drop_nothing(reason: DropReason): void {
  drop(NO_BYTES, 0, reason);
}
