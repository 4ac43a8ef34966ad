/** Reads Perl-compatible regular expressions, as far as bytes go, into trees. */

/** The pattern is wrong; the message says how. */
export class RegexError extends Error {
  override name = 'RegexError';
}

export type RegexNode =
  /** One of some bytes; 1 at those that match. */
  | { readonly kind: 'set'; readonly set: Uint8Array }
  | { readonly kind: 'sequence'; readonly parts: readonly RegexNode[] }
  | { readonly kind: 'choice'; readonly options: readonly RegexNode[] }
  | { readonly kind: 'group'; readonly of: RegexNode; readonly index: number }
  | { readonly kind: 'atomic'; readonly of: RegexNode }
  | { readonly kind: 'look'; readonly of: RegexNode; readonly behind: boolean; readonly negative: boolean }
  | { readonly kind: 'back'; readonly index: number; readonly ignoreCase: boolean }
  | { readonly kind: 'anchor'; readonly at: Anchor }
  | {
      readonly kind: 'repeat';
      readonly of: RegexNode;
      readonly min: number;
      readonly max: number;
      readonly mode: 'greedy' | 'lazy' | 'possessive';
    };

export type Anchor = 'start' | 'line start' | 'end' | 'line end' | 'very end' | 'word' | 'no word';

interface Flags {
  readonly ignoreCase: boolean;
  readonly dotAll: boolean;
  readonly multiline: boolean;
  readonly extended: boolean;
}

const MAX_NODES = 4000;
const MAX_DEPTH = 100;
const MAX_REPEAT = 65535;
const LINE_FEED = 10;

/** A set of bytes. */
function setOf(test: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, i) => Number(test(i)));
}

const between = (b: number, from: string, to: string): boolean => b >= from.charCodeAt(0) && b <= to.charCodeAt(0);
const isDigit = (b: number): boolean => between(b, '0', '9');
const isUpper = (b: number): boolean => between(b, 'A', 'Z');
const isLower = (b: number): boolean => between(b, 'a', 'z');
const isAlpha = (b: number): boolean => isUpper(b) || isLower(b);
const isSpace = (b: number): boolean => b === 32 || (b >= 9 && b <= 13);
export const isWordByte = (b: number): boolean => isAlpha(b) || isDigit(b) || b === 95;
const isPrint = (b: number): boolean => b >= 32 && b < 127;

const CLASSES: Readonly<Record<string, (b: number) => boolean>> = {
  d: isDigit,
  w: isWordByte,
  s: isSpace,
  h: (b) => b === 9 || b === 32 || b === 0xa0,
  v: (b) => (b >= 10 && b <= 13) || b === 0x85,
  N: (b) => b !== LINE_FEED,
};

const POSIX: Readonly<Record<string, (b: number) => boolean>> = {
  alpha: isAlpha,
  digit: isDigit,
  alnum: (b) => isAlpha(b) || isDigit(b),
  upper: isUpper,
  lower: isLower,
  space: isSpace,
  blank: (b) => b === 9 || b === 32,
  punct: (b) => isPrint(b) && b !== 32 && !isAlpha(b) && !isDigit(b),
  print: isPrint,
  graph: (b) => isPrint(b) && b !== 32,
  cntrl: (b) => b < 32 || b === 127,
  xdigit: (b) => isDigit(b) || between(b, 'a', 'f') || between(b, 'A', 'F'),
  word: isWordByte,
  ascii: (b) => b < 128,
};

const CONTROLS: Readonly<Record<string, number>> = { a: 7, e: 27, f: 12, n: 10, r: 13, t: 9 };

/** Parses a pattern of bytes (one character each); letters match in either case unless it says `(?-i)`. */
export function parseRegex(pattern: string): { readonly root: RegexNode; readonly groups: number } {
  const parser = new RegexParser(pattern);
  return { root: parser.whole(), groups: parser.groups };
}

