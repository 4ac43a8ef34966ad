/** Commands about values: print, printf, x, ptype, set var. */

import { CommandError } from '../commands/command.ts';
import { splitPrintOptions } from '../commands/split.ts';
import type { DATA_COMMANDS } from '../commands/table/data.ts';
import { ExpressionError } from '../inspect/expression/ast.ts';
import { parseExpression } from '../inspect/expression/parser.ts';
import { type FormatLetter, formatResult, splitFormat } from '../inspect/values.ts';
import { PROTOCOLS } from '../packets/protocols.ts';
import { display, undisplay } from './display.ts';
import { type Handlers, listSubcommands } from './handler.ts';
import type { GdbInterpreter } from './interpreter.ts';
import { examine } from './memory.ts';
import { dump, find, restore } from './memory-files.ts';
import { printPacket } from './packet.ts';
import { printf } from './printf.ts';
import { ptype, whatis } from './ptype.ts';

/** Splits `/x` off and refuses what has no meaning for `command`. */
function printFormat(args: string, command: string): { letter: FormatLetter; rest: string } {
  const { format, rest } = splitFormat(args);
  if (format && format.size !== '') {
    throw new ExpressionError(`Size letters are meaningless in "${command}" command.`);
  }
  if (format && format.count !== 1) {
    throw new ExpressionError(`Item count other than 1 is meaningless in "${command}" command.`);
  }
  return { letter: format?.letter ?? '', rest };
}

async function print(gdb: GdbInterpreter, args: string, history: boolean, voids = true): Promise<void> {
  const { options, text } = splitPrintOptions(args);
  const { letter, rest } = printFormat(text, history ? 'print' : 'output');
  const expression = rest.trim() === '' ? '$' : rest;
  if (rest.trim() === '' && (!history || gdb.evaluator.historyLength() === 0)) {
    if (!history) {
      throw new CommandError('Argument required (expression to compute).');
    }
  }
  const [packet, layer] = /^\$pkt(?:\.(\w+))?$/.exec(expression.trim()) ?? [];
  const bytes = layer === undefined && (letter === 'x' || letter === 'z');
  if (packet !== undefined && (bytes || (letter === '' && (layer === undefined || isProtocol(layer))))) {
    return printPacket(gdb, { bytes, layer });
  }
  const result = await gdb.evaluator.evaluate(expression, gdb.expressionFrame(), true);
  if (!voids && result.value.kind === 'undefined') {
    return;
  }
  const plain = await formatResult(gdb.reader, { ...gdb.settings.print, ...options }, result, letter);
  const shown = letter === 's' || letter === 'c' ? plain : gdb.style.value(plain);
  if (!history) {
    gdb.out(shown);
    return;
  }
  gdb.out(`$${gdb.evaluator.record(result, gdb.frame)} = ${shown}\n`);
}

/** The name is of a layer of packets, not of a field. */
function isProtocol(name: string): boolean {
  return PROTOCOLS.some((p) => p.declaration.name === name);
}

/** `set var X = Y` and `set $x = 1`: evaluated for its effect. */
export async function setVariable(gdb: GdbInterpreter, args: string): Promise<void> {
  if (args.trim() === '') {
    throw new CommandError('Argument required (expression to compute).');
  }
  const e = parseExpression(args);
  await gdb.evaluator.evaluate(e, gdb.expressionFrame(), true);
}

function call(gdb: GdbInterpreter, args: string): Promise<void> {
  return print(gdb, args.trim() === '' ? '$' : args, true, false);
}

/** `init-if-undefined $X = EXPR`. */
async function initIfUndefined(gdb: GdbInterpreter, args: string): Promise<void> {
  const e = parseExpression(args);
  if (e.kind !== 'assign' || e.op !== '' || e.target.kind !== 'dollar') {
    throw new CommandError('Init-if-undefined requires an assignment expression.');
  }
  const { value } = await gdb.evaluator.evaluate(e.target, gdb.expressionFrame());
  if (value.kind === 'undefined') {
    await gdb.evaluator.evaluate(e, gdb.expressionFrame(), true);
  }
}

export const DATA_HANDLERS: Handlers<typeof DATA_COMMANDS> = {
  print: (gdb, args) => print(gdb, args, true),
  call,
  output: (gdb, args) => print(gdb, args, false),
  printf,
  x: examine,
  'init-if-undefined': initIfUndefined,
  append: listSubcommands('append'),
  'append memory': (gdb, args) => dump(gdb, 'memory', args, true),
  'append value': (gdb, args) => dump(gdb, 'value', args, true),
  'append binary': listSubcommands('append binary'),
  'append binary memory': (gdb, args) => dump(gdb, 'memory', args, true),
  'append binary value': (gdb, args) => dump(gdb, 'value', args, true),
  restore,
  find,
  display,
  undisplay,
  ptype,
  whatis,
};
