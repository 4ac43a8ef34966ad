/**
 * `pktgdb-replay`: replays captures without a debugger, many at a time, and prints one line of JSON a file.
 *
 *     pktgdb-replay FILE... [--guest=ADDR] [--streams=DIR] [--limit-ms=N]
 *
 * Lines come in the order of the files. It exits with 0 whatever is in them, and with 2 if it was not understood.
 */
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import type { ReplayResult, ReplayTask } from './inferior/replay-task.ts';
import { sweepTemporaryFolders } from './temporary.ts';

const DIST = dirname(fileURLToPath(import.meta.url));
const DEFAULT_LIMIT_MS = 600_000;
/** A thread that has not ended so long after its limit is ended. */
const GRACE_MS = 5000;
const USAGE = 'usage: pktgdb-replay FILE... [--guest=ADDR] [--streams=DIR] [--limit-ms=N]';

interface Options {
  readonly files: string[];
  guest?: string;
  streams?: string;
  limitMs: number;
}

/** Throws with what is wrong. */
function parseOptions(argv: readonly string[]): Options {
  const options: Options = { files: [], limitMs: DEFAULT_LIMIT_MS };
  for (const word of argv) {
    const m = /^--([a-z-]+)=(.*)$/s.exec(word);
    if (!m) {
      if (word.startsWith('--')) {
        throw new Error(`${word}: no such option; ${USAGE}`);
      }
      options.files.push(word);
    } else if (m[1] === 'guest' && m[2]) {
      options.guest = m[2];
    } else if (m[1] === 'streams' && m[2]) {
      options.streams = m[2];
    } else if (m[1] === 'limit-ms' && /^[1-9]\d*$/.test(m[2] ?? '')) {
      options.limitMs = Number(m[2]);
    } else {
      throw new Error(`${word}: not understood; ${USAGE}`);
    }
  }
  if (options.files.length === 0) {
    throw new Error(`no file; ${USAGE}`);
  }
  return options;
}

/** Folders for the streams of several files: by their names, with a number where two are the same. */
function streamFolders(options: Options): (string | undefined)[] {
  const { streams, files } = options;
  if (streams === undefined || files.length === 1) {
    return files.map(() => streams);
  }
  const taken = new Map<string, number>();
  return files.map((file) => {
    const name = basename(file);
    const n = (taken.get(name) ?? 0) + 1;
    taken.set(name, n);
    return join(streams, n === 1 ? name : `${name}.${n}`);
  });
}

/** Takes results as they come, by number from 0, and gives them on in the order of the numbers. */
function inOrder<T>(count: number, give: (result: T) => void): (i: number, result: T) => void {
  const waiting = new Map<number, T>();
  let next = 0;
  return (i, result) => {
    waiting.set(i, result);
    for (let first = waiting.get(next); first !== undefined && next < count; first = waiting.get(next)) {
      waiting.delete(next++);
      give(first);
    }
  };
}

function failed(file: string, error: string): ReplayResult {
  return {
    file,
    error,
    guest: '',
    packets: 0,
    played: 0,
    not_played: {},
    connections: { total: 0, complete: 0, partial: 0, not_played: {} },
    bytes: { to_host: 0, to_guest: 0 },
    divergence: {},
    ms: 0,
    rss_mb: 0,
  };
}

async function main(argv: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = parseOptions(argv);
  } catch (e) {
    process.stderr.write(`pktgdb-replay: ${e instanceof Error ? e.message : String(e)}\n`);
    return 2;
  }
  const { files, guest, limitMs } = options;
  const pool = new Piscina<ReplayTask, ReplayResult>({
    filename: join(DIST, 'replay-task.js'),
    maxThreads: Math.min(files.length, availableParallelism()),
    minThreads: 1,
  });
  const folders = streamFolders(options);
  const print = inOrder(files.length, (result: ReplayResult) => process.stdout.write(`${JSON.stringify(result)}\n`));
  const run = async (file: string, i: number): Promise<void> => {
    const streams = folders[i];
    const task: ReplayTask = {
      file,
      stackDir: join(DIST, 'stack/release'),
      limitMs,
      ...(guest === undefined ? {} : { guest }),
      ...(streams === undefined ? {} : { streams }),
    };
    const limit = AbortSignal.timeout(limitMs * files.length + GRACE_MS);
    const result = await pool.run(task, { signal: limit }).catch((e: unknown) => {
      return failed(file, limit.aborted ? `not done after ${limitMs} ms` : e instanceof Error ? e.message : String(e));
    });
    print(i, result);
  };
  await Promise.all(files.map(run));
  await pool.destroy();
  return 0;
}

sweepTemporaryFolders();
process.exitCode = await main(process.argv.slice(2));
