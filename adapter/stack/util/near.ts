/** Names near to a misspelled one, for messages that ask "did you mean". */

/**
 * Edits (insertions, deletions, replacements of a character) that turn `a` into `b`: Levenshtein's distance; if it is
 * more than `limit`, some number above that.
 * @nodebug
 */
export function edit_distance(a: string, b: string, limit = Number.POSITIVE_INFINITY): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const edits = Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1);
      next.push(edits);
      least = Math.min(least, edits);
    }
    if (least > limit) {
      return least;
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** Nothing is meant by longer names. */
const NEAR_LENGTH = 100;

/**
 * Up to `most` of `names` that `name` may mean, best first: those that contain it or are contained in it, and those
 * within a third of its length in edits. Case does not matter.
 * @nodebug
 */
export function near(name: string, names: readonly string[], most = 3): string[] {
  if (name.length > NEAR_LENGTH) {
    return [];
  }
  const wanted = name.toLowerCase();
  const limit = Math.max(2, Math.floor(wanted.length / 3));
  const scored = [...new Set(names)].map((n) => {
    const l = n.toLowerCase();
    if (wanted.length > 3 && (l.includes(wanted) || wanted.includes(l))) {
      return { n, d: 1 };
    }
    return { n, d: Math.abs(l.length - wanted.length) > limit ? limit + 1 : edit_distance(wanted, l, limit) };
  });
  return scored
    .filter((s) => s.d <= limit)
    .sort((a, b) => a.d - b.d || a.n.length - b.n.length)
    .slice(0, most)
    .map((s) => s.n);
}
