/** SMB 2 and 3 ([MS-SMB2]): the names of commands, and of files where a request has them. */
import { computed, parts, variable } from '../declare.ts';
import { printable } from '../format.ts';
import type { Layer } from '../layer.ts';
import { group, shown } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, type Part, Protocol } from '../protocol.ts';

const START = 0xfe534d42;
const ENCRYPTED = 0xfd534d42;
const HEADER = 64;
const NEGOTIATE = 0;
const TREE_CONNECT = 3;
const CREATE = 5;
const COMMANDS: Names = {
  [NEGOTIATE]: 'Negotiate Protocol',
  1: 'Session Setup',
  2: 'Session Logoff',
  [TREE_CONNECT]: 'Tree Connect',
  4: 'Tree Disconnect',
  [CREATE]: 'Create',
  6: 'Close',
  7: 'Flush',
  8: 'Read',
  9: 'Write',
  10: 'Lock',
  11: 'Ioctl',
  12: 'Cancel',
  13: 'KeepAlive',
  14: 'Find',
  15: 'Notify',
  16: 'GetInfo',
  17: 'SetInfo',
  18: 'Break',
};
const STATUSES: Names = {
  259: 'STATUS_PENDING',
  2147483653: 'STATUS_BUFFER_OVERFLOW',
  2147483654: 'STATUS_NO_MORE_FILES',
  3221225485: 'STATUS_INVALID_PARAMETER',
  3221225487: 'STATUS_NO_SUCH_FILE',
  3221225489: 'STATUS_END_OF_FILE',
  3221225494: 'STATUS_MORE_PROCESSING_REQUIRED',
  3221225506: 'STATUS_ACCESS_DENIED',
  3221225524: 'STATUS_OBJECT_NAME_NOT_FOUND',
  3221225581: 'STATUS_LOGON_FAILURE',
  3221225760: 'STATUS_CANCELLED',
  3221226021: 'STATUS_NOT_FOUND',
};
const NO_ERROR = [0, 0x00000103, 0x80000005];

const COMMAND = variable('smb2.cmd', 'Command', 'uint16', { names: COMMANDS });
const RESPONSE = variable('smb2.flags.response', 'Response', 'boolean');
const STATUS = variable('smb2.nt_status', 'NT Status', 'uint32', { hex: true, names: STATUSES });
const MESSAGE_ID = variable('smb2.msg_id', 'Message ID', 'uint32');
const TREE = variable('smb2.tid', 'Tree Id', 'uint32', { hex: true });

function little(p: PacketView, at: number, width: 2 | 4): number {
  const low = p.u8(at) | (p.u8(at + 1) << 8);
  return width === 2 ? low : low + (p.u8(at + 2) | (p.u8(at + 3) << 8)) * 65536;
}

interface Command {
  readonly at: number;
  readonly end: number;
  readonly code: number;
  readonly response: boolean;
  readonly status: number;
}

/** The commands of a compound. */
function commands(p: PacketView, l: Layer): Command[] {
  const out: Command[] = [];
  for (let at = l.at; at + HEADER <= l.end && p.u32(at) === START && out.length < 64; ) {
    const next = little(p, at + 20, 4);
    const end = next === 0 ? l.end : Math.min(l.end, at + next);
    const response = (p.u8(at + 16) & 1) !== 0;
    out.push({ at, end, code: little(p, at + 12, 2), response, status: response ? little(p, at + 8, 4) : 0 });
    if (next < HEADER) {
      break;
    }
    at += next;
  }
  return out;
}

/** Text of UTF-16 that a command says to be at an offset from its header. */
function text(p: PacketView, c: Command, offset: number, length: number): string {
  const from = c.at + offset;
  if (length > 2048 || from + length > c.end) {
    return '';
  }
  let s = '';
  for (let i = from; i + 1 < from + length; i += 2) {
    s += String.fromCharCode(little(p, i, 2));
  }
  return s;
}

function commandWords(p: PacketView, c: Command): string {
  const body = c.at + HEADER;
  const name = `${COMMANDS[c.code] ?? `unknown-${c.code}`} ${c.response ? 'Response' : 'Request'}`;
  if (c.response) {
    return NO_ERROR.includes(c.status) ? name : `${name}, Error: ${STATUSES[c.status] ?? 'Unknown'}`;
  }
  if (c.code === CREATE && body + 48 <= c.end) {
    return `${name} File: ${text(p, c, little(p, body + 44, 2), little(p, body + 46, 2))}`;
  }
  return c.code === TREE_CONNECT && body + 8 <= c.end
    ? `${name} Tree: ${text(p, c, little(p, body + 4, 2), little(p, body + 6, 2))}`
    : name;
}

function commandPart(p: PacketView, c: Command): Part {
  return group(
    `SMB2 ${printable(commandWords(p, c))}`,
    [c.at, c.end - c.at],
    [
      ...(c.response ? [shown(STATUS, c.status, [c.at + 8, 4])] : []),
      shown(COMMAND, c.code, [c.at + 12, 2]),
      shown(RESPONSE, c.response, [c.at + 16, 4]),
      shown(MESSAGE_ID, little(p, c.at + 24, 4), [c.at + 24, 8]),
      shown(TREE, little(p, c.at + 36, 4), [c.at + 36, 4]),
    ],
  );
}

export const smb2: Protocol = new Protocol({
  name: 'smb2',
  title: 'SMB2 (Server Message Block Protocol version 2)',
  column: 'SMB2',
  found: { 'smb.start': [START, ENCRYPTED] },
  header: 52,
  times: (p, l) => Math.max(1, commands(p, l).length),
  fields: [
    computed('smb2.protocol_id', 'ProtocolId', 'uint32', (p, l) => p.u32(l.at), {
      hex: true,
      times: (p, l) => Math.max(1, commands(p, l).length),
      place: (_, l) => [l.at, 4],
    }),
    parts((p, l) => commands(p, l).map((c) => commandPart(p, c))),
    COMMAND,
    RESPONSE,
    STATUS,
    MESSAGE_ID,
    TREE,
  ],
  info: (p, l) =>
    p.u32(l.at) === ENCRYPTED
      ? 'Encrypted SMB3'
      : printable(
          commands(p, l)
            .map((c) => commandWords(p, c))
            .join(';'),
        ),
});
