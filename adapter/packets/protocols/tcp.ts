/** TCP (RFC 9293). */
import { type ChecksumResult, checkTransport } from '../checksum.ts';
import { bits, checksum, computed, either, parts, uint16, uint32 } from '../declare.ts';
import { hex } from '../format.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type FieldDeclaration, Protocol } from '../protocol.ts';
import { type TcpRelative, tcpNote } from '../tcp/note.ts';
import { rememberSegment } from '../tcp/remember.ts';
import { IPPROTO_TCP } from './numbers.ts';
import {
  ANALYSIS_FIELDS,
  analysisParts,
  infoBefore,
  SEGMENT_FIELDS,
  segmentParts,
  tcpExperts,
  tcpRemarks,
} from './tcp-analysis.ts';
import { hasMptcp, OPTION_FIELDS, optionParts, optionWords, tcpChain } from './tcp-options.ts';

const URG = 0x20;
const ACK = 0x10;
const SYN = 0x02;
const FIN = 0x01;

/** Flags with their masks in the 16-bit word at offset 12, most significant first. */
const FLAGS: readonly (readonly [mask: number, name: string, description: string, short: string])[] = [
  [0x0e00, 'tcp.flags.res', 'Reserved', ''],
  [0x0100, 'tcp.flags.ae', 'Accurate ECN', 'AE'],
  [0x0080, 'tcp.flags.cwr', 'Congestion Window Reduced', 'CWR'],
  [0x0040, 'tcp.flags.ece', 'ECN-Echo', 'ECE'],
  [URG, 'tcp.flags.urg', 'Urgent', 'URG'],
  [ACK, 'tcp.flags.ack', 'Acknowledgment', 'ACK'],
  [0x0008, 'tcp.flags.push', 'Push', 'PSH'],
  [0x0004, 'tcp.flags.reset', 'Reset', 'RST'],
  [0x0002, 'tcp.flags.syn', 'Syn', 'SYN'],
  [0x0001, 'tcp.flags.fin', 'Fin', 'FIN'],
];

export function flagsOf(p: PacketView, l: Layer): number {
  return p.u16(l.at + 12) & 0xfff;
}

/** `·······A··S·`: a letter for each flag that is set. */
function flagLetters(flags: number): string {
  return Array.from('RRRACEUAPRSF', (letter, i) => ((flags >> (11 - i)) & 1 ? letter : '·')).join('');
}

/** `SYN, ACK`: the flags that are set, in Wireshark's order. */
export function flagsText(flags: number): string {
  const set = FLAGS.filter(([mask, , , short]) => short !== '' && flags & mask).map((f) => f[3]);
  return set.length === 0 ? '<None>' : set.reverse().join(', ');
}

function headerLength(p: PacketView, l: Layer): number {
  return (p.u8(l.at + 12) >> 4) * 4;
}

function relativeOf(p: PacketView, l: Layer): TcpRelative | undefined {
  return tcpNote(l)?.relative ?? p.known?.relative(p, l);
}

function seqOf(p: PacketView, l: Layer): number {
  return relativeOf(p, l)?.seq ?? p.u32(l.at + 4);
}

function ackOf(p: PacketView, l: Layer): number {
  return relativeOf(p, l)?.ack ?? p.u32(l.at + 8);
}

function windowOf(p: PacketView, l: Layer): number {
  return relativeOf(p, l)?.window ?? p.u16(l.at + 14);
}

function check(p: PacketView, l: Layer): ChecksumResult {
  return checkTransport(p, l, { off: 16, least: 8 });
}

/** The checksum of the first TCP layer; `unchecked` without one. */
export function checkTcp(p: PacketView): ChecksumResult {
  const l = p.first(tcp);
  return l === null ? { state: 'unchecked', right: 0 } : check(p, l);
}

