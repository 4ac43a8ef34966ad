/** `pktgdb/rings` and `pktgdb/descriptor`: what the picture of the rings is drawn from, read from shared memory alone. */
import type { EngineApi, GuestMemory } from '../engine/api.ts';
import { DESCRIPTOR_SIZE, type Descriptor, decodeDescriptor, flagNames } from '../inspect/descriptors.ts';
import { type Nic, nics } from '../inspect/nics.ts';
import { type Ring, type RingKind, readRing } from '../inspect/rings.ts';
import { dissectBytes, formatTree } from '../packets/dissect.ts';
import { PacketView } from '../packets/fields.ts';
import { formatSummary, summary } from '../packets/summary.ts';
import { type Arguments, RequestError } from './arguments.ts';
import type { DescriptorBody, DescriptorState, RingsBody, RingView } from './custom.ts';
import { physicalReference } from './memory.ts';
import { formatNumber } from './present.ts';

/** Packets that are dissected for one picture. */
const MAX_PACKETS = 32;
/** Bytes of a buffer in the text of a descriptor. */
const MAX_DUMP = 16384;
const DD = 1;

export function readRings(engine: EngineApi): RingsBody {
  return {
    nics: nics(engine).map((nic) => ({
      name: nic.name,
      rx: ringView(engine.memory, nic, 'rx'),
      tx: ringView(engine.memory, nic, 'tx'),
    })),
  };
}

function ringView(memory: GuestMemory, nic: Nic, kind: RingKind): RingView {
  const ring = readRing(nic.registers, kind);
  const bytes = memory.read(ring.base, ring.count * DESCRIPTOR_SIZE);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const states = Array.from({ length: ring.count }, (_, i) => stateOf(ring, view, i));
  const { base, count, head, tail, enabled, bufferSize } = ring;
  return {
    base,
    count,
    head,
    tail,
    enabled,
    bufferSize,
    states: states.join(''),
    packets: packets(memory, ring, view, states),
  };
}

function stateOf(ring: Ring, view: DataView, index: number): DescriptorState {
  const at = index * DESCRIPTOR_SIZE;
  if (at + DESCRIPTOR_SIZE > view.byteLength) {
    return '?';
  }
  // The NIC's are those from head up to, but not including, tail (8254x manual, sections 3.2.6 and 3.4).
  const span = (ring.tail - ring.head + ring.count) % ring.count;
  const owned = (index - ring.head + ring.count) % ring.count < span;
  const done = (view.getUint8(at + 12) & DD) !== 0;
  if (ring.kind === 'rx') {
    return owned ? 'n' : done ? 'p' : 'f';
  }
  return owned ? 'w' : done ? 'd' : 'f';
}

/** What the descriptors before the head hold (the newest first), and of a transmit ring those that wait. */
function packets(
  memory: GuestMemory,
  ring: Ring,
  view: DataView,
  states: readonly DescriptorState[],
): RingView['packets'] {
  const found: RingView['packets'][number][] = [];
  for (let i = 0; i < ring.count && found.length < MAX_PACKETS; i++) {
    // Backwards from the head; what waits in a transmit ring comes last, as the tail's side.
    const index = (ring.head - 1 - i + 2 * ring.count) % ring.count;
    const state = states[index];
    if (state === 'p' || state === 'd' || state === 'w') {
      const d = descriptorAt(ring, view, index);
      if (d.address !== undefined && d.length > 0) {
        found.push({ index, length: d.length, summary: summaryOf(memory, d) });
      }
    }
  }
  return found;
}

function descriptorAt(ring: Ring, view: DataView, index: number): Descriptor {
  const one = new DataView(view.buffer, view.byteOffset + index * DESCRIPTOR_SIZE, DESCRIPTOR_SIZE);
  return decodeDescriptor(ring.kind, one);
}

/** Wireshark's line for the buffer; a later fragment of a packet is not one, and reads as what it looks like. */
function summaryOf(memory: GuestMemory, { address = 0, length }: Descriptor): string {
  const bytes = memory.read(address, Math.min(length, MAX_DUMP));
  return bytes.length === 0 ? '(not mapped)' : formatSummary(summary(new PacketView(bytes, 'ethernet')));
}

/** A descriptor, its packet dissected, and its bytes. */
export function readDescriptor(engine: EngineApi, args: Arguments): DescriptorBody {
  const kind = args.string('ring');
  const nic = nics(engine).find(({ name }) => name === args.string('nic'));
  if (nic === undefined || (kind !== 'rx' && kind !== 'tx')) {
    throw new RequestError(`There is no ring ${kind} of ${args.string('nic')}.`);
  }
  const ring = readRing(nic.registers, kind);
  const index = args.count('index', 0);
  const at = ring.base + index * DESCRIPTOR_SIZE;
  const bytes = engine.memory.read(at, DESCRIPTOR_SIZE);
  if (index >= ring.count || bytes.length < DESCRIPTOR_SIZE) {
    throw new RequestError(
      `The ${kind} ring of ${nic.name} has ${ring.count} descriptors; there is no number ${index}.`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, DESCRIPTOR_SIZE);
  const d = decodeDescriptor(kind, view);
  const marks = [...(index === ring.head ? ['head'] : []), ...(index === ring.tail ? ['tail'] : [])].join(', ');
  const title = `${nic.name}, ${kind === 'rx' ? 'Rx' : 'Tx'} descriptor ${index} of ${ring.count} at ${physicalReference(at)}`;
  const lines = [`${title}${marks === '' ? '' : ` (${marks})`}`, `  kind      ${d.kind}`];
  if (d.address !== undefined) {
    lines.push(`  address   ${physicalReference(d.address)}`);
  }
  for (const { name, value, digits, flags } of d.fields) {
    const words = flags === undefined ? '' : ` ${flagNames(value, flags)}`;
    lines.push(`  ${name.padEnd(9)} ${formatNumber(value, { hex: true }, digits * 4)}${words}`);
  }
  return { text: `${lines.join('\n')}\n${bufferText(engine.memory, ring, d)}` };
}

function bufferText(memory: GuestMemory, ring: Ring, d: Descriptor): string {
  if (d.address === undefined) {
    return '';
  }
  if (d.length === 0) {
    return `\nThe buffer is empty${ring.kind === 'rx' ? `: ${ring.bufferSize} bytes for the NIC to fill` : ''}.\n`;
  }
  const status = d.fields.find(({ name }) => name === 'status')?.value ?? 0;
  if (ring.kind === 'rx' && (status & DD) === 0) {
    return '\nNo packet: the NIC has not filled this descriptor since the driver made it ready. Its length is that of an earlier packet.\n';
  }
  const bytes = memory.read(d.address, Math.min(d.length, MAX_DUMP));
  if (bytes.length === 0) {
    return `\nThere is no memory at ${physicalReference(d.address)}.\n`;
  }
  return `\n${formatTree(dissectBytes(bytes, 'ethernet'))}\n${hexDump(bytes, d.address)}`;
}

/** `00201800  52 54 00 ...  RT...`, 16 bytes a line. */
function hexDump(bytes: Uint8Array, address: number): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.subarray(at, at + 16)];
    const hex = row.map((b) => b.toString(16).padStart(2, '0')).join(' ');
    const ascii = row.map((b) => (b >= 32 && b < 127 ? String.fromCharCode(b) : '.')).join('');
    text += `${(address + at).toString(16).padStart(8, '0')}  ${hex.padEnd(47)}  ${ascii}\n`;
  }
  return text;
}
