/** Blocks of lines that end with `end`: `commands`, `define`, `document`, `if`, `while`; and `source`. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { type Command, CommandError, findCommand } from '../commands/command.ts';
import { parseExpression } from '../inspect/expression/parser.ts';
import { breakpointOf } from './breakpoints.ts';
import type { GdbInterpreter } from './interpreter.ts';

/** A command of the user's own. */
export interface UserCommand {
  readonly command: Command;
  readonly lines: readonly string[];
  readonly run: (gdb: GdbInterpreter, args: string) => Promise<void>;
}

/** Words that begin a block within a block. */
const OPENERS = /^(?:if|while|commands|define|document)\b/;

/** Rounds of a `while` at most, so that a script cannot hang. */
const WHILE_LIMIT = 1_000_000;

/** Lines collected up to the `end` that belongs to the opening line. */
export class Block {
  readonly #lines: string[] = [];
  #depth = 0;
  readonly #done: (gdb: GdbInterpreter, lines: readonly string[]) => Promise<void> | void;

  constructor(done: (gdb: GdbInterpreter, lines: readonly string[]) => Promise<void> | void) {
    this.#done = done;
  }

  /** Takes a line; true when the block is complete. */
  add(line: string): boolean {
    const text = line.trim();
    if (text === 'end') {
      if (this.#depth === 0) {
        return true;
      }
      this.#depth--;
    } else if (OPENERS.test(text)) {
      this.#depth++;
    }
    this.#lines.push(text);
    return false;
  }

  async finish(gdb: GdbInterpreter): Promise<void> {
    await this.#done(gdb, this.#lines);
  }
}

/** The block that a line begins, if it does. Throws `CommandError` for a wrong argument. */
export function blockOpener(gdb: GdbInterpreter, text: string): Block | undefined {
  const m = /^(if|while|commands|define|document)\b\s*(.*)$/s.exec(text);
  if (!m) {
    return undefined;
  }
  const rest = m[2]!.trim();
  switch (m[1]) {
    case 'commands':
      return commandsBlock(gdb, rest);
    case 'define':
      return defineBlock(gdb, rest);
    case 'document':
      return documentBlock(gdb, rest);
    default:
      if (rest === '') {
        throw new CommandError(`if/while commands require arguments.`);
      }
      parseExpression(rest);
      return new Block((g, lines) => (m[1] === 'if' ? runIf(g, rest, lines) : runWhile(g, rest, lines)));
  }
}

function commandsBlock(gdb: GdbInterpreter, rest: string): Block {
  const last = gdb.engine.breakpoints.at(-1);
  const id = rest === '' ? last?.id : breakpointOf(gdb, rest).id;
  if (id === undefined) {
    throw new CommandError('No breakpoints specified.');
  }
  return new Block((g, lines) => {
    g.breakpointCommands.set(id, lines);
  });
}

/** A name that a user's command may have. Throws otherwise. */
function commandName(gdb: GdbInterpreter, name: string): string {
  if (!/^[A-Za-z][\w.-]*$/.test(name)) {
    throw new CommandError(
      name === '' ? 'Argument required (name of command to define).' : `Junk in argument list: "${name}"`,
    );
  }
  let known: string | undefined;
  try {
    known = findCommand(gdb.table, name).command.name;
  } catch {
    known = undefined;
  }
  if (known === name) {
    throw new CommandError(`"${name}" is a built-in command; give yours another name.`);
  }
  return name;
}

function defineBlock(gdb: GdbInterpreter, rest: string): Block {
  const name = commandName(gdb, rest);
  return new Block((g, lines) => {
    const help = g.userCommands.get(name)?.command.help ?? 'User-defined.';
    g.userCommands.set(name, userCommand(name, help, lines));
  });
}

function documentBlock(gdb: GdbInterpreter, rest: string): Block {
  const user = gdb.userCommands.get(rest);
  if (!user) {
    throw new CommandError(`Undefined command: "${rest}".  Try "help".`);
  }
  return new Block((g, lines) => {
    g.userCommands.set(rest, userCommand(rest, lines.join('\n'), user.lines));
  });
}

/** Its lines run with `$arg0`, `$arg1`, ... and `$argc` replaced by the words it is given. */
function userCommand(name: string, help: string, lines: readonly string[]): UserCommand {
  const run = async (gdb: GdbInterpreter, args: string): Promise<void> => {
    const words = args.split(/\s+/).filter((w) => w !== '');
    const filled = lines.map((l) =>
      l.replace(/\$arg(c\b|\d+)/g, (whole, n: string) =>
        n === 'c' ? String(words.length) : (words[Number(n)] ?? whole),
      ),
    );
    await gdb.executeLines(filled);
  };
  return { command: { name, class: 'user-defined', help, run }, lines, run };
}

