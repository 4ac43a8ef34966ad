/** Modbus over TCP: the header and the function. */
import { uint8, uint16 } from '../declare.ts';
import { type Layer, MORE, NO_MESSAGE } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, Protocol } from '../protocol.ts';
import { fromServer } from './text-lines.ts';

const PORTS = [502];
const FUNCTIONS: Names = {
  1: 'Read Coils',
  2: 'Read Discrete Inputs',
  3: 'Read Holding Registers',
  4: 'Read Input Registers',
  5: 'Write Single Coil',
  6: 'Write Single Register',
  7: 'Read Exception Status',
  8: 'Diagnostics',
  15: 'Write Multiple Coils',
  16: 'Write Multiple Registers',
  22: 'Mask Write Register',
  23: 'Read Write Register',
  43: 'Encapsulated Interface Transport',
};

function info(p: PacketView, l: Layer): string {
  const code = p.u8(l.at + 7);
  const kind = fromServer(l, PORTS) ? 'Response' : '   Query';
  const pad = (n: number, width: number): string => String(n).padStart(width);
  const name = FUNCTIONS[code & 127] ?? 'Unknown function';
  const error = code & 128 ? '. Exception returned ' : '';
  const [transaction, unit] = [pad(p.u16(l.at), 5), pad(p.u8(l.at + 6), 3)];
  return `${kind}: Trans: ${transaction}; Unit: ${unit}, Func: ${pad(code & 127, 3)}: ${name}${error}`;
}

export const modbus: Protocol = new Protocol({
  name: 'mbtcp',
  title: 'Modbus/TCP',
  column: 'Modbus/TCP',
  chain: 'mbtcp:modbus',
  found: { 'tcp.port': PORTS },
  header: 8,
  messageLength: (p, l) => (l.end - l.at < 6 ? MORE : p.u16(l.at + 2) === 0 ? 6 + p.u16(l.at + 4) : NO_MESSAGE),
  open: (p, l) => p.u16(l.at + 2) === 0,
  fields: [
    uint16('mbtcp.trans_id', 'Transaction Identifier', 0),
    uint16('mbtcp.prot_id', 'Protocol Identifier', 2),
    uint16('mbtcp.len', 'Length', 4),
    uint8('mbtcp.unit_id', 'Unit Identifier', 6),
  ],
  info,
});
