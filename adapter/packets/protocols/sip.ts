/** SIP (RFC 3261): the first line and the headers that people look at; an SDP is named. */
import { computed, HIDDEN, parts, variable } from '../declare.ts';
import { printable } from '../format.ts';
import type { Layer } from '../layer.ts';
import { shown } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import { type FieldDeclaration, type Part, Protocol } from '../protocol.ts';
import { speak } from '../sessions.ts';
import { type Head, headAt, headerOf } from './header-lines.ts';
import { rtcp, rtp } from './rtp.ts';

const REQUEST = /^([A-Z]+) (\S+) SIP\/2\.0$/;
const STATUS = /^SIP\/2\.0 (\d{3}) ?(.*)$/;
const HEADERS: Readonly<Record<string, readonly [name: string, description: string]>> = {
  via: ['Via', 'Via'],
  v: ['Via', 'Via'],
  from: ['From', 'From'],
  f: ['From', 'From'],
  to: ['To', 'To'],
  t: ['To', 'To'],
  'call-id': ['Call-ID', 'Call-ID'],
  i: ['Call-ID', 'Call-ID'],
  cseq: ['CSeq', 'CSeq'],
  contact: ['Contact', 'Contact'],
  m: ['Contact', 'Contact'],
  'content-type': ['Content-Type', 'Content-Type'],
  c: ['Content-Type', 'Content-Type'],
  'content-length': ['Content-Length', 'Content-Length'],
  l: ['Content-Length', 'Content-Length'],
  'user-agent': ['User-Agent', 'User-Agent'],
  server: ['Server', 'Server'],
  'max-forwards': ['Max-Forwards', 'Max-Forwards'],
  expires: ['Expires', 'Expires'],
  allow: ['Allow', 'Allow'],
};
const FIELDS = new Map<string, FieldDeclaration>();
for (const [key, [name, description]] of Object.entries(HEADERS)) {
  const made = [...FIELDS.values()].find((f) => f.name === `sip.${name}`);
  const type = ['Content-Length', 'Max-Forwards', 'Expires'].includes(name) ? 'uint32' : 'string';
  FIELDS.set(key, made ?? variable(`sip.${name}`, description, type));
}

function headOf(p: PacketView, l: Layer): Head | undefined {
  return headAt(p, l.at, l.end);
}

function first(p: PacketView, l: Layer): string {
  return headOf(p, l)?.first.text ?? '';
}

function word(name: string, description: string, pattern: RegExp, n: number): FieldDeclaration {
  return computed(name, description, 'string', (p, l) => pattern.exec(first(p, l))?.[n], HIDDEN);
}

/** A first line with what cannot be printed as escapes. */
const ESCAPED = { text: (p: PacketView, l: Layer): string => printable(first(p, l)) };

function headerParts(p: PacketView, l: Layer): Part[] {
  return (headOf(p, l)?.headers ?? []).flatMap((h) => {
    const field = FIELDS.get(h.name.toLowerCase());
    const label = (): string => printable(h.text);
    const value = field?.type === 'uint32' ? Number.parseInt(h.value, 10) : h.value;
    const place = [h.at, h.next - h.at] as const;
    return field === undefined || Number.isNaN(value)
      ? [{ from: h.at, length: h.next - h.at, label }]
      : [shown(field, value, place, { label })];
  });
}

function hasSdp(p: PacketView, l: Layer): boolean {
  const head = headOf(p, l);
  const type = head === undefined ? '' : (headerOf(head, 'content-type') ?? headerOf(head, 'c') ?? '');
  return head !== undefined && head.body >= 0 && head.body < l.end && /^application\/sdp/i.test(type);
}

