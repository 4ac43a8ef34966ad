/** FTP (RFC 959, RFC 2428): commands, replies, and the data connections that they announce. */
import { computed, parts, variable } from '../declare.ts';
import { formatIpv4, printable } from '../format.ts';
import type { Layer } from '../layer.ts';
import { group, shown } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import { type Part, Protocol } from '../protocol.ts';
import { endpointsOf, Memory, speak, transportOf } from '../sessions.ts';
import type { Line } from './header-lines.ts';
import { fromServer, linesOf, within } from './text-lines.ts';
import { tls } from './tls.ts';

const PORTS = [21];
const COMMAND = variable('ftp.request.command', 'Request command', 'string');
const ARGUMENT = variable('ftp.request.arg', 'Request arg', 'string');
const CODE = variable('ftp.response.code', 'Response code', 'uint32');
const REPLY_ARGUMENT = variable('ftp.response.arg', 'Response arg', 'string');

/** How the next data connection is made, and what it will carry. */
class FtpMemory {
  mode = '';
  command = '';
  /** The client has asked for TLS. */
  secured = false;
}

const MEMORY = new Memory(() => new FtpMemory());
/** What a data connection was told. */
const DATA_MEMORY = new Memory<{ from: FtpMemory | undefined }>(() => ({ from: undefined }));

function isReply(l: Layer): boolean {
  return fromServer(l, PORTS);
}

function requestParts(line: Line): Part[] {
  const space = line.text.indexOf(' ');
  const command = space < 0 ? line.text : line.text.slice(0, space);
  const argument = space < 0 ? '' : line.text.slice(space + 1);
  return [
    shown(COMMAND, command, within(line, 0, command)),
    ...(argument === '' ? [] : [shown(ARGUMENT, argument, within(line, space + 1, argument))]),
  ];
}

function replyParts(line: Line): Part[] {
  const code = /^\d{3}[ -]/.exec(line.text) ? Number(line.text.slice(0, 3)) : undefined;
  const argument = code === undefined ? line.text : line.text.slice(4);
  return [
    ...(code === undefined ? [] : [shown(CODE, code, [line.at, 3])]),
    ...(argument === '' ? [] : [shown(REPLY_ARGUMENT, argument, within(line, code === undefined ? 0 : 4, argument))]),
  ];
}

function lineParts(p: PacketView, l: Layer): Part[] {
  const reply = isReply(l);
  const lines = reply ? linesOf(p, l) : linesOf(p, l).slice(0, 1);
  return lines.map((line) =>
    group(printable(`${line.text}\r\n`), [line.at, line.next - line.at], reply ? replyParts(line) : requestParts(line)),
  );
}

/** `h1,h2,h3,h4,p1,p2`: the address and the port of a data connection. */
function announced(text: string): string | undefined {
  const m = /(\d+),(\d+),(\d+),(\d+),(\d+),(\d+)/.exec(text);
  const n = m?.slice(1).map(Number) ?? [];
  const [a = 0, b = 0, c = 0, d = 0, high = 0, low = 0] = n;
  return n.length === 6 && n.every((x) => x < 256)
    ? `${formatIpv4(a * 0x1000000 + b * 0x10000 + c * 0x100 + d)}:${high * 256 + low}`
    : undefined;
}

function note(p: PacketView, l: Layer): void {
  const memory = MEMORY.of(p, l);
  const text = linesOf(p, l)[0]?.text ?? '';
  const t = transportOf(l);
  if (memory === undefined || t === null || p.sessions === null) {
    return;
  }
  const [source = ''] = endpointsOf(p, t);
  const host = source.slice(0, source.lastIndexOf(':'));
  if (isReply(l)) {
    if (memory.secured && text.startsWith('234')) {
      speak(p, l, tls);
    }
    const extended = /^229 .*\(\|\|\|(\d+)\|\)/.exec(text)?.[1];
    const end = text.startsWith('227') ? announced(text) : extended === undefined ? undefined : `${host}:${extended}`;
    if (end !== undefined) {
      memory.mode = extended === undefined ? 'PASV' : 'EPASV';
      p.sessions.expect('tcp', end, ftpData, (session) => session.memories.set(DATA_MEMORY, { from: memory }));
    }
    return;
  }
  memory.secured = /^AUTH (TLS|SSL)/i.test(text);
  const extended = /^EPRT \|[12]\|([^|]+)\|(\d+)\|/i.exec(text);
  const end = /^PORT /i.test(text) ? announced(text) : extended === null ? undefined : `${extended[1]}:${extended[2]}`;
  if (end !== undefined) {
    memory.mode = extended === null ? 'PORT' : 'EPRT';
    p.sessions.expect('tcp', end, ftpData, (session) => session.memories.set(DATA_MEMORY, { from: memory }));
  } else if (!/^(PASV|EPSV|TYPE|REST|PBSZ|PROT|USER|PASS|CWD|PWD|SYST|FEAT|NOOP|SIZE|MDTM|QUIT|AUTH)/i.test(text)) {
    memory.command = text;
  }
}

export const ftp: Protocol = new Protocol({
  name: 'ftp',
  title: 'File Transfer Protocol (FTP)',
  column: 'FTP',
  found: { 'tcp.port': PORTS },
  header: 1,
  note,
  fields: [
    computed('ftp.request', 'Request', 'boolean', (_, l) => !isReply(l), { shown: () => false }),
    computed('ftp.response', 'Response', 'boolean', (_, l) => isReply(l), { shown: () => false }),
    parts(lineParts),
    COMMAND,
    ARGUMENT,
    CODE,
    REPLY_ARGUMENT,
  ],
  info: (p, l) => `${isReply(l) ? 'Response' : 'Request'}: ${printable(linesOf(p, l)[0]?.text ?? '')}`,
});

function dataInfo(p: PacketView, l: Layer): string {
  const from = DATA_MEMORY.of(p, l)?.from;
  const command = from === undefined || from.command === '' ? '' : ` (${printable(from.command)})`;
  return `FTP Data: ${l.end - l.at} bytes${from === undefined ? '' : ` (${from.mode})`}${command}`;
}

/** The data connection. */
export const ftpData: Protocol = new Protocol({
  name: 'ftp-data',
  title: 'FTP Data',
  column: 'FTP-DATA',
  found: { 'tcp.port': [20] },
  header: 1,
  note: (p, l) => speak(p, l),
  line: (_, l) => `FTP Data (${l.end - l.at} bytes data)`,
  fields: [],
  info: dataInfo,
});
