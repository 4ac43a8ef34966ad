/** Prints values as gdb does. */
import type { EngineApi, NamedValue, Value } from '../engine/api.ts';
import { formatField } from '../packets/fields.ts';
import { hex } from '../packets/format.ts';
import type { Result } from './evaluator.ts';
import { ExpressionError } from './expression/ast.ts';
import type { Code } from './expression/compile.ts';
import { signature, typeName } from './type-text.ts';

/** Print settings (`set print ...`). */
export interface PrintSettings {
  /** Elements of arrays and characters of strings printed in all; 0 means no limit. */
  elements: number;
  /** Runs longer than this are printed as `<repeats N times>`. */
  repeats: number;
  /** One field a line. */
  pretty: boolean;
  /** Structs within structs that are shown by value instead of by address. */
  'max-depth': number;
  /** One element a line. */
  array: boolean;
  /** Elements are shown with their index. */
  'array-indexes': boolean;
  /** Pointers are shown with the address. */
  address: boolean;
  /** Strings of bytes end at the first NUL. */
  'null-stop': boolean;
  /** Which arguments of frames are shown. */
  'frame-arguments': 'all' | 'scalars' | 'none' | 'presence';
  /** Integers without a format are written so. */
  radix: 8 | 10 | 16;
}

export function defaultPrintSettings(): PrintSettings {
  return {
    elements: 200,
    repeats: 10,
    pretty: false,
    'max-depth': 1,
    array: false,
    'array-indexes': false,
    address: true,
    'null-stop': false,
    'frame-arguments': 'scalars',
    radix: 10,
  };
}

const LETTERS = ['x', 'd', 'u', 'o', 't', 'a', 'c', 'f', 's', 'z'] as const;
const SIZES = ['b', 'h', 'w', 'g'] as const;

/** Format letters of `print` and `x`; empty for the usual one. */
export type FormatLetter = (typeof LETTERS)[number] | '';

const RADIX = { 8: 'o', 10: '', 16: 'x' } as const;

/** How a scalar is to be read. */
interface ScalarHint {
  readonly bits?: number;
  readonly signed?: boolean;
  readonly char?: boolean;
  readonly float?: boolean;
}

/** Elements of one array that are looked at. */
const MAX_SCANNED = 65536;
const CHUNK = 1000;
/** Bytes up to this many are shown in place inside of a struct; longer buffers by address. */
const INLINE_BYTES = 16;

/** What values are read from. */
export type ValueReader = Pick<EngineApi, 'info' | 'children'>;

/** A result at the top of `print`: a struct by address unless it was dereferenced, a field in its own notation. */
export async function formatResult(
  engine: ValueReader,
  settings: PrintSettings,
  { value, code }: Result,
  letter: FormatLetter,
): Promise<string> {
  const printer = new ValuePrinter(engine, settings, letter);
  const pointer = pointerType(value, code);
  if (pointer !== undefined) {
    const at = value.kind === 'number' ? hex(Number(value.value)) : address(value);
    const shown = settings.address || letter !== '' ? at : '';
    return letter === '' || letter === 's' ? `(${pointer}) ${value.kind === 'null' ? '0x0' : shown}` : at;
  }
  const type = code?.type;
  if (type?.kind === 'code' && (letter === '' || letter === 'a')) {
    const at = `${hex(Number(value.value))} <${type.symbol}>`;
    return letter === 'a' ? at : `(void (*)()) ${at}`;
  }
  if (type?.kind === 'field' || type?.kind === 'multi') {
    if (value.kind === 'undefined') {
      return '<not in this packet>';
    }
    if (letter === '' && (value.kind === 'number' || value.kind === 'string')) {
      return formatField(type.field.name, value.kind === 'number' ? Number(value.value) : String(value.value));
    }
  }
  const f = value.kind === 'function' ? engine.info.functions.find((x) => x.name === value.value) : undefined;
  if (f) {
    return code?.pointer ? `(${signature(f).replace(' (', ' (*)(')}) <${f.name}>` : `{${signature(f)}} <${f.name}>`;
  }
  const scalar = code?.scalar;
  const float = type?.kind === 'float' ? { float: true } : {};
  const hint: ScalarHint = scalar ? { ...scalar, char: scalar.char ?? scalar.bits === 8 } : float;
  return printer.print(value, 0, hint);
}

