/** A capture that listings show: reads it, tells how far that is, and reads it again when the file changes. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { CaptureModel } from './capture-model.ts';
import type { ListingState, PacketRow } from './messages.ts';

/** Milliseconds after the last change of a file: whoever writes a capture changes it all the time. */
const SETTLED_MS = 500;

export class CaptureDocument implements vscode.CustomDocument {
  readonly uri: vscode.Uri;
  readonly #changes = new vscode.EventEmitter<ListingState>();
  /** Another state. */
  readonly onDidChange = this.#changes.event;
  readonly #watcher: vscode.Disposable;
  #state: ListingState = { type: 'reading', done: 0, total: 0 };
  #reading = new AbortController();
  #model: CaptureModel | undefined;
  #generation = 0;
  #settling: NodeJS.Timeout | undefined;

  constructor(uri: vscode.Uri) {
    this.uri = uri;
    const folder = vscode.Uri.joinPath(uri, '..');
    const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(folder, basename(uri.path)));
    const changed = (): void => {
      clearTimeout(this.#settling);
      this.#settling = setTimeout(() => void this.read(), SETTLED_MS);
    };
    this.#watcher = vscode.Disposable.from(watcher, watcher.onDidChange(changed), watcher.onDidCreate(changed));
    void this.read();
  }

  get state(): ListingState {
    return this.#state;
  }

  /** Reads the capture, again if it has been read. */
  async read(): Promise<void> {
    this.#reading.abort();
    this.#reading = new AbortController();
    const { signal } = this.#reading;
    this.#become({ type: 'reading', done: 0, total: 0 });
    const told = (done: number, total: number): void => this.#become({ type: 'reading', done, total });
    try {
      if (this.uri.scheme !== 'file') {
        throw new Error(vscode.l10n.t('Only captures that are files on disk can be listed.'));
      }
      const model = await CaptureModel.open(this.uri.fsPath, { told, signal });
      this.#use(model, signal);
    } catch (error) {
      // Another reading tells its own state.
      if (this.#reading.signal === signal) {
        this.#become(signal.aborted ? { type: 'cancelled' } : { type: 'failed', message: (error as Error).message });
      }
    }
  }

  cancel(): void {
    this.#reading.abort();
  }

  /** Rows of the reading with this number; undefined if there has been another one since. */
  rows(generation: number, from: number, to: number): readonly PacketRow[] | undefined {
    if (generation !== this.#generation || this.#model === undefined) {
      return undefined;
    }
    try {
      return this.#model.rows(from, to);
    } catch (error) {
      this.#become({ type: 'failed', message: (error as Error).message });
      return undefined;
    }
  }

  #use(model: CaptureModel, signal: AbortSignal): void {
    if (signal.aborted) {
      model.close();
      throw new Error('aborted');
    }
    this.#model?.close();
    this.#model = model;
    const { count, warnings, widths } = model;
    this.#become({ type: 'opened', generation: ++this.#generation, count, warnings, widths });
  }

  #become(state: ListingState): void {
    this.#state = state;
    this.#changes.fire(state);
  }

  dispose(): void {
    clearTimeout(this.#settling);
    this.#reading.abort();
    this.#model?.close();
    this.#watcher.dispose();
    this.#changes.dispose();
  }
}
