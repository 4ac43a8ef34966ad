/**
 * Completion of command lines, for the prompt's Tab, the Debug Console and the editor alike. It tells what may stand
 * where a line ends. Which of that fits what has been typed is for the asker to say, as editors match otherwise than a
 * terminal.
 */

import { completeFilter } from '../packets/filter/complete.ts';
import type { Candidate, Place, Surroundings } from './candidates.ts';
import * as candidates from './candidates.ts';
import { LAYER_NAMES } from './catch-text.ts';
import { type Command, CommandError, kindsOf, matchName, meansSubcommand } from './command.ts';
import { memberAt, members } from './members.ts';
import { optionPlace } from './options.ts';
import type { ArgumentKind } from './takes.ts';
import { leadingWord, splitWord, wordAt } from './words.ts';

/** What may stand at the end of a line instead of its last word. */
export interface Completions {
  /** Offset of the word that is replaced; it reaches to the end of the line. */
  readonly from: number;
  readonly candidates: readonly Candidate[];
}

const NOWHERE: Place = { word: '', candidates: [] };

/** Completions at the end of `line`. */
export function complete(around: Surroundings, line: string): Completions {
  const place = commandPlace(around.commands, line.trimStart(), '', (command, args) =>
    argumentPlace(around, command, args),
  );
  return { from: line.length - place.word.length, candidates: place.candidates };
}

/** Those that begin with what is there of the word, each once, sorted: what a terminal offers. */
export function beginning(line: string, { from, candidates: all }: Completions): Candidate[] {
  const word = line.slice(from);
  const fitting = new Map<string, Candidate>();
  for (const c of all) {
    // The hundreds of fields come up once it is clear that a field is wanted.
    const early = c.text.startsWith('$pkt.') && !word.startsWith('$pkt.');
    // An abbreviation says nothing that the whole name does not.
    const short = c.command !== undefined && c.text !== c.command.command.name;
    const abbreviated = short && c.command?.command.name.startsWith(c.text) === true;
    if (c.text.startsWith(word) && !early && !abbreviated && !fitting.has(c.text)) {
      fitting.set(c.text, c);
    }
  }
  return [...fitting.values()].sort((a, b) => (a.text < b.text ? -1 : 1));
}

type ArgumentsOf = (command: Command, args: string) => Place;

/**
 * Walks down the words of a command, whose names are in `table`. What follows the last of them is for `argumentsOf`.
 */
function commandPlace(table: readonly Command[], text: string, prefix: string, argumentsOf: ArgumentsOf): Place {
  const word = leadingWord(text);
  if (word.length === text.length) {
    return { word, candidates: candidates.commands(table, prefix) };
  }
  const command = known(table, text, prefix);
  if (!command) {
    return NOWHERE;
  }
  const path = prefix === '' ? command.name : `${prefix} ${command.name}`;
  const args = text.slice(word.length).trimStart();
  const next = leadingWord(args);
  if (!command.subcommands || (args !== '' && (next === '' || !meansSubcommand(command, next)))) {
    return argumentsOf(command, args);
  }
  const place = commandPlace(command.subcommands, args, path, argumentsOf);
  // `set x` may go on as the name of a setting or as an expression.
  const both = args !== '' && args === next && /^\w+$/.test(args);
  const more = both ? argumentsOf(command, args).candidates : [];
  return { word: place.word, candidates: [...place.candidates, ...more] };
}

function known(table: readonly Command[], text: string, prefix: string): Command | undefined {
  try {
    return matchName(table, text, prefix);
  } catch (error) {
    if (error instanceof CommandError) {
      return undefined;
    }
    throw error;
  }
}

/** What may stand at the end of a command's arguments. */
function argumentPlace(around: Surroundings, command: Command, args: string): Place {
  let rest = args;
  const kinds = kindsOf(command);
  let kind = kinds[0] ?? 'nothing';
  for (const next of kinds.slice(1)) {
    const split = splitWord(rest);
    if (split.word.length === rest.length) {
      break;
    }
    rest = split.rest;
    kind = next;
  }
  const place = PLACES[kind](around, rest);
  const words = (command.words ?? []).map((text): Candidate => ({ text, kind: 'value', detail: '' }));
  const word = place === NOWHERE && words.length > 0 ? wordAt(rest, NAME) : place.word;
  return { word, candidates: [...words, ...place.candidates] };
}

/** The end of a text, as far as it is a name or a path. */
const NAME = /[\w./-]*$/;

/** The end of a text, as far as it is a name of an expression. */
const SYMBOL = /(?:\$pkt(?:\.\w*)*|\$?\w*)$/;

type PlaceOf = (around: Surroundings, args: string) => Place;

const named =
  (all: (around: Surroundings) => readonly Candidate[]): PlaceOf =>
  (around, args) => ({ word: wordAt(args, NAME), candidates: all(around) });

const nowhere: PlaceOf = () => NOWHERE;

