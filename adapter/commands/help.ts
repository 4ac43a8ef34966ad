/** Texts of `help`. */

import { type Command, type CommandClass, CommandError, findCommand, namesOf } from './command.ts';
import { EXAMPLES } from './examples.ts';

const CLASSES: readonly (readonly [CommandClass, string])[] = [
  ['aliases', 'User-defined aliases of other commands.'],
  ['breakpoints', 'Making program stop at certain points.'],
  ['data', 'Examining data.'],
  ['files', 'Specifying and examining files.'],
  ['network', 'The guest, the host and the monitor.'],
  ['obscure', 'Commands of gdb that have nothing to do here.'],
  ['running', 'Running the program.'],
  ['stack', 'Examining the stack.'],
  ['status', 'Status inquiries.'],
  ['support', 'Support facilities.'],
  [
    'user-defined',
    [
      'User-defined commands.',
      'The commands in this class are those defined by the user.',
      'Use the "define" command to define a command.',
    ].join('\n'),
  ],
];

const SEARCH = `Type "apropos word" to search for commands related to "word".
Type "apropos -v word" for full documentation of commands related to "word".
Command name abbreviations are allowed if unambiguous.
`;

const TAIL = `
Type "help" followed by command name for full documentation.
${SEARCH}`;

/** What there is to say of a command: the summary, the forms it has, the details. */
export function documentation(c: Command): string {
  return [c.summary, c.usage && `Usage: ${c.usage}`, c.details].filter((t) => t !== undefined).join('\n');
}

/** A command of the user's own, with what `document` says of it. */
export function userCommand(name: string, doc: string): Command {
  const [summary = '', ...lines] = doc.split('\n');
  const usage = lines[0]?.startsWith('Usage: ') ? lines.shift()?.slice('Usage: '.length) : undefined;
  return {
    name,
    class: 'user-defined',
    takes: 'nothing',
    summary,
    ...(usage === undefined ? {} : { usage }),
    ...(lines.length === 0 ? {} : { details: lines.join('\n') }),
  };
}

function entry(c: Command): string {
  return `${namesOf(c).join(', ')} -- ${c.summary}\n`;
}

/** Commands and subcommands with their names, prefixes and all, in the alphabet's order. */
export function allCommands(
  table: readonly Command[],
  prefix = '',
): readonly { readonly names: string; readonly command: Command }[] {
  const found = table.flatMap((command) => [
    {
      names: namesOf(command)
        .map((n) => `${prefix}${n}`)
        .join(', '),
      command,
    },
    ...allCommands(command.subcommands ?? [], `${prefix}${command.name} `),
  ]);
  return prefix === '' ? found.sort((a, b) => a.names.localeCompare(b.names, 'en')) : found;
}

function byName(commands: readonly Command[]): Command[] {
  return [...commands].sort((a, b) => a.name.localeCompare(b.name, 'en'));
}

function listOfClasses(): string {
  const classes = CLASSES.map(([name, text]) => `${name} -- ${text.split('\n')[0]}\n`).join('');
  return `List of classes of commands:\n\n${classes}
Type "help" followed by a class name for a list of commands in that class.
Type "help all" for the list of all commands.${TAIL}`;
}

function listOfSubcommands(path: string, commands: readonly Command[]): string {
  const list = byName(commands.filter((c) => c.why === undefined)).map((c) => `${path} ${entry(c)}`);
  return `
List of ${path} subcommands:

${list.join('')}
Type "help ${path}" followed by ${path} subcommand name for full documentation.
${SEARCH}`;
}

/** What a prefix prints by itself: the commands below it. */
export function subcommandsText(commands: readonly Command[], path: string): string {
  return listOfSubcommands(path, findCommand(commands, path).command.subcommands ?? []).slice(1);
}

/** The example of a command, unless its help has one already, or there is nothing to show but the name. */
function exampleOf(path: string, { details = '' }: Command): string {
  const lines = (EXAMPLES[path] ?? '').split('\n');
  return lines[0] === '' || lines[0] === path || lines.every((l) => details.includes(l))
    ? ''
    : `For example:\n${lines.map((l) => `  ${l}\n`).join('')}`;
}

const plain = (name: string): string => name;

/** The text for `help TOPIC`. Throws `CommandError` for something unknown. */
export function helpText(commands: readonly Command[], topic: string, title: (name: string) => string = plain): string {
  if (topic === '') {
    return listOfClasses();
  }
  if (topic === 'all') {
    return byName(commands.filter((c) => c.why === undefined))
      .map(entry)
      .join('');
  }
  const about = CLASSES.find(([name]) => name === topic);
  if (about && !commands.some((c) => c.name === topic)) {
    const members = byName(commands.filter((c) => c.class === topic));
    return `${about[1]}\n\nList of commands:\n\n${members.map(entry).join('')}${TAIL}`;
  }
  const { command, path, args } = findCommand(commands, topic);
  if (args !== '') {
    throw new CommandError(`Undefined ${path} command: "${args}".  Try "help ${path}".`);
  }
  const list = command.subcommands ? listOfSubcommands(path, command.subcommands) : '';
  const names = [path, ...(command.aliases ?? [])].map(title).join(', ');
  // gdb says nothing but the text of a command of the user's.
  const heading = command.class === 'user-defined' ? '' : `${names}\n`;
  return `${heading}${documentation(command)}\n${exampleOf(path, command)}${list}`;
}
