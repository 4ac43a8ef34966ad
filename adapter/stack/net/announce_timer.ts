/** Announcements of a NIC's address that are under way, and their settings (include/net/announce.h). */
import type { QEMUTimer } from '../util/timer.ts';

/**
 * How often announcements are made: milliseconds to the second one, how much longer each wait is than the last, the
 * longest; rounds.
 */
export class AnnounceParameters {
  initial = 50;
  max = 550;
  rounds = 5;
  step = 100;
}

/** Bounds of each parameter, both included. */
export const announce_limits: Readonly<Record<keyof AnnounceParameters, readonly [min: number, max: number]>> = {
  initial: [0, 100_000],
  max: [0, 100_000],
  rounds: [0, 1000],
  step: [1, 10_000],
};

/** Announcements that are under way. */
export class AnnounceTimer {
  readonly id: string;
  readonly params: AnnounceParameters;
  /** Names of the NICs that announce themselves; empty: all. */
  readonly interfaces: readonly string[];
  tm!: QEMUTimer;
  /** Rounds left. */
  round: number;
  constructor(id: string, params: AnnounceParameters, interfaces: readonly string[]) {
    this.id = id;
    this.params = params;
    this.interfaces = interfaces;
    this.round = params.rounds;
  }
}
