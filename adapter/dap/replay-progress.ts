/** Shows how far a replay is, while it runs for longer than a moment. */
import type { EngineApi } from '../engine/api.ts';
import { interruptWhatGoesOn, type Progress, type ProgressTask } from './progress.ts';

/** Milliseconds between looks. What runs no longer than two of them is not worth a bar. */
const EVERY_MS = 500;

const PLAYING = 'Playing the capture';

export class ReplayProgress {
  readonly #engine: EngineApi;
  readonly #progress: Progress;
  #timer: NodeJS.Timeout | undefined;
  #task: ProgressTask | undefined;
  #position = 0;

  constructor(engine: EngineApi, progress: Progress) {
    this.#engine = engine;
    this.#progress = progress;
    engine.on('continued', () => this.watch());
    engine.on('stopped', () => this.#end());
    engine.on('exited', () => this.#end());
  }

  /** The machine runs, perhaps. */
  watch(): void {
    const replay = this.#engine.state === 'running' ? this.#engine.replay : undefined;
    if (replay !== undefined && this.#timer === undefined) {
      this.#position = replay.account().position;
      this.#timer = setInterval(() => this.#look(), EVERY_MS).unref();
    }
  }

  #look(): void {
    const { state, replay } = this.#engine;
    if (state !== 'running' || replay === undefined) {
      this.#end();
      return;
    }
    const { position, packets } = replay.account();
    // History that is executed again, or a guest that waits, plays nothing.
    if (position > this.#position) {
      this.#position = position;
      this.#task ??= this.#progress.task(() => interruptWhatGoesOn(this.#engine), -1);
      this.#task.told(PLAYING, position, packets);
    }
  }

  #end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.#task !== undefined) {
      this.#progress.done(this.#task);
      this.#task = undefined;
    }
  }
}
