/** All fields of a packet as plain text and numbers, for programs that compare them. */
import { FIELDS, occurrences } from './fields.ts';
import { formatEther, formatIpv4, formatIpv6, hexBytes } from './format.ts';
import type { PacketView } from './packet-view.ts';
import type { Field, FieldScalar } from './protocol.ts';

/** A value as JSON has it. */
export type PlainValue = string | number | boolean;

/** All occurrences of fields, by name; only those that the packet has. */
export type PlainFields = Record<string, PlainValue[]>;

/** The values of all fields of a packet, or of those named. Names that are no field have no values. */
export function plainFields(p: PacketView, names: readonly string[] = []): PlainFields {
  const out: PlainFields = {};
  const fields = names.length === 0 ? fieldsOf(p) : names.flatMap((name) => FIELDS[name] ?? []);
  for (const field of fields) {
    const values = occurrences(p, field).map((o) => plain(field, o.value));
    if (values.length > 0) {
      out[field.name] = values;
    }
  }
  return out;
}

/** The fields of the protocols that the packet has. */
function fieldsOf(p: PacketView): readonly Field[] {
  return [...new Set(p.layers().map((l) => l.protocol))].flatMap((protocol) => protocol.fields);
}

/** A value in the way of Wireshark's raw ones: addresses as text, bytes as hexadecimal digits. */
function plain(f: Field, value: FieldScalar): PlainValue {
  if (value instanceof Uint8Array) {
    return f.type === 'ipv6' ? formatIpv6(value) : hexBytes(value, '');
  }
  if (typeof value !== 'number') {
    return value;
  }
  switch (f.type) {
    case 'ipv4':
      return formatIpv4(value);
    case 'ether':
      return formatEther(value);
    case 'seconds':
      return value.toFixed(9);
    default:
      return value;
  }
}
