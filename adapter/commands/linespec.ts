/** Places in the source as gdb's linespecs name them: `FUNCTION`, `FILE:LINE`, `FILE:FUNCTION`, `LINE`, `+N`, `-N`. */

import type { FunctionInfo } from '../compiler/debug-info.ts';
import type { BreakpointSpec, EngineApi } from '../engine/api.ts';
import { near } from '../stack/util/near.ts';
import { CommandError } from './command.ts';

/** A place in the code. */
export type Location = Exclude<BreakpointSpec['location'], { readonly kind: 'packet' }>;

/** Where a relative or bare line number counts from. */
export interface DefaultPlace {
  readonly file: string;
  readonly line: number;
}

/** Splits `LOCATION if CONDITION`. */
export function splitCondition(text: string): { readonly location: string; readonly condition: string | undefined } {
  const m = /(?:^|\s)if(?=[\s(!~*&$-]|$)(.*)$/s.exec(text);
  if (!m) {
    return { location: text.trim(), condition: undefined };
  }
  return { location: text.slice(0, m.index).trim(), condition: m[1]!.trim() };
}

/** Resolves a linespec. Throws `CommandError` in gdb's words, with near matches. */
export function parseLocation(engine: EngineApi, text: string, here: DefaultPlace | undefined): Location {
  if (text.startsWith('*')) {
    throw new CommandError('Addresses are not supported here; name a function or FILE:LINE.');
  }
  const relative = /^([+-]?)(\d+)$/.exec(text);
  if (relative) {
    if (!here) {
      throw new CommandError('No default file: name one, as in FILE:LINE.');
    }
    const n = Number(relative[2]);
    const line = relative[1] === '' ? n : here.line + (relative[1] === '+' ? n : -n);
    return checkedLine(engine, here.file, line, true);
  }
  const atLine = /^(.+):(\d+)$/.exec(text);
  if (atLine) {
    return checkedLine(engine, findFile(engine, atLine[1]!), Number(atLine[2]), false);
  }
  const inFile = /^(.+):([A-Za-z_$][\w$.]*)$/.exec(text);
  if (inFile) {
    const file = findFile(engine, inFile[1]!);
    const f = engine.info.functions.find((x) => x.file === file && x.name === inFile[2]);
    if (!f) {
      throw new CommandError(`Function "${inFile[2]}" not defined in "${file}".`);
    }
    return functionLocation(engine, f);
  }
  const [f] = findFunctions(engine, text);
  if (!f) {
    throw new CommandError(unknownFunction(engine, text));
  }
  return { kind: 'function', name: text };
}

/** One of several functions of a name is told by its line. */
function functionLocation(engine: EngineApi, f: FunctionInfo): Location {
  const first = engine.info.probes[f.probes[0] ?? -1];
  return { kind: 'line', file: f.file, line: first?.line ?? f.line };
}

function checkedLine(engine: EngineApi, file: string, line: number, current: boolean): Location {
  const last = Math.max(0, ...engine.info.functions.filter((f) => f.file === file).map((f) => f.endLine));
  if (line < 1 || line > last) {
    throw new CommandError(current ? `No line ${line} in the current file.` : `No line ${line} in file "${file}".`);
  }
  return { kind: 'line', file, line };
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
  const like = near(
    wanted,
    engine.info.files.map((f) => f),
  );
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

function didYouMean(like: readonly string[]): string {
  return like.length > 0 ? ` Did you mean ${like.join(', ')}?` : '';
}
