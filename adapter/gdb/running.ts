/** Commands that run the program. */

import { CommandError } from '../commands/command.ts';
import type { RUNNING_COMMANDS } from '../commands/table/running.ts';
import { splitWords } from '../commands/words.ts';
import type { StepKind } from '../engine/api.ts';
import { visible } from '../packets/format.ts';
import type { Handlers } from './handler.ts';
import type { GdbInterpreter } from './interpreter.ts';
import { defaultPlace, parseNumbers, placeOf } from './places.ts';
import { changeSkips, skip, skipFile, skipFunction, skips, skipsAny } from './skip.ts';
import { numberedFrameLine } from './stops.ts';

/** Statements of a loop that a bare `until` steps over before it stops anyway. */
const UNTIL_LIMIT = 10_000;

async function run(gdb: GdbInterpreter, args: string, stopOnEntry: boolean): Promise<void> {
  const { attached } = gdb.options;
  if (attached) {
    throw new CommandError(
      `The machine is one of ${attached.owner}, which starts it: it cannot be run again from here.`,
    );
  }
  if (gdb.engine.state === 'stopped' || gdb.engine.state === 'running') {
    const question = 'The program being debugged has been started already.\nStart it from the beginning?';
    if (!(await gdb.confirm(question))) {
      throw new CommandError('Program not restarted.');
    }
  }
  // The end of the one before is not the end that is waited for.
  await gdb.engine.kill();
  for (const id of gdb.detached) {
    if (gdb.engine.breakpoints.some((b) => b.id === id)) {
      gdb.engine.updateBreakpoint(id, { enabled: true });
    }
  }
  gdb.detached.clear();
  if (args.trim() !== '') {
    gdb.args = splitWords(args);
  }
  const { traces } = gdb;
  const what = traces.length === 0 ? gdb.args : traces.flatMap((trace) => ['-r', visible(trace)]);
  gdb.out(`Starting program: ${gdb.style.as('filename', 'pktgdb')} ${what.join(' ')}`.trimEnd().concat('\n'));
  const { guest, atEnd, checksums } = gdb.settings.replay;
  const replay = { atEnd, checksums, ...(guest === '' ? {} : { guest }) };
  gdb.divergenceList = undefined;
  const guests = gdb.options.launch?.guests?.();
  await gdb.go(() =>
    gdb.engine.launch({
      args: gdb.args,
      ...(guests ? { guests } : {}),
      stopOnEntry,
      ...(traces.length === 0 ? {} : { trace: traces, replay }),
      historySize: gdb.settings.history.size,
      otherBuild: (question) => gdb.confirm(question),
    }),
  );
}

/** A count given as an expression; 1 without one. */
export async function countOf(gdb: GdbInterpreter, args: string): Promise<number> {
  if (args.trim() === '') {
    return 1;
  }
  const { value } = await gdb.evaluator.evaluate(args, gdb.expressionFrame());
  if (value.kind !== 'number') {
    throw new CommandError('The count must be a number.');
  }
  return Math.trunc(Number(value.value));
}

async function continue_(gdb: GdbInterpreter, args: string): Promise<void> {
  gdb.requireStopped();
  const count = await countOf(gdb, args);
  const { stop } = gdb.engine;
  if (count > 1 && stop?.kind === 'breakpoint') {
    const id = stop.breakpoints.find((n) => gdb.engine.breakpoints.some((b) => b.id === n));
    if (id !== undefined) {
      gdb.engine.updateBreakpoint(id, { ignoreCount: count - 1 });
      const crossings = count === 2 ? 'crossing' : `${count - 1} crossings`;
      gdb.out(`Will ignore next ${crossings} of breakpoint ${id}.  Continuing.\n`);
      return gdb.go(() => gdb.engine.resume());
    }
  }
  if (count > 1) {
    gdb.out('Not stopped at any breakpoint; argument ignored.\n');
  }
  gdb.announce('Continuing.\n');
  return gdb.go(() => gdb.engine.resume());
}

/** A function and how deep it is. */
interface Standing {
  readonly fn: number;
  readonly depth: number;
}

/** The place a step starts from, to tell whether it left the function. */
export async function standing(gdb: GdbInterpreter): Promise<Standing> {
  const frames = await gdb.engine.frames();
  return { fn: frames[0]?.fn.id ?? -1, depth: frames.length };
}

async function step(gdb: GdbInterpreter, kind: StepKind, args: string, statements = false): Promise<void> {
  gdb.requireStopped();
  const count = await countOf(gdb, args);
  if (count <= 0) {
    return;
  }
  const before = await standing(gdb);
  if (kind === 'into' && skipsAny(gdb)) {
    return stepSkipping(gdb, count, before);
  }
  await gdb.go(() => gdb.engine.step(kind, { count, statements }), before);
}

