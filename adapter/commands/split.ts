/** The parts of arguments, for those who execute a command and those who check it. */
import type { Expression } from '../inspect/expression/ast.ts';
import { parseArgument } from '../inspect/expression/parser.ts';
import { within } from '../packets/span.ts';
import { CommandError } from './command.ts';

/** Options of `print`, and the expression behind them, which begins at offset `at`. */
export interface PrintText {
  readonly options: { readonly pretty?: boolean; readonly elements?: number };
  readonly text: string;
  readonly at: number;
}

/** Splits `-pretty -elements 10 -- /x EXP`. */
export function splitPrintOptions(args: string): PrintText {
  let text = args;
  const options: { pretty?: boolean; elements?: number } = {};
  for (;;) {
    const [all = '', name, value = ''] = /^-(pretty|elements|-)(?:\s+(on|off|\d+))?(?:\s+|$)/.exec(text) ?? [];
    if (name === undefined || (name === 'elements' && !/^\d+$/.test(value))) {
      return { options, text, at: args.length - text.length };
    }
    if (name === '-') {
      text = text.replace(/^--\s*/, '');
      return { options, text, at: args.length - text.length };
    }
    if (name === 'elements') {
      options.elements = Number(value);
      text = text.slice(all.length);
    } else {
      options.pretty = value !== 'off';
      text = text.slice(/^(?:on|off)$/.test(value) ? all.length : '-pretty'.length).trimStart();
    }
  }
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
      args.trim().startsWith('"') ? "Bad format string, non-terminated '\"'" : 'Bad format string',
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
