/** HTTP/1 (RFC 9112): requests and responses, on the usual ports and wherever one begins. */

import { computed, HIDDEN, parts, variable } from '../declare.ts';
import { printable } from '../format.ts';
import { type Layer, MORE, NO_MESSAGE, TO_END, UNKNOWN } from '../layer.ts';
import { quiet, shown } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import { type FieldDeclaration, type Of, type Part, Protocol } from '../protocol.ts';
import { Memory } from '../sessions.ts';
import { elapsed } from '../times.ts';
import { type Head, type Header, headAt, headerOf, MAX_HEADERS } from './header-lines.ts';
import { CONTENT, type ContentWords, contentWords, HTTP_PORTS } from './http-content.ts';

const METHODS = [
  'GET',
  'POST',
  'HEAD',
  'PUT',
  'DELETE',
  'OPTIONS',
  'PATCH',
  'TRACE',
  'CONNECT',
  'PROPFIND',
  'PROPPATCH',
  'MKCOL',
  'COPY',
  'MOVE',
  'LOCK',
  'UNLOCK',
  'REPORT',
  'NOTIFY',
  'SUBSCRIBE',
  'UNSUBSCRIBE',
  'PURGE',
  'MERGE',
  'SEARCH',
];
/** What a message begins with. */
const STARTS = ['HTTP/1.', ...METHODS.map((m) => `${m} `)];
const REQUEST = /^([A-Z]+) +(\S*)(?: +(HTTP\/\d\.\d))?\s*$/;
const RESPONSE = /^(HTTP\/1\.\d) +(\d{3})(?: (.*))?$/;
const STATUS_WORDS: Readonly<Record<number, string>> = {
  100: 'Continue',
  101: 'Switching Protocols',
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  206: 'Partial Content',
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  304: 'Not Modified',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Time-out',
  409: 'Conflict',
  410: 'Gone',
  411: 'Length Required',
  412: 'Precondition Failed',
  413: 'Request Entity Too Large',
  416: 'Requested range not satisfiable',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Time-out',
  505: 'HTTP Version not supported',
};

/** Headers that are fields, by their names in small letters. */
const HEADERS: Readonly<Record<string, readonly [name: string, description: string]>> = {
  authorization: ['authorization', 'Authorization'],
  'proxy-authenticate': ['proxy_authenticate', 'Proxy-Authenticate'],
  'proxy-authorization': ['proxy_authorization', 'Proxy-Authorization'],
  'www-authenticate': ['www_authenticate', 'WWW-Authenticate'],
  'content-type': ['content_type', 'Content-Type'],
  'content-length': ['content_length_header', 'Content-Length'],
  'content-encoding': ['content_encoding', 'Content-Encoding'],
  'transfer-encoding': ['transfer_encoding', 'Transfer-Encoding'],
  upgrade: ['upgrade', 'Upgrade'],
  'user-agent': ['user_agent', 'User-Agent'],
  host: ['host', 'Host'],
  connection: ['connection', 'Connection'],
  cookie: ['cookie', 'Cookie'],
  accept: ['accept', 'Accept'],
  referer: ['referer', 'Referer'],
  'accept-language': ['accept_language', 'Accept-Language'],
  'accept-encoding': ['accept_encoding', 'Accept Encoding'],
  date: ['date', 'Date'],
  'cache-control': ['cache_control', 'Cache-Control'],
  server: ['server', 'Server'],
  location: ['location', 'Location'],
  'sec-websocket-accept': ['sec_websocket_accept', 'Sec-WebSocket-Accept'],
  'sec-websocket-key': ['sec_websocket_key', 'Sec-WebSocket-Key'],
  'sec-websocket-protocol': ['sec_websocket_protocol', 'Sec-WebSocket-Protocol'],
  'sec-websocket-version': ['sec_websocket_version', 'Sec-WebSocket-Version'],
  'set-cookie': ['set_cookie', 'Set-Cookie'],
  'last-modified': ['last_modified', 'Last-Modified'],
  'x-forwarded-for': ['x_forwarded_for', 'X-Forwarded-For'],
};
const HEADER_FIELDS: ReadonlyMap<string, FieldDeclaration> = new Map(
  Object.entries(HEADERS).map(([key, [name, text]]) => [key, variable(`http.${name}`, text, 'string')]),
);
const CONTENT_LENGTH = variable('http.content_length', 'Content length', 'uint32');
const REQUEST_LINE = variable('http.request.line', 'Request line', 'string');
const RESPONSE_LINE = variable('http.response.line', 'Response line', 'string');

