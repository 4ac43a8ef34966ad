/** A capture that listings show: reads it, tells how far that is, and reads it again when the file changes. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { compileFilter } from '../../adapter/packets/filter/filter.ts';
import { CaptureModel } from './capture-model.ts';
import type { ListingState, ListingWidths, PacketRow, ReadingProgress, TimeFormat } from './messages.ts';

/** Milliseconds after the last change of a file: whoever writes a capture changes it all the time. */
const SETTLED_MS = 500;
/** Packets up to which all are looked at in order without being asked, to see which are bad. */
const MAX_JUDGED = 300_000;

export class CaptureDocument implements vscode.CustomDocument {
  readonly uri: vscode.Uri;
  readonly #changes = new vscode.EventEmitter<ListingState>();
  /** Another state. */
  readonly onDidChange = this.#changes.event;
  readonly #rowChanges = new vscode.EventEmitter<ListingWidths>();
  /** Rows say something else now. */
  readonly onDidChangeRows = this.#rowChanges.event;
  readonly #watcher: vscode.Disposable;
  #state: ListingState = { type: 'reading', progress: { done: 0, total: 0 } };
  #reading = new AbortController();
  #model: CaptureModel | undefined;
  #timeFormat: TimeFormat = 'first';
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

  /** Reads the capture, again if it has been read. Its packets are shown as they come. */
  async read(): Promise<void> {
    this.#reading.abort();
    this.#reading = new AbortController();
    const { signal } = this.#reading;
    let progress: ReadingProgress = { done: 0, total: 0 };
    this.#become({ type: 'reading', progress });
    const told = (done: number, total: number): void => {
      progress = { done, total };
      if (total === 0) {
        this.#become({ type: 'reading', progress });
      }
    };
    try {
      if (this.uri.scheme !== 'file') {
        throw new Error(vscode.l10n.t('Only captures that are files on disk can be listed.'));
      }
      await CaptureModel.open(this.uri.fsPath, { told, signal }, (model) => this.#show(model, progress));
      this.#opened([]);
      await this.#judge(signal);
    } catch (error) {
      // Another reading tells its own state.
      if (this.#reading.signal === signal) {
        this.#failed(error as Error, signal.aborted);
      }
    }
  }

  async #judge(signal: AbortSignal): Promise<void> {
    const model = this.#model;
    if (model && model.count <= MAX_JUDGED) {
      await model.judge({ told: () => undefined, signal }).catch(() => undefined);
      this.#rowChanges.fire(model.widths);
    }
  }

  /** Packets that have been read before it was given up, or failed, stay. */
  #failed({ message }: Error, cancelled: boolean): void {
    const { type } = this.#state;
    if (type === 'opened') {
      this.#opened([cancelled ? vscode.l10n.t('The capture has not been read to its end.') : message]);
    } else {
      this.#become(cancelled ? { type: 'cancelled' } : { type: 'failed', message });
    }
  }

  cancel(): void {
    this.#reading.abort();
  }

  /** Rows of the reading with this number; undefined if there has been another one since. */
  rows(generation: number, from: number, to: number, numbers?: Uint32Array): readonly PacketRow[] | undefined {
    if (generation !== this.#generation || this.#model === undefined) {
      return undefined;
    }
    try {
      return this.#model.rows(from, to, numbers);
    } catch (error) {
      this.#become({ type: 'failed', message: (error as Error).message });
      return undefined;
    }
  }

  /** The packets that match a filter. Throws `FilterError` for one that is wrong. */
  async matching(text: string, told: (progress: ReadingProgress) => void, signal: AbortSignal): Promise<Uint32Array> {
    const filter = compileFilter(text);
    const found = this.#model?.matching(filter, { told: (done, total) => told({ done, total }), signal });
    return (await found) ?? new Uint32Array(0);
  }

  /** What has been read. */
  get model(): CaptureModel | undefined {
    return this.#model;
  }

  set timeFormat(format: TimeFormat) {
    this.#timeFormat = format;
    if (this.#model) {
      this.#model.timeFormat = format;
      this.#rowChanges.fire(this.#model.widths);
    }
  }

  #show(model: CaptureModel, progress: ReadingProgress): void {
    if (this.#model !== model) {
      this.#model?.close();
      this.#model = model;
      model.timeFormat = this.#timeFormat;
      this.#generation++;
    }
    this.#opened([], progress);
  }

  #opened(more: readonly string[], progress?: ReadingProgress): void {
    if (this.#model !== undefined) {
      const { count, warnings, widths } = this.#model;
      const state = { generation: this.#generation, count, warnings: [...warnings, ...more], widths };
      this.#become({ type: 'opened', ...state, ...(progress === undefined ? {} : { progress }) });
    }
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
    this.#rowChanges.dispose();
  }
}
