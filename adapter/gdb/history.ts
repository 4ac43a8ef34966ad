/** Commands that go back in what has been recorded. */
import { CommandError } from '../commands/command.ts';
import type { HISTORY_COMMANDS } from '../commands/table/history.ts';
import type {
  HistoryMoment,
  HistoryState,
  MomentTarget,
  ReverseKind,
  TimePosition,
  TracedPlace,
} from '../engine/api.ts';
import { marksOf, momentTarget, momentText } from '../inspect/history.ts';
import { visible } from '../packets/format.ts';
import { type Handlers, listSubcommands } from './handler.ts';
import type { GdbInterpreter } from './interpreter.ts';
import { countOf, standing } from './running.ts';

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
  const { here, present, inPast, whatIf } = historyOf(gdb);
  const end = inPast ? `; the present is ${momentText(present)}` : ', the present';
  gdb.out(`${momentText(here)}${end}${whatIf ? ', of a what-if' : ''}\n`);
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
  if (text === '') {
    throw new CommandError('Requires argument (checkpoint id to restart)');
  }
  const to = text === '0' ? 'present' : gdb.moments.checkpoints.get(Number(text));
  if (!to) {
    throw new CommandError(`Not found: checkpoint id ${visible(text)}`);
  }
  await goTo(gdb, to);
}

/** `record`: there is nothing to turn on. */
function record(gdb: GdbInterpreter, args: string): void {
  if (args.trim() !== '') {
    throw new CommandError(`Undefined record command: "${visible(args.trim())}".  Try "help record".`);
  }
  historyOf(gdb);
  throw new CommandError('The process is already being recorded.  Use "record save FILE" to keep the recording.');
}

async function recordSave(gdb: GdbInterpreter, args: string): Promise<void> {
  historyOf(gdb);
  const file = args.trim() || `pktgdb_record.${process.pid}.pcapng`;
  const { packets, checkpoints, bytes } = await gdb.engine.saveRecording(file, marksOf(gdb.moments));
  const what = `${counted(packets, 'packet')}, ${counted(checkpoints, 'checkpoint')}, ${bytes} bytes`;
  gdb.out(`Saved recording ${visible(file)}: ${what}.\n`);
}

function recordStop(gdb: GdbInterpreter): void {
  historyOf(gdb);
  throw new CommandError('A program is recorded as long as it runs; "set history size 0" is for the next "run".');
}

function recordDelete(gdb: GdbInterpreter): void {
  const { inPast } = historyOf(gdb);
  throw new CommandError(
    inPast ? 'What comes after this moment cannot be deleted: the program is there.' : 'Already at end of record list.',
  );
}

async function whatIf(gdb: GdbInterpreter, args: string): Promise<void> {
  if (args.trim() === '') {
    infoWhatIf(gdb);
    return;
  }
  if (args.trim() !== 'off') {
    throw new CommandError(`"off" expected, not "${visible(args.trim())}".`);
  }
  historyOf(gdb);
  await gdb.go(() => gdb.engine.endWhatIf());
}

async function diffHistory(gdb: GdbInterpreter): Promise<void> {
  historyOf(gdb);
  const { equal, original, whatIf } = await gdb.engine.compareWhatIf();
  const text = ({ tick, probe, call, location }: TracedPlace): string =>
    `tick ${tick}, probe ${probe}: ${call} at ${location?.file}:${location?.line}`;
  if (!original || !whatIf) {
    const end = original ? ', up to where the what-if stands' : whatIf ? ', up to where the history ends' : '';
    gdb.out(`No difference: both make the same ${equal} calls${end}.\n`);
    return;
  }
  gdb.out(`They differ at call ${equal + 1} after the change:\n`);
  gdb.out(`  history  ${text(original)}\n  what-if  ${text(whatIf)}\n`);
}

/** `info what-if`. */
export function infoWhatIf(gdb: GdbInterpreter): void {
  const { whatIf } = historyOf(gdb);
  gdb.out(whatIf ? `The past was changed at ${momentText(whatIf)}.\n` : 'Nothing was changed in the past.\n');
}

