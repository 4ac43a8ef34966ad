/**
 * Regular expressions over bytes, for `matches`. JavaScript's own have no limit, and a pattern of the user's would
 * hang on some packets: these give up after so many steps, as Perl-compatible ones do, and do not match then.
 */
import type { Span } from '../span.ts';
import { FilterError } from './ast.ts';
import { type Anchor, isWordByte, parseRegex, RegexError, type RegexNode } from './regex-parser.ts';

/** Steps for one value, and repetitions of a group inside each other, before a match is given up. */
const MAX_STEPS = 1_000_000;
const MAX_NESTED = 1000;
const LINE_FEED = 10;

/** Whether the rest of the pattern matches from `at` on. */
type Next = (at: number) => boolean;

/** What all parts of a pattern look at while one value is searched. */
interface State {
  bytes: Uint8Array;
  steps: number;
  nested: number;
  /** Where groups begin and end, by two numbers each; -1 if they have not matched. */
  readonly groups: Int32Array;
}

/** A function that says whether a pattern is somewhere in bytes. Throws `FilterError` for a wrong pattern. */
export function compileRegex(pattern: string, span: Span): (bytes: Uint8Array) => boolean {
  try {
    return searcher(pattern);
  } catch (error) {
    if (error instanceof RegexError) {
      throw new FilterError(`Regex compilation error: ${error.message}.`, span);
    }
    throw error;
  }
}

function searcher(pattern: string): (bytes: Uint8Array) => boolean {
  const { root, groups } = parseRegex(pattern);
  const state: State = { bytes: new Uint8Array(0), steps: 0, nested: 0, groups: new Int32Array(2 * groups + 2) };
  const match = build(root, state, () => state.steps <= MAX_STEPS);
  const first = firstBytes(root);
  const anchored = startsAnchored(root);
  return (bytes) => {
    state.bytes = bytes;
    state.steps = 0;
    const last = anchored ? 0 : bytes.length;
    for (let at = 0; at <= last && state.steps <= MAX_STEPS; at++) {
      if (first !== null && first[bytes[at] ?? 256] !== 1) {
        continue;
      }
      state.nested = 0;
      state.groups.fill(-1);
      if (attempt(match, at) && state.steps <= MAX_STEPS) {
        return true;
      }
    }
    return false;
  };
}

/** A match that nests too deeply for the stack is none. */
function attempt(match: Next, at: number): boolean {
  try {
    return match(at);
  } catch (error) {
    if (error instanceof RangeError) {
      return false;
    }
    throw error;
  }
}

/** Counts a step; false if there have been too many. */
function step(state: State): boolean {
  return ++state.steps <= MAX_STEPS;
}

function build(node: RegexNode, state: State, next: Next): Next {
  switch (node.kind) {
    case 'set':
      return oneOf(node.set, state, next);
    case 'sequence':
      return node.parts.reduceRight((rest, part) => build(part, state, rest), next);
    case 'choice': {
      const options = node.options.map((o) => build(o, state, next));
      return (at) => step(state) && options.some((o) => o(at));
    }
    case 'group':
      return group(node.of, node.index, state, next);
    case 'atomic':
      return atomic(node.of, state, next);
    case 'look':
      return node.behind ? lookBehind(node, state, next) : lookAhead(node, state, next);
    case 'back':
      return backReference(node, state, next);
    case 'anchor':
      return anchor(node.at, state, next);
    case 'repeat':
      return node.mode === 'possessive'
        ? atomic({ ...node, mode: 'greedy' }, state, next)
        : node.of.kind === 'set'
          ? repeatSet({ ...node, set: node.of.set }, state, next)
          : repeatGroup(node, state, next);
  }
}

function oneOf(set: Uint8Array, state: State, next: Next): Next {
  return (at) => at < state.bytes.length && set[state.bytes[at] ?? 0] === 1 && next(at + 1);
}

