/** Splits the text of an expression into tokens. */

import { within } from '../../packets/span.ts';
import { ExpressionError, type NumberType } from './ast.ts';

/** A token, with the offsets of its first character and behind its last. */
export type Token = { readonly at: number; readonly end: number } & Content;

type Content =
  | { readonly kind: 'number'; readonly value: number | bigint; readonly type: NumberType }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'ipv4'; readonly text: string; readonly value: number }
  | { readonly kind: 'mac'; readonly text: string }
  | { readonly kind: 'name'; readonly text: string }
  | { readonly kind: 'dollar'; readonly text: string }
  | { readonly kind: 'op'; readonly text: string }
  | { readonly kind: 'end' };

/** Longer texts are refused, so that no input takes long. */
export const MAX_LENGTH = 4096;

const SPACE = /[ \t\r\n]+/y;
const MAC = /[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}(?![0-9a-zA-Z_:])/y;
const IPV4 = /\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![0-9a-zA-Z_.])/y;
const FLOAT = /(?:(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)[fFlL]?(?![0-9a-zA-Z_.])/y;
const NUMBER = /[0-9][0-9a-zA-Z_]*/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const DOLLAR = /\$(?:\$?[0-9]+|[A-Za-z_][A-Za-z0-9_]*|\$)?/y;
/** `===`, `!==` and `?.` are TypeScript's, from the source that is on the screen. */
const OPERATOR =
  /===|!==|\?\.(?!\d)|<<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[-+*/%&|^~!<>=?:,.()[\]@{}]/y;

const IN_C: Readonly<Record<string, string>> = { '===': '==', '!==': '!=', '?.': '.' };

const ESCAPES: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, a: 7, b: 8, f: 12, v: 11, e: 27 };

/** Tokens of `text`, the last one is `end`. Throws `ExpressionError`. */
export function tokenize(text: string): Token[] {
  if (text.length > MAX_LENGTH) {
    throw new ExpressionError(`The expression is longer than ${MAX_LENGTH} characters.`);
  }
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    at += match(SPACE, text, at)?.length ?? 0;
    if (at >= text.length) {
      tokens.push({ kind: 'end', at, end: at });
      return tokens;
    }
    const [content, end] = nextToken(text, at);
    tokens.push({ ...content, at, end });
    at = end;
  }
}

/** What a sticky pattern finds at `at`. */
function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** The token at `at` and where the next one starts. */
function nextToken(text: string, at: number): [Content, number] {
  const c = text[at]!;
  if (c === '"' || c === "'") {
    return quoted(text, at);
  }
  const mac = match(MAC, text, at);
  if (mac !== undefined) {
    return [{ kind: 'mac', text: mac.toLowerCase() }, at + mac.length];
  }
  if (/[0-9.]/.test(c)) {
    const number = numeric(text, at);
    if (number) {
      return number;
    }
  }
  const name = match(NAME, text, at);
  if (name !== undefined) {
    return [{ kind: 'name', text: name }, at + name.length];
  }
  const dollar = match(DOLLAR, text, at);
  if (dollar !== undefined) {
    return [{ kind: 'dollar', text: dollar.slice(1) }, at + dollar.length];
  }
  const op = match(OPERATOR, text, at);
  if (op !== undefined) {
    return [{ kind: 'op', text: IN_C[op] ?? op }, at + op.length];
  }
  throw new ExpressionError(`Invalid character '${c}' in expression.`, { start: at, end: at + 1 });
}

