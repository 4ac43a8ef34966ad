/** The packet listing: a read-only editor for captures, with breakpoints in its margin. */
import * as vscode from 'vscode';
import { showPage, stringsAttribute } from '../views/page.ts';
import { LISTING_STRINGS } from '../webview/strings.ts';
import { keepActiveCapture } from './active.ts';
import { CaptureDocument } from './capture-document.ts';
import type { FromPage, ToPage } from './messages.ts';
import { packetBreakpoints, togglePacketBreakpoint } from './packet-breakpoints.ts';
import type { StandingPacket } from './standing-packet.ts';

export const CAPTURE_EDITOR = 'pktgdb.capture';

/** A listing that is open. */
export class Listing {
  readonly capture: vscode.Uri;
  readonly #panel: vscode.WebviewPanel;
  /** The packet that is selected in it; 0 for none. */
  selected = 0;

  constructor(capture: vscode.Uri, panel: vscode.WebviewPanel) {
    this.capture = capture;
    this.#panel = panel;
  }

  get active(): boolean {
    return this.#panel.active;
  }

  /** Selects a packet and brings it into view. */
  reveal(packet: number): void {
    this.post({ type: 'reveal', packet });
  }

  post(message: ToPage): void {
    void this.#panel.webview.postMessage(message);
  }
}

export class CaptureEditors implements vscode.CustomReadonlyEditorProvider<CaptureDocument>, vscode.Disposable {
  readonly #extension: vscode.Uri;
  readonly #standing: StandingPacket;
  readonly #open = new Set<Listing>();
  readonly #subscriptions: readonly vscode.Disposable[];

  constructor(extension: vscode.Uri, standing: StandingPacket) {
    this.#extension = extension;
    this.#standing = standing;
    this.#subscriptions = [
      vscode.window.registerCustomEditorProvider(CAPTURE_EDITOR, this, { supportsMultipleEditorsPerDocument: true }),
      vscode.debug.onDidChangeBreakpoints(() => this.#each((listing) => this.#tellBreakpoints(listing))),
      standing.onDidChange(() => this.#each((listing) => this.#tellStanding(listing))),
    ];
  }

  /** The listing that the user works in. */
  get active(): Listing | undefined {
    return [...this.#open].find((listing) => listing.active);
  }

  openCustomDocument(uri: vscode.Uri): CaptureDocument {
    return new CaptureDocument(uri);
  }

  resolveCustomEditor(document: CaptureDocument, panel: vscode.WebviewPanel): void {
    const { webview } = panel;
    const listing = new Listing(document.uri, panel);
    this.#open.add(listing);
    const subscriptions = [
      webview.onDidReceiveMessage((message: FromPage) => this.#received(document, listing, message)),
      document.onDidChange((state) => listing.post(state)),
    ];
    panel.onDidDispose(() => {
      this.#open.delete(listing);
      vscode.Disposable.from(...subscriptions).dispose();
    });
    showPage(webview, this.#extension, {
      title: vscode.l10n.t('Packet Listing'),
      script: 'listing.js',
      style: 'listing.css',
      body: `<main id="listing" ${stringsAttribute(LISTING_STRINGS)}></main>`,
    });
  }

  #received(document: CaptureDocument, listing: Listing, message: FromPage): void {
    switch (message.type) {
      case 'ready':
        listing.post(document.state);
        this.#tellBreakpoints(listing);
        this.#tellStanding(listing);
        return;
      case 'cancel':
        document.cancel();
        return;
      case 'again':
        void document.read();
        return;
      case 'rows': {
        const { generation, from, to } = message;
        const rows = document.rows(generation, from, to);
        if (rows !== undefined) {
          listing.post({ type: 'rows', generation, from, rows });
        }
        return;
      }
      case 'select':
        listing.selected = message.packet;
        return;
      case 'toggleBreakpoint':
        void keepActiveCapture();
        togglePacketBreakpoint(document.uri, message.packet);
        return;
    }
  }

  #each(action: (listing: Listing) => void): void {
    for (const listing of this.#open) {
      action(listing);
    }
  }

  #tellBreakpoints(listing: Listing): void {
    listing.post({ type: 'breakpoints', breakpoints: packetBreakpoints(listing.capture) });
  }

  #tellStanding(listing: Listing): void {
    listing.post({ type: 'stopped', packet: this.#standing.of(listing.capture.fsPath) });
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }
}