function group(of: RegexNode, index: number, state: State, next: Next): Next {
  const { groups } = state;
  const [from, to] = [2 * index, 2 * index + 1];
  // Where it began is known inside only once it has ended, as it may be inside of itself.
  const starts: number[] = [];
  const inner = build(of, state, (at) => {
    const start = starts.pop() ?? 0;
    const before = [groups[from] ?? -1, groups[to] ?? -1] as const;
    groups[from] = start;
    groups[to] = at;
    if (next(at)) {
      return true;
    }
    [groups[from], groups[to]] = before;
    starts.push(start);
    return false;
  });
  return (at) => {
    const depth = starts.length;
    starts.push(at);
    const matched = inner(at);
    starts.length = depth;
    return matched;
  };
}

/** What matches inside is not tried in another way if the rest does not match. */
function atomic(of: RegexNode, state: State, next: Next): Next {
  let end = -1;
  const inner = build(of, state, (at) => {
    end = at;
    return true;
  });
  return (at) => step(state) && inner(at) && next(end);
}

function lookAhead({ of, negative }: RegexNode & { kind: 'look' }, state: State, next: Next): Next {
  const inner = build(of, state, () => true);
  return (at) => step(state) && inner(at) !== negative && next(at);
}

/** All places before are tried from which the inside may reach to here. */
function lookBehind({ of, negative }: RegexNode & { kind: 'look' }, state: State, next: Next): Next {
  const { min, max } = widths(of);
  if (max === Number.POSITIVE_INFINITY) {
    throw new RegexError('lookbehind assertion is not fixed length');
  }
  let here = 0;
  const inner = build(of, state, (at) => at === here);
  return (at) => {
    let found = false;
    for (let back = min; back <= max && back <= at && !found && step(state); back++) {
      const outer = here;
      here = at;
      found = inner(at - back);
      here = outer;
    }
    return found !== negative && next(at);
  };
}

function backReference({ index, ignoreCase }: RegexNode & { kind: 'back' }, state: State, next: Next): Next {
  const fold = (b: number | undefined): number =>
    b === undefined ? -1 : ignoreCase && b >= 65 && b <= 90 ? b + 32 : b;
  return (at) => {
    const from = state.groups[2 * index] ?? -1;
    const to = state.groups[2 * index + 1] ?? -1;
    if (from < 0) {
      return false;
    }
    for (let i = from; i < to; i++) {
      if (!step(state) || fold(state.bytes[i]) !== fold(state.bytes[at + i - from])) {
        return false;
      }
    }
    return next(at + to - from);
  };
}

function anchor(kind: Anchor, state: State, next: Next): Next {
  const isWord = (at: number): boolean => at >= 0 && at < state.bytes.length && isWordByte(state.bytes[at] ?? 0);
  const atEnd = (at: number): boolean =>
    at === state.bytes.length || (at === state.bytes.length - 1 && state.bytes[at] === LINE_FEED);
  switch (kind) {
    case 'start':
      return (at) => at === 0 && next(at);
    case 'line start':
      return (at) => (at === 0 || (state.bytes[at - 1] === LINE_FEED && at < state.bytes.length)) && next(at);
    case 'end':
      return (at) => atEnd(at) && next(at);
    case 'line end':
      return (at) => (at === state.bytes.length || state.bytes[at] === LINE_FEED) && next(at);
    case 'very end':
      return (at) => at === state.bytes.length && next(at);
    case 'word':
      return (at) => isWord(at - 1) !== isWord(at) && next(at);
    case 'no word':
      return (at) => isWord(at - 1) === isWord(at) && next(at);
  }
}

interface Repeat {
  readonly min: number;
  readonly max: number;
  readonly mode: 'greedy' | 'lazy' | 'possessive';
}

