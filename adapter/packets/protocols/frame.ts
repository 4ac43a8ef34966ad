/** The frame: what is known of a packet before its bytes are looked at. */
import { cutWords } from '../cut.ts';
import { computed, HIDDEN, parts, variable } from '../declare.ts';
import { printable } from '../format.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type FieldDeclaration, type FieldType, GROUP, type Part, Protocol, SEVERITY } from '../protocol.ts';
import type { CapturePacket } from '../types.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `frame.encap_type` by the file's number of a link type. */
const ENCAPSULATIONS: Readonly<Record<number, number>> = {
  0: 15,
  1: 1,
  9: 4,
  12: 7,
  14: 7,
  101: 7,
  104: 28,
  105: 20,
  108: 15,
  113: 25,
  127: 23,
  228: 129,
  229: 130,
  276: 210,
};

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

/** Seconds since the capture's first packet, if it is known which packet of it this is. */
function secondsOf(p: PacketView): number | undefined {
  if (p.frame !== null) {
    return p.frame.seconds;
  }
  const number = p.known === null ? 0 : numberOf(p);
  return number > 0 ? p.known?.secondsOf(number) : undefined;
}

/** Seconds since the packet before. */
function deltaOf(p: PacketView): number | undefined {
  const f = p.frame;
  return f === null ? undefined : f.packet.tsSec - f.before.tsSec + (f.packet.tsNsec - f.before.tsNsec) / 1e9;
}

/** The same with all digits, which a number does not have after some months. */
function relativeText(p: PacketView): string {
  if (p.frame === null) {
    return secondsOf(p)?.toFixed(9) ?? '';
  }
  const { packet, first } = p.frame;
  const ns = BigInt(packet.tsSec - first.tsSec) * 1_000_000_000n + BigInt(packet.tsNsec - first.tsNsec);
  const digits = String(ns < 0n ? -ns : ns).padStart(10, '0');
  return `${ns < 0n ? '-' : ''}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

function epochOf(p: PacketView): number | undefined {
  return p.frame === null ? undefined : p.frame.packet.tsSec + p.frame.packet.tsNsec / 1e9;
}

function nanoseconds(packet: CapturePacket): string {
  return String(packet.tsNsec).padStart(9, '0');
}

/** `946739304.476720000`. */
function epochText(p: PacketView): string {
  return p.frame === null ? '' : `${p.frame.packet.tsSec}.${nanoseconds(p.frame.packet)}`;
}

/** `Feb  7, 2020 22:14:18.139181000 UTC`. */
function dateText(p: PacketView): string {
  if (p.frame === null) {
    return '';
  }
  const { packet } = p.frame;
  const d = new Date(packet.tsSec * 1000);
  const day = String(d.getUTCDate()).padStart(2);
  const time = [d.getUTCHours(), d.getUTCMinutes(), d.getUTCSeconds()].map((n) => String(n).padStart(2, '0')).join(':');
  return `${MONTHS[d.getUTCMonth()]} ${day}, ${d.getUTCFullYear()} ${time}.${nanoseconds(packet)} UTC`;
}

/** A field that a packet of a capture has. */
function ofCapture(
  name: string,
  description: string,
  type: FieldType,
  value: (p: PacketView) => number | string | boolean | undefined,
  unit = '',
): FieldDeclaration {
  const text = (p: PacketView): string => {
    const v = value(p);
    return typeof v === 'number' && type === 'seconds' ? v.toFixed(9) : String(v);
  };
  return computed(name, description, type, (p) => (p.frame === null ? undefined : value(p)), {
    label: (p) => `${description}: ${text(p)}${unit}`,
  });
}

const COMMENT = variable('frame.comment', 'Comment', 'string');

/** Comments of the capture's. */
function comments(p: PacketView): Part[] {
  return (p.frame?.comments ?? []).map((comment) => ({
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
const SEVERITY_LEVEL = variable('_ws.expert.severity', 'Severity level', 'uint32');
const GROUP_NUMBER = variable('_ws.expert.group', 'Group', 'uint32');

/** What experts say of all layers. The lines are shown with the layers (`dissect`). */
function experts(p: PacketView): Part[] {
  return p.layers().flatMap((l) =>
    (l.protocol.declaration.experts?.(p, l) ?? []).flatMap((e) => {
      const place = { from: l.at, length: 0 };
      return [
        { field: EXPERT, value: true, ...place },
        { field: MESSAGE, value: e.message, ...place },
        { field: SEVERITY_LEVEL, value: SEVERITY[e.severity], ...place },
        { field: GROUP_NUMBER, value: GROUP[e.group], ...place },
      ];
    }),
  );
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
  fields: [
    parts(comments),
    COMMENT,
    ofCapture('frame.section_number', 'Section number', 'uint32', (p) => p.frame?.section),
    ofCapture('frame.interface_id', 'Interface id', 'uint32', (p) =>
      p.frame?.section === undefined ? undefined : p.frame.packet.iface,
    ),
    ofCapture('frame.interface_name', 'Interface name', 'string', (p) =>
      p.frame?.section === undefined ? undefined : p.frame.iface?.name.replace(/\0+$/, '') || 'unknown',
    ),
    ofCapture('frame.interface_description', 'Interface description', 'string', (p) =>
      p.frame?.section === undefined ? undefined : p.frame.iface?.description || undefined,
    ),
    ofCapture('frame.encap_type', 'Encapsulation type', 'int32', (p) => ENCAPSULATIONS[p.frame?.iface?.linktype ?? -1]),
    computed('frame.time', 'Arrival Time', 'time', epochOf, {
      label: (p) => `Arrival Time: ${dateText(p)}`,
      text: dateText,
      plain: dateText,
    }),
    computed('frame.offset_shift', 'Time shift for this packet', 'seconds', (p) => (p.frame === null ? undefined : 0), {
      label: () => '[Time shift for this packet: 0.000000000 seconds]',
    }),
    computed('frame.time_epoch', 'Epoch Time', 'time', epochOf, {
      label: (p) => `Epoch Time: ${epochText(p)} seconds`,
      text: epochText,
      plain: epochText,
    }),
    computed('frame.time_delta', 'Time delta from previous captured frame', 'seconds', deltaOf, {
      label: (p) => `[Time delta from previous captured frame: ${deltaOf(p)?.toFixed(9)} seconds]`,
    }),
    computed('frame.time_delta_displayed', 'Time delta from previous displayed frame', 'seconds', deltaOf, {
      label: (p) => `[Time delta from previous displayed frame: ${deltaOf(p)?.toFixed(9)} seconds]`,
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
    computed('frame.marked', 'Frame is marked', 'boolean', (p) => (p.frame === null ? undefined : false), HIDDEN),
    computed('frame.ignored', 'Frame is ignored', 'boolean', (p) => (p.frame === null ? undefined : false), HIDDEN),
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
