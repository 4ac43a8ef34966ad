/** What a launch runs: the machine's options, and what it gets of a capture. */
import { randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostNameservers } from '../host/addresses.ts';
import { readCapture } from '../packets/capture.ts';
import { replayArgs, TRACE_NAMESERVERS } from '../replay/args.ts';
import { readTrace, type Trace } from '../replay/trace.ts';
import { EngineError, type LaunchOptions } from './api.ts';
import type { Image } from './image.ts';
import type { InferiorOptions } from './inferior.ts';

/** Default bound of a recording in bytes. */
export const DEFAULT_RECORD_LIMIT = 64 << 20;

/** Options for tests and benchmarks that users have no need of. */
export interface EngineInternals {
  /** Keep a hash over all frames, for comparing executions. */
  readonly hashFrames?: boolean;
  /** Seed of the machine's random numbers (default: random). */
  readonly seed?: number;
}

/** The options of a run. Throws `EngineError` when the capture cannot be replayed. */
export async function inferiorOptions(
  image: Image,
  options: LaunchOptions,
  internals: EngineInternals,
): Promise<InferiorOptions> {
  const trace = options.trace === undefined ? undefined : await loadTrace(options.trace);
  const args = trace ? replayArgs(trace.trace, options.args) : options.args;
  return {
    header: {
      buildId: image.info.buildId,
      argv: ['pktgdb', ...args],
      seed: internals.seed ?? (trace ? 1 : randomInt(1, 0xffffffff)),
      nameservers: trace ? TRACE_NAMESERVERS : hostNameservers(),
    },
    trace: trace?.bytes,
    recordLimit: options.recordLimit ?? DEFAULT_RECORD_LIMIT,
    stopOnEntry: options.stopOnEntry ?? false,
    hashFrames: internals.hashFrames ?? false,
    release: false,
  };
}

/** Reads a capture to replay. Throws `EngineError` when it is none, or none of a guest's frames. */
async function loadTrace(path: string): Promise<{ bytes: Uint8Array; trace: Trace }> {
  try {
    const bytes = new Uint8Array(await readFile(path));
    return { bytes, trace: readTrace(readCapture(bytes)) };
  } catch (e) {
    throw new EngineError(`${path}: ${e instanceof Error ? e.message : String(e)}`);
  }
}
