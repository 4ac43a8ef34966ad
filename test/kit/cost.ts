/** What something costs, for tests of how that grows: they compare two costs of one run, never one with a clock. */

/** Microseconds of processor time of `work`: the least of some runs, for what others took is the machine's other work. */
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
