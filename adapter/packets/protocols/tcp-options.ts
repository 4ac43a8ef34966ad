/** The options of a TCP segment (RFC 9293, 3.2; RFC 7323; RFC 2018; RFC 2385; RFC 7413). */

import { malformedPart, variable } from '../declare.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import type { FieldDeclaration, FieldScalar, Names, Part } from '../protocol.ts';
import { MAX_WINDOW_SHIFT, seqDiff } from '../tcp/connection.ts';
import { tcpNote } from '../tcp/note.ts';

const END = 0;
const NOP = 1;
const MSS = 2;
const WINDOW_SCALE = 3;
const SACK_PERMITTED = 4;
const SACK = 5;
const TIMESTAMPS = 8;
const MD5 = 19;
const USER_TIMEOUT = 28;
const FAST_OPEN = 34;
const EXPERIMENT_1 = 253;
const EXPERIMENT_2 = 254;

const NAMES: Names = {
  [END]: 'End of Option List (EOL)',
  [NOP]: 'No-Operation (NOP)',
  [MSS]: 'Maximum segment size',
  [WINDOW_SCALE]: 'Window scale',
  [SACK_PERMITTED]: 'SACK permitted',
  [SACK]: 'SACK',
  [TIMESTAMPS]: 'Timestamps',
  [MD5]: 'TCP MD5 signature',
  [USER_TIMEOUT]: 'User Timeout Option',
  30: 'Multipath TCP',
  [FAST_OPEN]: 'TCP Fast Open',
  [EXPERIMENT_1]: 'RFC3692-style Experiment 1',
  [EXPERIMENT_2]: 'RFC3692-style Experiment 2',
};

/** A TCP option: where it starts, its kind and whole length. */
interface TcpOption {
  readonly kind: number;
  readonly at: number;
  readonly length: number;
}

const one = { many: false };
const OPTIONS = variable('tcp.options', 'TCP Options', 'bytes', one);
const KIND = variable('tcp.option_kind', 'Kind', 'uint8', { names: NAMES });
const LENGTH = variable('tcp.option_len', 'Length', 'uint8');
const MSS_VALUE = variable('tcp.options.mss_val', 'MSS Value', 'uint16', one);
const SHIFT = variable('tcp.options.wscale.shift', 'Shift count', 'uint8', one);
const MULTIPLIER = variable('tcp.options.wscale.multiplier', 'Multiplier', 'uint16', one);
const TSVAL = variable('tcp.options.timestamp.tsval', 'Timestamp value', 'uint32', one);
const TSECR = variable('tcp.options.timestamp.tsecr', 'Timestamp echo reply', 'uint32', one);
const SACK_LEFT = variable('tcp.options.sack_le', 'TCP SACK Left Edge', 'uint32');
const SACK_RIGHT = variable('tcp.options.sack_re', 'TCP SACK Right Edge', 'uint32');
const SACK_COUNT = variable('tcp.options.sack.count', 'TCP SACK Count', 'uint8', one);
const DSACK_LEFT = variable('tcp.options.sack.dsack_le', 'TCP D-SACK Left Edge', 'uint32', one);
const DSACK_RIGHT = variable('tcp.options.sack.dsack_re', 'TCP D-SACK Right Edge', 'uint32', one);
const DIGEST = variable('tcp.options.md5.digest', 'MD5 digest', 'bytes', one);
const GRANULARITY = variable('tcp.options.user_to_granularity', 'Granularity', 'boolean', one);
const TIMEOUT = variable('tcp.options.user_to_val', 'User Timeout', 'uint16', one);
const COOKIE_REQUEST = variable('tcp.options.tfo.request', 'Fast Open Cookie Request', 'none', one);
const COOKIE = variable('tcp.options.tfo.cookie', 'Fast Open Cookie', 'bytes', one);
const EXPERIMENT = variable('tcp.options.experimental.exid', 'Experiment Identifier', 'uint16', {
  hex: true,
  many: false,
});

export const OPTION_FIELDS = [
  OPTIONS,
  KIND,
  LENGTH,
  MSS_VALUE,
  SHIFT,
  MULTIPLIER,
  TSVAL,
  TSECR,
  SACK_LEFT,
  SACK_RIGHT,
  SACK_COUNT,
  DSACK_LEFT,
  DSACK_RIGHT,
  DIGEST,
  GRANULARITY,
  TIMEOUT,
  COOKIE_REQUEST,
  COOKIE,
  EXPERIMENT,
];

function headerEnd(p: PacketView, l: Layer): number {
  return l.at + (p.u8(l.at + 12) >> 4) * 4;
}

/** The options of a segment; stops at one that runs past the header. What pads the list counts as its ends. */
function optionsOf(p: PacketView, l: Layer): TcpOption[] {
  const out: TcpOption[] = [];
  const end = Math.min(l.end, headerEnd(p, l));
  let at = l.at + 20;
  while (at < end) {
    const kind = p.u8(at);
    const length = kind <= NOP ? 1 : at + 1 < end ? p.u8(at + 1) : 0;
    if (length < 1 || (kind > NOP && length < 2) || at + length > end) {
      break;
    }
    out.push({ kind, at, length });
    at += length;
  }
  return out;
}

