/** What the runtime is asked for a step, from the frames of the stop. */
import type { StepRequest } from '../inferior/stop.ts';
import { EngineError, type Frame, type StepKind, type StepOptions } from './api.ts';

/**
 * A step of `count` statements, or for 'out' one that leaves the frame `up`. Throws `EngineError` where there is
 * nothing to step in or nobody to return to.
 */
export function stepRequest(
  frames: readonly Frame[],
  kind: StepKind,
  up: number,
  { count = 1, statements = false }: StepOptions,
): StepRequest {
  const from = frames[up];
  if (!from) {
    throw new EngineError('No stack.');
  }
  if (kind === 'out' && up + 1 >= frames.length) {
    throw new EngineError('"finish" not meaningful in the outermost frame.');
  }
  const fns = kind === 'into' ? null : functionsOf(frames.slice(up));
  const nested = frames.slice(0, up).filter((f) => fns?.includes(f.fn.id) ?? true).length;
  return { kind, up, nested, ...placeOf(from), count, statements, fns, targets: [] };
}

/** A run to one of some probes, or until the innermost frame is left. */
export function runToRequest(frames: readonly Frame[], targets: readonly number[]): StepRequest {
  return { kind: 'to', up: 0, nested: 0, ...placeOf(frames[0]), count: 1, fns: functionsOf(frames), targets };
}

function placeOf(frame: Frame | undefined): Pick<StepRequest, 'fn' | 'name' | 'line'> {
  return { fn: frame?.fn.id ?? -1, name: frame?.fn.name ?? '', line: frame?.location.line ?? -1 };
}

/** The functions of some frames, each once. */
function functionsOf(frames: readonly Frame[]): number[] {
  return [...new Set(frames.map((f) => f.fn.id))];
}
