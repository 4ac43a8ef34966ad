/** Makes a list that fails shorter (delta debugging, Zeller and Hildebrandt 2002). */

/**
 * A part of `pieces` that still fails, in their order; none of its parts fails when one chunk is left out, or the
 * time is over.
 */
export async function minimise<T>(
  pieces: readonly T[],
  fails: (some: readonly T[]) => Promise<boolean>,
  ms: number,
): Promise<readonly T[]> {
  const end = performance.now() + ms;
  let left = pieces;
  let chunks = 2;
  while (left.length > 1 && performance.now() < end) {
    const size = Math.ceil(left.length / chunks);
    const shorter = await firstOf(left, size, fails, end);
    if (shorter !== undefined) {
      left = shorter;
      chunks = Math.max(2, chunks - 1);
    } else if (size === 1) {
      break;
    } else {
      chunks = Math.min(left.length, chunks * 2);
    }
  }
  return left;
}

/** The first list that fails without a chunk. */
async function firstOf<T>(
  list: readonly T[],
  size: number,
  fails: (some: readonly T[]) => Promise<boolean>,
  end: number,
): Promise<readonly T[] | undefined> {
  for (let at = 0; at < list.length && performance.now() < end; at += size) {
    const without = [...list.slice(0, at), ...list.slice(at + size)];
    if (await fails(without)) {
      return without;
    }
  }
  return undefined;
}
