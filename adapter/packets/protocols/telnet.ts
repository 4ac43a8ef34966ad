/** Telnet (RFC 854): commands and options, and the text between them. */
import { parts, variable } from '../declare.ts';
import { printable } from '../format.ts';
import type { Layer } from '../layer.ts';
import { group, shown } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, type Part, Protocol } from '../protocol.ts';

const IAC = 255;
const SUBOPTION = 250;
const SUBOPTION_END = 240;
const COMMANDS: Names = {
  236: 'End of File',
  237: 'Suspend Current Process',
  238: 'Abort Process',
  239: 'End of Record',
  [SUBOPTION_END]: 'Suboption End',
  241: 'No-Operation',
  242: 'Data Mark',
  243: 'Break',
  244: 'Interrupt Process',
  245: 'Abort Output',
  246: 'Are You There?',
  247: 'Erase Character',
  248: 'Erase Line',
  249: 'Go Ahead',
  [SUBOPTION]: 'Suboption',
  251: 'Will',
  252: "Won't",
  253: 'Do',
  254: "Don't",
};
const MAX_PARTS = 1000;
const COMMAND = variable('telnet.cmd', 'Command', 'uint8', { names: COMMANDS });
const OPTION = variable('telnet.subcmd', 'Subcommand', 'uint8');
const DATA = variable('telnet.data', 'Data', 'string');

/** Where the text or the command at `at` ends. */
function partEnd(p: PacketView, at: number, end: number): number {
  if (p.u8(at) !== IAC) {
    let to = at;
    while (to < end && p.u8(to) !== IAC) {
      if (p.u8(to++) === 10) {
        break;
      }
    }
    return to;
  }
  if (at + 1 >= end || p.u8(at + 1) < SUBOPTION) {
    return Math.min(at + 2, end);
  }
  if (p.u8(at + 1) !== SUBOPTION) {
    return Math.min(at + 3, end);
  }
  let to = at + 2;
  while (to + 1 < end && !(p.u8(to) === IAC && p.u8(to + 1) === SUBOPTION_END)) {
    to++;
  }
  return to + 1 < end ? to : end;
}

function commandPart(p: PacketView, at: number, to: number): Part {
  const command = at + 1 < to ? p.u8(at + 1) : -1;
  const inside = command < 0 ? [] : [shown(COMMAND, command, [at + 1, 1])];
  if (command >= SUBOPTION && at + 2 < to) {
    inside.push(shown(OPTION, p.u8(at + 2), [at + 2, 1]));
  }
  return group(COMMANDS[command] ?? 'Telnet command', [at, to - at], inside);
}

function telnetParts(p: PacketView, l: Layer): Part[] {
  const out: Part[] = [];
  for (let at = l.at; at < l.end && out.length < MAX_PARTS; ) {
    const to = Math.max(at + 1, partEnd(p, at, l.end));
    if (p.u8(at) === IAC) {
      out.push(commandPart(p, at, to));
    } else {
      const text = String.fromCharCode(...p.bytes(at, to));
      out.push(shown(DATA, text, [at, to - at], { text: () => printable(text) }));
    }
    at = to;
  }
  return out;
}

export const telnet: Protocol = new Protocol({
  name: 'telnet',
  title: 'Telnet',
  column: 'TELNET',
  found: { 'tcp.port': [23] },
  header: 1,
  fields: [parts(telnetParts), COMMAND, OPTION, DATA],
  info: () => 'Telnet Data ...',
});