/** A request that waits for its response. */
interface Asked {
  readonly number: number;
  readonly seconds: number;
  readonly method: string;
  readonly uri: string | undefined;
}

/** What is remembered of a connection. */
class HttpMemory {
  readonly asked: Asked[] = [];
  /** Which request a response, by its packet, answers. */
  readonly answers = new Map<number, Asked>();
  seen = false;
}

const MEMORY = new Memory(() => new HttpMemory());

function startsMessage(p: PacketView, l: Layer): boolean {
  return STARTS.some((start) => {
    const n = Math.min(start.length, l.end - l.at);
    for (let i = 0; i < n; i++) {
      if (p.u8(l.at + i) !== start.charCodeAt(i)) {
        return false;
      }
    }
    return n === start.length;
  });
}

function isResponse(p: PacketView, l: Layer): boolean {
  return p.u8(l.at) === 0x48 && p.u8(l.at + 1) === 0x54;
}

/** The head of a message; undefined for the middle of one. */
function headOf(p: PacketView, l: Layer): Head | undefined {
  return startsMessage(p, l) ? headAt(p, l.at, l.end) : undefined;
}

/** Whether the first line, as far as it is there, is that of a message. */
function isMessage(p: PacketView, l: Layer): boolean {
  const head = headOf(p, l);
  return head !== undefined && (isResponse(p, l) ? RESPONSE : REQUEST).test(head.first.text);
}

/** Bytes of the content in chunks (RFC 9112, section 7.1) from `at` on; `MORE` if the last one is not there. */
function chunkedEnd(p: PacketView, from: number, end: number): number {
  for (let at = from; at < end; ) {
    let size = 0;
    let i = at;
    for (; i < end && p.u8(i) !== 10; i++) {
      const digit = i - at < 8 ? Number.parseInt(String.fromCharCode(p.u8(i)), 16) : Number.NaN;
      if (Number.isNaN(digit)) {
        break;
      }
      size = size * 16 + digit;
    }
    while (i < end && p.u8(i) !== 10) {
      i++;
    }
    if (i >= end) {
      return MORE;
    }
    at = i + 1 + size + (size > 0 ? 2 : 0);
    if (size === 0) {
      // Trailers, and an empty line.
      for (let line = at; line < end; ) {
        let stop = line;
        while (stop < end && p.u8(stop) !== 10) {
          stop++;
        }
        if (stop >= end) {
          return MORE;
        }
        if (stop === line || (stop === line + 1 && p.u8(line) === 13)) {
          return stop + 1;
        }
        line = stop + 1;
      }
      return MORE;
    }
  }
  return MORE;
}

/** Whether a response to a method has no content whatever its headers say. */
function isBare(p: PacketView, l: Layer, head: Head): boolean {
  const code = Number(RESPONSE.exec(head.first.text)?.[2] ?? 0);
  return code < 200 || code === 204 || code === 304 || askedOf(p, l)?.method === 'HEAD';
}

function messageLength(p: PacketView, l: Layer): number {
  if (!startsMessage(p, l)) {
    return isUsual(p, l) ? l.end - l.at : NO_MESSAGE;
  }
  const head = headAt(p, l.at, l.end);
  if (head === undefined || head.body < 0) {
    return l.end - l.at >= MAX_HEADERS ? l.end - l.at : MORE;
  }
  const response = isResponse(p, l);
  if (response && isBare(p, l, head)) {
    return head.body - l.at;
  }
  if (/chunked/i.test(headerOf(head, 'transfer-encoding') ?? '')) {
    const end = chunkedEnd(p, head.body, l.end);
    return end < 0 ? MORE : end - l.at;
  }
  const length = headerOf(head, 'content-length');
  if (length !== undefined && /^\d{1,15}$/.test(length)) {
    return head.body - l.at + Number(length);
  }
  return response ? TO_END : head.body - l.at;
}

