/** The frame: what is known of a packet before its bytes are looked at. */
import { cutWords, MALFORMED } from '../cut.ts';
import { computed, HIDDEN, parts, variable } from '../declare.ts';
import { printable } from '../format.ts';
import type { Layer } from '../layer.ts';
import type { FrameRecord, PacketView } from '../packet-view.ts';
import {
  type Expert,
  type FieldDeclaration,
  type FieldType,
  GROUP,
  GROUP_NAMES,
  type Part,
  Protocol,
  SEVERITY,
  SEVERITY_NAMES,
} from '../protocol.ts';
import { dateText, epochSeconds, SECOND, secondsText, timeBetween } from '../times.ts';
import { ENCAPSULATIONS } from './encapsulations.ts';

function bytesAndBits(n: number): string {
  return `${n} bytes (${n * 8} bits)`;
}

/** The chain of protocols: `eth:ethertype:ip:tcp:http`. */
function protocolsOf(p: PacketView): string {
  return p
    .layers()
    .map((l) => chainOf(p, l))
    .filter((name) => name !== '')
    .join(':');
}

function chainOf(p: PacketView, l: Layer): string {
  const { chain = l.protocol.name } = l.protocol.declaration;
  return typeof chain === 'string' ? chain : chain(p, l);
}

function numberOf(p: PacketView): number {
  return p.number > 0 ? p.number : (p.known?.numberOf(p) ?? 0);
}

/** What the packet's capture says of it; in a replay, that of the packet which this one is. */
function recordOf(p: PacketView): FrameRecord | null {
  return p.frame ?? p.known?.recordOf(numberOf(p)) ?? null;
}

/** Seconds since the capture's first packet, if it is known which packet of it this is. */
function secondsOf(p: PacketView): number | undefined {
  const number = numberOf(p);
  return recordOf(p)?.seconds ?? (number > 0 ? p.known?.secondsOf(number) : undefined);
}

/** Seconds since the packet before. */
function deltaOf(p: PacketView): number | undefined {
  const f = recordOf(p);
  return f === null ? undefined : f.packet.tsSec - f.before.tsSec + (f.packet.tsNsec - f.before.tsNsec) / 1e9;
}

/** The same with all digits, which a number does not have after some months. */
function relativeText(p: PacketView): string {
  const f = recordOf(p);
  return f === null ? (secondsOf(p)?.toFixed(9) ?? '') : timeBetween(f.first, f.packet);
}

function deltaText(p: PacketView): string {
  const f = recordOf(p);
  return f === null ? '' : timeBetween(f.before, f.packet);
}

function epochOf(p: PacketView): number | undefined {
  return epochSeconds(recordOf(p)?.packet);
}

/** `946739304.476720000`. */
function epochText(p: PacketView): string {
  const f = recordOf(p);
  return f === null ? '' : secondsText(f.packet.tsSec, f.packet.tsNsec);
}

function arrivalText(p: PacketView): string {
  return dateText(recordOf(p)?.packet);
}

/** A field that a packet of a capture has. */
function ofCapture(
  name: string,
  description: string,
  type: FieldType,
  value: (f: FrameRecord) => number | string | boolean | undefined,
): FieldDeclaration {
  const of = (p: PacketView): number | string | boolean | undefined => {
    const f = recordOf(p);
    return f === null ? undefined : value(f);
  };
  return computed(name, description, type, of, { label: (p) => `${description}: ${String(of(p))}` });
}

const COMMENT = variable('frame.comment', 'Comment', 'string');

/** Comments of the capture's. */
function comments(p: PacketView): Part[] {
  return (recordOf(p)?.comments ?? []).map((comment) => ({
    field: COMMENT,
    value: comment,
    from: p.off,
    length: 0,
    label: () => printable(comment),
    text: () => printable(comment),
  }));
}

const EXPERT = variable('_ws.expert', 'Expert Info', 'none');
const MESSAGE = variable('_ws.expert.message', 'Message', 'string');
const SEVERITY_LEVEL = variable('_ws.expert.severity', 'Severity level', 'uint32', { names: SEVERITY_NAMES });
const GROUP_NUMBER = variable('_ws.expert.group', 'Group', 'uint32', { names: GROUP_NAMES });

const BROKEN: Expert = { message: 'Malformed Packet (Exception occurred)', severity: 'error', group: 'malformed' };

function expertParts(l: Layer, e: Expert): Part[] {
  const place = { from: l.at, length: 0 };
  return [
    { field: EXPERT, value: true, ...place },
    { field: MESSAGE, value: e.message, ...place },
    { field: SEVERITY_LEVEL, value: SEVERITY[e.severity], ...place },
    { field: GROUP_NUMBER, value: GROUP[e.group], ...place },
  ];
}

