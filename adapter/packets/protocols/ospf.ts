/** OSPF, versions 2 and 3 (RFC 2328, RFC 5340): the header. */
import { ipv4, uint8, uint16 } from '../declare.ts';
import { type Names, Protocol } from '../protocol.ts';

const TYPES: Names = { 1: 'Hello Packet', 2: 'DB Description', 3: 'LS Request', 4: 'LS Update', 5: 'LS Acknowledge' };

export const ospf: Protocol = new Protocol({
  name: 'ospf',
  title: 'Open Shortest Path First',
  column: 'OSPF',
  found: { 'ip.proto': [89] },
  header: 16,
  open: (p, l) => (p.u8(l.at) === 2 || p.u8(l.at) === 3) && TYPES[p.u8(l.at + 1)] !== undefined,
  fields: [
    uint8('ospf.version', 'Version', 0),
    uint8('ospf.msg', 'Message Type', 1, { names: TYPES }),
    uint16('ospf.packet_length', 'Packet Length', 2),
    ipv4('ospf.srcrouter', 'Source OSPF Router', 4),
    ipv4('ospf.area_id', 'Area ID', 8),
    uint16('ospf.checksum', 'Checksum', 12, { hex: true }),
  ],
  info: (p, l) => TYPES[p.u8(l.at + 1)] ?? '',
});
