/** gdb's `printf` and `echo`. */

import { CommandError } from '../commands/command.ts';
import { splitPrintf } from '../commands/split.ts';
import { type Conversion, FormatError, formatText, parseFormat } from '../inferior/printf.ts';
import type { Result } from '../inspect/evaluator.ts';
import { escapeSequence } from '../inspect/expression/lexer.ts';
import { formatResult } from '../inspect/values.ts';
import { formatField } from '../packets/fields.ts';
import type { GdbInterpreter } from './interpreter.ts';

/** Text with C's escapes resolved. */
export function unescapeC(text: string): string {
  let out = '';
  for (let i = 0; i < text.length; ) {
    if (text[i] === '\\') {
      const [c, end] = escapeSequence(text, i + 1);
      out += c;
      i = end;
    } else {
      out += text[i++];
    }
  }
  return out;
}

/** `printf "format", arg, ...`. */
export async function printf(gdb: GdbInterpreter, args: string): Promise<void> {
  gdb.out(await formatted(gdb, args));
}

/** The text that `"format", arg, ...` comes to. */
export async function formatted(gdb: GdbInterpreter, args: string): Promise<string> {
  const { format, values: expressions } = splitPrintf(args);
  const conversions = conversionsOf(format, expressions.length);
  const values: unknown[] = [];
  for (const [i, { expression }] of expressions.entries()) {
    const result = await gdb.evaluator.evaluate(expression, gdb.expressionFrame());
    values.push(await plainValue(gdb, result, conversions.filter((c) => c.letter !== '')[i]?.letter === 's'));
  }
  return told(() => formatText(conversions, values));
}

/** The conversions of a format, of which so many take a value. Throws `CommandError`. */
export function conversionsOf(format: string, values: number): readonly Conversion[] {
  const conversions = told(() => parseFormat(unescapeC(format)));
  if (conversions.filter((c) => c.letter !== '').length !== values) {
    throw new CommandError('Wrong number of arguments for specified format-string');
  }
  return conversions;
}

/** What a format is wrong about is the user's. */
function told<T>(action: () => T): T {
  try {
    return action();
  } catch (e) {
    throw e instanceof FormatError ? new CommandError(e.message) : e;
  }
}

/** A value as JavaScript has it; an aggregate is its bytes, where text is wanted, or its address. */
async function plainValue(gdb: GdbInterpreter, { value, code }: Result, asText: boolean): Promise<unknown> {
  const { type } = code ?? {};
  if (asText && (type?.kind === 'field' || type?.kind === 'multi') && value.kind !== 'undefined') {
    return value.kind === 'number' || value.kind === 'string'
      ? formatField(type.field.name, value.kind === 'number' ? Number(value.value) : String(value.value))
      : formatResult(gdb.reader, gdb.settings.print, { value, code: code! }, '');
  }
  switch (value.kind) {
    case 'number':
    case 'boolean':
    case 'string':
      return value.value;
    case 'bigint':
      return BigInt(value.value ?? 0);
    case 'null':
      return null;
    case 'bytes':
      return asText && value.handle !== undefined
        ? ((await gdb.engine.readBytes(value.handle, 0, value.length ?? 0)) ?? new Uint8Array(0))
        : value.address;
    default:
      return value.address;
  }
}
