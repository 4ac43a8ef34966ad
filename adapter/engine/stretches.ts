/** Parts of the recording between checkpoints, and which functions ran in them. */
import type { CheckpointRef } from '../mailbox/checkpoint-ref.ts';
import type { HistorySource } from './history-source.ts';
import type { Image } from './image.ts';

/** Functions that were entered before the first checkpoint, and go on at each. */
const ALWAYS: readonly string[] = ['main', 'main_loop', 'main_loop_wait'];

/** From a checkpoint, or the start of the machine, to the next one. */
export interface Stretch {
  readonly from: CheckpointRef | null;
  /** Its first tick, and that of the next one. */
  readonly tick: number;
  readonly end: number;
  /** A byte for each function that was entered; undefined: unknown. */
  readonly entered: Uint8Array | undefined;
}

/** All stretches, in order. The first one of a recording whose beginning has left begins at a checkpoint. */
export function stretches({ oldest, checkpoints, entered }: HistorySource): Stretch[] {
  const starts = [...(oldest ? [] : [null]), ...checkpoints.all];
  return starts.map((from, i) => {
    const next = starts[i + 1];
    return {
      from,
      tick: from?.tick ?? 0,
      end: next?.tick ?? Number.POSITIVE_INFINITY,
      entered: next ? next.entered : entered,
    };
  });
}

/** Says whether one of some functions may have run in a stretch. */
export function mayRun(image: Image, functions: readonly number[]): (stretch: Stretch) => boolean {
  const always = functions.some((id) => ALWAYS.includes(image.info.functions[id]?.name ?? ''));
  return ({ entered }) => always || entered === undefined || functions.some((id) => entered[id] !== 0);
}
