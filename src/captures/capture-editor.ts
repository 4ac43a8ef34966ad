/** The packet listing: a read-only editor for captures, with breakpoints in its margin. */
import * as vscode from 'vscode';
import type { FilterError } from '../../adapter/packets/filter/filter.ts';
import type { Sessions } from '../session/sessions.ts';
import { showPage, stringsAttribute } from '../views/page.ts';
import { LISTING_STRINGS } from '../webview/strings.ts';
import { keepActiveCapture } from './active.ts';
import type { CaptureDocument } from './capture-document.ts';
import { hoverLines } from './marks.ts';
import type { FromPage, ListingState, ReadingProgress, TimeFormat, ToPage } from './messages.ts';
import { packetBreakpoints, togglePacketBreakpoint } from './packet-breakpoints.ts';
import { ReplayMarks } from './replay-marks.ts';
import type { StandingPacket } from './standing-packet.ts';

export const CAPTURE_EDITOR = 'pktgdb.capture';

/** A listing that is open. */
export class Listing {
  readonly capture: vscode.Uri;
  readonly document: CaptureDocument;
  readonly #panel: vscode.WebviewPanel;
  /** The packet that is selected in it; 0 for none. */
  selected = 0;
  /** The packets that are shown, if not all. */
  #shown: Uint32Array | undefined;
  #filter = '';
  #filtering = new AbortController();
  #generation = 0;
  /** The filter is to be applied once the capture has been read. */
  #pending = false;

  constructor(document: CaptureDocument, panel: vscode.WebviewPanel) {
    this.document = document;
    this.capture = document.uri;
    this.#panel = panel;
  }

  /** Shows only packets that match; all of them for an empty text. An error is said at the filter. */
  async filter(text: string): Promise<void> {
    this.#filtering.abort();
    this.#filtering = new AbortController();
    const { signal } = this.#filtering;
    this.#filter = text;
    const { generation } = this;
    if (!this.#isRead(this.document.state)) {
      this.#pending = text !== '';
      return;
    }
    try {
      const told = (progress: ReadingProgress): void => this.post({ type: 'filtering', progress });
      this.#shown = text.trim() === '' ? undefined : await this.document.matching(text, told, signal);
      this.post({ type: 'filtered', generation, text, ...(this.#shown ? { shown: this.#shown } : {}) });
    } catch (error) {
      if (!signal.aborted) {
        const { message: why, span } = error as FilterError;
        this.post({
          type: 'filtered',
          generation,
          text,
          error: why,
          ...(span ? { span: [span.start, span.end] } : {}),
        });
      }
    }
  }

  /** The capture is in another state: what is filtered is filtered again once it has been read. */
  changed(state: ListingState): void {
    if (state.type === 'opened' && state.generation !== this.#generation) {
      this.#generation = state.generation;
      this.#shown = undefined;
      this.#pending = this.#filter !== '';
    }
    this.post(state);
    if (this.#pending && this.#isRead(state)) {
      this.#pending = false;
      void this.filter(this.#filter);
    }
  }

  #isRead(state: ListingState): boolean {
    return state.type === 'opened' && state.progress === undefined;
  }

  /** Numbers of the packets that are shown; undefined for all. */
  get shown(): Uint32Array | undefined {
    return this.#shown;
  }

  get generation(): number {
    const { state } = this.document;
    return state.type === 'opened' ? state.generation : 0;
  }

  rows(generation: number, from: number, to: number): void {
    const rows = this.document.rows(generation, from, to, this.#shown);
    if (rows !== undefined) {
      this.post({ type: 'rows', generation, from, rows });
    }
  }

  get active(): boolean {
    return this.#panel.active;
  }

  /** Applies a filter as if it had been typed. */
  useFilter(text: string): void {
    if (text !== '') {
      this.post({ type: 'useFilter', text });
    }
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
  readonly #marks: ReplayMarks;
  readonly #open = new Set<Listing>();
  readonly #subscriptions: readonly vscode.Disposable[];
  readonly #selections = new vscode.EventEmitter<Listing>();
  /** A packet has been selected in a listing. */
  readonly onDidSelect = this.#selections.event;
  #timeFormat: TimeFormat = 'first';

  constructor(extension: vscode.Uri, standing: StandingPacket, sessions: Sessions) {
    this.#marks = new ReplayMarks(sessions, (path) => [...this.#open].some(({ capture }) => capture.fsPath === path));
    this.#extension = extension;
    this.#standing = standing;
    this.#subscriptions = [
      vscode.window.registerCustomEditorProvider(CAPTURE_EDITOR, this, { supportsMultipleEditorsPerDocument: true }),
      vscode.debug.onDidChangeBreakpoints(() => this.#each((listing) => this.#tellBreakpoints(listing))),
      this.#selections,
      standing.onDidChange(() => this.#each((listing) => this.#tellStanding(listing))),
      this.#marks,
      this.#marks.onDidChange(() => this.#each((listing) => this.#tellMarks(listing))),
    ];
  }

  /** The listing that the user works in. */
  get active(): Listing | undefined {
    return [...this.#open].find((listing) => listing.active);
  }

  async openCustomDocument(uri: vscode.Uri): Promise<CaptureDocument> {
    // Protocols are loaded with the first capture: without them the extension starts twice as fast.
    const { CaptureDocument } = await import('./capture-document.ts');
    const document = new CaptureDocument(uri);
    document.timeFormat = this.#timeFormat;
    return document;
  }

  /** What the Time column says, in all listings. */
  set timeFormat(format: TimeFormat) {
    this.#timeFormat = format;
    this.#each(({ document }) => {
      document.timeFormat = format;
    });
  }

  resolveCustomEditor(document: CaptureDocument, panel: vscode.WebviewPanel): void {
    const { webview } = panel;
    const listing = new Listing(document, panel);
    this.#open.add(listing);
    const subscriptions = [
      webview.onDidReceiveMessage((message: FromPage) => this.#received(document, listing, message)),
      document.onDidChange((state) => listing.changed(state)),
      document.onDidChangeRows((widths) => listing.post({ type: 'changed', widths })),
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
        this.#tellMarks(listing);
        void this.#marks.ask();
        return;
      case 'hover': {
        const details = document.model?.details(message.packet);
        listing.post({ type: 'hover', packet: message.packet, lines: details ? hoverLines(details) : [] });
        return;
      }
      case 'cancel':
        document.cancel();
        return;
      case 'again':
        void document.read();
        return;
      case 'rows':
        listing.rows(message.generation, message.from, message.to);
        return;
      case 'filter':
        void listing.filter(message.text);
        return;
      case 'select':
        listing.selected = message.packet;
        this.#selections.fire(listing);
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

  #tellMarks(listing: Listing): void {
    listing.post({ type: 'marks', marks: this.#marks.of(listing.capture.fsPath) });
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }
}
