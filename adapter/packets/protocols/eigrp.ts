/** EIGRP (RFC 7868): the header. */
import { uint8, uint16, uint32 } from '../declare.ts';
import { hex } from '../format.ts';
import { type Names, Protocol } from '../protocol.ts';

const OPCODES: Names = {
  1: 'Update',
  2: 'Request',
  3: 'Query',
  4: 'Reply',
  5: 'Hello',
  10: 'SIA Query',
  11: 'SIA Reply',
};
const HELLO = 5;

export const eigrp: Protocol = new Protocol({
  name: 'eigrp',
  title: 'Cisco EIGRP',
  column: 'EIGRP',
  found: { 'ip.proto': [88] },
  header: 20,
  fields: [
    uint8('eigrp.version', 'Version', 0),
    uint8('eigrp.opcode', 'Opcode', 1, { names: OPCODES }),
    uint16('eigrp.checksum', 'Checksum', 2, { hex: true }),
    uint32('eigrp.flags', 'Flags', 4, { hex: true }),
    uint32('eigrp.seq', 'Sequence', 8),
    uint32('eigrp.ack', 'Acknowledge', 12),
    uint16('eigrp.vrid', 'Virtual Router ID', 16),
    uint16('eigrp.as', 'Autonomous System', 18),
  ],
  info: (p, l) => {
    const opcode = p.u8(l.at + 1);
    const ack = opcode === HELLO && p.u32(l.at + 12) !== 0 ? ' (Ack)' : '';
    return `${OPCODES[opcode] ?? `Unknown OpCode (${hex(opcode, 4)})`}${ack}`;
  },
});
