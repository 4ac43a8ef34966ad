/** What a command does. */
import { type Command, CommandError } from '../commands/command.ts';
import { subcommandsText } from '../commands/help.ts';
import type { CommandPath } from '../commands/table/index.ts';
import type { GdbInterpreter } from './interpreter.ts';

/** Executes a command; `args` is what follows its name. Throws `CommandError` for what is wrong with them. */
export type Handler = (gdb: GdbInterpreter, args: string) => Promise<void> | void;

/** The handlers of a part of the command table. One that is missing, or that has no command, does not compile. */
export type Handlers<T extends readonly Command[]> = { readonly [P in CommandPath<T>]: Handler };

/** A prefix by itself: lists its subcommands. */
export function listSubcommands(path: string): Handler {
  return (gdb, args) => {
    if (args.trim() !== '') {
      throw new CommandError(`Undefined ${path} command: "${args.trim()}".  Try "help ${path}".`);
    }
    gdb.out(subcommandsText(gdb.commands, path));
  };
}
