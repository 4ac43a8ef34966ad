/** Constants of filters: what a text means as a value of some type. Functions throw `FilterError`. */
import { parseIpv4, parseIpv6 } from '../format.ts';
import { type Field, type Names, namedValue } from '../protocol.ts';
import { FilterError, type ValueNode } from './ast.ts';
import type { Type } from './kinds.ts';
import { statesOf } from './states.ts';
import { parseTime, TIME_EXAMPLES } from './times.ts';

/** A value of a packet or a constant; of booleans 1 and 0. */
export type Value = number | string | Uint8Array;

/** A constant; one of an IP network has its prefix. */
export interface Constant {
  readonly value: Value;
  readonly prefix?: number;
}

type Literal = ValueNode & { readonly kind: 'word' | 'string' | 'char' };

/** A literal as a value of `type`; `names` are words for numbers. */
export function constant(node: Literal, type: Type, field: Field | undefined): Constant {
  switch (type.kind) {
    case 'integer':
      return { value: integer(node, type, field?.names) };
    case 'boolean':
      return { value: boolean(node, field) };
    case 'ipv4':
      return network(unquoted(node, type), 32, 'IPv4', parseIpv4);
    case 'ipv6':
      return network(unquoted(node, type), 128, 'IPv6', parseIpv6);
    case 'ether':
      return { value: ether(unquoted(node, type)) };
    case 'bytes':
    case 'protocol':
      return { value: bytes(node) };
    case 'string':
      return { value: stringOf(node) };
    case 'float':
      return { value: float(unquoted(node, type)) };
    case 'duration':
      return { value: duration(unquoted(node, type)) };
    case 'time':
      return { value: time(node) };
    case 'label':
      throw new FilterError(`A ${type.words} has no value.`);
  }
}

export function stringOf(node: Literal): string {
  return node.kind === 'string' ? node.value : node.kind === 'char' ? String.fromCharCode(node.code) : node.text;
}

function unquoted(node: Literal, type: Type): string {
  if (node.kind === 'string') {
    throw notFromString(type, node.value);
  }
  return stringOf(node);
}

function notFromString(type: Type, text: string): FilterError {
  return new FilterError(`${type.words} cannot be converted from a string ("${text}").`);
}

function integer(node: Literal, type: Type, names: Names | undefined): number {
  if (node.kind === 'char') {
    return node.code;
  }
  const text = stringOf(node);
  const value = node.kind === 'word' ? parseInteger(text) : undefined;
  if (value === undefined) {
    const named = names === undefined ? undefined : namedValue(names, text);
    if (named !== undefined) {
      return named;
    }
    if (names !== undefined) {
      throw unknownName(names, text);
    }
    throw node.kind === 'string' ? notFromString(type, text) : new FilterError(`"${text}" is not a valid number.`);
  }
  if (value > type.max) {
    throw new FilterError(`"${text}" too big for this field, maximum ${type.max}.`);
  }
  return value;
}

/** A number as C writes it, or in binary; undefined for any other text. */
export function parseInteger(text: string): number | undefined {
  if (/^(?:0[xX][0-9a-fA-F]+|0[bB][01]+|[1-9]\d*|0)$/.test(text)) {
    return Number(text);
  }
  return /^0[0-7]+$/.test(text) ? Number.parseInt(text, 8) : undefined;
}

function float(text: string): number {
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) {
    throw new FilterError(`"${text}" is not a valid floating-point number.`);
  }
  return Number(text);
}

function unknownName(names: Names, text: string): FilterError {
  const some = [...new Set(Object.values(names))].slice(0, 8).map((n) => `"${n}"`);
  return new FilterError(`"${text}" cannot be found among the possible values: ${some.join(', ')}, ...`);
}

/** A number, `True` or `False`, or what a field calls its states; what a function returns has no names. */
function boolean(node: Literal, field: Field | undefined): number {
  if (node.kind === 'char') {
    return Number(node.code !== 0);
  }
  const text = stringOf(node);
  if (node.kind === 'word') {
    if (/^(?:True|TRUE)$/.test(text)) {
      return 1;
    }
    if (/^(?:False|FALSE)$/.test(text)) {
      return 0;
    }
    const value = parseInteger(text);
    if (value !== undefined) {
      return Number(value !== 0);
    }
  }
  const states = field === undefined ? [] : statesOf(field.name);
  const state = states.findIndex((name) => name.toLowerCase() === text.toLowerCase());
  if (state < 0) {
    const known = ['True', 'False', ...states.filter((name) => name !== 'True' && name !== 'False')];
    throw new FilterError(`"${text}" cannot be found among the possible values: ${known.join(', ')}, 1, 0.`);
  }
  return 1 - state;
}

function network<T extends Value>(
  text: string,
  bits: number,
  family: string,
  parse: (s: string) => T | undefined,
): Constant {
  const [address = '', prefix] = text.split('/');
  const value = parse(address);
  if (value === undefined) {
    throw new FilterError(`"${address}" is not a valid ${family} address; names of hosts are not looked up.`);
  }
  if (prefix === undefined) {
    return { value };
  }
  if (!/^\d+$/.test(prefix) || Number(prefix) > bits) {
    throw new FilterError(`Netmask bits in a CIDR ${family} address should be <= ${bits}, not ${prefix}`);
  }
  return { value, prefix: Number(prefix) };
}

/** Bytes in hexadecimal, with one of three separators or none between them. */
export function parseBytes(text: string): Uint8Array | undefined {
  const separator = /[:.-]/.exec(text)?.[0];
  const groups = separator === undefined ? [text] : text.split(separator);
  if (!groups.every((g) => /^[0-9a-fA-F]+$/.test(g) && (g.length <= 2 || g.length % 2 === 0 || groups.length === 1))) {
    return undefined;
  }
  const pairs = groups.flatMap((g) => g.match(/../g)?.concat(g.length % 2 ? g.slice(-1) : []) ?? [g]);
  return Uint8Array.from(pairs, (p) => Number.parseInt(p, 16));
}

function ether(text: string): number {
  const found = parseBytes(text);
  if (found?.length !== 6) {
    const many =
      found === undefined
        ? 'is not'
        : found.length < 6
          ? 'contains too few bytes to be'
          : 'contains too many bytes to be';
    throw new FilterError(`"${text}" ${many} a valid Ethernet address.`);
  }
  return found.reduce((sum, b) => sum * 256 + b, 0);
}

/** A single byte may be written as C writes it. */
function bytes(node: Literal): Uint8Array {
  if (node.kind !== 'word') {
    return Uint8Array.from(stringOf(node), (c) => c.charCodeAt(0));
  }
  const one = /^0[xX]([0-9a-fA-F]{1,2})$/.exec(node.text);
  const found = one ? Uint8Array.of(Number.parseInt(one[1] ?? '', 16)) : parseBytes(node.text);
  if (found === undefined) {
    const hint = /[g-z]/i.test(node.text) ? `; a string is in quotes: "${node.text}"` : '';
    throw new FilterError(`"${node.text}" is not a valid byte string${hint}.`);
  }
  return found;
}

function duration(text: string): number {
  if (!/^\d+(?:\.\d{1,9})?$/.test(text)) {
    throw new FilterError(`"${text}" is not a valid time; it is a number of seconds such as 0.25.`);
  }
  return Number(text);
}

function time(node: Literal): number {
  const text = stringOf(node);
  const found = parseTime(text);
  if (found === undefined) {
    throw new FilterError(`"${text}" is not a valid absolute time. Example: ${TIME_EXAMPLES}.`);
  }
  return found;
}
