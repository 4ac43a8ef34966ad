/** The table of gdb's command words in docs/gdb.md: which are there, and what the others answer. */
import { type Command, matchName, namesOf } from './command.ts';
import { COMMANDS } from './table/index.ts';

/** Words that are no names of the command table: signs before a line, and the panes of gdb's full screen. */
const SIGNS: Readonly<Record<string, string>> = {
  '!': 'as `shell`',
  '|': 'as `pipe`',
  '+': 'scrolls the full screen, which is not here',
  '-': 'scrolls the full screen, which is not here',
  '<': 'scrolls the full screen, which is not here',
  '>': 'scrolls the full screen, which is not here',
};

const BEGIN = '<!-- words -->\n';
const END = '<!-- end of words -->';

/** What is said of a word; undefined if it is not known. */
export function wordRow(word: string): string | undefined {
  const sign = SIGNS[word];
  if (sign !== undefined) {
    return `| \`${word.replace('|', '\\|')}\` | ${sign} |`;
  }
  const command = COMMANDS.find((c) => namesOf(c).includes(word));
  if (!command) {
    return undefined;
  }
  return `| \`${word}\` | ${command.why === undefined ? here(command, word) : `not here: ${escaped(command.why)}`} |`;
}

function here(command: Command, word: string): string {
  const alias = matchName(COMMANDS, word, '') === command && command.name !== word ? `as \`${command.name}\`: ` : '';
  return `${alias}${escaped(command.summary)}`;
}

function escaped(text: string): string {
  return text.replace(/[|<>]/g, '\\$&');
}

/** A text with the table of words in its place. */
export function withTable(text: string, words: readonly string[]): string {
  const rows = words.map((word) => wordRow(word) ?? `| \`${word}\` | unknown |`);
  const at = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  const table = `| gdb's word | here |\n|---|---|\n${rows.join('\n')}\n\n`;
  return at < 0 || end < 0 ? text : `${text.slice(0, at + BEGIN.length)}\n${table}${text.slice(end)}`;
}
