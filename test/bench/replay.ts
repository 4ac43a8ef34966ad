/**
 * The replay of a capture held against the whole path, on both builds, runs taken in turn: packets for a second of
 * processor time (other programs do not count, V8's other threads do), and the most memory a replay took. The capture
 * is made here: PKTGDB_PACKETS packets of ordinary hosts. tshark's times on the same file stand beside them where there
 * is one.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tempFolder } from '../kit/temp.ts';
import { pathRun } from './path.ts';
import { writeCapture } from './replay-capture.ts';

/** Bytes of the path's run, in megabytes. */
const PATH_MEGABYTES = 400;
const ROUNDS = 3;
const BUILDS = ['release', 'debug'] as const;

interface ReplayRun {
  readonly error: string;
  readonly packets: number;
  readonly played: number;
  readonly cpuSeconds: number;
  readonly peakMb: number;
}

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

/** Seconds of the clock that tshark takes with `args`, or undefined without it. */
async function tsharkSeconds(args: readonly string[]): Promise<number | undefined> {
  const start = performance.now();
  try {
    await run('tshark', args, { maxBuffer: 1 << 30 });
    return Number(((performance.now() - start) / 1000).toFixed(1));
  } catch {
    return undefined;
  }
}

/** The best of each, over `ROUNDS` rounds. */
export async function measureReplay(packets = Number(process.env['PKTGDB_PACKETS'] ?? 1e6)): Promise<object> {
  const file = join(tempFolder(), 'replay.pcap');
  const capture = writeCapture(file, packets);
  const path: Record<string, number> = {};
  const replay: Record<string, number> = {};
  let peakMb = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (const build of BUILDS) {
      const p = await pathRun(build, PATH_MEGABYTES);
      path[build] = Math.max(path[build] ?? 0, p.frames / p.cpuSeconds);
      const r = await replayRun(build, file);
      replay[build] = Math.max(replay[build] ?? 0, r.packets / r.cpuSeconds);
      peakMb = Math.max(peakMb, build === 'release' ? r.peakMb : 0);
    }
  }
  const figures = (build: (typeof BUILDS)[number]): object => ({
    path_pkts_per_cpu_s: Math.round(path[build] ?? 0),
    replay_pkts_per_cpu_s: Math.round(replay[build] ?? 0),
    ratio: Number(((replay[build] ?? 0) / (path[build] ?? 1)).toFixed(2)),
  });
  return {
    ...capture,
    release: figures('release'),
    instrumented: figures('debug'),
    peak_mb: Math.round(peakMb),
    tshark_counting_s: await tsharkSeconds(['-r', file, '-q', '-z', 'io,stat,0']),
    tshark_dissecting_s: await tsharkSeconds(['-r', file, '-Y', 'tcp.analysis.flags']),
  };
}
