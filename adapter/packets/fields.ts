/**
 * Fields of packets by Wireshark's names, for conditions, prints and filters: what the protocols declare, as one
 * table. A getter never throws; it returns undefined where the packet does not have the field.
 */
import { edit_distance } from '../stack/util/near.ts';
import { formatValue, visible } from './format.ts';
import type { Layer } from './layer.ts';
import type { PacketView } from './packet-view.ts';
import type { Field, FieldScalar, FieldValue } from './protocol.ts';
import { PROTOCOLS } from './protocols.ts';

export { PacketView } from './packet-view.ts';
export type { Field, FieldScalar, FieldType, FieldValue } from './protocol.ts';

/** All fields by name; in compiled expressions this is `$F`. */
export const FIELDS: Readonly<Record<string, Field>> = table();

function table(): Record<string, Field> {
  const out: Record<string, Field> = Object.create(null);
  for (const [name, [first, ...others]] of fieldsByName()) {
    if (first !== undefined) {
      out[name] = others.length === 0 ? first : shared([first, ...others]);
    }
  }
  return out;
}

function fieldsByName(): Map<string, Field[]> {
  const out = new Map<string, Field[]>();
  for (const f of PROTOCOLS.flatMap((p) => p.fields)) {
    const same = out.get(f.name);
    if (same === undefined) {
      out.set(f.name, [f]);
    } else {
      same.push(f);
    }
  }
  return out;
}

/** A field of several protocols, such as DNS and mDNS: what the lowest layer of any of them says. */
function shared(same: readonly [Field, ...Field[]]): Field {
  const get: Field['get'] = (p) => {
    let lowest: Layer | null = null;
    let [field] = same;
    for (const f of same) {
      const l = p.find(f.protocol);
      if (l !== null && (lowest === null || l.index < lowest.index)) {
        lowest = l;
        field = f;
      }
    }
    return field.get(p);
  };
  return { ...same[0], same, get };
}

/** A value of a field in a packet. */
export interface Occurrence {
  readonly value: FieldScalar;
  /** Its bytes in the view's buffer; none for a value that is computed. */
  readonly from: number;
  readonly length: number;
}

/**
 * All values of a field in a packet, layer by layer; with `nth`, only those of the nth layer of its protocol, from 1.
 */
export function occurrences(p: PacketView, f: Field, nth = 0): Occurrence[] {
  const layers = p.layers().filter((l) => l.protocol === f.protocol || l.protocol.named(f.name) !== undefined);
  return layers
    .filter((_, i) => nth === 0 || i === nth - 1)
    .flatMap((l) => l.protocol.occurrences(l.protocol.named(f.name) ?? f, p, l))
    .flatMap(({ value, from, length }) => (value === undefined ? [] : { value, from, length }));
}

/** Names of all fields, sorted. */
/** Fields of a protocol that a message names. */
const FEW = 8;

export function knownFields(): string[] {
  return Object.keys(FIELDS).sort();
}

/** Up to three known fields (or prefixes of such, like `tcp.flags`) that a misspelled name may mean, best first. */
export function suggestFields(name: string): string[] {
  const wanted = name.toLowerCase();
  const last = wanted.split('.').pop()!;
  const scored = Object.keys(FIELDS).map((f) => {
    const protoDiffers = f.split('.')[0] === wanted.split('.')[0] ? 0 : 2;
    const sameEnd = f.split('.').pop() === last || (last.length > 2 && f.endsWith(last)) ? -2 : 0;
    return { f, d: edit_distance(wanted, f) + protoDiffers + sameEnd };
  });
  const limit = Math.max(2, Math.ceil(wanted.length / 3));
  return scored
    .filter((s) => s.d <= limit)
    .sort((a, b) => a.d - b.d || (a.f < b.f ? -1 : 1))
    .slice(0, 3)
    .map((s) => s.f);
}

/** Message for a name that is no field: what may have been meant. */
export function unknownFieldMessage(name: string): string {
  const near = suggestFields(name);
  const proto = name.split('.')[0]!;
  const ofProto = knownFields().filter((f) => f.startsWith(`${proto}.`));
  if (near.length > 0) {
    return `no packet field "${name}"; did you mean ${near.map((n) => `"${n}"`).join(', ')}?`;
  }
  const some = ofProto.slice(0, FEW).join(', ');
  const more = ofProto.length > FEW ? `, ... (${ofProto.length} in all)` : '';
  return `no packet field "${name}"${some === '' ? '' : `; fields of ${proto}: ${some}${more}`}`;
}

/** A value of the field `name` as Wireshark shows it. */
export function formatField(name: string, value: FieldValue): string {
  const f = FIELDS[name];
  return visible(formatValue(f ?? { type: 'bytes' }, value));
}
