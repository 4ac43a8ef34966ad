/** What is kept of a log: the last bytes, in memory and in a file. */
import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync, readdirSync } from 'node:fs';
import { History, type HistoryOptions } from '../../adapter/engine/history.ts';
import { LogFile, writeAll } from '../../adapter/engine/log-file.ts';
import type { CheckpointRef } from '../../adapter/mailbox/checkpoint-ref.ts';
import { LOG, LogReader, LogWriter } from '../../adapter/mailbox/recorded.ts';
import { ERRNOS, refuse } from '../kit/faults.ts';
import { tempFolder } from '../kit/temp.ts';
import { until } from '../kit/until.ts';

const MB = 1 << 20;
const RECORD = 100_000;

const NOTHING = new SharedArrayBuffer(0);

/** The state before record `turn`, which is at `logAt`. */
function checkpointAt(turn: number, logAt: number): CheckpointRef {
  const beside = { nowNs: 0, frames: 0, frameHash: 0, edge: new Uint8Array(0), captured: 0 };
  return { ...beside, bytes: NOTHING, pages: [], number: turn, turn, tick: turn, logAt };
}

/** A history, and an inferior that fills it; what would wait there is told to. */
class Filled {
  readonly warnings: string[] = [];
  readonly history: History;
  readonly log: LogWriter;
  /** All that the log has ever been in. */
  readonly memory = new Set<SharedArrayBuffer>();
  records = 0;
  ended = false;

  constructor(options: Partial<HistoryOptions>) {
    this.history = new History({ size: 16 * MB, memory: 2 * MB, warn: (text) => this.warnings.push(text), ...options });
    this.log = new LogWriter(
      (chunk) => {
        this.memory.add(chunk);
        this.history.add(chunk);
        this.history.settle();
      },
      () => this.history.spare(),
      this.history.limit.chunkBytes,
    );
  }

  /** Writes records until `megabytes` are written, or there is no room. `checkpoints`: a place to begin every 10. */
  async fill(megabytes: number, checkpoints: boolean): Promise<void> {
    const end = this.log.at + megabytes * MB;
    while (this.log.at < end && !this.ended) {
      if (checkpoints && this.records % 10 === 0) {
        this.history.addCheckpoint(checkpointAt(this.records, this.log.at));
      }
      await this.#room(RECORD + 10);
      if (!this.ended) {
        this.log
          .begin(LOG.READ_FILE, RECORD + 10)
          .u32(this.records++)
          .skip(RECORD);
        this.log.commit();
      }
    }
  }

  /** A record of so many bytes. */
  async record(bytes: number): Promise<void> {
    await this.#room(bytes + 10);
    this.log
      .begin(LOG.READ_FILE, bytes + 10)
      .u32(this.records++)
      .skip(bytes);
    this.log.commit();
  }

  async #room(max: number): Promise<void> {
    const { limit } = this.history;
    while (this.log.at + max > limit.at && !this.ended) {
      const was = limit.at;
      let answered = false;
      const set = limit.set.bind(limit);
      limit.set = (at) => {
        answered = true;
        set(at);
      };
      limit.wanted = this.log.at + max;
      this.history.full();
      await until(() => answered, 'an answer');
      limit.set = set;
      this.ended = limit.at <= was;
    }
  }

  /** Numbers of the records that are kept from a place on. */
  read(at?: number): number[] {
    const reader = new LogReader(this.history.log, at);
    const numbers: number[] = [];
    while (reader.peek() !== 0) {
      reader.take();
      numbers.push(reader.r.u32());
    }
    return numbers;
  }
}

const upTo = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

function restoreTmpdir(before: string | undefined): void {
  if (before === undefined) {
    delete process.env['TMPDIR'];
  } else {
    process.env['TMPDIR'] = before;
  }
}

