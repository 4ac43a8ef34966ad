/** `set` and `show`. */
import { type Command, CommandError } from '../commands/command.ts';
import { helpText } from '../commands/help.ts';
import { splitWords } from '../commands/words.ts';
import { defaultPrintSettings, type PrintSettings } from '../inspect/values.ts';
import { completeExpression, setVariable } from './data.ts';
import type { GdbInterpreter } from './interpreter.ts';

/** Settings that `set` changes. Those of the terminal (height, width, pagination) are accepted and have no effect. */
export interface Settings {
  confirm: boolean;
  pagination: boolean;
  height: number;
  width: number;
  listsize: number;
  readonly print: PrintSettings;
}

export function defaultSettings(): Settings {
  return { confirm: true, pagination: false, height: 0, width: 0, listsize: 10, print: defaultPrintSettings() };
}

function parseBool(text: string): boolean {
  if (['', 'on', '1', 'yes', 'enable'].includes(text)) {
    return true;
  }
  if (['off', '0', 'no', 'disable'].includes(text)) {
    return false;
  }
  throw new CommandError('"on" or "off" expected.');
}

function parseLimit(text: string): number {
  if (text === 'unlimited' || text === '-1') {
    return 0;
  }
  if (!/^\d+$/.test(text)) {
    throw new CommandError(
      text === '' ? 'Argument required (integer to set it to, or "unlimited".).' : `A number expected, not "${text}".`,
    );
  }
  return Number(text);
}

/** A pair of `set NAME` and `show NAME`. */
function setting(
  name: string,
  what: string,
  set: (gdb: GdbInterpreter, text: string) => void,
  get: (gdb: GdbInterpreter) => string,
  words: readonly string[] = [],
): { set: Command; show: Command } {
  return {
    set: {
      name,
      class: 'support',
      help: `Set ${what}.`,
      run: (gdb, args) => set(gdb, args.trim()),
      complete: () => words,
    },
    show: {
      name,
      class: 'status',
      help: `Show ${what}.`,
      run: (gdb) => gdb.out(`${what[0]?.toUpperCase()}${what.slice(1)} is ${get(gdb)}.\n`),
    },
  };
}

const BOOL = ['on', 'off'];
const onOff = (b: boolean): string => (b ? 'on' : 'off');
const limit = (n: number): string => (n === 0 ? 'unlimited' : String(n));

function flag(name: 'confirm' | 'pagination', what: string): { set: Command; show: Command } {
  return setting(
    name,
    what,
    (gdb, text) => {
      gdb.settings[name] = parseBool(text);
    },
    (gdb) => onOff(gdb.settings[name]),
    BOOL,
  );
}

function number(name: 'height' | 'width' | 'listsize', what: string): { set: Command; show: Command } {
  return setting(
    name,
    what,
    (gdb, text) => {
      gdb.settings[name] = parseLimit(text) || (name === 'listsize' ? 1_000_000 : 0);
    },
    (gdb) => limit(gdb.settings[name]),
  );
}

function printNumber(name: 'elements' | 'repeats' | 'max-depth', what: string): { set: Command; show: Command } {
  return setting(
    name,
    what,
    (gdb, text) => {
      gdb.settings.print[name] = parseLimit(text) || (name === 'elements' ? 0 : 20);
    },
    (gdb) => limit(gdb.settings.print[name]),
  );
}

const PRINT = [
  printNumber('elements', 'limit on string chars or array elements to print'),
  printNumber('repeats', 'threshold for repeated print elements'),
  printNumber('max-depth', 'number of nested structs printed by value'),
  setting(
    'pretty',
    'pretty formatting of structures',
    (gdb, text) => {
      gdb.settings.print.pretty = parseBool(text);
    },
    (gdb) => onOff(gdb.settings.print.pretty),
    BOOL,
  ),
];

const LOGGING = setting(
  'logging',
  'logging of output',
  (_gdb, text) => {
    if (!/^(?:enabled\s+)?off$/.test(text)) {
      throw new CommandError(
        'Logging is not supported; redirect the output of pktgdb instead ("set logging off" is accepted).',
      );
    }
  },
  () => 'off',
);

const ALL = [
  flag('confirm', 'whether to confirm potentially dangerous operations'),
  flag('pagination', 'state of pagination'),
  number('height', 'number of lines gdb thinks are in a page'),
  number('width', 'number of characters gdb thinks are in a line'),
  number('listsize', 'number of source lines gdb will list by default'),
  LOGGING,
];

const PRINT_PREFIX = (verb: 'set' | 'show'): Command => ({
  name: 'print',
  aliases: ['p', 'pr'],
  class: verb === 'set' ? 'support' : 'status',
  help: `Generic command for ${verb === 'set' ? 'setting' : 'showing'} how things print.`,
  subcommands: PRINT.map((s) => s[verb]),
  run: (gdb, args) => {
    if (args.trim() !== '') {
      throw new CommandError(`Undefined ${verb} print command: "${args.trim()}".  Try "help ${verb} print".`);
    }
    gdb.out(helpText(gdb, `${verb} print`));
  },
});

const SET_ARGS: Command = {
  name: 'args',
  class: 'running',
  help: 'Set the QEMU options of the machine.\nFollow this command with the options, to take effect at the next "run".',
  run: (gdb, args) => {
    gdb.args = splitWords(args);
  },
};

const SHOW: readonly Command[] = [
  {
    name: 'args',
    class: 'status',
    help: 'Show the QEMU options of the machine.',
    run: (gdb) =>
      gdb.out(`Argument list to give program being debugged when it is started is "${gdb.args.join(' ')}".\n`),
  },
  {
    name: 'convenience',
    aliases: ['conv'],
    class: 'status',
    help: 'Debugger convenience ("$foo") variables and functions.',
    run: async (gdb) => {
      for (const [name, { value }] of gdb.evaluator.variableEntries()) {
        gdb.out(
          `$${name} = ${value.kind === 'string' ? JSON.stringify(value.value) : String(value.value ?? value.kind)}\n`,
        );
      }
    },
  },
  {
    name: 'version',
    class: 'status',
    help: 'Show what version of pktgdb this is.',
    run: (gdb) => gdb.out(`${gdb.version}\n`),
  },
];

export const SETTING_COMMANDS: readonly Command[] = [
  {
    name: 'set',
    class: 'data',
    help: `Evaluate expression EXP and assign result to variable VAR, or change a setting.
Usage: set VAR = EXP
VAR may be a convenience variable ($foo), a register of the NIC ($RDT), a local or a field. "set var" does the same when the name
is that of a setting.`,
    subcommands: [
      {
        name: 'variable',
        aliases: ['var'],
        class: 'data',
        help: 'Evaluate expression EXP and assign result to variable VAR.\nUsage: set variable VAR = EXP',
        run: setVariable,
        complete: completeExpression,
      },
      SET_ARGS,
      PRINT_PREFIX('set'),
      ...ALL.map((s) => s.set),
    ],
    run: setVariable,
    complete: completeExpression,
  },
  {
    name: 'show',
    class: 'status',
    help: 'Generic command for showing things about the debugger.',
    subcommands: [...SHOW, PRINT_PREFIX('show'), ...ALL.map((s) => s.show)],
    run: (gdb, args) => {
      if (args.trim() !== '') {
        throw new CommandError(`Undefined show command: "${args.trim()}".  Try "help show".`);
      }
      gdb.out(helpText(gdb, 'show'));
    },
  },
];
