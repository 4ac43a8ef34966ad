/** Places in the source as gdb's linespecs name them: `FUNCTION`, `FILE:LINE`, `FILE:FUNCTION`, `LINE`, `+N`, `-N`. */

import type { FunctionInfo } from '../compiler/debug-info.ts';
import type { BreakpointSpec, EngineApi } from '../engine/api.ts';
import { DIFFERENT } from '../engine/api.ts';
import { within } from '../packets/span.ts';
import { DROP_REASONS } from '../stack/util/drop_reasons.ts';
import { near } from '../stack/util/near.ts';
import { CommandError } from './command.ts';
import { parseGrade } from './grades.ts';
import { didYouMean, knownName } from './known-names.ts';

/** A place in the code. */
export type Location = Exclude<
  BreakpointSpec['location'],
  { readonly kind: 'packet' | 'catch' | 'divergence' | 'watch' }
>;

/** Where a relative or bare line number counts from. */
export interface DefaultPlace {
  readonly file: string;
  readonly line: number;
}

/** What `break` is given: where, and on which condition. */
export interface BreakpointText {
  readonly location: string;
  /** Offset of the location in the text. */
  readonly at: number;
  readonly condition: { readonly text: string; readonly at: number } | undefined;
  /** What is no place in the code: `-packet N`, `divergence [GRADE]`, `drop REASON`. */
  readonly event: BreakpointSpec['location'] | undefined;
}

