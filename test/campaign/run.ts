/** Runs a theme: case after case until the time is over, and what came of it. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../kit/random.ts';
import { soon } from '../kit/until.ts';
import {
  atTheEnd,
  courseText,
  grown,
  growthText,
  type Held,
  held,
  leftAbove,
  type Measures,
  measure,
  Pauses,
} from './measure.ts';
import { minimise } from './minimise.ts';
import type { Theme } from './theme.ts';
import { watchOver } from './watchdog.ts';

export const HANG_MS = 2000;
const DEADLINE_MS = 20_000;
/** Milliseconds that finding fewer pieces may take. */
const MINIMISE_MS = 30_000;
/** Milliseconds, before all has to be over, in which nothing is begun any more: what is there ends and is told. */
export const LAST_MS = 3000;
/** Milliseconds after which the event loop gets its turn between two cases that do not wait. */
const SLICE_MS = 20;
/** Findings after which there is no use in going on. */
const FINDINGS_MAX = 20;
/** Part of a run after which what is held is measured; a theme's caches fill in the first one. */
const PART = 0.1;

export interface Limits {
  readonly seed: number;
  /** Milliseconds. */
  readonly time: number;
  readonly cases: number;
  /** Milliseconds after which all is over, a case that is not and its finding too; never by default. */
  readonly end?: number;
  /** A pause of the event loop, in milliseconds, that is a hang; 2000 by default. */
  readonly hang?: number;
}

/** What is kept of a finding: a test tries it again (`found.test.ts`). */
export interface Found {
  readonly theme: string;
  readonly what: string;
  readonly pieces: readonly unknown[];
}

export interface Outcome {
  readonly amount: number;
  readonly cases: number;
  readonly seconds: number;
  /** Milliseconds. */
  readonly longestPause: number;
  readonly growth: string;
  /** The seed of a case that there was no more time for, if that is how it ended. */
  readonly cut?: number;
  readonly findings: readonly string[];
}

const textOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

/** Its lines apart from numbers: two findings with the same one are the same. */
const kindOf = (what: string): string =>
  what
    .split('\n')
    .slice(0, 2)
    .join('\n')
    .replace(/0x[0-9a-f]+|\d+/g, '#')
    .slice(0, 300);

/** The time of the whole run is over: nothing is known of the case. */
class OutOfTime extends Error {}

/** One theme's run. */
export class Run {
  readonly #name: string;
  readonly #theme: Theme;
  readonly #folder: string;
  readonly #beats = new Int32Array(new SharedArrayBuffer(8));
  readonly #pauses = new Pauses(this.#beats);
  readonly #kinds = new Set<string>();
  readonly #findings: string[] = [];
  #amount = 0;
  #longest = 0;
  #hang = HANG_MS;
  /** When all has to be over. */
  #end = Number.POSITIVE_INFINITY;
  #cut: number | undefined;
  /** When the event loop had its turn. */
  #turned = performance.now();
  /** What nobody awaited. */
  #stray: unknown[] = [];

  readonly #tell: (text: string) => void;

  /** `folder` is where findings are written; `tell` hears of each at once. */
  constructor(name: string, theme: Theme, folder: string, tell: (text: string) => void = () => undefined) {
    this.#tell = tell;
    this.#name = name;
    this.#theme = theme;
    this.#folder = folder;
  }

