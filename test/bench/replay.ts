/**
 * The replay of a capture held against the whole path, on both builds, runs taken in turn: packets for a second of
 * processor time (other programs do not count, V8's other threads do), and the most memory that `pktgdb-replay` took.
 * The capture is made here: PKTGDB_PACKETS packets of ordinary hosts. tshark's times stand beside them where there is
 * one: to count the packets of the same file, and to print a line for each of the first ones.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { tempFolder } from '../kit/temp.ts';
import { pathRun } from './path.ts';
import { writeCapture } from './replay-capture.ts';

const PACKETS = 1e6;
/** Bytes of the path's run, in megabytes. */
const PATH_MEGABYTES = 400;
const ROUNDS = 2;
/** Packets that tshark prints. */
const PRINTED = 100_000;
const BUILDS = ['release', 'debug'] as const;

interface ReplayRun {
  readonly error: string;
  readonly packets: number;
  readonly played: number;
  readonly cpuSeconds: number;
}

const DIST = join(import.meta.dirname, '../../dist');

const run = promisify(execFile);

async function replayRun(build: string, file: string): Promise<ReplayRun> {
  const child = join(import.meta.dirname, 'replay-child.ts');
  const { stdout } = await run(process.execPath, ['--import', 'tsx', child, build, file]);
  const result = JSON.parse(stdout) as ReplayRun;
  if (result.error !== '' || result.played !== result.packets) {
    throw new Error(`the replay failed: ${stdout}`);
  }
  return result;
}

/** The most memory that the program itself takes for a file, in megabytes. */
async function programPeak(file: string): Promise<number> {
  const program = pathToFileURL(join(DIST, 'pktgdb-replay.js')).href;
  const line =
    "process.on('exit', () => process.stderr.write(String(process.resourceUsage().maxRSS)));" +
    `await import(${JSON.stringify(program)});`;
  const { stderr } = await run(process.execPath, ['--input-type=module', '-e', line, 'pktgdb-replay', file]);
  return Number(stderr) / 1000;
}

/** Seconds of the clock that tshark takes with `args`, or undefined without it. Its output goes nowhere. */
async function tsharkSeconds(args: readonly string[]): Promise<number | undefined> {
  const start = performance.now();
  const child = spawn('tshark', args, { stdio: 'ignore' });
  const [code] = await once(child, 'close').catch(() => [-1]);
  return code === 0 ? Number(((performance.now() - start) / 1000).toFixed(1)) : undefined;
}

/** The best of each, over `ROUNDS` rounds. */
export async function measureReplay(packets = Number(process.env['PKTGDB_PACKETS'] ?? PACKETS)): Promise<object> {
  const file = join(tempFolder(), 'replay.pcap');
  const capture = writeCapture(file, packets);
  const path: Record<string, number> = {};
  const replay: Record<string, number> = {};
  for (let round = 0; round < ROUNDS; round++) {
    for (const build of BUILDS) {
      const p = await pathRun(build, PATH_MEGABYTES);
      path[build] = Math.max(path[build] ?? 0, p.frames / p.cpuSeconds);
      const r = await replayRun(build, file);
      replay[build] = Math.max(replay[build] ?? 0, r.packets / r.cpuSeconds);
    }
  }
  const figures = (build: (typeof BUILDS)[number]): object => ({
    path_pkts_per_cpu_s: Math.round(path[build] ?? 0),
    replay_pkts_per_cpu_s: Math.round(replay[build] ?? 0),
    ratio: Number(((replay[build] ?? 0) / (path[build] ?? 1)).toFixed(2)),
  });
  const counting = await tsharkSeconds(['-r', file, '-q', '-z', 'io,stat,0']);
  const printed = Math.min(PRINTED, capture.packets);
  return {
    ...capture,
    release: figures('release'),
    instrumented: figures('debug'),
    peak_mb: Math.round(await programPeak(file)),
    tshark_counting_s: counting,
    tshark_printed_packets: printed,
    tshark_printing_s: await tsharkSeconds(['-r', file, '-c', String(printed)]),
  };
}
