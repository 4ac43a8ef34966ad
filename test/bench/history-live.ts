/**
 * What history costs a live session that downloads over a socket, main thread and machine apart: with a recording and
 * checkpoints, with a recording alone, and with neither; sessions taken in turn.
 */
import { LongSession } from './travel.ts';

const KINDS = { none: [0, 250], recorded: [2 ** 31, 1e9], history: [2 ** 31, 250] } as const;
type Kind = keyof typeof KINDS;

interface LiveRun {
  readonly machine: number;
  readonly all: number;
  readonly seconds: number;
  readonly checkpoints: number;
}

async function once(megabytes: number, kind: Kind): Promise<LiveRun> {
  const [historySize, checkpointMs] = KINDS[kind];
  const s = await LongSession.create(megabytes * 1e6, { historySize }, checkpointMs);
  const { threadSeconds: machine, processSeconds: all, seconds } = s;
  const checkpoints = s.engine.checkpoints.all.length;
  await s.engine.dispose();
  return { machine, all, seconds, checkpoints };
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
const rounded = (v: number): number => Number(v.toFixed(3));

/** Seconds of processor time, medians over `rounds` sessions of each kind, and their ratios to none. */
export async function measureHistoryLive(megabytes = 200, rounds = 5): Promise<object> {
  const runs: Record<Kind, LiveRun[]> = { none: [], recorded: [], history: [] };
  for (let i = 0; i <= rounds; i++) {
    for (const kind of Object.keys(KINDS) as Kind[]) {
      const run = await once(megabytes, kind);
      // The first round warms up.
      runs[kind].push(...(i > 0 ? [run] : []));
    }
  }
  const of = (kind: Kind, value: (run: LiveRun) => number): number => median(runs[kind].map(value));
  const machine = (kind: Kind): number => of(kind, (r) => r.machine);
  const other = (kind: Kind): number => of(kind, (r) => r.all - r.machine);
  return {
    megabytes,
    machine_s: rounded(machine('none')),
    recording_ratio: rounded(machine('recorded') / machine('none')),
    history_ratio: rounded(machine('history') / machine('none')),
    other_threads_s: rounded(other('none')),
    recording_ratio_other: rounded(other('recorded') / other('none')),
    history_ratio_other: rounded(other('history') / other('none')),
    wall_ratio: rounded(of('history', (r) => r.seconds) / of('none', (r) => r.seconds)),
    checkpoints: of('history', (r) => r.checkpoints),
  };
}
