/** From the bytes of a capture to a plan: what a replay needs before it starts. */
import type { ByteSource } from '../packets/byte-source.ts';
import { scanCapture } from '../packets/capture.ts';
import { type CaptureIndex, PacketIndex } from '../packets/capture-index.ts';
import { CaptureError } from '../packets/types.ts';
import { CaptureAnalysis } from './analysis.ts';
import { mergeCaptures, mergedSource } from './merge.ts';
import { planReplay, type ReplayPlan } from './plan.ts';

/** A capture that has been read once. */
export interface PreparedCapture {
  readonly source: ByteSource;
  readonly index: PacketIndex;
  /** Oddities of the file that did not prevent reading. */
  readonly warnings: readonly string[];
  readonly analysis: CaptureAnalysis;
}

/** The same for several captures, merged by time. */
export function* prepareCaptures(sources: readonly ByteSource[]): Generator<number, PreparedCapture> {
  const [only] = sources;
  if (only && sources.length === 1) {
    return yield* prepareCapture(only);
  }
  const whole = mergedSource(sources);
  const analysis = new CaptureAnalysis(whole.size);
  const index = yield* mergeCaptures(sources, analysis);
  return prepared(whole, index, analysis);
}

/**
 * Reads a capture; yields now and then how many bytes are done. Throws `CaptureError` if there is nothing in it to be
 * played.
 */
export function* prepareCapture(source: ByteSource): Generator<number, PreparedCapture> {
  const analysis = new CaptureAnalysis(source.size);
  const index = yield* scanCapture(source, (i, data, growing) => analysis.add(growing, i, data));
  return prepared(source, index, analysis);
}

function prepared(source: ByteSource, index: CaptureIndex, analysis: CaptureAnalysis): PreparedCapture {
  if (index.count === 0) {
    throw new CaptureError('nothing to replay: the capture has no packets');
  }
  return { source, index: new PacketIndex(index), warnings: index.warnings, analysis };
}

/** Plans the replay of a prepared capture; see `planReplay`. */
export function planOf(capture: PreparedCapture, guest?: string): ReplayPlan {
  return planReplay(capture, guest);
}

/** Runs a generator to its end at once. */
export function finish<T>(generator: Generator<unknown, T>): T {
  for (;;) {
    const step = generator.next();
    if (step.done) {
      return step.value;
    }
  }
}
