/** Other commands: help, quit, echo, shell. */
import { spawn } from 'node:child_process';
import { type Command, CommandError } from '../commands/command.ts';
import { helpText } from '../commands/help.ts';
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

export const MISC_COMMANDS: readonly Command[] = [
  {
    name: 'help',
    aliases: ['h'],
    class: 'support',
    help: 'Print list of commands.\nUsage: help [COMMAND | CLASS | all]',
    run: (gdb, args) => gdb.out(helpText(gdb, args)),
    complete: (gdb) => gdb.table.map((c) => c.name),
  },
  {
    name: 'quit',
    aliases: ['q', 'exit'],
    class: 'support',
    help: 'Exit pktgdb.\nUsage: quit [EXPR]\nThe optional expression EXPR, if present, is used as the exit code.',
    run: quit,
  },
  {
    name: 'echo',
    class: 'support',
    help: `Print a constant string.  Give string as argument.
C escape sequences may be used in the argument. No newline is added at the end; use "\\n" if you want one. A backslash at the end of
the line keeps what follows on the next line part of the text.`,
    run: (gdb, args) => gdb.out(unescapeC(args.replace(/\\$/, ''))),
  },
  {
    name: 'shell',
    class: 'support',
    help: 'Execute the rest of the line as a shell command.\nUsage: shell COMMAND',
    run: shell,
  },
  {
    name: 'pwd',
    class: 'files',
    help: 'Print working directory.',
    run: (gdb) => gdb.out(`Working directory ${process.cwd()}.\n`),
  },
];
