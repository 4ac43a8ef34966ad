/** What this process holds, and how long its event loop stands still. */
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { quiet } from '../kit/until.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const MB = 1 << 20;

/** What may not grow, in its unit, and how much of it is noise: pages that the system's allocator keeps, for one. */
const NOISE = { heap: 4 * MB, rss: 128 * MB, descriptors: 0, threads: 0, files: 0 } as const;
export type Measures = Record<keyof typeof NOISE, number>;
/** Bytes are given in megabytes. */
const SCALE: Measures = { heap: MB, rss: MB, descriptors: 1, threads: 1, files: 1 };
const KINDS = Object.keys(NOISE) as (keyof Measures)[];

/** Part that a measure may grow by after the first tenth. */
const GROWTH_MAX = 0.05;

/** Entries of a folder, or none where the system has no such folder. */
function entries(path: string, recursive = false): number {
  try {
    return readdirSync(path, { recursive }).length;
  } catch {
    return 0;
  }
}

function now(): Measures {
  collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  const heap = heapUsed + external;
  return { heap, rss, ...held(), files: entries(tmpdir(), true) };
}

/** What is held once all that ends has ended. */
export async function measure(): Promise<Measures> {
  await settled();
  return now();
}

/** Descriptors and threads, which are counted quickly. */
export type Held = Pick<Measures, 'descriptors' | 'threads'>;

export function held(): Held {
  return { descriptors: entries('/proc/self/fd'), threads: entries('/proc/self/task') };
}

/** What is held of these above `before`, in words, once all that ends has ended; empty if nothing is. */
export async function leftAbove(before: Held): Promise<string> {
  const above = (): string => {
    const { descriptors, threads } = held();
    const [d, t] = [descriptors - before.descriptors, threads - before.threads];
    return t > 0 ? `${t} threads, ${d} descriptors` : '';
  };
  if (above() !== '') {
    await settled();
  }
  return above();
}

function settled(): Promise<unknown> {
  const all = (): number => held().descriptors * 1000 + held().threads;
  return quiet(all, 50).catch(() => undefined);
}

/** `heap 40.1 -> 40.3 MB` and so on. */
export function growthText(from: Measures, to: Measures): string {
  const one = (kind: keyof Measures): string => {
    const scale = SCALE[kind];
    const text = (n: number): string => (n / scale).toFixed(scale === 1 ? 0 : 1);
    return `${kind} ${text(from[kind])} -> ${text(to[kind])}${scale === 1 ? '' : ' MB'}`;
  };
  return KINDS.map(one).join(', ');
}

/** Measures that are looked at for the end of a run. */
const LAST_SAMPLES = 3;

/**
 * What is held at the end of a run, in the last of its measures: the least of each, as what a case has just used is
 * given back some time later, and what leaks is not.
 */
export function atTheEnd(samples: readonly Measures[]): Measures {
  const last = samples.slice(-LAST_SAMPLES);
  return Object.fromEntries(KINDS.map((kind) => [kind, Math.min(...last.map((s) => s[kind]))])) as Measures;
}

/** The course of memory over a run, by which a leak is told from a level that is reached: `heap 40 41 40 MB, ...`. */
export function courseText(samples: readonly Measures[]): string {
  const course = (kind: 'heap' | 'rss'): string =>
    `${kind} ${samples.map((s) => (s[kind] / MB).toFixed(0)).join(' ')} MB`;
  return `by tenths: ${course('heap')}, ${course('rss')}`;
}

/** Seconds in which V8 and the system's allocator take what they keep for later. */
const WARM_S = 180;
/** The same in a shorter run, whose end also shows what its last case holds. */
const SHORT_NOISE: Measures = { heap: 64 * MB, rss: Number.POSITIVE_INFINITY, descriptors: 32, threads: 4, files: 16 };

/** The measures that have grown too much in a run of some seconds. */
export function grown(from: Measures, to: Measures, seconds: number): string[] {
  const noise = seconds > WARM_S ? NOISE : SHORT_NOISE;
  return KINDS.filter((kind) => to[kind] - from[kind] > Math.max(noise[kind], GROWTH_MAX * from[kind]));
}

/** How often a pause is looked for, in milliseconds. */
const BEAT = 50;

/** The longest time that the event loop did not turn, counted only as far as this process computed in it. */
export class Pauses {
  #last = performance.now();
  #cpu = process.cpuUsage();
  #longest = 0;
  readonly #timer = setInterval(() => this.beat(), BEAT).unref();
  readonly #beats: Int32Array;

  constructor(beats: Int32Array) {
    this.#beats = beats;
  }

  beat(): void {
    const { user, system } = process.cpuUsage(this.#cpu);
    const ms = Math.min(performance.now() - this.#last, (user + system) / 1000);
    this.#longest = Math.max(this.#longest, ms);
    this.#last = performance.now();
    this.#cpu = process.cpuUsage();
    Atomics.add(this.#beats, 0, 1);
  }

  /** The longest since the last call. */
  take(): number {
    this.beat();
    const ms = this.#longest;
    this.#longest = 0;
    return ms;
  }

  end(): void {
    clearInterval(this.#timer);
  }
}
