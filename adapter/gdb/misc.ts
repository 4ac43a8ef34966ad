/** Other commands: help, quit, echo, shell. */

import { spawn } from 'node:child_process';
import { CommandError } from '../commands/command.ts';
import { helpText } from '../commands/help.ts';
import type { MISC_COMMANDS } from '../commands/table/misc.ts';
import type { Handlers } from './handler.ts';
import type { GdbInterpreter } from './interpreter.ts';
import { unescapeC } from './printf.ts';

async function quit(gdb: GdbInterpreter, args: string): Promise<void> {
  let code = 0;
  if (args.trim() !== '') {
    const { value } = await gdb.evaluator.evaluate(args, gdb.expressionFrame());
    code = Number(value.value ?? 0) & 0xff;
  }
  const alive = gdb.engine.state === 'stopped' || gdb.engine.state === 'running';
  if (
    alive &&
    !(await gdb.confirm('A debugging session is active.\n\n\tInferior 1 [machine] will be killed.\n\nQuit anyway?'))
  ) {
    throw new CommandError('Not confirmed.');
  }
  gdb.quit = code;
}

/** Runs a shell command; its output goes where the debugger's goes. */
function shell(gdb: GdbInterpreter, args: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(args, { shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (d: Buffer) => gdb.out(d.toString()));
    child.stderr.on('data', (d: Buffer) => gdb.error(d.toString()));
    child.once('error', (e) => reject(new CommandError(`shell: ${e.message}`)));
    child.once('close', (code) => {
      gdb.evaluator.setVariable('_shell_exitcode', code ?? -1);
      resolve();
    });
  });
}

export const MISC_HANDLERS: Handlers<typeof MISC_COMMANDS> = {
  help: (gdb, args) => gdb.out(helpText(gdb.commands, args.trim())),
  quit,
  echo: (gdb, args) => gdb.out(unescapeC(args.replace(/\\$/, ''))),
  shell,
  pwd: (gdb) => gdb.out(`Working directory ${process.cwd()}.\n`),
};
