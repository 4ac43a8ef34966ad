/** `set` and `show`. */
import { type Command, CommandError, findCommand } from '../commands/command.ts';
import {
  AUTO_LOAD_SETTINGS,
  BACKTRACE_SETTINGS,
  BREAKPOINT_SETTINGS,
  HISTORY_SETTINGS,
  LOGGING_SETTINGS,
  PRINT_SETTINGS,
  REPLAY_SETTINGS,
  type Setting,
  type Settings,
  settingText,
} from '../commands/settings.ts';
import { COMMANDS } from '../commands/table/index.ts';
import type { SETTING_COMMANDS } from '../commands/table/settings.ts';
import { splitWords } from '../commands/words.ts';
import { FUNCTIONS } from '../inspect/expression/functions.ts';
import { formatResult } from '../inspect/values.ts';
import { setVariable } from './data.ts';
import { type Handler, type Handlers, listSubcommands } from './handler.ts';
import { setLink, showLink } from './hands.ts';
import type { GdbInterpreter } from './interpreter.ts';
import { setMacro, showMacros } from './macros.ts';
import { showUser } from './user-commands.ts';

/** What `show NAME` says that a setting is; undefined if there is none. */
export function settingValue(settings: Settings, name: string): string | undefined {
  try {
    const { command } = findCommand(COMMANDS, `show ${name}`);
    return command.setting?.get(settings).replace(/^"(.*)"$/, '$1');
  } catch {
    return undefined;
  }
}

/** `set NAME` and `show NAME` of a setting. */
export function settingHandler(setting: Setting, path: string): Handler {
  return path.startsWith('set ')
    ? (gdb, args) => {
        setting.set(gdb.settings, args.trim());
        gdb.out(setting.said?.(gdb.settings) ?? gdb.output.applyLogging());
      }
    : (gdb) => gdb.out(`${settingText(setting, gdb.settings)}\n`);
}

/** `set logging on`, as it was before `set logging enabled on`. */
function setLogging(gdb: GdbInterpreter, args: string): void {
  const text = args.trim();
  if (text !== 'on' && text !== 'off' && text !== '') {
    throw new CommandError(`Undefined set logging command: "${text}".  Try "help set logging".`);
  }
  gdb.settings.logging.enabled = text !== 'off';
  gdb.out(gdb.output.applyLogging());
}

/** `show PREFIX`: the settings below it, a line each. */
function showAll(prefix: string, settings: readonly Setting[]): Handler {
  return (gdb) => {
    for (const s of settings) {
      gdb.out(`${prefix} ${s.name}:  ${settingText(s, gdb.settings)}\n`);
    }
  };
}

/** A prefix of settings that has no handler of its own: `set` lists what there is, `show` all values. */
export function prefixHandler({ subcommands = [] }: Command, path: string): Handler {
  return path.startsWith('set ')
    ? listSubcommands(path)
    : (gdb) => showBelow(gdb, path.slice('show '.length), subcommands);
}

function showBelow(gdb: GdbInterpreter, prefix: string, commands: readonly Command[]): void {
  for (const { name, setting, subcommands = [] } of [...commands].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (setting) {
      gdb.out(`${prefix} ${name}:  ${settingText(setting, gdb.settings)}\n`);
    }
    showBelow(gdb, `${prefix} ${name}`, subcommands);
  }
}

function showArgs(gdb: GdbInterpreter): void {
  gdb.out(`Argument list to give program being debugged when it is started is "${gdb.args.join(' ')}".\n`);
}

function showConvenience(gdb: GdbInterpreter): void {
  for (const [name, { value }] of gdb.evaluator.variableEntries()) {
    const text = value.kind === 'string' ? JSON.stringify(value.value) : String(value.value ?? value.kind);
    gdb.out(`$${name} = ${text}\n`);
  }
  for (const name of FUNCTIONS.keys()) {
    gdb.out(`$${name} = <internal function ${name}>\n`);
  }
}

function setEnvironment(_gdb: GdbInterpreter, args: string): void {
  const [, name, value = ''] = /^([^\s=]+)\s*=?\s*(.*)$/s.exec(args.trim()) ?? [];
  if (name === undefined) {
    throw new CommandError('Argument required (environment variable and value).');
  }
  process.env[name] = value;
}

function showEnvironment(gdb: GdbInterpreter, args: string): void {
  const name = args.trim();
  const value = process.env[name];
  if (name !== '') {
    gdb.out(value === undefined ? `Environment variable "${name}" not defined.\n` : `${name} = ${value}\n`);
    return;
  }
  gdb.out(
    Object.entries(process.env)
      .map(([n, v]) => `${n}=${v}\n`)
      .join(''),
  );
}

/** `show values [N]`: ten values of the history, around N or the last ones. */
async function showValues(gdb: GdbInterpreter, args: string): Promise<void> {
  const length = gdb.evaluator.historyLength();
  const first = args.trim() === '' ? length - 9 : Number(args) - 5;
  for (let n = Math.max(1, first || 1); n <= Math.min(length, Math.max(1, first || 1) + 9); n++) {
    const result = await gdb.evaluator.evaluate(`$${n}`, gdb.expressionFrame());
    gdb.out(`$${n} = ${await formatResult(gdb.reader, gdb.settings.print, result, '')}\n`);
  }
}

/** `show commands`: the last ten that were typed. */
function showCommands(gdb: GdbInterpreter): void {
  const first = Math.max(0, gdb.typed.length - 10);
  gdb.out(
    gdb.typed
      .slice(first)
      .map((line, i) => `${String(first + i + 1).padStart(5)}  ${line}\n`)
      .join(''),
  );
}

export const SETTING_HANDLERS: Handlers<typeof SETTING_COMMANDS> = {
  set: setVariable,
  'set variable': setVariable,
  'set args': (gdb, args) => {
    gdb.args = splitWords(args);
  },
  'set link': setLink,
  'show link': showLink,
  'set macro': setMacro,
  'show macro': showMacros,
  'set print': listSubcommands('set print'),
  'set replay': listSubcommands('set replay'),
  'set history': listSubcommands('set history'),
  'set logging': setLogging,
  'set backtrace': listSubcommands('set backtrace'),
  'set breakpoint': listSubcommands('set breakpoint'),
  'set style': listSubcommands('set style'),
  'set environment': setEnvironment,
  show: listSubcommands('show'),
  'show args': showArgs,
  'show convenience': showConvenience,
  'show version': (gdb) => gdb.out(`${gdb.version}\n`),
  'show print': showAll('print', PRINT_SETTINGS),
  'show replay': showAll('replay', REPLAY_SETTINGS),
  'show history': showAll('history', HISTORY_SETTINGS),
  'set auto-load': listSubcommands('set auto-load'),
  'show auto-load': showAll('auto-load', AUTO_LOAD_SETTINGS),
  'show logging': showAll('logging', LOGGING_SETTINGS),
  'show backtrace': showAll('backtrace', BACKTRACE_SETTINGS),
  'show breakpoint': showAll('breakpoint', BREAKPOINT_SETTINGS),
  'show style': (gdb) => prefixHandler(findCommand(COMMANDS, 'show style').command, 'show style')(gdb, ''),
  'show user': showUser,
  'show values': showValues,
  'show commands': showCommands,
  'show environment': showEnvironment,
};
