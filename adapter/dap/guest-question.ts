/** Asks the client who of a capture is the guest, where the capture leaves it open: a request answers an event. */
import { Event } from '@vscode/debugadapter';
import { GivenUpError, type ReplayHost } from '../engine/api.ts';
import type { GuestsEventBody } from './custom.ts';
import type { PacketSession } from './session.ts';

/** Hosts that a client is offered at most. */
export const MAX_HOSTS = 200;

export class GuestQuestion {
  readonly #session: PacketSession;
  #answered: ((address: string | undefined) => void) | undefined;

  constructor(session: PacketSession) {
    this.#session = session;
  }

  /** Resolves to the address that the client's user has chosen; rejects if there is no choice. */
  async ask(hosts: readonly ReplayHost[], connections: number): Promise<string> {
    const body: GuestsEventBody = { hosts: hosts.slice(0, MAX_HOSTS), connections };
    this.#session.sendEvent(new Event('pktgdb/guests', body));
    const address = await new Promise<string | undefined>((resolve) => {
      this.#answered = resolve;
    });
    if (address === undefined) {
      throw new GivenUpError('no guest was chosen');
    }
    return address;
  }

  /** The answer; undefined gives up. Nothing happens if nothing was asked. */
  answer(address: string | undefined): void {
    this.#answered?.(address);
    this.#answered = undefined;
  }
}
