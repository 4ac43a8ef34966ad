/** What is wrong with a script, found with the debugger's own parser. */

import { argument_kind } from '../commands/arguments.ts';
import { CommandError, type Found } from '../commands/command.ts';
import { near, parse_location, split_condition } from '../commands/linespec.ts';
import { EngineError } from '../engine/api.ts';
import { parse_argument, parse_expression } from '../inspect/expression/parser.ts';
import { find_registers, REGISTER_GROUPS, register_index, register_names } from '../inspect/registers.ts';
import { split_format } from '../inspect/values.ts';
import { type Analysis, is_user_error } from './analysis.ts';
import { check_options } from './check-options.ts';
import { type Range, range_of, type Script, type ScriptLine } from './script.ts';

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
      problems.push(...check_line(analysis, script, line));
    }
  }
  return problems.sort((a, b) => a.range.start.line - b.range.start.line);
}

function whole(line: ScriptLine): Range {
  const start = line.text.length - line.text.trimStart().length;
  return range_of(line, start, line.text.trimEnd().length);
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

function check_line(analysis: Analysis, script: Script, line: ScriptLine): Problem[] {
  const text = line.text.trim();
  if (text.startsWith('!') || (text === 'silent' && line.inside.includes('commands'))) {
    return [];
  }
  let found: Found;
  try {
    found = analysis.find(script, text);
  } catch (error) {
    return [command_problem(analysis, script, line, error)];
  }
  const args = found.args.trimEnd();
  const at = line.text.trimEnd().length - args.length;
  // `$arg0` stands for text that is not known yet.
  if (/\$arg(?:c\b|\d)/.test(args)) {
    return [];
  }
  const checked = { analysis, script, line, found: { ...found, args }, at };
  try {
    check_arguments(checked);
    return unknown_registers(checked);
  } catch (error) {
    return [argument_problem(checked, error)];
  }
}

function command_problem(analysis: Analysis, script: Script, line: ScriptLine, error: unknown): Problem {
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
  return { range: range_of(line, from, from + word.length), message: `${message}${hint}`, severity: 'error' };
}

/** An error that is the script's; anything else is a bug of the checker and goes on. */
function expected(error: unknown): Error {
  if (is_user_error(error) || error instanceof EngineError) {
    return error as Error;
  }
  throw error;
}

/** Where the trouble is: the name that the message quotes, else all arguments. */
function argument_problem({ line, found, at }: Checked, error: unknown): Problem {
  const { message } = expected(error);
  const quoted = /^(?:Function|No symbol|Invalid register|Invalid number|No source file named) ?["`']?([\w.:/-]+)/.exec(
    message,
  )?.[1];
  const field = /^\$pkt\.[\w.]+|^\$\w+/.exec(message)?.[0];
  const near_text = /near `(.+)'\.$/s.exec(message)?.[1];
  const name = field?.replace(/[.:]$/, '') ?? quoted ?? near_text;
  const from = name === undefined ? -1 : find_word(found.args, name);
  const range =
    from >= 0
      ? range_of(line, at + from, at + from + name!.length)
      : range_of(line, found.args === '' ? 0 : at, line.text.trimEnd().length);
  return { range, message, severity: 'error' };
}

/** Offset of `name` in a text, where it is a word of its own; -1 if it is not there. */
function find_word(text: string, name: string): number {
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    if (!/[\w$]/.test(text[at - 1] ?? ' ') && !(/\w$/.test(name) && /\w/.test(text[at + name.length] ?? ' '))) {
      return at;
    }
  }
  return -1;
}

function check_arguments({ analysis, script, found: { command, args, path } }: Checked): void {
  switch (argument_kind(path)) {
    case 'breakpoint':
      check_breakpoint(analysis, args);
      break;
    case 'place':
      check_places(analysis, args);
      break;
    case 'function':
      check_symbol(analysis, args);
      break;
    case 'expression':
      check_expression(analysis, path, args);
      break;
    case 'assignment':
      check_assignment(analysis, path, args);
      break;
    case 'printf':
      check_printf(analysis, args);
      break;
    case 'type':
      check_type(analysis, args);
      break;
    case 'numbered-expression':
      check_numbered(analysis, args);
      break;
    case 'registers':
      check_registers(args);
      break;
    case 'options':
      check_options(args);
      break;
    case 'command':
      check_topic(analysis, script, args);
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
function check_topic(analysis: Analysis, script: Script, topic: string): void {
  if (topic !== '' && topic !== 'all' && !analysis.gdb.table.some((c) => c.class === topic)) {
    analysis.find(script, topic);
  }
}

/** Places that depend on where the machine stands: `break`, `break 12`, `break +2`. */
const RELATIVE = /^(?:[+-]?\d+)?$/;

function check_breakpoint(analysis: Analysis, args: string): void {
  const { location, condition } = split_condition(args);
  const compiled = condition === undefined ? undefined : analysis.gdb.evaluator.condition(condition);
  const packet = /^-packet\s+(\d+)$/.exec(location)?.[1];
  if (RELATIVE.test(location)) {
    return;
  }
  const at =
    packet === undefined
      ? parse_location(analysis.engine, location, undefined)
      : { kind: 'packet' as const, number: Number(packet) };
  const bound = analysis.engine.setBreakpoint({ location: at, ...(compiled ? { condition: compiled } : {}) });
  if (!bound.verified) {
    throw new CommandError(bound.message ?? `Cannot set a breakpoint at ${location}.`);
  }
}

function check_places(analysis: Analysis, args: string): void {
  for (const place of args.split(',').map((a) => a.trim())) {
    if (!RELATIVE.test(place) && place !== '+' && place !== '-') {
      parse_location(analysis.engine, place, undefined);
    }
  }
}

function check_symbol(analysis: Analysis, name: string): void {
  const { functions, structs, globals } = analysis.engine.info;
  if (name !== '' && ![...functions, ...structs, ...globals].some((x) => x.name === name)) {
    parse_location(analysis.engine, name, undefined);
  }
}

function check_expression(analysis: Analysis, path: string, args: string): void {
  const text =
    path === 'print'
      ? args.replace(/^(?:-(?:pretty|elements)(?:\s+(?:on|off|\d+))?\s+)*(?:--\s*)?(?=[/\w$(*&!~"'-]|$)/, '')
      : args;
  const { rest } = split_format(text);
  if (rest.trim() === '') {
    if (path === 'if' || path === 'while') {
      throw new CommandError('if/while commands require arguments.');
    }
    return;
  }
  analysis.check(parse_expression(rest), true);
}

function check_assignment(analysis: Analysis, path: string, args: string): void {
  if (args === '') {
    throw new CommandError('Argument required (expression to compute).');
  }
  try {
    analysis.check(parse_expression(args), true);
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

function check_printf(analysis: Analysis, args: string): void {
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
    const { expression, end } = parse_argument(rest);
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

function check_type(analysis: Analysis, args: string): void {
  const name = /^(?:(?:struct|class|enum|union)\s+)?(\w+)\s*\**$/.exec(args)?.[1];
  const { structs } = analysis.engine.info;
  if (args !== '' && !structs.some((s) => s.name === name)) {
    analysis.check(parse_expression(args.replace(/^\/\w+\s*/, '')), false);
  }
}

function check_numbered(analysis: Analysis, args: string): void {
  const m = /^(\S+)\s*(.*)$/s.exec(args);
  if (!m) {
    throw new CommandError('Argument required (a breakpoint number).');
  }
  if (!/^(?:\d+|\$\w*)$/.test(m[1]!)) {
    throw new CommandError(`Bad breakpoint number argument: '${m[1]}'`);
  }
  if (m[2] !== '') {
    analysis.check(parse_expression(m[2]!), false);
  }
}

function check_registers(args: string): void {
  for (const name of args.split(/[\s,]+/).filter((w) => w !== '')) {
    if (!find_registers(name)) {
      const like = near(name.replace(/^\$/, ''), [...register_names(), ...REGISTER_GROUPS]);
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
function unknown_registers({ script, line, found, at }: Checked): Problem[] {
  const kind = argument_kind(found.path);
  if (!['breakpoint', 'expression', 'assignment', 'printf', 'type', 'numbered-expression'].includes(kind)) {
    return [];
  }
  const set = assigned(script);
  const problems: Problem[] = [];
  for (const m of found.args.replace(/"(?:[^"\\]|\\.)*"/g, (s) => ' '.repeat(s.length)).matchAll(/\$([A-Za-z_]\w*)/g)) {
    const name = m[1]!;
    if (register_index(name) !== undefined || set.has(name) || BUILT_IN.test(name) || name.startsWith('_')) {
      continue;
    }
    const same = register_names().find((r) => r === name.toUpperCase());
    if (same === undefined && !/^[A-Z][A-Z0-9]+$/.test(name)) {
      continue;
    }
    const like = same ? [same] : near(name, register_names());
    const hint = like.length > 0 ? ` Did you mean ${like.map((l) => `$${l}`).join(', ')}?` : '';
    const from = at + m.index;
    problems.push({
      range: range_of(line, from, from + m[0].length),
      message: `There is no register $${name}; as a convenience variable it is void.${hint}`,
      severity: 'warning',
    });
  }
  return problems;
}

const assigned_names = new WeakMap<Script, ReadonlySet<string>>();

/** Convenience variables that a script assigns to. */
function assigned(script: Script): ReadonlySet<string> {
  let names = assigned_names.get(script);
  if (!names) {
    names = new Set(
      script.lines.flatMap((l) =>
        [...l.text.matchAll(/\$([A-Za-z_]\w*)\s*(?:[-+*/%&|^]|<<|>>)?=(?!=)/g)].map((m) => m[1]!),
      ),
    );
    assigned_names.set(script, names);
  }
  return names;
}
