/** The fields, lines and remarks that say what is noticeable about a segment among the others of its connection. */
import { expertField, variable } from '../declare.ts';
import { formatBytes } from '../format.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import type { Expert, FieldDeclaration, FieldScalar, Part } from '../protocol.ts';
import { A } from '../tcp/analysis.ts';
import type { SegmentPart } from '../tcp/assembly.ts';
import { type TcpNote, tcpNote } from '../tcp/note.ts';
import { hasDuplicateSack, hasRowOfNops } from './tcp-options.ts';

const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;

const one = { many: false };
const SINCE = variable('tcp.time_relative', 'Time since first frame in this TCP stream', 'seconds', one);
const DELTA = variable('tcp.time_delta', 'Time since previous frame in this TCP stream', 'seconds', one);
const ANALYSIS = variable('tcp.analysis', 'SEQ/ACK analysis', 'none', one);
const FLAGS = variable('tcp.analysis.flags', 'TCP Analysis Flags', 'none', one);
const INITIAL_RTT = variable('tcp.analysis.initial_rtt', 'iRTT', 'seconds', one);
const ACKS_FRAME = variable('tcp.analysis.acks_frame', 'This is an ACK to the segment in frame', 'uint32', one);
const ACK_RTT = variable('tcp.analysis.ack_rtt', 'The RTT to ACK the segment was', 'seconds', one);
const IN_FLIGHT = variable('tcp.analysis.bytes_in_flight', 'Bytes in flight', 'uint32', one);
const PUSH_BYTES = variable('tcp.analysis.push_bytes_sent', 'Bytes sent since last PSH flag', 'uint32', one);
const RTO = variable('tcp.analysis.rto', 'The RTO for this segment was', 'seconds', one);
const RTO_FRAME = variable('tcp.analysis.rto_frame', 'RTO based on delta from frame', 'uint32', one);
const DUPLICATE_NUMBER = variable('tcp.analysis.duplicate_ack_num', 'Duplicate ACK #', 'uint32', one);
const DUPLICATE_FRAME = variable('tcp.analysis.duplicate_ack_frame', 'Duplicate to the ACK in frame', 'uint32', one);
const SEGMENT_DATA = variable('tcp.segment_data', 'TCP segment data', 'bytes');
const SEGMENTS = variable('tcp.segments', 'Reassembled TCP Segments', 'none', one);
const SEGMENT = variable('tcp.segment', 'TCP Segment', 'uint32');
const SEGMENT_COUNT = variable('tcp.segment.count', 'Segment count', 'uint32', one);
const WHOLE_LENGTH = variable('tcp.reassembled.length', 'Reassembled TCP length', 'uint32', one);
const WHOLE_DATA = variable('tcp.reassembled.data', 'Reassembled TCP Data', 'bytes', one);

export const SEGMENT_FIELDS = [SEGMENT_DATA, SEGMENTS, SEGMENT, SEGMENT_COUNT, WHOLE_LENGTH, WHOLE_DATA];

/** What one of the flags of the analysis says: its field, an expert's words, and the beginning of the Info column. */
interface Notice {
  readonly flag: number;
  readonly field: FieldDeclaration;
  readonly message: string;
  readonly severity: Expert['severity'];
  /** Empty if the Info column says nothing, or something else. */
  readonly info: string;
}

function notice(flag: number, name: string, severity: Expert['severity'], message: string, info: string): Notice {
  return { flag, field: expertField(name, message), message, severity, info };
}

const RETRANSMISSIONS = A.retransmission | A.fastRetransmission | A.spuriousRetransmission;

