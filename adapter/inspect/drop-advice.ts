/** What is behind each reason of a drop: where a standard or manual speaks of it, and what a user would do. */
import type { DropReason } from '../stack/util/drop_reasons.ts';

export interface DropAdvice {
  /** Section of an RFC, or of the 8254x manual, or whose limit it is. */
  readonly section: string;
  /** What to do. `{tcp.dstport}` stands for a field of the last such packet. */
  readonly advice: string;
}

const INTEL = '8254x manual';
const OFFLOADED = 'In a capture it is often left to the hardware: "set replay checksums repair".';

export const DROP_ADVICE: Readonly<Record<DropReason, DropAdvice>> = {
  LINK_DOWN: of('QEMU: set_link', '"monitor info network" shows links; "monitor set_link NAME on" brings one up.'),
  QUEUE_FULL: of(
    'QEMU: 10000 packets a queue',
    'The receiver takes nothing: "info ring rx", and is the guest running?',
  ),
  NO_PEER: of('QEMU: -netdev, -device', 'Nothing is at the other end: compare netdev= and hubid= with "info network".'),
  RX_FILTER: of(
    `${INTEL}, 3.2.1`,
    'The frame is for {eth.dst}: compare with $RAL and $RAH, or set RCTL.UPE or RCTL.BAM ("info registers RCTL").',
  ),
  RX_DISABLED: of(
    `${INTEL}, 13.4.22`,
    'The driver has not set RCTL.EN, or bus mastering is off: "info registers RCTL".',
  ),
  RX_OVERSIZE: of(`${INTEL}, 13.4.22`, 'Lower the MTU of the sender, or have the driver set RCTL.LPE for long frames.'),
  RX_NO_BUFFERS: of(
    `${INTEL}, 3.2.6`,
    'RDH has met RDT: "info ring rx"; the driver has to move RDT on ("catch mmio write RDT").',
  ),
  TX_BAD_DESC: of(`${INTEL}, 3.3.3`, 'The driver wrote a descriptor that makes no sense: "info ring tx".'),
  TX_LOOPBACK_BUSY: of(`${INTEL}, 13.4.22`, 'RCTL.LBM sends frames back into a receiver that is busy.'),
  ETH_SHORT: of('IEEE 802.3, 3.1', 'The sender has to send 14 bytes of header at least.'),
  ETH_TYPE: of('RFC 7042, 3', 'Nobody handles type {eth.type} here: IPv4, IPv6 and ARP are.'),
  ARP_SHORT: of('RFC 826', 'An ARP packet for IPv4 has 28 bytes.'),
  ARP_NOT_OURS: of(
    'RFC 826',
    'Nobody has {arp.dst.proto_ipv4}: the user network has .2 (host), .3 (DNS), .4 (SMB); "info usernet".',
  ),
  ARP_TIMEOUT: of(
    'RFC 1122, 2.3.2',
    'The guest has no address, or another one: "guest ip addr", and the address in hostfwd=.',
  ),
  IP_SHORT: of('RFC 791, 3.1', 'The total length {ip.len} is more than what came: was the packet cut?'),
  IP_VERSION: of('RFC 791, 3.1', 'The first half byte is neither 4 nor 6: is there another header before it?'),
  IP_HLEN: of('RFC 791, 3.1', 'The header length is below 20 bytes or beyond the packet.'),
  IP_CSUM: of('RFC 1122, 3.2.1.2', `The sender has to put the checksum right ({ip.checksum}). ${OFFLOADED}`),
  IP_TTL: of(
    'RFC 1812, 5.3.1',
    'TTL {ip.ttl} does not reach further: the sender has to begin higher (traceroute does this on purpose).',
  ),
  IP_PROTO: of('RFC 1122, 3.2.2.1', 'Protocol {ip.proto} is not handled; TCP, UDP and ICMP are.'),
  IP_FRAG: of(
    'RFC 791, 3.2; RFC 815',
    'A fragment was lost or overlaps: lower the MTU of the sender, or look for drops of the others.',
  ),
  IP_FRAG_LIMIT: of('RFC 8900, 3.7', 'Too many datagrams wait for fragments: are later fragments lost on the way?'),
  ICMP_SHORT: of('RFC 792', 'An ICMP message has 8 bytes at least.'),
  ICMP_CSUM: of('RFC 792', 'The sender has to put the checksum right.'),
  ICMP_TYPE: of('RFC 792', 'Type {icmp.type} is not handled; echo requests are.'),
  UDP_SHORT: of('RFC 768', 'The length {udp.length} is more than what came, or below 8.'),
  UDP_CSUM: of('RFC 1122, 4.1.3.4', 'The sender has to put the checksum right, or send 0 over IPv4.'),
  UDP_NO_SOCKET: of('limit of this user network', 'More than 1024 UDP flows: close some, or wait until they expire.'),
  TCP_SHORT: of('RFC 9293, 3.1', 'The data offset is below 20 bytes or beyond the segment.'),
  TCP_CSUM: of('RFC 9293, 3.1', `The sender has to put the checksum right ({tcp.checksum}). ${OFFLOADED}`),
  TCP_NO_CONN: of(
    'RFC 9293, 3.10.7.1',
    'No connection {ip.src}:{tcp.srcport} - {ip.dst}:{tcp.dstport}: it has ended, or its SYN was lost; "info usernet".',
  ),
  TCP_TOO_MANY: of('limit of this user network', 'More than 8192 connections: close some.'),
  TCP_REASS_FULL: of(
    'RFC 9293, 3.10.7.4',
    'A segment is missing and too much waits behind it: look for the drop of the missing one.',
  ),
  TCP_NO_GUEST: of('RFC 4861, 7.2', 'The guest has not spoken IPv6 yet: "guest ping6 fec0::2".'),
  TCP_NO_SYN: of('RFC 9293, 3.10.7.3', 'The handshake with port {tcp.dstport} is not done: SYN first.'),
  TCP_OUT_OF_WINDOW: of(
    'RFC 9293, 3.10.7.4',
    'Sequence number {tcp.seq_raw} is not expected: an old duplicate, or numbers of another connection.',
  ),
  TCP_BAD_RST: of(
    'RFC 5961, 3',
    'A reset counts only with the next sequence number ({tcp.seq_raw} is not): a blind attack, or an old one.',
  ),
  TCP_BAD_SYN: of(
    'RFC 5961, 4',
    'Port {tcp.srcport} is in use by an open connection: use another one, or reset that first.',
  ),
  TCP_NO_ACK: of('RFC 9293, 3.10.7.4', 'Every segment behind the SYN has to have ACK set.'),
  TCP_BAD_ACK: of(
    'RFC 9293, 3.10.7.3',
    'The acknowledgment {tcp.ack_raw} is not that of our SYN: it is from an earlier connection.',
  ),
  TCP_ACK_UNSENT: of('RFC 9293, 3.10.7.4', 'The acknowledgment {tcp.ack_raw} is ahead of what was sent.'),
  TCP_TIME_WAIT: of('RFC 1337', 'The connection ends by itself after 10 s.'),
  TCP_AFTER_CLOSE: of(
    'RFC 9293, 3.6.1; RFC 2525, 2.17',
    'The receiver has closed port {tcp.dstport} with data under way: read to the end first.',
  ),
  TCP_AFTER_FIN: of('RFC 9293, 3.10.7.4', 'The sender sent data behind its own FIN.'),
  TCP_SYN_FIN: of('RFC 9293, 3.10.7', 'No sender sets SYN and FIN together; a scanner does.'),
  RESTRICTED: of('QEMU: -netdev user,restrict=on', 'Leave restrict=on out, or add a guestfwd= for {ip.dst}.'),
  DHCP_BAD: of('RFC 2131, 4.3', 'The client sent what no server handles: "info packet" shows the message.'),
  DHCP_NO_LEASE: of('RFC 2131, 4.3.1', 'All addresses are given away: dhcpstart= lower, or fewer clients.'),
  TFTP_BAD: of('RFC 1350, 5', 'The request makes no sense: opcode, file name and mode "octet" are needed.'),
  TCP_CONNECTING: of(
    'RFC 9293, 3.10.7.4',
    'The host has not answered for {ip.dst}:{tcp.dstport} yet; the guest sends again by itself.',
  ),
  TCP_DUPLICATE: of(
    'RFC 9293, 3.10.7.4',
    'The data was here before, so nothing is lost: an acknowledgment was late or lost ("catch retransmit").',
  ),
  IPV4_OFF: of('QEMU: -netdev user,ipv4=', 'Leave ipv4=off out.'),
  IPV6_OFF: of('QEMU: -netdev user,ipv6=', 'Leave ipv6=off out.'),
  IP6_HDR: of('RFC 8200, 4', 'Extension headers are not handled: next header {ipv6.nxt}.'),
  IP6_TOO_BIG: of('RFC 8200, 5', 'The packet is longer than the MTU of 1500 bytes: the sender has to fragment.'),
  NDP_NOT_OURS: of(
    'RFC 4861, 7.2.3',
    `Nobody has {icmpv6.nd.ns.target_address}: the user network has ::2 (host) and ::3 (DNS) of its prefix; \
"info usernet".`,
  ),
  NDP_BAD: of('RFC 4861, 7.1', 'Hop limit 255, code 0 and options that are not empty are needed.'),
  NCSI_BAD: of('DSP0222, 8', 'The command is not handled or too short.'),
  HOST_ERROR: of(
    'connect(2), sendto(2)',
    'The host itself cannot reach {ip.dst}: try it there, for example "shell ping -c 1 {ip.dst}".',
  ),
  HOST_REFUSED: of(
    'RFC 9293, 3.10.7.3; connect(2)',
    `Nothing listens on port {port} of {ip.dst}: start it there; 10.0.2.2 is the host itself, where it has to listen \
on 127.0.0.1.`,
  ),
  GUEST_NOT_OURS: of(
    'RFC 1122, 3.3.4.2',
    'The guest does not have {ip.dst}: "guest ip addr"; does it have a DHCP lease yet?',
  ),
  GUEST_NO_LISTENER: of(
    'RFC 9293, 3.10.7.1; RFC 1122, 4.1.3.1',
    `The guest's port {port} has no listener: "guest netstat -l" lists them; start one with "guest nc -l -p {port}". \
hostfwd= goes to {ip.dst}:{port}.`,
  ),
  GUEST_BAD: of('RFC 1122, 3.2', 'The guest cannot parse it: "info packet" shows the header that is wrong.'),
  GUEST_NO_MEMORY: of(
    'Linux: alloc_skb',
    'The guest has no packet buffers left: a program does not read ("guest netstat").',
  ),
  GUEST_BACKLOG: of(
    'Linux: listen(2), somaxconn',
    'The program on port {port} has to accept faster, or listen with a longer backlog.',
  ),
  GUEST_RCVBUF: of('Linux: SO_RCVBUF', 'The program on port {port} has to read faster.'),
  GUEST_UNREACHABLE: of(
    'RFC 1122, 3.3.1',
    'No route to {ip.dst}: "guest ip route", and does the neighbour answer ARP?',
  ),
  DEBUGGER: of('command "drop"', 'You dropped it yourself.'),
  LINK_LOSS: of('command "set link"', '"show link" lists what is set; "set link NAME off" ends it.'),
};

function of(section: string, advice: string): DropAdvice {
  return { section, advice };
}
