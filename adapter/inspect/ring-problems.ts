/** What a driver got wrong about a descriptor ring, in sentences for its user (8254x manual, sections 3.2 and 3.4). */
import type { Descriptor } from './descriptors.ts';
import { RING_NAMES, type Ring, type RingContents, type RingKind } from './rings.ts';

/** Descriptors that a sentence names at most. */
const MAX_NAMED = 4;

/** Descriptors are fetched and rings measured in units of so many. */
const UNIT = 8;

/** What is wrong, a sentence each; nothing while the driver has not enabled the ring. */
export function ringProblems(contents: RingContents): string[] {
  const { ring } = contents;
  if (!ring.enabled) {
    return [];
  }
  return ring.count === 0 ? [noLength(ring)] : [...pointerProblems(ring), ...descriptorProblems(contents)];
}

function noLength({ kind }: Ring): string {
  const { length, control } = RING_NAMES[kind];
  return (
    `${length} is 0 although ${control}.EN is set. It counts in units of 128 bytes (${UNIT} descriptors): ` +
    'a ring of one descriptor is a ring of none.'
  );
}

function pointerProblems({ kind, head, tail, count }: Ring): string[] {
  const names = RING_NAMES[kind];
  const outside = [
    [names.head, head],
    [names.tail, tail],
  ] as const;
  const problems = outside
    .filter(([, at]) => at >= count)
    .map(([name, at]) => `${name} ${at} is past the end of the ring, which has ${count} descriptors.`);
  if (problems.length === 0 && kind === 'rx' && head === tail) {
    problems.push(`${names.tail} = ${names.head}: the NIC has no descriptor to write a packet to.`);
  }
  return problems;
}

function descriptorProblems(contents: RingContents): string[] {
  const { ring } = contents;
  const { head, tail } = RING_NAMES[ring.kind];
  const untaken: number[] = [];
  const nowhere: number[] = [];
  const silent: number[] = [];
  for (let i = 0; i < ring.count; i++) {
    const index = (ring.head + i) % ring.count;
    const state = contents.state(index);
    const d = contents.descriptor(index);
    const owned = state === 'empty' || state === 'pending';
    if (d === undefined) {
      continue;
    }
    if (state === 'empty' && d.done) {
      untaken.push(index);
    }
    if (owned && d.address === 0 && (ring.kind === 'rx' || d.length > 0)) {
      nowhere.push(index);
    }
    if (ring.kind === 'tx' && state !== 'done' && hasFlag(d, 'EOP') && !hasFlag(d, 'RS') && d.length > 0) {
      silent.push(index);
    }
  }
  const told: readonly [number[], string][] = [
    [untaken, `${tail} is past ${head}: the NIC will overwrite packets that the driver has not taken (DD is set)`],
    [nowhere, 'The buffer address is 0'],
    [silent, 'RS is missing, so the NIC never says that the packet was sent (DD)'],
  ];
  return told.filter(([at]) => at.length > 0).map(([at, what]) => `${what}: ${named(ring.kind, at)}.`);
}

function hasFlag({ fields }: Descriptor, name: string): boolean {
  const cmd = fields.find((field) => field.name === 'cmd');
  const bit = cmd?.flags?.indexOf(name) ?? -1;
  return cmd !== undefined && bit >= 0 && ((cmd.value >> bit) & 1) === 1;
}

/** `Rx descriptors 3, 4, 5, 6 and 9 more`. */
function named(kind: RingKind, at: readonly number[]): string {
  const more = at.length > MAX_NAMED ? ` and ${at.length - MAX_NAMED} more` : '';
  const word = at.length === 1 ? 'descriptor' : 'descriptors';
  return `${kind === 'rx' ? 'Rx' : 'Tx'} ${word} ${at.slice(0, MAX_NAMED).join(', ')}${more}`;
}
