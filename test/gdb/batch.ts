/** The command line in batch mode, as scripts run it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { PKTGDB } from '../kit/paths.ts';

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Programs that have not ended: a test that fails leaves none behind. */
export const running = new Set<ChildProcess>();

export function start(args: readonly string[], variables: Readonly<Record<string, string>> = {}): ChildProcess {
  const child = spawn(process.execPath, [PKTGDB, '-q', ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...variables },
  });
  running.add(child);
  child.once('close', () => running.delete(child));
  return child;
}

export function ended(child: ChildProcess): Promise<Ended> {
  return new Promise((resolve) => {
    let out = '';
    let err = '';
    child.stdout?.on('data', (d: Buffer) => {
      out += d;
    });
    child.stderr?.on('data', (d: Buffer) => {
      err += d;
    });
    child.once('close', (code) => resolve({ code, out, err }));
  });
}

/** Replays with the commands, as scripts do. */
export function batch(args: readonly string[], ...commands: string[]): Promise<Ended> {
  const child = start(['-batch', ...args, ...commands.flatMap((c) => ['-ex', c])]);
  child.stdin?.end();
  return ended(child);
}
