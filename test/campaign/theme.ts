/**
 * A theme of the campaign. A case is a list of pieces that JSON can hold, made of a seed: it can be tried again without
 * its seed, and with fewer pieces.
 */
import type { Random } from '../kit/random.ts';

/** How many of a theme's unit a case was, or nothing to count. */
export type Amount = number;

export interface Theme {
  /** What is counted: `frames`. */
  readonly unit: string;
  /** Milliseconds after which a case that is not over is a finding; 20 s by default. */
  readonly deadline?: number;
  /** Before the first case. */
  open?(): Promise<void>;
  make(random: Random, number: number): readonly unknown[];
  /** Throws what it finds. */
  attempt(pieces: readonly never[]): Amount | Promise<Amount>;
  /** After the last case. */
  close?(): Promise<void>;
}

/** Checks a theme's types: pieces are its own, and come back from JSON as they were. */
export function theme<Piece>(
  given: Omit<Theme, 'make' | 'attempt'> & {
    make(random: Random, number: number): readonly Piece[];
    attempt(pieces: readonly Piece[]): Amount | Promise<Amount>;
  },
): Theme {
  return given;
}