/** Repetitions of single bytes need no recursion. */
function repeatSet({ set, min, max, mode }: Repeat & { readonly set: Uint8Array }, state: State, next: Next): Next {
  const fits = (at: number): boolean => at < state.bytes.length && set[state.bytes[at] ?? 0] === 1;
  if (mode === 'lazy') {
    return (at) => {
      for (let n = 0; step(state); n++) {
        if (n >= min && next(at + n)) {
          return true;
        }
        if (n >= max || !fits(at + n)) {
          return false;
        }
      }
      return false;
    };
  }
  return (at) => {
    let n = 0;
    while (n < max && fits(at + n)) {
      n++;
    }
    state.steps += n;
    for (; n >= min && step(state); n--) {
      if (next(at + n)) {
        return true;
      }
    }
    return false;
  };
}

function repeatGroup({ of, min, max, mode }: Repeat & { readonly of: RegexNode }, state: State, next: Next): Next {
  let count = 0;
  let last = -1;
  const body = build(of, state, (at) => again(at));
  const more = (at: number): boolean => {
    // A repetition of nothing would go on for ever.
    if (count >= max || (at === last && count >= min) || state.nested >= MAX_NESTED) {
      state.steps += state.nested >= MAX_NESTED ? MAX_STEPS : 0;
      return false;
    }
    const before = last;
    count++;
    last = at;
    state.nested++;
    const matched = body(at);
    state.nested--;
    count--;
    last = before;
    return matched;
  };
  const done = (at: number): boolean => {
    if (count < min) {
      return false;
    }
    const [n, l] = [count, last];
    const matched = next(at);
    count = n;
    last = l;
    return matched;
  };
  const again = (at: number): boolean => step(state) && (mode === 'lazy' ? done(at) || more(at) : more(at) || done(at));
  return (at) => {
    const [n, l] = [count, last];
    count = 0;
    last = -1;
    const matched = again(at);
    count = n;
    last = l;
    return matched;
  };
}

/** How many bytes a part of a pattern may match. */
function widths(node: RegexNode): { readonly min: number; readonly max: number } {
  switch (node.kind) {
    case 'set':
      return { min: 1, max: 1 };
    case 'sequence': {
      const all = node.parts.map(widths);
      return { min: all.reduce((n, w) => n + w.min, 0), max: all.reduce((n, w) => n + w.max, 0) };
    }
    case 'choice': {
      const all = node.options.map(widths);
      return { min: Math.min(...all.map((w) => w.min)), max: Math.max(...all.map((w) => w.max)) };
    }
    case 'group':
    case 'atomic':
      return widths(node.of);
    case 'look':
    case 'anchor':
      return { min: 0, max: 0 };
    case 'back':
      return { min: 0, max: Number.POSITIVE_INFINITY };
    case 'repeat': {
      const { min, max } = widths(node.of);
      return { min: min * node.min, max: max === 0 ? 0 : max * node.max };
    }
  }
}

/** The bytes that a match may begin with; null if it may be empty, or begins with something else. */
function firstBytes(node: RegexNode): Uint8Array | null {
  switch (node.kind) {
    case 'set':
      return node.set;
    case 'sequence': {
      const start = node.parts.find((part) => part.kind !== 'anchor' && part.kind !== 'look');
      return start === undefined ? null : firstBytes(start);
    }
    case 'choice': {
      const all = node.options.map(firstBytes);
      return all.some((set) => set === null)
        ? null
        : Uint8Array.from({ length: 256 }, (_, b) => Number(all.some((set) => set?.[b] === 1)));
    }
    case 'group':
    case 'atomic':
      return firstBytes(node.of);
    case 'repeat':
      return node.min > 0 ? firstBytes(node.of) : null;
    default:
      return null;
  }
}

function startsAnchored(node: RegexNode): boolean {
  switch (node.kind) {
    case 'anchor':
      return node.at === 'start';
    case 'sequence':
      return node.parts[0] !== undefined && startsAnchored(node.parts[0]);
    case 'choice':
      return node.options.every(startsAnchored);
    case 'group':
    case 'atomic':
      return startsAnchored(node.of);
    default:
      return false;
  }
}
