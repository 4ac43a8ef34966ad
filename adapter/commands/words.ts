/** Words of a command line. */
import type { Span } from '../packets/span.ts';

/** The word that a text begins with, as far as its characters are those of commands' names; may be empty. */
export function leadingWord(text: string): string {
  return /^[A-Za-z0-9_.-]*/.exec(text)?.[0] ?? '';
}

/** What a pattern finds in a text, or nothing. With a pattern that ends in `$`: what is there of the last word. */
export function wordAt(text: string, pattern: RegExp): string {
  return pattern.exec(text)?.[0] ?? '';
}

/** Splits off the first word: `1 x > 3` is `1` and `x > 3`, which begins at offset `at`. */
export function splitWord(text: string): { readonly word: string; readonly rest: string; readonly at: number } {
  const word = wordAt(text, /^\S*/);
  const rest = text.slice(word.length).trimStart();
  return { word, rest, at: text.length - rest.length };
}

/** A word without its quotes, and the part of the text that it is. */
export interface ShellWord extends Span {
  readonly word: string;
}

/**
 * Splits at blanks, as a shell does: `"..."` and `'...'` keep blanks, a backslash keeps the next character, but not
 * within single quotes.
 */
export function shellWords(text: string): ShellWord[] {
  const words: ShellWord[] = [];
  for (const m of text.matchAll(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*'|["'\\])+/gs)) {
    const word = m[0].replace(
      /\\(.)|"((?:[^"\\]|\\.)*)"|'([^']*)'/gs,
      (_, escaped?: string, double?: string, single?: string) =>
        escaped ?? single ?? (double ?? '').replace(/\\(["\\])/g, '$1'),
    );
    words.push({ word, start: m.index, end: m.index + m[0].length });
  }
  return words;
}

/** The words of `shellWords` alone. */
export function splitWords(text: string): string[] {
  return shellWords(text).map((w) => w.word);
}

/** The words of a user command's arguments: quotes and backslashes keep blanks together and stay, as in gdb. */
export function gdbWords(text: string): string[] {
  return text.match(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?)+/gs) ?? [];
}
