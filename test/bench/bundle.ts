/** Bundles the benchmarks of the user network as the programs are bundled, so that no loader is part of what is measured. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type * as SlirpBench from './slirp.ts';

const here = import.meta.dirname;
const outdir = join(here, '../../.cache/bench');

/** The bundled slirp.ts. */
export async function loadSlirpBench(): Promise<typeof SlirpBench> {
  await build({
    entryPoints: ['slirp.ts', 'slirp-worker.ts'].map((f) => join(here, f)),
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    logLevel: 'warning',
  });
  return (await import(pathToFileURL(join(outdir, 'slirp.mjs')).href)) as typeof SlirpBench;
}