export const HISTORY_HANDLERS: Handlers<typeof HISTORY_COMMANDS> = {
  'reverse-continue': reverseContinue,
  'reverse-step': (gdb, args) => reverse(gdb, 'into', args),
  'reverse-next': (gdb, args) => reverse(gdb, 'over', args),
  'reverse-stepi': (gdb, args) => reverse(gdb, 'instruction', args),
  'reverse-nexti': (gdb, args) => reverse(gdb, 'statement', args),
  'reverse-finish': reverseFinish,
  goto: goToMoment,
  when,
  bookmark,
  checkpoint,
  restart,
  record,
  'what-if': whatIf,
  diff: listSubcommands('diff'),
  'diff history': diffHistory,
  'record save': recordSave,
  'record goto': (gdb, args) => goToMoment(gdb, args.trim() === 'begin' ? 'start' : args),
  'record stop': recordStop,
  'record delete': recordDelete,
};

/** `info history`. */
export function infoHistory(gdb: GdbInterpreter): void {
  const { start, here, present, inPast, bytes, checkpoints, saved, whatIf } = historyOf(gdb);
  gdb.out(`Recorded: from ${momentText(start)}\n          to ${momentText(present)}\n`);
  gdb.out(`Size:     ${bytes} bytes of inputs; ${checkpointsText(checkpoints)}\n`);
  gdb.out(
    `Here:     ${inPast ? momentText(here) : saved ? 'the end' : 'the present'}${whatIf ? ', of a what-if' : ''}\n`,
  );
}

function checkpointsText({ count, bytes }: HistoryState['checkpoints']): string {
  return `${counted(count, 'checkpoint')} of ${bytes} bytes`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** `info record`, in gdb's words. */
export function infoRecord(gdb: GdbInterpreter): void {
  const { history } = gdb.engine;
  if (!history) {
    gdb.out('No recording is currently active.\n');
    return;
  }
  const { start, here, present, inPast, bytes, checkpoints, saved } = history;
  gdb.out(`Active record target: ${saved ? 'saved recording' : 'history'}\n`);
  gdb.out(inPast || saved ? `Replay mode:\nCurrent tick is ${here.tick}.\n` : 'Record mode:\n');
  gdb.out(`Lowest recorded tick is ${start.tick}.\nHighest recorded tick is ${present.tick}.\n`);
  gdb.out(`Log contains ${bytes} bytes of inputs, and ${checkpointsText(checkpoints)}.\n`);
}

/** `info bookmarks`. */
export function infoBookmarks(gdb: GdbInterpreter): void {
  const { bookmarks } = gdb.moments;
  gdb.out(bookmarks.size === 0 ? 'No bookmarks.\n' : listed(bookmarks));
}

/** `info checkpoints`, as gdb lists processes: the machine itself is number 0, and a star is where one is. */
export function infoCheckpoints(gdb: GdbInterpreter): void {
  const { checkpoints } = gdb.moments;
  if (checkpoints.size === 0) {
    gdb.out('No checkpoints.\n');
    return;
  }
  const { here, present } = historyOf(gdb);
  const all: [number, HistoryMoment][] = [[0, present], ...checkpoints];
  const current = all.find(([, { tick, probe }]) => tick === here.tick && probe === here.probe)?.[0];
  for (const [id, m] of all) {
    const main = id === 0 ? ' (main process)' : '';
    gdb.out(`${id === current ? '*' : ' '} ${id}${main} at ${momentText(m)}${lineText(gdb, m)}\n`);
  }
}

/** The line of a moment, as gdb's lists of places end; nothing for a moment between two turns. */
function lineText({ engine: { info } }: GdbInterpreter, { probe }: HistoryMoment): string {
  const p = info.probes[probe];
  const fn = p && info.functions[p.fn];
  return fn ? `, file ${fn.file}, line ${p.line}` : '';
}

function listed(moments: ReadonlyMap<string | number, HistoryMoment>): string {
  return [...moments].map(([name, m]) => `${name}: ${momentText(m)}\n`).join('');
}
