/** The view Packet as a person uses it. */
import type { Locator } from './playwright.ts';

export class PacketPage {
  readonly #frame: Pick<Locator, 'locator'>;

  constructor(frame: Pick<Locator, 'locator'>) {
    this.#frame = frame;
  }

  /** A line of the tree by what it begins with. */
  line(text: string): Locator {
    return this.#frame.locator('.line').filter({ hasText: text }).first();
  }

  /** The same, if it is selected. */
  marked(text: string): Locator {
    return this.#frame.locator('.line[aria-selected="true"]').filter({ hasText: text });
  }

  byte(i: number): Locator {
    return this.#frame.locator(`.byte[data-byte="${i}"]`);
  }

  title(text: RegExp): Locator {
    return this.#frame.locator('#title').filter({ hasText: text });
  }
}
