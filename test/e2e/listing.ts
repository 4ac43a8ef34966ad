/** A packet listing as a person at its window uses it. */
import type { Locator, Page } from './playwright.ts';

/** The page of the active editor. */
export const LISTING_PAGE = 'iframe.webview:not([src*="purpose=webviewView"]):visible';

export class Listing {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** What the page shows. */
  get frame(): Locator {
    return this.#page.frameLocator(LISTING_PAGE).frameLocator('#active-frame');
  }

  /** The row of a packet, if it is in view. */
  packet(number: number): Locator {
    return this.frame.locator(`#packet-${number}`);
  }

  /** The same, if it is selected. */
  selected(number: number): Locator {
    return this.frame.locator(`#packet-${number}[aria-selected="true"]`);
  }

  /** The same, if the machine stands there. */
  stopped(number: number): Locator {
    return this.frame.locator(`#packet-${number}.stopped`);
  }

  /** The breakpoint beside a packet. */
  breakpoint(number: number): Locator {
    return this.packet(number).locator('.margin:not([data-breakpoint=""])');
  }

  /** The bar beside a packet that says what its replay made of it. */
  mark(number: number, kind: 'drop' | 'divergence'): Locator {
    return this.packet(number).locator(`.margin[data-mark="${kind}"]`);
  }

  /** The field for filters. */
  get filterField(): Locator {
    return this.frame.locator('.filter vscode-textfield input');
  }

  /** Types a filter and applies it. */
  async filter(text: string): Promise<void> {
    await this.filterField.fill(text);
    await this.filterField.press('Enter');
  }

  async clickMargin(number: number): Promise<void> {
    await this.packet(number).locator('.margin').click();
  }

  /** Chooses from the context menu of a packet. */
  async menu(number: number, label: string): Promise<void> {
    await this.packet(number).locator('.info').click({ button: 'right' });
    await this.#page.locator('.monaco-menu .action-item').filter({ hasText: label }).first().hover();
    await this.#page.keyboard.press('Enter');
  }
}
