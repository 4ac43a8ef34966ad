/** What Windows' hosts announce of themselves ([MS-BRWS]), in mail slots of SMB. */
import { parts, uint8, variable } from '../declare.ts';
import { hex, printable } from '../format.ts';
import type { Layer } from '../layer.ts';
import { shown } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, type Part, Protocol } from '../protocol.ts';

const REQUEST = 2;
/** Where a host's announcement has its name, its kind, and the comment. */
const NAME_AT = 6;
const NAME_SIZE = 16;
const KIND_AT = 24;
const COMMANDS: Names = {
  1: 'Host Announcement',
  [REQUEST]: 'Request Announcement',
  8: 'Browser Election Request',
  9: 'Get Backup List Request',
  10: 'Get Backup List Response',
  11: 'Become Backup Browser',
  12: 'Domain/Workgroup Announcement',
  13: 'Master Announcement',
  14: 'Reset Browser State Announcement',
  15: 'Local Master Announcement',
};
const ANNOUNCEMENTS = [1, 12, 15];
const KINDS: Names = {
  0: 'Workstation',
  1: 'Server',
  2: 'SQL Server',
  3: 'Domain Controller',
  4: 'Backup Controller',
  5: 'Time Source',
  6: 'Apple Server',
  7: 'Novell Server',
  8: 'Domain Member Server',
  9: 'Print Queue Server',
  10: 'Dialin Server',
  11: 'Xenix Server',
  12: 'NT Workstation',
  13: 'Windows for Workgroups',
  15: 'NT Server',
  16: 'Potential Browser',
  17: 'Backup Browser',
  18: 'Master Browser',
  19: 'Domain Master Browser',
  20: 'OSF',
  21: 'VMS',
  22: 'Windows 95 or above',
  23: 'DFS server',
  30: 'Local List Only',
  31: 'Domain Enum',
};

const SERVER = variable('browser.server', 'Server Name', 'string', { many: false });
const KIND = variable('browser.server_type', 'Server Type', 'uint32', { many: false, hex: true });

/** Whether it is an announcement with the kind of the host. */
function announces(p: PacketView, l: Layer): boolean {
  return ANNOUNCEMENTS.includes(p.u8(l.at)) && l.at + KIND_AT + 4 <= l.end;
}

/** Numbers are little-endian. */
function kindOf(p: PacketView, l: Layer): number {
  const at = l.at + KIND_AT;
  return ((p.u8(at + 3) << 24) | (p.u8(at + 2) << 16) | (p.u8(at + 1) << 8) | p.u8(at)) >>> 0;
}

function serverName(p: PacketView, l: Layer): string {
  return p.ascii(l.at + NAME_AT, l.at + NAME_AT + NAME_SIZE);
}

function announcement(p: PacketView, l: Layer): Part[] {
  return announces(p, l)
    ? [
        shown(SERVER, serverName(p, l), [l.at + NAME_AT, NAME_SIZE]),
        shown(KIND, kindOf(p, l), [l.at + KIND_AT, 4], { label: () => `Server Type: ${hex(kindOf(p, l), 8)}` }),
      ]
    : [];
}

function info(p: PacketView, l: Layer): string {
  const command = p.u8(l.at);
  const name = COMMANDS[command] ?? `Unknown command:${hex(command, 2)}`;
  if (command === REQUEST) {
    return `${name} ${printable(p.ascii(l.at + 2, l.end))}`;
  }
  if (!announces(p, l)) {
    return name;
  }
  const kinds = kindOf(p, l);
  const words = Array.from({ length: 32 }, (_, i) =>
    (kinds >>> i) & 1 ? `, ${KINDS[i] ?? `Unknown server type:${i}`}` : '',
  );
  return `${name} ${printable(serverName(p, l))}${words.join('')}`;
}

export const browser: Protocol = new Protocol({
  name: 'browser',
  title: 'Microsoft Windows Browser Protocol',
  column: 'BROWSER',
  found: { 'smb.mailslot': [1] },
  header: 2,
  fields: [uint8('browser.command', 'Command', 0, { hex: true, names: COMMANDS }), parts(announcement), SERVER, KIND],
  info,
});
