/** VS Code's workbench as a person at its window uses it. The selectors are those of VS Code 1.139. */
import { LISTING_PAGE, Listing } from './listing.ts';
import { PacketPage } from './packet-page.ts';
import type { Locator, Page } from './playwright.ts';
import { TimelinePage } from './timeline-page.ts';

/** Where other programs run, all takes longer. */
const PATIENCE = Number(process.env['PKTGDB_PATIENCE'] ?? 1);

/** Milliseconds in which the toolbar would show that the machine runs, if it did for long. */
const A_MOMENT = 2000;

/** How long anything on the screen may take. */
const PATIENCE_MS = 40_000 * PATIENCE;

/** How long what a key opens may take before the key is pressed again; longer with each time. */
const KEY_MS = 1000 * PATIENCE;

export class Workbench {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  /** Opens a folder; resolves when the workbench shows its files and knows the extension. */
  static async open(page: Page, url: string, folder: string): Promise<Workbench> {
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(`${url}?folder=${encodeURIComponent(folder)}`);
    await page.locator('.explorer-folders-view .monaco-list-row').first().waitFor();
    const workbench = new Workbench(page);
    await workbench.#quickPick('F1', '>Packet Debugger: Debug Packets', 'Packet Debugger: Debug Packets', 'look');
    return workbench;
  }

  // ---- Quick input ----

