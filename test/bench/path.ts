/** The whole path, instrumented against release: packets a second of each build, runs taken in turn. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Image } from '../../adapter/engine/image.ts';
import type { AllocationSite } from './heap.ts';

interface PathRun {
  readonly seconds: number;
  readonly frames: number;
  readonly sites: readonly AllocationSite[];
}

const run = promisify(execFile);

async function once(build: 'debug' | 'release', megabytes: number, probes: number, heap = ''): Promise<PathRun> {
  const child = join(import.meta.dirname, 'path-child.ts');
  const env = { ...process.env, PKTGDB_PROBES: String(probes) };
  const { stdout } = await run(process.execPath, ['--import', 'tsx', child, build, String(megabytes), heap], { env });
  return JSON.parse(stdout) as PathRun;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

/** Medians over `rounds` runs of each build. */
export async function measurePath(megabytes = 100, rounds = 5): Promise<object> {
  const probes = Image.load().info.probes.length;
  const rates: Record<'debug' | 'release', number[]> = { debug: [], release: [] };
  for (let i = 0; i < rounds; i++) {
    for (const build of ['release', 'debug'] as const) {
      const { frames, seconds } = await once(build, megabytes, probes);
      rates[build].push(frames / seconds);
    }
  }
  const release = median(rates.release);
  const instrumented = median(rates.debug);
  return {
    release_pkts_per_s: Math.round(release),
    instrumented_pkts_per_s: Math.round(instrumented),
    ratio: Number((release / instrumented).toFixed(2)),
  };
}

/** Places in a heap profile that are shown. */
const TOP = 15;

/** Where the release build allocates on the path, in bytes a frame; starting up is in it. */
export async function measurePathHeap(megabytes = 100): Promise<object> {
  const { sites, frames } = await once('release', megabytes, Image.load().info.probes.length, 'heap');
  const perFrame = (bytes: number): number => Number((bytes / frames).toFixed(1));
  const total = sites.reduce((n, s) => n + s.bytes, 0);
  return {
    total: perFrame(total),
    ...Object.fromEntries(sites.slice(0, TOP).map((s) => [s.where, perFrame(s.bytes)])),
  };
}
