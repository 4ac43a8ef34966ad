/** BFD control packets (RFC 5880). */
import { bits, uint8, uint32 } from '../declare.ts';
import { hex } from '../format.ts';
import { type Names, Protocol } from '../protocol.ts';

const DIAGNOSTICS: Names = {
  0: 'No Diagnostic',
  1: 'Control Detection Time Expired',
  2: 'Echo Function Failed',
  3: 'Neighbor Signaled Session Down',
  4: 'Forwarding Plane Reset',
  5: 'Path Down',
  6: 'Concatenated Path Down',
  7: 'Administratively Down',
  8: 'Reverse Concatenated Path Down',
};
const STATES: Names = { 0: 'AdminDown', 1: 'Down', 2: 'Init', 3: 'Up' };

export const bfd: Protocol = new Protocol({
  name: 'bfd',
  title: 'BFD Control message',
  column: 'BFD Control',
  found: { 'udp.port': [3784, 4784, 6784] },
  header: 24,
  open: (p, l) => p.u8(l.at) >> 5 === 1,
  fields: [
    bits('bfd.version', 'Protocol Version', { off: 0, width: 8, mask: 0xe0 }),
    bits('bfd.diag', 'Diagnostic Code', { off: 0, width: 8, mask: 0x1f }, { hex: true, names: DIAGNOSTICS }),
    bits('bfd.sta', 'Session State', { off: 1, width: 8, mask: 0xc0 }, { hex: true, names: STATES }),
    uint8('bfd.detect_time_multiplier', 'Detect Time Multiplier', 2),
    uint8('bfd.message_length', 'Message Length', 3),
    uint32('bfd.my_discriminator', 'My Discriminator', 4, { hex: true }),
    uint32('bfd.your_discriminator', 'Your Discriminator', 8, { hex: true }),
  ],
  info: (p, l) => {
    const [first, second] = [p.u8(l.at), p.u8(l.at + 1)];
    const diag = DIAGNOSTICS[first & 31] ?? 'Reserved for Future Use';
    return `Diag: ${diag}, State: ${STATES[second >> 6]}, Flags: ${hex(second & 63, 2)}`;
  },
});