  async run({ seed, time, cases, hang = HANG_MS, end = Number.POSITIVE_INFINITY }: Limits): Promise<Outcome> {
    this.#hang = hang;
    const stray = (error: unknown): void => void this.#stray.push(error);
    process.on('uncaughtException', stray);
    process.on('unhandledRejection', stray);
    const watchdog = watchOver(this.#beats, this.#name, end);
    this.#end = performance.now() + end - LAST_MS;
    await this.#theme.open?.();
    const start = performance.now();
    const samples: Measures[] = [];
    let most: Held | undefined;
    let n = 0;
    const goesOn = (): boolean => this.#cut === undefined && performance.now() < Math.min(start + time, this.#end);
    for (; n < cases && goesOn() && this.#findings.length < FINDINGS_MAX; n++) {
      await this.#case(seed + n);
      if (Math.max((performance.now() - start) / time, n / cases) >= (samples.length + 1) * PART) {
        samples.push(await measure());
        most ??= samples[0];
      }
      const left = most ? await leftAbove(most) : '';
      if (left !== '') {
        // Which case it was, is not known any more at the end, when what was left counts.
        this.#tell(`${this.#name}: seed ${seed + n} leaves ${left}\n`);
        most = held();
      }
    }
    samples.push(await measure());
    const seconds = (performance.now() - start) / 1000;
    await this.#theme.close?.();
    await watchdog.terminate();
    this.#pauses.end();
    process.off('uncaughtException', stray);
    process.off('unhandledRejection', stray);
    const [from, to] = [samples[0]!, atTheEnd(samples)];
    const more = grown(from, to, seconds);
    // What was cut off still holds what it had.
    if (more.length > 0 && this.#cut === undefined) {
      this.#findings.push(`grows: ${more.join(', ')}`);
    }
    const growth = `${growthText(from, to)}\n${courseText(samples)}`;
    return {
      amount: this.#amount,
      cases: n,
      seconds,
      longestPause: this.#longest,
      growth,
      ...(this.#cut === undefined ? {} : { cut: this.#cut }),
      findings: this.#findings,
    };
  }

  async #case(seed: number): Promise<void> {
    Atomics.store(this.#beats, 1, seed);
    const pieces = this.#theme.make(Random.spread(seed), seed);
    this.#pauses.take();
    const what = await this.#attempt(pieces, (amount) => {
      this.#amount += amount;
    });
    if (what instanceof OutOfTime) {
      this.#cut = seed;
      return;
    }
    if (what !== undefined && !this.#kinds.has(kindOf(what))) {
      this.#kinds.add(kindOf(what));
      await this.#keep(seed, what, pieces);
    }
  }

  /** What is wrong with a case, if anything is. */
  async #attempt(pieces: readonly unknown[], count: (amount: number) => void): Promise<string | OutOfTime | undefined> {
    let what: string | undefined;
    try {
      const given = this.#theme.attempt(pieces as readonly never[]);
      count(typeof given === 'number' ? given : await this.#inTime(given));
    } catch (error) {
      if (error instanceof OutOfTime) {
        return error;
      }
      what = textOf(error);
    }
    if (performance.now() - this.#turned > SLICE_MS) {
      await new Promise((resolve) => setImmediate(resolve));
      this.#turned = performance.now();
    }
    const pause = this.#pauses.take();
    this.#longest = Math.max(this.#longest, pause);
    what ??= this.#stray.length > 0 ? `nobody caught: ${textOf(this.#stray[0])}` : undefined;
    this.#stray = [];
    return what ?? (pause > this.#hang ? `computes for ${Math.round(pause)} ms` : undefined);
  }

  async #inTime<T>(waited: Promise<T>): Promise<T> {
    const whole = this.#theme.deadline ?? DEADLINE_MS;
    const ms = Math.min(whole, this.#end - performance.now());
    let over = false;
    const done = waited.finally(() => {
      over = true;
    });
    const late = soon(() => over, ms).then((ended) => {
      if (!ended && ms < whole) {
        throw new OutOfTime();
      }
      assert.ok(ended, `not over after ${ms / 1000} s`);
      return done;
    });
    return Promise.race([done, late]);
  }

  /** Writes what was found with as few pieces as it takes. */
  async #keep(seed: number, what: string, pieces: readonly unknown[]): Promise<void> {
    this.#tell(`${this.#name}: seed ${seed}: ${what}\n`);
    const kind = kindOf(what);
    const fails = async (some: readonly unknown[]): Promise<boolean> => {
      const also = await this.#attempt(some, () => undefined);
      return typeof also === 'string' && kindOf(also) === kind;
    };
    const fewer = await minimise(pieces, fails, Math.min(MINIMISE_MS, this.#end - performance.now()));
    const found: Found = { theme: this.#name, what: what.split('\n')[0] ?? '', pieces: fewer };
    const hash = createHash('sha1').update(JSON.stringify(found)).digest('hex').slice(0, 8);
    const path = join(this.#folder, `${this.#name}-${hash}.json`);
    mkdirSync(this.#folder, { recursive: true });
    writeFileSync(path, `${JSON.stringify(found, null, 1)}\n`);
    const again = `npm run -s campaign -- ${this.#name} --seed=${seed} --cases=1`;
    this.#findings.push(`${found.what} (${fewer.length} of ${pieces.length} pieces: ${path}; ${again})`);
  }
}
