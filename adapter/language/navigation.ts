/** Definitions, the outline, and help on arguments. */
import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { type Command, type Found, findCommand } from '../commands/command.ts';
import { findFile } from '../commands/linespec.ts';
import { COMMANDS } from '../commands/table/index.ts';
import { FUNCTIONS } from '../inspect/expression/functions.ts';
import { type Analysis, isUserError } from './analysis.ts';
import { lineAt, nameAt } from './cursor.ts';
import { type Position, type Range, rangeOf, type Script, type ScriptLine } from './script.ts';

/** A place in a file; without a path, in the script itself. */
export interface Place {
  readonly path: string | undefined;
  readonly range: Range;
}

/** Where the name at a position is defined. `folder` is where relative names of scripts start. */
export function definition(analysis: Analysis, script: Script, position: Position, folder: string): Place[] {
  const at = lineAt(analysis, script, position);
  if (!at) {
    return [];
  }
  if (at.kind === 'file' && at.found && at.offset >= at.args) {
    const name = at.found.args.trim();
    const path = isAbsolute(name) ? name : join(folder, name);
    return existsSync(path) ? [{ path, range: lineRange(0, 0, 0) }] : [];
  }
  const word = nameAt(at.line.text, at.offset);
  if (!word) {
    return [];
  }
  const own = word.from < at.args ? script.definitions.get(word.text) : undefined;
  if (own) {
    const from = own.line.text.indexOf(own.name);
    return [{ path: undefined, range: rangeOf(own.line, from, from + own.name.length) }];
  }
  return word.from < at.args ? [] : stackPlaces(analysis, word.text);
}

/** Places of a name in the stack's sources; `FILE:LINE` is one too. */
function stackPlaces(analysis: Analysis, name: string): Place[] {
  const { sourceRoot, info } = analysis.engine;
  const [, file, number = 1] = /^([\w/.-]+\.(?:ts|c|h))(?::(\d+))?$/.exec(name) ?? [];
  if (file !== undefined) {
    try {
      const line = Math.max(0, Number(number) - 1);
      return [{ path: join(sourceRoot, findFile(analysis.engine, file)), range: lineRange(line, 0, 0) }];
    } catch (error) {
      if (!isUserError(error)) {
        throw error;
      }
      return [];
    }
  }
  const bare = name.replace(/^\$/, '');
  const all = [...info.functions, ...info.structs, ...info.globals];
  const found = name.startsWith('$')
    ? info.globals.filter((g) => g.name === bare && g.file.endsWith('e1000_regs.ts'))
    : all.filter((x) => x.name === name || x.name.endsWith(`.${name}`));
  return found.map((x) => namePlace(join(sourceRoot, x.file), x.line - 1, bare));
}

/** The range of a name on a line of a file. */
function namePlace(path: string, line: number, name: string): Place {
  let from = 0;
  try {
    from = Math.max(
      0,
      readFileSync(path, 'utf8')
        .split('\n')
        [line]?.search(new RegExp(`\\b${name}\\b`)) ?? 0,
    );
  } catch {
    // The source is not there; the line is known all the same.
  }
  return { path, range: lineRange(line, from, from + name.length) };
}

function lineRange(line: number, from: number, to: number): Range {
  return { start: { line, character: from }, end: { line, character: to } };
}

/** An entry of the outline. */
export interface ScriptSymbol {
  readonly name: string;
  readonly kind: 'section' | 'command' | 'breakpoint';
  readonly range: Range;
  /** The part to reveal. */
  readonly selection: Range;
  readonly children: ScriptSymbol[];
}

/**
 * The outline. Sections begin at a comment after a blank line, or at the top, and at lines such as `echo == Title
 * ==\n`. In them are user-defined commands and breakpoints.
 */
export function symbols(script: Script): ScriptSymbol[] {
  const out: ScriptSymbol[] = [];
  const heads = script.lines.flatMap((line, i) => {
    const title = sectionTitle(line, script.lines[i - 1]);
    return title === undefined ? [] : [{ line, title, i }];
  });
  out.push(...entries(script.lines.slice(0, heads[0]?.i ?? script.lines.length), script));
  heads.forEach(({ line, title, i }, n) => {
    const lines = script.lines.slice(i, heads[n + 1]?.i);
    const last = lines.findLast((l) => l.kind !== 'blank') ?? line;
    const selection = rangeOf(line, 0, line.text.length);
    const range = { start: selection.start, end: rangeOf(last, 0, last.text.length).end };
    out.push({ name: title, kind: 'section', range, selection, children: entries(lines, script) });
  });
  return out;
}

