/**
 * Breakpoints in a packet listing: line N stands for packet N of the capture.
 * A client names the listing by the path of the capture itself, or by a URI of the scheme `pktgdb-capture`.
 * The path of that URI is the capture's with `.packets` after it.
 */
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Arguments } from './arguments.ts';

const LISTING = /^pktgdb-capture:/;

/** The path of the capture whose listing (or which itself) `source` is; undefined for other sources. */
export function capturePath(source: Arguments): string | undefined {
  const path = source.optionalString('path');
  if (path === undefined) {
    return undefined;
  }
  if (LISTING.test(path)) {
    return pathOfListing(path);
  }
  return /\.(?:pcap|pcapng|cap)(?:\.(?:gz|zst))?$/i.test(path) ? path : undefined;
}

function pathOfListing(uri: string): string | undefined {
  try {
    return fileURLToPath(uri.replace(LISTING, 'file:')).replace(/\.packets$/, '');
  } catch {
    return undefined;
  }
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
