/**
 * One run of the whole path, in a process of its own, with what makes its history. Arguments: debug|release, megabytes,
 * none|recorded|history. Prints one JSON line. With checkpoints, the last one is restored in the end, and the machine
 * is started again from it.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CheckpointStore } from '../../adapter/engine/checkpoint-store.ts';
import { Image } from '../../adapter/engine/image.ts';
import { restoreCheckpoint } from '../../adapter/inferior/checkpoint-restore.ts';
import { Checkpoints } from '../../adapter/inferior/checkpoints.ts';
import { RecordingHost } from '../../adapter/inferior/recording.ts';
import type { CheckpointRef } from '../../adapter/mailbox/checkpoint-ref.ts';
import { LogLimit } from '../../adapter/mailbox/log-limit.ts';
import { chunkSize } from '../../adapter/mailbox/recorded.ts';
import { TICK } from '../../adapter/mailbox/ticks.ts';
import type { MachineState } from '../../adapter/stack/softmmu/machine.ts';
import type { Host } from '../../adapter/stack/util/host.ts';
import { benchRuntime } from './bench-runtime.ts';
import { BENCH_ARGV, BenchHost } from './path-host.ts';

const [build = 'release', megabytes = '50', kind = 'history'] = process.argv.slice(2);
const image = Image.load();
const runtime = benchRuntime(image);
const root = join(import.meta.dirname, '../../dist/stack', build);
const load = <T>(module: string): Promise<T> => import(pathToFileURL(join(root, module)).href) as Promise<T>;
type Main = (argc: number, argv: readonly string[], host: Host) => number;
const { main } = await load<{ main: Main }>('softmmu/main.js');
const { machine, MachineState: Machine } = await load<{ machine: MachineState; MachineState: new () => MachineState }>(
  'softmmu/machine.js',
);

const outside = new BenchHost(Number(megabytes) * 1e6);
const named = new Map<string, SharedArrayBuffer>();
const names = new Map<ArrayBufferLike, string>();
outside.alloc_shared = (name, bytes) => {
  const buffer = named.get(name) ?? new SharedArrayBuffer(bytes);
  named.set(name, buffer);
  names.set(buffer, name);
  return buffer;
};
const store = new CheckpointStore();
const takeMs: number[] = [];
const ownMb: number[] = [];

/** Milliseconds of processor time: other programs do not count. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Takes them as the inferior does, and notes what each costs. */
class TimedCheckpoints extends Checkpoints {
  protected override take(machine: { readonly turns: number }): void {
    const begin = cpuMs();
    super.take(machine);
    takeMs.push(cpuMs() - begin);
  }
}

function record(): Host {
  const options = {
    runtime,
    host: (): RecordingHost => host,
    idles: true,
    everyMs: 250,
    nameOf: (buffer: ArrayBufferLike) => names.get(buffer) ?? '',
    beside: () => ({ frames: outside.frames, frameHash: 0, edge: new Uint8Array(0), captured: 0 }),
    post: (checkpoint: CheckpointRef) => {
      const before = store.bytes;
      store.add(checkpoint);
      ownMb.push((store.bytes - before) / 1e6);
    },
  };
  const checkpoints = kind === 'history' ? new TimedCheckpoints(options) : null;
  const hooks = {
    ticks: () => runtime.T[TICK.COUNT] ?? 0,
    check: () => 0,
    newChunk: (chunk: SharedArrayBuffer) => chunks.push(chunk),
    full: () => undefined,
    spareChunk: () => chunks.shift(),
  };
  const host: RecordingHost = new RecordingHost(outside, new LogLimit(2 ** 31).buffer, hooks, checkpoints);
  return host;
}
/** The main thread gives the inferior memory that has been in use. */
const SPARES = 96;
const chunks: SharedArrayBuffer[] = [];
for (let i = 0; i < SPARES && kind !== 'none'; i++) {
  const chunk = new SharedArrayBuffer(chunkSize());
  new Uint8Array(chunk).fill(1);
  chunks.push(chunk);
}
main(BENCH_ARGV.length, BENCH_ARGV, kind === 'none' ? outside : record());

/** Leaves the machine as if it stood deep in a call. */
class Leave extends Error {}

/** Milliseconds of processor time from setting the machine up again to the end of its first turn after a checkpoint. */
function restart(checkpoint: CheckpointRef): { init: number; restore: number; turn: number } {
  const times: number[] = [];
  const again = new BenchHost(1);
  again.alloc_shared = outside.alloc_shared;
  again.poll = () => {
    times.push(cpuMs());
    if (times.length > 2) {
      throw new Leave();
    }
    if (times.length === 2) {
      restoreCheckpoint(machine, checkpoint, runtime.symbols, (name) => named.get(name) as SharedArrayBuffer);
      times.push(cpuMs());
    }
    return [];
  };
  try {
    times.push(cpuMs());
    Object.assign(machine, new Machine());
    main(BENCH_ARGV.length, BENCH_ARGV, again);
  } catch (e) {
    if (!(e instanceof Leave)) {
      throw e;
    }
  }
  const [start = 0, standing = 0, restored = 0, end = 0] = times;
  return { init: standing - start, restore: restored - standing, turn: end - restored };
}

const last = store.all.at(-1);
const restarts = last ? Array.from({ length: 5 }, () => restart(last)) : [];
console.log(
  JSON.stringify({
    seconds: outside.seconds,
    frames: outside.frames,
    threadSeconds: outside.threadSeconds || outside.cpuSeconds,
    cpuSeconds: outside.cpuSeconds,
    takeMs,
    ownMb,
    treeMb: (last?.bytes.byteLength ?? 0) / 1e6,
    allMb: store.bytes / 1e6,
    restarts,
  }),
);
