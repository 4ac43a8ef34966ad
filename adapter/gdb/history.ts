/** Commands that go back in what has been recorded. */
import { CommandError } from '../commands/command.ts';
import type { HISTORY_COMMANDS } from '../commands/table/history.ts';
import type { HistoryMoment, HistoryState, MomentTarget, ReverseKind, TimePosition } from '../engine/api.ts';
import { momentTarget, momentText } from '../inspect/history.ts';
import { visible } from '../packets/format.ts';
import type { Handlers } from './handler.ts';
import type { GdbInterpreter } from './interpreter.ts';
import { countOf, standing } from './running.ts';

/** Moments that the user keeps: by name, and by the number of a checkpoint. */
export interface KeptMoments {
  readonly bookmarks: Map<string, HistoryMoment>;
  readonly checkpoints: Map<number, HistoryMoment>;
  /** Rows of the last query. */
  rows: readonly TimePosition[];
  /** Names and numbers given so far. */
  lastBookmark: number;
  lastCheckpoint: number;
}

export function noMoments(): KeptMoments {
  return { bookmarks: new Map(), checkpoints: new Map(), rows: [], lastBookmark: 0, lastCheckpoint: 0 };
}

function historyOf(gdb: GdbInterpreter): HistoryState {
  gdb.requireStopped();
  const { history } = gdb.engine;
  if (!history) {
    throw new CommandError('Nothing is recorded: history is off.');
  }
  return history;
}

async function reverse(gdb: GdbInterpreter, kind: ReverseKind, args: string): Promise<void> {
  historyOf(gdb);
  const count = await countOf(gdb, args);
  if (count <= 0) {
    return;
  }
  const before = await standing(gdb);
  await gdb.go(() => gdb.engine.reverse(kind, { count }), before);
}

async function reverseContinue(gdb: GdbInterpreter): Promise<void> {
  historyOf(gdb);
  gdb.out('Continuing.\n');
  await gdb.go(() => gdb.engine.reverse('continue'));
}

async function reverseFinish(gdb: GdbInterpreter): Promise<void> {
  historyOf(gdb);
  await gdb.selected();
  await gdb.go(() => gdb.engine.reverse('out', { frame: gdb.frame }));
}

function goTo(gdb: GdbInterpreter, target: MomentTarget): Promise<void> {
  return gdb.go(() => gdb.engine.goTo(target));
}

async function goToMoment(gdb: GdbInterpreter, args: string): Promise<void> {
  const history = historyOf(gdb);
  const text = args.trim();
  const mark = gdb.moments.bookmarks.get(text) ?? rowOf(gdb, text);
  await goTo(gdb, mark ?? momentTarget(history, text));
}

/** The moment of a row of the last query. */
function rowOf(gdb: GdbInterpreter, text: string): TimePosition | undefined {
  const [, number] = /^row\s+(\d+)$/.exec(text) ?? [];
  if (number === undefined) {
    return undefined;
  }
  const { rows } = gdb.moments;
  const row = rows[Number(number) - 1];
  if (!row) {
    throw new CommandError(
      rows.length === 0 ? 'No query has found anything.' : `No row ${number}: ${rows.length} rows.`,
    );
  }
  return row;
}

function when(gdb: GdbInterpreter): void {
  const { here, present, inPast } = historyOf(gdb);
  gdb.out(`${momentText(here)}${inPast ? `; the present is ${momentText(present)}` : ', the present'}\n`);
}

function bookmark(gdb: GdbInterpreter, args: string): void {
  const { here } = historyOf(gdb);
  const name = args.trim() || String(++gdb.moments.lastBookmark);
  if (!/^[\w-]+$/.test(name) || ['start', 'end', 'packet', 'time', 'row'].includes(name)) {
    throw new CommandError(`"${visible(name)}" cannot be the name of a bookmark.`);
  }
  gdb.moments.bookmarks.set(name, here);
  gdb.out(`Bookmark ${name} at ${momentText(here)}.\n`);
}

function checkpoint(gdb: GdbInterpreter): void {
  const { here } = historyOf(gdb);
  const id = ++gdb.moments.lastCheckpoint;
  gdb.moments.checkpoints.set(id, here);
  gdb.out(`Checkpoint ${id} at ${momentText(here)}.\n`);
}

async function restart(gdb: GdbInterpreter, args: string): Promise<void> {
  historyOf(gdb);
  const text = args.trim();
  const to = gdb.moments.checkpoints.get(Number(text));
  if (text === '') {
    throw new CommandError('Requires numeric checkpoint id.');
  }
  if (!to) {
    throw new CommandError(`Not found: checkpoint id ${visible(text)}`);
  }
  await goTo(gdb, to);
}

export const HISTORY_HANDLERS: Handlers<typeof HISTORY_COMMANDS> = {
  'reverse-continue': reverseContinue,
  'reverse-step': (gdb, args) => reverse(gdb, 'into', args),
  'reverse-next': (gdb, args) => reverse(gdb, 'over', args),
  'reverse-stepi': (gdb, args) => reverse(gdb, 'instruction', args),
  'reverse-finish': reverseFinish,
  goto: goToMoment,
  when,
  bookmark,
  checkpoint,
  restart,
};

/** `info history`. */
export function infoHistory(gdb: GdbInterpreter): void {
  const { start, here, present, inPast, bytes } = historyOf(gdb);
  gdb.out(`Recorded: from ${momentText(start)}\n          to ${momentText(present)}\n`);
  gdb.out(`Size:     ${bytes} bytes of inputs\n`);
  gdb.out(`Here:     ${inPast ? momentText(here) : 'the present'}\n`);
}

/** `info bookmarks`. */
export function infoBookmarks(gdb: GdbInterpreter): void {
  const { bookmarks } = gdb.moments;
  gdb.out(bookmarks.size === 0 ? 'No bookmarks.\n' : listed(bookmarks));
}

/** `info checkpoints`. */
export function infoCheckpoints(gdb: GdbInterpreter): void {
  const { checkpoints } = gdb.moments;
  gdb.out(checkpoints.size === 0 ? 'No checkpoints.\n' : listed(checkpoints));
}

function listed(moments: ReadonlyMap<string | number, HistoryMoment>): string {
  return [...moments].map(([name, m]) => `${name}: ${momentText(m)}\n`).join('');
}
