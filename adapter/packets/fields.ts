/**
 * Fields of packets by Wireshark's names, for conditions, prints and filters. `FIELDS` is the table, `FIELD_GETTERS` only the
 * getters. A getter never throws; it returns undefined where the packet does not have the field.
 */

import { edit_distance } from '../stack/util/near.ts';
import { APP_FIELDS } from './fields-app.ts';
import { BASE_FIELDS } from './fields-base.ts';
import { formatBytes, formatEther, formatIpv4, formatIpv6, hex } from './format.ts';
import type { PacketView } from './packet-view.ts';

export { PacketView } from './packet-view.ts';

/** How a value is to be read: MACs are 48-bit numbers, IPv4 addresses numbers in host byte order, IPv6 addresses 16 bytes. */
export type FieldType =
  | 'uint8'
  | 'uint16'
  | 'uint24'
  | 'uint32'
  | 'ipv4'
  | 'ipv6'
  | 'ether'
  | 'bytes'
  | 'string'
  | 'boolean'
  | 'protocol';

export type FieldScalar = number | string | boolean | Uint8Array;
/** An array where a field occurs more than once: `ip.addr` is both addresses. Comparisons hold if any element matches (`match`). */
export type FieldValue = FieldScalar | readonly FieldScalar[] | undefined;

export interface Field {
  /** Wireshark's name, such as `tcp.dstport`. */
  readonly name: string;
  /** What Wireshark's tree calls it. */
  readonly description: string;
  readonly type: FieldType;
  /** Numbers that are read in hexadecimal: flags, checksums, identifications. */
  readonly hex: boolean;
  readonly get: (p: PacketView) => FieldValue;
}

/** All fields by name. */
export const FIELDS: Readonly<Record<string, Field>> = table([...BASE_FIELDS, ...APP_FIELDS]);

/** The getters by name, for compiled expressions. */
export const FIELD_GETTERS: Readonly<Record<string, Field['get']>> = getters();

function table(fields: readonly Field[]): Record<string, Field> {
  const out: Record<string, Field> = Object.create(null);
  for (const f of fields) {
    out[f.name] = f;
  }
  return out;
}

function getters(): Record<string, Field['get']> {
  const out: Record<string, Field['get']> = Object.create(null);
  for (const f of Object.values(FIELDS)) {
    out[f.name] = f.get;
  }
  return out;
}

/** Names of all fields, sorted. */
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
  return ofProto.length > 0
    ? `no packet field "${name}"; fields of ${proto}: ${ofProto.join(', ')}`
    : `no packet field "${name}"; protocols: ${knownFields()
        .filter((f) => !f.includes('.'))
        .join(', ')}`;
}

/** A value of the field `name` as Wireshark shows it. */
export function formatField(name: string, value: FieldValue): string {
  const f = FIELDS[name];
  if (value === undefined) {
    return '<absent>';
  }
  if (Array.isArray(value)) {
    return value.map((v: FieldScalar) => formatField(name, v)).join(', ');
  }
  if (value instanceof Uint8Array) {
    return f?.type === 'ipv6' ? formatIpv6(value) : formatBytes(value);
  }
  if (typeof value === 'number') {
    return formatNumber(f, value);
  }
  return typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value);
}

const HEX_DIGITS: Partial<Record<FieldType, number>> = { uint8: 2, uint16: 4, uint24: 6, uint32: 8 };

function formatNumber(f: Field | undefined, value: number): string {
  if (f?.type === 'ipv4') {
    return formatIpv4(value);
  }
  if (f?.type === 'ether') {
    return formatEther(value);
  }
  return f?.hex ? hex(value, HEX_DIGITS[f.type] ?? 0) : String(value);
}
