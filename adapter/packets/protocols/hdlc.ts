/** Cisco's HDLC and its SLARP, and frame relay (RFC 2427) with Cisco's encapsulation or the IETF's. */
import { computed, uint16 } from '../declare.ts';
import { formatIpv4, hex } from '../format.ts';
import { type Layer, UNKNOWN } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { Protocol } from '../protocol.ts';
import {
  HDLC_SLARP,
  LINKTYPE_CISCO_HDLC,
  LINKTYPE_FRAME_RELAY,
  linkKey,
  OUI_CISCO,
  PPP_HDLC,
  SAP_OSI,
  sapKey,
  snapKey,
} from './link-keys.ts';
import { ETHERTYPE_IP, ETHERTYPE_IPV6 } from './numbers.ts';

const SLARP = 0x8035;
const CDP = 0x2000;
const OSI = 0xfefe;

function hdlcKey(type: number): number {
  return type === SLARP ? HDLC_SLARP : type === CDP ? snapKey(OUI_CISCO, CDP) : type === OSI ? sapKey(SAP_OSI) : type;
}

export const chdlc: Protocol = new Protocol({
  name: 'chdlc',
  title: 'Cisco HDLC',
  column: 'CHDLC',
  found: { ethertype: [linkKey(LINKTYPE_CISCO_HDLC)], 'ppp.protocol': [PPP_HDLC] },
  header: 4,
  measure: (p, l) => {
    const type = p.u16(l.at + 2);
    // A byte of padding precedes the ISO's protocols.
    l.body = l.at + (type === OSI && l.at + 5 <= l.end ? 5 : 4);
    l.key = hdlcKey(type);
  },
  carries: 'ethertype',
  fields: [uint16('chdlc.protocol', 'Protocol', 2, { hex: true })],
  columnOf: (p, l) => hex(p.u16(l.at + 2), 4),
  info: () => '',
});

export const slarp: Protocol = new Protocol({
  name: 'slarp',
  title: 'Cisco SLARP',
  column: 'SLARP',
  found: { ethertype: [HDLC_SLARP] },
  header: 12,
  fields: [],
  info: (p, l) => {
    const type = p.u32(l.at);
    if (type === 2) {
      return `Line keepalive, outgoing sequence ${p.u32(l.at + 4)}, returned sequence ${p.u32(l.at + 8)}`;
    }
    const words = `from ${formatIpv4(p.u32(l.at + 4))}, mask ${formatIpv4(p.u32(l.at + 8))}`;
    return type > 2 ? `Unknown packet type 0x${hex(type, 8)}` : `${type === 0 ? 'Request' : 'Reply'}, ${words}`;
  },
});

/** What a network-layer protocol identifier stands for (ISO/IEC TR 9577). */
const NLPIDS: Readonly<Record<number, number>> = { 204: ETHERTYPE_IP, 142: ETHERTYPE_IPV6 };
const SNAP = 0x80;
const UI = 3;
const ISO_FIRST = 0x81;
const ISO_LAST = 0x83;

function dlci(p: PacketView, l: Layer): number {
  return ((p.u8(l.at) >> 2) << 4) | (p.u8(l.at + 1) >> 4);
}

function measureFrameRelay(p: PacketView, l: Layer): void {
  l.body = l.at + 4;
  l.key = UNKNOWN;
  if (p.u8(l.at + 2) !== UI) {
    l.key = p.u16(l.at + 2);
    return;
  }
  const at = l.at + 3 + (p.u8(l.at + 3) === 0 ? 1 : 0);
  const nlpid = at < l.end ? p.u8(at) : 0;
  l.body = Math.min(at + 1, l.end);
  if (nlpid >= ISO_FIRST && nlpid <= ISO_LAST) {
    l.body = at;
    l.key = sapKey(SAP_OSI);
  } else if (nlpid === SNAP && at + 6 <= l.end) {
    const organisation = p.u8(at + 1) * 65536 + p.u16(at + 2);
    l.body = at + 6;
    l.key = organisation === 0 ? p.u16(at + 4) : snapKey(organisation, p.u16(at + 4));
  } else {
    l.key = NLPIDS[nlpid] ?? UNKNOWN;
  }
}

export const frameRelay: Protocol = new Protocol({
  name: 'fr',
  title: 'Frame Relay',
  column: 'FR',
  found: { ethertype: [linkKey(LINKTYPE_FRAME_RELAY)] },
  header: 4,
  // Addresses of more than two bytes are not looked into.
  open: (p, l) => (p.u8(l.at) & 1) === 0 && (p.u8(l.at + 1) & 1) === 1,
  measure: measureFrameRelay,
  carries: 'ethertype',
  fields: [computed('fr.dlci', 'DLCI', 'uint32', dlci, { place: (_, l) => [l.at, 2] })],
  info: (p, l) => `DLCI ${dlci(p, l)}`,
});
