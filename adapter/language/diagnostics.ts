/** What is wrong with a script, found with the debugger's own parser. */

import { argumentKind } from '../commands/arguments.ts';
import { CommandError, type Found } from '../commands/command.ts';
import { parseLocation, splitCondition } from '../commands/linespec.ts';
import { EngineError } from '../engine/api.ts';
import { parseArgument, parseExpression } from '../inspect/expression/parser.ts';
import { findRegisters, REGISTER_GROUPS, registerIndex, registerNames } from '../inspect/registers.ts';
import { splitFormat } from '../inspect/values.ts';
import { near } from '../stack/util/near.ts';
import { type Analysis, isUserError } from './analysis.ts';
import { checkOptions } from './check-options.ts';
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

/** A command line with its parts. */
interface Checked {
  readonly analysis: Analysis;
  readonly script: Script;
  readonly line: ScriptLine;
  readonly found: Found;
  /** Offset of the arguments in the line. */
  readonly at: number;
}

function checkLine(analysis: Analysis, script: Script, line: ScriptLine): Problem[] {
  const text = line.text.trim();
  if (text.startsWith('!') || (text === 'silent' && line.inside.includes('commands'))) {
    return [];
  }
  let found: Found;
  try {
    found = analysis.find(script, text);
  } catch (error) {
    return [commandProblem(analysis, script, line, error)];
  }
  const args = found.args.trimEnd();
  const at = line.text.trimEnd().length - args.length;
  // `$arg0` stands for text that is not known yet.
  if (/\$arg(?:c\b|\d)/.test(args)) {
    return [];
  }
  const checked = { analysis, script, line, found: { ...found, args }, at };
  try {
    checkArguments(checked);
    return unknownRegisters(checked);
  } catch (error) {
    return [argumentProblem(checked, error)];
  }
}

