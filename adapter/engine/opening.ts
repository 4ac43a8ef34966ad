/** Opens saved recordings. */
import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { decodeChange, decodePosition, isFramed } from '../mailbox/change.ts';
import { CHUNK_HEADER_BYTES, LOG, LogReader, type Recording } from '../mailbox/recorded.ts';
import { visible } from '../packets/format.ts';
import { FileSource } from '../replay/file-source.ts';
import { ReplayNumbers } from '../replay/numbers.ts';
import type { ReplayPlan } from '../replay/plan.ts';
import { inSlices, type Progress } from '../replay/slices.ts';
import { readSaved, savedHead } from '../saved/read.ts';
import { isSafe } from '../saved/safe-change.ts';
import { SavedError, type SavedHead, type SavedMarks } from '../saved/saved.ts';
import { type TemporaryFolder, temporaryFolder } from '../temporary.ts';
import { EngineError, GivenUpError } from './api.ts';
import { CheckpointStore } from './checkpoint-store.ts';
import type { HistorySource } from './history-source.ts';
import { loadReplay, type Replay, replayData } from './launch.ts';

/** A recording that has been opened; its log stays in the file. */
export interface OpenedRecording extends HistorySource {
  readonly head: SavedHead;
  readonly marks: SavedMarks;
  readonly replayed: Replay | undefined;
  /** Bytes of the log. */
  readonly bytes: number;
  close(): void;
}

/** What a file says of itself if it is a saved recording. Throws `EngineError` for a damaged one. */
export function sniffSaved(path: string): SavedHead | undefined {
  try {
    if (!statSync(path).isFile()) {
      return undefined;
    }
    const source = new FileSource(path);
    try {
      return savedHead(source);
    } finally {
      source.close();
    }
  } catch (e) {
    if (e instanceof SavedError) {
      throw new EngineError(`${visible(path)}: ${visible(e.message)}`);
    }
    // Whoever opens it as a capture says what is wrong.
    return undefined;
  }
}

/** Opens a recording. Throws `EngineError` when that cannot be done, or is given up. */
export async function openSaved(path: string, progress: Progress): Promise<OpenedRecording> {
  const source = new FileSource(path);
  const captures = new CaptureFiles();
  try {
    const head = savedHead(source);
    if (!head) {
      throw new SavedError('it is no recording any more');
    }
    captures.begin(head.replay?.sizes ?? []);
    const saved = await inSlices(
      readSaved(source, (piece) => captures.add(piece)),
      source.size,
      progress,
    );
    captures.end();
    const { chunks, checkpoints } = saved;
    const changes = checkChanges({ chunks, fd: source.fd });
    const replayed = await openReplay(head, captures.paths, saved.progress, progress);
    const replay = replayed && replayData(replayed, { checksums: replayed.checksums });
    const recording: Recording = { ...saved.head, ...changes, chunks, fd: source.fd, captures: replay?.files ?? [] };
    const start = chunks[0]?.start ?? 0;
    return {
      head,
      recording,
      checkpoints: new CheckpointStore(checkpoints),
      oldest: (start > 0 && checkpoints.find((c) => c.logAt >= start)) || null,
      startTick: head.startTick,
      marks: saved.marks,
      replayed,
      replay,
      bytes: chunks.reduce((n, c) => n + (c.memory?.byteLength ?? c.fileBytes) - CHUNK_HEADER_BYTES, 0),
      close: () => {
        source.close();
        captures.remove();
      },
    };
  } catch (e) {
    source.close();
    captures.remove();
    if (progress.signal.aborted) {
      throw new GivenUpError(`Reading ${visible(path)} was interrupted; nothing is opened.`);
    }
    throw new EngineError(`${visible(path)}: ${e instanceof Error ? visible(e.message) : String(e)}`);
  }
}

/** Refuses recordings with changes that could do anything (see `isSafe`). What changes there are is in the log only. */
function checkChanges(kept: Pick<Recording, 'chunks' | 'fd'>): Pick<Recording, 'framed' | 'changed'> {
  const found = { framed: false, changed: false };
  const log = new LogReader(kept);
  while (log.peek() !== 0) {
    if (log.take() === LOG.CHANGE) {
      const at = decodePosition(log.r);
      log.r.f64();
      const change = decodeChange(log.r);
      if (!isSafe(change)) {
        const what = isFramed(change) ? change.js : change.kind;
        throw new SavedError(
          `at tick ${at.tick} it changes something in a way that is not trusted in a file: ${what.slice(0, 100)}`,
        );
      }
      found.framed ||= isFramed(change);
      found.changed = true;
    }
  }
  return found;
}

async function openReplay(
  { replay }: SavedHead,
  paths: readonly string[],
  memories: readonly Uint8Array[],
  progress: Progress,
): Promise<Replay | undefined> {
  if (!replay) {
    return undefined;
  }
  const options = { checksums: replay.checksums, ...(replay.guest === undefined ? {} : { guest: replay.guest }) };
  const opened = await loadReplay(paths, options, progress);
  const own = planMemories(opened.plan);
  if (own.length !== memories.length || own.some((memory, i) => memory.length !== memories[i]?.length)) {
    throw new SavedError('the recording is damaged: its replay does not belong to its capture');
  }
  own.forEach((memory, i) => void memory.set(memories[i] ?? []));
  new ReplayNumbers(opened.plan).count();
  return opened;
}

/** The memories of a plan that change while it is played. */
export function planMemories({ roles, grades, position, tally, gaps, progress }: ReplayPlan): Uint8Array[] {
  const all = [roles, grades, position, tally, ...Object.values(gaps), ...Object.values(progress)];
  return all.map((a) => new Uint8Array(a.buffer, a.byteOffset, a.byteLength));
}

/** Temporary files for the captures that a recording has been made of. */
class CaptureFiles {
  readonly paths: string[] = [];
  #folder: TemporaryFolder | undefined;
  #sizes: readonly number[] = [];
  #fd = -1;
  /** Bytes that the file in work still wants. */
  #left = 0;

  begin(sizes: readonly number[]): void {
    this.#sizes = sizes;
    if (sizes.length > 0) {
      this.#folder = temporaryFolder();
    }
  }

  add(piece: Uint8Array): void {
    for (let at = 0; at < piece.length; ) {
      if (this.#left === 0) {
        this.#next();
      }
      const n = writeSync(this.#fd, piece, at, Math.min(piece.length - at, this.#left));
      at += n;
      this.#left -= n;
    }
  }

  #next(): void {
    this.#closeFile();
    const size = this.#sizes[this.paths.length];
    if (!size) {
      throw new SavedError('the recording is damaged: it has more of its capture than it says');
    }
    const path = join(this.#folder?.path ?? '', `capture-${this.paths.length}`);
    this.#fd = openSync(path, 'wx', 0o600);
    this.#left = size;
    this.paths.push(path);
  }

  #closeFile(): void {
    if (this.#fd >= 0) {
      closeSync(this.#fd);
      this.#fd = -1;
    }
  }

  end(): void {
    this.#closeFile();
    if (this.#left > 0 || this.paths.length < this.#sizes.length) {
      throw new SavedError('the recording is damaged: a part of its capture is missing');
    }
  }

  remove(): void {
    this.#closeFile();
    this.#folder?.remove();
    this.#folder = undefined;
  }
}
