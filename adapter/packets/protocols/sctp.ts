/** SCTP (RFC 9260): the common header, and the chunks' heads. The first chunk with data carries what is above. */
import { computed, either, parts, uint16, uint32, variable } from '../declare.ts';
import { endpointsOf } from '../endpoints.ts';
import { hex } from '../format.ts';
import type { Layer } from '../layer.ts';
import { BoundedMap, type Memory, MemoryKind } from '../memory.ts';
import { group, nameOf, shown } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import { type FieldDeclaration, type Names, type Part, Protocol } from '../protocol.ts';

const DATA = 0;
const INIT = 1;
const INIT_ACK = 2;
const SACK = 3;
const I_DATA = 64;
const CHUNKS: Names = {
  [DATA]: 'DATA',
  [INIT]: 'INIT',
  [INIT_ACK]: 'INIT_ACK',
  [SACK]: 'SACK',
  4: 'HEARTBEAT',
  5: 'HEARTBEAT_ACK',
  6: 'ABORT',
  7: 'SHUTDOWN',
  8: 'SHUTDOWN_ACK',
  9: 'ERROR',
  10: 'COOKIE_ECHO',
  11: 'COOKIE_ACK',
  12: 'ECNE',
  13: 'CWR',
  14: 'SHUTDOWN_COMPLETE',
  15: 'AUTH',
  16: 'NR_SACK',
  [I_DATA]: 'I_DATA',
  128: 'ASCONF_ACK',
  129: 'PKTDROP',
  130: 'RE_CONFIG',
  132: 'PAD',
  192: 'FORWARD_TSN',
  193: 'ASCONF',
  194: 'I_FORWARD_TSN',
};
/** Bytes before the data of a chunk. */
const DATA_HEADER = 16;
const MAX_CHUNKS = 64;

const TYPE = variable('sctp.chunk_type', 'Chunk type', 'uint8', { names: CHUNKS });
const FLAGS = variable('sctp.chunk_flags', 'Chunk flags', 'uint8', { hex: true });
const LENGTH = variable('sctp.chunk_length', 'Chunk length', 'uint16');
const END = variable('sctp.data_e_bit', 'E-Bit', 'boolean');
const BEGIN = variable('sctp.data_b_bit', 'B-Bit', 'boolean');
const UNORDERED = variable('sctp.data_u_bit', 'U-Bit', 'boolean');
const IMMEDIATE = variable('sctp.data_i_bit', 'I-Bit', 'boolean');
const TSN_RELATIVE = variable('sctp.data_tsn', 'Transmission sequence number (relative)', 'uint32');
const TSN = variable('sctp.data_tsn_raw', 'Transmission sequence number (absolute)', 'uint32');
const SID = variable('sctp.data_sid', 'Stream identifier', 'uint16', { hex: true });
const SSN = variable('sctp.data_ssn', 'Stream sequence number', 'uint16');
const PPID = variable('sctp.data_payload_proto_id', 'Payload protocol identifier', 'uint32');
const CUMULATIVE_RELATIVE = variable('sctp.sack_cumulative_tsn_ack', 'Cumulative TSN ACK (relative)', 'uint32');
const CUMULATIVE = variable('sctp.sack_cumulative_tsn_ack_raw', 'Cumulative TSN ACK (absolute)', 'uint32');
const WINDOW = variable('sctp.sack_a_rwnd', 'Advertised receiver window credit (a_rwnd)', 'uint32');
const GAPS = variable('sctp.sack_number_of_gap_blocks', 'Number of gap acknowledgement blocks', 'uint16');
const DUPLICATES = variable('sctp.sack_number_of_duplicated_tsns', 'Number of duplicated TSNs', 'uint16');

/** The fields of an INIT and of its acknowledgment, which differ in their names. */
function initFields(prefix: string): readonly FieldDeclaration[] {
  return [
    variable(`sctp.${prefix}_initiate_tag`, 'Initiate tag', 'uint32', { hex: true }),
    variable(`sctp.${prefix}_credit`, 'Advertised receiver window credit (a_rwnd)', 'uint32'),
    variable(`sctp.${prefix}_nr_out_streams`, 'Number of outbound streams', 'uint16'),
    variable(`sctp.${prefix}_nr_in_streams`, 'Number of inbound streams', 'uint16'),
    variable(`sctp.${prefix}_initial_tsn`, 'Initial TSN', 'uint32'),
  ];
}