/** In the order of the tree. */
const NOTICES: readonly Notice[] = [
  notice(
    A.fastRetransmission,
    'tcp.analysis.fast_retransmission',
    'note',
    'This frame is a (suspected) fast retransmission',
    'TCP Fast Retransmission',
  ),
  notice(
    A.spuriousRetransmission,
    'tcp.analysis.spurious_retransmission',
    'note',
    'This frame is a (suspected) spurious retransmission',
    'TCP Spurious Retransmission',
  ),
  notice(
    RETRANSMISSIONS,
    'tcp.analysis.retransmission',
    'note',
    'This frame is a (suspected) retransmission',
    'TCP Retransmission',
  ),
  notice(
    A.outOfOrder,
    'tcp.analysis.out_of_order',
    'warn',
    'This frame is a (suspected) out-of-order segment',
    'TCP Out-Of-Order',
  ),
  notice(
    A.reusedPorts,
    'tcp.analysis.reused_ports',
    'note',
    'A new tcp session is started with the same ports as an earlier session in this trace',
    'TCP Port numbers reused',
  ),
  notice(
    A.lostSegment,
    'tcp.analysis.lost_segment',
    'warn',
    'Previous segment(s) not captured (common at capture start)',
    'TCP Previous segment not captured',
  ),
  notice(
    A.ackLostSegment,
    'tcp.analysis.ack_lost_segment',
    'warn',
    "ACKed segment that wasn't captured (common at capture start)",
    'TCP ACKed unseen segment',
  ),
  notice(A.windowUpdate, 'tcp.analysis.window_update', 'chat', 'TCP window update', 'TCP Window Update'),
  notice(
    A.windowFull,
    'tcp.analysis.window_full',
    'warn',
    'TCP window specified by the receiver is now completely full',
    'TCP Window Full',
  ),
  notice(A.keepAlive, 'tcp.analysis.keep_alive', 'note', 'TCP keep-alive segment', 'TCP Keep-Alive'),
  notice(
    A.keepAliveAck,
    'tcp.analysis.keep_alive_ack',
    'note',
    'ACK to a TCP keep-alive segment',
    'TCP Keep-Alive ACK',
  ),
  notice(A.duplicateAck, 'tcp.analysis.duplicate_ack', 'note', 'Duplicate ACK', 'TCP Dup ACK'),
  notice(A.zeroWindowProbe, 'tcp.analysis.zero_window_probe', 'note', 'TCP Zero Window Probe', 'TCP ZeroWindowProbe'),
  notice(A.zeroWindow, 'tcp.analysis.zero_window', 'warn', 'TCP Zero Window segment', 'TCP ZeroWindow'),
  notice(
    A.zeroWindowProbeAck,
    'tcp.analysis.zero_window_probe_ack',
    'note',
    'ACK to a TCP Zero Window Probe',
    'TCP ZeroWindowProbeAck',
  ),
];

const SYN_SEEN = expertField('tcp.connection.syn', 'Connection establish request (SYN)');
const SYN_ACK_SEEN = expertField('tcp.connection.synack', 'Connection establish acknowledge (SYN+ACK)');
const FIN_SEEN = expertField('tcp.connection.fin', 'Connection finish (FIN)');
const FIN_ACTIVE = expertField('tcp.connection.fin_active', 'This frame initiates the connection closing');
const FIN_PASSIVE = expertField('tcp.connection.fin_passive', 'This frame undergoes the connection closing');
const RST_SEEN = expertField('tcp.connection.rst', 'Connection reset (RST)');
const ACK_NOT_ZERO = expertField(
  'tcp.ack.nonzero',
  'The acknowledgment number field is nonzero while the ACK flag is not set',
);
const DSACK = expertField('tcp.options.sack.dsack', 'D-SACK Sequence');

export const ANALYSIS_FIELDS = [
  SINCE,
  DELTA,
  ANALYSIS,
  FLAGS,
  INITIAL_RTT,
  ACKS_FRAME,
  ACK_RTT,
  IN_FLIGHT,
  PUSH_BYTES,
  RTO,
  RTO_FRAME,
  DUPLICATE_NUMBER,
  DUPLICATE_FRAME,
  ...NOTICES.map((n) => n.field),
  SYN_SEEN,
  SYN_ACK_SEEN,
  FIN_SEEN,
  FIN_ACTIVE,
  FIN_PASSIVE,
  RST_SEEN,
  ACK_NOT_ZERO,
  DSACK,
];

