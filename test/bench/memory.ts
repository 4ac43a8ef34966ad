/**
 * Resident memory of one session, as its process of the built program has it: the seed's machine under an editor that
 * speaks DAP, on Linux. When it is idle behind DHCP; the most while 10 MB go through it, with one stop; and the most
 * while more goes through than the history keeps in memory.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { processSession } from '../dap/client.ts';
import { SEED_ARGS } from '../kit/seed.ts';
import { realTime } from '../kit/until.ts';
import { benchRounds } from './rounds.ts';

const PROGRAM = join(import.meta.dirname, '../../dist/pktgdb.js');
const FEW = 10_000_000;
/** Several times what the history keeps in memory. */
const MANY = 300_000_000;
/** Milliseconds behind DHCP, until the first checkpoints were taken. */
const IDLE = 3000;

/** A figure of a process in megabytes of 2^20 bytes: `VmRSS` what it has, `VmHWM` the most it had. */
function megabytes(pid: number | undefined, name: 'VmRSS' | 'VmHWM'): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) / 1024;
}

/** The seed's machine in a program of its own, up to its prompt. */
async function session(guestCommands: readonly string[]): Promise<ReturnType<typeof processSession>> {
  const it = processSession(PROGRAM, ['-nx', '-i', 'dap']);
  await it.client.begin({ args: SEED_ARGS, guestCommands });
  await it.client.outputEvent('stdout', 'lease of');
  return it;
}

async function idle(): Promise<number> {
  const { child } = await session([]);
  await realTime(IDLE);
  const used = megabytes(child.pid, 'VmRSS');
  child.kill('SIGKILL');
  return used;
}

/** The most memory while `bytes` go through a machine, and at the stop behind them. */
async function peak(bytes: number): Promise<number> {
  const { client, child } = await session(['nc -l -v -p 5556 > /dev/null']);
  const { body } = await client.outputEvent('stdout', 'hostfwd tcp 127');
  await client.outputEvent('stdout', 'listening on');
  const socket = connect(Number(/:(\d+) ->/.exec(body.output)?.[1]), '127.0.0.1');
  socket.resume().end(new Uint8Array(bytes));
  await once(socket, 'close');
  await client.send('setFunctionBreakpoints', { breakpoints: [{ name: 'tcp_slowtimo' }] });
  await client.stoppedEvent();
  await client.send('stackTrace', { threadId: 1 });
  const most = megabytes(child.pid, 'VmHWM');
  child.kill('SIGKILL');
  return most;
}

async function median(measure: () => Promise<number>): Promise<number> {
  const all: number[] = [];
  for (let i = 0; i < benchRounds(); i++) {
    all.push(await measure());
  }
  return Math.round(all.sort((a, b) => a - b)[all.length >> 1] ?? 0);
}

export async function measureMemory(): Promise<object> {
  return {
    idle_memory_mb: await median(idle),
    peak_memory_mb: await median(() => peak(FEW)),
    peak_memory_full_history_mb: await median(() => peak(MANY)),
  };
}
