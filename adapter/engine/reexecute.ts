/** Executes a recording again, in a thread of its own and without stops. */
import type { ExecutionSummary } from '../inferior/worker.ts';
import type { CheckpointRef } from '../mailbox/checkpoint-ref.ts';
import { type Recording, recordedBytes } from '../mailbox/recorded.ts';
import { EngineError } from './api.ts';
import type { Image } from './image.ts';
import { Inferior } from './inferior.ts';

export interface ReexecuteOptions {
  /** Where to begin; without, at the start. */
  readonly from?: CheckpointRef;
  /** On the build without probes, which has no ticks of its own. */
  readonly release?: boolean;
}

/** Resolves to what the execution came to. Throws `EngineError` when the recording does not belong to this build. */
export async function reexecute(
  image: Image,
  recording: Recording,
  { from, release = false }: ReexecuteOptions = {},
): Promise<ExecutionSummary> {
  if (recording.buildId !== image.info.buildId) {
    throw new EngineError('the recording was made with another build of the stack');
  }
  const again = await Inferior.create(image, {
    header: recording,
    recording: recordedBytes(recording),
    checkpoint: from,
    recordLimit: 0,
    checkpointMs: null,
    stopOnEntry: false,
    hashFrames: true,
    release,
  });
  return new Promise((resolve, reject) => {
    again.once('exited', (_code, message, summary) => {
      void again.terminate();
      if (summary) {
        resolve(summary);
      } else {
        reject(new EngineError(`the recording cannot be executed again: ${message}`));
      }
    });
    again.go();
  });
}
