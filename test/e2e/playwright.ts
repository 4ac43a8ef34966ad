/**
 * What the end-to-end test uses of playwright-core, which is installed with code-server under .cache/e2e
 * (scripts/e2e-install.mjs) and not among the project's own packages.
 */

interface Timeout {
  readonly timeout?: number;
}

export interface Locator {
  locator(selector: string, options?: { readonly hasText?: string | RegExp }): Locator;
  frameLocator(selector: string): Locator;
  getByRole(role: string, options?: { readonly name?: string | RegExp; readonly exact?: boolean }): Locator;
  getByText(text: string | RegExp, options?: { readonly exact?: boolean }): Locator;
  filter(options: {
    readonly hasText?: string | RegExp;
    readonly has?: Locator;
    readonly hasNot?: Locator;
    readonly visible?: boolean;
  }): Locator;
  first(): Locator;
  last(): Locator;
  nth(index: number): Locator;
  or(other: Locator): Locator;
  and(other: Locator): Locator;
  count(): Promise<number>;
  all(): Promise<Locator[]>;
  allInnerTexts(): Promise<string[]>;
  textContent(options?: Timeout): Promise<string | null>;
  inputValue(options?: Timeout): Promise<string>;
  getAttribute(name: string, options?: Timeout): Promise<string | null>;
  isVisible(): Promise<boolean>;
  waitFor(options?: Timeout & { readonly state?: 'attached' | 'detached' | 'visible' | 'hidden' }): Promise<void>;
  click(
    options?: Timeout & {
      readonly button?: 'left' | 'right';
      readonly clickCount?: number;
      readonly force?: boolean;
      readonly position?: { readonly x: number; readonly y: number };
    },
  ): Promise<void>;
  dblclick(options?: Timeout): Promise<void>;
  hover(options?: Timeout & { readonly position?: { readonly x: number; readonly y: number } }): Promise<void>;
  focus(): Promise<void>;
  fill(text: string, options?: Timeout): Promise<void>;
  press(key: string): Promise<void>;
  pressSequentially(text: string): Promise<void>;
  boundingBox(): Promise<{ x: number; y: number; width: number; height: number } | null>;
  screenshot(options: { readonly path: string }): Promise<unknown>;
}

export interface Page extends Omit<Locator, 'press' | 'screenshot'> {
  readonly keyboard: {
    press(key: string): Promise<void>;
    type(text: string): Promise<void>;
    insertText(text: string): Promise<void>;
  };
  readonly mouse: {
    move(x: number, y: number): Promise<void>;
    down(): Promise<void>;
    up(): Promise<void>;
    wheel(deltaX: number, deltaY: number): Promise<void>;
    click(x: number, y: number, options?: { readonly button?: 'left' | 'right' }): Promise<void>;
  };
  frames(): Pick<Locator, 'locator'>[];
  goto(url: string, options?: Timeout): Promise<unknown>;
  screenshot(options: { readonly path: string; readonly style?: string }): Promise<unknown>;
  setDefaultTimeout(ms: number): void;
  /** Resolves when an expression of the page is true. */
  waitForFunction(expression: string): Promise<unknown>;
  on(event: 'console', listener: (message: { type(): string; text(): string }) => void): void;
}

interface Context {
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

export interface Browser {
  newContext(options: {
    readonly viewport: { readonly width: number; readonly height: number };
    readonly deviceScaleFactor?: number;
    readonly permissions?: readonly string[];
  }): Promise<Context>;
  close(): Promise<void>;
}

interface Playwright {
  readonly chromium: {
    launch(options: { readonly executablePath: string; readonly args: readonly string[] }): Promise<Browser>;
  };
}

/** Nothing but the server under test is reached, and nothing is asked for. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

/** Starts Chromium without a window. */
export async function launchBrowser(playwright: string, chromium: string): Promise<Browser> {
  const { chromium: type } = (await import(playwright)) as Playwright;
  return type.launch({ executablePath: chromium, args: FLAGS });
}
