/**
 * What is wrong with the arguments of a command, by what it takes. Errors are the command's own, with the part that is
 * wrong.
 */

import { parseCatch } from '../commands/catch-text.ts';
import { type Command, CommandError, type Found, kindsOf, type UnknownCommandError } from '../commands/command.ts';
import { didYouMean } from '../commands/known-names.ts';
import { parseLocation, splitBreakpoint } from '../commands/linespec.ts';
import { queryRequest } from '../commands/query-text.ts';
import { registersNamed } from '../commands/registers.ts';
import { defaultSettings } from '../commands/settings.ts';
import { splitPrintf, splitPrintOptions } from '../commands/split.ts';
import { COMMANDS } from '../commands/table/index.ts';
import type { ArgumentKind } from '../commands/takes.ts';
import { splitWatch } from '../commands/watch-text.ts';
import { splitWord } from '../commands/words.ts';
import type { BreakpointSpec, CatchKind } from '../engine/api.ts';
import { ExpressionError } from '../inspect/expression/ast.ts';
import { parseExpression } from '../inspect/expression/parser.ts';
import { splitFormat } from '../inspect/values.ts';
import { within } from '../packets/span.ts';
import { near } from '../stack/util/near.ts';
import type { Analysis } from './analysis.ts';
import { checkOptions } from './check-options.ts';
import type { Script } from './script.ts';

/** A command in a script. */
export interface Checked {
  readonly analysis: Analysis;
  readonly script: Script;
  readonly command: Command;
  readonly path: string;
}

/** Checks the arguments of a command. Throws `CommandError`, `ExpressionError` or `EngineError`. */
export function checkArguments(analysis: Analysis, script: Script, { command, path }: Found, args: string): void {
  const checked = { analysis, script, command, path };
  const [kind = 'nothing', next] = kindsOf(command);
  if (next === undefined) {
    CHECKS[kind](checked, args);
    return;
  }
  // A breakpoint's number, and something about it.
  const { word, rest, at } = splitWord(args);
  checkNumber(word);
  if (rest !== '') {
    within(rest, at, (text) => CHECKS[next](checked, text));
  }
}

type Check = (checked: Checked, args: string) => void;

const unchecked: Check = () => {};

const CHECKS: Readonly<Record<ArgumentKind, Check>> = {
  nothing: unchecked,
  breakpoint: checkBreakpoint,
  calls: checkQuery,
  packets: checkQuery,
  query: checkQuery,
  filter: checkEvent,
  event: checkEvent,
  watch: checkWatch,
  location: checkLocations,
  symbol: checkSymbol,
  regexp: unchecked,
  expression: checkExpression,
  assignment: checkAssignment,
  printf: checkPrintf,
  type: checkType,
  breakpoints: unchecked,
  displays: unchecked,
  number: unchecked,
  divergences: unchecked,
  'replay-guest': unchecked,
  frame: unchecked,
  registers: checkRegisters,
  ring: unchecked,
  options: (_checked, args) => checkOptions(args),
  file: checkFile,
  topic: checkTopic,
  // Nobody's settings.
  setting: ({ command }, args) => command.setting?.set(defaultSettings(), args),
  name: unchecked,
  guest: unchecked,
  monitor: unchecked,
  text: unchecked,
  'escaped-text': unchecked,
  shell: unchecked,
};

/** A question about history: what it asks is compiled where it is looked for. */
function checkQuery({ analysis, path }: Checked, args: string): void {
  queryRequest(analysis.engine, analysis.evaluator, path, args);
}

function checkNumber(word: string): void {
  if (word === '') {
    throw new CommandError('Argument required (a breakpoint number).');
  }
  if (!/^(?:\d+|\$\w*)$/.test(word)) {
    throw new CommandError(`Bad breakpoint number '${word}'`, { start: 0, end: word.length });
  }
}

/** Places that depend on where the machine stands: `break`, `break 12`, `break +2`. */
const RELATIVE = /^(?:[+-]?\d+)?$/;

function checkBreakpoint({ analysis }: Checked, args: string): void {
  const { location, at, condition, event } = splitBreakpoint(args);
  const compiled = condition && within(condition.text, condition.at, (text) => analysis.evaluator.condition(text));
  if (RELATIVE.test(location)) {
    return;
  }
  const place = event ?? within(location, at, (text) => parseLocation(analysis.engine, text, undefined));
  checkBound(analysis, place, compiled, condition?.at ?? 0, `Cannot set a breakpoint at ${location}.`);
}

function checkEvent({ analysis, path }: Checked, args: string): void {
  const { event, condition, at } = parseCatch(path.slice(path.lastIndexOf(' ') + 1) as CatchKind, args);
  const compiled = condition && within(condition, at, (text) => analysis.evaluator.condition(text));
  checkBound(analysis, { kind: 'catch', event }, compiled || undefined, at, 'Cannot set a catchpoint.');
}