function find(p: PacketView, l: Layer, kind: number): TcpOption | undefined {
  return optionsOf(p, l).find((o) => o.kind === kind);
}

/** The window scale option of a segment, or -1. */
export function windowShift(p: PacketView, l: Layer): number {
  const o = optionsOf(p, l).find((x) => x.kind === WINDOW_SCALE && x.length === 3);
  return o === undefined ? -1 : p.u8(o.at + 2);
}

/** Bytes of the ranges that a segment acknowledges beyond a gap; -1 if it has no such option. */
export function sackedBytes(p: PacketView, l: Layer): number {
  const o = headerEnd(p, l) > l.at + 20 ? find(p, l, SACK) : undefined;
  if (o === undefined) {
    return -1;
  }
  const ack = p.u32(l.at + 8);
  let bytes = 0;
  for (let at = o.at + 2; at + 8 <= o.at + o.length; at += 8) {
    const [left, right] = [p.u32(at), p.u32(at + 4)];
    // What was acknowledged before is a duplicate.
    bytes += seqDiff(right, ack) > 0 ? Math.max(0, seqDiff(right, left)) : 0;
  }
  return bytes;
}

/** Option of multipath TCP (RFC 8684). */
const MPTCP = 30;

/** Whether a segment belongs to a connection of several paths. */
export function hasMptcp(p: PacketView, l: Layer): boolean {
  return headerEnd(p, l) > l.at + 20 && find(p, l, MPTCP) !== undefined;
}

/** TCP, and each option of multipath TCP, which Wireshark counts as a protocol. */
export function tcpChain(p: PacketView, l: Layer): string {
  return ['tcp', ...optionsOf(p, l).flatMap((o) => (o.kind === MPTCP ? ['mptcp'] : []))].join(':');
}

const ROW_OF_NOPS = 4;

/** True if there are four options in a row that do nothing. */
export function hasRowOfNops(p: PacketView, l: Layer): boolean {
  if (headerEnd(p, l) < l.at + 20 + ROW_OF_NOPS) {
    return false;
  }
  let row = 0;
  for (const o of optionsOf(p, l)) {
    row = o.kind === NOP ? row + 1 : 0;
    if (row === ROW_OF_NOPS) {
      return true;
    }
  }
  return false;
}

/** The line of all options, with one for each below it, and what is wrong with the header's length. */
export function optionParts(p: PacketView, l: Layer): Part[] {
  const end = headerEnd(p, l);
  const length = end - l.at - 20;
  const options = optionsOf(p, l);
  if (length < 0 || end > l.end) {
    // The options up to the packet's end have values, but are not shown.
    const hidden = options.map((o) => ({ ...optionPart(p, l, o), label: undefined }));
    return [malformedPart(p, `TCP header length ${length + 20}`, l.at + 12), ...hidden];
  }
  if (length === 0) {
    return [];
  }
  const last = options.at(-1);
  const reached = last === undefined ? l.at + 20 : last.at + last.length;
  const inside = options.map((o) => optionPart(p, l, o));
  if (reached < end && last?.kind !== END) {
    inside.push(malformedPart(p, 'TCP option length', reached));
  }
  const label = (): string => `Options: (${length} bytes), ${options.map(nameOf).join(', ')}`;
  const value = p.bytes(l.at + 20, end);
  return [{ field: OPTIONS, value, from: l.at + 20, length, label, text: () => '', inside }];
}

function nameOf(o: TcpOption): string {
  return NAMES[o.kind] ?? `Unknown (${o.kind})`;
}

/** A value that the option's own line says, so that it has none. */
function quiet(field: FieldDeclaration, value: FieldScalar, from: number, length: number): Part {
  return { field, value, from, length };
}

function optionPart(p: PacketView, l: Layer, o: TcpOption): Part {
  const { at, kind, length } = o;
  const inside = [quiet(KIND, kind, at, 1)];
  if (kind > NOP) {
    inside.push(quiet(LENGTH, length, at + 1, 1));
  }
  const [words, values] = contentOf(p, l, o);
  const label = (): string => `TCP Option - ${nameOf(o)}${words}`;
  const text = (): string => String(kind);
  return { name: 'tcp.option', from: at, length, label, text, inside: [...inside, ...values] };
}

/** What an option says, in words and as values. */
function contentOf(p: PacketView, l: Layer, o: TcpOption): readonly [words: string, values: readonly Part[]] {
  const v = o.at + 2;
  switch (o.kind) {
    case MSS:
      return o.length === 4 ? [`: ${p.u16(v)} bytes`, [quiet(MSS_VALUE, p.u16(v), v, 2)]] : ['', []];
    case WINDOW_SCALE:
      return o.length === 3 ? scale(p.u8(v), v) : ['', []];
    case TIMESTAMPS:
      return o.length === 10
        ? [
            `: TSval ${p.u32(v)}, TSecr ${p.u32(v + 4)}`,
            [quiet(TSVAL, p.u32(v), v, 4), quiet(TSECR, p.u32(v + 4), v + 4, 4)],
          ]
        : ['', []];
    case SACK:
      return sack(p, l, o);
    case MD5:
      return ['', [quiet(DIGEST, p.bytes(v, o.at + o.length), v, o.length - 2)]];
    case USER_TIMEOUT:
      return o.length === 4
        ? ['', [quiet(GRANULARITY, p.u8(v) > 127, v, 2), quiet(TIMEOUT, p.u16(v) & 0x7fff, v, 2)]]
        : ['', []];
    case FAST_OPEN:
      return fastOpen(p, v, o.length - 2);
    case EXPERIMENT_1:
    case EXPERIMENT_2:
      return o.length < 4 ? ['', []] : experiment(p, o);
    default:
      return ['', []];
  }
}

