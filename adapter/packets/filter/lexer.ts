/** Splits the text of a display filter into tokens. */

import { parseIpv6 } from '../format.ts';
import type { Span } from '../span.ts';
import { FilterError, type Range } from './ast.ts';
import { parseRanges } from './ranges.ts';

/** A token, with the part of the text that it is. */
export type Token = Content & { readonly span: Span };

type Content =
  | { readonly kind: 'word' | 'op' | 'keyword'; readonly text: string }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'char'; readonly code: number }
  | { readonly kind: 'range' | 'layers'; readonly ranges: readonly Range[] }
  | { readonly kind: 'reference'; readonly name: string; readonly layers?: readonly Range[] }
  | { readonly kind: 'end' };

/** Longer texts are refused, so that no input takes long. */
export const MAX_LENGTH = 16384;

/** Words that are operators, with the operator that they stand for. */
const KEYWORDS: ReadonlyMap<string, string> = new Map([
  ['eq', '=='],
  ['any_eq', '=='],
  ['ne', '!='],
  ['all_ne', '!='],
  ['all_eq', '==='],
  ['any_ne', '!=='],
  ['gt', '>'],
  ['lt', '<'],
  ['ge', '>='],
  ['le', '<='],
  ['bitwise_and', '&'],
  ['and', '&&'],
  ['or', '||'],
  ['xor', '^^'],
  ['not', '!'],
  ['contains', 'contains'],
  ['matches', 'matches'],
  ['in', 'in'],
  ['any', 'any'],
  ['all', 'all'],
]);

const SPACE = /[ \t\r\n\f\v]+/y;
/** A hyphen belongs to a word, so a subtraction needs a space in front of it. */
const WORD = /\.?[A-Za-z0-9_]+(?:[-/]+|\.(?!\.)(?=[A-Za-z0-9_])|[A-Za-z0-9_])*/y;
const DIVIDED = /^(0[xX][0-9a-fA-F]+|\d+)\//;
/** What may be bytes or an IPv6 address; up to two points in a row. */
const COLONS = /[0-9a-fA-F]*:(?:[0-9a-fA-F:]|\.(?!\.))*/y;
const BYTES = /^[0-9a-fA-F]{1,2}(?::[0-9a-fA-F]{1,2})+$/;
const PREFIX = /\/[0-9]+/y;
const OPERATOR = /===|!==|==|!=|~=|>=|<=|&&|\|\||\^\^|\.\.|[<>~!&()[\]{},+\-*/%@]/y;
const RANGE = /\[([^\]]*)\]/y;
const LAYER = /#(?:(\d+)|\[([^\]]*)\])/y;
const REFERENCE = /\$\{([A-Za-z0-9_.-]+)(?:#(\d+)|#\[([^\]]*)\])?\}/y;

const ESCAPES: Readonly<Record<string, number>> = {
  "'": 39,
  '"': 34,
  '\\': 92,
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
};

/** Tokens of `text`, the last one is `end`. Throws `FilterError`. */
export function tokenize(text: string): Token[] {
  if (text.length > MAX_LENGTH) {
    throw new FilterError(`The filter is longer than ${MAX_LENGTH} characters.`);
  }
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    at += match(SPACE, text, at)?.[0].length ?? 0;
    if (at >= text.length) {
      tokens.push({ kind: 'end', span: { start: text.length, end: text.length } });
      return tokens;
    }
    const [content, end] = nextToken(text, at);
    tokens.push({ ...content, span: { start: at, end } });
    at = end;
  }
}

/** What a sticky pattern finds at `at`. */
function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** The token at `at` and where the next one starts. */
function nextToken(text: string, at: number): [Content, number] {
  const c = text[at] ?? '';
  if (c === '"' || ((c === 'r' || c === 'R') && text[at + 1] === '"')) {
    return quoted(text, at, c !== '"');
  }
  if (c === "'") {
    return character(text, at);
  }
  if (c === '[') {
    return bracket(text, at);
  }
  if (c === '#') {
    return layerOperator(text, at);
  }
  if (c === '$') {
    return reference(text, at);
  }
  return colons(text, at) ?? word(text, at) ?? operator(text, at);
}

function operator(text: string, at: number): [Content, number] {
  const op = match(OPERATOR, text, at)?.[0];
  if (op === undefined) {
    const c = String.fromCodePoint(text.codePointAt(at) ?? 0);
    const hint = c === '=' ? '; equality is "=="' : c === '|' ? '; "or" is "||"' : '';
    throw new FilterError(`${JSON.stringify(c)} was unexpected here${hint}.`, { start: at, end: at + c.length });
  }
  return [{ kind: 'op', text: op === '~=' ? '!==' : op === '~' ? 'matches' : op }, at + op.length];
}

function word(text: string, at: number): [Content, number] | undefined {
  const all = match(WORD, text, at)?.[0];
  if (all === undefined) {
    return undefined;
  }
  // A number is divided; an address has a prefix length.
  const found = DIVIDED.exec(all)?.[1] ?? all;
  const keyword = KEYWORDS.get(found);
  const content: Content = keyword === undefined ? { kind: 'word', text: found } : { kind: 'keyword', text: keyword };
  return [content, at + found.length];
}

/** Bytes with colons between them, or an IPv6 address, which may have a prefix length. */
function colons(text: string, at: number): [Content, number] | undefined {
  const found = match(COLONS, text, at)?.[0];
  if (found === undefined) {
    return undefined;
  }
  const end = at + found.length;
  if (parseIpv6(found) !== undefined) {
    const prefix = match(PREFIX, text, end)?.[0] ?? '';
    return [{ kind: 'word', text: found + prefix }, end + prefix.length];
  }
  if (BYTES.test(found)) {
    return [{ kind: 'word', text: found }, end];
  }
  const first = found.indexOf(':');
  if (first > 0) {
    // The word in front of the colon may be a time or a name; the colon is what is wrong.
    return word(text.slice(0, at + first), at) ?? undefined;
  }
  throw new FilterError(`${JSON.stringify(found)} is neither an address nor bytes.`, { start: at, end });
}

function bracket(text: string, at: number): [Content, number] {
  const found = match(RANGE, text, at);
  if (!found) {
    throw new FilterError('The "[" has no "]".', { start: at, end: text.length });
  }
  const ranges = parseRanges(found[1] ?? '', { start: at, end: at + found[0].length });
  return [{ kind: 'range', ranges }, at + found[0].length];
}

function layerOperator(text: string, at: number): [Content, number] {
  const found = match(LAYER, text, at);
  if (!found) {
    throw new FilterError('A layer is a number or a range: "ip.src#2", "ip.src#[2-4]".', { start: at, end: at + 1 });
  }
  return [{ kind: 'layers', ranges: layersOf(found, at) }, at + found[0].length];
}

function layersOf(found: RegExpExecArray, at: number): readonly Range[] {
  const span = { start: at, end: at + found[0].length };
  return found[1] === undefined ? parseRanges(found[2] ?? '', span) : [{ start: Number(found[1]), length: 1 }];
}

function reference(text: string, at: number): [Content, number] {
  const found = match(REFERENCE, text, at);
  if (!found) {
    throw new FilterError('"$" begins a reference to a field in braces, or a macro.', { start: at, end: at + 1 });
  }
  const end = at + found[0].length;
  const name = found[1] ?? '';
  const ranges = found[3] === undefined ? undefined : parseRanges(found[3], { start: at, end });
  const layers = found[2] === undefined ? ranges : [{ start: Number(found[2]), length: 1 }];
  return [{ kind: 'reference', name, ...(layers ? { layers } : {}) }, end];
}

/** A string; in a raw one backslashes are characters. */
function quoted(text: string, at: number, raw: boolean): [Content, number] {
  let i = at + (raw ? 2 : 1);
  let value = '';
  for (;;) {
    const c = text.codePointAt(i);
    if (c === undefined) {
      throw new FilterError('The final quote was missing from a quoted string.', { start: at, end: text.length });
    }
    if (c === 34) {
      return [{ kind: 'string', value }, i + 1];
    }
    if (c === 92) {
      const [part, end] = raw ? rawEscape(text, i) : escapeSequence(text, i);
      value += part;
      i = end;
    } else {
      value += utf8(c);
      i += c > 0xffff ? 2 : 1;
    }
  }
}

/** The backslash stays; a quote behind it does not end the string. */
function rawEscape(text: string, at: number): [string, number] {
  const next = text[at + 1];
  return next === '"' || next === '\\' ? [`\\${next}`, at + 2] : ['\\', at + 1];
}

function character(text: string, at: number): [Content, number] {
  const end = endOfCharacter(text, at);
  const inner = text.slice(at + 1, end - 1);
  const span = { start: at, end };
  if (inner === '') {
    throw new FilterError('Empty character constant.', span);
  }
  const [value, next] = inner[0] === '\\' ? escapeSequence(text, at + 1) : [utf8(inner.codePointAt(0) ?? 0), at + 2];
  if (value.length !== 1 || next !== end - 1) {
    throw new FilterError(`${text.slice(at, end)} is too long to be a valid character constant.`, span);
  }
  return [{ kind: 'char', code: value.charCodeAt(0) }, end];
}

function endOfCharacter(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\') {
      i++;
    } else if (text[i] === "'") {
      return i + 1;
    }
  }
  throw new FilterError('The final quote was missing from a character constant.', { start: at, end: text.length });
}

