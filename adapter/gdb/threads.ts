/** `thread` and its relatives: the machine has one thread, its main loop, which gdb's habits find as thread 1. */
import { CommandError } from '../commands/command.ts';
import type { GdbInterpreter } from './interpreter.ts';
import { regexOf } from './places.ts';
import { numberedFrameLine, sourceLine } from './stops.ts';

/** What the thread is called at first. */
export const THREAD = 'machine';

/** The threads that `1`, `1.1` and `1-3` mean. */
function numbersOf(text: string): number[] {
  const [, from = '', to = from] = /^(?:1\.)?(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  const length = Math.min(Math.max(Number(to) - Number(from) + 1, 1), 100);
  return Array.from({ length }, (_, i) => Number(from) + i);
}

/** `thread find REGEXP`. */
function find(gdb: GdbInterpreter, pattern: string): void {
  if (pattern === '') {
    throw new CommandError('Argument required.');
  }
  const found = gdb.engine.state === 'stopped' || gdb.engine.state === 'running';
  const matches = found && regexOf(pattern).test(gdb.threadName);
  gdb.out(matches ? `Thread 1 has name '${gdb.threadName}'\n` : `No threads match '${pattern}'\n`);
}

function needThread(gdb: GdbInterpreter): void {
  if (gdb.engine.state !== 'stopped' && gdb.engine.state !== 'running') {
    throw new CommandError('No thread selected');
  }
}

/** `thread [1]`. */
export async function thread(gdb: GdbInterpreter, args: string): Promise<void> {
  const id = args.trim();
  if (id === '') {
    needThread(gdb);
    gdb.out(`[Current thread is 1 (${gdb.threadName})${gdb.engine.state === 'running' ? ' (running)' : ''}]\n`);
    return;
  }
  const [, verb, rest = ''] = /^(name|find)(?:\s+(.*))?$/.exec(id) ?? [];
  if (verb === 'name') {
    needThread(gdb);
    gdb.threadName = rest || THREAD;
    return;
  }
  if (verb === 'find') {
    return find(gdb, rest);
  }
  if (!/^\d+(?:\.\d+)?$/.test(id)) {
    throw new CommandError(`Invalid thread ID: ${id}`);
  }
  if ((id !== '1' && id !== '1.1') || gdb.engine.state === 'none' || gdb.engine.state === 'exited') {
    throw new CommandError(`Unknown thread ${id}.`);
  }
  gdb.frame = 0;
  const frame = await gdb.selected();
  gdb.out(
    `[Switching to thread 1 (${gdb.threadName})]\n${await numberedFrameLine(gdb, frame)}\n${sourceLine(gdb, frame)}`,
  );
}

/** `thread apply all|1 [-q] [-s] [-c] CMD`. */
export async function threadApply(gdb: GdbInterpreter, args: string): Promise<void> {
  const [, which = '', rest = ''] =
    /^(all(?:\s+-ascending)?|\d[\d.-]*(?:\s+\d[\d.-]*)*)(?:\s+(.*))?$/s.exec(args.trim()) ?? [];
  if (which === '') {
    throw new CommandError(
      args.trim() === '' ? 'Please specify a thread ID list' : `Invalid thread ID: ${args.trim()}`,
    );
  }
  const [flags = ''] = /^(?:-[qcs]+\s+)*/.exec(rest) ?? [];
  const command = rest.slice(flags.length).trim();
  if (command === '') {
    const where = which.startsWith('all') ? "at the end of 'thread apply all'" : 'following the thread ID list';
    throw new CommandError(`Please specify a command ${where}`);
  }
  needThread(gdb);
  if (!which.startsWith('all')) {
    const ids = which.split(/\s+/).flatMap(numbersOf);
    for (const id of ids.filter((n) => n !== 1)) {
      gdb.error(`warning: Unknown thread ${id}\n`);
    }
    if (!ids.includes(1)) {
      return;
    }
  }
  const headline = flags.includes('q') ? '' : `\n${gdb.style.as('highlight', 'Thread 1')} (${gdb.threadName}):\n`;
  try {
    const output = await gdb.output.captured(() => gdb.command(command));
    gdb.out(flags.includes('s') && output === '' ? '' : `${headline}${output}`);
  } catch (e) {
    if (flags.includes('s')) {
      return;
    }
    gdb.out(headline);
    if (!flags.includes('c')) {
      throw e;
    }
    gdb.out(`${e instanceof Error ? e.message : String(e)}\n`);
  }
}