function scale(shift: number, at: number): readonly [string, readonly Part[]] {
  const factor = 2 ** Math.min(shift, MAX_WINDOW_SHIFT);
  return [`: ${shift} (multiply by ${factor})`, [quiet(SHIFT, shift, at, 1), quiet(MULTIPLIER, factor, at, 1)]];
}

function fastOpen(p: PacketView, at: number, length: number): readonly [string, readonly Part[]] {
  return length <= 0
    ? ['', [quiet(COOKIE_REQUEST, true, at - 2, 2)]]
    : ['', [quiet(COOKIE, p.bytes(at, at + length), at, length)]];
}

/** The experiment whose number says that it is fast open. */
function experiment(p: PacketView, o: TcpOption): readonly [string, readonly Part[]] {
  const id = p.u16(o.at + 2);
  const [, values] = id === 0xf989 ? fastOpen(p, o.at + 4, o.length - 4) : ['', []];
  return ['', [quiet(EXPERIMENT, id, o.at + 2, 2), ...values]];
}

/** Blocks that have arrived out of turn. One of the acknowledged bytes says that they came twice (RFC 2883). */
function sack(p: PacketView, l: Layer, o: TcpOption): readonly [string, readonly Part[]] {
  const edges = sackEdges(p, l, o);
  const values = edges.flatMap(({ left, right, at }) => [
    quiet(SACK_LEFT, left, at, 4),
    quiet(SACK_RIGHT, right, at + 4, 4),
  ]);
  values.push(quiet(SACK_COUNT, edges.length, o.at, 0));
  const [first] = edges;
  if (first !== undefined && isDuplicate(edges, ackOf(p, l))) {
    values.push(quiet(DSACK_LEFT, first.left, first.at, 4), quiet(DSACK_RIGHT, first.right, first.at + 4, 4));
  }
  return [edges.map((e) => ` ${e.left}-${e.right}`).join(''), values];
}

interface Edges {
  readonly left: number;
  readonly right: number;
  readonly at: number;
}

function sackEdges(p: PacketView, l: Layer, o: TcpOption): Edges[] {
  const note = tcpNote(l);
  const base = note === undefined ? 0 : Math.max(0, note.connection.sides[note.dir === 0 ? 1 : 0].isn);
  return Array.from({ length: (o.length - 2) >> 3 }, (_, i) => {
    const at = o.at + 2 + 8 * i;
    return { left: (p.u32(at) - base) >>> 0, right: (p.u32(at + 4) - base) >>> 0, at };
  });
}

function ackOf(p: PacketView, l: Layer): number {
  return tcpNote(l)?.relative.ack ?? p.u32(l.at + 8);
}

function isDuplicate(edges: readonly Edges[], ack: number): boolean {
  const [first, second] = edges;
  if (first === undefined) {
    return false;
  }
  const within = second !== undefined && first.left >= second.left && first.right <= second.right;
  return first.left < ack || within;
}

/** True if the first block of a selective acknowledgment came twice. */
export function hasDuplicateSack(p: PacketView, l: Layer): boolean {
  const o = find(p, l, SACK);
  return o !== undefined && isDuplicate(sackEdges(p, l, o), ackOf(p, l));
}

/** What the packet list says of the options: `MSS=1460`, `WS=128`, ... */
export function optionWords(p: PacketView, l: Layer): string[] {
  return optionsOf(p, l).flatMap((o) => {
    const v = o.at + 2;
    switch (`${o.kind} ${o.length}`) {
      case `${MSS} 4`:
        return [`MSS=${p.u16(v)}`];
      case `${WINDOW_SCALE} 3`:
        return [`WS=${2 ** Math.min(MAX_WINDOW_SHIFT, p.u8(v))}`];
      case `${TIMESTAMPS} 10`:
        return [`TSval=${p.u32(v)} TSecr=${p.u32(v + 4)}`];
      default:
        return otherWords(p, l, o);
    }
  });
}

function otherWords(p: PacketView, l: Layer, o: TcpOption): string[] {
  switch (o.kind) {
    case SACK_PERMITTED:
      return ['SACK_PERM'];
    case SACK:
      return sackEdges(p, l, o).map((e) => `SLE=${e.left} SRE=${e.right}`);
    case MD5:
      return ['MD5'];
    case FAST_OPEN:
      return [o.length === 2 ? 'TFO=R' : 'TFO=C'];
    default:
      return [];
  }
}
