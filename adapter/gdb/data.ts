/** Commands about values: print, printf, x, ptype, set var. */
import { type Command, CommandError } from '../commands/command.ts';
import { ExpressionError } from '../inspect/expression/ast.ts';
import { FUNCTIONS } from '../inspect/expression/functions.ts';
import { parseExpression } from '../inspect/expression/parser.ts';
import { registerNames } from '../inspect/registers.ts';
import { type FormatLetter, formatResult, splitFormat } from '../inspect/values.ts';
import { DISPLAY_COMMANDS } from './display.ts';
import type { GdbInterpreter } from './interpreter.ts';
import { examine } from './memory.ts';
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

async function print(gdb: GdbInterpreter, args: string, history: boolean): Promise<void> {
  const { options, text } = printOptions(args);
  const { letter, rest } = printFormat(text, history ? 'print' : 'output');
  const expression = rest.trim() === '' ? '$' : rest;
  if (rest.trim() === '' && (!history || gdb.evaluator.historyLength() === 0)) {
    if (!history) {
      throw new CommandError('Argument required (expression to compute).');
    }
  }
  if (expression.trim() === '$pkt' && letter === '') {
    return printPacket(gdb);
  }
  const result = await gdb.evaluator.evaluate(expression, gdb.expressionFrame(), true);
  const shown = await formatResult(gdb.engine, { ...gdb.settings.print, ...options }, result, letter);
  if (!history) {
    gdb.out(shown);
    return;
  }
  gdb.out(`$${gdb.evaluator.record(result, gdb.frame)} = ${shown}\n`);
}

/** `print -pretty -elements 10 -- EXP`. */
function printOptions(args: string): { options: Partial<GdbInterpreter['settings']['print']>; text: string } {
  let text = args;
  const options: { pretty?: boolean; elements?: number } = {};
  for (;;) {
    const m = /^-(pretty|elements|-)(?:\s+(on|off|\d+))?(?:\s+|$)/.exec(text);
    if (!m || (m[1] === 'elements' && !/^\d+$/.test(m[2] ?? ''))) {
      return { options, text };
    }
    if (m[1] === '-') {
      return { options, text: text.replace(/^--\s*/, '') };
    }
    if (m[1] === 'elements') {
      options.elements = Number(m[2]);
      text = text.slice(m[0].length);
    } else {
      options.pretty = m[2] !== 'off';
      text = text.slice(/^(?:on|off)$/.test(m[2] ?? '') ? m[0].length : '-pretty'.length).trimStart();
    }
  }
}

/** `set var X = Y` and `set $x = 1`: evaluated for its effect. */
export async function setVariable(gdb: GdbInterpreter, args: string): Promise<void> {
  if (args.trim() === '') {
    throw new CommandError('Argument required (expression to compute).');
  }
  const e = parseExpression(args);
  await gdb.evaluator.evaluate(e, gdb.expressionFrame(), true);
}

/** Names for completion in an expression: locals and parameters, constants, structs, registers, packet fields. */
export function completeExpression(gdb: GdbInterpreter): readonly string[] {
  const { info } = gdb.engine;
  const scope = gdb.engine.scope(gdb.expressionFrame());
  const locals = new Set(
    info.probes.flatMap((p) => p.locals.map((l) => l.name)).filter((n) => scope.local(n) !== undefined),
  );
  return [
    ...locals,
    ...info.globals.map((g) => g.name),
    ...info.functions.map((f) => f.name),
    ...registerNames().map((r) => `$${r}`),
    ...[...FUNCTIONS.keys()].map((f) => `$${f}`),
    ...gdb.evaluator.variableEntries().map(([n]) => `$${n}`),
    '$pkt',
  ];
}

const PRINT_HELP = `Print value of expression EXP.
Usage: print [[-pretty] [-elements N] --] [/FMT] [EXP]
EXP is a C-like expression over the names of the selected frame: so->so_state, *so, iov[0].iov_len, *buf@16, (uint8_t)x.
$pkt is the packet that the function handles ($pkt.tcp.dstport, Wireshark's names), $ICR a register of the NIC, $1 a value
printed before, $foo a convenience variable. FMT is a format letter: x(hex) d(decimal) u(unsigned) o(octal) t(binary)
c(char) a(address) s(string) z(hex, zero padded) f(float).`;

export const DATA_COMMANDS: readonly Command[] = [
  {
    name: 'print',
    aliases: ['p', 'inspect'],
    class: 'data',
    help: PRINT_HELP,
    run: (gdb, args) => print(gdb, args, true),
    complete: completeExpression,
  },
  {
    name: 'call',
    class: 'data',
    help: 'Evaluate an expression, as "print". Functions of the stack cannot be called.\nUsage: call EXP',
    run: (gdb, args) => {
      if (args.trim() === '') {
        throw new CommandError('Argument required (expression to compute).');
      }
      return print(gdb, args, true);
    },
    complete: completeExpression,
  },
  {
    name: 'output',
    class: 'data',
    help: 'Like "print" but don\'t put in value history and don\'t print newline.\nUsage: output EXP',
    run: (gdb, args) => print(gdb, args, false),
    complete: completeExpression,
  },
  {
    name: 'printf',
    class: 'data',
    help: `Formatted printing, like the C "printf" function.
Usage: printf "format string", ARG1, ARG2, ARG3, ..., ARGN`,
    run: printf,
    complete: completeExpression,
  },
  {
    name: 'x',
    class: 'data',
    repeat: 'x',
    help: `Examine memory: x/FMT ADDRESS.
ADDRESS is an expression: a guest physical address (RAM, or the NIC's MMIO window: reading has no side effect), or an array of bytes
of the stack, such as buf.
FMT is a repeat count followed by a format letter and a size letter.
Format letters are o(octal), x(hex), d(decimal), u(unsigned decimal), t(binary), a(address), c(char), s(string) and z(hex, zero padded).
Size letters are b(byte), h(halfword), w(word), g(giant, 8 bytes).`,
    run: examine,
    complete: completeExpression,
  },
  ...DISPLAY_COMMANDS,
  {
    name: 'ptype',
    class: 'data',
    help: `Print definition of type TYPE.
Usage: ptype TYPE | EXP
The fields of a struct, the bits of a register ($RCTL), or the signature of a function.`,
    run: ptype,
    complete: (gdb) => [...gdb.engine.info.structs.map((s) => s.name), ...completeExpression(gdb)],
  },
  {
    name: 'whatis',
    class: 'data',
    help: 'Print data type of expression EXP.\nUsage: whatis EXP',
    run: whatis,
    complete: completeExpression,
  },
];
