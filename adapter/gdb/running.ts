/** Commands that run the program. */

import { type Command, CommandError } from '../commands/command.ts';
import { parseLocation } from '../commands/linespec.ts';
import { splitWords } from '../commands/words.ts';
import type { StepKind } from '../engine/api.ts';
import { completeLocation, defaultPlace } from './breakpoints.ts';
import type { GdbInterpreter } from './interpreter.ts';
import { numberedFrameLine } from './stops.ts';

/** Statements of a loop that a bare `until` steps over before it stops anyway. */
const UNTIL_LIMIT = 10_000;

async function run(gdb: GdbInterpreter, args: string, stopOnEntry: boolean): Promise<void> {
  if (gdb.engine.state === 'stopped' || gdb.engine.state === 'running') {
    const question = 'The program being debugged has been started already.\nStart it from the beginning?';
    if (!(await gdb.confirm(question))) {
      throw new CommandError('Program not restarted.');
    }
  }
  if (args.trim() !== '') {
    gdb.args = splitWords(args);
  }
  const trace = gdb.options.launch?.trace;
  const what = trace === undefined ? gdb.args : ['-r', trace];
  gdb.out(`Starting program: ${['pktgdb', ...what].join(' ')}\n`);
  await gdb.go(() => gdb.engine.launch({ args: gdb.args, stopOnEntry, ...(trace === undefined ? {} : { trace }) }));
}

/** A count given as an expression; 1 without one. */
async function countOf(gdb: GdbInterpreter, args: string): Promise<number> {
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
      gdb.out(
        `Will ignore next ${count - 1 === 1 ? 'crossing' : `${count - 1} crossings`} of breakpoint ${id}.  Continuing.\n`,
      );
      return gdb.go(() => gdb.engine.resume());
    }
  }
  gdb.out('Continuing.\n');
  return gdb.go(() => gdb.engine.resume());
}

/** The place a step starts from, to tell whether it left the function. */
async function standing(gdb: GdbInterpreter): Promise<{ fn: number; depth: number }> {
  const frames = await gdb.engine.frames();
  return { fn: frames[0]?.fn.id ?? -1, depth: frames.length };
}

async function step(gdb: GdbInterpreter, kind: StepKind, args: string): Promise<void> {
  gdb.requireStopped();
  const count = await countOf(gdb, args);
  if (count <= 0) {
    return;
  }
  const before = await standing(gdb);
  await gdb.go(() => gdb.engine.step(kind, { count }), before);
}

async function finish(gdb: GdbInterpreter): Promise<void> {
  gdb.requireStopped();
  const frame = await gdb.selected();
  if (gdb.frame + 1 >= (await gdb.frames()).length) {
    throw new CommandError('"finish" not meaningful in the outermost frame.');
  }
  gdb.out(`Run till exit from ${await numberedFrameLine(gdb, frame)}\n`);
  await gdb.go(() => gdb.engine.step('out', { frame: frame.index }));
}

async function runTo(gdb: GdbInterpreter, args: string): Promise<void> {
  gdb.requireStopped();
  const location = parseLocation(gdb.engine, args.trim(), await defaultPlace(gdb));
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

async function kill(gdb: GdbInterpreter): Promise<void> {
  if (gdb.engine.state !== 'stopped' && gdb.engine.state !== 'running') {
    throw new CommandError('The program is not being run.');
  }
  if (await gdb.confirm('Kill the program being debugged?')) {
    await gdb.engine.kill();
    gdb.out('[Inferior 1 (pktgdb) killed]\n');
  }
}

export const RUNNING_COMMANDS: readonly Command[] = [
  {
    name: 'run',
    aliases: ['r'],
    class: 'running',
    help: `Start the machine.
Usage: run [QEMU OPTIONS]
Options given here replace those of "set args", for example:
  run -netdev user,id=user.0,hostfwd=tcp:127.0.0.1:5555-:5556 -device e1000,netdev=user.0`,
    run: (gdb, args) => run(gdb, args, false),
  },
  {
    name: 'start',
    class: 'running',
    help: `Start the machine, stopping at the beginning of main.
Usage: start [QEMU OPTIONS]`,
    run: (gdb, args) => run(gdb, args, true),
  },
  {
    name: 'continue',
    aliases: ['c', 'fg'],
    class: 'running',
    repeat: 'continue',
    help: `Continue the machine, after an interrupt or breakpoint.
Usage: continue [N]
With N, the breakpoint it stands at is ignored N-1 times.`,
    run: continue_,
  },
  {
    name: 'step',
    aliases: ['s'],
    class: 'running',
    repeat: true,
    help: `Step program until it reaches a different source line.
Usage: step [N]
Argument N means step N times (or till program stops for another reason).`,
    run: (gdb, args) => step(gdb, 'into', args),
  },
  {
    name: 'next',
    aliases: ['n'],
    class: 'running',
    repeat: true,
    help: `Step program, proceeding through subroutine calls.
Usage: next [N]
Unlike "step", if the current source line calls a subroutine, this command does not enter the subroutine.`,
    run: (gdb, args) => step(gdb, 'over', args),
  },
  {
    name: 'finish',
    aliases: ['fin'],
    class: 'running',
    repeat: true,
    help: `Execute until selected stack frame returns.
Usage: finish
Upon return, the value returned is printed and put in the value history.`,
    run: (gdb) => finish(gdb),
  },
  {
    name: 'until',
    aliases: ['u'],
    class: 'running',
    repeat: true,
    help: `Execute until past the current line or past a LOCATION.
Usage: until [LOCATION]
Without LOCATION it is "next", except that a loop is left rather than begun again.`,
    run: until,
    complete: completeLocation,
  },
  {
    name: 'advance',
    class: 'running',
    help: `Continue the program up to the given location.
Usage: advance LOCATION
It also stops when the current frame returns.`,
    run: (gdb, args) => {
      if (args.trim() === '') {
        throw new CommandError('Argument required (a location).');
      }
      return runTo(gdb, args);
    },
    complete: completeLocation,
  },
  {
    name: 'interrupt',
    class: 'running',
    help: 'Interrupt the running machine.\nUsage: interrupt',
    run: (gdb) => gdb.engine.interrupt(),
  },
  {
    name: 'kill',
    aliases: ['k'],
    class: 'running',
    help: 'Kill the machine, and its sockets.\nUsage: kill',
    run: (gdb) => kill(gdb),
  },
  {
    name: 'detach',
    class: 'running',
    help: `Let the machine go on without breakpoints.
Usage: detach
All breakpoints are disabled and the machine continues in the background; its sockets stay open until the debugger ends.`,
    run: async (gdb) => {
      gdb.requireStopped();
      for (const b of gdb.engine.breakpoints) {
        gdb.engine.updateBreakpoint(b.id, { enabled: false });
      }
      gdb.out('[Inferior 1 (pktgdb) detached]\n');
      await gdb.engine.resume();
    },
  },
];
