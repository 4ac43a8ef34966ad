/** Finds, in a line of the stack's TypeScript, expressions that the debugger can evaluate. Columns count from 0. */

export interface LineExpression {
  readonly start: number;
  readonly end: number;
  /** In the debugger's C-like language. */
  readonly text: string;
}

const KEYWORDS = new Set(
  (
    'as async await break case catch class const continue debugger default delete do else enum export extends false ' +
    'finally for from function if implements import in instanceof interface let new null number of readonly return ' +
    'static string super switch this throw ' +
    'true try type typeof undefined unknown var void while with yield boolean bigint never'
  ).split(' '),
);

const WORD = /[A-Za-z_][A-Za-z0-9_]*/g;

/** Blanks out strings, templates, regular expressions' worth of quotes and comments, so that columns stay. */
export function codeOnly(line: string): string {
  return line
    .replace(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`/g, (text) => ' '.repeat(text.length))
    .replace(/\/\/.*$|\/\*.*?\*\/|\/\*.*$/g, (text) => ' '.repeat(text.length))
    .replace(/^\s*\*.*$/, (text) => ' '.repeat(text.length));
}

/**
 * The expression to evaluate for the pointer at `column`: the member chain up to the word there.
 * So `s` of `s.nic.ncs` is the NIC and `nic` is `s.nic`.
 * On a constant that indexes registers, as in `s.mac_reg[RDH]`, it is the register.
 */
export function expressionAt(line: string, column: number): LineExpression | undefined {
  const code = codeOnly(line);
  const word = [...code.matchAll(WORD)].find((m) => m.index <= column && column <= m.index + m[0].length);
  if (word === undefined || KEYWORDS.has(word[0])) {
    return undefined;
  }
  const register = registersIn(code).find(({ start, end }) => column >= start && column < end);
  if (register !== undefined && column >= code.lastIndexOf('[', register.end) && code[word.index - 1] === '[') {
    return register;
  }
  const end = word.index + word[0].length;
  if (/^\s*\(/.test(code.slice(end)) || /\bfunction\s+$/.test(code.slice(0, word.index))) {
    return undefined;
  }
  const start = chainStart(code, word.index);
  return start === undefined ? undefined : { start, end, text: toDebugger(code.slice(start, end)) };
}

/**
 * Where the member chain that ends in a word at `at` begins.
 * Undefined if it begins with what has no value here, such as a call.
 */
function chainStart(code: string, at: number): number | undefined {
  let start = at;
  for (;;) {
    const before = code.slice(0, start);
    const dot = /([!?]?\.)\s*$/.exec(before);
    if (dot === null) {
      return start;
    }
    let end = before.length - dot[0].length;
    while (code[end - 1] === ']' || (code[end - 1] === '!' && code[end - 2] === ']')) {
      const open = openingBracket(code, code[end - 1] === '!' ? end - 2 : end - 1);
      if (open < 0) {
        return undefined;
      }
      end = open;
    }
    const word = /[A-Za-z_][A-Za-z0-9_]*$/.exec(code.slice(0, end));
    if (word === null || (KEYWORDS.has(word[0]) && word[0] !== 'this')) {
      return undefined;
    }
    start = word.index;
  }
}

/** Index of the `[` that the `]` at `close` closes, or -1. */
function openingBracket(code: string, close: number): number {
  let depth = 0;
  for (let i = close; i >= 0; i--) {
    depth += code[i] === ']' ? 1 : code[i] === '[' ? -1 : 0;
    if (depth === 0) {
      return i;
    }
  }
  return -1;
}

/** TypeScript's `a!.b?.c` as the debugger's `a.b.c`. */
function toDebugger(text: string): string {
  return text.replace(/!(?=[.[])/g, '').replace(/\?\./g, '.');
}

/** Registers that a line reads or writes: `s.mac_reg[RDH]`. */
export function registersIn(line: string): LineExpression[] {
  const code = codeOnly(line);
  return [...code.matchAll(/[A-Za-z_][\w.]*\bmac_reg\[\s*[A-Z][A-Z0-9_]*\s*\]/g)].map((m) => ({
    start: m.index,
    end: m.index + m[0].length,
    text: m[0],
  }));
}

/** Names in a line that may be locals: not members, keywords, function names, types or labels of object literals. */
export function variablesIn(line: string): { readonly name: string; readonly start: number }[] {
  const code = codeOnly(line);
  if (/^\s*(import|export\s+(type|interface)|interface|type)\b/.test(code)) {
    return [];
  }
  return [...code.matchAll(WORD)]
    .filter(({ 0: name, index }) => {
      const before = code.slice(0, index);
      const after = code.slice(index + name.length);
      return (
        !KEYWORDS.has(name) &&
        /^[a-z_]/.test(name) &&
        !/[.$\w]\s*$/.test(
          before.replace(/\b(const|let|return|case|of|in|new|typeof|else|void|delete|throw)\s+$/, ''),
        ) &&
        !/^\s*\(/.test(after) &&
        !/(:\s*|\bas\s+|<\s*)$/.test(before.replace(/\?[^?:]*:\s*$/, '? '))
      );
    })
    .map(({ 0: name, index }) => ({ name, start: index }));
}

/** The line on which the function around `line` begins: the nearest above that starts one at the left margin. */
export function functionStart(lines: (index: number) => string, line: number): number {
  for (let i = line; i >= 0; i--) {
    if (/^(export\s+)?(async\s+)?(function|class|const \w+ = \()/.test(lines(i))) {
      return i;
    }
  }
  return line;
}