/** `step` that leaves functions again which the user skips. */
async function stepSkipping(gdb: GdbInterpreter, count: number, before: Standing): Promise<void> {
  let left = count;
  let leaving = false;
  const line = (await gdb.frames())[0]?.location.line;
  const again = async (): Promise<boolean> => {
    const [top] = await gdb.engine.frames();
    const deeper = (await gdb.engine.frames()).length > before.depth;
    if (top && deeper && skips(gdb, top.fn)) {
      leaving = true;
      return true;
    }
    const came = leaving;
    leaving = false;
    // Back in the line that called it: the step goes on.
    return (came && top?.fn.id === before.fn && top.location.line === line) || --left > 0;
  };
  await gdb.go(() => gdb.engine.step(leaving ? 'out' : 'into'), before, again);
}

/** `return [EXPR]`: the innermost function returns at once. */
async function return_(gdb: GdbInterpreter, args: string): Promise<void> {
  const frame = await gdb.selected();
  if (frame.index !== 0) {
    throw new CommandError('Only the innermost function can be made to return: select frame 0, or "finish" first.');
  }
  if (!(await gdb.confirm(`Make ${frame.fn.name} return now?`))) {
    throw new CommandError('Not confirmed');
  }
  const js = args.trim() === '' ? 'undefined' : gdb.evaluator.valueCode(args, 0);
  await gdb.engine.returnFrom(js);
  await gdb.go(() => gdb.engine.step('out'), 'return');
}

async function finish(gdb: GdbInterpreter, args: string): Promise<void> {
  gdb.requireStopped();
  if (args.trim() !== '') {
    throw new CommandError('The "finish" command does not take any arguments.');
  }
  const frame = await gdb.selected();
  if (gdb.frame + 1 >= (await gdb.frames()).length) {
    throw new CommandError('"finish" not meaningful in the outermost frame.');
  }
  gdb.announce(`Run till exit from ${await numberedFrameLine(gdb, frame)}\n`);
  await gdb.go(() => gdb.engine.step('out', { frame: frame.index }));
}

async function runTo(gdb: GdbInterpreter, args: string): Promise<void> {
  gdb.requireStopped();
  const location = await placeOf(gdb, args.trim(), await defaultPlace(gdb));
  await gdb.go(() => gdb.engine.runTo(location), await standing(gdb));
}

/** Without an argument: `next`, but not back to an earlier line of a loop. */
async function until(gdb: GdbInterpreter, args: string): Promise<void> {
  if (args.trim() !== '') {
    return runTo(gdb, args);
  }
  gdb.requireStopped();
  const before = await standing(gdb);
  const line = (await gdb.frames())[0]?.location.line ?? 0;
  let left = UNTIL_LIMIT;
  const jumpedBack = async (): Promise<boolean> => {
    const frames = await gdb.engine.frames();
    const top = frames[0];
    return left-- > 0 && top?.fn.id === before.fn && frames.length === before.depth && top.location.line < line;
  };
  await gdb.go(() => gdb.engine.step('over'), before, jumpedBack);
}

async function kill(gdb: GdbInterpreter, args: string): Promise<void> {
  const [, others] = /^inferiors?\b\s*(.*)$/.exec(args.trim()) ?? [];
  const numbers = parseNumbers(gdb, others ?? '', 'inferior number');
  for (const id of numbers.filter((n) => n !== 1)) {
    gdb.error(`warning: Inferior ID ${id} not known.\n`);
  }
  if (numbers.length > 0 && !numbers.includes(1)) {
    return;
  }
  if (gdb.engine.state !== 'stopped' && gdb.engine.state !== 'running') {
    throw new CommandError('The program is not being run.');
  }
  if (await gdb.confirm('Kill the program being debugged?')) {
    await gdb.engine.kill();
    gdb.out('[Inferior 1 (pktgdb) killed]\n');
  }
}

/** Lets the machine go on without breakpoints. Those that are there are as they were when another one begins. */
async function detach(gdb: GdbInterpreter): Promise<void> {
  gdb.requireStopped();
  for (const b of gdb.engine.breakpoints.filter((one) => one.enabled)) {
    gdb.detached.add(b.id);
    gdb.engine.updateBreakpoint(b.id, { enabled: false });
  }
  gdb.out('[Inferior 1 (pktgdb) detached]\n');
  await gdb.engine.resume();
}

function advance(gdb: GdbInterpreter, args: string): Promise<void> {
  if (args.trim() === '') {
    throw new CommandError('Argument required (a location).');
  }
  return runTo(gdb, args);
}

export const RUNNING_HANDLERS: Handlers<typeof RUNNING_COMMANDS> = {
  run: (gdb, args) => run(gdb, args, false),
  start: (gdb, args) => run(gdb, args, true),
  continue: continue_,
  step: (gdb, args) => step(gdb, 'into', args),
  next: (gdb, args) => step(gdb, 'over', args),
  stepi: (gdb, args) => step(gdb, 'into', args, true),
  nexti: (gdb, args) => step(gdb, 'over', args, true),
  return: return_,
  skip,
  'skip function': skipFunction,
  'skip file': skipFile,
  'skip delete': (gdb, args) => changeSkips(gdb, args, 'delete'),
  'skip enable': (gdb, args) => changeSkips(gdb, args, 'enable'),
  'skip disable': (gdb, args) => changeSkips(gdb, args, 'disable'),
  finish,
  until,
  advance,
  interrupt: (gdb) => gdb.engine.interrupt(),
  kill,
  detach,
};
