/** Numbers of the queries that views ask by themselves. The Timeline's own are above zero. */
export const QUESTIONS = {
  /** Those that are typed in the Debug Console. */
  console: 0,
  /** Who wrote a register last: shown as a mark. */
  lastWrite: -1,
  /** Drops, for the marks of listings. */
  drops: -2,
} as const;