async function isTrue(gdb: GdbInterpreter, text: string): Promise<boolean> {
  const { value } = await gdb.evaluator.evaluate(text, gdb.expressionFrame(), true);
  switch (value.kind) {
    case 'number':
    case 'boolean':
    case 'string':
      return Boolean(value.value);
    case 'bigint':
      return BigInt(value.value ?? 0) !== 0n;
    default:
      return value.kind !== 'null' && value.kind !== 'undefined';
  }
}

async function runIf(gdb: GdbInterpreter, condition: string, lines: readonly string[]): Promise<void> {
  const at = elseIndex(lines);
  const yes = at < 0 ? lines : lines.slice(0, at);
  const no = at < 0 ? [] : lines.slice(at + 1);
  await gdb.executeLines((await isTrue(gdb, condition)) ? yes : no);
}

/** The `else` of this block, not of one within. */
function elseIndex(lines: readonly string[]): number {
  let depth = 0;
  for (const [i, l] of lines.entries()) {
    if (OPENERS.test(l)) {
      depth++;
    } else if (l === 'end') {
      depth--;
    } else if (l === 'else' && depth === 0) {
      return i;
    }
  }
  return -1;
}

async function runWhile(gdb: GdbInterpreter, condition: string, lines: readonly string[]): Promise<void> {
  for (let i = 0; await isTrue(gdb, condition); i++) {
    if (i >= WHILE_LIMIT) {
      throw new CommandError(`The loop was ended after ${WHILE_LIMIT} rounds.`);
    }
    await gdb.executeLines(lines);
  }
}

/** Runs the lines of a file. Throws at the first error, with the line it is in. */
export async function sourceFile(gdb: GdbInterpreter, name: string): Promise<void> {
  const path = name.replace(/^~(?=\/|$)/, homedir());
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (e) {
    const missing = (e as NodeJS.ErrnoException).code === 'ENOENT';
    throw new CommandError(`${name}: ${missing ? 'No such file or directory.' : (e as Error).message}`);
  }
  gdb.sourcing++;
  try {
    await runLines(gdb, name, text);
  } finally {
    gdb.sourcing--;
  }
}

async function runLines(gdb: GdbInterpreter, name: string, text: string): Promise<void> {
  for (const [i, line] of joinContinued(text.split(/\r?\n/))) {
    if (gdb.quit !== undefined) {
      return;
    }
    try {
      await gdb.scriptLine(line);
    } catch (e) {
      gdb.cancelBlock();
      throw new CommandError(`${name}:${i}: Error in sourced command file:\n${(e as Error).message}`);
    }
  }
  if (gdb.inBlock) {
    gdb.cancelBlock();
    throw new CommandError(`${name}: the last block is not closed: "end" is missing.`);
  }
}

/** Lines with their numbers; one that ends in a backslash goes on in the next. */
function* joinContinued(lines: readonly string[]): Generator<[number, string]> {
  for (let i = 0; i < lines.length; i++) {
    const first = i + 1;
    let line = lines[i]!;
    while (line.endsWith('\\') && i + 1 < lines.length) {
      line = line.slice(0, -1) + lines[++i];
    }
    yield [first, line];
  }
}

const blockHelp = (usage: string, text: string): string =>
  `${text}\nUsage: ${usage}\nThe lines up to "end" belong to it.`;
const unreachable = (): void => {};

export const SCRIPT_COMMANDS: readonly Command[] = [
  {
    name: 'source',
    class: 'support',
    help: 'Read commands from a file named FILE.\nUsage: source FILE',
    run: (gdb, args) => {
      const name = args.replace(/^-v\s+/, '').trim();
      if (name === '') {
        throw new CommandError('source command requires file name of file to source.');
      }
      return sourceFile(gdb, name);
    },
  },
  {
    name: 'commands',
    class: 'breakpoints',
    help: blockHelp('commands [N]', 'Set commands to be executed when the given breakpoint is hit.'),
    run: unreachable,
  },
  { name: 'define', class: 'support', help: blockHelp('define NAME', 'Define a new command name.'), run: unreachable },
  {
    name: 'document',
    class: 'support',
    help: blockHelp('document NAME', 'Document a user-defined command.'),
    run: unreachable,
  },
  {
    name: 'if',
    class: 'support',
    help: blockHelp('if EXP', 'Execute nested commands once IF the conditional expression is non zero.'),
    run: unreachable,
  },
  {
    name: 'while',
    class: 'support',
    help: blockHelp('while EXP', 'Execute nested commands WHILE the conditional expression is non zero.'),
    run: unreachable,
  },
];
