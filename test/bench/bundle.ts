/** The benchmarks of the user network, bundled. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundle } from '../tools/bundle.ts';
import type * as SlirpBench from './slirp.ts';

export async function loadSlirpBench(): Promise<typeof SlirpBench> {
  const files = ['slirp.ts', 'slirp-worker.ts'].map((f) => join(import.meta.dirname, f));
  const [main = ''] = await bundle(files, 'bench');
  return (await import(pathToFileURL(main).href)) as typeof SlirpBench;
}