/** Splits `LOCATION if CONDITION`. Throws `CommandError` for something wrong behind one of these words. */
export function splitBreakpoint(text: string): BreakpointText {
  const m = /(?:^|\s)if(?=[\s(!~*&$-]|$)/.exec(text);
  const before = m ? text.slice(0, m.index) : text;
  const location = before.trim();
  const after = m ? text.slice(m.index + m[0].length) : '';
  return {
    location,
    at: before.length - before.trimStart().length,
    condition: m ? { text: after.trim(), at: text.length - after.trimStart().length } : undefined,
    event: eventOf(location),
  };
}

function eventOf(location: string): BreakpointText['event'] {
  const [, word, rest = ''] = /^-?(packet|divergence)(?:\s+(.*))?$/s.exec(location) ?? [];
  if (word === 'divergence') {
    return { kind: 'divergence', grade: rest === '' ? DIFFERENT : parseGrade(rest) };
  }
  const [, reason] = /^drop\s+(\w+)$/.exec(location) ?? [];
  if (reason !== undefined) {
    return { kind: 'catch', event: { what: 'drop', reason: dropReason(reason) } };
  }
  if (!location.startsWith('-packet')) {
    return undefined;
  }
  if (!/^\d+$/.test(rest)) {
    throw new CommandError('-packet takes the number of a packet of the capture; the first one is 1.');
  }
  return { kind: 'packet', number: Number(rest) };
}

/** The reason of a drop that a word means. */
export function dropReason(word: string): string {
  return knownName(word, Object.keys(DROP_REASONS), 'reason of a drop', 'info drops');
}

/** Resolves a linespec. Throws `CommandError` in gdb's words, with near matches. */
export function parseLocation(engine: EngineApi, text: string, here: DefaultPlace | undefined): Location {
  return within(text, 0, () => locationOf(engine, text, here));
}

function locationOf(engine: EngineApi, text: string, here: DefaultPlace | undefined): Location {
  if (text.startsWith('*')) {
    throw new CommandError('Addresses are not supported here; name a function or FILE:LINE.');
  }
  const relative = /^[+-]?\d+$/.test(text);
  if (relative) {
    if (!here) {
      throw new CommandError('No default file: name one, as in FILE:LINE.');
    }
    const n = Number(text);
    return checkedLine(engine, here.file, /^\d/.test(text) ? n : here.line + n, true);
  }
  const [, fileName, line, name] = /^(.+):(?:(\d+)|([A-Za-z_$][\w$.]*))$/.exec(text) ?? [];
  if (fileName !== undefined) {
    if (name !== undefined) {
      return functionIn(engine, findFile(engine, fileName), name);
    }
    const [file = '', ...also] = findFiles(engine, fileName);
    const n = Number(line);
    const at = checkedLine(engine, file, n, false);
    const others = also.filter((f) => n <= lastLine(engine, f));
    return others.length > 0 && at.kind === 'line' ? { ...at, also: others } : at;
  }
  const [, junk] = /^[+-]?\d+\s+(.*)$/.exec(text) ?? [];
  if (junk !== undefined) {
    const what = /^\d/.test(junk) ? 'number' : 'string';
    throw new CommandError(`malformed linespec error: unexpected ${what}, "${junk}"`);
  }
  const [f] = findFunctions(engine, text);
  if (!f) {
    throw new CommandError(unknownFunction(engine, text));
  }
  return { kind: 'function', name: text };
}

/** One of several functions of a name is told by its line. */
function functionIn(engine: EngineApi, file: string, name: string): Location {
  const f = engine.info.functions.find((x) => x.file === file && x.name === name);
  if (!f) {
    throw new CommandError(`Function "${name}" not defined in "${file}".`);
  }
  const first = engine.info.probes[f.probes[0] ?? -1];
  return { kind: 'line', file: f.file, line: first?.line ?? f.line };
}

function checkedLine(engine: EngineApi, file: string, line: number, current: boolean): Location {
  if (line < 1 || line > lastLine(engine, file)) {
    throw new CommandError(current ? `No line ${line} in the current file.` : `No line ${line} in file "${file}".`);
  }
  return { kind: 'line', file, line };
}

/** The last line of a file that has code. */
function lastLine(engine: EngineApi, file: string): number {
  return Math.max(0, ...engine.info.functions.filter((f) => f.file === file).map((f) => f.endLine));
}

/** The files that a name means: those that end in it, if none is called so. */
export function findFiles(engine: EngineApi, name: string): readonly string[] {
  const wanted = name.replace(/^\.\//, '').replace(/^adapter\/stack\//, '');
  const found = [wanted, `${wanted}.ts`, wanted.replace(/\.[ch]$/, '.ts')]
    .map((w) => engine.info.files.filter((f) => f === w || f.endsWith(`/${w}`)))
    .find((files) => files.length > 0);
  return found && found.length > 1 && !found.includes(wanted) ? found : [findFile(engine, name)];
}

/** The source file a name means: whole path, or its last parts, with or without `.ts`, or QEMU's `.c`. */
export function findFile(engine: EngineApi, name: string): string {
  const wanted = name.replace(/^\.\//, '').replace(/^adapter\/stack\//, '');
  const fits = (f: string, w: string): boolean => f === w || f.endsWith(`/${w}`);
  for (const w of [wanted, `${wanted}.ts`, wanted.replace(/\.[ch]$/, '.ts')]) {
    const found = engine.info.files.filter((f) => fits(f, w));
    const exact = found.find((f) => f === w) ?? (found.length === 1 ? found[0] : undefined);
    if (exact !== undefined) {
      return exact;
    }
    if (found.length > 1) {
      throw new CommandError(`The file name "${name}" is ambiguous: ${found.join(', ')}.`);
    }
  }
  const like = near(wanted, engine.info.files);
  throw new CommandError(`No source file named ${name}.${didYouMean(like)}`);
}

/** Functions of a name; methods also by their bare name. */
export function findFunctions(engine: EngineApi, name: string): readonly FunctionInfo[] {
  const exact = engine.info.functions.filter((f) => f.name === name);
  return exact.length > 0 ? exact : engine.info.functions.filter((f) => f.name.endsWith(`.${name}`));
}

/** `Function "x" not defined.` with near matches. */
export function unknownFunction(engine: EngineApi, name: string): string {
  const like = near(
    name,
    engine.info.functions.map((f) => f.name),
  );
  return `Function "${name}" not defined.${didYouMean(like)}`;
}