function measure(p: PacketView, l: Layer): void {
  if (l.short) {
    l.body = l.end;
    return;
  }
  const length = headerLength(p, l);
  // What a wrong header length leaves unclear is no payload.
  l.body = length >= 20 && l.at + length <= l.end ? l.at + length : l.end;
  l.key = p.u16(l.at);
  l.otherKey = p.u16(l.at + 2);
}

/** Bytes of payload, also those that the capture does not have. */
function lengthOf(l: Layer): number {
  return l.wireEnd - l.body;
}

/** The number that its sender's next segment begins with. */
function nextOf(p: PacketView, l: Layer): number {
  const control = flagsOf(p, l) & (SYN | FIN) ? 1 : 0;
  return (seqOf(p, l) + lengthOf(l) + control) >>> 0;
}

/** What windows are multiplied with, if segments of the connection's begin have told. */
function scaleOf(p: PacketView, l: Layer): number | undefined {
  return flagsOf(p, l) & SYN ? undefined : tcpNote(l)?.scale;
}

function line(p: PacketView, l: Layer): string {
  const ack = flagsOf(p, l) & ACK ? `, Ack: ${ackOf(p, l)}` : '';
  return (
    `Transmission Control Protocol, Src Port: ${l.key}, Dst Port: ${l.otherKey}, Seq: ${seqOf(p, l)}${ack}` +
    `, Len: ${lengthOf(l)}`
  );
}

function info(p: PacketView, l: Layer): string {
  const part = tcpNote(l)?.segment?.info;
  if (part !== undefined) {
    // Remarks before it count as words, even if nothing stands between.
    const first = part !== '' || infoBefore(p, l) !== '' ? [part] : [];
    return [...first, ...tcpRemarks(l)].join(' ');
  }
  const flags = flagsOf(p, l);
  return [
    `${l.key} → ${l.otherKey} [${flagsText(flags)}]`,
    `Seq=${seqOf(p, l)}`,
    ...(flags & ACK ? [`Ack=${ackOf(p, l)}`] : []),
    `Win=${windowOf(p, l)}`,
    ...(flags & URG ? [`Urg=${p.u16(l.at + 18)}`] : []),
    `Len=${lengthOf(l)}`,
    ...optionWords(p, l),
    ...tcpRemarks(l),
  ].join(' ');
}

/** A number that conversations count from the connection's start; the raw one is shown below it then. */
function counted(
  name: string,
  description: string,
  off: number,
  [word, value]: readonly [word: string, value: typeof seqOf],
): FieldDeclaration {
  return computed(name, description, 'uint32', value, {
    place: (_, l) => [l.at + off, 4],
    label: (p, l) => `${description}: ${value(p, l)}${relativeOf(p, l) ? `    (relative ${word} number)` : ''}`,
  });
}

const RELATIVE = { shown: (p: PacketView, l: Layer) => relativeOf(p, l) !== undefined };

const srcport = uint16('tcp.srcport', 'Source Port', 0);
const dstport = uint16('tcp.dstport', 'Destination Port', 2);

const flags = bits(
  'tcp.flags',
  'Flags',
  { off: 12, width: 16, mask: 0x0fff, drawn: 0 },
  {
    hex: true,
    label: (p, l) => `Flags: ${hex(flagsOf(p, l), 3)} (${flagsText(flagsOf(p, l))})`,
    text: (p, l) => hex(flagsOf(p, l), 3),
    inside: FLAGS.map(([mask, name, description, short]) =>
      bits(
        name,
        description,
        { off: 12, width: 16, mask, drawn: 12, flag: true },
        short === '' ? { words: (p, l) => (flagsOf(p, l) & mask ? 'Set' : 'Not set') } : {},
      ),
    ),
  },
);