const INIT_FIELDS = initFields('init');
const INIT_ACK_FIELDS = initFields('initack');

interface Chunk {
  readonly at: number;
  readonly type: number;
  readonly length: number;
}

/** Where the packet ends; the layer itself ends with the message that it carries. */
function endOf(p: PacketView, l: Layer): number {
  return l.below?.end ?? p.limit;
}

function chunks(p: PacketView, l: Layer): Chunk[] {
  const out: Chunk[] = [];
  const end = endOf(p, l);
  for (let at = l.at + 12; at + 4 <= end && out.length < MAX_CHUNKS; ) {
    const length = p.u16(at + 2);
    out.push({ at, type: p.u8(at), length });
    if (length < 4) {
      break;
    }
    at += (length + 3) & ~3;
  }
  return out;
}

/** Numbers from which those of both ends count, if they are known: of the sender of a packet, and of its receiver. */
class TsnNote {
  readonly own: number | undefined;
  readonly peer: number | undefined;

  constructor(own: number | undefined, peer: number | undefined) {
    this.own = own;
    this.peer = peer;
  }
}

const FIRST_TSNS = new MemoryKind(() => new BoundedMap<string, [number | undefined, number | undefined]>());

function remember(p: PacketView, l: Layer, memory: Memory): TsnNote {
  const { key, dir } = endpointsOf(p, l);
  const first = FIRST_TSNS.of(memory).need(key, () => [undefined, undefined]);
  for (const { at, type } of chunks(p, l)) {
    const starts = type === INIT || type === INIT_ACK;
    if (starts && at + 20 <= endOf(p, l)) {
      first[dir] = p.u32(at + 16);
    } else if (type === DATA && at + 8 <= endOf(p, l)) {
      first[dir] ??= p.u32(at + 4);
    }
  }
  return new TsnNote(first[dir], first[dir === 0 ? 1 : 0]);
}

/** A sequence number as it is counted from the association's start; itself where that is not known. */
function relative(l: Layer, tsn: number, whose: 'own' | 'peer'): number {
  const first = l.note instanceof TsnNote ? l.note[whose] : undefined;
  return first === undefined ? tsn : (tsn - first) >>> 0;
}

function dataParts(p: PacketView, at: number): Part[] {
  const flags = p.u8(at + 1);
  return [
    shown(IMMEDIATE, (flags & 8) !== 0, [at + 1, 1]),
    shown(UNORDERED, (flags & 4) !== 0, [at + 1, 1]),
    shown(BEGIN, (flags & 2) !== 0, [at + 1, 1]),
    shown(END, (flags & 1) !== 0, [at + 1, 1]),
  ];
}

function bodyParts(p: PacketView, l: Layer, { at, type }: Chunk): Part[] {
  const end = endOf(p, l);
  const there = (n: number): boolean => at + n <= end;
  if (type === DATA && there(DATA_HEADER)) {
    return [
      shown(TSN_RELATIVE, relative(l, p.u32(at + 4), 'own'), [at + 4, 4]),
      shown(TSN, p.u32(at + 4), [at + 4, 4]),
      shown(SID, p.u16(at + 8), [at + 8, 2]),
      shown(SSN, p.u16(at + 10), [at + 10, 2]),
      shown(PPID, p.u32(at + 12), [at + 12, 4]),
    ];
  }
  if (type === SACK && there(16)) {
    return [
      shown(CUMULATIVE_RELATIVE, relative(l, p.u32(at + 4), 'peer'), [at + 4, 4]),
      shown(CUMULATIVE, p.u32(at + 4), [at + 4, 4]),
      shown(WINDOW, p.u32(at + 8), [at + 8, 4]),
      shown(GAPS, p.u16(at + 12), [at + 12, 2]),
      shown(DUPLICATES, p.u16(at + 14), [at + 14, 2]),
    ];
  }
  if ((type === INIT || type === INIT_ACK) && there(20)) {
    const places = [4, 8, 12, 14, 16];
    return (type === INIT ? INIT_FIELDS : INIT_ACK_FIELDS).map((field, i) => {
      const from = at + (places[i] ?? 0);
      const width = field.type === 'uint16' ? 2 : 4;
      return shown(field, width === 2 ? p.u16(from) : p.u32(from), [from, width]);
    });
  }
  return [];
}