/** Contacts, as the list counts them: `(1 binding)`, `(removes all bindings)`. */
function bindings(head: Head, method: string): string {
  const contacts = head.headers.filter((h) => /^(contact|m)$/i.test(h.name));
  if (method !== 'REGISTER') {
    return '';
  }
  const n = contacts.reduce((sum, h) => sum + h.value.split(/,(?=\s*<|\s*sip)/).length, 0);
  const removes = contacts.some((h) => h.value.trim() === '*');
  return removes ? ' (remove all bindings)' : n === 0 ? ' (fetch bindings)' : ` (${n} binding${n === 1 ? '' : 's'})`;
}

function info(p: PacketView, l: Layer): string {
  const head = headOf(p, l);
  if (head === undefined) {
    return 'Continuation';
  }
  const request = REQUEST.exec(head.first.text);
  if (request !== null) {
    return printable(`Request: ${request[1]} ${request[2]} ${bindings(head, request[1] ?? '')} | `).replace(
      '  |',
      ' |',
    );
  }
  const status = STATUS.exec(head.first.text);
  const method = /\d+\s+(\S+)/.exec(headerOf(head, 'cseq') ?? '')?.[1] ?? '';
  const ok = status?.[1] === '200';
  const what = ok ? ` (${method}) ${bindings(head, method).replace('(fetch bindings)', '(no bindings)')}` : '';
  return printable(`Status: ${status?.[1]} ${status?.[2]}${what} | `).replace('  |', ' |');
}

/** What an SDP says of the media: RTP will go to those ports. */
function note(p: PacketView, l: Layer): void {
  const head = headOf(p, l);
  if (l.below?.protocol.name === 'tcp') {
    speak(p, l);
  }
  if (head === undefined || p.sessions === null || !hasSdp(p, l)) {
    return;
  }
  const text = String.fromCharCode(...p.bytes(head.body, l.end));
  const address = /^c=IN IP[46] (\S+)/m.exec(text)?.[1];
  for (const m of text.matchAll(/^m=\w+ (\d+) RTP/gm)) {
    const port = Number(m[1]);
    const own = /^c=IN IP[46] (\S+)/m.exec(text.slice(m.index).split(/\nm=/)[0] ?? '')?.[1] ?? address;
    if (own !== undefined && port > 0) {
      p.sessions.expect('udp', `${own}:${port}`, rtp);
      p.sessions.expect('udp', `${own}:${port + 1}`, rtcp);
    }
  }
}

export const sip: Protocol = new Protocol({
  name: 'sip',
  title: 'Session Initiation Protocol',
  column: 'SIP',
  found: { 'udp.port': [5060, 'any'], 'tcp.port': [5060, 'any'] },
  header: 12,
  chain: (p, l) => (hasSdp(p, l) ? 'sip:sdp' : 'sip'),
  open: (p, l) => {
    // A request begins with a method, a status with the version.
    const c = p.u8(l.at);
    const text = c >= 0x41 && c <= 0x5a ? first(p, l) : '';
    return REQUEST.test(text) || STATUS.test(text);
  },
  note,
  fields: [
    computed('sip.Request-Line', 'Request-Line', 'string', (p, l) => lineOf(p, l, REQUEST), ESCAPED),
    word('sip.Method', 'Method', REQUEST, 1),
    word('sip.r-uri', 'Request-URI', REQUEST, 2),
    computed('sip.Status-Line', 'Status-Line', 'string', (p, l) => lineOf(p, l, STATUS), ESCAPED),
    computed(
      'sip.Status-Code',
      'Status-Code',
      'uint32',
      (p, l) => {
        const code = STATUS.exec(first(p, l))?.[1];
        return code === undefined ? undefined : Number(code);
      },
      HIDDEN,
    ),
    parts(headerParts),
    ...new Set(FIELDS.values()),
  ],
  columnOf: (p, l) => (hasSdp(p, l) ? 'SIP/SDP' : 'SIP'),
  info,
});

function lineOf(p: PacketView, l: Layer, pattern: RegExp): string | undefined {
  return pattern.test(first(p, l)) ? first(p, l) : undefined;
}
