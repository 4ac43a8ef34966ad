/** Shows the client how far something is that takes a while, and lets it be cancelled. */
import { ProgressEndEvent, ProgressStartEvent, ProgressUpdateEvent } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { EngineApi } from '../engine/api.ts';
import { ongoing } from './ongoing.ts';
import type { PacketSession } from './session.ts';

const PERCENT = 100;
/** Bytes after which it is said how far something is whose end is not known. */
const STEP = 1 << 26;

/** One thing that takes a while; it is shown once it is known how far it is. */
export class ProgressTask {
  readonly #session: PacketSession;
  readonly #newId: () => string;
  readonly cancel: () => void;
  /** The request that it belongs to; -1: none. */
  readonly requestSeq: number;
  /** What is shown now; empty for nothing. */
  id = '';
  #percent = 0;

  constructor(session: PacketSession, newId: () => string, cancel: () => void, requestSeq: number) {
    this.#session = session;
    this.#newId = newId;
    this.cancel = cancel;
    this.requestSeq = requestSeq;
  }

  /** `done` of `total` of `what` is done; a total of 0 is not known, and `done` is bytes. */
  told(what: string, done: number, total: number): void {
    ongoing()?.settle();
    if (total > 0 && done >= total) {
      this.end();
      return;
    }
    const percent = Math.floor(total > 0 ? (done / total) * PERCENT : done / STEP);
    if (!this.#session.client.supportsProgressReporting || (this.id !== '' && percent === this.#percent)) {
      return;
    }
    this.#percent = percent;
    const first = this.id === '';
    this.id ||= this.#newId();
    const event: DebugProtocol.ProgressStartEvent | DebugProtocol.ProgressUpdateEvent = first
      ? new ProgressStartEvent(this.id, what)
      : new ProgressUpdateEvent(this.id);
    const { requestSeq: requestId } = this;
    const begin = { cancellable: true, ...(requestId < 0 ? {} : { requestId }) };
    const far = total > 0 ? { percentage: percent } : { message: `${Math.floor(done / 1e6)} MB` };
    Object.assign(event.body, { ...far, ...(first ? begin : {}) });
    this.#session.sendEvent(event);
  }

  /** It is done, or has been given up. */
  end(): void {
    if (this.id !== '') {
      this.#session.sendEvent(new ProgressEndEvent(this.id));
      this.id = '';
    }
  }
}

/** Has the engine give up what it does. By now that may be over, and its machine with it. */
export function interruptWhatGoesOn(engine: EngineApi): void {
  engine.interrupt().catch(() => undefined);
}

export class Progress {
  readonly #session: PacketSession;
  readonly #tasks = new Set<ProgressTask>();
  /** What the engine does. */
  readonly #engines: ProgressTask;
  #count = 0;

  constructor(session: PacketSession) {
    this.#session = session;
    this.#engines = this.#task(() => interruptWhatGoesOn(session.engine), -1);
  }

  #task(cancel: () => void, requestSeq: number): ProgressTask {
    return new ProgressTask(this.#session, () => `progress-${++this.#count}`, cancel, requestSeq);
  }

  /** Begins something that can be cancelled; `done` has to follow. */
  task(cancel: () => void, requestSeq: number): ProgressTask {
    const task = this.#task(cancel, requestSeq);
    this.#tasks.add(task);
    return task;
  }

  /** It is at its end. */
  done(task: ProgressTask): void {
    task.end();
    this.#tasks.delete(task);
  }

  /** The engine has done `done` of `total` of `what`. */
  told(what: string, done: number, total: number): void {
    this.#engines.told(what, done, total);
  }

  /** What the engine did is done, or has been given up. */
  end(): void {
    this.#engines.end();
  }

  /** The client cancels what it was shown as `id`, or what a request does. */
  cancel(id: string | undefined, requestSeq: number | undefined): void {
    for (const task of [this.#engines, ...this.#tasks]) {
      // What nobody has been shown has no name, and the engine's is no request's.
      if ((id !== '' && id === task.id) || (requestSeq === task.requestSeq && task.requestSeq >= 0)) {
        task.cancel();
      }
    }
  }
}
