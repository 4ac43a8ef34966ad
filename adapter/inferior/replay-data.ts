/**
 * What the inferior gets of a capture to replay. All of it is plain data or shared memory; the packets stay in the
 * file.
 */
import type { IndexParts } from '../packets/capture-index.ts';
import type { CaptureFile } from '../replay/file-source.ts';
import type { ReplayPlan } from '../replay/plan.ts';
import type { ScriptOptions } from '../replay/script-context.ts';

export interface ReplayData {
  /** The files that hold the capture, unpacked; the index takes their bytes as one behind the other. */
  readonly files: readonly CaptureFile[];
  readonly index: IndexParts;
  readonly plan: ReplayPlan;
  readonly script: ScriptOptions;
  /** Stop when everything has been played; else the machine is switched off at once. */
  readonly stopAtEnd: boolean;
}
