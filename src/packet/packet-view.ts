/** The view Packet: the tree and the bytes of the packet that was selected last, or that the machine stands at. */
import * as vscode from 'vscode';
import type { PacketBody } from '../../adapter/dap/custom.ts';
import type { PacketDetails } from '../../adapter/packets/details.ts';
import type { Sessions } from '../session/sessions.ts';
import { showPage, stringsAttribute } from '../views/page.ts';
import { PACKET_STRINGS } from '../webview/strings.ts';
import type { FromPage, PacketOrigin, ToPage } from './messages.ts';

export class PacketDetailsView implements vscode.WebviewViewProvider, vscode.Disposable {
  readonly #sessions: Sessions;
  readonly #extension: vscode.Uri;
  readonly #subscriptions: readonly vscode.Disposable[];
  #view: vscode.WebviewView | undefined;
  #shown: ToPage = { type: 'packet', origin: 'machine' };

  constructor(sessions: Sessions, extension: vscode.Uri) {
    this.#sessions = sessions;
    this.#extension = extension;
    this.#subscriptions = [
      vscode.window.registerWebviewViewProvider('pktgdb.packet', this),
      sessions.onDidChange(() => void this.#stopped()),
    ];
  }

  /** A packet of a listing has been selected. */
  select(packet: PacketDetails | undefined): void {
    if (packet) {
      this.#show('listing', packet);
    }
  }

  /** What the machine has in its hands, when it stands still; a stop without a packet leaves what is shown. */
  async #stopped(): Promise<void> {
    const { current } = this.#sessions;
    if (current?.state !== 'stopped') {
      return;
    }
    try {
      const { packet } = await current.request<PacketBody>('pktgdb/packet');
      if (packet) {
        this.#show('machine', packet);
      }
    } catch {
      // It runs again, or is gone.
    }
  }

  #show(origin: PacketOrigin, packet: PacketDetails): void {
    this.#shown = { type: 'packet', origin, packet };
    this.#post();
  }

  #post(): void {
    if (this.#view) {
      const { origin, packet } = this.#shown;
      const from =
        origin === 'machine' ? vscode.l10n.t('the machine') : vscode.l10n.t('packet {0}', packet?.number ?? 0);
      this.#view.description = packet ? from : '';
      void this.#view.webview.postMessage(this.#shown);
    }
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.#view = view;
    const { webview } = view;
    webview.onDidReceiveMessage(({ type }: FromPage) => {
      if (type === 'ready') {
        this.#post();
      }
    });
    view.onDidDispose(() => {
      this.#view = undefined;
    });
    showPage(webview, this.#extension, {
      title: vscode.l10n.t('Packet'),
      script: 'packet.js',
      style: 'packet.css',
      body: `<main id="packet" ${stringsAttribute(PACKET_STRINGS)}></main>`,
    });
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }
}
