/** NetWare's IPX: its header, and the words of what is announced over it (routes, services, names of NetBIOS). */
import { cutWords } from '../cut.ts';
import { hex } from '../format.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, Protocol } from '../protocol.ts';
import { sapKey } from './link-keys.ts';
import { nameText } from './netbios-name.ts';

const ETHERTYPE_IPX = 0x8137;
const SAP_NETWARE = 0xe0;
const HEADER = 30;
const NO_CHECKSUM = 0xffff;

const SERVICES = 0x0452;
const ROUTES = 0x0453;
const NETBIOS = 0x0455;
const SERVICE_WORDS: Names = {
  1: 'General Query',
  2: 'General Response',
  3: 'Nearest Query',
  4: 'Nearest Response',
};
const ROUTE_WORDS: Names = { 1: 'Request', 2: 'Response' };
/** A broadcast of NetBIOS lists the networks that it has come through before it says what it is about. */
const NETWORKS = 32;
const NAME_WORDS: Names = { 1: 'Find name', 2: 'Name recognized', 3: 'Check name', 4: 'Name in use' };
const NAME = 16;

/** A protocol over it: the list's Protocol column, and its words. */
function spoken(p: PacketView, l: Layer): readonly [column: string, words: string] | undefined {
  const sockets = [p.u16(l.at + 16), p.u16(l.at + 28)];
  const body = l.at + HEADER;
  if (body + 2 > l.end) {
    return undefined;
  }
  if (sockets.includes(SERVICES)) {
    return ['IPX SAP', SERVICE_WORDS[p.u16(body)] ?? 'Unknown Packet Type'];
  }
  if (sockets.includes(ROUTES)) {
    return ['IPX RIP', ROUTE_WORDS[p.u16(body)] ?? 'Unknown Packet Type'];
  }
  const at = body + NETWORKS;
  const words = sockets.includes(NETBIOS) && at + 2 + NAME <= l.end ? NAME_WORDS[p.u8(at + 1)] : undefined;
  return words === undefined ? undefined : ['NBIPX', `${words} ${nameText([...p.bytes(at + 2, at + 2 + NAME)])}`];
}

export const ipx: Protocol = new Protocol({
  name: 'ipx',
  title: 'Internetwork Packet eXchange',
  column: 'IPX',
  found: { ethertype: [ETHERTYPE_IPX, sapKey(SAP_NETWARE)] },
  header: HEADER,
  open: (p, l) => p.u16(l.at) === NO_CHECKSUM && p.u16(l.at + 2) >= HEADER,
  measure: (p, l) => {
    l.wireEnd = Math.min(l.wireEnd, l.at + p.u16(l.at + 2));
    l.end = Math.min(l.end, l.wireEnd);
    l.body = spoken(p, l) === undefined ? l.body : l.end;
  },
  carries: 'ipx.socket',
  fields: [],
  columnOf: (p, l) => spoken(p, l)?.[0] ?? 'IPX',
  info: (p, l) => `${spoken(p, l)?.[1] ?? hex(p.u16(l.at + 16), 4)}${l.end < l.wireEnd ? cutWords(p, l) : ''}`,
});
