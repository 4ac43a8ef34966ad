/** Several captures as one: their bytes one behind the other, their packets merged by time. */
import type { ByteSource } from '../packets/byte-source.ts';
import { scanCapture } from '../packets/capture.ts';
import { CaptureIndex } from '../packets/capture-index.ts';
import { CaptureError } from '../packets/types.ts';
import type { CaptureAnalysis } from './analysis.ts';

/** Sources whose bytes follow each other; what is read lies within one of them. */
export class MergedSource implements ByteSource {
  readonly size: number;
  readonly #parts: readonly { readonly source: ByteSource; readonly start: number }[];

  constructor(sources: readonly ByteSource[]) {
    let start = 0;
    this.#parts = sources.map((source) => {
      const part = { source, start };
      start += source.size;
      return part;
    });
    this.size = start;
  }

  read(at: number, length: number): Uint8Array {
    const { source, start } = this.#partAt(at);
    return source.read(at - start, length);
  }

  glance(at: number, length: number): Uint8Array {
    const { source, start } = this.#partAt(at);
    return source.glance(at - start, length);
  }

  #partAt(at: number): { readonly source: ByteSource; readonly start: number } {
    const part = this.#parts.findLast((p) => p.start <= at);
    if (!part) {
      throw new CaptureError('there is no capture');
    }
    return part;
  }
}

/** One source for all; it is the only one itself if there is one. */
export function mergedSource(sources: readonly ByteSource[]): ByteSource {
  const [only] = sources;
  return only && sources.length === 1 ? only : new MergedSource(sources);
}

/** Packets between which others have their turn. */
const SLICE = 4096;

/**
 * Reads captures into one index, in the order of their packets' times; of equal times the earlier capture comes first.
 * Each is taken to be in order itself. Yields now and then how many bytes are done.
 */
export function* mergeCaptures(
  sources: readonly ByteSource[],
  analysis: CaptureAnalysis,
): Generator<number, CaptureIndex> {
  const whole = mergedSource(sources);
  const merged = new CaptureIndex(whole.size);
  const parts: { index: CaptureIndex; start: number; next: number; firstInterface: number }[] = [];
  let start = 0;
  for (const source of sources) {
    const scan = scanCapture(source);
    for (let step = scan.next(); ; step = scan.next()) {
      if (step.done) {
        parts.push({ index: step.value, start, next: 0, firstInterface: merged.interfaces.length });
        break;
      }
      yield start + step.value;
    }
    const last = parts.at(-1)?.index;
    merged.interfaces.push(...(last?.interfaces ?? []));
    merged.warnings.push(...(last?.warnings ?? []).map((w) => `capture ${parts.length} of ${sources.length}: ${w}`));
    merged.truncated ||= last?.truncated ?? false;
    start += source.size;
  }
  for (let i = 0; ; i++) {
    const part = earliest(parts);
    if (!part) {
      return merged;
    }
    const { offset, caplen, len, sec, nsec, iface, direction } = part.index.columns;
    const k = part.next++;
    const at = part.start + (offset[k] ?? 0);
    const captured = caplen[k] ?? 0;
    merged.add(
      at,
      captured,
      len[k] ?? 0,
      sec[k] ?? 0,
      nsec[k] ?? 0,
      part.firstInterface + (iface[k] ?? 0),
      direction[k] ?? 0,
    );
    analysis.add(merged, i, whole.read(at, captured));
    if (i % SLICE === SLICE - 1) {
      yield whole.size;
    }
  }
}

/** The part whose next packet is the earliest; undefined when all have been taken. */
function earliest<P extends { readonly index: CaptureIndex; readonly next: number }>(
  parts: readonly P[],
): P | undefined {
  let best: P | undefined;
  for (const p of parts) {
    if (p.next < p.index.count && (!best || isBefore(p, best))) {
      best = p;
    }
  }
  return best;
}

function isBefore<P extends { readonly index: CaptureIndex; readonly next: number }>(a: P, b: P): boolean {
  const [x, y] = [a.index.columns, b.index.columns];
  const seconds = (x.sec[a.next] ?? 0) - (y.sec[b.next] ?? 0);
  return seconds < 0 || (seconds === 0 && (x.nsec[a.next] ?? 0) < (y.nsec[b.next] ?? 0));
}
