/**
 * `npm run bench:compare -- REV [BENCH]...`: what is here against revision REV, which is built in a temporary folder.
 * Runs of both are taken in turn, so that what else the machine does falls on both alike. One JSON line a figure; the
 * end is 1 if one has become worse. A BENCH is what `npm run bench` takes, with its options behind colons, as
 * `icmp:100000`.
 */
import { execFile, spawnSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { removeAtSignals, sweepTemporaryFolders, temporaryFolder } from '../../adapter/temporary.ts';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);

/** Pairs of runs, the first of which warms files and caches and does not count. */
const PAIRS = 5;

/** What is compared if nothing else is asked for: some minutes. */
const USUAL = [
  'icmp:300000',
  'arp:500000',
  'dhcp:100000',
  'udp-echo:20000',
  'tcp-up:100',
  'tcp-down:100',
  'path',
  'launch',
  'stops',
  'memory',
];

/** Figures by the ends of their names: of these more is better, of those less. */
const MORE = /_per_s$/;
const LESS = /(^|_)(ms|us|ns|mb|ratio)$|_ms_p50$|cpu_ns_per_(pkt|op)$/;

/** Where processor time is told, rates by the clock say the same less exactly. */
const EXACT = /^cpu_/;

/** By how much the median has to be worse, and in how many pairs of the five it has to be, to count. */
const WORSE = 1.1;
const WORSE_PAIRS = 4;

type Figures = Readonly<Record<string, unknown>>;

/** One run of a benchmark in a checkout; null if that does not know it. */
async function figures(checkout: string, bench: string): Promise<Figures | null> {
  const args = ['--import', 'tsx', 'test/bench/main.ts', ...bench.split(':')];
  const env = { ...process.env, PKTGDB_BENCH_ROUNDS: '1' };
  try {
    return JSON.parse((await run(process.execPath, args, { cwd: checkout, env })).stdout) as Figures;
  } catch (e) {
    if (/unknown benchmark/.test((e as { stderr?: string }).stderr ?? '')) {
      return null;
    }
    throw e;
  }
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
const round = (v: number): number => Number(v.toPrecision(4));

/** The names of figures that are compared, those of processor time alone where there are some. */
function compared(of: Figures): string[] {
  const names = Object.keys(of).filter((name) => typeof of[name] === 'number' && (MORE.test(name) || LESS.test(name)));
  const exact = names.filter((name) => EXACT.test(name));
  return exact.length > 0 ? exact : names;
}

/** Compares one figure; `pairs` holds how many times as good it is here, pair by pair. */
function verdict(pairs: readonly number[]): object {
  const worse = 1 / median(pairs) > WORSE && pairs.filter((p) => p < 1).length >= WORSE_PAIRS;
  return {
    times_as_good: round(median(pairs)),
    spread: [round(Math.min(...pairs)), round(Math.max(...pairs))],
    ...(worse ? { worse: true } : {}),
  };
}

/** Prints the figures of a benchmark; true if none is worse. */
async function compare(other: string, bench: string): Promise<boolean> {
  const runs: [here: Figures, there: Figures][] = [];
  for (let i = 0; i <= PAIRS; i++) {
    const there = await figures(other, bench);
    const here = await figures(root, bench);
    if (!here || !there) {
      process.stdout.write(`${JSON.stringify({ bench, skipped: here ? 'unknown there' : 'unknown here' })}\n`);
      return Boolean(here);
    }
    runs.push([here, there]);
  }
  let good = true;
  for (const name of compared(runs[0]![1])) {
    const values = runs.slice(1).map(([here, there]) => [Number(here[name]), Number(there[name])] as const);
    const pairs = values.map(([here, there]) => (MORE.test(name) ? here / there : there / here));
    const said = verdict(pairs);
    const medians = { here: round(median(values.map(([h]) => h))), there: round(median(values.map(([, t]) => t))) };
    process.stdout.write(`${JSON.stringify({ bench, figure: name, ...medians, ...said })}\n`);
    good &&= !('worse' in said);
  }
  return good;
}

/** Runs a program that has to succeed. */
function must(command: string, args: readonly string[], cwd: string): void {
  const { status, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) {
    throw new RangeError(error?.message ?? stderr.trim());
  }
}

async function main([rev, ...benches]: readonly string[]): Promise<void> {
  if (!rev) {
    throw new RangeError('Which revision? npm run bench:compare -- REV [BENCH]...');
  }
  sweepTemporaryFolders();
  removeAtSignals();
  const folder = temporaryFolder();
  const other = join(folder.path, 'other');
  try {
    must('git', ['worktree', 'add', '--detach', other, rev], root);
    symlinkSync(join(root, 'node_modules'), join(other, 'node_modules'), 'dir');
    must(process.execPath, ['scripts/build.mjs'], other);
    for (const bench of benches.length > 0 ? benches : USUAL) {
      if (!(await compare(other, bench))) {
        process.exitCode = 1;
      }
    }
  } finally {
    folder.remove();
    spawnSync('git', ['worktree', 'prune'], { cwd: root });
  }
}

main(process.argv.slice(2)).catch((e: unknown) => {
  process.stderr.write(`${e instanceof RangeError ? e.message : e instanceof Error ? e.stack : String(e)}\n`);
  process.exitCode = 2;
});
