/** The parts of arguments, for those who execute a command and those who check it. */
import type { Expression } from '../inspect/expression/ast.ts';
import { parseArgument } from '../inspect/expression/parser.ts';
import { within } from '../packets/span.ts';
import { CommandError } from './command.ts';

/** Options of `print`, and the expression behind them, which begins at offset `at`. */
export interface PrintText {
  readonly options: Readonly<Record<string, number | boolean>>;
  readonly text: string;
  readonly at: number;
}

/** What options of `print` take: those that change nothing here are read all the same. */
const PRINT_OPTIONS: Readonly<Record<string, 'switch' | 'count'>> = {
  address: 'switch',
  array: 'switch',
  'array-indexes': 'switch',
  elements: 'count',
  'max-depth': 'count',
  'memory-tag-violations': 'switch',
  nibbles: 'switch',
  'null-stop': 'switch',
  object: 'switch',
  pretty: 'switch',
  'raw-values': 'switch',
  repeats: 'count',
  'static-members': 'switch',
  symbol: 'switch',
  union: 'switch',
  vtbl: 'switch',
};
/** Options that are known without a `--` behind them; anything else may be an expression that is negated. */
const UNDELIMITED = ['pretty', 'elements'];

/** Splits `-pretty -elements 10 -- /x EXP`. Throws `CommandError`. */
export function splitPrintOptions(args: string): PrintText {
  const delimited = /(?:^|\s)--(?:\s|$)/.test(args);
  const options: Record<string, number | boolean> = {};
  let text = args;
  for (;;) {
    const [all = '', word] = /^-([a-z][a-z-]*|-)(?:\s+|$)/.exec(text) ?? [];
    const name = word === undefined || word === '-' ? undefined : printOption(word, text, delimited);
    if (name === undefined) {
      const rest = word === '-' ? text.slice(all.length) : text;
      return { options, text: rest, at: args.length - rest.length };
    }
    const pattern = PRINT_OPTIONS[name] === 'count' ? /^(\d+|unlimited|-1)(?:\s+|$)/ : /^(on|off|yes|no|1|0)(?:\s+|$)/;
    const [whole = '', value] = pattern.exec(text.slice(all.length)) ?? [];
    if (PRINT_OPTIONS[name] === 'count') {
      if (value === undefined) {
        throw new CommandError(`-${name} requires an argument`);
      }
      options[name] = /^\d+$/.test(value) ? Number(value) : name === 'elements' ? 0 : Number.MAX_SAFE_INTEGER;
    } else {
      options[name] = !/^(?:off|no|0)$/.test(value ?? '');
    }
    text = text.slice(all.length + whole.length);
  }
}

/** The option that a word means, which may be cut short; undefined if none is meant. */
function printOption(word: string, text: string, delimited: boolean): string | undefined {
  const names = delimited ? Object.keys(PRINT_OPTIONS) : UNDELIMITED;
  const found = names.filter((n) => (delimited ? n.startsWith(word) : n === word));
  if (delimited && found.length !== 1 && !found.includes(word)) {
    throw new CommandError(`${found.length === 0 ? 'Unrecognized' : 'Ambiguous'} option at: ${text}`);
  }
  return found.includes(word) ? word : found[0];
}

/**
 * The format of `printf`, escapes and all, and the expressions behind it, with the offsets of what they were read from.
 */
export interface PrintfText {
  readonly format: string;
  readonly values: readonly { readonly expression: Expression; readonly at: number }[];
}

/** Splits `"format", EXP, EXP`. Throws `CommandError` or `ExpressionError`. */
export function splitPrintf(args: string): PrintfText {
  if (args.trim() === '') {
    throw new CommandError('Argument required (format-control string and values to print).');
  }
  const [quoted, format = ''] = /^\s*"((?:[^"\\]|\\.)*)"\s*/s.exec(args) ?? [];
  if (quoted === undefined) {
    throw new CommandError(
      args.trim().startsWith('"') ? `Bad format string, non-terminated '"'.` : `Bad format string, missing '"'.`,
    );
  }
  let at = quoted.length;
  if (at < args.length && args[at] !== ',') {
    throw new CommandError('Invalid argument syntax', { start: at, end: args.length });
  }
  const values: { expression: Expression; at: number }[] = [];
  while (args[at] === ',') {
    at++;
    const { expression, end } = within(args.slice(at), at, parseArgument);
    values.push({ expression, at });
    at += end;
  }
  return { format, values };
}
