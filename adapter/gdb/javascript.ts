/** `js` and `source FILE.mjs`: the user's JavaScript, in a thread of its own. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { CommandError } from '../commands/command.ts';
import { ScriptRunner } from '../script/runner.ts';
import type { GdbInterpreter } from './interpreter.ts';

/** How soon an interrupt ends a script. */
const INTERRUPT_MS = 50;

const runners = new WeakMap<GdbInterpreter, ScriptRunner>();

function runnerOf(gdb: GdbInterpreter): ScriptRunner {
  if (gdb.options.javascript !== true) {
    throw new CommandError('JavaScript is not available here.');
  }
  const before = runners.get(gdb);
  if (before !== undefined) {
    return before;
  }
  const { engine, evaluator } = gdb;
  const run = (line: string): Promise<string> => gdb.output.captured(() => gdb.scriptLine(line));
  const made = new ScriptRunner({ engine, evaluator, run, print: (text) => gdb.out(text) });
  runners.set(gdb, made);
  return made;
}

async function running(
  gdb: GdbInterpreter,
  what: { readonly code: string; readonly quiet?: boolean } | { readonly file: string },
): Promise<void> {
  const runner = runnerOf(gdb);
  const watch = setInterval(() => gdb.interrupts.wanted && runner.end(), INTERRUPT_MS);
  gdb.looping++;
  try {
    await runner.run(what);
  } catch (error) {
    throw new CommandError(error instanceof Error ? error.message : String(error));
  } finally {
    gdb.looping--;
    clearInterval(watch);
  }
}

/** `js CODE`. */
export async function javascript(gdb: GdbInterpreter, code: string): Promise<void> {
  await running(gdb, { code });
}

/** The lines between `js` and `end`. */
export async function javascriptBlock(gdb: GdbInterpreter, code: string): Promise<void> {
  await running(gdb, { code, quiet: true });
}

/** True for a file that `source` takes as JavaScript. */
export function isJavascript(name: string): boolean {
  return /\.m?js$/.test(name);
}

export async function sourceJavascript(gdb: GdbInterpreter, name: string): Promise<void> {
  const file = resolve(name);
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) {
    throw new CommandError(`${name}: No such file or directory.`);
  }
  // Node waits for whoever writes to a pipe, and cannot be ended meanwhile.
  if (!stat.isFile()) {
    throw new CommandError(`${name}: Not a regular file.`);
  }
  await running(gdb, { file });
}

/** Ends the thread, if there is one. */
export function endJavascript(gdb: GdbInterpreter): void {
  runners.get(gdb)?.end();
}
