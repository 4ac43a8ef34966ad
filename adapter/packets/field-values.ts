/** All fields of a packet as plain text and numbers, for programs that compare them. */
import { formatEther, formatIpv4, formatIpv6, hexBytes } from './format.ts';
import type { PacketView } from './packet-view.ts';
import type { FieldDeclaration, FieldScalar } from './protocol.ts';

/** A value as JSON has it. */
export type PlainValue = string | number | boolean;

/** All occurrences of fields, by name; only those that the packet has. */
export type PlainFields = Record<string, PlainValue[]>;

/** The values of all fields of a packet, or of those named. Names that are no field have no values. */
export function plainFields(p: PacketView, names: readonly string[] = []): PlainFields {
  const wanted = names.length === 0 ? null : new Set(names);
  const out: PlainFields = {};
  for (const l of p.layers()) {
    l.protocol.eachOccurrence(p, l, (field, part) => {
      const { name } = field;
      if (part.value !== undefined && (wanted === null || wanted.has(name))) {
        out[name] ??= [];
        out[name].push(field.plain?.(p, l) ?? plain(field, part.value));
      }
    });
  }
  return out;
}

/** A value in the way of Wireshark's raw ones: addresses as text, bytes as hexadecimal digits. */
function plain(f: FieldDeclaration, value: FieldScalar): PlainValue {
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
    case 'time':
      return value.toFixed(9);
    default:
      return value;
  }
}
