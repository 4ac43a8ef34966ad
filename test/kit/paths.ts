/** Where things of the repository are. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/** The built programs. */
export const PKTGDB = join(ROOT, 'dist/pktgdb.js');

/** A capture of test/traces. */
export const capture = (name: string): string => join(ROOT, 'test/traces', name);