function commandProblem(analysis: Analysis, script: Script, line: ScriptLine, error: unknown): Problem {
  const { message } = expected(error);
  const start = line.text.length - line.text.trimStart().length;
  const words = line.text.slice(start).split(/\s+/);
  const sub = /^(?:Undefined|Ambiguous) ([\w-]+(?: [\w-]+)*) command(?::| ")/.exec(message)?.[1];
  const nth = sub === undefined ? 0 : sub.split(' ').length;
  const word = words[nth] ?? words[0]!;
  const from = Math.max(start, line.text.indexOf(word, start + words.slice(0, nth).join(' ').length));
  const table = sub === undefined ? analysis.commands(script) : (analysis.find(script, sub).command.subcommands ?? []);
  const like = near(
    word,
    table.flatMap((c) => [c.name]),
  );
  const hint = message.startsWith('Undefined') && like.length > 0 ? `  Did you mean ${like.join(', ')}?` : '';
  return { range: rangeOf(line, from, from + word.length), message: `${message}${hint}`, severity: 'error' };
}

/** An error that is the script's; anything else is a bug of the checker and goes on. */
function expected(error: unknown): Error {
  if (isUserError(error) || error instanceof EngineError) {
    return error as Error;
  }
  throw error;
}

/** Where the trouble is: the name that the message quotes, else all arguments. */
function argumentProblem({ line, found, at }: Checked, error: unknown): Problem {
  const { message } = expected(error);
  const quoted = /^(?:Function|No symbol|Invalid register|Invalid number|No source file named) ?["`']?([\w.:/-]+)/.exec(
    message,
  )?.[1];
  const field = /^\$pkt\.[\w.]+|^\$\w+/.exec(message)?.[0];
  const nearText = /near `(.+)'\.$/s.exec(message)?.[1];
  const name = field?.replace(/[.:]$/, '') ?? quoted ?? nearText;
  const from = name === undefined ? -1 : findWord(found.args, name);
  const range =
    from >= 0
      ? rangeOf(line, at + from, at + from + name!.length)
      : rangeOf(line, found.args === '' ? 0 : at, line.text.trimEnd().length);
  return { range, message, severity: 'error' };
}

/** Offset of `name` in a text, where it is a word of its own; -1 if it is not there. */
function findWord(text: string, name: string): number {
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    if (!/[\w$]/.test(text[at - 1] ?? ' ') && !(/\w$/.test(name) && /\w/.test(text[at + name.length] ?? ' '))) {
      return at;
    }
  }
  return -1;
}

function checkArguments({ analysis, script, found: { command, args, path } }: Checked): void {
  switch (argumentKind(path)) {
    case 'breakpoint':
      checkBreakpoint(analysis, args);
      break;
    case 'place':
      checkPlaces(analysis, args);
      break;
    case 'function':
      checkSymbol(analysis, args);
      break;
    case 'expression':
      checkExpression(analysis, path, args);
      break;
    case 'assignment':
      checkAssignment(analysis, path, args);
      break;
    case 'printf':
      checkPrintf(analysis, args);
      break;
    case 'type':
      checkType(analysis, args);
      break;
    case 'numbered-expression':
      checkNumbered(analysis, args);
      break;
    case 'registers':
      checkRegisters(args);
      break;
    case 'options':
      checkOptions(args);
      break;
    case 'command':
      checkTopic(analysis, script, args);
      break;
    case 'setting':
      // The settings of the checker's own interpreter are nobody's.
      command.run(analysis.gdb, args);
      break;
    case 'file':
      if (args === '') {
        throw new CommandError('source command requires file name of file to source.');
      }
      break;
    case 'none':
      break;
  }
}

/** `help TOPIC`: a command, a class of commands, or `all`. */
function checkTopic(analysis: Analysis, script: Script, topic: string): void {
  if (topic !== '' && topic !== 'all' && !analysis.gdb.table.some((c) => c.class === topic)) {
    analysis.find(script, topic);
  }
}

/** Places that depend on where the machine stands: `break`, `break 12`, `break +2`. */
const RELATIVE = /^(?:[+-]?\d+)?$/;

function checkBreakpoint(analysis: Analysis, args: string): void {
  const { location, condition } = splitCondition(args);
  const compiled = condition === undefined ? undefined : analysis.gdb.evaluator.condition(condition);
  const packet = /^-packet\s+(\d+)$/.exec(location)?.[1];
  if (RELATIVE.test(location)) {
    return;
  }
  const at =
    packet === undefined
      ? parseLocation(analysis.engine, location, undefined)
      : { kind: 'packet' as const, number: Number(packet) };
  const bound = analysis.engine.setBreakpoint({ location: at, ...(compiled ? { condition: compiled } : {}) });
  if (!bound.verified) {
    throw new CommandError(bound.message ?? `Cannot set a breakpoint at ${location}.`);
  }
}

function checkPlaces(analysis: Analysis, args: string): void {
  for (const place of args.split(',').map((a) => a.trim())) {
    if (!RELATIVE.test(place) && place !== '+' && place !== '-') {
      parseLocation(analysis.engine, place, undefined);
    }
  }
}

function checkSymbol(analysis: Analysis, name: string): void {
  const { functions, structs, globals } = analysis.engine.info;
  if (name !== '' && ![...functions, ...structs, ...globals].some((x) => x.name === name)) {
    parseLocation(analysis.engine, name, undefined);
  }
}

function checkExpression(analysis: Analysis, path: string, args: string): void {
  const text =
    path === 'print'
      ? args.replace(/^(?:-(?:pretty|elements)(?:\s+(?:on|off|\d+))?\s+)*(?:--\s*)?(?=[/\w$(*&!~"'-]|$)/, '')
      : args;
  const { rest } = splitFormat(text);
  if (rest.trim() === '') {
    if (path === 'if' || path === 'while') {
      throw new CommandError('if/while commands require arguments.');
    }
    return;
  }
  analysis.check(parseExpression(rest), true);
}

function checkAssignment(analysis: Analysis, path: string, args: string): void {
  if (args === '') {
    throw new CommandError('Argument required (expression to compute).');
  }
  try {
    analysis.check(parseExpression(args), true);
  } catch (error) {
    const word = /^[\w-]+/.exec(args)?.[0] ?? '';
    const settings = analysis.gdb.table.find((c) => c.name === 'set')?.subcommands ?? [];
    const like =
      path === 'set' && !/[=.[(]|->/.test(args)
        ? near(
            word,
            settings.map((c) => c.name),
          )
        : [];
    throw like.length > 0 ? new CommandError(`${expected(error).message} Did you mean "set ${like[0]}"?`) : error;
  }
}

function checkPrintf(analysis: Analysis, args: string): void {
  if (args === '') {
    throw new CommandError('Argument required (format-control string and values to print).');
  }
  const quoted = /^"((?:[^"\\]|\\.)*)"\s*/s.exec(args);
  if (!quoted) {
    throw new CommandError(args.startsWith('"') ? "Bad format string, non-terminated '\"'" : 'Bad format string');
  }
  let rest = args.slice(quoted[0].length);
  let count = 0;
  while (rest.startsWith(',')) {
    rest = rest.slice(1);
    const { expression, end } = parseArgument(rest);
    analysis.check(expression, false);
    rest = rest.slice(end);
    count++;
  }
  const wanted = [...quoted[1]!.matchAll(/%(%|[-+ #0]*\d*(?:\.\d*)?(?:hh|h|ll|l|z|j|t|L)?[a-zA-Z])/g)].filter(
    (m) => m[1] !== '%',
  );
  if (rest !== '' || wanted.length !== count) {
    throw new CommandError(
      rest === ''
        ? `Bad format string: it takes ${wanted.length} values, there are ${count}`
        : 'Invalid argument syntax',
    );
  }
}

function checkType(analysis: Analysis, args: string): void {
  const name = /^(?:(?:struct|class|enum|union)\s+)?(\w+)\s*\**$/.exec(args)?.[1];
  const { structs } = analysis.engine.info;
  if (args !== '' && !structs.some((s) => s.name === name)) {
    analysis.check(parseExpression(args.replace(/^\/\w+\s*/, '')), false);
  }
}

function checkNumbered(analysis: Analysis, args: string): void {
  const m = /^(\S+)\s*(.*)$/s.exec(args);
  if (!m) {
    throw new CommandError('Argument required (a breakpoint number).');
  }
  if (!/^(?:\d+|\$\w*)$/.test(m[1]!)) {
    throw new CommandError(`Bad breakpoint number argument: '${m[1]}'`);
  }
  if (m[2] !== '') {
    analysis.check(parseExpression(m[2]!), false);
  }
}

function checkRegisters(args: string): void {
  for (const name of args.split(/[\s,]+/).filter((w) => w !== '')) {
    if (!findRegisters(name)) {
      const like = near(name.replace(/^\$/, ''), [...registerNames(), ...REGISTER_GROUPS]);
      throw new CommandError(
        `Invalid register \`${name}'${like.length > 0 ? `; did you mean ${like.join(', ')}?` : ''}`,
      );
    }
  }
}