/** The request that a response answers: the one noted for its packet, or the first that waits. */
function askedOf(p: PacketView, l: Layer): Asked | undefined {
  const memory = MEMORY.of(p, l);
  return memory?.answers.get(p.number) ?? memory?.asked[0];
}

function answeredBy(p: PacketView, l: Layer): Asked | undefined {
  return isResponse(p, l) ? MEMORY.of(p, l)?.answers.get(p.number) : undefined;
}

function note(p: PacketView, l: Layer): void {
  const memory = MEMORY.of(p, l);
  const head = headOf(p, l);
  if (memory === undefined || head === undefined) {
    return;
  }
  memory.seen = true;
  if (!isResponse(p, l)) {
    const method = REQUEST.exec(head.first.text)?.[1] ?? '';
    memory.asked.push({ number: p.number, seconds: p.frame?.seconds ?? 0, method, uri: fullUri(p, l) });
    return;
  }
  const next = RESPONSE.exec(head.first.text)?.[2] === '100' ? memory.asked[0] : memory.asked.shift();
  if (next !== undefined) {
    memory.answers.set(p.number, next);
  }
}

/** Where the content begins and ends; absent if there is none. */
function bodyOf(p: PacketView, l: Layer): readonly [from: number, to: number] | undefined {
  const head = headOf(p, l);
  return head === undefined || head.body < 0 || head.body >= l.end ? undefined : [head.body, l.end];
}

function contentOf(p: PacketView, l: Layer): ContentWords | undefined {
  const head = headOf(p, l);
  if (head === undefined || bodyOf(p, l) === undefined) {
    return undefined;
  }
  const type = (headerOf(head, 'content-type') ?? '').split(';')[0] ?? '';
  const words = contentWords(type.trim());
  const [from = 0] = bodyOf(p, l) ?? [];
  if (words !== undefined && type.trim().toLowerCase() === 'image/gif') {
    return { ...words, kind: CONTENT.gif, info: ` (${printable(p.ascii(from, from + 6))})` };
  }
  return words;
}

function measure(p: PacketView, l: Layer): void {
  const head = headOf(p, l);
  const body = bodyOf(p, l);
  if (head === undefined) {
    l.body = l.at;
    return;
  }
  l.body = body?.[0] ?? l.end;
  l.key = contentOf(p, l)?.kind ?? UNKNOWN;
}

function firstLine(p: PacketView, l: Layer): string {
  return headOf(p, l)?.first.text ?? '';
}

/** A word of the first line of a request or a response. */
function word(name: string, description: string, response: boolean, n: 1 | 2 | 3): FieldDeclaration {
  return computed(name, description, 'string', wordOf(response, n), HIDDEN);
}

function wordOf(response: boolean, n: 1 | 2 | 3): Of<string | undefined> {
  const pattern = response ? RESPONSE : REQUEST;
  return (p, l) => (isMessage(p, l) && isResponse(p, l) === response ? pattern.exec(firstLine(p, l))?.[n] : undefined);
}

const codeWord = wordOf(true, 2);

function codeOf(p: PacketView, l: Layer): number | undefined {
  const code = codeWord(p, l);
  return code === undefined ? undefined : Number(code);
}

/** Whether it is a request or a response; the tree says the first line, for the one that it is. */
function kind(name: string, description: string, response: boolean): FieldDeclaration {
  const is: Of<boolean | undefined> = (p, l) => (isMessage(p, l) && isResponse(p, l) === response ? true : undefined);
  const text: Of<string> = (p, l) => printable(`${firstLine(p, l)}\r\n`);
  return computed(name, description, 'boolean', is, {
    place: (p, l) => [l.at, (headOf(p, l)?.first.next ?? l.at) - l.at],
    label: text,
    text,
  });
}

function fullUri(p: PacketView, l: Layer): string | undefined {
  const head = headOf(p, l);
  const uri = head === undefined || isResponse(p, l) ? undefined : REQUEST.exec(head.first.text)?.[2];
  const host = head === undefined ? undefined : headerOf(head, 'host');
  if (uri === undefined || REQUEST.exec(firstLine(p, l))?.[1] === 'CONNECT') {
    return uri;
  }
  if (/^[a-z]+:\/\//i.test(uri)) {
    return uri;
  }
  return host === undefined ? undefined : `http://${host}${uri}`;
}

