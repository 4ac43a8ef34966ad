/** What users name: numbers of breakpoints, and the place that others count from. */
import { CommandError } from '../commands/command.ts';
import { type DefaultPlace, type Location, parseLocation } from '../commands/linespec.ts';
import type { Breakpoint } from '../engine/api.ts';
import type { GdbInterpreter } from './interpreter.ts';

/** The place a bare line number counts from: the selected frame's, else what was listed last. */
export async function defaultPlace(gdb: GdbInterpreter): Promise<DefaultPlace | undefined> {
  if (gdb.engine.state === 'stopped') {
    return (await gdb.selected()).location;
  }
  return gdb.source.current();
}

/** The statement that `*EXPRESSION` names: `$pc`, or the number of a probe. Undefined for another location. */
export async function placeOfAddress(
  gdb: GdbInterpreter,
  text: string,
): Promise<(Location & { readonly kind: 'line' }) | undefined> {
  if (!text.startsWith('*')) {
    return undefined;
  }
  const { value } = await gdb.evaluator.evaluate(text.slice(1), gdb.expressionFrame());
  const { functions, probes } = gdb.engine.info;
  if (value.kind === 'function') {
    const f = functions.find((one) => one.name === value.value);
    const first = probes[f?.probes[0] ?? -1];
    return f && { kind: 'line', file: f.file, line: first?.line ?? f.line };
  }
  const probe = value.kind === 'number' ? probes[Number(value.value)] : undefined;
  const fn = functions[probe?.fn ?? -1];
  if (!probe || !fn) {
    throw new CommandError('No code is there: behind "*" stands $pc, a function, or the number of a probe.');
  }
  return { kind: 'line', file: fn.file, line: probe.line, column: probe.column };
}

/** The place in the code that a location names. Throws `CommandError`. */
export async function placeOf(gdb: GdbInterpreter, text: string, here: DefaultPlace | undefined): Promise<Location> {
  return (await placeOfAddress(gdb, text)) ?? parseLocation(gdb.engine, text, here);
}

/** A regular expression the user wrote. Throws `CommandError` if it is none. */
export function regexOf(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (e) {
    throw new CommandError(e instanceof Error ? e.message : String(e));
  }
}

/** What numbers of breakpoints are called in messages. */
const BREAKPOINT = 'breakpoint number';

/** Numbers and ranges, `1 3-5 $bpnum`. Throws for anything else. */
export function parseNumbers(gdb: GdbInterpreter, text: string, what: string): number[] {
  const numbers: number[] = [];
  for (const word of text.split(/[\s,]+/).filter((w) => w !== '')) {
    const m = /^(\d+)(?:-(\d+))?$/.exec(word);
    const variable = word.startsWith('$')
      ? gdb.evaluator.variableEntries().find(([n]) => `$${n}` === word)?.[1].value.value
      : undefined;
    if (/^-\d+$/.test(word)) {
      throw new CommandError('negative value');
    }
    if (!m && typeof variable !== 'number') {
      throw new CommandError(what === BREAKPOINT ? `Bad ${what} '${word}'` : `Bad ${what} argument: '${word}'`);
    }
    const from = m ? Number(m[1]) : Number(variable);
    const to = m?.[2] === undefined ? from : Number(m[2]);
    if (to < from || to - from > 10000) {
      throw new CommandError('inverted range');
    }
    for (let n = from; n <= to; n++) {
      numbers.push(n);
    }
  }
  return numbers;
}

/** Does `action` with each breakpoint named (all, if none is); unknown numbers are complained about at the end. */
export function eachBreakpoint(gdb: GdbInterpreter, args: string, action: (id: number) => void): void {
  const wanted = args.trim() === '' ? gdb.engine.breakpoints.map((b) => b.id) : parseNumbers(gdb, args, BREAKPOINT);
  const missing: number[] = [];
  for (const id of wanted) {
    if (gdb.engine.breakpoints.some((b) => b.id === id)) {
      action(id);
    } else {
      missing.push(id);
    }
  }
  if (missing.length > 0) {
    throw new CommandError(missing.map((id) => `No breakpoint number ${id}.`).join('\n'));
  }
}

/** The breakpoint that a number names. */
export function breakpointOf(gdb: GdbInterpreter, word: string): Breakpoint {
  const [id] = parseNumbers(gdb, word, BREAKPOINT);
  const bp = gdb.engine.breakpoints.find((b) => b.id === id);
  if (!bp) {
    throw new CommandError(`No breakpoint number ${word}.`);
  }
  return bp;
}
