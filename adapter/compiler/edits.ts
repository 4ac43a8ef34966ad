/** Text edits by position: insertions and replacements that never add or remove a line. */

interface Edit {
  readonly pos: number;
  readonly end: number;
  readonly text: string;
  /** Closers come before openers at the same place: `}` of one statement before the probe of the next. */
  readonly rank: 0 | 1;
}

/** Collects edits of one text and applies them together. */
export class Edits {
  readonly #edits: Edit[] = [];

  /** Inserts before what starts at `pos`; of several, the first one given comes first. */
  open(pos: number, text: string): void {
    this.#edits.push({ pos, end: pos, text, rank: 1 });
  }

  /** Inserts after what ends at `pos`; of several, the first one given comes first. */
  close(pos: number, text: string): void {
    this.#edits.push({ pos, end: pos, text, rank: 0 });
  }

  replace(pos: number, end: number, text: string): void {
    this.#edits.push({ pos, end, text, rank: 1 });
  }

  apply(source: string): string {
    const sorted = this.#edits.toSorted((a, b) => a.pos - b.pos || a.rank - b.rank);
    let out = '';
    let at = 0;
    for (const e of sorted) {
      out += source.slice(at, e.pos) + e.text;
      at = e.end;
    }
    return out + source.slice(at);
  }
}