function headerParts(p: PacketView, l: Layer): Part[] {
  const head = isMessage(p, l) ? headOf(p, l) : undefined;
  const line = head !== undefined && isResponse(p, l) ? RESPONSE_LINE : REQUEST_LINE;
  return (head?.headers ?? []).flatMap((h) => [headerPart(h), quiet(line, `${h.text}\r\n`, placeOf(h))]);
}

function placeOf(h: Header): readonly [from: number, length: number] {
  return [h.at, h.next - h.at];
}

function headerPart(h: Header): Part {
  const key = h.name.toLowerCase();
  const field = HEADER_FIELDS.get(key);
  const label = (): string => printable(`${h.text}\r\n`);
  if (field === undefined) {
    return { from: h.at, length: h.next - h.at, label };
  }
  const isLength = key === 'content-length' && /^\d{1,15}$/.test(h.value);
  const inside = isLength ? [shown(CONTENT_LENGTH, Number(h.value), placeOf(h))] : [];
  return shown(field, h.value, placeOf(h), { label, inside });
}

function info(p: PacketView, l: Layer): string {
  if (!isMessage(p, l)) {
    return 'Continuation';
  }
  return `${printable(firstLine(p, l))} ${contentOf(p, l)?.info ?? ''}`;
}

/** A line in brackets about the request or the response. */
function remark(name: string, description: string, type: 'string' | 'uint32' | 'seconds', value: FieldValueOf) {
  return computed(name, description, type, value, {
    label: (p, l) => {
      const v = value(p, l);
      return `[${description}: ${type === 'seconds' ? `${Number(v).toFixed(9)} seconds` : printable(String(v))}]`;
    },
  });
}
type FieldValueOf = Of<string | number | undefined>;

export const http: Protocol = new Protocol({
  name: 'http',
  title: 'Hypertext Transfer Protocol',
  column: 'HTTP',
  found: { 'tcp.port': [...HTTP_PORTS, 'any'] },
  header: 1,
  keepsPorts: true,
  messageLength,
  partInfo: (p, l) => (isMessage(p, l) ? `${printable(firstLine(p, l))} ` : ''),
  open: (p, l) => isMessage(p, l) || isUsual(p, l),
  measure,
  note,
  experts: (p, l) =>
    isMessage(p, l) ? [{ message: printable(`${firstLine(p, l)}\r\n`), severity: 'chat', group: 'sequence' }] : [],
  carries: 'media_type',
  fields: [
    kind('http.request', 'Request', false),
    kind('http.response', 'Response', true),
    word('http.request.method', 'Request Method', false, 1),
    word('http.request.uri', 'Request URI', false, 2),
    word('http.request.version', 'Request Version', false, 3),
    word('http.response.version', 'Response Version', true, 1),
    computed('http.response.code', 'Status Code', 'uint16', codeOf, HIDDEN),
    computed(
      'http.response.code.desc',
      'Status Code Description',
      'string',
      (p, l) => STATUS_WORDS[codeOf(p, l) ?? 0],
      HIDDEN,
    ),
    word('http.response.phrase', 'Response Phrase', true, 3),
    parts(headerParts),
    ...HEADER_FIELDS.values(),
    CONTENT_LENGTH,
    REQUEST_LINE,
    RESPONSE_LINE,
    remark('http.request.full_uri', 'Full request URI', 'string', fullUri),
    remark('http.time', 'Time since request', 'seconds', (p, l) => {
      const asked = answeredBy(p, l);
      return asked === undefined || p.frame === null ? undefined : elapsed(asked.seconds, p.frame.seconds);
    }),
    remark('http.request_in', 'Request in frame', 'uint32', (p, l) => answeredBy(p, l)?.number),
    remark('http.response_for.uri', 'Request URI', 'string', (p, l) => answeredBy(p, l)?.uri),
  ],
  columnOf: (p, l) => `HTTP${contentOf(p, l)?.column ?? ''}`,
  info,
});

/** In a connection that had a message before. */
function isUsual(p: PacketView, l: Layer): boolean {
  return MEMORY.of(p, l)?.seen === true;
}
