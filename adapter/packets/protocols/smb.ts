/** SMB 1 ([MS-CIFS]): the names of commands. */
import { computed, uint8 } from '../declare.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, Protocol } from '../protocol.ts';

const COMMANDS: Names = {
  0: 'Create Directory',
  1: 'Delete Directory',
  4: 'Close',
  6: 'Delete',
  7: 'Rename',
  8: 'Query Information',
  37: 'Trans',
  43: 'Echo',
  45: 'Open AndX',
  46: 'Read AndX',
  47: 'Write AndX',
  50: 'Trans2',
  52: 'Find Close2',
  112: 'Tree Connect',
  113: 'Tree Disconnect',
  114: 'Negotiate Protocol',
  115: 'Session Setup AndX',
  116: 'Logoff AndX',
  117: 'Tree Connect AndX',
  129: 'Search',
  160: 'NT Trans',
  162: 'NT Create AndX',
  164: 'NT Cancel',
};

function isResponse(p: PacketView, l: Layer): boolean {
  return (p.u8(l.at + 9) & 0x80) !== 0;
}

export const smb: Protocol = new Protocol({
  name: 'smb',
  title: 'SMB (Server Message Block Protocol)',
  column: 'SMB',
  found: { 'smb.start': [0xff534d42] },
  header: 32,
  fields: [
    uint8('smb.cmd', 'SMB Command', 4, { hex: true, names: COMMANDS }),
    computed('smb.flags.response', 'Request/Response', 'boolean', isResponse, { place: (_, l) => [l.at + 9, 1] }),
  ],
  info: (p, l) => `${COMMANDS[p.u8(l.at + 4)] ?? 'Unknown'} ${isResponse(p, l) ? 'Response' : 'Request'}`,
});
