/** Puts the fragments of IP datagrams together. */
import { formatBytes } from './format.ts';
import { LATER_FRAGMENT, type Layer } from './layer.ts';
import { BoundedMap, type Memory, MemoryKind } from './memory.ts';
import type { PacketView } from './packet-view.ts';
import type { FieldDeclaration, Part } from './protocol.ts';

/** Datagrams that are waited for at most; each is at most as long as IP allows. */
const MAX_DATAGRAMS = 256;
const MAX_LENGTH = 65535;

/** A fragment: which datagram it is of, where it belongs in it, and whether more follow. */
export interface Fragment {
  readonly key: string;
  readonly offset: number;
  readonly more: boolean;
  /** What the datagram carries. */
  readonly protocol: number;
}

/** What has come of a datagram. */
class Datagram {
  readonly pieces: { readonly offset: number; readonly bytes: Uint8Array; readonly frame: number }[] = [];
  /** Its length, known once its last fragment has come; -1 before. */
  length = -1;
  protocol = 0;

  /** The whole of it, or undefined if something is missing. */
  whole(): Uint8Array | undefined {
    if (this.length < 0) {
      return undefined;
    }
    const out = new Uint8Array(this.length);
    let filled = 0;
    for (const { offset, bytes } of this.pieces.toSorted((a, b) => a.offset - b.offset)) {
      if (offset > filled) {
        return undefined;
      }
      out.set(bytes.subarray(0, Math.max(0, this.length - offset)), Math.min(offset, this.length));
      filled = Math.max(filled, offset + bytes.length);
    }
    return filled >= this.length ? out : undefined;
  }
}

const DATAGRAMS = new MemoryKind(() => new BoundedMap<string, Datagram>(MAX_DATAGRAMS));

/** A datagram that has been put together, said of the layer of its last fragment. */
export class WholeDatagram {
  /** The packets of its fragments, in its order. */
  readonly frames: readonly number[];
  readonly bytes: Uint8Array;

  constructor(frames: readonly number[], bytes: Uint8Array) {
    this.frames = frames;
    this.bytes = bytes;
  }
}

/** Takes note of a fragment in a layer; what that carries is the datagram, if it is whole now. */
export function rememberFragment(p: PacketView, l: Layer, memory: Memory, f: Fragment): WholeDatagram | null {
  const length = l.end - l.body;
  if (l.end < l.wireEnd || f.offset + length > MAX_LENGTH || (f.more && length % 8 !== 0)) {
    return null;
  }
  const table = DATAGRAMS.of(memory);
  const datagram = table.need(f.key, () => new Datagram());
  if (datagram.pieces.length > MAX_LENGTH / 8) {
    table.delete(f.key);
    return null;
  }
  datagram.pieces.push({ offset: f.offset, bytes: new Uint8Array(p.bytes(l.body, l.end)), frame: memory.number });
  datagram.length = f.more ? datagram.length : f.offset + length;
  datagram.protocol = f.offset === 0 ? f.protocol : datagram.protocol;
  const whole = datagram.whole();
  if (whole === undefined) {
    l.key = LATER_FRAGMENT;
    return null;
  }
  table.delete(f.key);
  p.graft(l, whole);
  l.key = datagram.protocol;
  const frames = datagram.pieces.toSorted((a, b) => a.offset - b.offset).map((x) => x.frame);
  return new WholeDatagram(frames, whole);
}

/** The fields of a datagram that was put together, and its lines. */
export interface FragmentFields {
  readonly whole: FieldDeclaration;
  readonly fragment: FieldDeclaration;
  readonly count: FieldDeclaration;
  readonly length: FieldDeclaration;
  readonly data: FieldDeclaration;
}

export function fragmentParts(l: Layer, fields: FragmentFields, what: string): Part[] {
  if (!(l.note instanceof WholeDatagram)) {
    return [];
  }
  const { frames, bytes } = l.note;
  const place = { from: l.wholeAt, length: bytes.length };
  const list = frames.map((f) => `#${f}`).join(', ');
  const line = (field: FieldDeclaration, value: number, words: string): Part => ({
    field,
    value,
    ...place,
    label: () => `[${words}: ${value}]`,
  });
  return [
    {
      field: fields.whole,
      value: bytes,
      ...place,
      label: () => `[${frames.length} ${what} Fragments (${bytes.length} bytes): ${list}]`,
      text: () => '',
      inside: [
        ...frames.map((f) => line(fields.fragment, f, 'Frame')),
        line(fields.count, frames.length, 'Fragment count'),
        line(fields.length, bytes.length, `Reassembled ${what} length`),
        {
          field: fields.data,
          value: bytes,
          ...place,
          label: () => `[Reassembled ${what} data: ${formatBytes(bytes, 64, '')}]`,
        },
      ],
    },
  ];
}