export const tcp: Protocol = new Protocol({
  name: 'tcp',
  title: 'Transmission Control Protocol',
  column: 'TCP',
  found: { 'ip.proto': [IPPROTO_TCP] },
  header: 20,
  shortHeader: 8,
  measure,
  carriesByPort: 'tcp.port',
  line,
  length: (p, l) => Math.min(Math.max(20, headerLength(p, l)), l.end - l.at),
  fields: [
    srcport,
    dstport,
    either('tcp.port', 'Source or Destination Port', srcport, dstport),
    computed('tcp.stream', 'Stream index', 'uint32', (p, l) => relativeOf(p, l)?.stream, {
      label: (p, l) => `[Stream index: ${relativeOf(p, l)?.stream}]`,
    }),
    computed('tcp.completeness', 'Conversation completeness', 'uint8', (_, l) => tcpNote(l)?.completeness, {
      label: (_, l) => `[Conversation completeness: ${tcpNote(l)?.completeness}]`,
    }),
    computed('tcp.len', 'TCP Segment Len', 'uint32', (_, l) => lengthOf(l), {
      when: (_, l) => !l.short,
      place: (_, l) => [l.at + 12, 1],
      label: (_, l) => `[TCP Segment Len: ${lengthOf(l)}]`,
    }),
    counted('tcp.seq', 'Sequence Number', 4, ['sequence', seqOf]),
    uint32('tcp.seq_raw', 'Sequence Number (raw)', 4, RELATIVE),
    computed('tcp.nxtseq', 'Next Sequence Number', 'uint32', nextOf, {
      when: (p, l) => !l.short && (lengthOf(l) > 0 || relativeOf(p, l) !== undefined),
      label: (p, l) => `[Next Sequence Number: ${nextOf(p, l)}]`,
    }),
    counted('tcp.ack', 'Acknowledgment Number', 8, ['ack', ackOf]),
    uint32('tcp.ack_raw', 'Acknowledgment number (raw)', 8, RELATIVE),
    bits(
      'tcp.hdr_len',
      'Header Length',
      { off: 12, width: 8, mask: 0xf0, times: 4 },
      { words: (p, l) => `${headerLength(p, l)} bytes (${headerLength(p, l) / 4})` },
    ),
    flags,
    computed('tcp.flags.str', 'TCP Flags', 'string', (p, l) => flagLetters(flagsOf(p, l)), {
      when: (_, l) => !l.short,
      place: (_, l) => [l.at + 12, 2],
      label: (p, l) => `[TCP Flags: ${flagLetters(flagsOf(p, l))}]`,
    }),
    uint16('tcp.window_size_value', 'Window', 14),
    computed('tcp.window_size', 'Calculated window size', 'uint32', windowOf, {
      place: (_, l) => [l.at + 14, 2],
      label: (p, l) => `[Calculated window size: ${windowOf(p, l)}]`,
    }),
    computed('tcp.window_size_scalefactor', 'Window size scaling factor', 'int32', scaleOf, {
      place: (_, l) => [l.at + 14, 2],
      label: (p, l) => `[Window size scaling factor: ${scaleOf(p, l)}]`,
    }),
    checksum('tcp.checksum', 'Checksum', 16, check),
    uint16('tcp.urgent_pointer', 'Urgent Pointer', 18),
    parts((p, l) => (l.short ? [] : optionParts(p, l))),
    ...OPTION_FIELDS,
    parts(analysisParts),
    ...ANALYSIS_FIELDS,
    computed('tcp.payload', 'TCP payload', 'bytes', (p, l) => p.bytes(l.body, l.end), {
      when: (_, l) => l.body < l.end && !l.short,
      place: (_, l) => [l.body, l.end - l.body],
      label: (_, l) => `TCP payload (${l.end - l.body} byte${l.end - l.body === 1 ? '' : 's'})`,
      text: () => '',
    }),
    parts(segmentParts),
    ...SEGMENT_FIELDS,
  ],
  remember: (p, l, memory) => (l.quoted ? null : rememberSegment(p, l, memory)),
  stream: true,
  chain: tcpChain,
  columnOf: (p, l) => (hasMptcp(p, l) ? 'MPTCP' : 'TCP'),
  experts: tcpExperts,
  infoBefore,
  info,
});