/** The type of what is shown by its address; undefined for what is shown by its contents. */
function pointerType(value: Value, code: Code | undefined): string | undefined {
  const guest = code?.type.kind === 'guest';
  const array = code?.pointer !== undefined && (value.kind === 'array' || value.kind === 'bytes');
  const struct = value.kind === 'struct' && !code?.contents;
  const none = value.kind === 'null' && code?.type.kind === 'struct';
  return guest || array || struct || none ? typeName(value, code) : undefined;
}

/** An argument in a frame line, or a local in `info locals`: aggregates by address, as gdb prints pointers. */
export function formatArgument(value: Value): string {
  switch (value.kind) {
    case 'struct':
    case 'array':
    case 'bytes':
    case 'map':
      return address(value);
    default:
      return formatScalar(value, '', {}, 200);
  }
}

function address(value: Value): string {
  return hex(value.address ?? 0);
}

class ValuePrinter {
  readonly #engine: ValueReader;
  readonly #settings: PrintSettings;
  readonly #letter: FormatLetter;
  /** Elements that may still be printed. */
  #left: number;

  constructor(engine: ValueReader, settings: PrintSettings, letter: FormatLetter) {
    this.#engine = engine;
    this.#settings = settings;
    this.#letter = letter;
    this.#left = settings.elements === 0 ? Number.POSITIVE_INFINITY : settings.elements;
  }

  async print(value: Value, depth: number, hint: ScalarHint = {}): Promise<string> {
    switch (value.kind) {
      case 'struct':
        return depth < this.#settings['max-depth'] ? this.#struct(value, depth) : address(value);
      case 'bytes':
      case 'array':
        if (value.kind === 'bytes' && this.#letter === 's') {
          return this.#byteString(value);
        }
        return depth > 0 && value.kind === 'bytes' && (value.length ?? 0) > INLINE_BYTES
          ? address(value)
          : this.#array(value, depth);
      case 'map':
        return this.#map(value, depth);
      default:
        return formatScalar(value, this.#letter || this.#radix(value, hint), hint, this.#settings.elements);
    }
  }

  /** The letter that an integer without one is written with. */
  #radix({ kind, value }: Value, { float }: ScalarHint): FormatLetter {
    const whole = kind === 'bigint' || (kind === 'number' && Number.isInteger(value) && !float);
    return whole ? RADIX[this.#settings.radix] : '';
  }

  async #struct(value: Value, depth: number): Promise<string> {
    const fields = await this.#children(value, 0, this.#settings.elements || MAX_SCANNED);
    const parts: string[] = [];
    for (const f of fields) {
      parts.push(`${f.name} = ${await this.print(f.value, depth + 1)}`);
    }
    if (!this.#settings.pretty) {
      return `{${parts.join(', ')}}`;
    }
    const indent = '  '.repeat(depth + 1);
    return `{\n${parts.map((p) => `${indent}${p}`).join(',\n')}\n${indent.slice(2)}}`;
  }

