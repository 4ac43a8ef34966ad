/** Blocks of lines that end with `end`: `commands`, `define`, `document`, `if`, `while`; and `source`. */

import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { type BlockKind, joinedLines, splitOpener } from '../commands/blocks.ts';
import { type Command, CommandError, findCommand } from '../commands/command.ts';
import { userCommand } from '../commands/help.ts';
import { COMMANDS } from '../commands/table/index.ts';
import type { SCRIPT_COMMANDS } from '../commands/table/script.ts';
import { parseExpression } from '../inspect/expression/parser.ts';
import { breakpointOf } from './breakpoints.ts';
import type { Handlers } from './handler.ts';
import type { GdbInterpreter } from './interpreter.ts';

/** A command of the user's own. */
export interface UserCommand {
  readonly command: Command;
  readonly lines: readonly string[];
}

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
    } else if (splitOpener(text)) {
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
  const opener = splitOpener(text);
  return opener && BLOCKS[opener.kind](gdb, opener.rest);
}

/** How each block is begun: the rest of its first line is known, its lines are to come. */
const BLOCKS: Readonly<Record<BlockKind, (gdb: GdbInterpreter, rest: string) => Block>> = {
  commands: commandsBlock,
  define: defineBlock,
  document: documentBlock,
  if: (_gdb, rest) => conditionalBlock(rest, runIf),
  while: (_gdb, rest) => conditionalBlock(rest, runWhile),
};

function conditionalBlock(
  condition: string,
  run: (gdb: GdbInterpreter, condition: string, lines: readonly string[]) => Promise<void>,
): Block {
  if (condition === '') {
    throw new CommandError('if/while commands require arguments.');
  }
  parseExpression(condition);
  return new Block((gdb, lines) => run(gdb, condition, lines));
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
function commandName(name: string): string {
  if (!/^[A-Za-z][\w.-]*$/.test(name)) {
    throw new CommandError(
      name === '' ? 'Argument required (name of command to define).' : `Junk in argument list: "${name}"`,
    );
  }
  let known: string | undefined;
  try {
    known = findCommand(COMMANDS, name).command.name;
  } catch {
    known = undefined;
  }
  if (known === name) {
    throw new CommandError(`"${name}" is a built-in command; give yours another name.`);
  }
  return name;
}

function defineBlock(_gdb: GdbInterpreter, rest: string): Block {
  const name = commandName(rest);
  return new Block((g, lines) => {
    g.userCommands.set(name, {
      command: g.userCommands.get(name)?.command ?? userCommand(name, 'User-defined.'),
      lines,
    });
  });
}

function documentBlock(gdb: GdbInterpreter, name: string): Block {
  if (!gdb.userCommands.has(name)) {
    throw new CommandError(`Undefined command: "${name}".  Try "help".`);
  }
  return new Block((g, lines) => {
    const own = g.userCommands.get(name)?.lines ?? [];
    g.userCommands.set(name, { command: userCommand(name, lines.join('\n')), lines: own });
  });
}

/** Runs the lines of a user's command with `$arg0`, `$arg1`, ... and `$argc` replaced by the words it is given. */
export async function runUserCommand(gdb: GdbInterpreter, { lines }: UserCommand, args: string): Promise<void> {
  const words = args.split(/\s+/).filter((w) => w !== '');
  const filled = lines.map((l) =>
    l.replace(/\$arg(c\b|\d+)/g, (whole, n: string) =>
      n === 'c' ? String(words.length) : (words[Number(n)] ?? whole),
    ),
  );
  await gdb.executeLines(filled);
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
    if (splitOpener(l)) {
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
    const missing = e instanceof Error && 'code' in e && e.code === 'ENOENT';
    throw new CommandError(`${name}: ${missing ? 'No such file or directory.' : textOf(e)}`);
  }
  gdb.sourcing++;
  try {
    await runLines(gdb, name, text);
  } finally {
    gdb.sourcing--;
  }
}

function textOf(e: unknown): string {
  return e instanceof Error ? e.message : String(e);
}

async function runLines(gdb: GdbInterpreter, name: string, text: string): Promise<void> {
  for (const { line, text: joined } of joinedLines(text)) {
    if (gdb.quit !== undefined) {
      return;
    }
    try {
      await gdb.scriptLine(joined);
    } catch (e) {
      gdb.cancelBlock();
      throw new CommandError(`${name}:${line + 1}: Error in sourced command file:\n${textOf(e)}`);
    }
  }
  if (gdb.inBlock) {
    gdb.cancelBlock();
    throw new CommandError(`${name}: the last block is not closed: "end" is missing.`);
  }
}

function source(gdb: GdbInterpreter, args: string): Promise<void> {
  const name = args.replace(/^-v\s+/, '').trim();
  if (name === '') {
    throw new CommandError('source command requires file name of file to source.');
  }
  return sourceFile(gdb, name);
}

export const SCRIPT_HANDLERS: Handlers<typeof SCRIPT_COMMANDS> = { source };
