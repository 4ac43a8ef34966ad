/** gdb's `printf` and `echo`. */

import { CommandError } from '../commands/command.ts';
import { splitPrintf } from '../commands/split.ts';
import type { Value } from '../engine/api.ts';
import { escapeSequence } from '../inspect/expression/lexer.ts';
import type { GdbInterpreter } from './interpreter.ts';

/** Text with C's escapes resolved. */
export function unescapeC(text: string): string {
  let out = '';
  for (let i = 0; i < text.length; ) {
    if (text[i] === '\\') {
      const [c, end] = escapeSequence(text, i + 1);
      out += c;
      i = end;
    } else {
      out += text[i++];
    }
  }
  return out;
}

/** One conversion of a format string. */
interface Conversion {
  readonly literal: string;
  /** `%-5lx` in parts; absent for literal text. */
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
  readonly letter: string;
}

const CONVERSION = /%(?:(%)|([-+ #0]*)(\d*)(?:\.(\d*))?(?:hh|h|ll|l|z|j|t|L)?([a-zA-Z]))/g;

/** Widths and precisions beyond this are mistakes. */
const MAX_WIDTH = 100_000;
/** Digits behind the point that JavaScript writes. */
const MAX_DIGITS = 100;

function parseFormat(format: string): Conversion[] {
  const parts: Conversion[] = [];
  let at = 0;
  const literal = (text: string): void => {
    if (text !== '') {
      parts.push({ literal: text, flags: '', width: 0, precision: undefined, letter: '' });
    }
  };
  for (const m of format.matchAll(CONVERSION)) {
    const [all, percent, flags = '', width, precision, letter = ''] = m;
    literal(format.slice(at, m.index));
    at = m.index + all.length;
    if (percent !== undefined) {
      literal('%');
      continue;
    }
    if (!'diuoxXcspfgeEG'.includes(letter)) {
      throw new CommandError(`Unrecognized format specifier '${letter}' in printf`);
    }
    const digits = precision === undefined ? undefined : Number(precision);
    if (Number(width) > MAX_WIDTH || (digits ?? 0) > MAX_WIDTH) {
      throw new CommandError(`A width or precision above ${MAX_WIDTH} is not supported in printf`);
    }
    parts.push({ literal: '', flags, width: Number(width), precision: digits, letter });
  }
  if (format.indexOf('%', at) >= 0) {
    throw new CommandError('Incomplete format specifier at end of format string');
  }
  literal(format.slice(at));
  return parts;
}

/** `printf "format", arg, ...`. */
export async function printf(gdb: GdbInterpreter, args: string): Promise<void> {
  gdb.out(await formatted(gdb, args));
}

/** The text that `"format", arg, ...` comes to. */
export async function formatted(gdb: GdbInterpreter, args: string): Promise<string> {
  const { format, values: expressions } = splitPrintf(args);
  const values: Value[] = [];
  for (const { expression } of expressions) {
    values.push((await gdb.evaluator.evaluate(expression, gdb.expressionFrame())).value);
  }
  const conversions = parseFormat(unescapeC(format));
  if (conversions.filter((c) => c.letter !== '').length !== values.length) {
    throw new CommandError('Wrong number of arguments for specified format-string');
  }
  const left = values.values();
  let out = '';
  for (const c of conversions) {
    const value = c.letter === '' ? undefined : left.next().value;
    out += value ? await convert(gdb, c, value) : c.literal;
  }
  return out;
}

async function convert(gdb: GdbInterpreter, c: Conversion, value: Value): Promise<string> {
  const left = c.flags.includes('-');
  const zero = c.flags.includes('0') && !left && c.precision === undefined;
  let text: string;
  if (c.letter === 's') {
    text = (await stringOf(gdb, value)).slice(0, c.precision);
  } else if (c.letter === 'c') {
    text = String.fromCharCode(Number(integerOf(value) & 0xffffn));
  } else if (c.letter === 'p') {
    text = `0x${(value.address ?? Number(integerOf(value))).toString(16)}`;
  } else if ('fgeEG'.includes(c.letter)) {
    const digits = c.precision ?? 6;
    text = Number(value.value).toFixed(Math.min(digits, MAX_DIGITS));
    text += '0'.repeat(Math.max(0, digits - MAX_DIGITS));
  } else {
    text = integerText(integerOf(value), c);
  }
  if (zero && c.letter !== 's') {
    const sign = /^[-+]/.exec(text)?.[0] ?? '';
    return sign + text.slice(sign.length).padStart(c.width - sign.length, '0');
  }
  return left ? text.padEnd(c.width) : text.padStart(c.width);
}

function integerText(n: bigint, c: Conversion): string {
  const unsigned = n < 0n ? BigInt.asUintN(n >= -0x80000000n ? 32 : 64, n) : n;
  const digits = (text: string): string => text.padStart(c.precision ?? 0, '0');
  switch (c.letter) {
    case 'x':
      return (c.flags.includes('#') ? '0x' : '') + digits(unsigned.toString(16));
    case 'X':
      return (c.flags.includes('#') ? '0X' : '') + digits(unsigned.toString(16).toUpperCase());
    case 'o':
      return (c.flags.includes('#') ? '0' : '') + digits(unsigned.toString(8));
    case 'u':
      return digits(unsigned.toString());
    default: {
      const sign = n < 0n ? '-' : c.flags.includes('+') ? '+' : c.flags.includes(' ') ? ' ' : '';
      return sign + digits((n < 0n ? -n : n).toString());
    }
  }
}

function integerOf(value: Value): bigint {
  switch (value.kind) {
    case 'number':
      return BigInt(Math.trunc(Number(value.value)));
    case 'bigint':
      return BigInt(value.value ?? 0);
    case 'boolean':
      return value.value ? 1n : 0n;
    case 'null':
      return 0n;
    default:
      if (value.address !== undefined) {
        return BigInt(value.address);
      }
      throw new CommandError("Value can't be converted to integer.");
  }
}

async function stringOf(gdb: GdbInterpreter, value: Value): Promise<string> {
  if (value.kind === 'string') {
    return String(value.value);
  }
  if (value.kind === 'bytes' && value.handle !== undefined) {
    const bytes = await gdb.engine.children(value.handle, 0, value.length ?? 0);
    const text = String.fromCharCode(...bytes.map((b) => Number(b.value.value)));
    return text.includes('\0') ? text.slice(0, text.indexOf('\0')) : text;
  }
  throw new CommandError('%s needs a string or bytes.');
}
