/** How fast one moves in a long history, and how fast it answers: a guest that has downloaded much. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { LaunchOptions, QueryRequest } from '../../adapter/engine/api.ts';
import { Engine } from '../../adapter/engine/engine.ts';
import { Evaluator } from '../../adapter/inspect/evaluator.ts';
import { Random } from '../kit/random.ts';

const MB = 1e6;
const PIECE = 1 << 20;
/** The guest's port, where it takes what comes. */
const PORT = 5556;

const ARGS = ['-netdev', `user,id=user.0,hostfwd=tcp:127.0.0.1:0-:${PORT}`, '-device', 'e1000,netdev=user.0'];

function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))] ?? 0);
}

/**
 * Milliseconds of processor time of all threads, where PKTGDB_BENCH_CPU says so: on a machine that does other things
 * too. One thread waits for the other here, so that it is about what passes on an idle machine.
 */
function clock(): number {
  const { user, system } = process.cpuUsage();
  return process.env['PKTGDB_BENCH_CPU'] ? (user + system) / 1000 : performance.now();
}

/** Seconds of processor time of all threads. */
function processSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** A session that has taken `bytes`, and stands still. */
export class LongSession {
  readonly engine: Engine;
  readonly evaluator: Evaluator;
  seconds = 0;
  /** Of processor time, from the first byte to the last: the machine's thread, and all. */
  threadSeconds = 0;
  processSeconds = 0;

  private constructor(engine: Engine) {
    this.engine = engine;
    this.evaluator = new Evaluator(engine);
  }

  static async create(bytes: number, options: Partial<LaunchOptions> = {}, checkpointMs = 250): Promise<LongSession> {
    const session = new LongSession(await Engine.create());
    session.engine.internals = { checkpointMs };
    await session.#download(bytes, options);
    return session;
  }

  async #download(bytes: number, options: Partial<LaunchOptions>): Promise<void> {
    const { engine } = this;
    let port = 0;
    engine.on('report', (_level, text) => {
      port ||= Number(/hostfwd tcp \S*:(\d+) ->/.exec(text)?.[1] ?? 0);
    });
    const listening = new Promise<void>((resolve) => {
      engine.on('console', (text) => {
        if (text.includes('listening')) {
          resolve();
        }
      });
    });
    await engine.launch({ args: ARGS, guestCommands: [`nc -l -v -p ${PORT} > /dev/null`], ...options });
    await listening;
    // What comes before is the start.
    await this.stopped(() => engine.interrupt());
    const began = [await this.#inferiorSeconds(), processSeconds()] as const;
    await engine.resume();
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const since = performance.now();
    const piece = Buffer.alloc(PIECE, 'x');
    for (let sent = 0; sent < bytes; sent += PIECE) {
      if (!socket.write(piece)) {
        await once(socket, 'drain');
      }
    }
    const closed = once(socket, 'close');
    socket.resume();
    socket.end();
    await closed;
    this.seconds = (performance.now() - since) / 1000;
    await this.stopped(() => engine.interrupt());
    this.threadSeconds = (await this.#inferiorSeconds()) - began[0];
    this.processSeconds = processSeconds() - began[1];
  }

  /** Seconds of processor time that the machine's thread has had. */
  async #inferiorSeconds(): Promise<number> {
    const file = "process.getBuiltinModule('node:fs').readFileSync('/proc/thread-self/schedstat', 'utf8')";
    const { value } = await this.engine.evaluate(`Number(${file}.split(' ')[0]) / 1e9`, 0);
    return Number(value);
  }

  /** Milliseconds until it stands still again. */
  async stopped(move: () => Promise<unknown>): Promise<number> {
    const since = clock();
    const stopped = once(this.engine, 'stopped');
    await move();
    await stopped;
    return clock() - since;
  }

  async ask(request: QueryRequest): Promise<{ ms: number; rows: number }> {
    const since = clock();
    const { rows } = await this.engine.query(request, { rows: () => undefined });
    return { ms: clock() - since, rows };
  }

  functionId(name: string): number {
    return this.engine.info.functions.find((f) => f.name === name)?.id ?? -1;
  }
}

/** Milliseconds of `moves` times `move`. */
async function times(moves: number, move: () => Promise<number>): Promise<number[]> {
  const all: number[] = [];
  for (let i = 0; i < moves; i++) {
    all.push(await move());
  }
  return all;
}

