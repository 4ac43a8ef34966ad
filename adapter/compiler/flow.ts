/** Which probes of a function can come right after which: what a watch has to look at after a statement that writes. */

/** Where `break` and `continue` lead. */
interface Target {
  readonly labels: readonly string[];
  readonly isLoop: boolean;
  readonly breaks: Set<number>;
  readonly continues: Set<number>;
}

export class Flow {
  /**
   * Probes after which comes what follows. Negative ones stand for the beginnings of loops, which are yet to be
   * known.
   */
  #open = new Set<number>();
  readonly #after = new Map<number, Set<number>>();
  readonly #targets: Target[] = [];
  readonly #probes: number[] = [];
  #marks = 0;

  /** Control comes to a probe. */
  reach(probe: number): void {
    this.#probes.push(probe);
    this.#link(this.#open, [probe]);
    this.#open = new Set([probe]);
  }

  #link(from: Iterable<number>, to: Iterable<number>): void {
    for (const p of from) {
      const after = this.#after.get(p) ?? new Set();
      for (const next of to) {
        after.add(next);
      }
      this.#after.set(p, after);
    }
  }

  /** Probes that can come right after one, in order. */
  after(probe: number): number[] {
    return [...(this.#after.get(probe) ?? [])].sort((a, b) => a - b);
  }

  /** Control goes no further: `return`, `throw`. */
  leave(): void {
    this.#open = new Set();
  }

  /** One of several ways is taken; `optional`: or none of them. */
  fork(ways: readonly (() => void)[], optional: boolean): void {
    const before = this.#open;
    const out = new Set(optional ? before : []);
    for (const way of ways) {
      this.#open = new Set(before);
      way();
      addAll(out, this.#open);
    }
    this.#open = out;
  }

  /** The clauses of a `switch`, each of which goes on in the next. */
  clauses(clauses: readonly (() => void)[], hasDefault: boolean): void {
    const before = this.#open;
    const target = this.#enter([], false);
    this.#open = new Set();
    for (const clause of clauses) {
      addAll(this.#open, before);
      clause();
    }
    this.#targets.pop();
    addAll(this.#open, target.breaks);
    if (!hasDefault) {
      addAll(this.#open, before);
    }
  }

  loop(labels: readonly string[], body: () => void): void {
    const mark = --this.#marks;
    const before = new Set(this.#open);
    const target = this.#enter(labels, true);
    this.#open.add(mark);
    body();
    this.#targets.pop();
    const again = new Set([...this.#open, ...target.continues]);
    again.delete(mark);
    this.#link(again, this.#after.get(mark) ?? []);
    this.#open = new Set([...before, ...again, ...target.breaks]);
    this.#open.delete(mark);
  }

  /** A statement with a label that is no loop. */
  labelled(labels: readonly string[], body: () => void): void {
    const target = this.#enter(labels, false);
    body();
    this.#targets.pop();
    addAll(this.#open, target.breaks);
  }

  #enter(labels: readonly string[], isLoop: boolean): Target {
    const target: Target = { labels, isLoop, breaks: new Set(), continues: new Set() };
    this.#targets.push(target);
    return target;
  }

  jump(kind: 'break' | 'continue', label: string | undefined): void {
    const target = this.#targets.findLast((t) =>
      label !== undefined ? t.labels.includes(label) : t.isLoop || (kind === 'break' && t.labels.length === 0),
    );
    if (target) {
      addAll(kind === 'break' ? target.breaks : target.continues, this.#open);
    }
    this.leave();
  }

  /** An exception may come after each statement of `block`. */
  attempt(block: () => void, handler: (() => void) | undefined, last: (() => void) | undefined): void {
    const before = new Set(this.#open);
    const from = this.#probes.length;
    block();
    const out = new Set(this.#open);
    if (handler) {
      this.#open = new Set([...before, ...this.#probes.slice(from)]);
      handler();
      addAll(out, this.#open);
    }
    this.#open = last ? new Set([...before, ...out, ...this.#probes.slice(from)]) : out;
    last?.();
  }
}

function addAll(to: Set<number>, from: Iterable<number>): void {
  for (const p of from) {
    to.add(p);
  }
}