/** An escape sequence that begins with the backslash at `at`: its bytes, and where it ends. */
function escapeSequence(text: string, at: number): [string, number] {
  const octal = match(/\\([0-7]{1,3})/y, text, at);
  if (octal) {
    const code = Number.parseInt(octal[1] ?? '', 8);
    if (code > 255) {
      throw new FilterError(`${octal[0]} is larger than 255.`, { start: at, end: at + octal[0].length });
    }
    return [String.fromCharCode(code), at + octal[0].length];
  }
  const hex = match(/\\x([0-9a-fA-F]{1,2})/y, text, at);
  if (hex) {
    return [String.fromCharCode(Number.parseInt(hex[1] ?? '', 16)), at + hex[0].length];
  }
  const universal = match(/\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/y, text, at);
  if (universal) {
    return [universalName(universal, at), at + universal[0].length];
  }
  const c = text[at + 1] ?? '';
  const code = Object.hasOwn(ESCAPES, c) ? ESCAPES[c] : undefined;
  if (code === undefined) {
    throw new FilterError(`\\${c} is not a valid character escape sequence.`, { start: at, end: at + 1 + c.length });
  }
  return [String.fromCharCode(code), at + 2];
}

/** As in C, names below U+00A0 are invalid, but for three characters; so are halves of surrogate pairs. */
function universalName(found: RegExpExecArray, at: number): string {
  const code = Number.parseInt(found[1] ?? found[2] ?? '', 16);
  const surrogate = code >= 0xd800 && code <= 0xdfff;
  if ((code < 0xa0 && code !== 0x24 && code !== 0x40 && code !== 0x60) || surrogate || code > 0x10ffff) {
    throw new FilterError(`${found[0]} is not a valid universal character name.`, {
      start: at,
      end: at + found[0].length,
    });
  }
  return utf8(code);
}

/** A character's UTF-8, one character a byte. */
function utf8(code: number): string {
  if (code < 0x80) {
    return String.fromCharCode(code);
  }
  return String.fromCharCode(...new TextEncoder().encode(String.fromCodePoint(code)));
}
