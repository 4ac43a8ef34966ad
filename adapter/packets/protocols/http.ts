/** HTTP/1 (RFC 9112): the first line of a message that starts in the segment, on any port. */
import { computed, HIDDEN } from '../declare.ts';
import { printable } from '../format.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type FieldDeclaration, type Of, Protocol } from '../protocol.ts';

const METHODS = ['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'CONNECT'];
/** What a message begins with, at most 8 bytes of it. */
const REQUESTS = METHODS.map((m) => Uint8Array.from(`${m} `.slice(0, 8), (c) => c.charCodeAt(0)));
const RESPONSE = Uint8Array.from('HTTP/1.', (c) => c.charCodeAt(0));
const LINE_FEED = 10;
/** Longest line that is looked at. */
const MAX_LINE = 4096;

function startsWith(p: PacketView, l: Layer, start: Uint8Array): boolean {
  if (l.at + start.length > l.end) {
    return false;
  }
  for (let i = 0; i < start.length; i++) {
    if (p.u8(l.at + i) !== start[i]) {
      return false;
    }
  }
  return true;
}

function isResponse(p: PacketView, l: Layer): boolean {
  return startsWith(p, l, RESPONSE);
}

function open(p: PacketView, l: Layer): boolean {
  if (isResponse(p, l)) {
    return true;
  }
  for (const start of REQUESTS) {
    if (startsWith(p, l, start)) {
      return true;
    }
  }
  return false;
}

/** Where the first line ends, before its line feed. */
function lineEnd(p: PacketView, l: Layer): number {
  const limit = Math.min(l.end, l.at + MAX_LINE);
  let at = l.at;
  while (at < limit && p.u8(at) !== LINE_FEED) {
    at++;
  }
  return at;
}

/** The first line, without its end. */
function firstLine(p: PacketView, l: Layer): string {
  return p.ascii(l.at, lineEnd(p, l)).replace(/\r$/, '');
}

/** A word of the first line of a request or a response. */
function word(name: string, description: string, response: boolean, n: number): FieldDeclaration {
  return computed(name, description, 'string', wordOf(response, n), HIDDEN);
}

function wordOf(response: boolean, n: number): Of<string | undefined> {
  return (p, l) => (isResponse(p, l) === response ? firstLine(p, l).split(' ')[n] : undefined);
}

/** Whether it is a request or a response; the tree says the first line, for the one that it is. */
function kind(name: string, description: string, response: boolean): FieldDeclaration {
  const is: Of<boolean> = (p, l) => isResponse(p, l) === response;
  const text: Of<string> = (p, l) => printable(firstLine(p, l));
  return computed(name, description, 'boolean', is, {
    shown: is,
    place: (p, l) => [l.at, Math.min(lineEnd(p, l) + 1, l.end) - l.at],
    label: text,
    text,
  });
}

const codeWord = wordOf(true, 1);

export const http: Protocol = new Protocol({
  name: 'http',
  title: 'Hypertext Transfer Protocol',
  column: 'HTTP',
  found: { 'tcp.port': 'any' },
  header: 5,
  open,
  fields: [
    kind('http.request', 'Request', false),
    kind('http.response', 'Response', true),
    word('http.request.method', 'Request Method', false, 0),
    word('http.request.uri', 'Request URI', false, 1),
    word('http.request.version', 'Request Version', false, 2),
    word('http.response.version', 'Response Version', true, 0),
    computed(
      'http.response.code',
      'Status Code',
      'uint16',
      (p, l) => {
        const code = codeWord(p, l) ?? '';
        return /^\d{3}$/.test(code) ? Number(code) : undefined;
      },
      HIDDEN,
    ),
  ],
  info: (p, l) => printable(firstLine(p, l)),
});