/** An IPv4 address, a floating point number or an integer; undefined for a lone point. */
function numeric(text: string, at: number): [Content, number] | undefined {
  const ip = match(IPV4, text, at);
  if (ip !== undefined) {
    const parts = ip.split('.').map(Number);
    if (parts.some((p) => p > 255)) {
      throw new ExpressionError(`Invalid number "${ip}".`, { start: at, end: at + ip.length });
    }
    const value = parts.reduce((sum, p) => sum * 256 + p, 0);
    return [{ kind: 'ipv4', text: parts.join('.'), value }, at + ip.length];
  }
  const float = match(FLOAT, text, at);
  if (float !== undefined) {
    const single = /f$/i.test(float);
    const value = Number(float.replace(/[fl]$/i, ''));
    const content = single ? { value: Math.fround(value), type: 'single' } : { value, type: 'float' };
    return [{ kind: 'number', ...(content as { value: number; type: NumberType }) }, at + float.length];
  }
  const word = match(NUMBER, text, at);
  if (word === undefined) {
    return undefined;
  }
  return [{ kind: 'number', ...within(word, at, integer) }, at + word.length];
}

/** Value and C type of an integer constant (C17 6.4.4.1), with gdb's binary constants. */
function integer(word: string): { value: number | bigint; type: NumberType } {
  const m = /^(0[xX][0-9a-fA-F]+|0[bB][01]+|0[0-7]*|[1-9][0-9]*)([uU]?[lL]{0,2}|[lL]{1,2}[uU])$/.exec(word);
  if (!m) {
    throw new ExpressionError(`Invalid number "${word}".`);
  }
  const digits = m[1]!;
  const octal = /^0[0-7]+$/.test(digits);
  const big = BigInt(octal ? `0o${digits.slice(1)}` : digits);
  if (big >= 1n << 64n) {
    throw new ExpressionError('Numeric constant too large.');
  }
  const value = big <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(big) : big;
  return { value, type: integerType(big, m[2]!.toLowerCase(), /^[1-9]/.test(digits)) };
}

/** The first type of C's list that holds it; a decimal one is unsigned only where its suffix says so. */
function integerType(value: bigint, suffix: string, decimal: boolean): NumberType {
  const unsigned = suffix.includes('u');
  if (!suffix.includes('l')) {
    if (value <= 0x7fffffffn && !unsigned) {
      return 'int';
    }
    if (value <= 0xffffffffn && (unsigned || !decimal)) {
      return 'uint';
    }
  }
  return unsigned || value > 0x7fffffffffffffffn ? 'ulong' : 'long';
}

/** A character constant or a string. */
function quoted(text: string, at: number): [Content, number] {
  const quote = text[at]!;
  let out = '';
  let i = at + 1;
  for (;;) {
    const c = text[i];
    if (c === undefined) {
      const message = quote === '"' ? 'Unterminated string in expression.' : 'Unmatched single quote.';
      throw new ExpressionError(message, { start: at, end: text.length });
    }
    if (c === quote) {
      break;
    }
    if (c === '\\') {
      const [value, end] = escapeSequence(text, i + 1);
      out += value;
      i = end;
    } else {
      out += c;
      i++;
    }
  }
  if (quote === '"') {
    return [{ kind: 'string', value: out }, i + 1];
  }
  if (out.length !== 1) {
    const message =
      out.length === 0 ? 'A character constant must contain at least one character.' : 'Invalid character constant.';
    throw new ExpressionError(message, { start: at, end: i + 1 });
  }
  return [{ kind: 'number', value: out.charCodeAt(0), type: 'char' }, i + 1];
}

/**
 * An escape sequence after its backslash: the character and where it ends. Unknown ones stand for themselves, as in
 * gdb.
 */
export function escapeSequence(text: string, at: number): [string, number] {
  const octal = match(/[0-7]{1,3}/y, text, at);
  if (octal !== undefined) {
    return [String.fromCharCode(Number.parseInt(octal, 8) & 0xff), at + octal.length];
  }
  const hex = match(/x[0-9a-fA-F]{1,2}/y, text, at);
  if (hex !== undefined) {
    return [String.fromCharCode(Number.parseInt(hex.slice(1), 16)), at + hex.length];
  }
  const c = text[at] ?? '\\';
  const code = Object.hasOwn(ESCAPES, c) ? ESCAPES[c] : undefined;
  return [code === undefined ? c : String.fromCharCode(code), at + 1];
}
