/** The view Rings: a page that draws the descriptor rings, and read-only documents for what a descriptor holds. */
import * as vscode from 'vscode';
import type { DescriptorArguments, DescriptorBody, RingsBody } from '../../adapter/dap/custom.ts';
import type { Sessions } from '../session/sessions.ts';
import { RING_STRINGS } from '../webview/strings.ts';
import { showPage, stringsAttribute } from './page.ts';
import { Refresher } from './refresher.ts';
import { TextDocuments } from './text-documents.ts';

const INTERVAL_MS = 250;

export class RingsView implements vscode.WebviewViewProvider, vscode.Disposable {
  readonly #sessions: Sessions;
  readonly #extension: vscode.Uri;
  readonly #descriptors: DescriptorDocuments;
  readonly #refresher = new Refresher(() => this.#read(), INTERVAL_MS);
  readonly #subscriptions: vscode.Disposable[];
  #view: vscode.WebviewView | undefined;
  /** What the page shows, as JSON: nothing is sent while nothing changes. */
  #sent = '';

  constructor(sessions: Sessions, extension: vscode.Uri) {
    this.#sessions = sessions;
    this.#extension = extension;
    this.#descriptors = new DescriptorDocuments(sessions);
    this.#subscriptions = [
      vscode.window.registerWebviewViewProvider('pktgdb.rings', this),
      this.#descriptors,
      this.#refresher,
      sessions.onDidChange(() => this.#refresher.setState(sessions.current?.state ?? 'ended')),
    ];
  }

  refresh(): void {
    this.#refresher.request();
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.#view = view;
    const { webview } = view;
    webview.onDidReceiveMessage((message: unknown) => this.#received(message));
    view.onDidChangeVisibility(() => {
      this.#sent = ''; // the page begins anew when it is shown again
      this.#refresher.setVisible(view.visible);
    });
    view.onDidDispose(() => {
      this.#view = undefined;
      this.#refresher.setVisible(false);
    });
    showPage(webview, this.#extension, {
      title: vscode.l10n.t('Rings'),
      script: 'rings.js',
      style: 'rings.css',
      body: `<p id="message" role="status"></p>\n<main id="rings" ${stringsAttribute(RING_STRINGS)}></main>`,
    });
  }

  #received(message: unknown): void {
    const { type, nic, ring, index } = message as Partial<DescriptorArguments> & { readonly type?: unknown };
    if (type === 'ready') {
      this.#sent = '';
      this.#refresher.setState(this.#sessions.current?.state ?? 'ended');
      this.#refresher.setVisible(this.#view?.visible ?? false);
    } else if (type === 'open' && nic !== undefined && (ring === 'rx' || ring === 'tx') && index !== undefined) {
      void this.#descriptors.show({ nic, ring, index });
    }
  }

  async #read(): Promise<void> {
    const { current } = this.#sessions;
    let body: RingsBody = { nics: [] };
    try {
      if (current !== undefined && current.state !== 'ended') {
        body = await current.request<RingsBody>('pktgdb/rings');
      }
    } catch {
      return; // the session is ending; the next change reads again
    }
    const text = JSON.stringify(body);
    if (this.#view !== undefined) {
      this.#view.description = this.#sessions.shownName;
    }
    if (text !== this.#sent && this.#view !== undefined) {
      this.#sent = text;
      await this.#view.webview.postMessage({ type: 'rings', body });
    }
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }
}

/** Documents `Rx 5.packet`: a descriptor with its packet dissected. */
class DescriptorDocuments implements vscode.Disposable {
  readonly #sessions: Sessions;
  readonly #documents = new TextDocuments('pktgdb-packet');

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
  }

  async show(descriptor: DescriptorArguments): Promise<void> {
    const { nic, ring, index } = descriptor;
    try {
      const body = await this.#sessions.current?.request<DescriptorBody>('pktgdb/descriptor', descriptor);
      if (body !== undefined) {
        await this.#documents.show(`/${nic}/${ring === 'rx' ? 'Rx' : 'Tx'} ${index}.packet`, body.text);
      }
    } catch (error) {
      void vscode.window.showErrorMessage((error as Error).message);
    }
  }

  dispose(): void {
    this.#documents.dispose();
  }
}
