/**
 * The whole path, instrumented against release: packets a second of each build, runs taken in turn. Ratios are of
 * processor time: what else the machine does changes them less than the rates.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { AllocationSite } from './heap.ts';
import { benchRounds } from './rounds.ts';

interface PathRun {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly frames: number;
  readonly sites: readonly AllocationSite[];
}

const run = promisify(execFile);

/** What is armed in a run: pairs of a probe and the function that decides there. */
export type Deciders = readonly (readonly [probe: number, source: string])[];

/** One run of the path in a process of its own. */
export async function pathRun(
  build: 'debug' | 'release',
  megabytes: number,
  { heap = '', deciders = [] }: { readonly heap?: string; readonly deciders?: Deciders } = {},
): Promise<PathRun> {
  const child = join(import.meta.dirname, 'path-child.ts');
  const env = { ...process.env, PKTGDB_DECIDERS: JSON.stringify(deciders) };
  const { stdout } = await run(process.execPath, ['--import', 'tsx', child, build, String(megabytes), heap], { env });
  return JSON.parse(stdout) as PathRun;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

/** Medians over `rounds` runs of each build. */
export async function measurePath(megabytes = 200, rounds = benchRounds()): Promise<object> {
  const runs: Record<'debug' | 'release', PathRun[]> = { debug: [], release: [] };
  for (let i = 0; i < rounds; i++) {
    for (const build of ['release', 'debug'] as const) {
      runs[build].push(await pathRun(build, megabytes));
    }
  }
  const rate = (of: readonly PathRun[]): number => median(of.map((r) => r.frames / r.seconds));
  const cost = (of: readonly PathRun[]): number => median(of.map((r) => r.cpuSeconds / r.frames));
  return {
    release_pkts_per_s: Math.round(rate(runs.release)),
    instrumented_pkts_per_s: Math.round(rate(runs.debug)),
    release_cpu_ns: Math.round(cost(runs.release) * 1e9),
    instrumented_cpu_ns: Math.round(cost(runs.debug) * 1e9),
    ratio: Number((cost(runs.debug) / cost(runs.release)).toFixed(2)),
  };
}

/**
 * The instrumented path with each of some sets of breakpoints over that with none, runs taken in turn; the quickest of
 * each counts.
 */
export async function measureArmed(
  sets: Readonly<Record<string, Deciders>>,
  megabytes = 100,
  rounds = 5,
): Promise<Record<string, number>> {
  const all: Readonly<Record<string, Deciders>> = { '': [], ...sets };
  const best: Record<string, number> = {};
  for (let i = 0; i < rounds; i++) {
    for (const [name, deciders] of Object.entries(all)) {
      const { frames, cpuSeconds } = await pathRun('debug', megabytes, { deciders });
      best[name] = Math.min(best[name] ?? Number.POSITIVE_INFINITY, cpuSeconds / frames);
    }
  }
  const unarmed = best[''] ?? 0;
  return Object.fromEntries(Object.keys(sets).map((name) => [name, Number(((best[name] ?? 0) / unarmed).toFixed(2))]));
}

/** Places in a heap profile that are shown. */
const TOP = 15;

/** Where the release build allocates on the path, in bytes a frame; starting up is in it. */
export async function measurePathHeap(megabytes = 100): Promise<object> {
  const { sites, frames } = await pathRun('release', megabytes, { heap: 'heap' });
  const perFrame = (bytes: number): number => Number((bytes / frames).toFixed(1));
  const total = sites.reduce((n, s) => n + s.bytes, 0);
  return {
    total: perFrame(total),
    ...Object.fromEntries(sites.slice(0, TOP).map((s) => [s.where, perFrame(s.bytes)])),
  };
}
