/** RTSP (RFC 2326) and syslog (RFC 3164, RFC 5424): lines of text. */
import { printable } from '../format.ts';
import { type Layer, MORE, NO_MESSAGE } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { Protocol } from '../protocol.ts';

const RTSP_METHODS =
  /^(DESCRIBE|ANNOUNCE|GET_PARAMETER|OPTIONS|PAUSE|PLAY|RECORD|REDIRECT|SETUP|SET_PARAMETER|TEARDOWN) /;
/** Lines are looked for in so many bytes. */
const MOST = 8192;

function firstLine(p: PacketView, l: Layer): string {
  const text = p.ascii(l.at, Math.min(l.end, l.at + 1024));
  return text.split('\r\n', 1)[0] ?? '';
}

function isRtsp(p: PacketView, l: Layer): boolean {
  const line = p.ascii(l.at, Math.min(l.end, l.at + 256));
  return line.startsWith('RTSP/') || (RTSP_METHODS.test(line) && line.includes(' RTSP/'));
}

function rtspLength(p: PacketView, l: Layer): number {
  if (!isRtsp(p, l)) {
    return NO_MESSAGE;
  }
  const text = p.ascii(l.at, Math.min(l.end, l.at + MOST));
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) {
    return l.end - l.at > MOST ? NO_MESSAGE : MORE;
  }
  const length = /\r\ncontent-length:[ \t]*(\d{1,7})\r\n/i.exec(text.slice(0, end + 2));
  return end + 4 + Number(length?.[1] ?? 0);
}

export const rtsp: Protocol = new Protocol({
  name: 'rtsp',
  title: 'Real Time Streaming Protocol',
  column: 'RTSP',
  found: { 'tcp.port': [554, 'any'] },
  header: 5,
  messageLength: rtspLength,
  open: isRtsp,
  fields: [],
  info: (p, l) => {
    const line = printable(firstLine(p, l));
    return line.startsWith('RTSP/') ? `Reply: ${line}` : line;
  },
});

const FACILITIES = [
  ...['KERN', 'USER', 'MAIL', 'DAEMON', 'AUTH', 'SYSLOG', 'LPR', 'NEWS', 'UUCP', 'CRON', 'AUTHPRIV', 'FTP'],
  ...['NTP', 'LOGAUDIT', 'LOGALERT', 'CRON'],
  ...['LOCAL0', 'LOCAL1', 'LOCAL2', 'LOCAL3', 'LOCAL4', 'LOCAL5', 'LOCAL6', 'LOCAL7'],
];
const LEVELS = ['EMERG', 'ALERT', 'CRIT', 'ERR', 'WARNING', 'NOTICE', 'INFO', 'DEBUG'];

function syslogWords(p: PacketView, l: Layer): string {
  const text = p.ascii(l.at, l.end);
  const [head = '', number] = /^<(\d{1,3})>/.exec(text) ?? [];
  const words = printable(text.slice(head.length).replace(/\n$/, ''));
  return number === undefined
    ? words
    : `${FACILITIES[Number(number) >> 3] ?? 'UNKNOWN'}.${LEVELS[Number(number) & 7]}: ${words}`;
}

export const syslog: Protocol = new Protocol({
  name: 'syslog',
  title: 'Syslog Message',
  column: 'Syslog',
  found: { 'udp.port': [514] },
  header: 1,
  fields: [],
  info: syslogWords,
});
