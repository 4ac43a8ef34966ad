/** What history costs: the whole path with a recording and checkpoints against none, runs taken in turn. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

interface HistoryRun {
  readonly seconds: number;
  /** Of processor time: the machine's thread, and all. */
  readonly threadSeconds: number;
  readonly cpuSeconds: number;
  readonly frames: number;
  readonly takeMs: readonly number[];
  /** What each checkpoint added to the memory of those that were there. */
  readonly ownMb: readonly number[];
  /** The last one without its pages, and all of them together. */
  readonly treeMb: number;
  readonly allMb: number;
  readonly restarts: readonly { readonly init: number; readonly restore: number; readonly turn: number }[];
}

const KINDS = ['none', 'recorded', 'history'] as const;
const run = promisify(execFile);

async function once(build: string, megabytes: number, kind: (typeof KINDS)[number]): Promise<HistoryRun> {
  const child = join(import.meta.dirname, 'history-child.ts');
  const args = ['--import', 'tsx', child, build, String(megabytes), kind];
  const { stdout } = await run(process.execPath, args);
  return JSON.parse(stdout) as HistoryRun;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
const rounded = (v: number): number => Number(v.toFixed(2));

/**
 * Ratios of processor time, and of packets a second in wall-clock time, medians over `rounds` runs of each kind.
 * Times are milliseconds of processor time.
 */
export async function measureHistory(build = 'debug', megabytes = 200, rounds = 5): Promise<object> {
  const runs: Record<(typeof KINDS)[number], HistoryRun[]> = { none: [], recorded: [], history: [] };
  for (let i = 0; i < rounds; i++) {
    for (const kind of KINDS) {
      runs[kind].push(await once(build, megabytes, kind));
    }
  }
  const cost = (of: readonly HistoryRun[]): number => median(of.map((r) => r.threadSeconds / r.frames));
  const allThreads = (of: readonly HistoryRun[]): number => median(of.map((r) => r.cpuSeconds / r.frames));
  const rate = (of: readonly HistoryRun[]): number => median(of.map((r) => r.frames / r.seconds));
  const { history } = runs;
  const restarts = history.flatMap((r) => r.restarts);
  return {
    build,
    pkts_per_s: Math.round(rate(runs.none)),
    history_ratio: rounded(cost(history) / cost(runs.none)),
    recording_ratio: rounded(cost(runs.recorded) / cost(runs.none)),
    history_ratio_all_threads: rounded(allThreads(history) / allThreads(runs.none)),
    wall_ratio: rounded(rate(runs.none) / rate(history)),
    checkpoints: median(history.map((r) => r.takeMs.length)),
    take_ms: rounded(median(history.flatMap((r) => r.takeMs.slice(1)))),
    first_take_ms: rounded(median(history.map((r) => r.takeMs[0] ?? 0))),
    checkpoint_mb: rounded(median(history.flatMap((r) => r.ownMb.slice(1)))),
    first_checkpoint_mb: rounded(median(history.map((r) => r.ownMb[0] ?? 0))),
    tree_mb: rounded(median(history.map((r) => r.treeMb))),
    all_mb: rounded(median(history.map((r) => r.allMb))),
    restart_init_ms: rounded(median(restarts.map((r) => r.init))),
    restore_ms: rounded(median(restarts.map((r) => r.restore))),
    restart_first_turn_ms: rounded(median(restarts.map((r) => r.turn))),
  };
}