describe('the history', () => {
  let f: Filled;
  afterEach(() => f.history.close());

  it('goes from memory to a file, and is read from both', async () => {
    f = new Filled({});
    await f.fill(10, false);
    await until(() => f.history.inMemory <= 4, 'chunks in the file');
    assert.ok(f.history.log.chunks.length >= 10);
    assert.deepEqual(f.read(), upTo(0, f.records));
    assert.deepEqual(f.warnings, []);
  });

  it('uses the memory of chunks again that are in the file', async () => {
    f = new Filled({});
    for (let i = 0; i < 12; i++) {
      await f.fill(1, false);
      await until(() => f.history.inMemory <= 4, 'chunks in the file');
    }
    assert.ok(f.memory.size < 8, `${f.memory.size} chunks of memory`);
    assert.deepEqual(f.read(), upTo(0, f.records));
  });

  it('does not use memory again that somebody may be reading', async () => {
    f = new Filled({ size: 64 * MB });
    await f.fill(3, false);
    const kept = f.history.log;
    const lent = new Set(kept.chunks.flatMap((c) => (c.memory ? [c.memory] : [])));
    assert.ok(lent.size > 1);
    const reader = new LogReader(kept);
    const written = f.records;
    // Each chunk's memory could be the one that comes next.
    const spare = f.history.spare.bind(f.history);
    f.history.spare = () => {
      const memory = spare();
      assert.ok(!lent.has(memory), 'memory that somebody may be reading');
      return memory;
    };
    await f.fill(9, false);
    await until(() => f.history.inMemory <= 4, 'chunks in the file');
    // All that is free by now comes into use.
    await f.fill(20, false);
    for (let i = 0; i < written; i++) {
      reader.take();
      assert.equal(reader.r.u32(), i);
    }
  });

  it('keeps the last bytes, from a checkpoint on', async () => {
    f = new Filled({ size: 8 * MB });
    for (let i = 0; i < 10; i++) {
      await f.fill(7, true);
      assert.ok(f.history.bytes <= 8 * MB && f.history.bytes >= 4 * MB, `${f.history.bytes}`);
      const [first] = f.history.checkpoints.all;
      assert.ok(first && (f.history.log.chunks[0]?.start ?? 0) <= first.logAt);
      assert.deepEqual(f.read(first.logAt), upTo(first.turn, f.records));
    }
    assert.deepEqual(f.warnings, []);
    assert.equal(f.ended, false);
  });

  it('keeps what one turn brings, however much that is, and less again afterwards', async () => {
    f = new Filled({ size: 4 * MB });
    await f.fill(3, true);
    f.history.addCheckpoint(checkpointAt(f.records, f.log.at));
    const turn = f.records;
    await f.record(20 * MB);
    assert.ok(!f.ended && f.history.bytes > 20 * MB);
    assert.deepEqual(f.read(f.history.oldest?.logAt), upTo(f.history.oldest?.turn ?? 0, f.records));
    assert.ok((f.history.oldest?.turn ?? 0) <= turn);
    await f.fill(4, true);
    assert.ok(f.history.bytes <= 4 * MB, `${f.history.bytes}`);
    assert.deepEqual(f.warnings, []);
  });

  it('ends where nothing can leave, and says so once', async () => {
    f = new Filled({ size: 4 * MB });
    await f.fill(100, false);
    await f.fill(1, false);
    assert.ok(f.ended && f.history.bytes > 4 * MB && f.history.bytes <= 70 * MB);
    assert.deepEqual(f.read(), upTo(0, f.records));
    assert.match(f.warnings.join('\n'), /^the recording has reached its limit of 4194304 bytes and ends here[^\n]*$/);
  });

  it('goes on in memory when the disk is full, and says so once', async function () {
    if (!existsSync('/dev/full')) {
      this.skip();
    }
    const fd = openSync('/dev/full', 'r+');
    f = new Filled({ open: () => ({ fd, write: (b, at) => writeAll(fd, b, at), close: () => closeSync(fd) }) });
    await f.fill(40, true);
    assert.equal(f.ended, false);
    const last = f.history.checkpoints.all.at(-1);
    assert.ok(last);
    assert.deepEqual(f.read(last.logAt), upTo(last.turn, f.records));
    assert.match(f.warnings.join('\n'), /^the history cannot be written to its file \(ENOSPC[^\n]*2 MB[^\n]*$/);
  });

  it('goes on in memory where it can have no file, says so once, and leaves nothing', async () => {
    const [folder, before] = [tempFolder(), process.env['TMPDIR']];
    process.env['TMPDIR'] = folder;
    for (const call of ['mkdtempSync', 'openSync']) {
      for (const errno of ERRNOS) {
        const accept = refuse('fs', call, errno);
        f = new Filled({ open: () => new LogFile() });
        try {
          await f.fill(40, true);
        } finally {
          assert.ok(accept() > 0, call);
        }
        assert.equal(f.ended, false);
        assert.equal(f.warnings.length, 1);
        assert.match(f.warnings[0] ?? '', new RegExp(`^the history cannot be written to its file \\(${errno}: `));
        assert.deepEqual(readdirSync(folder), []);
      }
    }
    restoreTmpdir(before);
  });

  it('has a file that nobody has to remove', async function () {
    if (process.platform === 'win32') {
      this.skip();
    }
    const folder = tempFolder();
    const before = process.env['TMPDIR'];
    process.env['TMPDIR'] = folder;
    f = new Filled({ open: () => new LogFile() });
    await f.fill(8, false);
    await until(() => f.history.log.chunks.some((c) => !c.memory), 'a chunk in the file');
    assert.deepEqual(readdirSync(folder), []);
    restoreTmpdir(before);
  });
});
