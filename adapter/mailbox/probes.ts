/** What both threads know of probes: who has armed one, and the tables that the runtime gets of the debug info. */

/** Bits of a probe's shared byte, which the compiled code calls `$A`. */
export const ARMED = { BREAKPOINT: 1, STEP: 2, APPOINTMENT: 4, TRAVEL: 8, WATCH: 16, SCOPE: 32 } as const;

/** Stands for the probe of a position in the runtime's `tick`: where a pause stops running code. */
export const IN_TICK = -1;
/** Stands for the probe of a position in the main loop's poll, before its inputs come. */
export const IN_POLL = -2;

/** Kinds of probes in `ProbeTables`, by the debug info's names. */
export const PROBE_KIND = { statement: 0, return: 1, end: 2 } as const;

/** One element a probe. */
export interface ProbeTables {
  /** One of `PROBE_KIND`. */
  readonly kind: Uint8Array;
  readonly fn: Uint32Array;
  readonly line: Uint32Array;
  /** 1 for the first probe of a function, which is passed once each time the function is entered. */
  readonly entry: Uint8Array;
  /** 1 where the probe can make its function return a given value. */
  readonly canReturn: Uint8Array;
}
