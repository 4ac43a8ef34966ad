/** The point-to-point protocol (RFC 1661): its protocol field, and the control protocols' first lines. */
import { computed } from '../declare.ts';
import { hex } from '../format.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, Protocol } from '../protocol.ts';
import { LINKTYPE_PPP, LINKTYPE_PPP_HDLC, LINKTYPE_PPP_WITH_DIRECTION, linkKey, PPP_HDLC } from './link-keys.ts';

const PROTOCOLS: Names = {
  33: 'Internet Protocol version 4',
  43: 'Novell IPX',
  61: 'Multi-Link',
  87: 'Internet Protocol version 6',
  253: 'Compressed datagram',
  641: 'MPLS Unicast',
  32801: 'Internet Protocol Control Protocol',
  32855: 'IPv6 Control Protocol',
  33021: 'Compression Control Protocol',
  33409: 'MPLS Control Protocol',
  49185: 'Link Control Protocol',
  49187: 'Password Authentication Protocol',
  49189: 'Link Quality Report',
  49699: 'Challenge Handshake Authentication Protocol',
};
const CODES: Names = {
  1: 'Configuration Request',
  2: 'Configuration Ack',
  3: 'Configuration Nak',
  4: 'Configuration Reject',
  5: 'Termination Request',
  6: 'Termination Ack',
  7: 'Code Reject',
  8: 'Protocol Reject',
  9: 'Echo Request',
  10: 'Echo Reply',
  11: 'Discard Request',
  12: 'Identification',
  13: 'Time Remaining',
  14: 'Reset Request',
  15: 'Reset Ack',
};

/** The protocol may be compressed to one byte (RFC 1661, 6.5). */
function short(p: PacketView, l: Layer): boolean {
  return (p.u8(l.at) & 1) === 1;
}

function protocolOf(p: PacketView, l: Layer): number {
  return short(p, l) ? p.u8(l.at) : p.u16(l.at);
}

/** Cisco's HDLC on a line on which PPP is expected: its address says so. */
function isHdlc(p: PacketView, l: Layer): boolean {
  const address = p.u16(l.at);
  return (address === 0x0f00 || address === 0x8f00) && l.at + 4 <= l.end;
}

export const ppp: Protocol = new Protocol({
  name: 'ppp',
  title: 'Point-to-Point Protocol',
  column: 'PPP',
  found: {
    'pppoe.payload': [0],
    'l2tp.payload': [0],
    ethertype: [0x880b, ...[LINKTYPE_PPP, LINKTYPE_PPP_HDLC, LINKTYPE_PPP_WITH_DIRECTION].map(linkKey)],
  },
  header: 2,
  open: (p, l) => {
    if (l.below?.key === linkKey(LINKTYPE_PPP_WITH_DIRECTION)) {
      l.at += 1;
    }
    // Some senders put the address and control fields of HDLC before it.
    l.at += p.u16(l.at) === 0xff03 && l.at + 4 <= l.end ? 2 : 0;
    return l.at + 2 <= l.end;
  },
  measure: (p, l) => {
    if (isHdlc(p, l)) {
      l.key = PPP_HDLC;
      l.body = l.at;
      return;
    }
    l.key = protocolOf(p, l);
    l.body = l.at + (short(p, l) ? 1 : 2);
  },
  carries: 'ppp.protocol',
  fields: [
    computed('ppp.protocol', 'Protocol', 'uint16', protocolOf, {
      hex: true,
      names: PROTOCOLS,
      place: (p, l) => [l.at, short(p, l) ? 1 : 2],
    }),
  ],
  info: (p, l) => PROTOCOLS[protocolOf(p, l)] ?? `Unknown (${hex(protocolOf(p, l), 4)})`,
});

/** A control protocol: a code, an identifier and a length. */
function control(number: number, name: string, title: string, column: string, codes: Names): Protocol {
  return new Protocol({
    name,
    title,
    column,
    found: { 'ppp.protocol': [number] },
    header: 4,
    measure: (p, l) => {
      l.end = l.body = Math.min(l.end, Math.max(l.at + 4, l.at + p.u16(l.at + 2)));
    },
    fields: [],
    info: (p, l) => codes[p.u8(l.at)] ?? `Unknown (${p.u8(l.at)})`,
  });
}

export const lcp: Protocol = control(0xc021, 'lcp', 'PPP Link Control Protocol', 'PPP LCP', CODES);
export const ipcp: Protocol = control(0x8021, 'ipcp', 'PPP IP Control Protocol', 'PPP IPCP', CODES);
export const ipv6cp: Protocol = control(0x8057, 'ipv6cp', 'PPP IPv6 Control Protocol', 'PPP IPV6CP', CODES);
export const ccp: Protocol = control(0x80fd, 'ccp', 'PPP Compression Control Protocol', 'PPP CCP', CODES);
