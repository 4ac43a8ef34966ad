/** What stays of a run when its machine is gone, until the next one begins. */
import type { ExecutionSummary } from '../inferior/worker.ts';
import type { Recording } from '../mailbox/recorded.ts';
import { CheckpointStore } from './checkpoint-store.ts';
import type { History } from './history.ts';
import type { Inferior } from './inferior.ts';

export class LastRun {
  shared: ReadonlyMap<string, ArrayBufferLike> = new Map();
  checkpoints = new CheckpointStore();
  recording: Recording | undefined;
  /** What it came to, after an orderly end. */
  summary: ExecutionSummary | undefined;
  /** What the recording lies in. */
  #history: History | undefined;

  keep({ shared, recording, checkpoints, history }: Inferior): void {
    this.shared = shared;
    this.recording = recording;
    this.checkpoints = checkpoints;
    this.#history = history;
  }

  forgetRecording(): void {
    this.#history?.close();
    this.#history = undefined;
    this.recording = undefined;
  }
}
