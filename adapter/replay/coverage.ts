/** Which bytes of a stream are in a capture. */

/** Pieces that are kept apart at most; a stream in more pieces than that counts as whole from the last one on. */
const MAX_PIECES = 1024;

/** A set of numbers as half-open intervals, in order, that do not touch. */
export class Coverage {
  /** Starts and ends, alternating. */
  readonly edges: number[];

  constructor(edges: readonly number[] = []) {
    this.edges = [...edges];
  }

  /** Adds `[from, to)`; true if all of it was new. */
  add(from: number, to: number): boolean {
    const { edges } = this;
    const n = edges.length;
    if (to <= from) {
      return false;
    }
    if (n === 0 || from > (edges[n - 1] ?? 0)) {
      if (n < 2 * MAX_PIECES) {
        edges.push(from, to);
      } else {
        edges[n - 1] = to;
      }
      return true;
    }
    if (from === edges[n - 1]) {
      edges[n - 1] = to;
      return true;
    }
    return this.#insert(from, to);
  }

  #insert(from: number, to: number): boolean {
    const { edges } = this;
    let first = 0;
    while (first < edges.length && (edges[first + 1] ?? 0) < from) {
      first += 2;
    }
    let last = first;
    let start = from;
    let end = to;
    let fresh = true;
    while (last < edges.length && (edges[last] ?? 0) <= to) {
      const [s = 0, e = 0] = [edges[last], edges[last + 1]];
      fresh &&= e <= from || s >= to;
      start = Math.min(start, s);
      end = Math.max(end, e);
      last += 2;
    }
    edges.splice(first, last - first, start, end);
    return fresh;
  }

  /** The end of the last piece, or 0. */
  get end(): number {
    return this.edges.at(-1) ?? 0;
  }

  /** How far it reaches from `at` without a gap; `at` itself if that is not in it. */
  reach(at: number): number {
    for (let i = 0; i < this.edges.length; i += 2) {
      if ((this.edges[i] ?? 0) <= at && at < (this.edges[i + 1] ?? 0)) {
        return this.edges[i + 1] ?? at;
      }
    }
    return at;
  }

  /** Where the next piece behind `at` begins, `at` being in none; Infinity if there is none. */
  next(at: number): number {
    for (let i = 0; i < this.edges.length; i += 2) {
      if ((this.edges[i] ?? 0) > at) {
        return this.edges[i] ?? Number.POSITIVE_INFINITY;
      }
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Bytes of `[0, end)` that are not in it. */
  missing(from = 0): number {
    let covered = 0;
    for (let i = 0; i < this.edges.length; i += 2) {
      covered += Math.max(0, (this.edges[i + 1] ?? 0) - Math.max(from, this.edges[i] ?? 0));
    }
    return Math.max(0, this.end - from) - covered;
  }
}