function sectionTitle(line: ScriptLine, before: ScriptLine | undefined): string | undefined {
  if (line.inside.length > 0) {
    return undefined;
  }
  if (line.kind === 'comment' && (before === undefined || before.kind === 'blank')) {
    return line.text.replace(/^[\s#=-]+|[\s#=-]+$/g, '') || undefined;
  }
  return /^\s*echo\s.*?==+\s*(.*?)\s*==+/.exec(line.text)?.[1] || undefined;
}

function entries(lines: readonly ScriptLine[], script: Script): ScriptSymbol[] {
  return lines.flatMap((line): ScriptSymbol[] => {
    const found = line.kind === 'command' ? commandOf(line.text) : undefined;
    const name = found?.args.trim() ?? '';
    const kind = found && outlined(found.command);
    if (name === '' || !kind) {
      return [];
    }
    const selection = rangeOf(line, line.text.length - line.text.trimStart().length, line.text.trimEnd().length);
    const own = kind === 'command' ? script.definitions.get(name) : undefined;
    const end = own ? { line: own.endLine, character: 'end'.length } : selection.end;
    return [{ name, kind, range: { start: selection.start, end }, selection, children: [] }];
  });
}

/** What a command puts into the outline. */
function outlined(command: Command): 'command' | 'breakpoint' | undefined {
  return command.block === 'define' ? 'command' : command.takes === 'breakpoint' ? 'breakpoint' : undefined;
}

/** The command of a line, if it is one of the debugger's. */
function commandOf(text: string): Found | undefined {
  try {
    return findCommand(COMMANDS, text);
  } catch (error) {
    if (isUserError(error)) {
      return undefined;
    }
    throw error;
  }
}

export interface Signature {
  readonly label: string;
  readonly documentation: string;
  /** Parts of `label`. */
  readonly parameters: readonly string[];
  readonly active: number;
}

/** Help on the arguments of the command or function call at a position. */
export function signature(analysis: Analysis, script: Script, position: Position): Signature | undefined {
  const at = lineAt(analysis, script, position);
  if (!at?.found || at.offset < at.args - (at.found.args === '' ? 1 : 0)) {
    return undefined;
  }
  const before = at.line.text.slice(at.args, at.offset);
  const [, name = '', given = ''] = /\$(_\w+)\s*\(((?:"(?:[^"\\]|\\.)*"?|[^()"])*)$/.exec(before) ?? [];
  const f = FUNCTIONS.get(name);
  if (f) {
    const parameters = /\(([^)]*)\)/.exec(f.usage)?.[1]?.split(/,\s*/) ?? [];
    const active = given.replace(/"(?:[^"\\]|\\.)*"?/g, '').split(',').length - 1;
    return { label: f.usage, documentation: f.doc, parameters, active };
  }
  const { summary, usage } = at.found.command;
  if (usage === undefined) {
    return undefined;
  }
  const parameters = usageParameters(usage);
  const active = before.trim() === '' ? 0 : before.trimStart().split(/\s+/).length - 1;
  return {
    label: usage,
    documentation: summary,
    parameters,
    active: Math.min(active, Math.max(0, parameters.length - 1)),
  };
}

/** The arguments of the first form that a usage line shows: groups in outermost brackets, and words in capitals. */
function usageParameters(usage: string): string[] {
  const parameters: string[] = [];
  for (let at = 0; at < usage.length && usage[at] !== '|'; ) {
    const word = /^[A-Z][A-Z0-9_]*\b(?:\.\.\.)?/.exec(usage.slice(at))?.[0];
    const length = usage[at] === '[' ? bracketed(usage, at) - at : (word?.length ?? 0);
    if (length > 0) {
      parameters.push(usage.slice(at, at + length));
    }
    at += Math.max(1, length);
  }
  return parameters;
}

/** The end of the brackets that begin at `start`. */
function bracketed(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    depth += text[at] === '[' ? 1 : text[at] === ']' ? -1 : 0;
    if (depth === 0) {
      return text.startsWith('...', at + 1) ? at + 4 : at + 1;
    }
  }
  return text.length;
}
