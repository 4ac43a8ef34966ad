/** SMTP (RFC 5321): commands, replies, and the mail itself as fragments. */
import { computed, HIDDEN, parts, variable } from '../declare.ts';
import { printable } from '../format.ts';
import { type Layer, MORE } from '../layer.ts';
import { group, shown } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import { type Part, Protocol } from '../protocol.ts';
import { Memory, speak } from '../sessions.ts';
import { lineAt } from './header-lines.ts';
import { fromServer, linesOf, within } from './text-lines.ts';
import { tls } from './tls.ts';

const PORTS = [25, 587];
const COMMAND_LINE = variable('smtp.command_line', 'Command Line', 'string');
const COMMAND = variable('smtp.req.command', 'Command', 'string');
const PARAMETER = variable('smtp.req.parameter', 'Request parameter', 'string');
const RESPONSE = variable('smtp.response', 'Response', 'string');
const CODE = variable('smtp.response.code', 'Response code', 'uint32');
const RESPONSE_PARAMETER = variable('smtp.rsp.parameter', 'Response parameter', 'string');

/** Whether the client is sending a mail: between the reply to DATA and a line with a dot. */
class SmtpMemory {
  asked: 'data' | 'tls' | '' = '';
  inMail = false;
  /** Packets that carry mail. */
  readonly mail = new Set<number>();
}

const MEMORY = new Memory(() => new SmtpMemory());

function isReply(l: Layer): boolean {
  return fromServer(l, PORTS);
}

function isMail(p: PacketView, l: Layer): boolean {
  return !isReply(l) && MEMORY.of(p, l)?.mail.has(p.number) === true;
}

/** Up to the last line of a reply (the one whose code has no dash behind it); one line of a command. */
function messageLength(p: PacketView, l: Layer): number {
  const memory = MEMORY.of(p, l);
  if (!isReply(l)) {
    return memory?.inMail === true || lineAt(p, l.at, l.end) !== undefined || l.end - l.at > 512 ? l.end - l.at : MORE;
  }
  const last = linesOf(p, l).at(-1);
  return last !== undefined && last.next - last.at > last.text.length ? l.end - l.at : MORE;
}

function note(p: PacketView, l: Layer): void {
  const memory = MEMORY.of(p, l);
  const lines = linesOf(p, l);
  const first = lines[0]?.text ?? '';
  if (memory === undefined) {
    return;
  }
  if (isReply(l)) {
    memory.inMail ||= memory.asked === 'data' && first.startsWith('354');
    if (memory.asked === 'tls' && first.startsWith('220')) {
      speak(p, l, tls);
    }
    memory.asked = '';
  } else if (memory.inMail) {
    memory.mail.add(p.number);
    memory.inMail = !lines.some((line) => line.text === '.');
  } else if (/^DATA$/i.test(first.trim())) {
    memory.asked = 'data';
  } else if (/^STARTTLS$/i.test(first.trim())) {
    memory.asked = 'tls';
  }
}

function lineParts(p: PacketView, l: Layer): Part[] {
  if (isMail(p, l)) {
    return linesOf(p, l).map((x) => group(printable(x.text), [x.at, x.next - x.at], []));
  }
  if (isReply(l)) {
    return replyParts(p, l);
  }
  return linesOf(p, l).map((line) => {
    const command = line.text.split(' ', 1)[0] ?? '';
    const parameter = line.text.slice(command.length + 1);
    const inside = [shown(COMMAND, command, within(line, 0, command))];
    if (parameter !== '') {
      inside.push(shown(PARAMETER, parameter, within(line, command.length + 1, parameter)));
    }
    return shown(COMMAND_LINE, `${line.text}\r\n`, [line.at, line.next - line.at], { inside });
  });
}

function replyParts(p: PacketView, l: Layer): Part[] {
  const lines = linesOf(p, l);
  const [first] = lines;
  if (first === undefined || !/^\d{3}([ -]|$)/.test(first.text)) {
    return [];
  }
  const parameters = lines.flatMap((line) => {
    const text = line.text.slice(4);
    return text === '' ? [] : [shown(RESPONSE_PARAMETER, text, within(line, 4, text))];
  });
  const inside = [shown(CODE, Number(first.text.slice(0, 3)), [first.at, 3]), ...parameters];
  return [shown(RESPONSE, `${first.text}\r\n`, [first.at, first.next - first.at], { inside })];
}

function info(p: PacketView, l: Layer): string {
  if (isMail(p, l)) {
    return `C: DATA fragment, ${l.end - l.at} bytes`;
  }
  const lines = linesOf(p, l).map((x) => printable(x.text));
  if (!isReply(l)) {
    return `C: ${lines.join(' | ')}`;
  }
  return `S: ${lines.map((x, i) => (i === 0 ? x : x.slice(4))).join(' | ')}`;
}

export const smtp: Protocol = new Protocol({
  name: 'smtp',
  title: 'Simple Mail Transfer Protocol',
  column: 'SMTP',
  found: { 'tcp.port': PORTS },
  header: 1,
  messageLength,
  note,
  fields: [
    computed('smtp.req', 'Request', 'boolean', (p, l) => (isReply(l) || isMail(p, l) ? undefined : true), HIDDEN),
    computed('smtp.rsp', 'Response', 'boolean', (_, l) => (isReply(l) ? true : undefined), HIDDEN),
    parts(lineParts),
    COMMAND_LINE,
    COMMAND,
    PARAMETER,
    RESPONSE,
    CODE,
    RESPONSE_PARAMETER,
  ],
  info,
});
