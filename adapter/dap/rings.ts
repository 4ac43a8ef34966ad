/** The scopes `Rx ring` and `Tx ring`: descriptors read from guest memory and decoded, with head and tail marked. */
import type { EngineApi, GuestMemory } from '../engine/api.ts';
import { type Descriptor, flagNames } from '../inspect/descriptors.ts';
import { type Nic, nics, noNicText } from '../inspect/nics.ts';
import {
  bufferLength,
  descriptorAddress,
  RING_NAMES,
  type Ring,
  RingContents,
  type RingKind,
  readRing,
  ringMarks,
} from '../inspect/rings.ts';
import { hexBytes } from '../packets/format.ts';
import { type Container, type Item, listContainer, type ValueFormat } from './containers.ts';
import { physicalReference } from './memory.ts';
import { formatNumber } from './present.ts';

/** Bytes of a buffer shown in its row. */
const PREVIEW_BYTES = 16;

/** The descriptors of the machine's NIC; with several NICs one row for each. */
export function ringContainer(engine: EngineApi, kind: RingKind): Container {
  const all = nics(engine);
  const [only] = all;
  if (only === undefined) {
    return listContainer(() => [{ name: 'ring', value: `(${noNicText(engine)})` }]);
  }
  if (all.length === 1) {
    return nicRing(engine, only, kind);
  }
  return listContainer(() =>
    all.map((nic) => {
      const { count, base } = readRing(nic.registers, kind);
      return {
        name: nic.name,
        value: `${count} descriptors at ${physicalReference(base)}`,
        children: nicRing(engine, nic, kind),
      };
    }),
  );
}

function nicRing(engine: EngineApi, nic: Nic, kind: RingKind): Container {
  const { count, base } = readRing(nic.registers, kind);
  if (count === 0) {
    const names = RING_NAMES[kind];
    const facts = `${names.length} is 0, ${names.base} is ${physicalReference(base)}`;
    return listContainer(() => [{ name: 'ring', value: `(no ring: ${facts})` }]);
  }
  return {
    named: 0,
    indexed: count,
    rows: async (start, wanted, format) => {
      const number = Math.max(0, Math.min(wanted, count - start));
      const contents = new RingContents(engine.memory, readRing(nic.registers, kind), start, number);
      return Array.from({ length: number }, (_, i) => descriptorItem(engine.memory, contents, start + i, format));
    },
  };
}

/** A row for descriptor `index`, such as `[3] 0x00201800, 68 bytes, DD|EOP|IXSM ← head (RDH)`. */
function descriptorItem(memory: GuestMemory, contents: RingContents, index: number, format: ValueFormat): Item {
  const { ring } = contents;
  const address = physicalReference(descriptorAddress(ring, index));
  const names = RING_NAMES[ring.kind];
  const marks = ringMarks(ring, index).map((mark) => ` ← ${mark} (${names[mark]})`);
  const common = { name: `[${index}]`, memoryReference: address };
  const descriptor = contents.descriptor(index);
  if (descriptor === undefined) {
    return { ...common, value: `(no memory at ${address})${marks.join('')}` };
  }
  return {
    ...common,
    value: summary(descriptor) + marks.join(''),
    type: `${descriptor.kind} descriptor`,
    children: listContainer(() => fieldItems(memory, ring, descriptor, format)),
  };
}

function summary({ address, length, kind, fields }: Descriptor): string {
  const flags = fields
    .filter(({ name }) => name === 'status' || name === 'cmd')
    .map(({ value, flags: names = [] }) => flagNames(value, names))
    .filter((text) => text !== '-');
  const where = address === undefined ? 'context' : physicalReference(address);
  const size = address === undefined ? '' : `, ${length} bytes`;
  return [`${where}${size}`, ...(kind === 'tx data' ? ['data'] : []), flags.join(' ')].filter(Boolean).join(', ');
}

function fieldItems(memory: GuestMemory, ring: Ring, descriptor: Descriptor, format: ValueFormat): Item[] {
  const { address } = descriptor;
  const fields = descriptor.fields.map(
    ({ name, value, digits, flags }): Item => ({
      name,
      value: formatNumber(value, format, digits * 4) + (flags === undefined ? '' : ` ${flagNames(value, flags)}`),
    }),
  );
  if (address === undefined) {
    return fields;
  }
  return [
    { name: 'address', value: physicalReference(address), memoryReference: physicalReference(address) },
    ...fields,
    bufferItem(memory, address, bufferLength(ring, descriptor)),
  ];
}

/** The buffer, with its first bytes in the row and all of them below. */
function bufferItem(memory: GuestMemory, address: number, size: number): Item {
  const preview = hexBytes(memory.read(address, Math.min(size, PREVIEW_BYTES)));
  const children: Container = {
    named: 0,
    indexed: size,
    rows: async (start, count, format) => {
      const bytes = memory.read(address + start, Math.max(0, Math.min(count, size - start)));
      return [...bytes].map((byte, i) => ({ name: `[${start + i}]`, value: formatNumber(byte, format, 8) }));
    },
  };
  return {
    name: 'buffer',
    value: preview === '' ? `(${size} bytes, not mapped)` : `${preview}${size > PREVIEW_BYTES ? ' …' : ''}`,
    type: `uint8[${size}]`,
    memoryReference: physicalReference(address),
    ...(size > 0 ? { children } : {}),
  };
}
