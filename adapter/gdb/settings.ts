/** `set` and `show`. */
import { type Setting, settingText } from '../commands/settings.ts';
import type { SETTING_COMMANDS } from '../commands/table/settings.ts';
import { splitWords } from '../commands/words.ts';
import { setVariable } from './data.ts';
import { type Handler, type Handlers, listSubcommands } from './handler.ts';
import { setLink, showLink } from './hands.ts';
import type { GdbInterpreter } from './interpreter.ts';

/** `set NAME` and `show NAME` of a setting. */
export function settingHandler(setting: Setting, path: string): Handler {
  return path.startsWith('set ')
    ? (gdb, args) => setting.set(gdb.settings, args.trim())
    : (gdb) => gdb.out(`${settingText(setting, gdb.settings)}\n`);
}

function showArgs(gdb: GdbInterpreter): void {
  gdb.out(`Argument list to give program being debugged when it is started is "${gdb.args.join(' ')}".\n`);
}

function showConvenience(gdb: GdbInterpreter): void {
  for (const [name, { value }] of gdb.evaluator.variableEntries()) {
    const text = value.kind === 'string' ? JSON.stringify(value.value) : String(value.value ?? value.kind);
    gdb.out(`$${name} = ${text}\n`);
  }
}

export const SETTING_HANDLERS: Handlers<typeof SETTING_COMMANDS> = {
  set: setVariable,
  'set variable': setVariable,
  'set args': (gdb, args) => {
    gdb.args = splitWords(args);
  },
  'set link': setLink,
  'show link': showLink,
  'set print': listSubcommands('set print'),
  'set replay': listSubcommands('set replay'),
  'set history': listSubcommands('set history'),
  show: listSubcommands('show'),
  'show args': showArgs,
  'show convenience': showConvenience,
  'show version': (gdb) => gdb.out(`${gdb.version}\n`),
  'show print': listSubcommands('show print'),
  'show replay': listSubcommands('show replay'),
  'show history': listSubcommands('show history'),
};
