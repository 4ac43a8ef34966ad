/** How values look in the Variables view: short, C-like, hexadecimal unless the client asks for decimal. */
import type { Value } from '../engine/api.ts';
import { hex } from '../packets/format.ts';
import type { ValueFormat } from './containers.ts';

/** Longest text of a string value in a row. */
const MAX_STRING = 500;

/** Names of what is read in hexadecimal: flags, masks, checksums, addresses as numbers. */
const BITS = /(?:^|_)(?:flags?|mask|addr|address|[fl]addr|c?k?sum|csum|magic|src|dst|causes?|icr|ims|vlan)$/;

/** One line for a value; its name tells counts from what is made of bits. */
export function formatValue(value: Value, format: ValueFormat, name = ''): string {
  switch (value.kind) {
    case 'number': {
      const counts = format.byKind === true && value.bits === undefined && !BITS.test(name);
      return formatNumber(Number(value.value), counts ? { ...format, hex: false } : format, value.bits);
    }
    case 'bigint': {
      const n = BigInt(value.value as string | bigint);
      return format.hex && format.byKind !== true && n >= 0n ? hex(n) : String(n);
    }
    case 'boolean':
      return String(value.value);
    case 'string': {
      const text = String(value.value);
      return JSON.stringify(text.length > MAX_STRING ? `${text.slice(0, MAX_STRING)}…` : text);
    }
    case 'null':
      return 'NULL';
    case 'undefined':
      return '<undefined>';
    case 'function':
      return `<${String(value.value || 'function')}>`;
    case 'bytes':
    case 'array':
      return `${value.type.replace(/^readonly /, '').replace(/\[\]$/, '')}[${value.length ?? 0}]${address(value)}`;
    case 'map':
      return `${value.type} of ${value.length ?? 0}`;
    case 'struct':
      return `${value.type || 'struct'}${address(value)}`;
  }
}

/** An integer in hex (padded to `bits`), or in decimal; what hex would not make clearer stays decimal. */
export function formatNumber(n: number, format: ValueFormat, bits?: number): string {
  if (format.base !== undefined && Number.isInteger(n) && n >= 0) {
    return `${format.base === 2 ? '0b' : '0'}${n.toString(format.base)}`;
  }
  if (!format.hex || !Number.isInteger(n) || n < 0 || Object.is(n, -0)) {
    return Object.is(n, -0) ? '-0' : String(n);
  }
  return hex(n, (bits ?? 4) >> 2);
}

function address(value: Value): string {
  return value.address === undefined ? '' : ` @ ${hex(value.address)}`;
}
