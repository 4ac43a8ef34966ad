/** Executes a recording again, in a thread of its own; it stops only where the debugger has changed something. */
import type { ExecutionSummary } from '../inferior/worker.ts';
import type { CheckpointRef } from '../mailbox/checkpoint-ref.ts';
import type { Recording } from '../mailbox/recorded.ts';
import type { PacketsFile } from '../saved/packet-blocks.ts';
import { EngineError } from './api.ts';
import type { Image } from './image.ts';
import { Inferior } from './inferior.ts';
import { StoppedState } from './stopped.ts';

export interface ReexecuteOptions {
  /** Where to begin; without, at the start. */
  readonly from?: CheckpointRef;
  /** On the build without probes, which has no ticks of its own. */
  readonly release?: boolean;
  /** Where its packets go. */
  readonly packets?: PacketsFile;
  /** As in `EngineInternals`. */
  readonly hashTurns?: boolean | undefined;
}

/** Resolves to what the execution came to. Throws `EngineError` when the recording does not belong to this build. */
export async function reexecute(
  image: Image,
  recording: Recording,
  { from, release = false, hashTurns = false, packets }: ReexecuteOptions = {},
): Promise<ExecutionSummary> {
  if (recording.buildId !== image.info.buildId) {
    throw new EngineError('the recording was made with another build of the stack');
  }
  if ((recording.chunks[0]?.start ?? 0) > (from?.logAt ?? 0)) {
    throw new EngineError('the beginning of the recording is no longer kept');
  }
  const again = await Inferior.create(image, {
    header: recording,
    recording,
    checkpoint: from,
    historySize: 0,
    checkpointMs: null,
    stopOnEntry: false,
    hashFrames: packets === undefined,
    hashTurns,
    packets,
    release,
  });
  return new Promise((resolve, reject) => {
    const fail = (message: string): void => {
      void again.terminate();
      reject(new EngineError(`the recording cannot be executed again: ${message}`));
    };
    again.once('exited', (_code, message, summary) => {
      if (summary) {
        void again.terminate();
        resolve(summary);
      } else {
        fail(message);
      }
    });
    redoChanges(image, again, (e) => fail(e instanceof Error ? e.message : String(e)));
    again.go();
  });
}

/** Does what the debugger did, wherever a machine that executes a recording stands still for that. */
export function redoChanges(image: Image, inferior: Inferior, failed: (error: unknown) => void): void {
  let standing: StoppedState | undefined;
  inferior.on('paused', (paused) => {
    // What comes while the stop is worked on is its leaving of the innermost frame (see `StoppedState`).
    if (!standing) {
      standing = new StoppedState(image, inferior.inspector, paused, inferior.stopReport().position.probe);
      redoAt(inferior, standing).then(() => {
        standing = undefined;
        return inferior.inspector.send('Debugger.resume');
      }, failed);
    }
  });
}

/** Does what the debugger did where a machine stands. */
export async function redoAt(inferior: Inferior, stopped: StoppedState): Promise<void> {
  let change = inferior.stopReport().change ?? null;
  while (change) {
    await stopped.perform(change);
    change = await inferior.runtime.nextChange();
  }
}