class RegexParser {
  readonly #text: string;
  #at = 0;
  #flags: Flags = { ignoreCase: true, dotAll: false, multiline: false, extended: false };
  #nodes = 0;
  #depth = 0;
  groups = 0;
  readonly #names = new Map<string, number>();
  #mostReferred = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): RegexNode {
    const root = this.#choice();
    if (this.#at < this.#text.length) {
      throw new RegexError('unmatched closing parenthesis');
    }
    if (this.#mostReferred > this.groups) {
      throw new RegexError('reference to non-existent subpattern');
    }
    return root;
  }

  #take(text: string): boolean {
    if (this.#text.startsWith(text, this.#at)) {
      this.#at += text.length;
      return true;
    }
    return false;
  }

  /** What a sticky pattern finds next, taken. */
  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    this.#at += found?.[0].length ?? 0;
    return found;
  }

  #choice(): RegexNode {
    if (++this.#depth > MAX_DEPTH) {
      throw new RegexError('parentheses are too deeply nested');
    }
    const before = this.#flags;
    const options = [this.#sequence()];
    while (this.#take('|')) {
      options.push(this.#sequence());
    }
    this.#flags = before;
    this.#depth--;
    const [only] = options;
    return options.length === 1 && only ? only : { kind: 'choice', options };
  }

  #sequence(): RegexNode {
    const parts: RegexNode[] = [];
    for (;;) {
      this.#skipIgnored();
      const c = this.#text[this.#at];
      if (c === undefined || c === '|' || c === ')') {
        break;
      }
      if (this.#take('\\Q')) {
        parts.push(...this.#quotedLiterally());
        continue;
      }
      const atom = this.#atom();
      if (atom !== null) {
        parts.push(this.#quantified(atom));
      }
    }
    const [only] = parts;
    return parts.length === 1 && only ? only : { kind: 'sequence', parts };
  }

  /** Comments, and with `(?x)` white space. */
  #skipIgnored(): void {
    while (this.#match(/\(\?#[^)]*\)|\\E/y) || (this.#flags.extended && this.#match(/\s+|#[^\n]*\n?/y))) {
      // Taken.
    }
  }

  #quotedLiterally(): RegexNode[] {
    const end = this.#text.indexOf('\\E', this.#at);
    const literal = this.#text.slice(this.#at, end < 0 ? undefined : end);
    this.#at += literal.length + (end < 0 ? 0 : 2);
    return Array.from(literal, (c) => this.#byte(c.charCodeAt(0)));
  }

  #made<T extends RegexNode>(node: T): T {
    if (++this.#nodes > MAX_NODES) {
      throw new RegexError('regular expression is too large');
    }
    return node;
  }

  #byte(code: number): RegexNode {
    return this.#made({ kind: 'set', set: this.#folded(setOf((b) => b === code)) });
  }

  /** A set with both cases of its letters, if case does not matter. */
  #folded(set: Uint8Array): Uint8Array {
    if (this.#flags.ignoreCase) {
      for (let b = 65; b <= 90; b++) {
        set[b] = set[b + 32] = (set[b] ?? 0) | (set[b + 32] ?? 0);
      }
    }
    return set;
  }

  /** One thing that can be repeated; null for flags that are set from here on. */
  #atom(): RegexNode | null {
    const c = this.#text[this.#at++] ?? '';
    switch (c) {
      case '(':
        return this.#parenthesis();
      case '[':
        return this.#made({ kind: 'set', set: this.#bracket() });
      case '.':
        return this.#made({ kind: 'set', set: setOf((b) => this.#flags.dotAll || b !== LINE_FEED) });
      case '^':
        return this.#made({ kind: 'anchor', at: this.#flags.multiline ? 'line start' : 'start' });
      case '$':
        return this.#made({ kind: 'anchor', at: this.#flags.multiline ? 'line end' : 'end' });
      case '*':
      case '+':
      case '?':
        throw new RegexError('quantifier does not follow a repeatable item');
      case '\\':
        return this.#escape();
      default:
        return this.#byte(c.charCodeAt(0));
    }
  }

  #quantified(atom: RegexNode): RegexNode {
    const found = this.#match(/(?:([*+?])|\{(\d+)(,?)(\d*)\})([+?]?)/y);
    if (!found) {
      return atom;
    }
    if (atom.kind === 'anchor') {
      throw new RegexError('quantifier does not follow a repeatable item');
    }
    const [, sign, low, comma, high, mode] = found;
    const min = low === undefined ? (sign === '+' ? 1 : 0) : Number(low);
    const endless = Number.POSITIVE_INFINITY;
    const counted = comma === '' ? min : high === '' ? endless : Number(high);
    const max = low === undefined ? (sign === '?' ? 1 : endless) : counted;
    if (min > MAX_REPEAT || (max > MAX_REPEAT && max !== endless)) {
      throw new RegexError('number too big in {} quantifier');
    }
    if (min > max) {
      throw new RegexError('numbers out of order in {} quantifier');
    }
    const repeat = this.#made({
      kind: 'repeat',
      of: atom,
      min,
      max,
      mode: mode === '+' ? 'possessive' : mode === '?' ? 'lazy' : 'greedy',
    } as const);
    if (this.#match(/[*+?]/y)) {
      throw new RegexError('quantifier does not follow a repeatable item');
    }
    return repeat;
  }

  #close(): void {
    if (!this.#take(')')) {
      throw new RegexError('missing closing parenthesis');
    }
  }

  #inside(): RegexNode {
    const of = this.#choice();
    this.#close();
    return of;
  }

  #parenthesis(): RegexNode | null {
    if (!this.#take('?')) {
      if (this.#text[this.#at] === '*') {
        throw new RegexError('verbs are not supported');
      }
      return this.#capture();
    }
    const named = this.#match(/P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)'/y);
    if (named) {
      this.#names.set(named[1] ?? named[2] ?? '', this.groups + 1);
      return this.#capture();
    }
    const back = this.#match(/P=([A-Za-z_]\w*)\)/y);
    if (back) {
      return this.#named(back[1] ?? '');
    }
    const look = this.#match(/<?[=!]/y);
    if (look) {
      const [sign] = look;
      const behind = sign.startsWith('<');
      return this.#made({ kind: 'look', of: this.#inside(), behind, negative: sign.endsWith('!') });
    }
    if (this.#take('>')) {
      return this.#made({ kind: 'atomic', of: this.#inside() });
    }
    return this.#flagged();
  }

  #capture(): RegexNode {
    const index = ++this.groups;
    return this.#made({ kind: 'group', of: this.#inside(), index });
  }

  /** `(?i)`, which holds to the end of the group around it, and `(?i:...)`. */
  #flagged(): RegexNode | null {
    const found = this.#match(/([a-zA-Z^]*)(?:-([a-zA-Z]*))?([:)])/y);
    if (!found) {
      throw new RegexError('this kind of group is not supported');
    }
    const [, on = '', off = '', end] = found;
    const before = this.#flags;
    const has = (c: string, now: boolean): boolean => (off.includes(c) ? false : on.includes(c) || now);
    if (/[^imsxnJU^]/.test(on + off)) {
      throw new RegexError('unrecognized character after (? or (?-');
    }
    this.#flags = {
      ignoreCase: has('i', before.ignoreCase),
      dotAll: has('s', before.dotAll),
      multiline: has('m', before.multiline),
      extended: has('x', before.extended),
    };
    if (end === ')') {
      return null;
    }
    const of = this.#inside();
    this.#flags = before;
    return of;
  }

  #named(name: string): RegexNode {
    const index = this.#names.get(name);
    if (index === undefined) {
      throw new RegexError('reference to non-existent subpattern');
    }
    return this.#back(index);
  }

  #back(index: number): RegexNode {
    this.#mostReferred = Math.max(this.#mostReferred, index);
    return this.#made({ kind: 'back', index, ignoreCase: this.#flags.ignoreCase });
  }

  #escape(): RegexNode {
    const anchor = this.#match(/[AzZbBG]/y)?.[0];
    if (anchor !== undefined) {
      const at = { A: 'start', G: 'start', z: 'very end', Z: 'end', b: 'word', B: 'no word' }[anchor] as Anchor;
      return this.#made({ kind: 'anchor', at });
    }
    const named = this.#match(/k(?:<(\w+)>|'(\w+)'|\{(\w+)\})/y);
    if (named) {
      return this.#named(named[1] ?? named[2] ?? named[3] ?? '');
    }
    const numbered = this.#match(/g?\{(\d+)\}|g(\d+)|([1-9]\d?)(?!\d)/y);
    if (numbered) {
      const index = Number(numbered[1] ?? numbered[2] ?? numbered[3]);
      if (numbered[3] === undefined || index < 10 || index <= this.groups) {
        return this.#back(index);
      }
      this.#at -= numbered[0].length;
    }
    if (this.#take('R')) {
      return this.#made({ kind: 'set', set: setOf((b) => b === 10 || b === 13) });
    }
    const set = this.#escapedClass();
    return set === undefined ? this.#byte(this.#escapedByte()) : this.#made({ kind: 'set', set });
  }

  /** `\d` and the like. */
  #escapedClass(): Uint8Array | undefined {
    const found = this.#match(/[dwshvDWSHVN]/y)?.[0];
    if (found === undefined) {
      return undefined;
    }
    const positive = CLASSES[found];
    const negative = CLASSES[found.toLowerCase()];
    return setOf((b) => (positive ? positive(b) : !negative?.(b)));
  }

  /** The byte that an escape stands for; the backslash has been taken. */
  #escapedByte(): number {
    const hex = this.#match(/x(?:\{([0-9a-fA-F]+)\}|([0-9a-fA-F]{0,2}))/y);
    if (hex) {
      return this.#checked(Number.parseInt(hex[1] ?? (hex[2] || '0'), 16));
    }
    const octal = this.#match(/o\{([0-7]+)\}|([0-7]{1,3})/y);
    if (octal) {
      return this.#checked(Number.parseInt(octal[1] ?? octal[2] ?? '', 8));
    }
    const control = this.#match(/c([ -~])/y);
    if (control) {
      return (control[1] ?? '').toUpperCase().charCodeAt(0) ^ 64;
    }
    const c = this.#text[this.#at++];
    if (c === undefined) {
      throw new RegexError('\\ at end of pattern');
    }
    if (Object.hasOwn(CONTROLS, c)) {
      return CONTROLS[c] ?? 0;
    }
    if (/[A-Za-z0-9]/.test(c)) {
      throw new RegexError('unrecognized character follows \\');
    }
    return c.charCodeAt(0);
  }

  #checked(code: number): number {
    if (code > 255) {
      throw new RegexError('character code point value in \\x{} or \\o{} is too large');
    }
    return code;
  }

  /** A class in brackets; the first one has been taken. */
  #bracket(): Uint8Array {
    const set = new Uint8Array(256);
    const negative = this.#take('^');
    for (let first = true; first || this.#text[this.#at] !== ']'; first = false) {
      if (this.#at >= this.#text.length) {
        throw new RegexError('missing terminating ] for character class');
      }
      this.#bracketItem(set);
    }
    this.#at++;
    this.#folded(set);
    return negative ? set.map((x) => 1 - x) : set;
  }

  #bracketItem(set: Uint8Array): void {
    const posix = this.#match(/\[:(\^?)(\w+):\]/y);
    if (posix) {
      const test = Object.hasOwn(POSIX, posix[2] ?? '') ? POSIX[posix[2] ?? ''] : undefined;
      if (!test) {
        throw new RegexError('unknown POSIX class name');
      }
      addTo(set, (b) => test(b) === (posix[1] === ''));
      return;
    }
    const from = this.#bracketByte(set);
    if (from === undefined || this.#text[this.#at] !== '-' || this.#text[this.#at + 1] === ']') {
      return;
    }
    this.#at++;
    const to = this.#bracketByte(set);
    if (to === undefined) {
      set[45] = 1;
      return;
    }
    if (to < from) {
      throw new RegexError('range out of order in character class');
    }
    addTo(set, (b) => b >= from && b <= to);
  }

  /** A single byte of a class; undefined if it was several, which are in the set then. */
  #bracketByte(set: Uint8Array): number | undefined {
    if (!this.#take('\\')) {
      const code = this.#text.charCodeAt(this.#at++);
      if (Number.isNaN(code)) {
        throw new RegexError('missing terminating ] for character class');
      }
      set[code] = 1;
      return code;
    }
    const escaped = this.#escapedClass();
    if (escaped) {
      addTo(set, (b) => escaped[b] === 1);
      return undefined;
    }
    const code = this.#take('b') ? 8 : this.#escapedByte();
    set[code] = 1;
    return code;
  }
}

function addTo(set: Uint8Array, test: (byte: number) => boolean): void {
  for (let b = 0; b < 256; b++) {
    if (test(b)) {
      set[b] = 1;
    }
  }
}