/** What the Info column says before the ports: `[TCP Dup ACK 7#1] `. */
export function infoBefore(_: PacketView, l: Layer): string {
  const note = tcpNote(l);
  return note === undefined || note.analysis.flags === 0
    ? ''
    : wordsOf(note)
        .map((w) => `[${w}] `)
        .join('');
}

function wordsOf(note: TcpNote): string[] {
  const { flags, duplicateFrame, duplicateNumber } = note.analysis;
  const found = NOTICES.filter((n) => flags & n.flag).map((n) =>
    n.flag === A.duplicateAck ? `${n.info} ${duplicateFrame}#${duplicateNumber}` : n.info,
  );
  // Of the kinds of retransmissions the first one speaks; each later remark stands before those before.
  const first = found.findIndex((w) => w.endsWith('Retransmission'));
  return found.filter((w, i) => !w.endsWith('Retransmission') || i === first).reverse();
}

/** What the Info column says after everything else. */
export function tcpRemarks(l: Layer): string[] {
  return tcpNote(l)?.segment?.partOnly ? ['[TCP segment of a reassembled PDU]'] : [];
}

/** What an expert would say of a segment. */
export function tcpExperts(p: PacketView, l: Layer): Expert[] {
  const note = tcpNote(l);
  if (l.short) {
    return [];
  }
  const out: Expert[] = [];
  const say = (field: FieldDeclaration, message: string, severity: Expert['severity']): void => {
    out.push({ field, message, severity, group: 'sequence' });
  };
  const flags = p.u8(l.at + 13);
  if (flags & RST) {
    say(RST_SEEN, 'Connection reset (RST)', 'warn');
  }
  if (flags & SYN) {
    const server = flags & ACK ? p.u16(l.at) : p.u16(l.at + 2);
    const [field, words] =
      flags & ACK ? ([SYN_ACK_SEEN, 'acknowledge (SYN+ACK)'] as const) : ([SYN_SEEN, 'request (SYN)'] as const);
    say(field, `Connection establish ${words}: server port ${server}`, 'chat');
  }
  if (flags & FIN) {
    say(FIN_SEEN, 'Connection finish (FIN)', 'chat');
    if (note !== undefined) {
      const [field, verb] = note.closes ? ([FIN_ACTIVE, 'initiates'] as const) : ([FIN_PASSIVE, 'undergoes'] as const);
      say(field, `This frame ${verb} the connection closing`, 'note');
    }
  }
  if ((flags & ACK) === 0 && p.u32(l.at + 8) !== 0) {
    out.push({ field: ACK_NOT_ZERO, message: `${ACK_NOT_ZERO.description}`, severity: 'note', group: 'protocol' });
  }
  if (hasRowOfNops(p, l)) {
    const message = '4 NOP in a row - a router may have removed some options';
    out.push({ message, severity: 'warn', group: 'protocol' });
  }
  if (note !== undefined) {
    if (hasDuplicateSack(p, l)) {
      say(DSACK, 'D-SACK Sequence', 'warn');
    }
    for (const n of NOTICES.filter((x) => note.analysis.flags & x.flag)) {
      const number = n.flag === A.duplicateAck ? ` (#${note.analysis.duplicateNumber})` : '';
      say(n.field, `${n.message}${number}`, n.severity);
    }
  }
  return out;
}

/** A line without bytes. */
function line(l: Layer, field: FieldDeclaration, value: FieldScalar, text: string): Part {
  return { field, value, from: l.at, length: 0, label: () => `[${field.description}: ${text}]`, text: () => text };
}

function seconds(l: Layer, field: FieldDeclaration, value: number): Part {
  return line(l, field, value, `${value.toFixed(9)} seconds`);
}

