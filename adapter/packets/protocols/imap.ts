/** IMAP (RFC 9051). */
import { computed, HIDDEN, parts, variable } from '../declare.ts';
import { printable } from '../format.ts';
import type { Layer } from '../layer.ts';
import { quiet, shown } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import { type Part, Protocol } from '../protocol.ts';
import { Memory, speak } from '../sessions.ts';
import type { Line } from './header-lines.ts';
import { fromServer, linesOf, within } from './text-lines.ts';
import { tls } from './tls.ts';

const PORTS = [143];
const LINE = variable('imap.line', 'Line', 'string');
const REQUEST = variable('imap.request', 'Request', 'string');
const REQUEST_TAG = variable('imap.request_tag', 'Request Tag', 'string');
const REQUEST_COMMAND = variable('imap.request.command', 'Request Command', 'string');
const TAG = variable('imap.tag', 'Tag', 'string');
const COMMAND = variable('imap.command', 'Command', 'string');

const MEMORY = new Memory<{ startsTls: boolean }>(() => ({ startsTls: false }));

function isReply(l: Layer): boolean {
  return fromServer(l, PORTS);
}

function requestParts(line: Line): Part[] {
  const [tag = '', command = ''] = line.text.split(' ');
  if (tag === '' || command === '') {
    return [];
  }
  const [tagPlace, commandPlace] = [within(line, 0, tag), within(line, tag.length + 1, command)];
  return [
    shown(REQUEST, line.text, within(line, 0, line.text)),
    shown(REQUEST_TAG, tag, tagPlace),
    quiet(TAG, tag, tagPlace),
    shown(REQUEST_COMMAND, command, commandPlace),
    quiet(COMMAND, command, commandPlace),
  ];
}

function lineParts(p: PacketView, l: Layer): Part[] {
  return linesOf(p, l).map((line) => {
    const ended = line.next - line.at > line.text.length;
    const inside = isReply(l) ? [] : requestParts(line);
    return shown(LINE, ended ? `${line.text}\r\n` : line.text, [line.at, line.next - line.at], { inside });
  });
}

function note(p: PacketView, l: Layer): void {
  const memory = MEMORY.of(p, l);
  if (memory === undefined) {
    return;
  }
  const lines = linesOf(p, l).map((x) => x.text);
  if (isReply(l) && memory.startsTls && lines.some((x) => /^[^* ]+ OK/i.test(x))) {
    speak(p, l, tls);
  }
  memory.startsTls = !isReply(l) && lines.some((x) => /^\S+ STARTTLS\s*$/i.test(x));
}

export const imap: Protocol = new Protocol({
  name: 'imap',
  title: 'Internet Message Access Protocol',
  column: 'IMAP',
  found: { 'tcp.port': PORTS },
  header: 1,
  note,
  fields: [
    computed('imap.isrequest', 'Request', 'boolean', (_, l) => !isReply(l), HIDDEN),
    parts(lineParts),
    LINE,
    REQUEST,
    REQUEST_TAG,
    REQUEST_COMMAND,
    TAG,
    COMMAND,
  ],
  info: (p, l) => `${isReply(l) ? 'Response' : 'Request'}: ${printable(linesOf(p, l).at(-1)?.text ?? '')}`,
});
