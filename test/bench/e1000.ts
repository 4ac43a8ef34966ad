/** The NIC alone: frames a second through its rings, release and instrumented, and what a packet allocates. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Image } from '../../adapter/engine/image.ts';
import type { E1000Run } from './e1000-child.ts';
import type { AllocationSite } from './heap.ts';

const run = promisify(execFile);

/** All runs of one build. */
async function runs(build: 'release' | 'debug', frames: number): Promise<E1000Run[]> {
  const env = { ...process.env, PKTGDB_PROBES: String(Image.load().info.probes.length) };
  const child = join(import.meta.dirname, 'e1000-child.ts');
  const { stdout } = await run(process.execPath, ['--import', 'tsx', child, build, String(frames)], { env });
  return JSON.parse(stdout) as E1000Run[];
}

/** Frames a second and bytes allocated a frame, by direction and size. */
export async function measureE1000(frames = 300_000): Promise<object> {
  const result: { [key: string]: object } = {};
  for (const build of ['release', 'debug'] as const) {
    for (const r of await runs(build, frames)) {
      result[`${build === 'debug' ? 'instrumented' : build}_${r.name}`] = {
        frames_per_s: Math.round(r.frames / r.seconds),
        alloc_bytes_per_frame: bytesPerFrame(r, r.sites),
      };
    }
  }
  return result;
}

/** Places in a heap profile that are shown. */
const TOP = 5;

/** Where the release build allocates, in bytes a frame. */
export async function measureE1000Heap(frames = 300_000): Promise<object> {
  const result: { [key: string]: object } = {};
  for (const r of await runs('release', frames)) {
    const top = r.sites.slice(0, TOP).map((s) => [s.where, bytesPerFrame(r, [s])]);
    result[r.name] = { total: bytesPerFrame(r, r.sites), ...Object.fromEntries(top) };
  }
  return result;
}

function bytesPerFrame(r: E1000Run, sites: readonly AllocationSite[]): number {
  return Number((sites.reduce((n, s) => n + s.bytes, 0) / r.frames).toFixed(2));
}
