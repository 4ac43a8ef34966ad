/** The header of mobile hosts (RFC 6275), also by the number that it had before. */
import { cutWords } from '../cut.ts';
import { type Names, Protocol } from '../protocol.ts';

const TYPES: Names = {
  0: 'Binding Refresh Request',
  1: 'Home Test Init',
  2: 'Care-of Test Init',
  3: 'Home Test',
  4: 'Care-of Test',
  5: 'Binding Update',
  6: 'Binding Acknowledgement',
  7: 'Binding Error',
};

export const mipv6: Protocol = new Protocol({
  name: 'mipv6',
  title: 'Mobile IPv6',
  column: 'MIPv6',
  found: { 'ip.proto': [62, 135] },
  header: 6,
  fields: [],
  info: (p, l) => {
    const type = p.u8(l.at + 2);
    const name = TYPES[type] ?? `Unknown Mobility Header (${type})`;
    return l.wireEnd > l.end ? `${name}${cutWords(p, l)}` : name;
  },
});
