/** Shows the client how far something is that takes a while, and lets it be cancelled. */
import { ProgressEndEvent, ProgressStartEvent, ProgressUpdateEvent } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { PacketSession } from './session.ts';

const PERCENT = 100;

export class Progress {
  readonly #session: PacketSession;
  /** What is shown now; empty for nothing. */
  #id = '';
  #count = 0;
  #percent = 0;

  constructor(session: PacketSession) {
    this.#session = session;
  }

  /** `done` of `total` of `what` is done. */
  told(what: string, done: number, total: number): void {
    if (done >= total) {
      this.end();
      return;
    }
    const percent = Math.floor((done / total) * PERCENT);
    if (!this.#session.client.supportsProgressReporting || (this.#id !== '' && percent === this.#percent)) {
      return;
    }
    this.#percent = percent;
    const first = this.#id === '';
    this.#id ||= `progress-${++this.#count}`;
    const event: DebugProtocol.ProgressStartEvent | DebugProtocol.ProgressUpdateEvent = first
      ? new ProgressStartEvent(this.#id, what)
      : new ProgressUpdateEvent(this.#id);
    Object.assign(event.body, { percentage: percent, ...(first ? { cancellable: true } : {}) });
    this.#session.sendEvent(event);
  }

  /** It is done, or has been given up. */
  end(): void {
    if (this.#id !== '') {
      this.#session.sendEvent(new ProgressEndEvent(this.#id));
      this.#id = '';
    }
  }

  /** The client cancels what it was shown as `id`. */
  async cancel(id: string | undefined): Promise<void> {
    if (id !== undefined && id === this.#id) {
      await this.#session.engine.interrupt();
    }
  }
}