function number(l: Layer, field: FieldDeclaration, value: number): Part {
  return line(l, field, value, String(value));
}

/** The times of the connection, and the analysis of the numbers. */
export function analysisParts(_: PacketView, l: Layer): Part[] {
  const note = tcpNote(l);
  if (note === undefined) {
    return [];
  }
  const times = [seconds(l, SINCE, note.since), seconds(l, DELTA, note.delta)];
  const inside = analysisLines(l, note);
  if (inside.length > 0 && note.initialRtt >= 0) {
    inside.push(seconds(l, INITIAL_RTT, note.initialRtt));
  }
  const heading = { from: l.at, length: 0 };
  return [
    { name: 'Timestamps', ...heading, label: () => '[Timestamps]', inside: times },
    ...(inside.length === 0
      ? []
      : [{ field: ANALYSIS, value: true, ...heading, label: () => '[SEQ/ACK analysis]', inside }]),
  ];
}

function analysisLines(l: Layer, note: TcpNote): Part[] {
  const { analysis: a } = note;
  const out: Part[] = [];
  if (a.acksFrame > 0) {
    out.push(number(l, ACKS_FRAME, a.acksFrame), seconds(l, ACK_RTT, a.ackRtt));
  }
  if (a.bytesInFlight > 0) {
    out.push(number(l, IN_FLIGHT, a.bytesInFlight));
  }
  if (a.pushBytes > 0) {
    out.push(number(l, PUSH_BYTES, a.pushBytes));
  }
  if (a.flags !== 0) {
    out.push({ field: FLAGS, value: true, from: l.at, length: 0, label: () => '[TCP Analysis Flags]' });
  }
  if (a.rto >= 0 && a.flags & RETRANSMISSIONS) {
    out.push(seconds(l, RTO, a.rto), number(l, RTO_FRAME, a.rtoFrame));
  }
  if (a.flags & A.duplicateAck) {
    const duplicate = NOTICES.find((n) => n.flag === A.duplicateAck);
    if (duplicate !== undefined) {
      // Wireshark has it twice: as a heading, and as an expert's word.
      out.push({ field: duplicate.field, value: true, from: l.at, length: 0 });
    }
    out.push(number(l, DUPLICATE_NUMBER, a.duplicateNumber), number(l, DUPLICATE_FRAME, a.duplicateFrame));
  }
  return out;
}

/** What of the payload belongs to messages of several segments. */
export function segmentParts(p: PacketView, l: Layer): Part[] {
  const segment = tcpNote(l)?.segment ?? null;
  if (segment === null) {
    return [];
  }
  const out: Part[] = segment.parts.map(([from, to]) => {
    const length = to - from;
    const label = (): string => `TCP segment data (${length} byte${length === 1 ? '' : 's'})`;
    return { field: SEGMENT_DATA, value: p.bytes(from, to), from, length, label, text: () => '' };
  });
  if (segment.frames.length > 0) {
    out.push(wholePart(p, l, segment));
  }
  return out;
}

/** The message that a segment completes. */
function wholePart(p: PacketView, l: Layer, { frames, whole: [from, to] }: SegmentPart): Part {
  const length = to - from;
  const place = { from, length };
  const list = frames.map((f) => `#${f}`).join(', ');
  const bytes = p.bytes(from, to);
  const data = (): string => `[Reassembled TCP Data: ${formatBytes(bytes, 64, '')}]`;
  const inside: Part[] = [
    ...frames.map((f) => ({ field: SEGMENT, value: f, ...place, label: () => `[Frame: ${f}]` })),
    number(l, SEGMENT_COUNT, frames.length),
    number(l, WHOLE_LENGTH, length),
    { field: WHOLE_DATA, value: bytes, ...place, label: data },
  ];
  const label = (): string => `[${frames.length} Reassembled TCP Segments (${length} bytes): ${list}]`;
  return { field: SEGMENTS, value: true, ...place, label, inside };
}
