/** Comparing field values with literals, as Wireshark's display filters do. */
import { parseEther, parseIpv4, parseIpv6, parseNumber } from './format.ts';
import type { Field, FieldScalar, FieldType, FieldValue } from './protocol.ts';

export type MatchOp = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'contains';

/**
 * Compares. A field that the packet does not have matches nothing. One that occurs several times (`ip.addr`,
 * `tcp.port`) matches if any occurrence does; `!=` holds, as in Wireshark 4, if no occurrence is equal.
 */
export function match(op: MatchOp, value: FieldValue, literal: FieldScalar): boolean {
  if (typeof value === 'number' && typeof literal === 'number') {
    return compareNumbers(op, value, literal);
  }
  if (value === undefined) {
    return false;
  }
  if (Array.isArray(value)) {
    return op === '!='
      ? value.length > 0 && value.every((v: FieldScalar) => match('!=', v, literal))
      : value.some((v: FieldScalar) => match(op, v, literal));
  }
  return matchScalar(op, value as FieldScalar, literal);
}

function compareNumbers(op: MatchOp, a: number, b: number): boolean {
  switch (op) {
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
    case 'contains':
      return false;
  }
}

function matchScalar(op: MatchOp, a: FieldScalar, b: FieldScalar): boolean {
  if (typeof a === 'boolean' || typeof b === 'boolean') {
    return compareNumbers(op, Number(a), Number(b));
  }
  if (typeof a === 'string' && typeof b === 'string') {
    return op === 'contains' ? a.includes(b) : compareNumbers(op, a < b ? -1 : a > b ? 1 : 0, 0);
  }
  if (a instanceof Uint8Array) {
    const needle = typeof b === 'string' ? latin1(b) : b instanceof Uint8Array ? b : Uint8Array.of(b);
    return op === 'contains' ? indexOf(a, needle) >= 0 : compareNumbers(op, compareBytes(a, needle), 0);
  }
  return typeof a === 'number' && typeof b === 'number' ? compareNumbers(op, a, b) : false;
}

function latin1(s: string): Uint8Array {
  return Uint8Array.from(s, (c) => c.charCodeAt(0) & 255);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    if (a[i] !== b[i]) {
      return a[i]! - b[i]!;
    }
  }
  return a.length - b.length;
}

function indexOf(hay: Uint8Array, needle: Uint8Array): number {
  for (let i = 0; i + needle.length <= hay.length; i++) {
    let k = 0;
    while (k < needle.length && hay[i + k] === needle[k]) {
      k++;
    }
    if (k === needle.length) {
      return i;
    }
  }
  return -1;
}

/** What a literal of each type looks like, for messages. */
const EXAMPLES: Partial<Record<FieldType, string>> = {
  ipv4: 'an IPv4 address such as 10.0.2.2',
  ipv6: 'an IPv6 address such as fec0::2',
  boolean: 'true or false',
  protocol: 'true or false',
  ether: 'a MAC address such as 52:54:00:12:34:56',
};

/**
 * Turns text that stands for a value of `field` (an address, a MAC, a number in any C notation, text) into what
 * `match` compares with. Returns undefined, with `literal_message` saying why, if it cannot be one.
 */
export function parseLiteral(field: Field, text: string): FieldScalar | undefined {
  switch (field.type) {
    case 'ipv4':
      return parseIpv4(text) ?? parseNumber(text);
    case 'ether':
      return parseEther(text) ?? parseNumber(text);
    case 'ipv6':
      return parseIpv6(text);
    case 'string':
      return text;
    case 'bytes': {
      const bytes = /^[0-9a-f]{2}([:.-][0-9a-f]{2})*$/i.test(text) ? text.split(/[:.-]/) : undefined;
      return bytes ? Uint8Array.from(bytes, (b) => Number.parseInt(b, 16)) : text;
    }
    case 'boolean':
    case 'protocol':
      return /^(true|1)$/i.test(text) ? true : /^(false|0)$/i.test(text) ? false : undefined;
    default:
      return parseNumber(text);
  }
}

/** Why `text` is no value of `field`. */
export function literalMessage(field: Field, text: string): string {
  const expected = EXAMPLES[field.type] ?? 'a number';
  return `"${text}" is no value of ${field.name}; expected ${expected}`;
}
