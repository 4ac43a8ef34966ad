/** Commands of the user's own: `define`, `document`, their arguments, hooks, and aliases. */
import { type Command, CommandError, findCommand } from '../commands/command.ts';
import { userCommand } from '../commands/help.ts';
import { COMMANDS } from '../commands/table/index.ts';
import { gdbWords } from '../commands/words.ts';
import { Block } from './block.ts';
import type { GdbInterpreter } from './interpreter.ts';

/** A command of the user's own. */
export interface UserCommand {
  readonly command: Command;
  readonly lines: readonly string[];
}

/** A command that stands for the beginning of another one. */
export interface Alias {
  readonly command: Command;
  readonly text: string;
}

/** Words that a name may have: `define set mine`. */
const MAX_WORDS = 3;

/** The entry whose name, of several words perhaps, a line begins with, and what follows it. */
export function entryOf<T>(all: ReadonlyMap<string, T>, text: string): { entry: T; args: string } | undefined {
  if (all.size === 0) {
    return undefined;
  }
  const words = [...text.matchAll(/[A-Za-z0-9_.-]+/g)].slice(0, MAX_WORDS);
  for (let n = words.length; n > 0; n--) {
    const last = words[n - 1]!;
    const end = last.index + last[0].length;
    const entry = all.get(text.slice(0, end).replace(/\s+/g, ' '));
    if (entry !== undefined && !/^[A-Za-z0-9_.-]/.test(text.slice(end))) {
      return { entry, args: text.slice(end).trim() };
    }
  }
  return undefined;
}

/** A command of the table by its exact name. */
function builtIn(name: string): Command | undefined {
  try {
    const { command, args, path } = findCommand(COMMANDS, name);
    return args === '' && (path === name || command.aliases?.includes(name)) ? command : undefined;
  } catch {
    return undefined;
  }
}

/** Asks where a definition takes the place of something. */
async function checkName(gdb: GdbInterpreter, name: string): Promise<void> {
  const [, hooked] = /^hook(?:post)?-(.+)$/.exec(name) ?? [];
  const known = (n: string): boolean => builtIn(n.replaceAll('-', ' ')) !== undefined || gdb.userCommands.has(n);
  if (hooked !== undefined && hooked !== 'stop' && !known(hooked) && builtIn(hooked) === undefined) {
    const question = `Your new \`${name}' command does not hook any existing command.\nProceed?`;
    if (!(await gdb.confirm(question))) {
      throw new CommandError('Not confirmed.');
    }
  }
  const question = gdb.userCommands.has(name)
    ? `Redefine command "${name}"?`
    : builtIn(name)
      ? `Really redefine built-in command "${name}"?`
      : '';
  if (question !== '' && !(await gdb.confirm(question))) {
    throw new CommandError(`Command "${name}" not redefined.`);
  }
}

/** Reads the lines of `define NAME`. */
export async function defineBlock(gdb: GdbInterpreter, rest: string): Promise<Block> {
  const name = rest.replace(/\s+/g, ' ');
  if (!/^[A-Za-z][\w.-]*(?: [A-Za-z][\w.-]*)*$/.test(name)) {
    throw new CommandError(
      name === '' ? 'Argument required (name of command to define).' : `Junk in argument list: "${name}"`,
    );
  }
  checkPrefix(gdb, name);
  await checkName(gdb, name);
  gdb.hint(`Type commands for definition of "${name}".\nEnd with a line saying just "end".\n`);
  return new Block('define', (g, lines) => {
    const command = g.userCommands.get(name)?.command ?? userCommand(name, 'User-defined.');
    g.userCommands.set(name, { command, lines });
  });
}

/** `define A B`: A has to be a prefix, of the debugger's or of the user's. */
function checkPrefix(gdb: GdbInterpreter, name: string): void {
  const prefix = name.slice(0, Math.max(0, name.lastIndexOf(' ')));
  if (prefix !== '' && builtIn(prefix)?.subcommands === undefined && !gdb.userPrefixes.has(prefix)) {
    const known = builtIn(prefix) !== undefined || gdb.userCommands.has(prefix);
    throw new CommandError(
      known ? `"${prefix}" is not a prefix command.` : `Undefined command: "${prefix}".  Try "help".`,
    );
  }
}

/** `define-prefix NAME`: commands may be defined below it. */
export function definePrefix(gdb: GdbInterpreter, args: string): void {
  const name = args.trim().replace(/\s+/g, ' ');
  if (name === '') {
    throw new CommandError('Argument required (name of command to define).');
  }
  gdb.userPrefixes.add(name);
  if (!gdb.userCommands.has(name)) {
    gdb.userCommands.set(name, { command: userCommand(name, 'User-defined.'), lines: [] });
  }
}

