/** What a command is, and how a line finds its command: names, abbreviations, ambiguity, in gdb's words. */
import { type Span, TextError, within } from '../packets/span.ts';
import type { BlockKind } from './blocks.ts';
import type { Setting } from './settings.ts';
import type { ArgumentKind } from './takes.ts';
import { leadingWord } from './words.ts';

/** The user's mistake, or something that cannot be done now; the message is printed as it is. */
export class CommandError extends TextError {
  override name = 'CommandError';
}

/** No command has the name that a line begins with. */
export class UnknownCommandError extends CommandError {
  /** The commands before it, such as `info`. */
  readonly prefix: string;
  readonly word: string;
  /** Names that there are in its place. */
  readonly known: readonly string[];

  constructor(message: string, span: Span, prefix: string, word: string, known: readonly string[]) {
    super(message, span);
    this.prefix = prefix;
    this.word = word;
    this.known = known;
  }
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
  | 'aliases'
  | 'obscure'
  | 'user-defined';

/** A command as everything that does not execute it knows it. What it does is a handler of `adapter/gdb`. */
export interface Command {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly class: CommandClass;
  /** The first line of its help. */
  readonly summary: string;
  /** The forms it has, as help shows them behind `Usage: `. */
  readonly usage?: string;
  /** The rest of its help. */
  readonly details?: string;
  /** What follows its name: one kind of argument, or a word of each kind but the last, which takes the rest. */
  readonly takes: ArgumentKind | readonly ArgumentKind[];
  /** Words that may stand among its arguments, such as `rx`. */
  readonly words?: readonly string[];
  /**
   * An empty line repeats a command, as in gdb. A text is what is repeated instead of the same arguments; false are
   * those that nobody wants twice without saying so.
   */
  readonly repeat?: boolean | string;
  /** Subcommands. Where none fits, a prefix that takes something itself is meant. */
  readonly subcommands?: readonly Command[];
  /** The lines that follow, up to `end`, belong to it. */
  readonly block?: BlockKind;
  /** gdb has it, and there is nothing for it to do here: the reason, which is its answer. */
  readonly why?: string;
  /** The setting that it changes or shows. */
  readonly setting?: Setting;
}

/** A command that a line means, with what follows its name. */
export interface Found {
  readonly command: Command;
  readonly args: string;
  /** Offset of `args` in the line. */
  readonly at: number;
  /** Full name with prefixes, such as `info breakpoints`. */
  readonly path: string;
}

/** A command's name and its aliases. */
export function namesOf(c: Command): readonly string[] {
  return [c.name, ...(c.aliases ?? [])];
}

/** The kinds of a command's arguments, in order. */
export function kindsOf({ takes }: Command): readonly ArgumentKind[] {
  return typeof takes === 'string' ? [takes] : takes;
}

/** Finds the command of a line. Throws `CommandError` for an unknown or ambiguous name. */
export function findCommand(table: readonly Command[], line: string, prefix = ''): Found {
  const start = line.length - line.trimStart().length;
  const command = within(line.slice(start), start, (text) => matchName(table, text, prefix));
  const path = prefix === '' ? command.name : `${prefix} ${command.name}`;
  const rest = line.slice(start + leadingWord(line.slice(start)).length);
  const args = rest.trimStart();
  const at = line.length - args.length;
  if (command.subcommands && leadingWord(args) !== '' && meansSubcommand(command, leadingWord(args), args)) {
    const found = within(args, at, (text) => findCommand(command.subcommands ?? [], text, path));
    return { ...found, at: found.at + at };
  }
  return { command, args, at, path };
}

/** Behind a name: what makes it the target of an assignment. */
const ASSIGNED = /^[\w.>[\]-]*\s*(?:[-+*/%&|^]|<<|>>)?=(?!=)/;

/**
 * True if the word behind a prefix, with which `args` begins, is to name a subcommand: `set x = 1` and `set $x = 1` are
 * expressions. Only the whole name of a subcommand is meant before a `=`.
 */
export function meansSubcommand(prefix: Command, word: string, args = word): boolean {
  const whole = (prefix.subcommands ?? []).some((c) => namesOf(c).includes(word));
  if (prefix.takes !== 'nothing' && !whole && ASSIGNED.test(args)) {
    return false;
  }
  return (
    prefix.takes === 'nothing' || (prefix.subcommands ?? []).some((c) => namesOf(c).some((n) => n.startsWith(word)))
  );
}

/** The command whose name, or a part of it, `text` begins with. Throws `CommandError` for none and for several. */
export function matchName(table: readonly Command[], text: string, prefix: string): Command {
  const of = prefix === '' ? '' : `${prefix} `;
  const word = leadingWord(text);
  const span = { start: 0, end: word.length || text.search(/\s|$/) };
  if (word !== '') {
    const exact = table.find((c) => namesOf(c).includes(word));
    if (exact) {
      return exact;
    }
    const all = table.filter((c) => namesOf(c).some((n) => n.startsWith(word)));
    const able = all.filter((c) => c.why === undefined);
    // What does nothing here does not make an abbreviation ambiguous.
    const [first, ...others] = able.length > 0 ? able : all;
    if (first && others.length === 0) {
      return first;
    }
    if (first) {
      const names = [first, ...others].flatMap((c) => namesOf(c).filter((n) => n.startsWith(word))).sort();
      throw new CommandError(`Ambiguous ${of}command "${text}": ${names.join(', ')}.`, span);
    }
  }
  throw new UnknownCommandError(
    `Undefined ${of}command: "${word || text}".  Try "help${of === '' ? '' : ` ${prefix}`}".`,
    span,
    prefix,
    text.slice(span.start, span.end),
    table.map((c) => c.name),
  );
}
