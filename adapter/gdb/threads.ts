/** `thread` and its relatives: the machine has one thread, its main loop, which gdb's habits find as thread 1. */
import { CommandError } from '../commands/command.ts';
import type { GdbInterpreter } from './interpreter.ts';
import { numberedFrameLine, sourceLine } from './stops.ts';

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
    gdb.out(`[Current thread is 1 (machine)${gdb.engine.state === 'running' ? ' (running)' : ''}]\n`);
    return;
  }
  if (!/^\d+(?:\.\d+)?$/.test(id)) {
    throw new CommandError(`Invalid thread ID: ${id}`);
  }
  if ((id !== '1' && id !== '1.1') || gdb.engine.state === 'none' || gdb.engine.state === 'exited') {
    throw new CommandError(`Unknown thread ${id}.`);
  }
  gdb.frame = 0;
  const frame = await gdb.selected();
  gdb.out(`[Switching to thread 1 (machine)]\n${await numberedFrameLine(gdb, frame)}\n${sourceLine(gdb, frame)}`);
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
  if (!which.startsWith('all') && !/^1(?:\.1|-1)?$/.test(which)) {
    gdb.error(`warning: Unknown thread ${which}\n`);
    return;
  }
  const headline = flags.includes('q') ? '' : `\n${gdb.style.as('highlight', 'Thread 1')} (machine):\n`;
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
