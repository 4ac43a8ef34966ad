/** POP3 (RFC 1939). */
import { parts, variable } from '../declare.ts';
import { printable } from '../format.ts';
import type { Layer } from '../layer.ts';
import { group, shown } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import { type Part, Protocol } from '../protocol.ts';
import { Memory, speak } from '../sessions.ts';
import type { Line } from './header-lines.ts';
import { fromServer, linesOf, within } from './text-lines.ts';
import { tls } from './tls.ts';

const PORTS = [110];
const COMMAND = variable('pop.request.command', 'Request command', 'string');
const PARAMETER = variable('pop.request.parameter', 'Request parameter', 'string');
const INDICATOR = variable('pop.response.indicator', 'Response indicator', 'string');
const DESCRIPTION = variable('pop.response.description', 'Response description', 'string');

const MEMORY = new Memory<{ startsTls: boolean }>(() => ({ startsTls: false }));

function isReply(l: Layer): boolean {
  return fromServer(l, PORTS);
}

function isStatus(text: string): boolean {
  return /^(\+OK|-ERR|\+)/.test(text);
}

function firstParts(reply: boolean, line: Line): Part[] {
  const word = line.text.split(' ', 1)[0] ?? '';
  const rest = line.text.slice(word.length + 1);
  const [first, second] = reply ? [INDICATOR, DESCRIPTION] : [COMMAND, PARAMETER];
  return [
    shown(first, word, within(line, 0, word)),
    ...(rest === '' ? [] : [shown(second, rest, within(line, word.length + 1, rest))]),
  ];
}

function lineParts(p: PacketView, l: Layer): Part[] {
  const reply = isReply(l);
  return linesOf(p, l).map((line, i) => {
    const named = i === 0 && (!reply || isStatus(line.text));
    return group(printable(`${line.text}\r\n`), [line.at, line.next - line.at], named ? firstParts(reply, line) : []);
  });
}

function info(p: PacketView, l: Layer): string {
  const first = linesOf(p, l)[0]?.text ?? '';
  if (!isReply(l)) {
    return `C: ${printable(first)}`;
  }
  return isStatus(first) ? `S: ${printable(first)}` : `S: DATA fragment, ${l.end - l.at} bytes`;
}

function note(p: PacketView, l: Layer): void {
  const memory = MEMORY.of(p, l);
  const first = linesOf(p, l)[0]?.text ?? '';
  if (memory === undefined) {
    return;
  }
  if (memory.startsTls && isReply(l) && first.startsWith('+OK')) {
    speak(p, l, tls);
  }
  memory.startsTls = !isReply(l) && /^STLS\s*$/i.test(first);
}

export const pop: Protocol = new Protocol({
  name: 'pop',
  title: 'Post Office Protocol',
  column: 'POP',
  found: { 'tcp.port': PORTS },
  header: 1,
  note,
  fields: [parts(lineParts), COMMAND, PARAMETER, INDICATOR, DESCRIPTION],
  info,
});
