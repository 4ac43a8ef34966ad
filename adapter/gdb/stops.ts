/** What gdb prints when the program stops, and frame lines. */
import type { Frame, NamedValue, Stop } from '../engine/api.ts';
import { conditionAdvice } from '../inspect/condition-advice.ts';
import { shortMomentText } from '../inspect/history.ts';
import { packetArgument } from '../inspect/packets.ts';
import { runningGuestsText } from '../inspect/real-guests.ts';
import { accountLines } from '../inspect/replay.ts';
import { formatArgument, formatResult } from '../inspect/values.ts';
import type { GdbInterpreter } from './interpreter.ts';
import { divergenceAtStop } from './packet-diff.ts';
import { watchHeadline } from './watch.ts';

/** `nc=0x7f0000001040, iov=[60 bytes: 10.0.2.2:80 -> 10.0.2.15:1024 TCP [ACK]], iovcnt=1`. */
function argumentList(
  { style }: GdbInterpreter,
  args: readonly NamedValue[],
  packet: Awaited<ReturnType<typeof packetArgument>>,
): string {
  const text = (a: NamedValue): string => (a.name === packet?.name ? packet.text : formatArgument(a.value));
  return args.map((a) => `${style.as('variable', a.name)}=${text(a)}`).join(', ');
}

/** `e1000_receive_iov (nc=0x7f0000001040, iovcnt=1) at hw/net/e1000.ts:1031`. */
export async function frameLine(gdb: GdbInterpreter, f: Frame, how = 'scalars'): Promise<string> {
  const known = how === 'none' || how === 'presence' ? [] : await gdb.engine.args(f.index);
  const args =
    how === 'presence' && f.fn.params.length > 0
      ? '...'
      : how === 'none'
        ? '...'
        : argumentList(gdb, known, await packetArgument(gdb.engine, f));
  const { style } = gdb;
  return `${style.as('function', f.fn.name)} (${args}) at ${style.place(f.location.file, f.location.line)}`;
}

/** `#0  ` and the frame line. */
export async function numberedFrameLine(gdb: GdbInterpreter, f: Frame, how = 'scalars'): Promise<string> {
  return `${`#${f.index}`.padEnd(3)} ${await frameLine(gdb, f, how)}`;
}

/** The source line of a frame, `1031\t  const ...`, and makes it the place that `list` shows around. */
export function sourceLine(gdb: GdbInterpreter, f: Frame): string {
  gdb.source.center(f.location.file, f.location.line);
  return `${gdb.source.numberedLine(f.location.file, f.location.line)}\n`;
}

/** What became of the capture that is replayed, if there is one. */
export async function printAccount(gdb: GdbInterpreter): Promise<void> {
  const { replay } = gdb.engine;
  if (replay) {
    gdb.out(`\n${(await accountLines(gdb.engine, replay.account())).join('\n')}\n`);
  }
}

/** Where the machine ran from: a step in a function, or out of one that was made to return. */
export type StartedFrom = { readonly fn: number; readonly depth: number } | 'return';

/** Prints a stop. */
export async function printStop(gdb: GdbInterpreter, reason: Stop, before?: StartedFrom): Promise<void> {
  const frames = await gdb.engine.frames();
  const top = frames[0];
  if (reason.kind === 'replay-end') {
    await printAccount(gdb);
  }
  if (!top) {
    gdb.out(await headlineOf(gdb, reason));
    return;
  }
  if (before === 'return' && ['step', 'finish'].includes(reason.kind)) {
    gdb.out(`${await numberedFrameLine(gdb, top)}\n${sourceLine(gdb, top)}${pastLine(gdb)}`);
    return;
  }
  const from = before === 'return' ? undefined : before;
  const same = reason.kind === 'step' && from?.fn === top.fn.id && from.depth === frames.length;
  gdb.out(`${await headlineOf(gdb, reason)}${same ? '' : `${await frameLine(gdb, top)}\n`}${sourceLine(gdb, top)}`);
  const guests = await runningGuestsText(gdb.engine);
  gdb.out(`${pastLine(gdb)}${guests === '' ? '' : `[${guests}]\n`}`);
  if (reason.kind === 'breakpoint' && reason.breakpoints.some((id) => gdb.onDivergence.has(id))) {
    gdb.out(await divergenceAtStop(gdb));
  }
  if (reason.kind === 'finish' && reason.value) {
    const result = { value: reason.value };
    const text = gdb.style.value(await formatResult(gdb.reader, gdb.settings.print, result, ''));
    gdb.out(`Value returned is $${gdb.evaluator.record(result, 0)} = ${text}\n`);
  }
}

/** Where in history a stop is, in the words of `goto`, or in what would have been; empty in the present. */
function pastLine({ engine: { history } }: GdbInterpreter): string {
  if (!history || !(history.inPast || history.whatIf)) {
    return '';
  }
  return `[${history.whatIf ? 'what-if' : 'past'}: ${shortMomentText(history.here)}]\n`;
}

/** The first catchpoint of those that were hit. */
function catchpointOf(gdb: GdbInterpreter, hit: readonly number[]): number | undefined {
  return hit.find((id) => gdb.engine.breakpoints.find((b) => b.id === id)?.spec.location.kind === 'catch') ?? hit[0];
}

async function headlineOf(gdb: GdbInterpreter, reason: Stop): Promise<string> {
  if (reason.kind === 'condition-error') {
    const { breakpoint: id, message } = reason;
    const advice = await conditionAdvice(gdb.engine, id);
    const why = [message, advice].filter(Boolean).join('\n');
    return `Error in testing condition for breakpoint ${id}:\n${why}\n\nBreakpoint ${id}, `;
  }
  return (await watchHeadline(gdb, reason)) ?? headline(gdb, reason);
}

function headline(gdb: GdbInterpreter, reason: Stop): string {
  switch (reason.kind) {
    case 'breakpoint': {
      const id = reason.breakpoints[0];
      // A temporary breakpoint is gone by now.
      const temporary = reason.hitTemporary && !gdb.engine.breakpoints.some((b) => b.id === id);
      if (reason.caught !== undefined) {
        return `\nCatchpoint ${catchpointOf(gdb, reason.breakpoints)} (${reason.caught}), `;
      }
      return `\n${temporary ? 'Temporary breakpoint' : 'Breakpoint'} ${id}, `;
    }
    case 'history-start':
    case 'recording-end':
      return '\nNo more reverse-execution history.\n';
    case 'history-end':
      return '\nThe present.\n';
    case 'pause':
      return '\nProgram received signal SIGINT, Interrupt.\n';
    case 'exception': {
      const caught = gdb.engine.breakpoints.find(
        ({ enabled, spec: { location: at } }) => enabled && at.kind === 'catch' && at.event.what === 'exception',
      );
      const what = `${reason.name}: ${reason.message}`;
      return caught
        ? `\nCatchpoint ${caught.id} (exception ${what}), `
        : `\nUncaught exception in the stack: ${what}\n`;
    }
    default:
      return '';
  }
}
