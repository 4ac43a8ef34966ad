/** Other commands: help, quit, echo, shell. */

import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { CommandError } from '../commands/command.ts';
import { helpText } from '../commands/help.ts';
import type { MISC_COMMANDS } from '../commands/table/misc.ts';
import { type Handlers, listSubcommands } from './handler.ts';
import type { GdbInterpreter } from './interpreter.ts';
import { fileError } from './output.ts';
import { unescapeC } from './printf.ts';
import { apropos, completeLine } from './scripting.ts';
import { runShell } from './shell.ts';

async function quit(gdb: GdbInterpreter, args: string): Promise<void> {
  let code = 0;
  if (args.trim() !== '') {
    const { value } = await gdb.evaluator.evaluate(args, gdb.expressionFrame());
    code = Number(value.value ?? 0) & 0xff;
  }
  const { attached } = gdb.options;
  const end = attached ? `[process ${attached.pid}] will be detached` : '[machine] will be killed';
  const alive = gdb.engine.state === 'stopped' || gdb.engine.state === 'running';
  if (alive && !(await gdb.confirm(`A debugging session is active.\n\n\tInferior 1 ${end}.\n\nQuit anyway?`))) {
    throw new CommandError('Not confirmed.');
  }
  gdb.quit = code;
}

function cd(gdb: GdbInterpreter, args: string): void {
  const folder = args.trim().replace(/^~(?=\/|$)/, homedir()) || homedir();
  try {
    process.chdir(folder);
  } catch (e) {
    throw new CommandError(`${folder}: ${fileError(e)}`);
  }
  gdb.out(`Working directory ${process.cwd()}.\n`);
}

export const MISC_HANDLERS: Handlers<typeof MISC_COMMANDS> = {
  help: (gdb, args) => gdb.out(helpText(gdb.commands, args.trim(), gdb.style.title)),
  quit,
  echo: (gdb, args) => gdb.out(unescapeC(args.replace(/\\$/, ''))),
  shell: (gdb, args) => runShell(gdb, args),
  make: (gdb, args) => runShell(gdb, `make ${args}`),
  apropos,
  complete: completeLine,
  cd,
  end: () => {
    throw new CommandError('This command cannot be used at the top level.');
  },
  stop: () => undefined,
  unset: listSubcommands('unset'),
  'unset environment': (_gdb, args) => {
    delete process.env[args.trim()];
  },
  'add-auto-load-safe-path': (gdb, args) => {
    const { autoLoad } = gdb.settings;
    const folder = resolve(args.trim().replace(/^~(?=\/|$)/, homedir()));
    autoLoad.safePath = autoLoad.safePath === '' ? folder : `${autoLoad.safePath}:${folder}`;
  },
  pwd: (gdb, args) => {
    if (args.trim() !== '') {
      throw new CommandError(`The "pwd" command does not take an argument: ${args.trim()}`);
    }
    gdb.out(`Working directory ${process.cwd()}.\n`);
  },
};
