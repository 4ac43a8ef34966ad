/** Macros: `${name:argument;argument}` stands for a text with `$1`, `$2` in it. They are replaced before all else. */
import { type Span, within } from '../span.ts';
import { FilterError } from './ast.ts';

/** Macros by name: a filter's text, with `$1` for the first argument. */
export type Macros = ReadonlyMap<string, string>;

/** What macros are called. */
export const MACRO_NAME = /^\w+$/;

/** Macros that are there unless the user has others of these names: addresses of private use (RFC 1918, 4193). */
export const STANDARD_MACROS: Macros = new Map([
  ['private_ipv4', '$1 == 192.168.0.0/16 or $1 == 172.16.0.0/12 or $1 == 10.0.0.0/8'],
  ['private_ipv6', '$1 == fc00::/7'],
  ['private_ethernet', '$1[0] & 0x02'],
]);

/** Nesting of macros that is still accepted: one that stands for itself would never end. */
const MAX_DEPTH = 31;
const MAX_LENGTH = 16384;
const CALL = /\$\{([^{}:;$]*)(?:([:;])([^{}]*))?\}/y;

/** A text without macros, and where each part of it came from. */
export class Expanded {
  readonly text: string;
  /** Parts that came from a macro: where they are now, and the macro in the user's text. */
  readonly #parts: readonly { readonly from: Span; readonly to: Span }[];

  constructor(text: string, parts: readonly { readonly from: Span; readonly to: Span }[]) {
    this.text = text;
    this.#parts = parts;
  }

  /** The place in the user's text: of what is inside of a macro, the macro. */
  original(span: Span): Span {
    const start = this.#place(span.start, 'start');
    return { start, end: Math.max(start, this.#place(span.end, 'end')) };
  }

  #place(at: number, side: 'start' | 'end'): number {
    let moved = 0;
    for (const { from, to } of this.#parts) {
      if (at < to.start || (side === 'end' && at === to.start)) {
        break;
      }
      if (at < to.end || (side === 'end' && at === to.end)) {
        return from[side];
      }
      moved = from.end - to.end;
    }
    return at + moved;
  }
}

/** Puts macros' texts in their place; `isField` tells references from macros. Throws `FilterError`. */
export function expand(text: string, macros: Macros, isField: (name: string) => boolean): Expanded {
  const parts: { from: Span; to: Span }[] = [];
  let out = '';
  for (let at = 0; at < text.length; ) {
    const end = endOfString(text, at);
    if (end > at) {
      out += text.slice(at, end);
      at = end;
    } else if (text.startsWith('${', at)) {
      const call = readCall(text, at);
      const from = { start: at, end: call.end };
      const replaced = within(text.slice(at, call.end), at, () => replacement(call, macros, isField, 0));
      const start = out.length;
      out += replaced ?? text.slice(at, call.end);
      if (replaced !== undefined) {
        parts.push({ from, to: { start, end: out.length } });
      }
      at = call.end;
    } else {
      out += text[at];
      at++;
    }
  }
  return new Expanded(out, parts);
}

interface Call {
  readonly name: string;
  /** Absent for a name alone. */
  readonly args: readonly string[] | undefined;
  readonly end: number;
}

function readCall(text: string, at: number): Call {
  CALL.lastIndex = at;
  const found = CALL.exec(text);
  if (!found) {
    const closed = text.indexOf('}', at) >= 0;
    const message = closed ? `This is no macro; one is "$${'{name:argument;argument}'}".` : `The "$${'{'}" has no "}".`;
    throw new FilterError(message, { start: at, end: text.length });
  }
  if (found[2] === ';') {
    throw new FilterError(`The arguments of a macro follow a colon: "\${${found[1]}:${found[3]}}".`, {
      start: at,
      end: at + found[0].length,
    });
  }
  return { name: found[1] ?? '', args: found[3]?.split(';'), end: at + found[0].length };
}

/** What stands for a call; undefined for a reference to a field. */
function replacement(
  { name, args }: Call,
  macros: Macros,
  isField: (name: string) => boolean,
  depth: number,
): string | undefined {
  const body = macros.get(name) ?? STANDARD_MACROS.get(name);
  if (body === undefined) {
    if (args === undefined && isField(name.replace(/#.*$/, ''))) {
      return undefined;
    }
    const known = [...new Set([...macros.keys(), ...STANDARD_MACROS.keys()])].join(', ');
    throw new FilterError(`macro '${name}' does not exist; known are ${known}`);
  }
  if (depth >= MAX_DEPTH) {
    throw new FilterError(`The macro '${name}' is nested too deeply.`);
  }
  const filled = body.replace(/\$(\d+)/g, (_, n: string) => {
    const arg = args?.[Number(n) - 1];
    if (arg === undefined) {
      throw new FilterError(`macro '${name}' needs its argument ${n}: "\${${name}:...}"`);
    }
    return arg;
  });
  return nested(filled, macros, isField, depth + 1);
}

function nested(text: string, macros: Macros, isField: (name: string) => boolean, depth: number): string {
  let out = '';
  for (let at = 0; at < text.length; ) {
    const end = endOfString(text, at);
    if (end > at) {
      out += text.slice(at, end);
      at = end;
    } else if (text.startsWith('${', at)) {
      const call = readCall(text, at);
      out += replacement(call, macros, isField, depth) ?? text.slice(at, call.end);
      at = call.end;
    } else {
      out += text[at];
      at++;
    }
    if (out.length > MAX_LENGTH) {
      throw new FilterError('What the macros stand for is too long.');
    }
  }
  return out;
}

/** Where a string that begins at `at` ends; `at` if none does. */
function endOfString(text: string, at: number): number {
  if (text[at] !== '"') {
    return at;
  }
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\') {
      i++;
    } else if (text[i] === '"') {
      return i + 1;
    }
  }
  return text.length;
}
