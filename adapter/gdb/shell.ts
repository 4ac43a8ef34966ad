/** Commands of the system's shell. */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { CommandError } from '../commands/command.ts';
import type { GdbInterpreter } from './interpreter.ts';

/** How soon an interrupt reaches a command of the shell. */
const INTERRUPT_MS = 50;
/** How long output is waited for when the shell has ended: what it left in the background may hold it open. */
const LAST_OUTPUT_MS = 200;

/**
 * Ends the command and all that it started when this process is gone, however that ends: then nobody holds the other
 * end of descriptor 3. A line on it says that the command is over, and what it left in the background may stay.
 */
const WATCHED = '{ read _ <&3 || kill -TERM -$$; } >/dev/null 2>&1 & exec 3<&-; exec /bin/sh -c "$1"';

function start(command: string, input: 'ignore' | 'pipe'): ChildProcess {
  return process.platform === 'win32'
    ? spawn(command, { shell: true, stdio: [input, 'pipe', 'pipe'] })
    : spawn('/bin/sh', ['-c', WATCHED, 'sh', command], { detached: true, stdio: [input, 'pipe', 'pipe', 'pipe'] });
}

/** Sends a signal to a command and what it started. */
function signal(child: ChildProcess, name: NodeJS.Signals): void {
  try {
    if (process.platform === 'win32' || child.pid === undefined) {
      child.kill(name);
    } else {
      process.kill(-child.pid, name);
    }
  } catch {
    // It has just ended.
  }
}

/** Runs a shell command on `input`; its output goes where the debugger's goes. */
export async function runShell(gdb: GdbInterpreter, command: string, input?: string): Promise<void> {
  let child: ChildProcess;
  try {
    child = start(command, input === undefined ? 'ignore' : 'pipe');
  } catch (e) {
    throw new CommandError(`shell: ${e instanceof Error ? e.message : String(e)}`);
  }
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', (e) => reject(new CommandError(`shell: ${e.message}`)));
    child.once('exit', resolve);
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  const reads = [
    [child.stdout, (text: string) => gdb.out(text)],
    [child.stderr, (text: string) => gdb.error(text)],
  ] as const;
  for (const [stream, write] of reads) {
    stream?.setEncoding('utf8').on('data', write);
    stream?.on('error', () => undefined);
  }
  // One that does not read all of it, such as `head`, is no error.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  // Where the system refused to start it there are no streams at all.
  const [, , , over] = child.stdio ?? [];
  over?.on('error', () => undefined);
  const watch = setInterval(() => gdb.interrupts.wanted && signal(child, 'SIGINT'), INTERRUPT_MS);
  try {
    const code = await ended;
    if (over && 'end' in over) {
      over.end('\n');
    }
    await Promise.race([closed, setTimeout(LAST_OUTPUT_MS)]);
    gdb.evaluator.setVariable('_shell_exitcode', code ?? -1);
  } finally {
    clearInterval(watch);
  }
}
