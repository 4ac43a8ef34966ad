/** The e1000's descriptors, 16 bytes each, decoded by the layouts that the stack has of them. */
import {
  type DescriptorLayout,
  E1000_RX_DESC,
  E1000_TX_CONTEXT_DESC,
  E1000_TX_DATA_DESC,
  E1000_TX_LEGACY_DESC,
  e1000_tx_desc_layout,
} from '../stack/hw/net/e1000_desc.ts';
import { type BitField, fieldBits } from './register-notation.ts';

export const DESCRIPTOR_SIZE = 16;

/** Flag bits by name, lowest bit first; unnamed bits are reserved. */
type Flags = readonly (string | undefined)[];

/** A field of a descriptor; `digits` of hex to show, `flags` names its bits. */
export interface DescriptorField {
  readonly name: string;
  readonly value: number;
  readonly digits: number;
  readonly flags?: Flags;
}

export interface Descriptor {
  readonly kind: 'rx' | 'tx legacy' | 'tx data' | 'tx context';
  /** Guest physical address of the buffer; undefined for a context descriptor, which has none. */
  readonly address?: number;
  /** Bytes in the buffer. */
  readonly length: number;
  /** DD: the NIC is through with it. */
  readonly done: boolean;
  readonly fields: readonly DescriptorField[];
}

/** What a kind of descriptor is called, and its fields in order; `flags` are names of single bits. */
interface Decoder {
  readonly kind: Descriptor['kind'];
  readonly fields: readonly (BitField & { readonly name: string; readonly flags?: Flags })[];
  /** Absent where there is no buffer. */
  readonly length: BitField | undefined;
  readonly done: BitField;
}

/** Fields that are made of flags, by their first bit: the manual's names for the bytes. */
const FLAG_BYTES: Readonly<Record<Descriptor['kind'], Readonly<Record<number, string>>>> = {
  rx: { 96: 'status', 104: 'errors' },
  'tx legacy': { 88: 'cmd', 96: 'status' },
  'tx data': { 88: 'cmd', 96: 'status', 104: 'popts' },
  'tx context': { 88: 'cmd', 96: 'status' },
};
/** A field that is always 0. */
const NO_BITS: BitField = { lsb: 0, width: 0 };

/** Bits of the transmit descriptors' status; the rest of its byte is reserved. */
const TX_STATUS_WIDTH = 4;

/**
 * The decoder of a layout: its fields as they are, and its single bits by bytes. The address and the type are told
 * apart from them.
 */
function decoder(kind: Descriptor['kind'], layout: DescriptorLayout): Decoder {
  const bytes = Object.entries(FLAG_BYTES[kind]).map(([lsb, name]) => {
    const first = Number(lsb);
    const flags: (string | undefined)[] = new Array(8).fill(undefined);
    for (const bit of layout.fields.filter((f) => f.width === 1 && f.lsb >= first && f.lsb < first + 8)) {
      flags[bit.lsb - first] = bit.name;
    }
    return { name, lsb: first, width: name === 'status' && kind !== 'rx' ? TX_STATUS_WIDTH : 8, flags };
  });
  const plain = layout.fields.filter((f) => f.width > 1 && f.name !== 'buffer_addr' && f.name !== 'DTYP');
  const field = (name: string): BitField | undefined => layout.fields.find((f) => f.name === name);
  const fields = [...plain, ...bytes].sort((a, b) => a.lsb - b.lsb);
  return { kind, fields, length: field('length'), done: field('DD') ?? NO_BITS };
}

const RX = decoder('rx', E1000_RX_DESC);
const TX_LEGACY = decoder('tx legacy', E1000_TX_LEGACY_DESC);
const TX_EXTENDED: ReadonlyMap<DescriptorLayout, Decoder> = new Map([
  [E1000_TX_DATA_DESC, decoder('tx data', E1000_TX_DATA_DESC)],
  [E1000_TX_CONTEXT_DESC, decoder('tx context', E1000_TX_CONTEXT_DESC)],
]);

function decoderOf(ring: 'rx' | 'tx', bytes: DataView): Decoder {
  return ring === 'rx' ? RX : (TX_EXTENDED.get(e1000_tx_desc_layout(bytes.getUint32(8, true))) ?? TX_LEGACY);
}

/** Names of the set bits, `DD|EOP`, or `-`. */
export function flagNames(value: number, flags: Flags): string {
  const names: string[] = [];
  for (let bit = 0; bit < 8; bit++) {
    if (fieldBits(value, { lsb: bit, width: 1 }) === 1) {
      names.push(flags[bit] ?? `bit ${bit}`);
    }
  }
  return names.join('|') || '-';
}

/** Bits of a field, which lie within one word. */
function bits(bytes: DataView, { lsb, width }: BitField): number {
  return fieldBits(bytes.getUint32((lsb >> 5) * 4, true), { lsb: lsb & 31, width });
}

/** DD of a descriptor of a ring: the NIC is through with it. */
export function isDone(ring: 'rx' | 'tx', bytes: DataView): boolean {
  return bits(bytes, decoderOf(ring, bytes).done) === 1;
}

/** Decodes a descriptor of a ring. */
export function decodeDescriptor(ring: 'rx' | 'tx', bytes: DataView): Descriptor {
  const { kind, fields, length, done } = decoderOf(ring, bytes);
  const address = bytes.getUint32(4, true) * 2 ** 32 + bytes.getUint32(0, true);
  return {
    kind,
    ...(length ? { address } : {}),
    length: length ? bits(bytes, length) : 0,
    done: bits(bytes, done) === 1,
    fields: fields.map(({ name, flags, lsb, width }): DescriptorField => {
      const field = { name, value: bits(bytes, { lsb, width }), digits: flags ? 2 : Math.ceil(width / 4) };
      return flags ? { ...field, flags } : field;
    }),
  };
}
