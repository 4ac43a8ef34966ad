/** What can be executed again: the history of a live machine, or one that was saved. */
import type { ReplayData } from '../inferior/replay-data.ts';
import type { Recording } from '../mailbox/recorded.ts';
import type { CheckpointStore } from './checkpoint-store.ts';

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
