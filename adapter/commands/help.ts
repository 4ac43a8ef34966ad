/** Texts of `help`. */

import type { GdbInterpreter } from '../gdb/interpreter.ts';
import { type Command, type CommandClass, CommandError, findCommand } from './command.ts';

const CLASSES: readonly (readonly [CommandClass, string])[] = [
  ['breakpoints', 'Making program stop at certain points.'],
  ['data', 'Examining data.'],
  ['files', 'Specifying and examining files.'],
  ['network', 'The guest, the host and the monitor.'],
  ['running', 'Running the program.'],
  ['stack', 'Examining the stack.'],
  ['status', 'Status inquiries.'],
  ['support', 'Support facilities.'],
  ['user-defined', 'User-defined commands.'],
];

const TAIL = `
Type "help" followed by command name for full documentation.
Command name abbreviations are allowed if unambiguous.
`;

function summary(c: Command): string {
  return `${[c.name, ...(c.aliases ?? [])].join(', ')} -- ${c.help.split('\n')[0]}\n`;
}

function byName(commands: readonly Command[]): Command[] {
  return [...commands].sort((a, b) => a.name.localeCompare(b.name, 'en'));
}

/** The text for `help ARGS`. Throws `CommandError` for something unknown. */
export function helpText(gdb: GdbInterpreter, args: string): string {
  const topic = args.trim();
  const user = [...gdb.userCommands.values()].map((u) => u.command);
  if (topic === '') {
    const classes = CLASSES.map(([name, text]) => `${name} -- ${text}\n`).join('');
    return `List of classes of commands:\n\n${classes}\nType "help" followed by a class name for a list of commands in that class.\nType "help all" for the list of all commands.${TAIL}`;
  }
  const all = [...gdb.table, ...user];
  if (topic === 'all') {
    return byName(all).map(summary).join('');
  }
  const foundClass = CLASSES.find(([name]) => name === topic);
  if (foundClass && !all.some((c) => c.name === topic)) {
    const members = byName(all.filter((c) => c.class === topic));
    return `${foundClass[1]}\n\nList of commands:\n\n${members.map(summary).join('')}${TAIL}`;
  }
  const { command, path, args: rest } = findCommand(all, topic);
  if (rest !== '') {
    throw new CommandError(`Undefined ${path} command: "${rest}".  Try "help ${path}".`);
  }
  const names = [path, ...(command.aliases ?? [])].join(', ');
  const list = command.subcommands
    ? `\nList of ${path} subcommands:\n\n${byName(command.subcommands)
        .map((c) => `${path} ${summary(c)}`)
        .join('')}\nType "help ${path}" followed by ${path} subcommand name for full documentation.\n`
    : '';
  return `${names}\n${command.help}\n${list}`;
}
