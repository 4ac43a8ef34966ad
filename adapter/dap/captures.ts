/** Breakpoints on packets: line N of a capture stands for its packet N. */
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Arguments } from './arguments.ts';

/** The path of the capture that `source` is; undefined for other sources. */
export function capturePath(source: Arguments): string | undefined {
  const path = source.optionalString('path');
  return path !== undefined && /\.(?:pcap|pcapng|cap)(?:\.(?:gz|zst))?$/i.test(path) ? path : undefined;
}

/** True if both paths are the same file. */
export function sameFile(a: string, b: string): boolean {
  return canonical(a) === canonical(b);
}

function canonical(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return resolve(path);
  }
}
