/** The view Timeline as a person uses it. */
import type { Locator, Page } from './playwright.ts';

export class TimelinePage {
  readonly #page: Page;
  readonly #frame: Pick<Locator, 'locator'>;

  constructor(page: Page, frame: Pick<Locator, 'locator'>) {
    this.#page = page;
    this.#frame = frame;
  }

  get #plot(): Locator {
    return this.#frame.locator('#plot');
  }

  /** What is said below the picture. */
  text(text: string | RegExp): Locator {
    return this.#frame.locator('#details').filter({ hasText: text });
  }

  /** A label of an axis. */
  async axis(label: string): Promise<void> {
    await this.#frame
      .locator('.axis .tick')
      .filter({ hasText: new RegExp(`^${label}$`) })
      .first()
      .waitFor();
  }

  mark(kind: string): Locator {
    return this.#frame.locator(`[data-mark="${kind}"]`);
  }

  /** A value over time, by its name. */
  plot(name: RegExp): Locator {
    return this.#frame.locator('[data-plot]').filter({ hasText: name }).first();
  }

  /** What screen readers are told. */
  async words(): Promise<string> {
    return (await this.#frame.locator('#words').textContent()) ?? '';
  }

  async focus(): Promise<void> {
    await this.#plot.focus();
  }

  /** Clicks into the lanes: 0 is where they begin, 1 where they end. */
  async click(share: number): Promise<void> {
    const box = (await this.#frame.locator('.ground').first().boundingBox())!;
    await this.#page.mouse.click(box.x + share * box.width, box.y + box.height / 2);
  }

  /** Drags from one place of the lanes to another. */
  async drag(from: number, to: number): Promise<void> {
    const box = (await this.#frame.locator('.ground').first().boundingBox())!;
    const { mouse } = this.#page;
    const y = box.y + box.height / 2;
    await mouse.move(box.x + from * box.width, y);
    await mouse.down();
    for (let step = 1; step <= 5; step++) {
      await mouse.move(box.x + (from + (step * (to - from)) / 5) * box.width, y);
    }
    await mouse.up();
  }

  /** Turns the wheel over a place of the lanes; up is negative. */
  async wheel(share: number, pixels: number): Promise<void> {
    const box = (await this.#frame.locator('.ground').first().boundingBox())!;
    await this.#page.mouse.move(box.x + share * box.width, box.y + box.height / 2);
    await this.#page.mouse.wheel(0, pixels);
  }
}