/** Reads the lines of `document NAME`. */
export function documentBlock(gdb: GdbInterpreter, name: string): Block {
  if (name === '') {
    throw new CommandError('Argument required (name of command to define).');
  }
  if (!gdb.userCommands.has(name)) {
    throw new CommandError(builtIn(name) ? `Command "${name}" is built-in.` : `Undefined command: "${name}".`);
  }
  gdb.hint(`Type documentation for "${name}".\nEnd with a line saying just "end".\n`);
  return new Block('document', (g, lines) => {
    const own = g.userCommands.get(name)?.lines ?? [];
    g.userCommands.set(name, { command: userCommand(name, lines.join('\n')), lines: own });
  });
}

/** Runs the lines of a user's command; `$arg0`, `$arg1`, ... and `$argc` stand for the words it is given. */
export async function runUserCommand(gdb: GdbInterpreter, { lines }: UserCommand, args: string): Promise<void> {
  await gdb.withArguments(gdbWords(args), () => gdb.executeLines(lines));
}

/** A line with the arguments of the user's command that it is in. Throws where one is missing, as gdb does. */
export function fillArguments(line: string, words: readonly string[]): string {
  return line.replace(/\$arg(c\b|\d+)/g, (_, n: string) => {
    const word = n === 'c' ? String(words.length) : words[Number(n)];
    if (word === undefined) {
      throw new CommandError(`Missing argument ${n} in user function.`);
    }
    return word;
  });
}

/** Runs a command between its hooks. A hook does not run itself. */
export async function withHooks(gdb: GdbInterpreter, name: string, action: () => Promise<void>): Promise<void> {
  await runHook(gdb, `hook-${name}`);
  await action();
  await runHook(gdb, `hookpost-${name}`);
}

/** Runs a hook, if there is one and it does not run already. */
export async function runHook(gdb: GdbInterpreter, name: string): Promise<void> {
  const hook = gdb.userCommands.get(name);
  if (!hook || gdb.runningHooks.has(name)) {
    return;
  }
  gdb.runningHooks.add(name);
  try {
    await gdb.withArguments([], () => gdb.executeLines(hook.lines));
  } finally {
    gdb.runningHooks.delete(name);
  }
}

/** `alias [-a] [--] NAME = COMMAND`. */
export function alias(gdb: GdbInterpreter, args: string): void {
  const text = args.replace(/^(?:-a\s+)?(?:--\s+)?/, '');
  const at = text.indexOf('=');
  const name = text.slice(0, Math.max(0, at)).trim().replace(/\s+/g, ' ');
  const meaning = text.slice(at + 1).trim();
  if (at < 0 || name === '' || meaning === '') {
    throw new CommandError('Usage: alias [-a] [--] ALIAS = COMMAND [DEFAULT-ARGS...]');
  }
  if (!/^[A-Za-z][\w.-]*(?: [A-Za-z][\w.-]*)*$/.test(name)) {
    throw new CommandError(`Invalid command name: ${name}`);
  }
  if (builtIn(name) || gdb.userCommands.has(name) || gdb.aliases.has(name)) {
    throw new CommandError(`Alias already exists: ${name}`);
  }
  if (name.includes(' ') && name.split(' ').length !== meaning.split(/\s+/).length) {
    throw new CommandError('Mismatched command length between ALIAS and COMMAND.');
  }
  if (!means(gdb, meaning)) {
    throw new CommandError(`Undefined command: "${meaning.split(/\s/)[0]}".  Try "help".`);
  }
  const command: Command = { name, class: 'aliases', takes: 'text', summary: `Alias of "${meaning}".` };
  gdb.aliases.set(name, { command, text: meaning });
}

function means(gdb: GdbInterpreter, text: string): boolean {
  if (entryOf(gdb.userCommands, text) ?? entryOf(gdb.aliases, text)) {
    return true;
  }
  try {
    findCommand(COMMANDS, text);
    return true;
  } catch {
    return false;
  }
}

/** `show user [NAME]`. */
export function showUser(gdb: GdbInterpreter, args: string): void {
  const name = args.trim();
  const shown = [...gdb.userCommands].filter(([n]) => name === '' || n === name).sort(([a], [b]) => (a < b ? -1 : 1));
  if (shown.length === 0 && name !== '') {
    throw new CommandError(builtIn(name) ? 'Not a user command.' : `Undefined command: "${name}".  Try "help".`);
  }
  for (const [n, { lines }] of shown) {
    gdb.out(`User command "${n}":\n${indented(lines)}\n`);
  }
}

/** Lines as `show user` and `info breakpoints` list them: those of a block a step further. */
export function indented(lines: readonly string[], indent = '  '): string {
  let depth = 1;
  return lines
    .map((line) => {
      const word = /^\w*/.exec(line)?.[0] ?? '';
      depth -= word === 'end' || word === 'else' ? 1 : 0;
      const text = `${indent.repeat(Math.max(1, depth))}${line}\n`;
      depth += word === 'else' || /^(?:if|while|commands|define|document)$/.test(word) ? 1 : 0;
      return text;
    })
    .join('');
}
