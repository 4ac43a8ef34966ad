/** Saves a session: its packets as a capture that any tool reads, and behind them what makes it a recording. */
import { closeSync, fstatSync, openSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { visible } from '../packets/format.ts';
import { type SavedHead, type SavedMarks, VERSION } from '../saved/saved.ts';
import { SavedWriter } from '../saved/write.ts';
import { EngineError, type HistoryMoment, type SaveSummary } from './api.ts';
import type { HistorySource } from './history-source.ts';
import type { Replay } from './launch.ts';
import { writeAll } from './log-file.ts';
import { planMemories } from './opening.ts';
import type { ReexecuteOptions } from './reexecute.ts';

/** What is saved. */
export interface SavedSession {
  readonly source: HistorySource;
  readonly begun: number;
  readonly end: HistoryMoment;
  readonly replay: Replay | undefined;
}

/** Executes the recording again. */
export type Execute = (options: ReexecuteOptions) => Promise<unknown>;

function headOf({ source: { recording, startTick }, begun, end, replay }: SavedSession): SavedHead {
  const { buildId, argv, seed } = recording;
  const nameservers = recording.nameservers.map((a) => ({
    ...a,
    sin6_addr: a.sin6_addr && ([...a.sin6_addr] as unknown as Uint8Array),
  }));
  const { guest } = replay ?? {};
  return {
    version: VERSION,
    buildId,
    argv,
    seed,
    nameservers,
    begun,
    startTick,
    end,
    replay: replay
      ? {
          sizes: replay.opened.map((o) => o.source.size),
          ...(guest === undefined ? {} : { guest }),
          checksums: replay.checksums,
        }
      : null,
  };
}

/** Writes the file anew, or leaves what is there as it is. Throws `EngineError`. */
export async function saveSession(
  path: string,
  session: SavedSession,
  marks: SavedMarks,
  execute: Execute,
  told: (done: number, total: number) => void,
): Promise<SaveSummary> {
  let partial = '';
  let fd = -1;
  try {
    const file = replaced(path);
    partial = `${file}.${process.pid}.part`;
    fd = openSync(partial, 'wx');
    const summary = await write(fd, session, marks, execute, told);
    closeSync(fd);
    fd = -1;
    renameSync(partial, file);
    return summary;
  } catch (e) {
    if (fd >= 0) {
      closeSync(fd);
    }
    if (partial !== '') {
      rmSync(partial, { force: true });
    }
    throw new EngineError(`${visible(path)} cannot be saved: ${e instanceof Error ? visible(e.message) : String(e)}`);
  }
}

/** The file that a new one is put in place of. Throws for what is no file, such as a device, which would be gone. */
function replaced(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat !== undefined && !stat.isFile()) {
    throw new Error('it is not a regular file');
  }
  return stat === undefined ? path : realpathSync(path);
}

async function write(
  fd: number,
  session: SavedSession,
  marks: SavedMarks,
  execute: Execute,
  told: (done: number, total: number) => void,
): Promise<SaveSummary> {
  const { source, replay, end, begun } = session;
  const { recording } = source;
  const checkpoints = source.checkpoints.all;
  let at = 0;
  const writer = new SavedWriter(async (bytes) => {
    await writeAll(fd, bytes, at);
    at += bytes.length;
  });
  await writer.begin();
  const from = source.oldest;
  const packets = end.packets - (from?.frames ?? 0);
  // Where nothing was changed, the build without probes does it too, and is faster.
  const release = !recording.changed;
  await execute({ ...(from ? { from } : {}), release, packets: { fd, at, most: packets, begun } });
  at = fstatSync(fd).size;
  await writer.head(headOf(session), at);

  const memories = new Set(checkpoints.flatMap((c) => [c.bytes, ...c.pages]));
  const log = recording.chunks.reduce((n, c) => n + (c.memory?.byteLength ?? c.fileBytes), 0);
  const captures = replay?.opened.map((o) => o.source) ?? [];
  const total = [...memories].reduce((n, m) => n + m.byteLength, log) + captures.reduce((n, s) => n + s.size, 0);
  let done = 0;
  const count = (bytes: number): void => {
    done += bytes;
    told(done, total);
  };
  await writer.log(recording.chunks, recording.fd, count);
  await writer.checkpoints(checkpoints, count);
  await writer.marks(marks);
  for (const source of captures) {
    await writer.capture(source.fd, source.size, count);
  }
  await writer.progress(replay ? planMemories(replay.plan) : []);
  await writer.end();
  return { packets, checkpoints: checkpoints.length, bytes: at };
}