/** Convenience variables that the debugger sets. */
const BUILT_IN = /^(?:_|__|_exitcode|_shell_exitcode|_hostfwd|_hostport|bpnum|pkt|argc|arg\d+|\$?\d*|\$)$/;

/**
 * `$NAME` that is neither a register nor a variable that the script sets, and looks like a register: in gdb it would quietly be
 * void.
 */
function unknownRegisters({ script, line, found, at }: Checked): Problem[] {
  const kind = argumentKind(found.path);
  if (!['breakpoint', 'expression', 'assignment', 'printf', 'type', 'numbered-expression'].includes(kind)) {
    return [];
  }
  const set = assigned(script);
  const problems: Problem[] = [];
  for (const m of found.args.replace(/"(?:[^"\\]|\\.)*"/g, (s) => ' '.repeat(s.length)).matchAll(/\$([A-Za-z_]\w*)/g)) {
    const name = m[1]!;
    if (registerIndex(name) !== undefined || set.has(name) || BUILT_IN.test(name) || name.startsWith('_')) {
      continue;
    }
    const same = registerNames().find((r) => r === name.toUpperCase());
    if (same === undefined && !/^[A-Z][A-Z0-9]+$/.test(name)) {
      continue;
    }
    const like = same ? [same] : near(name, registerNames());
    const hint = like.length > 0 ? ` Did you mean ${like.map((l) => `$${l}`).join(', ')}?` : '';
    const from = at + m.index;
    problems.push({
      range: rangeOf(line, from, from + m[0].length),
      message: `There is no register $${name}; as a convenience variable it is void.${hint}`,
      severity: 'warning',
    });
  }
  return problems;
}

const assignedNames = new WeakMap<Script, ReadonlySet<string>>();

/** Convenience variables that a script assigns to. */
function assigned(script: Script): ReadonlySet<string> {
  let names = assignedNames.get(script);
  if (!names) {
    names = new Set(
      script.lines.flatMap((l) =>
        [...l.text.matchAll(/\$([A-Za-z_]\w*)\s*(?:[-+*/%&|^]|<<|>>)?=(?!=)/g)].map((m) => m[1]!),
      ),
    );
    assignedNames.set(script, names);
  }
  return names;
}
