/** The descriptor rings as text. */
import type { GuestMemory } from '../engine/api.ts';
import { DESCRIPTOR_SIZE, type DescriptorField, decodeDescriptor, flagNames } from '../inspect/descriptors.ts';
import { RINGS, type RingKind, readRing } from '../inspect/rings.ts';

function hex(n: number, digits: number): string {
  return `0x${n.toString(16).padStart(digits, '0')}`;
}

/** A whole ring: a heading and a line for each descriptor; three or more in a row that nobody has used yet are folded into one. */
export function ringText(kind: RingKind, mac: Uint32Array, memory: GuestMemory): string {
  const { base, count, head, tail } = readRing(mac, kind);
  const l = RINGS[kind].letter;
  const title = kind === 'rx' ? 'Rx ring' : 'Tx ring';
  if (count === 0) {
    return `${title}: not set up (${l}DLEN is 0)\n`;
  }
  const lines: string[] = [];
  for (let i = 0; i < count; ) {
    const unused = unusedRun(i, count, (k) => k !== head && k !== tail && isUnused(memory, base, k));
    if (unused >= 3) {
      lines.push(`${`[${i}]`.padStart(6)} to [${i + unused - 1}]: ${unused} descriptors, not used yet`);
      i += unused;
      continue;
    }
    const marks = [i === head ? `<- ${l}DH (head)` : '', i === tail ? `<- ${l}DT (tail)` : ''].filter((m) => m !== '');
    lines.push([`[${i}]`.padStart(6), descriptorAt(kind, memory, base + i * DESCRIPTOR_SIZE), ...marks].join(' '));
    i++;
  }
  return `${title}: ${count} descriptors at ${hex(base, 8)}, ${l}DH = ${head}, ${l}DT = ${tail}\n${lines.join('\n')}\n`;
}

/** Descriptors from `i` on that `unused` holds for. */
function unusedRun(i: number, count: number, unused: (k: number) => boolean): number {
  let n = 0;
  while (i + n < count && unused(i + n)) {
    n++;
  }
  return n;
}

/** True if everything but the buffer address is zero: set up by the driver at most, never written by the NIC. */
function isUnused(memory: GuestMemory, base: number, k: number): boolean {
  const bytes = memory.read(base + k * DESCRIPTOR_SIZE + 8, 8);
  return bytes.length === 8 && bytes.every((b) => b === 0);
}

function descriptorAt(kind: RingKind, memory: GuestMemory, address: number): string {
  const bytes = memory.read(address, DESCRIPTOR_SIZE);
  return bytes.length < DESCRIPTOR_SIZE
    ? `Cannot access memory at address ${hex(address, 8)}`
    : descriptor(kind, new DataView(bytes.buffer, bytes.byteOffset, DESCRIPTOR_SIZE));
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

function descriptor(kind: RingKind, view: DataView): string {
  const d = decodeDescriptor(kind, view);
  const words = d.fields.filter((f) => f.name !== 'errors' || f.value !== 0).map(field);
  if (d.address === undefined) {
    return ['context', ...words].join(' ');
  }
  const [length = '', ...rest] = words;
  return [`addr ${hex(d.address, 8)}`, length, ...(d.kind === 'tx data' ? ['data'] : []), ...rest].join(' ');
}
