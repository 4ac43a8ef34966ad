/** Bundles TypeScript for threads and measurements, as the programs are bundled: no loader takes part. */
import { basename, join } from 'node:path';
import { build } from 'esbuild';

const cache = join(import.meta.dirname, '../../.cache');

/** Bundles each file into `.cache/FOLDER/NAME.mjs`; returns the paths. */
export async function bundle(files: readonly string[], folder: string): Promise<string[]> {
  const outdir = join(cache, folder);
  await build({
    entryPoints: [...files],
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    logLevel: 'warning',
  });
  return files.map((f) => join(outdir, basename(f).replace(/\.ts$/, '.mjs')));
}
