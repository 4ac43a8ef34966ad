/** The descriptor rings as text. */
import type { GuestMemory } from '../engine/api.ts';
import { type Descriptor, type DescriptorField, flagNames } from '../inspect/descriptors.ts';
import { descriptorAddress, RING_NAMES, RingContents, type RingKind, readRing, ringMarks } from '../inspect/rings.ts';
import { hex } from '../packets/format.ts';

/** Descriptors in a row that are not used yet and are folded into one line. */
const FOLD = 3;

/**
 * A whole ring: a heading and a line for each descriptor; three or more in a row that nobody has used yet are folded
 * into one.
 */
export function ringText(kind: RingKind, mac: Uint32Array, memory: GuestMemory): string {
  const ring = readRing(mac, kind);
  const { base, count, head, tail } = ring;
  const names = RING_NAMES[kind];
  const title = kind === 'rx' ? 'Rx ring' : 'Tx ring';
  if (count === 0) {
    return `${title}: not set up (${names.length} is 0)\n`;
  }
  const contents = new RingContents(memory, ring);
  let text = `${title}: ${count} descriptors at ${hex(base, 8)}, ${names.head} = ${head}, ${names.tail} = ${tail}\n`;
  for (let i = 0; i < count; ) {
    const unused = unusedRun(contents, i);
    if (unused >= FOLD) {
      text += `${`[${i}]`.padStart(6)} to [${i + unused - 1}]: ${unused} descriptors, not used yet\n`;
      i += unused;
      continue;
    }
    const marks = ringMarks(ring, i).map((mark) => ` <- ${names[mark]} (${mark})`);
    const d = contents.descriptor(i);
    const what = d ? descriptor(d) : `Cannot access memory at address ${hex(descriptorAddress(ring, i), 8)}`;
    text += `${`[${i}]`.padStart(6)} ${what}${marks.join('')}\n`;
    i++;
  }
  return text;
}

/** Descriptors from `i` on that nobody has used yet, and that neither head nor tail point at. */
function unusedRun(contents: RingContents, i: number): number {
  const { ring } = contents;
  let n = 0;
  while (i + n < ring.count && ringMarks(ring, i + n).length === 0 && contents.isUnused(i + n)) {
    n++;
  }
  return n;
}

/** Fields that read better in hex: a checksum, a VLAN tag. */
const HEX: readonly string[] = ['csum', 'special'];

function field({ name, value, digits, flags }: DescriptorField): string {
  if (flags) {
    return `${name} ${flagNames(value, flags)}`;
  }
  if (name === 'length') {
    return `len ${String(value).padEnd(5)}`;
  }
  return `${name} ${HEX.includes(name) ? hex(value, digits) : value}`;
}

function descriptor(d: Descriptor): string {
  const words = d.fields.filter((f) => f.name !== 'errors' || f.value !== 0).map(field);
  if (d.address === undefined) {
    return ['context', ...words].join(' ');
  }
  const [length = '', ...rest] = words;
  return [`addr ${hex(d.address, 8)}`, length, ...(d.kind === 'tx data' ? ['data'] : []), ...rest].join(' ');
}
