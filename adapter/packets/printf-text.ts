/** C's `printf` over JavaScript's values: for the command of that name, and for `dprintf` in the machine's thread. */
import { visibleLines } from './format.ts';

/** What is wrong with a format, or with a value for it. */
export class FormatError extends Error {
  override name = 'FormatError';
}

/** One conversion of a format string. */
export interface Conversion {
  readonly literal: string;
  /** `%-5lx` in parts; absent for literal text. */
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
  readonly letter: string;
}

const CONVERSION = /%(?:(%)|([-+ #0]*)(\d*|\*)(?:\.(\d*|\*))?(?:hh|h|ll|l|z|j|t|L)?([a-zA-Z]))/g;

/** Widths and precisions beyond this are mistakes. */
const MAX_WIDTH = 100_000;
/** Digits behind the point that JavaScript writes. */
const MAX_DIGITS = 100;

/** The parts of a format. Throws `FormatError`. */
export function parseFormat(format: string): Conversion[] {
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
    if (width === '*' || precision === '*') {
      throw new FormatError("`*' not supported for precision or width in printf");
    }
    if (letter === 'n') {
      throw new FormatError("Format specifier `n' not supported in printf");
    }
    if (!'diuoxXcspfgeEG'.includes(letter)) {
      throw new FormatError(`Unrecognized format specifier '${letter}' in printf`);
    }
    const digits = precision === undefined ? undefined : Number(precision);
    if (Number(width) > MAX_WIDTH || (digits ?? 0) > MAX_WIDTH) {
      throw new FormatError(`A width or precision above ${MAX_WIDTH} is not supported in printf`);
    }
    parts.push({ literal: '', flags, width: Number(width), precision: digits, letter });
  }
  if (format.indexOf('%', at) >= 0) {
    throw new FormatError('Incomplete format specifier at end of format string');
  }
  literal(format.slice(at));
  return parts;
}

/** The text that a format and its values, as many as it takes, come to. Throws `FormatError`. */
export function formatText(conversions: readonly Conversion[], values: readonly unknown[]): string {
  let out = '';
  let next = 0;
  for (const c of conversions) {
    out += c.letter === '' ? c.literal : convert(c, values[next++]);
  }
  return out;
}

function convert(c: Conversion, value: unknown): string {
  const left = c.flags.includes('-');
  const real = 'fgeEG'.includes(c.letter);
  const zero = c.flags.includes('0') && !left && (real || c.precision === undefined);
  let text: string;
  if (c.letter === 's') {
    text = stringOf(value, c.precision);
  } else if (c.letter === 'c') {
    text = visibleLines(String.fromCharCode(Number(integerOf(value) & 0xffffn)));
  } else if (c.letter === 'p') {
    text = `0x${integerOf(value).toString(16)}`;
  } else if (real) {
    text = realText(Number(value), c);
  } else {
    text = integerText(integerOf(value), c);
  }
  if (zero && c.letter !== 's') {
    const sign = /^[-+]/.exec(text)?.[0] ?? '';
    return sign + text.slice(sign.length).padStart(c.width - sign.length, '0');
  }
  return left ? text.padEnd(c.width) : text.padStart(c.width);
}

/** A number with a point, as C writes it. */
function realText(n: number, { letter, flags, precision }: Conversion): string {
  const sign = n < 0 || Object.is(n, -0) ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  const size = Math.abs(n);
  const text = Number.isFinite(n)
    ? sizeText(size, letter.toLowerCase(), precision, flags.includes('#'))
    : Number.isNaN(n)
      ? 'nan'
      : 'inf';
  return sign + (letter === letter.toUpperCase() ? text.toUpperCase() : text);
}

function sizeText(n: number, letter: string, precision: number | undefined, alternate: boolean): string {
  const digits = precision ?? 6;
  switch (letter) {
    case 'f':
      return fixed(n, digits);
    case 'e':
      return exponential(n, digits);
    default: {
      const significant = Math.max(digits, 1);
      const exponent = Number(n.toExponential(Math.min(significant - 1, MAX_DIGITS)).split('e')[1]);
      const plain = exponent >= -4 && exponent < significant;
      const text = plain ? fixed(n, significant - 1 - exponent) : exponential(n, significant - 1);
      return alternate ? text : text.replace(/(\.\d*?)0+(?=e|$)/, '$1').replace(/\.(?=e|$)/, '');
    }
  }
}

function fixed(n: number, digits: number): string {
  // Beyond this, JavaScript writes an exponent.
  const text = n < 1e21 ? n.toFixed(Math.min(digits, MAX_DIGITS)) : withPoint(BigInt(n).toString(), digits);
  return text + '0'.repeat(Math.max(0, digits - MAX_DIGITS));
}

function withPoint(whole: string, digits: number): string {
  return digits === 0 ? whole : `${whole}.${'0'.repeat(Math.min(digits, MAX_DIGITS))}`;
}

function exponential(n: number, digits: number): string {
  const [mantissa = '', exponent = '+0'] = n.toExponential(Math.min(digits, MAX_DIGITS)).split('e');
  const zeroes = '0'.repeat(Math.max(0, digits - MAX_DIGITS));
  return `${mantissa}${zeroes}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
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

function integerOf(value: unknown): bigint {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n;
    case 'bigint':
      return value;
    case 'boolean':
      return value ? 1n : 0n;
    default:
      if (value === null) {
        return 0n;
      }
      throw new FormatError("Value can't be converted to integer.");
  }
}

/** Text that a value holds: it may be a packet's, or a guest's. */
function stringOf(value: unknown, precision: number | undefined): string {
  if (typeof value === 'string') {
    return visibleLines(value.slice(0, precision));
  }
  if (value instanceof Uint8Array) {
    const end = value.indexOf(0);
    const shown = value.subarray(0, Math.min(precision ?? value.length, end < 0 ? value.length : end));
    return visibleLines(Array.from(shown, (b) => String.fromCharCode(b)).join(''));
  }
  throw new FormatError('%s needs a string or bytes.');
}
