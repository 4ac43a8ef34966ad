/**
 * `pktgdb/rings` and `pktgdb/descriptor`: what the picture of the rings is drawn from, read from shared memory alone.
 */
import type { EngineApi, GuestMemory } from '../engine/api.ts';
import { type Descriptor, flagNames } from '../inspect/descriptors.ts';
import { type Nic, nics } from '../inspect/nics.ts';
import { bufferBytes, frameSummary } from '../inspect/packets.ts';
import { ringProblems } from '../inspect/ring-problems.ts';
import {
  descriptorAddress,
  type Ring,
  RingContents,
  type RingKind,
  readRing,
  ringMarks,
  type DescriptorState as State,
} from '../inspect/rings.ts';
import { dissectBytes, formatTree } from '../packets/dissect.ts';
import { hex, hexDump } from '../packets/format.ts';
import { type Arguments, RequestError } from './arguments.ts';
import type { DescriptorBody, DescriptorState, RingsBody, RingView } from './custom.ts';
import { physicalReference } from './memory.ts';

/** Packets that are dissected for one picture. */
const MAX_PACKETS = 32;

/** A letter for each state, as a picture takes them. */
const LETTERS: Readonly<Record<State, DescriptorState>> = {
  empty: 'n',
  packet: 'p',
  free: 'f',
  pending: 'w',
  done: 'd',
  unmapped: '?',
};

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
  const { kind: _kind, ...ring } = readRing(nic.registers, kind);
  const contents = new RingContents(memory, { kind, ...ring });
  const states = Array.from({ length: ring.count }, (_, i) => LETTERS[contents.state(i)]);
  return { ...ring, problems: ringProblems(contents), states: states.join(''), packets: packets(memory, contents) };
}

/** What the descriptors before the head hold (the newest first), and of a transmit ring those that wait. */
function packets(memory: GuestMemory, contents: RingContents): RingView['packets'] {
  const found: RingView['packets'][number][] = [];
  for (const { index, descriptor } of contents.filled()) {
    found.push({ index, length: descriptor.length, summary: summaryOf(memory, descriptor) });
    if (found.length === MAX_PACKETS) {
      break;
    }
  }
  return found;
}

function summaryOf(memory: GuestMemory, d: Descriptor): string {
  const bytes = bufferBytes(memory, d);
  return bytes.length === 0 ? '(not mapped)' : frameSummary(bytes);
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
  const d = index < ring.count ? new RingContents(engine.memory, ring, index, 1).descriptor(index) : undefined;
  if (d === undefined) {
    throw new RequestError(
      `The ${kind} ring of ${nic.name} has ${ring.count} descriptors; there is no number ${index}.`,
    );
  }
  const marks = ringMarks(ring, index).join(', ');
  const at = physicalReference(descriptorAddress(ring, index));
  const title = `${nic.name}, ${kind === 'rx' ? 'Rx' : 'Tx'} descriptor ${index} of ${ring.count} at ${at}`;
  const lines = [`${title}${marks === '' ? '' : ` (${marks})`}`, `  kind      ${d.kind}`];
  if (d.address !== undefined) {
    lines.push(`  address   ${physicalReference(d.address)}`);
  }
  for (const { name, value, digits, flags } of d.fields) {
    const words = flags === undefined ? '' : ` ${flagNames(value, flags)}`;
    lines.push(`  ${name.padEnd(9)} ${hex(value, digits)}${words}`);
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
  if (ring.kind === 'rx' && !d.done) {
    return (
      '\nNo packet: the NIC has not filled this descriptor since the driver made it ready. ' +
      'Its length is that of an earlier packet.\n'
    );
  }
  const bytes = bufferBytes(memory, d);
  if (bytes.length === 0) {
    return `\nThere is no memory at ${physicalReference(d.address)}.\n`;
  }
  return `\n${formatTree(dissectBytes(bytes, 'ethernet'))}\n${hexDump(bytes, d.address)}`;
}
