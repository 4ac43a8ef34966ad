/** The rows that a listing's page has: those around what is seen, asked for by pages. Needs no page. */
import type { PacketRow } from './messages.ts';

/** Rows of a page. */
const PAGE = 200;
/** Pages that are kept at most, and that are asked for at the same time: whoever scrolls past asks for what is seen. */
const MAX_PAGES = 40;
const MAX_ASKED = 4;

export class RowCache {
  #count: number;
  readonly #ask: (from: number, to: number) => void;
  /** The page that was used last comes last. */
  readonly #pages = new Map<number, readonly PacketRow[]>();
  readonly #asked = new Set<number>();
  /** What they said before. */
  #stale: ReadonlyMap<number, readonly PacketRow[]> = new Map();

  constructor(count: number, ask: (from: number, to: number) => void) {
    this.#count = count;
    this.#ask = ask;
  }

  /** There are more rows. The page that was the last one may have more, too. */
  grow(count: number): void {
    const last = Math.floor(this.#count / PAGE);
    if (count > this.#count) {
      this.#pages.delete(last);
      this.#asked.delete(last);
    }
    this.#count = count;
  }

  /** Rows say something else now: asks for all that is seen anew, and shows what was there until it comes. */
  renew(): void {
    this.#stale = new Map(this.#pages);
    this.#pages.clear();
    this.#asked.clear();
  }

  /** Row `i`, if it is here. */
  row(i: number): PacketRow | undefined {
    const page = Math.floor(i / PAGE);
    return (this.#pages.get(page) ?? this.#stale.get(page))?.[i % PAGE];
  }

  /** Asks for what is missing of `[from, to)`, and then for what comes next in either direction. */
  want(from: number, to: number): void {
    const [first, last] = [Math.floor(from / PAGE), Math.floor(Math.max(from, to - 1) / PAGE)];
    const seen = Array.from({ length: last - first + 1 }, (_, i) => first + i);
    for (const page of [...seen, last + 1, first - 1]) {
      const rows = this.#pages.get(page);
      if (rows) {
        this.#pages.delete(page);
        this.#pages.set(page, rows);
      } else if (page >= 0 && page * PAGE < this.#count && this.#asked.size < MAX_ASKED && !this.#asked.has(page)) {
        this.#asked.add(page);
        this.#ask(page * PAGE, Math.min(this.#count, (page + 1) * PAGE));
      }
    }
  }

  /** Rows from `from` on have come. */
  add(from: number, rows: readonly PacketRow[]): void {
    const page = from / PAGE;
    if (!this.#asked.delete(page)) {
      return; // more rows have come since
    }
    this.#pages.set(page, rows);
    for (const oldest of this.#pages.keys()) {
      if (this.#pages.size <= MAX_PAGES) {
        break;
      }
      this.#pages.delete(oldest);
    }
  }
}
