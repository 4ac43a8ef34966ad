/** What is wrong with a script, found with the debugger's own parser. */

import { type Found, kindsOf, UnknownCommandError } from '../commands/command.ts';
import type { ArgumentKind } from '../commands/takes.ts';
import { DEBUGGER_VARIABLES } from '../commands/variables.ts';
import { EngineError } from '../engine/api.ts';
import { registerIndex, registerNames } from '../inspect/registers.ts';
import { near } from '../stack/util/near.ts';
import { type Analysis, isUserError } from './analysis.ts';
import { checkArguments, nearCommands } from './check-arguments.ts';
import { type Range, rangeOf, type Script, type ScriptLine } from './script.ts';

export interface Problem {
  readonly range: Range;
  readonly message: string;
  readonly severity: 'error' | 'warning';
}

/** Lines of a script that are looked at; more is no script a person wrote. */
const MAX_LINES = 20_000;
/** Problems that are reported. */
const MAX_PROBLEMS = 200;

/** The problems of a script, in order. */
export function diagnose(analysis: Analysis, script: Script): Problem[] {
  const problems: Problem[] = script.problems.map(({ line, message }) => ({
    range: whole(line),
    message,
    severity: 'error',
  }));
  for (const line of script.lines.slice(0, MAX_LINES)) {
    if (line.kind === 'command' && problems.length < MAX_PROBLEMS) {
      problems.push(...checkLine(analysis, script, line));
    }
  }
  return problems.sort((a, b) => a.range.start.line - b.range.start.line);
}

function whole(line: ScriptLine): Range {
  const start = line.text.length - line.text.trimStart().length;
  return rangeOf(line, start, line.text.trimEnd().length);
}

function checkLine(analysis: Analysis, script: Script, line: ScriptLine): Problem[] {
  const text = line.text.trimEnd();
  if (text.trimStart().startsWith('!') || (text.trim() === 'silent' && line.inside.includes('commands'))) {
    return [];
  }
  let found: Found;
  try {
    found = analysis.find(script, text);
  } catch (error) {
    const hint = error instanceof UnknownCommandError ? nearCommands(script, error) : '';
    return [problem(line, 0, text, error, hint && ` ${hint}`)];
  }
  // `$arg0` stands for text that is not known yet.
  if (/\$arg(?:c\b|\d)/.test(found.args)) {
    return [];
  }
  try {
    checkArguments(analysis, script, found, found.args);
    return unknownRegisters(script, line, found);
  } catch (error) {
    return [problem(line, found.at, found.args, error)];
  }
}

/**
 * A problem of the part of a line that begins at `at`: where the error says, else all of it. Without a part: the line.
 */
function problem(line: ScriptLine, at: number, part: string, error: unknown, hint = ''): Problem {
  if (!isUserError(error) && !(error instanceof EngineError)) {
    // A bug of the checker.
    throw error;
  }
  const span = error instanceof EngineError ? undefined : error.span;
  const known = span && span.end > span.start ? span : { start: part === '' ? -at : 0, end: part.length };
  return {
    range: rangeOf(line, at + known.start, at + known.end),
    message: `${error.message}${hint}`,
    severity: 'error',
  };
}

/** What may stand behind a dollar, other than a register: the history, and variables that the debugger sets. */
function isBuiltIn(name: string): boolean {
  return name.startsWith('_') || /^arg\d+$/.test(name) || Object.hasOwn(DEBUGGER_VARIABLES, name);
}

/** Kinds of arguments that have expressions in them. */
const EXPRESSIONS: ReadonlySet<ArgumentKind> = new Set([
  'breakpoint',
  'expression',
  'assignment',
  'printf',
  'type',
] as const);

/**
 * `$NAME` that is neither a register nor a variable that the script sets, and looks like a register. In gdb it would
 * quietly be void.
 */
function unknownRegisters(script: Script, line: ScriptLine, { command, args, at }: Found): Problem[] {
  if (!kindsOf(command).some((kind) => EXPRESSIONS.has(kind))) {
    return [];
  }
  const unquoted = args.replace(/"(?:[^"\\]|\\.)*"/g, (s) => ' '.repeat(s.length));
  return Array.from(unquoted.matchAll(/(?<=\$)[A-Za-z_]\w*/g)).flatMap(({ 0: name, index }): Problem[] => {
    if (registerIndex(name) !== undefined || script.assigned.has(name) || isBuiltIn(name)) {
      return [];
    }
    const same = registerNames().find((r) => r === name.toUpperCase());
    if (same === undefined && !/^[A-Z][A-Z0-9]+$/.test(name)) {
      return [];
    }
    const like = same ? [same] : near(name, registerNames());
    const hint = like.length > 0 ? ` Did you mean ${like.map((l) => `$${l}`).join(', ')}?` : '';
    return [
      {
        range: rangeOf(line, at + index - 1, at + index + name.length),
        message: `There is no register $${name}; as a convenience variable it is void.${hint}`,
        severity: 'warning',
      },
    ];
  });
}
