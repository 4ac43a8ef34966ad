/** Words of a command line as a shell splits them. */

/** Splits at blanks; `"..."` and `'...'` keep blanks, a backslash keeps the next character (not within single quotes). */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  for (const m of text.matchAll(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*'|["'\\])+/gs)) {
    words.push(
      m[0].replace(
        /\\(.)|"((?:[^"\\]|\\.)*)"|'([^']*)'/gs,
        (_, escaped?: string, double?: string, single?: string) =>
          escaped ?? single ?? (double ?? '').replace(/\\(["\\])/g, '$1'),
      ),
    );
  }
  return words;
}