/** What experts say of all layers. The lines are shown with the layers (`dissect`). */
function experts(p: PacketView): Part[] {
  const layers = p.layers();
  const said = layers.flatMap((l) => (l.protocol.declaration.experts?.(p, l) ?? []).flatMap((e) => expertParts(l, e)));
  // A message whose end is missing for no reason is malformed: the list says so as well.
  const speaker = layers.findLast((l) => !l.quoted && !l.partial && l.protocol.declaration.info !== undefined);
  const broken = speaker?.protocol.declaration.info?.(p, speaker).endsWith(MALFORMED) === true;
  return speaker !== undefined && broken ? [...said, ...expertParts(speaker, BROKEN)] : said;
}

/** A fraction of a second that is none: the file is damaged, or something else. */
function frameExperts(p: PacketView): Expert[] {
  const ns = recordOf(p)?.packet.tsNsec ?? 0;
  const message = `Arrival Time: Fractional second ${ns} is invalid, the valid range is 0-${SECOND}`;
  return ns >= 0 && ns < SECOND ? [] : [{ message, severity: 'note', group: 'sequence' }];
}

export const frame: Protocol = new Protocol({
  name: 'frame',
  title: 'Frame',
  column: 'Frame',
  chain: '',
  found: {},
  header: 0,
  carries: 'linktype',
  line: (p) =>
    `Frame${numberOf(p) > 0 ? ` ${numberOf(p)}` : ''}: ${p.wireLength} bytes on wire (${p.wireLength * 8} bits), ` +
    `${p.len} bytes captured (${p.len * 8} bits)`,
  length: (p) => p.len,
  // The frame speaks only if it is too short for its link layer.
  columnOf: (p) => p.malformed()?.declaration.column ?? 'Frame',
  info: cutWords,
  experts: frameExperts,
  fields: [
    parts(comments),
    COMMENT,
    ofCapture('frame.section_number', 'Section number', 'uint32', (f) => f.section),
    ofCapture('frame.interface_id', 'Interface id', 'uint32', (f) =>
      f.section === undefined ? undefined : f.packet.iface,
    ),
    ofCapture('frame.interface_name', 'Interface name', 'string', (f) =>
      f.section === undefined ? undefined : f.iface?.name.replace(/\0+$/, '') || 'unknown',
    ),
    ofCapture('frame.interface_description', 'Interface description', 'string', (f) =>
      f.section === undefined ? undefined : f.iface?.description || undefined,
    ),
    ofCapture('frame.encap_type', 'Encapsulation type', 'int32', (f) => ENCAPSULATIONS.get(f.iface?.linktype ?? -1)),
    computed('frame.time', 'Arrival Time', 'time', epochOf, {
      label: (p) => `Arrival Time: ${arrivalText(p)}`,
      text: arrivalText,
      plain: arrivalText,
    }),
    computed(
      'frame.offset_shift',
      'Time shift for this packet',
      'seconds',
      (p) => (recordOf(p) === null ? undefined : 0),
      {
        label: () => '[Time shift for this packet: 0.000000000 seconds]',
      },
    ),
    computed('frame.time_epoch', 'Epoch Time', 'time', epochOf, {
      label: (p) => `Epoch Time: ${epochText(p)} seconds`,
      text: epochText,
      plain: epochText,
    }),
    computed('frame.time_delta', 'Time delta from previous captured frame', 'seconds', deltaOf, {
      label: (p) => `[Time delta from previous captured frame: ${deltaText(p)} seconds]`,
      plain: deltaText,
    }),
    computed('frame.time_delta_displayed', 'Time delta from previous displayed frame', 'seconds', deltaOf, {
      label: (p) => `[Time delta from previous displayed frame: ${deltaText(p)} seconds]`,
      plain: deltaText,
    }),
    computed('frame.time_relative', 'Time since reference or first frame', 'seconds', secondsOf, {
      label: (p) => `[Time since reference or first frame: ${relativeText(p)} seconds]`,
      plain: relativeText,
    }),
    computed('frame.number', 'Frame Number', 'uint32', (p) => (numberOf(p) > 0 ? numberOf(p) : undefined)),
    computed('frame.len', 'Frame Length', 'uint32', (p) => p.wireLength, {
      label: (p) => `Frame Length: ${bytesAndBits(p.wireLength)}`,
    }),
    computed('frame.cap_len', 'Capture Length', 'uint32', (p) => p.len, {
      label: (p) => `Capture Length: ${bytesAndBits(p.len)}`,
    }),
    computed('frame.marked', 'Frame is marked', 'boolean', (p) => (recordOf(p) === null ? undefined : false), HIDDEN),
    computed('frame.ignored', 'Frame is ignored', 'boolean', (p) => (recordOf(p) === null ? undefined : false), HIDDEN),
    computed('frame.protocols', 'Protocols in frame', 'string', protocolsOf, {
      label: (p) => `[Protocols in frame: ${protocolsOf(p)}]`,
    }),
    parts(experts),
    EXPERT,
    MESSAGE,
    SEVERITY_LEVEL,
    GROUP_NUMBER,
  ],
});
