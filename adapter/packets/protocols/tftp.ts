/** TFTP (RFC 1350, RFC 2347). */
import { malformedPart, parts, uint16, variable } from '../declare.ts';
import { printable } from '../format.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type FieldDeclaration, type Names, type Part, Protocol } from '../protocol.ts';
import { endpointsOf } from '../sessions.ts';

const READ = 1;
const WRITE = 2;
const DATA = 3;
const ACK = 4;
const ERROR = 5;
const OPTIONS = 6;
const OPCODES: Names = {
  0: '',
  [READ]: 'Read Request',
  [WRITE]: 'Write Request',
  [DATA]: 'Data Packet',
  [ACK]: 'Acknowledgement',
  [ERROR]: 'Error Code',
  [OPTIONS]: 'Option Acknowledgement',
};
/** Bytes of a block; a shorter one is the last. */
const BLOCK_SIZE = 512;

const SOURCE_FILE = variable('tftp.source_file', 'Source File', 'string', { many: false });
const DESTINATION_FILE = variable('tftp.destination_file', 'Destination File', 'string', { many: false });
const TYPE = variable('tftp.type', 'Type', 'string', { many: false });
const ERROR_MESSAGE = variable('tftp.error.message', 'Error message', 'string', { many: false });

/** The NUL-terminated strings after the opcode, with where each starts. */
function strings(p: PacketView, l: Layer): { at: number; text: string }[] {
  const out: { at: number; text: string }[] = [];
  for (let at = l.at + 2; at < l.end; ) {
    const text = p.ascii(at, l.end);
    out.push({ at, text });
    at += text.length + 1;
  }
  return out;
}

/** A file name and a mode, then options; an acknowledgement has options only. */
function stringParts(p: PacketView, l: Layer, opcode: number): Part[] {
  const rows: readonly (readonly [label: string, field: FieldDeclaration])[] =
    opcode === OPTIONS
      ? []
      : [
          ['File', opcode === READ ? SOURCE_FILE : DESTINATION_FILE],
          ['Type', TYPE],
        ];
  return strings(p, l).map(({ at, text }, i) => {
    const [label, field] = rows[i] ?? ['Option'];
    return {
      ...(field ? { field, value: text } : {}),
      from: at,
      length: Math.min(text.length + 1, l.end - at),
      label: () => `${label}: ${printable(text)}`,
      text: () => printable(text),
    };
  });
}

/** What follows the opcode, and the block or code. */
function variableParts(p: PacketView, l: Layer): Part[] {
  const opcode = p.u16(l.at);
  const from = l.at + 4;
  const length = l.end - from;
  if (opcode === READ || opcode === WRITE || opcode === OPTIONS) {
    return stringParts(p, l, opcode);
  }
  if (length < 0 || opcode < READ || opcode > OPTIONS) {
    return [malformedPart(p, 'TFTP', l.at + 2)];
  }
  if (opcode === DATA) {
    return [{ name: 'data', from, length, label: () => `Data (${length} bytes)` }];
  }
  if (opcode === ERROR) {
    const value = p.ascii(from, l.end);
    const text = (): string => printable(value);
    return [{ field: ERROR_MESSAGE, value, from, length, label: () => `Error message: ${text()}`, text }];
  }
  return [];
}

function info(p: PacketView, l: Layer): string {
  const opcode = p.u16(l.at);
  const name = OPCODES[opcode] ?? `Unknown opcode ${opcode}`;
  if (opcode === READ || opcode === WRITE) {
    const [file = '', ...rest] = strings(p, l).map((s) => printable(s.text));
    return `${name}, File: ${file}, Transfer type: ${rest.join(', ')}`;
  }
  if (l.at + 4 > l.end) {
    return name;
  }
  if (opcode === DATA || opcode === ACK) {
    const last = opcode === DATA && l.end - l.at - 4 < BLOCK_SIZE ? ' (last)' : '';
    return `${name}, Block: ${p.u16(l.at + 2)}${last}`;
  }
  return opcode === ERROR ? `${name}, Code: ${p.u16(l.at + 2)}, Message: ${printable(p.ascii(l.at + 4, l.end))}` : name;
}

export const tftp: Protocol = new Protocol({
  name: 'tftp',
  title: 'Trivial File Transfer Protocol',
  column: 'TFTP',
  found: { 'udp.port': [69] },
  header: 2,
  measure: (p, l) => {
    l.body = p.u16(l.at) === DATA ? Math.min(l.at + 4, l.end) : l.end;
  },
  carries: 'tftp.data',
  note: (p, l) => {
    // The answers come from another port than the one that was asked.
    if (l.below !== null && (p.u16(l.at) === READ || p.u16(l.at) === WRITE)) {
      p.sessions?.expect('udp', endpointsOf(p, l.below)[0], tftp);
    }
  },
  fields: [
    uint16('tftp.opcode', 'Opcode', 0, { names: OPCODES }),
    uint16('tftp.block', 'Block', 2, { when: (p, l) => p.u16(l.at) === DATA || p.u16(l.at) === ACK }),
    uint16('tftp.error.code', 'Error code', 2, { when: (p, l) => p.u16(l.at) === ERROR }),
    parts(variableParts),
    SOURCE_FILE,
    DESTINATION_FILE,
    TYPE,
    ERROR_MESSAGE,
  ],
  info,
});
