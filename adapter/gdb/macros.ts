/** `set macro`, `show macro`: texts that display filters use by a name. */
import { CommandError } from '../commands/command.ts';
import { MACRO_NAME, STANDARD_MACROS } from '../packets/filter/macros.ts';
import { fieldNamed } from '../packets/filter/resolve.ts';
import type { GdbInterpreter } from './interpreter.ts';

export function setMacro({ evaluator }: GdbInterpreter, args: string): void {
  const [, name = '', text = ''] = /^\s*(\S*)\s*([\s\S]*)$/.exec(args) ?? [];
  if (!MACRO_NAME.test(name) || fieldNamed(name) !== undefined) {
    const why = name === '' ? 'Argument required (a name and a display filter).' : `"${name}" is no name for a macro.`;
    throw new CommandError(why);
  }
  if (text.trim() === '') {
    evaluator.filters.macros.delete(name);
  } else {
    evaluator.filters.macros.set(name, text.trim());
  }
}

export function showMacros(gdb: GdbInterpreter): void {
  for (const [name, text] of new Map([...STANDARD_MACROS, ...gdb.evaluator.filters.macros])) {
    gdb.out(`${name}: ${text}\n`);
  }
}
