/** What something costs, for tests of how that grows: two costs of one run are compared, never one with a clock. */

/** Microseconds of processor time of `work`: the least of some runs, as other programs run beside it. */
export async function leastCost(work: () => unknown, times = 3): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < times; i++) {
    const start = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(start);
    least = Math.min(least, user + system);
  }
  return least;
}
