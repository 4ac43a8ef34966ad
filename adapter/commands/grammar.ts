/** The names of commands in the TextMate grammar. Its other patterns are written by hand. */
import { type Command, CommandError, kindsOf, matchName, namesOf } from './command.ts';
import { COMMANDS } from './table/index.ts';
import type { ArgumentKind } from './takes.ts';

/** The parts of `syntaxes/pktgdb.tmLanguage.json` that come from the table: each `begin`. */
export interface ScriptGrammar {
  readonly repository: Readonly<Record<'echo' | 'text' | 'shell' | 'options' | 'place' | 'command', Rule>> & {
    /** A rule for each prefix, which its comment names. */
    readonly prefixed: { readonly patterns: readonly (Rule & { readonly comment: string })[] };
  };
}

interface Rule {
  begin: string;
}

/** Behind a command: what cannot go on as its name. */
const END = '(?![\\w.-])';

/** Writes the names of all commands into a grammar. Which rule a command comes under is a matter of what it takes. */
export function writeCommands({ repository }: ScriptGrammar): void {
  const { echo, text, shell, options, place, command, prefixed } = repository;
  echo.begin = `^\\s*(${names(taking('escaped-text'))})${END}`;
  text.begin = `^\\s*(?:(${names(taking('text', 'file', 'guest', 'monitor'))})|${prefixedNames(taking('text'))})${END}`;
  shell.begin = `^\\s*(!|(?:${names(taking('shell'))})${END})`;
  options.begin = `^\\s*(?:(${names(taking('options'))})|${prefixedNames(taking('options'))})${END}`;
  place.begin = `^\\s*(${names(taking('breakpoint', 'location'))})${END}`;
  command.begin = `^\\s*(${names((c) => !c.block)})(/-?\\d*[a-zA-Z]*)?${END}`;
  for (const rule of prefixed.patterns) {
    rule.begin = `^\\s*${prefixedNames((_, prefix) => prefix?.name === rule.comment)}${END}`;
  }
}

type Choice = (command: Command, prefix?: Command) => boolean;

function taking(...kinds: readonly ArgumentKind[]): Choice {
  return (command) => !command.subcommands && kindsOf(command).some((kind) => kinds.includes(kind));
}

/** A pattern of all words that mean one of the chosen commands. */
function names(choice: Choice, table: readonly Command[] = COMMANDS, prefix?: Command): string {
  const all = table.filter((c) => c.why === undefined && choice(c, prefix)).flatMap((c) => wordsOf(c, table));
  return [...new Set(all)].sort().join('|');
}

/** A pattern of a prefix in a group, blanks, and the chosen ones of its subcommands in another group. */
function prefixedNames(choice: Choice): string {
  const found = COMMANDS.flatMap((prefix): string[] => {
    const subcommands = names(choice, prefix.subcommands ?? [], prefix);
    return subcommands === '' ? [] : [`(${wordsOf(prefix, COMMANDS).join('|')})\\s+(${subcommands})`];
  });
  return found.join('|');
}

/** Patterns of the words that mean a command: its names, each with the abbreviations that no other command shares. */
function wordsOf(command: Command, table: readonly Command[]): string[] {
  const all = namesOf(command).map((name) => ({ name, least: shortest(name, command, table) }));
  // An alias such as `brea` is an abbreviation of `break` anyway.
  const others = all.filter((a) => !all.some((b) => b !== a && b.name.startsWith(a.name) && b.least <= a.name.length));
  return others.map(({ name, least }) => abbreviations(name, least));
}

/** Length from which on every beginning of a name means the command. */
function shortest(name: string, command: Command, table: readonly Command[]): number {
  let length = name.length;
  while (length > 1 && means(name.slice(0, length - 1), command, table)) {
    length--;
  }
  return length;
}

function means(word: string, command: Command, table: readonly Command[]): boolean {
  try {
    return matchName(table, word, '') === command;
  } catch (error) {
    if (error instanceof CommandError) {
      return false;
    }
    throw error;
  }
}

/** `ad(?:v(?:a)?)?` for `adva` from its second letter on. */
function abbreviations(name: string, least: number): string {
  return name.slice(0, least) + [...name.slice(least)].reduceRight((rest, letter) => `(?:${letter}${rest})?`, '');
}