/** Throws where a breakpoint cannot be set, or its condition, which begins at `at` of the text, has no sense there. */
function checkBound(
  analysis: Analysis,
  location: BreakpointSpec['location'],
  compiled: BreakpointSpec['condition'],
  at: number,
  refusal: string,
): void {
  let refused: ExpressionError | undefined;
  const bound = analysis.engine.setBreakpoint({
    location,
    ...(compiled && {
      condition: {
        ...compiled,
        compile: (scope) => {
          try {
            return compiled.compile(scope);
          } catch (error) {
            refused = error instanceof ExpressionError ? error : undefined;
            throw error;
          }
        },
      },
    }),
  });
  if (!bound.verified) {
    throw notBound(bound.message ?? refusal, refused, at);
  }
}

/** Why a breakpoint is not there: its condition, which begins at `at`, or something about the whole. */
function notBound(message: string, refused: ExpressionError | undefined, at: number): Error {
  if (refused?.message !== message) {
    return new CommandError(message);
  }
  refused.move(at);
  return refused;
}

function checkWatch({ analysis }: Checked, args: string): void {
  const { expression, at, condition } = splitWatch(args);
  if (expression === '') {
    throw new CommandError('Argument required (expression to compute).');
  }
  const parts = [{ text: expression, at }, ...(condition ? [condition] : [])];
  for (const part of parts) {
    within(part.text, part.at, (text) => analysis.check(parseExpression(text), false));
  }
}

function checkLocations({ analysis }: Checked, args: string): void {
  for (const m of args.matchAll(/[^,]+/g)) {
    const place = m[0].trim();
    if (!RELATIVE.test(place) && place !== '+' && place !== '-') {
      const at = m.index + m[0].indexOf(place);
      within(place, at, (text) => parseLocation(analysis.engine, text, undefined));
    }
  }
}

function checkSymbol({ analysis }: Checked, name: string): void {
  const { functions, structs, globals } = analysis.engine.info;
  if (name !== '' && ![...functions, ...structs, ...globals].some((x) => x.name === name)) {
    parseLocation(analysis.engine, name, undefined);
  }
}

function checkExpression({ analysis, command }: Checked, args: string): void {
  const { text } = command.name === 'print' ? splitPrintOptions(args) : { text: args };
  const { rest } = splitFormat(text);
  if (rest.trim() !== '') {
    within(rest, args.length - rest.length, (e) => analysis.check(parseExpression(e), true));
  } else if (command.block) {
    throw new CommandError('if/while commands require arguments.');
  }
}

function checkAssignment({ analysis, path }: Checked, args: string): void {
  if (args === '') {
    throw new CommandError('Argument required (expression to compute).');
  }
  try {
    analysis.check(parseExpression(args), true);
  } catch (error) {
    const [setting] = path === 'set' && error instanceof ExpressionError ? nearSettings(args) : [];
    if (!(error instanceof ExpressionError) || setting === undefined) {
      throw error;
    }
    throw new CommandError(`${error.message} Did you mean "set ${setting}"?`, error.span);
  }
}

/** Settings that `set WORD` may mean. */
function nearSettings(args: string): string[] {
  const word = /^[\w-]+/.exec(args)?.[0] ?? '';
  const settings = COMMANDS.find((c) => c.name === 'set')?.subcommands ?? [];
  const names = settings.map((c) => c.name);
  return /[=.[(]|->/.test(args) ? [] : near(word, names);
}

function checkPrintf({ analysis }: Checked, args: string): void {
  const { format, values } = splitPrintf(args);
  for (const { expression, at } of values) {
    within(args.slice(at), at, () => analysis.check(expression, false));
  }
  const all = format.matchAll(/%(%|[-+ #0]*\d*(?:\.\d*)?(?:hh|h|ll|l|z|j|t|L)?[a-zA-Z])/g);
  const wanted = [...all].filter((m) => m[1] !== '%').length;
  if (wanted !== values.length) {
    throw new CommandError(`Bad format string: it takes ${wanted} values, there are ${values.length}`);
  }
}

function checkType({ analysis }: Checked, args: string): void {
  const name = /^(?:(?:struct|class|enum|union)\s+)?(\w+)\s*\**$/.exec(args)?.[1];
  const { structs } = analysis.engine.info;
  if (args !== '' && !structs.some((s) => s.name === name)) {
    const text = args.replace(/^\/\w+\s*/, '');
    within(text, args.length - text.length, (e) => analysis.check(parseExpression(e), false));
  }
}

/** Names of NICs, which stand before the names of registers. */
const NIC = /^e1000\.\d+$/;

function checkRegisters(_checked: Checked, args: string): void {
  for (const { 0: name, index } of args.matchAll(/[^\s,]+/g)) {
    if (!NIC.test(name)) {
      registersNamed(name, { start: index, end: index + name.length });
    }
  }
}

function checkFile(_checked: Checked, args: string): void {
  if (args === '') {
    throw new CommandError('source command requires file name of file to source.');
  }
}

/** `help TOPIC`: a command, a class of commands, or `all`. */
function checkTopic({ analysis, script }: Checked, topic: string): void {
  if (topic !== '' && topic !== 'all' && !COMMANDS.some((c) => c.class === topic)) {
    analysis.find(script, topic);
  }
}

/** ` Did you mean NAME?` for a command that there is not. */
export function nearCommands(script: Script, { prefix, word, known }: UnknownCommandError): string {
  return didYouMean(near(word, prefix === '' ? [...known, ...script.definitions.keys()] : known));
}
