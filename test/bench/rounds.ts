/** How many times a benchmark measures what it takes the median of: PKTGDB_BENCH_ROUNDS says another number. */
export function benchRounds(usual = 5): number {
  return Number(process.env['PKTGDB_BENCH_ROUNDS'] ?? usual);
}