  /** Elements, with runs of equal ones collapsed, up to the limit. */
  async #array(value: Value, depth: number): Promise<string> {
    let at = 0;
    const hint: ScalarHint = { ...(value.bits ? { bits: value.bits } : {}), signed: value.type.startsWith('Int') };
    const letterHint =
      value.kind === 'bytes' && this.#letter === '' ? 'x' : this.#letter || RADIX[this.#settings.radix];
    const parts: string[] = [];
    const length = value.length ?? 0;
    let run = '';
    let count = 0;
    const flush = (): void => {
      const first = at - count;
      if (count > this.#settings.repeats) {
        parts.push(`${this.#index(first)}${run} <repeats ${count} times>`);
        this.#left -= this.#settings.repeats;
      } else {
        for (let i = 0; i < count && this.#left > 0; i++, this.#left--) {
          parts.push(`${this.#index(first + i)}${run}`);
        }
      }
      count = 0;
    };
    for (; at < length && at < MAX_SCANNED && this.#left - count > 0; ) {
      const chunk = await this.#children(value, at, Math.min(CHUNK, length - at));
      if (chunk.length === 0) {
        break;
      }
      for (const { value: v } of chunk) {
        const text =
          v.kind === 'number' || v.kind === 'bigint'
            ? formatScalar(v, letterHint, hint, 0)
            : await this.print(v, depth);
        if (count > 0 && text !== run) {
          flush();
        }
        if (this.#left <= 0) {
          return this.#joined(parts, '...', depth);
        }
        run = text;
        count++;
        at++;
      }
    }
    flush();
    return this.#joined(parts, at < length ? '...' : '', depth);
  }

  #index(i: number): string {
    return this.#settings['array-indexes'] ? `[${i}] = ` : '';
  }

  #joined(parts: readonly string[], rest: string, depth: number): string {
    if (!this.#settings.array) {
      return `{${parts.join(', ')}${rest}}`;
    }
    const indent = '  '.repeat(depth + 1);
    return `{\n${parts.map((p) => `${indent}${p}`).join(',\n')}${rest}\n${indent.slice(2)}}`;
  }

  async #map(value: Value, depth: number): Promise<string> {
    const entries = await this.#children(value, 0, this.#settings.elements || MAX_SCANNED);
    const parts: string[] = [];
    for (const e of entries) {
      parts.push(`${e.name} = ${await this.print(e.value, depth + 1)}`);
    }
    return `{${parts.join(', ')}${entries.length < (value.length ?? 0) ? '...' : ''}}`;
  }

  async #byteString(value: Value): Promise<string> {
    const limit = this.#settings.elements || MAX_SCANNED;
    const bytes = await this.#children(value, 0, Math.min(value.length ?? 0, limit));
    const all = bytes.map((b) => Number(b.value.value));
    const end = this.#settings['null-stop'] ? all.indexOf(0) : -1;
    if (end >= 0) {
      return quoteString(bytesText(all.slice(0, end)), limit, this.#settings.repeats);
    }
    const text = bytesText(all);
    return quoteString(text, limit, this.#settings.repeats) + ((value.length ?? 0) > limit ? '...' : '');
  }

  #children(value: Value, start: number, count: number): Promise<readonly NamedValue[]> {
    return value.handle === undefined ? Promise.resolve([]) : this.#engine.children(value.handle, start, count);
  }
}

/** Bytes as a string: what is no ASCII stays a byte, which is written in octal digits. */
export function bytesText(bytes: readonly number[]): string {
  return String.fromCharCode(...bytes.map((b) => (b > 0x7f ? HIGH_BYTE + b : b)));
}

/** Characters that stand for bytes above 127: a private area of Unicode. */
const HIGH_BYTE = 0xf700;

/** A scalar (or NULL, void, function) in a format. */
export function formatScalar(value: Value, letter: FormatLetter, hint: ScalarHint, elements: number): string {
  switch (value.kind) {
    case 'number':
      return formatNumber(Number(value.value), letter, hint);
    case 'bigint':
      return formatNumber(BigInt(value.value ?? 0), letter, { bits: 64, ...hint });
    case 'boolean':
      return letter === '' || letter === 's'
        ? String(value.value)
        : formatNumber(value.value ? 1 : 0, letter, { bits: 8 });
    case 'string':
      return letter === '' || letter === 's'
        ? quoteString(String(value.value), elements || Number.POSITIVE_INFINITY, 10)
        : characters(String(value.value), letter);
    case 'null':
      return '0x0';
    case 'function':
      return `${value.address === undefined ? '' : `${address(value)} `}<${value.value}>`;
    default:
      return 'void';
  }
}

/** The characters of a string in a format, with the final NUL that C has. */
function characters(text: string, letter: FormatLetter): string {
  return `{${[...text, '\0'].map((c) => formatNumber(c.charCodeAt(0), letter, { bits: 8, signed: true })).join(', ')}}`;
}

/** A number in a format letter; `bits` and `signed` say how wide a two's complement is. */
export function formatNumber(n: number | bigint, letter: FormatLetter, hint: ScalarHint): string {
  if (typeof n === 'number' && (hint.float || !Number.isInteger(n))) {
    return letter === '' || letter === 'f' || !Number.isFinite(n)
      ? decimalFloat(n, hint.bits === 32 ? 9 : 17)
      : formatNumber(Math.trunc(n), letter, {});
  }
  const big = BigInt(n);
  const bits = hint.bits ?? (big >= -0x80000000n && big <= 0xffffffffn ? 32 : 64);
  const unsigned = BigInt.asUintN(bits, big);
  switch (letter) {
    case 'x':
    case 'a':
      return hex(unsigned);
    case 'z':
      return hex(unsigned, bits / 4);
    case 'o':
      return unsigned === 0n ? '0' : `0${unsigned.toString(8)}`;
    case 't':
      return unsigned.toString(2);
    case 'u':
      return unsigned.toString();
    case 'd':
      return (hint.bits === undefined ? big : BigInt.asIntN(bits, big)).toString();
    case 'c': {
      const code = hint.signed === false && hint.bits === 8 ? BigInt.asUintN(8, big) : BigInt.asIntN(8, big);
      return `${code} ${quoteChar(Number(unsigned & 0xffn))}`;
    }
    default:
      return hint.char ? `${big} ${quoteChar(Number(unsigned & 0xffn))}` : big.toString();
  }
}