function chunkPart(p: PacketView, l: Layer, chunk: Chunk): Part {
  const { at, type, length } = chunk;
  return group(
    `${nameOf(CHUNKS, type)} chunk`,
    [at, Math.min(Math.max(length, 4), endOf(p, l) - at)],
    [
      shown(TYPE, type, [at, 1]),
      shown(FLAGS, p.u8(at + 1), [at + 1, 1], { inside: type === DATA ? dataParts(p, at) : [] }),
      shown(LENGTH, length, [at + 2, 2]),
      ...bodyParts(p, l, chunk),
    ],
  );
}

/** The first chunk with a whole message in it. */
function messageChunk(p: PacketView, l: Layer): Chunk | undefined {
  return chunks(p, l).find(
    (c) => c.type === DATA && c.length > DATA_HEADER && c.at + DATA_HEADER < endOf(p, l) && (p.u8(c.at + 1) & 3) === 3,
  );
}

function measure(p: PacketView, l: Layer): void {
  const chunk = messageChunk(p, l);
  l.key = chunk === undefined ? -1 : p.u32(chunk.at + 12);
  l.body = chunk === undefined ? l.end : chunk.at + DATA_HEADER;
  l.end = chunk === undefined ? l.end : Math.min(l.end, chunk.at + chunk.length);
}

const srcport = uint16('sctp.srcport', 'Source port', 0);
const dstport = uint16('sctp.dstport', 'Destination port', 2);

export const sctp: Protocol = new Protocol({
  name: 'sctp',
  title: 'Stream Control Transmission Protocol',
  column: 'SCTP',
  found: { 'ip.proto': [132], 'udp.port': [9899] },
  header: 12,
  measure,
  remember,
  carries: 'sctp.ppi',
  line: (p, l) => {
    const [from, to] = [p.u16(l.at), p.u16(l.at + 2)];
    return `Stream Control Transmission Protocol, Src Port: ${from} (${from}), Dst Port: ${to} (${to})`;
  },
  fields: [
    srcport,
    dstport,
    uint32('sctp.verification_tag', 'Verification tag', 4, { hex: true }),
    either('sctp.port', 'Port', srcport, dstport),
    uint32('sctp.checksum', 'Checksum', 8, {
      hex: true,
      label: (p, l) => `Checksum: ${hex(p.u32(l.at + 8), 8)} [unverified]`,
    }),
    computed('sctp.checksum.status', 'Checksum Status', 'uint8', () => 2, {
      label: () => '[Checksum Status: Unverified]',
    }),
    parts((p, l) => chunks(p, l).map((c) => chunkPart(p, l, c))),
    TYPE,
    FLAGS,
    IMMEDIATE,
    UNORDERED,
    BEGIN,
    END,
    LENGTH,
    TSN_RELATIVE,
    TSN,
    SID,
    SSN,
    PPID,
    CUMULATIVE_RELATIVE,
    CUMULATIVE,
    WINDOW,
    GAPS,
    DUPLICATES,
    ...INIT_FIELDS,
    ...INIT_ACK_FIELDS,
  ],
  info: (p, l) =>
    chunks(p, l)
      .map((c) => `${nameOf(CHUNKS, c.type)} ${numberWords(p, l, c)}`)
      .join(''),
});

function numberWords(p: PacketView, l: Layer, { at, type }: Chunk): string {
  if (type === DATA && at + 8 <= endOf(p, l)) {
    return `(TSN=${relative(l, p.u32(at + 4), 'own')}) `;
  }
  return type === SACK && at + 12 <= endOf(p, l)
    ? `(Ack=${relative(l, p.u32(at + 4), 'peer')}, Arwnd=${p.u32(at + 8)}) `
    : '';
}
