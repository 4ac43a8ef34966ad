/** `set` and `show`. What can be set is in the table of settings, and is not written here again. */
import type { Command } from '../command.ts';
import {
  AUTO_LOAD_SETTINGS,
  BACKTRACE_SETTINGS,
  BREAKPOINT_SETTINGS,
  HISTORY_SETTINGS,
  LOGGING_SETTINGS,
  PRINT_SETTINGS,
  REPLAY_SETTINGS,
  SETTINGS,
  type Setting,
  STYLE_SETTINGS,
} from '../settings.ts';
import { STYLE_NAMES, type StyleName, styleSettings } from '../style-settings.ts';

const setters = (settings: readonly Setting[]): readonly Command[] =>
  settings.map((setting) => ({
    name: setting.name,
    class: 'support',
    takes: setting.takes ?? 'setting',
    words: setting.values,
    setting,
    summary: `Set ${setting.what}.`,
  }));

const getters = (settings: readonly Setting[]): readonly Command[] =>
  settings.map((setting) => ({
    name: setting.name,
    class: 'status',
    takes: 'nothing',
    setting,
    summary: `Show ${setting.what}.`,
  }));

/** `style function` and the like, with its settings below it. */
const eachStyle = (
  of: 'support' | 'status',
  below: (settings: readonly Setting[]) => readonly Command[],
): readonly Command[] =>
  STYLE_NAMES.map((name: string & StyleName) => ({
    name,
    class: of,
    takes: 'nothing',
    summary: `How ${STYLED[name]} look.`,
    subcommands: below(styleSettings(name)),
  }));

/** What is in a style. */
const STYLED: Readonly<Record<StyleName, string>> = {
  filename: 'names of files',
  function: 'names of functions',
  variable: 'names of variables and fields',
  address: 'addresses',
  highlight: 'words that were searched for',
  title: 'names of commands in help',
  metadata: 'remarks within values',
  version: "the debugger's name and version",
};

