/** Commands that execute other commands: `pipe`, `with`, `eval`, and what tells of commands: `complete`, `apropos`. */
import { CommandError, findCommand } from '../commands/command.ts';
import { allCommands, documentation } from '../commands/help.ts';
import { restoreSettings } from '../commands/settings.ts';
import { COMMANDS } from '../commands/table/index.ts';
import type { GdbInterpreter } from './interpreter.ts';
import { regexOf } from './places.ts';
import { formatted } from './printf.ts';
import { runShell } from './shell.ts';
import { unstyled } from './styles.ts';

/** What commands that execute another one are given of it; empty: it is the last one again. */
const NESTED: Readonly<Record<string, (args: string) => string>> = {
  pipe: (args) => {
    const { text, at } = pipeParts(args);
    return at < 0 ? '' : text.slice(0, at).trim();
  },
  with: (args) => withParts(args).rest,
};

/** The command that `pipe`, `with` and the like execute is the one that was executed last; undefined: the line is. */
export function nestedCommand(path: string, args: string): string | undefined {
  return NESTED[path]?.(args);
}

/** The command to execute: `given`, or the last one, which does not execute itself again. */
function commandOrLast(gdb: GdbInterpreter, given: string, missing: string): string {
  const command = given || gdb.lastCommand;
  if (command === '') {
    throw new CommandError(missing);
  }
  gdb.lastCommand = given;
  return command;
}

function pipeParts(args: string): { text: string; delimiter: string; at: number } {
  const [option = '', delimiter = '|'] = /^-d\s+(\S+)\s+/.exec(args) ?? [];
  const text = args.slice(option.length);
  return { text, delimiter, at: text.indexOf(delimiter) };
}

function withParts(args: string): { setting: string; rest: string } {
  const [, setting = '', rest = ''] = /^(.*?)(?:\s--(?:\s+(.*))?)?$/s.exec(args.trim()) ?? [];
  return { setting, rest: rest.trim() };
}

/** `pipe COMMAND | SHELL`, `pipe -d DELIM COMMAND DELIM SHELL`. */
export async function pipe(gdb: GdbInterpreter, args: string): Promise<void> {
  const { text, delimiter, at } = pipeParts(args);
  if (text.trim() === '') {
    throw new CommandError('Missing COMMAND');
  }
  if (at < 0) {
    throw new CommandError('Missing delimiter before SHELL_COMMAND');
  }
  const shellCommand = text.slice(at + delimiter.length).trim();
  if (shellCommand === '') {
    throw new CommandError('Missing SHELL_COMMAND.');
  }
  const command = commandOrLast(gdb, text.slice(0, at).trim(), 'Missing COMMAND');
  const output = await gdb.output.captured(() => gdb.command(command));
  await runShell(gdb, shellCommand, unstyled(output));
}

/** `with SETTING [VALUE] [-- COMMAND]`. */
export async function withSetting(gdb: GdbInterpreter, args: string): Promise<void> {
  if (args.trim() === '') {
    throw new CommandError('Missing arguments.');
  }
  const { setting, rest } = withParts(args);
  const command = commandOrLast(gdb, rest, "Missing nested command after '--' delimiter");
  const found = findCommand(COMMANDS, `set ${setting}`);
  if (found.path === 'set') {
    throw new CommandError(`Undefined set command: "${found.args.split(/\s/)[0]}".  Try "help set".`);
  }
  if (!found.command.setting) {
    throw new CommandError(`Cannot use this setting with the "with" command`);
  }
  const before = structuredClone(gdb.settings);
  found.command.setting.set(gdb.settings, found.args.trim());
  try {
    await gdb.command(command);
  } finally {
    restoreSettings(gdb.settings, before);
  }
}

/** `eval "FORMAT", ARGS`. */
export async function evaluateCommand(gdb: GdbInterpreter, args: string): Promise<void> {
  await gdb.command((await formatted(gdb, args)).trim());
}

/** `complete LINE`: what Tab would offer, a line each. */
export function completeLine(gdb: GdbInterpreter, args: string): void {
  const all = gdb.complete(args);
  const limit = gdb.settings.maxCompletions || Number.POSITIVE_INFINITY;
  gdb.out(
    all
      .slice(0, limit)
      .map((line) => `${line}\n`)
      .join(''),
  );
  if (all.length > limit) {
    gdb.out(`${args} *** List may be truncated, max-completions reached. ***\n`);
  }
}

/** `apropos [-v] REGEXP`: commands whose name or documentation it matches. */
export function apropos(gdb: GdbInterpreter, args: string): void {
  const [option = ''] = /^-v\s+/.exec(args) ?? [];
  const pattern = args.slice(option.length).trim();
  if (pattern === '') {
    throw new CommandError('REGEXP string is empty');
  }
  const { source } = regexOf(pattern);
  const re = new RegExp(source, 'i');
  for (const { names, command } of allCommands(gdb.commands)) {
    if (command.why === undefined && (re.test(names) || re.test(documentation(command)))) {
      gdb.out(option === '' ? `${names} -- ${command.summary}\n` : `${names}\n${documentation(command)}\n\n`);
    }
  }
}
