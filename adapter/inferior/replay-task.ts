/**
 * Replays one capture without a debugger, on the release build of the stack: what `pktgdb-replay` gives its worker
 * threads to do. The machine of a thread is made anew for each capture.
 */
import { pathToFileURL } from 'node:url';
import { CaptureError } from '../packets/types.ts';
import { type Account, accountOf, connectionAccounts } from '../replay/account.ts';
import { replayArgs, TRACE_NAMESERVERS } from '../replay/args.ts';
import { type Grade, noDivergences } from '../replay/divergence.ts';
import { openCapture } from '../replay/open.ts';
import type { ReplayPlan } from '../replay/plan.ts';
import { finish, planOf, prepareCapture } from '../replay/prepare.ts';
import { StreamFiles } from '../replay/stream-files.ts';
import type { FrameDirection, Host, Input, sockaddr } from '../stack/util/host.ts';
import { SilentHost } from './silent-host.ts';
import { TraceHost } from './trace-host.ts';

export interface ReplayTask {
  readonly file: string;
  readonly stackDir: string;
  readonly guest?: string;
  /** Where the streams are written, or nothing. */
  readonly streams?: string;
  /** Wall-clock time after which it is given up, in milliseconds. */
  readonly limitMs: number;
}

/** The line that is printed for a file. */
export interface ReplayResult {
  readonly file: string;
  /** Why it could not be played to its end, or empty. */
  readonly error: string;
  readonly guest: string;
  readonly packets: number;
  readonly played: number;
  readonly not_played: Readonly<Record<string, number>>;
  readonly connections: {
    readonly total: number;
    readonly complete: number;
    readonly partial: number;
    readonly not_played: Readonly<Record<string, number>>;
  };
  readonly bytes: { readonly to_host: number; readonly to_guest: number };
  readonly divergence: Readonly<Partial<Record<Grade, number>>>;
  readonly ms: number;
  readonly rss_mb: number;
}

/** The replay took too long. */
class TimeUp extends Error {}

/** The world around a replay that nobody watches. */
class Nobody extends SilentHost implements Host {
  now_ns = 0;
  readonly seed = 1;
  readonly nameservers: readonly sockaddr[] = TRACE_NAMESERVERS;
  readonly errors: string[] = [];
  readonly #deadline: number;
  #polls = 0;

  constructor(limitMs: number) {
    super();
    this.#deadline = performance.now() + limitMs;
  }

  poll(): readonly Input[] {
    if ((++this.#polls & 0xf) === 0 && performance.now() > this.#deadline) {
      throw new TimeUp();
    }
    return [];
  }

  report(level: string, text: string): void {
    if (level === 'error') {
      this.errors.push(text);
    }
  }

  alloc_shared(_name: string, bytes: number): ArrayBufferLike {
    return new SharedArrayBuffer(bytes);
  }

  frame(_dir: FrameDirection, _buf: Uint8Array, _size: number): void {}
  listen(): { errno: string; port: number } {
    return { errno: 'ENOTSUP', port: 0 };
  }
}

interface Stack {
  readonly main: (argc: number, argv: readonly string[], host: Host) => number;
  readonly machine: object;
  readonly MachineState: new () => object;
}

let loaded: Promise<Stack> | undefined;

async function loadStack(dir: string): Promise<Stack> {
  const load = (module: string): Promise<object> => import(pathToFileURL(`${dir}/${module}.js`).href);
  const [program, machine] = await Promise.all([load('softmmu/main'), load('softmmu/machine')]);
  return { ...program, ...machine } as Stack;
}

const EMPTY: Account = {
  position: 0,
  seconds: 0,
  finished: false,
  packets: 0,
  played: 0,
  notPlayed: {},
  faults: 0,
  connections: { total: 0, complete: 0, partial: 0, notPlayed: {} },
  bytes: { toHost: 0, toGuest: 0 },
  gaps: { count: 0, bytes: 0, named: [] },
  cut: 0,
  divergences: noDivergences(),
};

/** Replays a capture and says what came of it. Never throws. */
export default async function replay(task: ReplayTask): Promise<ReplayResult> {
  const start = performance.now();
  let plan: ReplayPlan | undefined;
  let error = '';
  try {
    const capture = await openCapture(task.file);
    try {
      const prepared = finish(prepareCapture(capture.source));
      plan = planOf(prepared, task.guest);
      const argv = ['pktgdb', ...replayArgs(plan, [])];
      const files = task.streams === undefined ? undefined : new StreamFiles(task.streams);
      const outside = new Nobody(task.limitMs - (performance.now() - start));
      const host = new TraceHost({ ...prepared, plan, outside, argv, ...(files ? { sink: files } : {}) });
      loaded ??= loadStack(task.stackDir);
      const { main, machine, MachineState } = await loaded;
      Object.assign(machine, new MachineState());
      try {
        error = main(argv.length, argv, host) === 0 ? '' : outside.errors.join('; ');
      } finally {
        files?.finish(connectionAccounts(plan));
      }
    } finally {
      capture.close();
    }
  } catch (e) {
    error = e instanceof TimeUp ? `not done after ${task.limitMs} ms` : messageOf(e);
  }
  const account = plan ? accountOf(plan) : EMPTY;
  const { connections } = account;
  return {
    file: task.file,
    error,
    guest: plan?.guest.address ?? '',
    packets: account.packets,
    played: account.played,
    not_played: account.notPlayed,
    connections: { ...connectionsWithout(connections), not_played: connections.notPlayed },
    bytes: { to_host: account.bytes.toHost, to_guest: account.bytes.toGuest },
    divergence: account.divergences,
    ms: Math.round(performance.now() - start),
    rss_mb: Math.round(process.memoryUsage().rss / 1e6),
  };
}

function connectionsWithout(c: Account['connections']): { total: number; complete: number; partial: number } {
  return { total: c.total, complete: c.complete, partial: c.partial };
}

function messageOf(e: unknown): string {
  return e instanceof CaptureError
    ? e.message
    : `internal error: ${e instanceof Error ? (e.stack ?? e.message) : String(e)}`;
}
