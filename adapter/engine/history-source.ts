/** What can be executed again: the history of a live machine, or one that was saved. */
import type { ReplayData } from '../inferior/replay-data.ts';
import type { Recording } from '../mailbox/recorded.ts';
import { EngineError } from './api.ts';
import type { CheckpointStore } from './checkpoint-store.ts';
import type { Inferior } from './inferior.ts';

export interface HistorySource {
  readonly recording: Recording;
  readonly checkpoints: CheckpointStore;
  /** Ticks that it took until the machine was set up. */
  readonly startTick: number;
  /** The capture that was replayed. */
  readonly replay: ReplayData | undefined;
  /** Functions entered since the newest checkpoint, a byte each; undefined: unknown. */
  readonly entered?: Uint8Array | undefined;
}

export const NOT_RUNNING = 'The program is not being run.';

/** The history of what is there: a machine, or a saved recording. Throws `EngineError` if there is neither. */
export function sourceOf(inferior: Inferior | undefined): HistorySource {
  if (!inferior) {
    throw new EngineError(NOT_RUNNING);
  }
  return inferior.opened ?? inferior;
}