export const SETTING_COMMANDS = [
  {
    name: 'set',
    class: 'data',
    takes: 'assignment',
    summary: 'Evaluate expression EXP and assign result to variable VAR, or change a setting.',
    usage: 'set VAR = EXP',
    details: [
      'VAR may be a convenience variable ($foo), a register of the NIC ($RDT), a local or a field. "set ' +
        'var" does the same when the name',
      'is that of a setting.',
    ].join('\n'),
    subcommands: [
      {
        name: 'variable',
        aliases: ['var'],
        class: 'data',
        takes: 'assignment',
        summary: 'Evaluate expression EXP and assign result to variable VAR.',
        usage: 'set variable VAR = EXP',
      },
      {
        name: 'args',
        class: 'running',
        takes: 'options',
        summary: 'Set the QEMU options of the machine.',
        details: 'Follow this command with the options, to take effect at the next "run".',
      },
      {
        name: 'print',
        aliases: ['p', 'pr'],
        class: 'support',
        takes: 'nothing',
        summary: 'Generic command for setting how things print.',
        subcommands: setters(PRINT_SETTINGS),
      },
      {
        name: 'replay',
        class: 'running',
        takes: 'nothing',
        summary: 'Generic command for setting how a capture is replayed.',
        details: 'The next "run" goes by it, for example: set replay guest 192.168.1.10',
        subcommands: setters(REPLAY_SETTINGS),
      },
      {
        name: 'history',
        class: 'running',
        takes: 'nothing',
        summary: 'Generic command for setting what is recorded of a machine.',
        details: 'The next "run" goes by it, for example: set history size 4G',
        subcommands: setters(HISTORY_SETTINGS),
      },
      {
        name: 'logging',
        class: 'support',
        takes: 'text',
        summary: 'Set logging options.',
        subcommands: setters(LOGGING_SETTINGS),
      },
      {
        name: 'auto-load',
        class: 'support',
        takes: 'nothing',
        summary: 'Auto-loading specific settings.',
        subcommands: setters(AUTO_LOAD_SETTINGS),
      },
      {
        name: 'backtrace',
        class: 'support',
        takes: 'nothing',
        summary: 'Set backtrace specific variables.',
        subcommands: setters(BACKTRACE_SETTINGS),
      },
      {
        name: 'breakpoint',
        class: 'support',
        takes: 'nothing',
        summary: 'Set breakpoint specific settings.',
        subcommands: setters(BREAKPOINT_SETTINGS),
      },
      {
        name: 'style',
        class: 'support',
        takes: 'nothing',
        summary: 'Set style-specific settings.',
        subcommands: [...setters(STYLE_SETTINGS), ...eachStyle('support', setters)],
      },
      {
        name: 'environment',
        class: 'running',
        takes: 'nothing',
        summary: 'Set environment variable value to give the commands that "shell" runs.',
        usage: 'set environment VAR [=] VALUE',
      },
      {
        name: 'link',
        class: 'network',
        takes: 'nothing',
        summary: 'Have a link lose, delay, repeat and reorder packets.',
        usage: 'set link NAME [loss P%] [delay TIME] [duplicate [P%]] [reorder [P%]] | set link NAME off',
        details: `NAME is that of "info network". It is a part of the history, and by chance that is the same each time.
For example: set link user.0 loss 1% delay 20ms`,
      },
      {
        name: 'macro',
        class: 'network',
        takes: 'nothing',
        summary: 'Have a text that display filters can use by a name.',
        usage: 'set macro NAME FILTER | set macro NAME',
        details: `$1, $2 in it are the arguments. Without a text the macro is gone. For example:
set macro between ip.addr == $1 && ip.addr == $2
catch packet \${between:10.0.2.2;10.0.2.15}`,
      },
      ...setters(SETTINGS),
    ],
  },
  {
    name: 'show',
    class: 'status',
    takes: 'nothing',
    summary: 'Generic command for showing things about the debugger.',
    subcommands: [
      { name: 'args', class: 'status', takes: 'nothing', summary: 'Show the QEMU options of the machine.' },
      {
        name: 'link',
        class: 'status',
        takes: 'nothing',
        summary: 'Show what links do to packets.',
        usage: 'show link [NAME]',
      },
      { name: 'macro', class: 'status', takes: 'nothing', summary: 'Show the macros of display filters.' },
      {
        name: 'convenience',
        aliases: ['conv'],
        class: 'status',
        takes: 'nothing',
        summary: 'Debugger convenience ("$foo") variables and functions.',
      },
      { name: 'version', class: 'status', takes: 'nothing', summary: 'Show what version of pktgdb this is.' },
      {
        name: 'print',
        aliases: ['p', 'pr'],
        class: 'status',
        takes: 'nothing',
        summary: 'Generic command for showing how things print.',
        subcommands: getters(PRINT_SETTINGS),
      },
      {
        name: 'replay',
        class: 'status',
        takes: 'nothing',
        summary: 'Generic command for showing how a capture is replayed.',
        subcommands: getters(REPLAY_SETTINGS),
      },
      {
        name: 'history',
        class: 'status',
        takes: 'nothing',
        summary: 'Generic command for showing what is recorded of a machine.',
        subcommands: getters(HISTORY_SETTINGS),
      },
      {
        name: 'logging',
        class: 'status',
        takes: 'nothing',
        summary: 'Show logging options.',
        subcommands: getters(LOGGING_SETTINGS),
      },
      {
        name: 'auto-load',
        class: 'status',
        takes: 'nothing',
        summary: 'Show auto-loading specific settings.',
        subcommands: getters(AUTO_LOAD_SETTINGS),
      },
      {
        name: 'backtrace',
        class: 'status',
        takes: 'nothing',
        summary: 'Show backtrace specific variables.',
        subcommands: getters(BACKTRACE_SETTINGS),
      },
      {
        name: 'breakpoint',
        class: 'status',
        takes: 'nothing',
        summary: 'Show breakpoint specific settings.',
        subcommands: getters(BREAKPOINT_SETTINGS),
      },
      {
        name: 'style',
        class: 'status',
        takes: 'nothing',
        summary: 'Show style-specific settings.',
        subcommands: [...getters(STYLE_SETTINGS), ...eachStyle('status', getters)],
      },
      { name: 'user', class: 'status', takes: 'name', summary: 'Show definitions of user-defined commands.' },
      { name: 'values', class: 'status', takes: 'number', summary: 'Elements of value history around item number.' },
      { name: 'commands', class: 'status', takes: 'nothing', summary: 'Show the history of commands you typed.' },
      {
        name: 'environment',
        class: 'status',
        takes: 'nothing',
        summary: "The environment to give commands of the shell, or one variable's value.",
      },
      ...getters(SETTINGS),
    ],
  },
] as const satisfies readonly Command[];
