/** Blocks of lines that end with `end`: `commands`, `define`, `document`, `if`, `while`; and `source`. */

import { homedir } from 'node:os';
import { type BlockKind, joinedLines, openAfter, splitOpener } from '../commands/blocks.ts';
import { CommandError } from '../commands/command.ts';
import type { SCRIPT_COMMANDS } from '../commands/table/script.ts';
import { parseExpression } from '../inspect/expression/parser.ts';
import { Block } from './block.ts';
import type { Handlers } from './handler.ts';
import type { GdbInterpreter } from './interpreter.ts';
import { isJavascript, javascript, javascriptBlock, sourceJavascript } from './javascript.ts';
import { fileError } from './output.ts';
import { breakpointOf } from './places.ts';
import { readWhole } from './read-file.ts';
import { Resumed } from './resumed.ts';
import { evaluateCommand, pipe, withSetting } from './scripting.ts';
import { alias, defineBlock, definePrefix, documentBlock } from './user-commands.ts';

/** The block that a line begins, if it does. Throws `CommandError` for a wrong argument. */
export async function blockOpener(gdb: GdbInterpreter, text: string): Promise<Block | undefined> {
  const opener = splitOpener(text);
  return opener && BLOCKS[opener.kind](gdb, opener.rest);
}

/** How each block is begun: the rest of its first line is known, its lines are to come. */
const BLOCKS: Readonly<Record<BlockKind, (gdb: GdbInterpreter, rest: string) => Block | Promise<Block>>> = {
  commands: commandsBlock,
  define: defineBlock,
  document: documentBlock,
  if: (_gdb, rest) => conditionalBlock('if', rest, runIf),
  js: () => new Block('js', (gdb, lines) => javascriptBlock(gdb, lines.join('\n'))),
  while: (_gdb, rest) => conditionalBlock('while', rest, runWhile),
};

function conditionalBlock(
  name: 'if' | 'while',
  condition: string,
  run: (gdb: GdbInterpreter, condition: string, lines: readonly string[]) => Promise<void>,
): Block {
  if (condition === '') {
    throw new CommandError(`${name} command requires an argument.`);
  }
  parseExpression(condition);
  return new Block(name, (gdb, lines) => run(gdb, condition, lines));
}

function commandsBlock(gdb: GdbInterpreter, rest: string): Block {
  const last = gdb.engine.breakpoints.at(-1);
  const id = rest === '' ? last?.id : breakpointOf(gdb, rest).id;
  if (id === undefined) {
    throw new CommandError('No breakpoints specified.');
  }
  return new Block('commands', (g, lines) => {
    g.breakpointCommands.set(id, lines);
  });
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
  let open: readonly BlockKind[] = ['if'];
  return lines.findIndex((line) => {
    const found = line === 'else' && open.length === 1;
    open = openAfter(line, open);
    return found;
  });
}

/** `loop_break` and `loop_continue`, on their way to the loop that they are in. */
class LoopExit extends CommandError {
  readonly goesOn: boolean;

  constructor(goesOn: boolean) {
    super('This command cannot be used at the top level.');
    this.goesOn = goesOn;
  }
}

async function runWhile(gdb: GdbInterpreter, condition: string, lines: readonly string[]): Promise<void> {
  gdb.looping++;
  try {
    while (await isTrue(gdb, condition)) {
      await gdb.interrupts.breathe();
      if (!(await runRound(gdb, lines))) {
        return;
      }
    }
  } finally {
    gdb.looping--;
  }
}

/** One round of a loop. False if `loop_break` ends it. */
async function runRound(gdb: GdbInterpreter, lines: readonly string[]): Promise<boolean> {
  try {
    await gdb.executeLines(lines);
  } catch (error) {
    if (!(error instanceof LoopExit)) {
      throw error;
    }
    return error.goesOn;
  }
  return gdb.quit === undefined;
}

/** Runs the lines of a file. Throws at the first error, with the line it is in. With `verbose` they are printed too. */
export async function sourceFile(gdb: GdbInterpreter, name: string, verbose = false): Promise<void> {
  const path = name.replace(/^~(?=\/|$)/, homedir());
  let text: string;
  try {
    text = (await readWhole(path, gdb.interruptible())).toString('utf8');
  } catch (e) {
    gdb.interrupts.check();
    throw new CommandError(`${name}: ${fileError(e)}`);
  }
  if (gdb.sourcing >= gdb.settings.maxCallDepth) {
    throw new CommandError('Max script depth exceeded: a script sources itself.');
  }
  gdb.sourcing++;
  try {
    await gdb.withArguments(undefined, () => runLines(gdb, name, text, verbose));
  } finally {
    gdb.sourcing--;
  }
}

function textOf(e: unknown): string {
  return e instanceof Error ? e.message : String(e);
}

async function runLines(gdb: GdbInterpreter, name: string, text: string, verbose: boolean): Promise<void> {
  for (const { line, text: joined } of joinedLines(text)) {
    if (gdb.quit !== undefined) {
      return;
    }
    try {
      if (verbose) {
        gdb.out(`+${joined}\n`);
      }
      await gdb.scriptLine(joined);
    } catch (e) {
      gdb.cancelBlock();
      if (e instanceof Resumed) {
        throw e;
      }
      throw new CommandError(`${name}:${line + 1}: Error in sourced command file:\n${textOf(e)}`);
    }
  }
  if (gdb.inBlock) {
    gdb.cancelBlock();
    throw new CommandError(`${name}: the last block is not closed: "end" is missing.`);
  }
}

function source(gdb: GdbInterpreter, args: string): Promise<void> {
  const [options = ''] = /^(?:-[vs]\s+)*/.exec(args) ?? [];
  const name = args.slice(options.length).trim();
  if (name === '') {
    throw new CommandError('source command requires file name of file to source.');
  }
  return isJavascript(name) ? sourceJavascript(gdb, name) : sourceFile(gdb, name, options.includes('-v'));
}

export const SCRIPT_HANDLERS: Handlers<typeof SCRIPT_COMMANDS> = {
  source,
  js: javascript,
  loop_break: () => {
    throw new LoopExit(false);
  },
  loop_continue: () => {
    throw new LoopExit(true);
  },
  'define-prefix': definePrefix,
  alias,
  pipe,
  with: withSetting,
  eval: evaluateCommand,
  'dont-repeat': (gdb) => gdb.repeatAs(''),
};