/** Texts in which every string is closed. */
const CLOSED = /^(?:[^"\\]|\\.|"(?:[^"\\]|\\.)*")*$/s;

const expression: PlaceOf = (around, args) => {
  const [, struct] = /\bstruct\s+(\w*)$/.exec(args) ?? [];
  if (struct !== undefined) {
    return { word: struct, candidates: candidates.structs(around) };
  }
  const member = /\$pkt[\w.]*$/.test(args) ? undefined : memberAt(args);
  if (member && CLOSED.test(args)) {
    return { word: member.word, candidates: members(around.info, member.object, (name) => around.typesOf(name)) };
  }
  const word = wordAt(args, SYMBOL);
  const before = args.slice(0, args.length - word.length);
  // Nothing to offer in a format (`x/4`), a number, a string, and right behind an operand.
  const behindOperand = word === '' && /["')\]]$/.test(before);
  if (/^\/\S*$/.test(args) || /^\d/.test(word) || behindOperand || !CLOSED.test(before)) {
    return NOWHERE;
  }
  return { word, candidates: candidates.expressionNames(around, word) };
};

const place = named(candidates.places);

/** A function or a file; behind a file and a colon, a function of that. */
const location: PlaceOf = (around, args) => {
  const [, file, name = ''] = /([\w./-]+):(\w*)$/.exec(args) ?? [];
  return file === undefined ? place(around, args) : { word: name, candidates: candidates.functionsOf(around, file) };
};

const grades = named(candidates.grades);

const breakpointPlace: PlaceOf = (around, args) => {
  if (/(?:^|\s)if(?=[\s(])/.test(args)) {
    return expression(around, args);
  }
  if (/^-\w*$/.test(args)) {
    const words = ['-function', '-line', '-packet', '-source'];
    return { word: args, candidates: words.map((text) => ({ text, kind: 'option', detail: '' })) };
  }
  if (/^drop\s+\w*$/.test(args)) {
    return { word: wordAt(args, NAME), candidates: candidates.reasons() };
  }
  return /^-?divergence\s/.test(args) ? grades(around, args) : location(around, args);
};

/** Behind `if` a condition; before it words of the command, and reasons of drops. */
const eventPlace: PlaceOf = (around, args) =>
  /(?:^|\s)if(?=[\s(])/.test(args)
    ? expression(around, args)
    : { word: wordAt(args, NAME), candidates: /^[A-Z]/.test(wordAt(args, NAME)) ? candidates.reasons() : [] };

/** Fields, functions and operators of display filters; behind `in` also layers. */
const filterPlace: PlaceOf = (_around, args) => {
  const { from, candidates: all } = completeFilter(args);
  const word = args.slice(from);
  const layers = /\sin\s+\w*$/.test(args)
    ? LAYER_NAMES.map((text) => ({ text, kind: 'value' as const, detail: '' }))
    : [];
  return {
    word,
    candidates: [...layers, ...all.map((c) => ({ ...c, kind: c.kind === 'operator' ? ('value' as const) : c.kind }))],
  };
};

/** What may stand at the end of arguments of a kind. */
const PLACES: Readonly<Record<ArgumentKind, PlaceOf>> = {
  nothing: nowhere,
  breakpoint: (around, args) => breakpointPlace(around, args),
  filter: filterPlace,
  event: eventPlace,
  watch: (around, args) => expression(around, args.replace(/^-(?:l|location)\s+/, '')),
  calls: (around, args) => (/\s(?:if|show)\s/.test(args) ? expression(around, args) : location(around, args)),
  packets: (around, args) => (/(?:^|\s)if\s/.test(args) ? expression(around, args) : filterPlace(around, args)),
  query: expression,
  location,
  symbol: named(candidates.symbols),
  regexp: named(candidates.symbols),
  expression,
  assignment: expression,
  printf: expression,
  type: expression,
  breakpoints: named((around) => candidates.numbers(around, 'breakpoints')),
  displays: named((around) => candidates.numbers(around, 'displays')),
  number: nowhere,
  divergences: grades,
  'replay-guest': (around, args) => ({ word: wordAt(args, /[\w.:]*$/), candidates: candidates.hosts(around) }),
  frame: (around, args) =>
    /^function\s/.test(args)
      ? location(around, args)
      : {
          word: wordAt(args, NAME),
          candidates: ['apply', 'function', 'level'].map((text) => ({ text, kind: 'value', detail: '' })),
        },
  registers: (_around, args) => ({ word: wordAt(args, /\$?\w*$/), candidates: candidates.registers() }),
  ring: nowhere,
  options: (_around, args) => optionPlace(args),
  file: (around, args) => ({ word: wordAt(args, /[^/]*$/), candidates: candidates.scripts(around, args) }),
  topic: (around, args) => commandPlace(around.commands, args, '', () => NOWHERE),
  setting: nowhere,
  name: named(candidates.userCommands),
  text: nowhere,
  guest: (around, args) => ({ word: wordAt(args, NAME), candidates: candidates.guestWords(around) }),
  monitor: (around, args) => ({ word: wordAt(args, NAME), candidates: candidates.monitorWords(around, args) }),
  'escaped-text': nowhere,
  shell: nowhere,
};
