/** The command table's shape, and how a line finds its command: names, abbreviations, ambiguity, in gdb's words. */
import type { GdbInterpreter } from '../gdb/interpreter.ts';

/** The user's mistake, or something that cannot be done now; the message is printed as it is. */
export class CommandError extends Error {
  override name = 'CommandError';
}

/** What `help` lists commands under. */
export type CommandClass =
  | 'breakpoints'
  | 'data'
  | 'files'
  | 'running'
  | 'stack'
  | 'status'
  | 'support'
  | 'network'
  | 'user-defined';

export interface Command {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly class: CommandClass;
  /** First line: the summary. The rest: usage and details. */
  readonly help: string;
  /** An empty line repeats it; a text is what is repeated instead of the same arguments. */
  readonly repeat?: boolean | string;
  /** Subcommands; `run` is then what the bare prefix does. */
  readonly subcommands?: readonly Command[];
  readonly run: (gdb: GdbInterpreter, args: string) => Promise<void> | void;
  /** Words that may stand where the last word of `args` does. */
  readonly complete?: (gdb: GdbInterpreter, args: string) => readonly string[];
}

/** A command that a line means, with what follows its name. */
export interface Found {
  readonly command: Command;
  readonly args: string;
  /** Full name with prefixes, such as `info breakpoints`. */
  readonly path: string;
}

const WORD = /^[A-Za-z0-9_.-]*/;

function names(c: Command): readonly string[] {
  return [c.name, ...(c.aliases ?? [])];
}

/** Finds the command of a line. Throws `CommandError` for an unknown or ambiguous name. */
export function findCommand(table: readonly Command[], line: string, prefix = ''): Found {
  const text = line.trimStart();
  const word = WORD.exec(text)![0];
  const args = text.slice(word.length).trimStart();
  const command = matchName(table, word, prefix, text);
  const path = prefix === '' ? command.name : `${prefix} ${command.name}`;
  if (command.subcommands && WORD.exec(args)![0] !== '') {
    const sub = subcommand(command, args, path);
    if (sub) {
      return sub;
    }
  }
  return { command, args, path };
}

/** A subcommand; `set x = 1` and `set $x = 1` are expressions where no subcommand fits. */
function subcommand(command: Command, args: string, path: string): Found | undefined {
  const word = WORD.exec(args)![0];
  const known = command.subcommands!.some((c) => names(c).some((n) => n.startsWith(word)));
  if (command.name === 'set' && !known) {
    return undefined;
  }
  return findCommand(command.subcommands!, args, path);
}

function matchName(table: readonly Command[], word: string, prefix: string, text: string): Command {
  const of = prefix === '' ? '' : `${prefix} `;
  if (word !== '') {
    const exact = table.find((c) => names(c).includes(word));
    if (exact) {
      return exact;
    }
    const found = table.filter((c) => names(c).some((n) => n.startsWith(word)));
    if (found.length === 1) {
      return found[0]!;
    }
    if (found.length > 1) {
      const all = found.flatMap((c) => names(c).filter((n) => n.startsWith(word))).sort();
      throw new CommandError(`Ambiguous ${of}command "${text}": ${all.join(', ')}.`);
    }
  }
  throw new CommandError(`Undefined ${of}command: "${word || text}".  Try "help${of === '' ? '' : ` ${prefix}`}".`);
}

/** Completions of a whole line: full lines, as `complete` prints them. */
export function completeLine(gdb: GdbInterpreter, table: readonly Command[], line: string): string[] {
  const start = line.length - line.trimStart().length;
  const text = line.slice(start);
  const word = WORD.exec(text)![0];
  if (word.length === text.length) {
    return starting(table.flatMap(names), word).map((n) => line.slice(0, start) + n);
  }
  let command: Command;
  try {
    command = matchName(table, word, '', text);
  } catch {
    return [];
  }
  const head = line.slice(0, start + word.length);
  const args = text.slice(word.length);
  const gap = /^\s*/.exec(args)![0];
  const rest = args.slice(gap.length);
  if (command.subcommands) {
    const sub = completeLine(gdb, command.subcommands, rest).map((r) => head + gap + r);
    if (sub.length > 0) {
      return sub;
    }
  }
  const last = /[^\s,()=+*/&|<>!~^%:[\]-]*$/.exec(rest)![0];
  const before = head + gap + rest.slice(0, rest.length - last.length);
  return starting(command.complete?.(gdb, rest) ?? [], last).map((w) => before + w);
}

function starting(all: readonly string[], word: string): string[] {
  return [...new Set(all.filter((n) => n.startsWith(word)))].sort();
}