/** As C's `%g`, with all digits that tell a value from its neighbours: 17, or 9 of a float. */
function decimalFloat(n: number, digits: number): string {
  if (!Number.isFinite(n)) {
    return Number.isNaN(n) ? 'nan(0x8000000000000)' : n > 0 ? 'inf' : '-inf';
  }
  const [mantissa = '', exponent = '0'] = n.toExponential(digits - 1).split('e');
  const e = Number(exponent);
  if (e >= -4 && e < digits) {
    return n
      .toFixed(Math.max(0, digits - 1 - e))
      .replace(/(\.\d*?)0+$/, '$1')
      .replace(/\.$/, '');
  }
  const sign = e < 0 ? '-' : '+';
  return `${mantissa.replace(/\.?0+$/, '')}e${sign}${String(Math.abs(e)).padStart(2, '0')}`;
}

const NAMED: Readonly<Record<number, string>> = {
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  27: '\\033',
  92: '\\\\',
};

/** A character within `quote`s, escaped as in C. */
function escapeChar(code: number, quote: string): string {
  if (NAMED[code] !== undefined) {
    return NAMED[code];
  }
  if (code > HIGH_BYTE + 0x7f && code <= HIGH_BYTE + 0xff) {
    return `\\${(code - HIGH_BYTE).toString(8).padStart(3, '0')}`;
  }
  const c = String.fromCharCode(code);
  if (c === quote) {
    return `\\${c}`;
  }
  return (code >= 32 && code < 127) || code > 0xa0 ? c : `\\${code.toString(8).padStart(3, '0')}`;
}

function quoteChar(code: number): string {
  return `'${escapeChar(code > 0x7f && code < 0x100 ? HIGH_BYTE + code : code, "'")}'`;
}

/** A string as gdb prints it: `"abc", 'x' <repeats 20 times>, "def"...`. */
export function quoteString(text: string, limit: number, repeats: number): string {
  const parts: string[] = [];
  let plain = '';
  let left = limit;
  let i = 0;
  for (; i < text.length && left > 0; ) {
    let n = 1;
    while (text[i + n] === text[i]) {
      n++;
    }
    if (n > repeats) {
      if (plain !== '') {
        parts.push(`"${plain}"`);
        plain = '';
      }
      parts.push(`${quoteChar(text.charCodeAt(i))} <repeats ${n} times>`);
      left -= repeats;
    } else {
      n = Math.min(n, left);
      plain += escapeChar(text.charCodeAt(i), '"').repeat(n);
      left -= n;
    }
    i += n;
  }
  if (plain !== '' || parts.length === 0) {
    parts.push(`"${plain}"`);
  }
  return parts.join(', ') + (i < text.length ? '...' : '');
}

/** A count, format and size as `x/16xb` has them. */
export interface Format {
  readonly count: number;
  readonly letter: FormatLetter;
  readonly size: (typeof SIZES)[number] | '';
}

/** Splits `/16xb` from the rest of an argument. Throws for a letter that is none. */
export function splitFormat(argument: string): { format: Format | undefined; rest: string } {
  const [whole, text] = /^\/(\S*)\s*/.exec(argument) ?? [];
  if (whole === undefined || text === undefined) {
    return { format: undefined, rest: argument };
  }
  const [, count, letters] = /^(-?\d*)([a-z]*)$/i.exec(text) ?? [];
  if (letters === undefined) {
    throw new ExpressionError(`Undefined output format "${text}".`);
  }
  let letter: FormatLetter = '';
  let size: Format['size'] = '';
  for (const c of letters) {
    const asSize = SIZES.find((s) => s === c);
    const asLetter = LETTERS.find((l) => l === c);
    if (c === 'i') {
      throw new ExpressionError('Format letter "i" is meaningless here: there are no machine instructions.');
    }
    if (!asSize && !asLetter && c !== 'r') {
      throw new ExpressionError(`Undefined output format "${c}".`);
    }
    size = asSize ?? size;
    letter = asLetter ?? letter;
  }
  return { format: { count: count === '' ? 1 : Number(count), letter, size }, rest: argument.slice(whole.length) };
}
