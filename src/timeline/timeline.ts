/** The view Timeline: a page that draws what happened when, and leads there. */
import * as vscode from 'vscode';
import type { QueryBody, QueryRowsEventBody, TimelineArguments, TimelineBody } from '../../adapter/dap/custom.ts';
import type { Sessions } from '../session/sessions.ts';
import { showPage, stringsAttribute } from '../views/page.ts';
import { Refresher } from '../views/refresher.ts';
import { TIMELINE_STRINGS } from '../webview/strings.ts';
import { FoundRows } from './found-rows.ts';
import type { FromPage, TimelineCommand, ToPage } from './messages.ts';

const INTERVAL_MS = 500;
/** Milliseconds between two messages about rows that come. */
const FOUND_MS = 200;
const QUESTION = /^\s*(plot|calls|packets|writes|last-write)\b\s*(.*)$/;
const COMMANDS: readonly TimelineCommand[] = ['zoomIn', 'zoomOut', 'showAll', 'toggleAxis'];

export class TimelineView implements vscode.WebviewViewProvider, vscode.Disposable {
  readonly #sessions: Sessions;
  readonly #extension: vscode.Uri;
  readonly #refresher = new Refresher(() => this.#read(), INTERVAL_MS);
  readonly #subscriptions: readonly vscode.Disposable[];
  #view: vscode.WebviewView | undefined;
  #wanted: TimelineArguments = {};
  /** What the page shows, as JSON: nothing is sent while nothing changes. */
  #sent = '';
  readonly #found = new FoundRows();
  #telling: NodeJS.Timeout | undefined;

  constructor(sessions: Sessions, extension: vscode.Uri) {
    this.#sessions = sessions;
    this.#extension = extension;
    this.#subscriptions = [
      vscode.window.registerWebviewViewProvider('pktgdb.timeline', this),
      this.#refresher,
      sessions.onDidChange(() => this.#refresher.setState(sessions.current?.state ?? 'ended')),
      sessions.onDidReceive(({ session, event, body }) => {
        if (event === 'pktgdb/queryRows' && session === sessions.current) {
          this.#found.add(body as QueryRowsEventBody);
          this.#tellFound();
        }
      }),
      sessions.onDidEnd(() => this.#forget()),
      vscode.commands.registerCommand('pktgdb.timeline.ask', () => this.#ask()),
      vscode.commands.registerCommand('pktgdb.timeline.clear', () => this.#forget()),
      ...COMMANDS.map((command) =>
        vscode.commands.registerCommand(`pktgdb.timeline.${command}`, () => this.#post({ type: 'command', command })),
      ),
    ];
  }

  refresh(): void {
    this.#refresher.request();
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.#view = view;
    const { webview } = view;
    webview.onDidReceiveMessage((message: FromPage) => void this.#received(message));
    view.onDidChangeVisibility(() => {
      this.#sent = ''; // the page begins anew when it is shown again
      this.#refresher.setVisible(view.visible);
    });
    view.onDidDispose(() => {
      this.#view = undefined;
      this.#refresher.setVisible(false);
    });
    showPage(webview, this.#extension, {
      title: vscode.l10n.t('Timeline'),
      script: 'timeline.js',
      style: 'timeline.css',
      body: `<main id="timeline" ${stringsAttribute(TIMELINE_STRINGS)}></main>`,
    });
  }

  async #received(message: FromPage): Promise<void> {
    switch (message.type) {
      case 'ready':
        this.#sent = '';
        this.#refresher.setState(this.#sessions.current?.state ?? 'ended');
        this.#refresher.setVisible(this.#view?.visible ?? false);
        this.#tellFound();
        return;
      case 'wanted':
        this.#wanted = message.wanted;
        this.#refresher.request();
        return;
      case 'go':
        try {
          await this.#sessions.current?.request('pktgdb/goTo', { moment: message.moment });
        } catch (error) {
          this.#post({ type: 'refused' });
          void vscode.window.showErrorMessage((error as Error).message);
        }
    }
  }

  /** Asks a question about all of history, whose rows are shown as they are found. */
  async #ask(): Promise<void> {
    const { current } = this.#sessions;
    const line = await vscode.window.showInputBox({
      title: vscode.l10n.t('Ask History'),
      prompt: vscode.l10n.t('plot EXPRESSION, writes EXPRESSION, calls FUNCTION [if CONDITION], packets [FILTER]'),
      placeHolder: 'plot tp->snd_cwnd',
      validateInput: (text) =>
        QUESTION.test(text) || text === ''
          ? undefined
          : vscode.l10n.t('It begins with plot, writes, last-write, calls or packets.'),
    });
    const [, kind, text = ''] = QUESTION.exec(line ?? '') ?? [];
    if (current === undefined || kind === undefined) {
      return;
    }
    const id = this.#found.begin(text);
    try {
      const { rows, failure } = await current.request<QueryBody>('pktgdb/query', { kind, text, id });
      const said = failure === '' ? vscode.l10n.t('Nothing found.') : failure;
      if (rows === 0 || failure !== '') {
        void vscode.window.showInformationMessage(said);
      }
    } catch (error) {
      void vscode.window.showErrorMessage((error as Error).message);
    }
    this.#tellFound();
  }

  #forget(): void {
    this.#found.clear();
    this.#tellFound();
  }

  /** Tells the page soon: rows come in great numbers. */
  #tellFound(): void {
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      this.#post({ type: 'found', found: this.#found.found });
    }, FOUND_MS);
  }

  async #read(): Promise<void> {
    const { current } = this.#sessions;
    const state = current?.state ?? 'ended';
    let body: TimelineBody = { recorded: false };
    try {
      if (current !== undefined && (state === 'running' || state === 'stopped')) {
        body = await current.request<TimelineBody>('pktgdb/timeline', this.#wanted);
      }
    } catch {
      return; // the session is ending; the next change reads again
    }
    const message: ToPage = { type: 'range', state, ...(body.range ? { range: body.range } : {}) };
    const text = JSON.stringify(message);
    if (text !== this.#sent) {
      this.#sent = text;
      this.#post(message);
    }
  }

  #post(message: ToPage): void {
    void this.#view?.webview.postMessage(message);
  }

  dispose(): void {
    clearTimeout(this.#telling);
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }
}