/** Seconds of processor time in which a build executes what is between the first and the last checkpoint. */
async function executionSeconds(engine: Engine, release: boolean): Promise<number> {
  const { recording, checkpoints } = engine;
  const [first, last] = [checkpoints.all[0], checkpoints.all.at(-1)];
  const seconds: number[] = [];
  for (const from of [first, last]) {
    const since = processSeconds();
    if (recording && from) {
      await engine.reexecute(recording, { from, release });
    }
    seconds.push(processSeconds() - since);
  }
  return Number(((seconds[0] ?? 0) - (seconds[1] ?? 0)).toFixed(2));
}

/** `moves` moves of each kind in a session of so many megabytes. */
export async function measureTravel(megabytes = 200, moves = 50): Promise<object> {
  const s = await LongSession.create(megabytes * MB);
  const { engine } = s;
  const random = new Random(1);
  try {
    const { start, present, bytes } = engine.history ?? {};
    if (!start || !present) {
      throw new Error('no history');
    }
    const span = present.tick - start.tick;
    const anywhere = () => ({ tick: start.tick + 1 + random.next(span - 1), probe: -1 });
    const first = await s.stopped(() => engine.goTo(anywhere()));
    const goTo = await times(moves, () => s.stopped(() => engine.goTo(anywhere())));
    const step: number[] = [];
    for (let i = 0; i < moves; i++) {
      if (i % 5 === 0) {
        await s.stopped(() => engine.goTo(anywhere()));
        await s.stopped(() => engine.step('into'));
      }
      step.push(await s.stopped(() => engine.reverse('into')));
    }
    await s.stopped(() => engine.goTo({ tick: start.tick + Math.floor(span / 2), probe: -1 }));
    const near = engine.setBreakpoint({ location: { kind: 'function', name: 'e1000_receive_iov' } });
    const reverseNear = await times(moves, () => s.stopped(() => engine.reverse('continue')));
    engine.deleteBreakpoint(near.id);
    await s.stopped(() => engine.goTo('present'));
    const far = engine.setBreakpoint({ location: { kind: 'function', name: 'tcp_attach' } });
    const reverseFar = await s.stopped(() => engine.reverse('continue'));
    engine.deleteBreakpoint(far.id);
    await s.stopped(() => engine.goTo('present'));
    const never = engine.setBreakpoint({
      location: { kind: 'function', name: 'e1000_receive_iov' },
      condition: s.evaluator.condition('iovcnt == 99'),
    });
    const reverseNever = await s.stopped(() => engine.reverse('continue'));
    engine.deleteBreakpoint(never.id);
    await s.stopped(() => engine.goTo('present'));
    const condition = s.evaluator.condition('iovcnt == 99');
    const calls = await s.ask({ kind: 'calls', functions: [s.functionId('e1000_receive_iov')], condition });
    const again = await s.ask({ kind: 'calls', functions: [s.functionId('e1000_receive_iov')], condition });
    const all = await s.ask({ kind: 'calls', functions: [s.functionId('e1000_receive_iov')] });
    const seldom = await s.ask({ kind: 'calls', functions: [s.functionId('tcp_attach')] });
    const debug = await executionSeconds(engine, false);
    const release = await executionSeconds(engine, true);
    return {
      megabytes,
      frames: present.packets,
      ticks: span,
      session_s: Number(s.seconds.toFixed(1)),
      history_mb: Math.round((bytes ?? 0) / MB),
      checkpoints: engine.checkpoints.all.length,
      checkpoints_mb: Math.round(engine.checkpoints.bytes / MB),
      rss_mb: Math.round(process.memoryUsage().rss / MB),
      goto_first_ms: Math.round(first),
      goto_p50_ms: percentile(goTo, 50),
      goto_p95_ms: percentile(goTo, 95),
      reverse_step_p50_ms: percentile(step, 50),
      reverse_step_p95_ms: percentile(step, 95),
      reverse_continue_near_p50_ms: percentile(reverseNear, 50),
      reverse_continue_far_s: Number((reverseFar / 1000).toFixed(2)),
      reverse_continue_never_s: Number((reverseNever / 1000).toFixed(2)),
      calls_none_s: Number((calls.ms / 1000).toFixed(2)),
      calls_none_again_s: Number((again.ms / 1000).toFixed(2)),
      calls_all_s: Number((all.ms / 1000).toFixed(2)),
      calls_all_rows: all.rows,
      calls_seldom_s: Number((seldom.ms / 1000).toFixed(2)),
      reexecute_debug_cpu_s: debug,
      reexecute_release_cpu_s: release,
    };
  } finally {
    await engine.dispose();
  }
}
