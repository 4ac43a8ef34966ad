/** Real guests on our user network, as the engine sees them: they stand still while the machine does. */
import type { GuestOutput, RealGuests } from '../engine/api.ts';
import { visible } from '../packets/format.ts';
import { QmpClient } from './qmp.ts';
import { QemuProcess, type QemuStart } from './run.ts';

export class QemuGuests implements RealGuests {
  readonly #clients: readonly QmpClient[];
  readonly #links: number;
  readonly #start: QemuStart | undefined;
  #process: QemuProcess | undefined;
  /** Orders are carried out one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  #wanted: 'stop' | 'cont' = 'cont';
  #held = 0;

  /** `qmp`: for each guest the path where its QEMU can be told. */
  constructor(qmp: readonly (string | undefined)[], start?: QemuStart) {
    this.#clients = qmp.filter((path) => path !== undefined).map((path) => new QmpClient(path));
    this.#links = qmp.length;
    this.#start = start;
  }

  up(out: GuestOutput): void {
    if (this.#start) {
      this.#process = new QemuProcess(this.#start, {
        console: (text) => out.console(text),
        said: (line) => out.report('info', `QEMU: ${visible(line)}`),
        ended: (how) => out.report('info', `QEMU has ended with ${how}.`),
      });
    }
  }

  stops(): void {
    this.#order('stop');
  }

  goesOn(): void {
    this.#order('cont');
  }

  async running(): Promise<number> {
    await this.#last;
    return this.#links - this.#held;
  }

  type(text: string): boolean {
    return this.#process?.type(text) ?? false;
  }

  /** A guest of the user's own goes on without us. */
  end(): void {
    this.#order('cont');
    if (this.#start) {
      // Where it runs in somebody's terminal there is no other way.
      this.#last = this.#last.then(() => this.#clients[0]?.quit());
    }
    this.#process?.end();
    void this.#last.then(() => this.#clients.forEach((client) => void client.close()));
  }

  /** Of several orders that wait only the last one counts. */
  #order(what: 'stop' | 'cont'): void {
    this.#wanted = what;
    this.#last = this.#last.then(async () => {
      if (this.#wanted === what) {
        const done = await Promise.all(this.#clients.map((client) => client[what]()));
        this.#held = done.filter((held) => held === true).length;
      }
    });
  }
}
