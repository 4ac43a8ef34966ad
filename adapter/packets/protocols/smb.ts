/** SMB 1 ([MS-CIFS]): the names of commands. */
import { computed, uint8 } from '../declare.ts';
import { type Layer, UNKNOWN } from '../layer.ts';
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

const TRANSACTION = 0x25;
/** A mail slot's transaction: the count of its words, where they say that the data is, and where its name begins. */
const MAILSLOT_WORDS = 17;
const DATA_OFFSET_AT = 57;
const MAILSLOT_NAME_AT = 69;
const MAILSLOT_WRITE = 1;
const BROWSE = '\\MAILSLOT\\BROWSE';

/** The name of the mail slot that a transaction writes to, and its data; undefined if it is none. */
function mailslot(p: PacketView, l: Layer): { readonly name: string; readonly data: number } | undefined {
  const written = l.at + MAILSLOT_NAME_AT < l.end && p.u8(l.at + 4) === TRANSACTION && !isResponse(p, l);
  if (!written || p.u8(l.at + 32) !== MAILSLOT_WORDS || p.u8(l.at + 61) !== MAILSLOT_WRITE) {
    return undefined;
  }
  const name = p.ascii(l.at + MAILSLOT_NAME_AT, Math.min(l.end, l.at + MAILSLOT_NAME_AT + 256));
  const data = l.at + (p.u8(l.at + DATA_OFFSET_AT) | (p.u8(l.at + DATA_OFFSET_AT + 1) << 8));
  return name.startsWith('\\MAILSLOT\\') && data < l.end ? { name, data } : undefined;
}

export const smb: Protocol = new Protocol({
  name: 'smb',
  title: 'SMB (Server Message Block Protocol)',
  column: 'SMB',
  found: { 'smb.start': [0xff534d42] },
  header: 32,
  measure: (p, l) => {
    const slot = mailslot(p, l);
    l.body = slot?.data ?? l.end;
    l.key = slot?.name === BROWSE ? 1 : UNKNOWN;
  },
  carries: 'smb.mailslot',
  fields: [
    uint8('smb.cmd', 'SMB Command', 4, { hex: true, names: COMMANDS }),
    computed('smb.flags.response', 'Request/Response', 'boolean', isResponse, { place: (_, l) => [l.at + 9, 1] }),
  ],
  columnOf: (p, l) => (mailslot(p, l) === undefined ? 'SMB' : 'SMB Mailslot'),
  info: (p, l) =>
    mailslot(p, l) === undefined
      ? `${COMMANDS[p.u8(l.at + 4)] ?? 'Unknown'} ${isResponse(p, l) ? 'Response' : 'Request'}`
      : 'Write Mail Slot',
});