  get #quickInput(): Locator {
    return this.page.locator('.quick-input-widget input[type="text"]').filter({ visible: true });
  }

  /** An item of the quick pick that is open. */
  item(label: string | RegExp): Locator {
    return this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: label }).first();
  }

  /**
   * Opens the quick input with a key, types and picks an item. What gets the focus meanwhile closes it, and what
   * becomes known meanwhile (the commands of an extension while VS Code starts) is not in its list: so it tries again.
   */
  async #quickPick(key: string, text: string, label: string | RegExp, then: 'pick' | 'look' = 'pick'): Promise<void> {
    const item = this.item(label);
    const deadline = Date.now() + PATIENCE_MS;
    for (let timeout = KEY_MS; ; timeout += KEY_MS) {
      try {
        await this.page.keyboard.press(key);
        await this.#quickInput.fill(text, { timeout });
        await item.waitFor({ timeout });
        await (then === 'pick' ? item.click({ timeout }) : this.page.keyboard.press('Escape'));
        return;
      } catch (e) {
        if (Date.now() > deadline) {
          throw e;
        }
        await this.page.keyboard.press('Escape');
      }
    }
  }

  /** Runs a command by its title in the command palette. */
  async command(title: string): Promise<void> {
    await this.#quickPick('F1', `>${title}`, title);
  }

  /** Opens a file of the folder by its name. */
  async openFile(name: string): Promise<void> {
    await this.#quickPick('Control+P', name, name);
    await this.tab(name).waitFor();
  }

  /** Picks an item of the quick pick that is open. */
  async pick(label: string | RegExp): Promise<void> {
    await this.item(label).click();
  }

  /** Answers the input box that is open. */
  async answer(text: string): Promise<void> {
    await this.#quickInput.fill(text);
    await this.page.keyboard.press('Enter');
    await this.page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
  }

  /** Answers the dialog that asks for a file's name to save as; code-server has it where quick picks are. */
  async saveAs(path: string): Promise<void> {
    const dialog = this.page.locator('.quick-input-widget');
    const closed = (): Promise<boolean> =>
      dialog.waitFor({ state: 'hidden', timeout: KEY_MS }).then(
        () => true,
        () => false,
      );
    // The dialog puts its folder into the field when it has read that.
    do {
      await this.#quickInput.fill(path);
      await dialog.locator('a.monaco-button').first().click();
    } while (!(await closed()));
  }

  /** Chooses from the context menu of a file in the explorer. */
  async explorerMenu(file: string, label: string): Promise<void> {
    const row = this.page.locator('.explorer-folders-view .monaco-list-row').filter({ hasText: file });
    await row.first().click({ button: 'right' });
    await this.chooseFromMenu(label);
  }

  /** Clicks on a capture in the explorer. */
  async openFromExplorer(file: string): Promise<void> {
    const unknown = this.page.getByText('The file is not displayed in the text editor');
    for (;;) {
      await this.page.keyboard.press('Control+Shift+E');
      await this.page.locator('.explorer-folders-view .monaco-list-row').filter({ hasText: file }).first().click();
      await this.tab(file).waitFor();
      await unknown.or(this.page.locator(LISTING_PAGE)).first().waitFor();
      if (!(await unknown.isVisible())) {
        return;
      }
      // A VS Code that has just begun may not have read yet which editors its extensions have.
      await this.command('View: Close Editor');
    }
  }

  /** The packet listing in the active editor. */
  get listing(): Listing {
    return new Listing(this.page);
  }

  /** The view Packet in the panel. */
  async packet(): Promise<PacketPage> {
    return new PacketPage(await this.#pageOf('packet'));
  }

  /** The view Rings in the panel. */
  async rings(): Promise<Locator> {
    await this.showView('Rings');
    return (await this.#pageOf('rings')).locator('main#rings');
  }

  /** The picture of journeys in the active editor. */
  async journeys(): Promise<Locator> {
    return (await this.#pageOf('journeys')).locator('main#journeys');
  }

  /** The timeline in the panel. */
  async timeline(): Promise<TimelinePage> {
    return new TimelinePage(this.page, await this.#pageOf('timeline'));
  }

  /** A page of ours by the id of its main element; each is in a frame of its own, whose place says nothing. */
  async #pageOf(id: string): Promise<Pick<Locator, 'locator'>> {
    for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; ) {
      for (const frame of this.page.frames()) {
        const main = frame.locator(`main#${id}`);
        const there = await main.waitFor({ state: 'visible', timeout: 100 }).then(
          () => true,
          () => false,
        );
        if (there) {
          return frame;
        }
      }
    }
    throw new Error(`no page shows #${id}`);
  }

  // ---- Editor ----

  /** The tab of an open editor. */
  tab(name: string): Locator {
    return this.page.locator('.tabs-container .tab').filter({ hasText: name });
  }

  /** Clicks a button in the title of the active editor. */
  async editorAction(label: string): Promise<void> {
    const buttons = this.page.locator('.editor-group-container.active .editor-actions a.action-label');
    await buttons
      .and(this.page.locator(`[aria-label^="${label}"]`))
      .first()
      .click();
  }

  /** Clicks a button of a notification. */
  async answerNotification(label: string): Promise<void> {
    await this.page.locator('.notification-toast a').filter({ hasText: label }).first().click();
  }

  /** A line of the active editor by what it shows; blanks count as one. */
  editorLine(text: string | RegExp): Locator {
    return this.page.locator('.editor-group-container.active .view-line').filter({ hasText: text }).first();
  }

  /** Resolves when a label that an extension puts into a line has this in it and can be seen, or when none has. */
  async label(text: string, is: 'shown' | 'gone' = 'shown'): Promise<void> {
    const has =
      `[...document.querySelectorAll('.editor-instance .view-line span')]` +
      `.filter((span) => getComputedStyle(span, '::before').content.includes(${JSON.stringify(text)}))`;
    const right = (of: string): string => `${of}.getBoundingClientRect().right`;
    const shown = `${has}.some((span) => ${right('span')} <= ${right("span.closest('.editor-scrollable')")})`;
    await this.page.waitForFunction(is === 'shown' ? shown : `${has}.length === 0`);
  }

  /** An item of the status bar by what it shows. */
  statusItem(text: string | RegExp): Locator {
    return this.page.locator('.part.statusbar .statusbar-item').filter({ hasText: text });
  }

  /** Puts the cursor into a line of the active editor, and the line into view. */
  async goToLine(line: number): Promise<void> {
    await this.#quickPick('Control+G', `:${line}`, /./);
    await this.#cursorAt(line);
  }

  async #cursorAt(line: number): Promise<void> {
    await this.page
      .locator('.part.statusbar')
      .getByText(new RegExp(`^Ln ${line}, Col`))
      .waitFor();
  }

  /**
   * Clicks in the gutter beside a line. A click before the editor listens is lost, and a second one would remove the
   * breakpoint of the first: so the mouse waits for the hint that VS Code shows.
   */
  async clickGutter(line: number, button: 'left' | 'right' = 'left'): Promise<void> {
    await this.goToLine(line);
    const number = this.#lineNumber(line);
    const box = (await number.boundingBox())!;
    const [x, y] = [box.x - 9, box.y + box.height / 2];
    const hint = this.page.locator(
      '.glyph-margin-widgets .codicon-debug-hint, .glyph-margin-widgets .codicon-debug-breakpoint',
    );
    for (let attempt = 0; !(await hint.first().isVisible()); attempt++) {
      await this.page.mouse.move(x, y - (attempt % 2));
      await hint
        .first()
        .waitFor({ timeout: 250 })
        .catch(() => {});
      if (attempt > PATIENCE_MS / 250) {
        throw new Error(`no breakpoint can be set at line ${line}: VS Code shows no hint in the gutter`);
      }
    }
    await this.page.mouse.click(x, y, { button });
  }

  /** The number of a line in the margin of the active editor. */
  #lineNumber(line: number): Locator {
    return this.page
      .locator('.editor-group-container.active .margin .line-numbers')
      .filter({ hasText: new RegExp(`^${line}$`) });
  }

  /** Breakpoints in the gutter of the active editor. */
  get breakpoints(): Locator {
    return this.page.locator('.editor-group-container.active .glyph-margin-widgets .codicon-debug-breakpoint');
  }

  // ---- Side bar ----

  /** Shows the Run and Debug side bar. */
  async showDebug(): Promise<void> {
    await this.page.keyboard.press('Control+Shift+D');
    await this.pane('Breakpoints').waitFor();
  }

  /** A pane of the side bar or of the panel by its title. */
  pane(title: string): Locator {
    return this.page.locator('.pane').filter({ has: this.#paneHeader(title) });
  }

  /** Shows a view of the panel "Packet Debugger". */
  async showView(title: string): Promise<void> {
    await this.command(`Packet Debugger: Focus on ${title} View`);
    await this.pane(title).locator('.pane-body').first().waitFor();
  }

  #paneHeader(title: string): Locator {
    return this.page.locator(`.pane-header[aria-label="${title} Section"]`);
  }

  /** Opens panes of the Run and Debug side bar and closes all others, so that there is room. */
  async showPanes(...titles: readonly string[]): Promise<void> {
    for (const title of titles) {
      await this.pane(title).waitFor();
    }
    for (const header of await this.page.locator('.sidebar .pane-header').all()) {
      const title = ((await header.getAttribute('aria-label')) ?? '').replace(/ Section$/, '');
      const wanted = titles.includes(title) ? 'true' : 'false';
      if ((await header.getAttribute('aria-expanded')) !== wanted) {
        await header.locator('.title').click();
        await this.page
          .locator(`.sidebar .pane-header[aria-label="${title} Section"][aria-expanded="${wanted}"]`)
          .waitFor();
      }
    }
  }

  /** Closes panes of the panel, so that there is room for the others. */
  async closePanes(...titles: readonly string[]): Promise<void> {
    for (const title of titles) {
      // Its label may go on with what the view shows.
      const header = (state: boolean): Locator =>
        this.page.locator(`.panel .pane-header[aria-label^="${title}"][aria-expanded="${state}"]`).first();
      if (await header(true).isVisible()) {
        await header(true).locator('.title').click();
        await header(false).waitFor();
      }
    }
  }

  /** A row of a tree in a pane by its label or another text that it shows. */
  row(pane: string, label: string): Locator {
    const text = this.page.getByText(label, { exact: true });
    return this.pane(pane).locator('.monaco-list-row').filter({ has: text }).first();
  }

  /** A row of a tree by a part of what it shows. */
  rowLike(pane: string, text: RegExp): Locator {
    return this.pane(pane).locator('.monaco-list-row').filter({ hasText: text });
  }

  /** Clicks a button that a row shows under the mouse. */
  async hoverAction(pane: string, label: string, action: string): Promise<void> {
    const row = this.row(pane, label);
    await row.hover();
    await row.locator(`a.action-label[aria-label="${action}"]`).click();
  }

  /** Types into the quick pick that is open and picks an item. */
  async answerPick(text: string, label: RegExp): Promise<void> {
    await this.#quickInput.fill(text);
    await this.pick(label);
  }

  /** Moves a tree's focus down until a row is in view, at most a few screens. */
  async scrollTo(pane: string, label: string): Promise<void> {
    await this.pane(pane).locator('.monaco-list').focus();
    for (let i = 0; i < 100 && !(await this.row(pane, label).isVisible()); i++) {
      await this.page.keyboard.press('ArrowDown');
    }
    await this.row(pane, label).waitFor();
  }

  /** Opens a row of a tree if it is closed. */
  async expand(row: Locator): Promise<void> {
    if ((await row.getAttribute('aria-expanded')) === 'false') {
      await row.locator('.monaco-tl-twistie').click();
    }
  }

  /** Adds a function breakpoint with the button of the Breakpoints view. */
  async addFunctionBreakpoint(name: string): Promise<void> {
    await this.showDebug();
    await this.#paneHeader('Breakpoints').hover();
    await this.pane('Breakpoints').locator('a[aria-label^="Add Function Breakpoint"]').click();
    await this.pane('Breakpoints').locator('input[type="text"]').fill(name);
    await this.page.keyboard.press('Enter');
    await this.row('Breakpoints', name).waitFor();
  }

  /** Removes a breakpoint with the button of its row. */
  async removeBreakpoint(name: string): Promise<void> {
    await this.showDebug();
    const row = this.row('Breakpoints', name);
    await row.hover();
    await row.locator('a[aria-label^="Remove Breakpoint"]').click();
    await row.waitFor({ state: 'hidden' });
  }

  /** Gives a function breakpoint a condition. */
  async setCondition(name: string, condition: string): Promise<void> {
    const row = this.row('Breakpoints', name);
    await row.hover();
    await row.locator('a[aria-label^="Edit Condition"]').click();
    await this.chooseFromMenu('Edit Condition...');
    await this.pane('Breakpoints').locator('input[type="text"]').fill(condition);
    await this.page.keyboard.press('Enter');
    await this.row('Breakpoints', condition).waitFor();
  }

  /** Chooses from the context menu of a row. */
  async contextMenu(row: Locator, label: string): Promise<void> {
    await row.click({ button: 'right' });
    await this.chooseFromMenu(label);
  }

  /** A row of the view Variables by its name. */
  variable(name: string): Locator {
    return this.pane('Variables').locator(`.monaco-list-row[aria-label^="${name}, value "]`).first();
  }

  /**
   * Chooses from the context menu that is open. For a moment it takes no clicks, lest that which opened it also
   * chooses.
   */
  async chooseFromMenu(label: string): Promise<void> {
    await this.page.locator('.monaco-menu .action-item').filter({ hasText: label }).first().hover();
    await this.page.keyboard.press('Enter');
  }

  // ---- Debugging ----

  /** Presses F5 once the Run and Debug side bar has this configuration selected. */
  async pressStart(name: string): Promise<void> {
    await this.showDebug();
    await this.page.locator('.start-debug-action-item').getByText(name).first().waitFor({ state: 'attached' });
    await this.page.keyboard.press('F5');
  }

  /** Starts the configuration that the Run and Debug side bar has selected. */
  async startConfiguration(name: string): Promise<void> {
    await this.pressStart(name);
    await this.page.locator('.debug-toolbar').waitFor();
  }

  #toolbar(label: string): Locator {
    const link = '.debug-toolbar a.action-label';
    return this.page.locator(`${link}[aria-label="${label}"], ${link}[aria-label^="${label} ("]`);
  }

  /** Resolves when the machine is stopped and the call stack, which must be open, shows `name`. */
  async stoppedIn(name: string): Promise<void> {
    const label = `Stack Frame ${name}, line `;
    await this.#toolbar('Continue').waitFor();
    await this.page.locator(`.debug-call-stack .monaco-list-row[aria-label^="${label}"]`).first().waitFor();
  }

  /** Resolves when the machine is stopped and the editor shows a line of that number. */
  async stoppedAtLine(line: number): Promise<void> {
    await this.#toolbar('Continue').waitFor();
    await this.#cursorAt(line);
    await this.page.locator('.glyph-margin-widgets .codicon-debug-stackframe').first().waitFor();
  }

  /** Resolves when the machine runs. */
  async running(): Promise<void> {
    await this.#toolbar('Pause').waitFor();
  }

  /** Resolves when the machine runs, or after a moment: it may have stopped again before anybody could see it run. */
  async ranOn(): Promise<void> {
    await this.#toolbar('Pause')
      .waitFor({ timeout: A_MOMENT })
      .catch(() => undefined);
  }

  get stopped(): Locator {
    return this.#toolbar('Continue');
  }

  async continue(): Promise<void> {
    await this.#toolbar('Continue').click();
  }

  async stepOver(): Promise<void> {
    await this.press('Step Over');
  }

  /** Presses a button of the debug toolbar once it can be. */
  async press(label: string): Promise<void> {
    await this.#toolbar(label).and(this.page.locator('.action-label:not(.disabled)')).click();
  }

  /** Ends the sessions that there are. */
  async endSession(): Promise<void> {
    await this.page.keyboard.press('Escape');
    const stop = this.#toolbar('Stop').or(this.#toolbar('Disconnect'));
    const toolbar = this.page.locator('.debug-toolbar');
    for (let sessions = 2; sessions > 0 && (await stop.first().isVisible()); sessions--) {
      // A launch that was refused ends by itself, and the button goes while it is being pressed.
      await Promise.any([stop.first().click(), toolbar.waitFor({ state: 'hidden' })]);
      // The button is that of the next session when one has ended.
      await toolbar.waitFor({ state: 'hidden', timeout: 10_000 }).catch(() => undefined);
    }
    await toolbar.waitFor({ state: 'hidden' });
  }

  /** Names of all frames, top first. The pane must be open and have room for what it has loaded. */
  async callStack(): Promise<string[]> {
    const rows = this.page.locator('.debug-call-stack .monaco-list-row');
    const more = this.page.locator('.debug-call-stack .monaco-list-row .load-all, .debug-call-stack .load-more');
    if (await more.first().isVisible()) {
      await more.first().click();
      await more.first().waitFor({ state: 'hidden' });
    }
    // Rows that are out of view are no elements: both ends of the list are read.
    const labels = new Map<number, string | null>();
    for (const key of ['Home', 'End']) {
      await this.page.locator('.debug-call-stack .monaco-list').focus();
      await this.page.keyboard.press(key);
      for (const row of await rows.all()) {
        labels.set(Number(await row.getAttribute('data-index')), await row.getAttribute('aria-label'));
      }
    }
    const sorted = [...labels].sort(([a], [b]) => a - b);
    return sorted.flatMap(([, label]) => /^Stack Frame ([^,]+),/.exec(label ?? '')?.[1] ?? []);
  }

  /** The port that leads to the guest, as the hint after the start says: another than 5555 where that is taken. */
  async hintedPort(): Promise<number> {
    const text = await this.page
      .getByText(/then send something to [\d.]+:\d+/)
      .first()
      .textContent();
    return Number(/:(\d+)\.?\s*$/.exec(text?.trim() ?? '')?.[1]);
  }

  /** Finds a register by its name, in a group that may be closed. */
  async find(register: string): Promise<void> {
    await this.command('Packet Debugger: Find Register...');
    await this.answerPick(register, new RegExp(`^${register}`));
    await this.row('Registers', register).waitFor();
  }

  /** Sets a register with the pencil of its row. */
  async setRegister(name: string, value: string): Promise<void> {
    const row = this.row('Registers', name);
    await row.hover();
    await row.locator('a.action-label[aria-label*="Set"]').click();
    await this.answer(value);
  }

  /** Evaluates in the Debug Console; resolves when it shows `answer`. */
  async evaluate(expression: string, answer: string | RegExp): Promise<void> {
    const typed = this.page
      .locator('.repl-input-wrapper .view-lines')
      .filter({ hasText: expression.split(/\s/, 1)[0]! });
    for (let there = false; !there; ) {
      await this.command('Debug Console: Focus on Debug Console View');
      await this.page.keyboard.insertText(expression);
      // At a stop the editor takes the focus, and with it what is typed.
      there = await typed.waitFor({ timeout: A_MOMENT }).then(
        () => true,
        () => false,
      );
    }
    await this.page.keyboard.press('Enter');
    await this.page.locator('.repl .monaco-list-row').filter({ hasText: answer }).last().waitFor();
  }

  /** A line of the Debug Console, shown or not. */
  consoleLine(text: string | RegExp): Locator {
    return this.page.locator('.repl .monaco-list-row').filter({ hasText: text }).last();
  }

  /** What a line of the Debug Console leads to. */
  consoleSource(text: string | RegExp): Locator {
    return this.consoleLine(text).locator('.source').last();
  }

  /** Shows the guest's console, a terminal that comes up with the session; returns its text. */
  async showGuestConsole(): Promise<Locator> {
    const screen = this.page.locator('.terminal-wrapper.active .xterm-rows');
    // Its tab may be below the debug toolbar, where nobody can click it: only if it is not shown.
    for (const deadline = Date.now() + PATIENCE_MS; !(await screen.isVisible()); ) {
      await this.page.locator('.part.panel .composite-bar a.action-label[aria-label^="Terminal"]').click();
      try {
        await screen.waitFor({ timeout: A_MOMENT });
      } catch (e) {
        // A session that starts may show the Debug Console in its place.
        if (Date.now() > deadline) {
          throw e;
        }
      }
    }
    return screen;
  }

  /** Shows the terminal of that name, where there are several. */
  async showTerminal(name: string): Promise<void> {
    await this.showGuestConsole();
    await this.page.locator('.tabs-list .monaco-list-row').filter({ hasText: name }).first().click();
  }

  /** Resolves when the guest's console shows a text. */
  async guestSays(text: string): Promise<void> {
    for (const deadline = Date.now() + PATIENCE_MS; !(await this.guestSaid(text)); ) {
      if (Date.now() > deadline) {
        throw new Error(`the guest's console shows no "${text}"`);
      }
    }
  }

  /** Whether the guest's console, which is shown, has a text or gets it in a moment. */
  async guestSaid(text: string): Promise<boolean> {
    const screen = await this.showGuestConsole();
    return screen
      .getByText(text)
      .first()
      .waitFor({ timeout: A_MOMENT })
      .then(
        () => true,
        () => false,
      );
  }

  /** Types a line at the guest's prompt, which it waits for. */
  async typeToGuest(line: string): Promise<void> {
    const screen = await this.showGuestConsole();
    await screen
      .locator('div')
      .filter({ hasText: /^[~/] #\s*$/ })
      .last()
      .waitFor();
    await this.page.locator('.terminal-wrapper.active .xterm-screen').click();
    await this.page.keyboard.type(`${line}\n`);
  }
}
