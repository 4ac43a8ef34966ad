/** What the core tests share: an engine on the real stack, the guest's console, waiting for stops. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { BreakpointSpec, LaunchOptions, Stop } from '../../adapter/engine/api.ts';
import { Engine } from '../../adapter/engine/engine.ts';
import type { ExecutionSummary } from '../../adapter/inferior/worker.ts';
import { Evaluator } from '../../adapter/inspect/evaluator.ts';
import { SEED_ARGS } from '../kit/seed.ts';

export class Session {
  readonly engine: Engine;
  readonly evaluator: Evaluator;
  /** Everything the guest has printed. */
  console = '';
  /** Host port of the first forward. */
  port = 0;
  readonly #stops: Stop[] = [];

  private constructor(engine: Engine) {
    this.engine = engine;
    this.evaluator = new Evaluator(engine);
    engine.on('console', (text) => {
      this.console += text;
    });
    engine.on('report', (_level, text) => {
      this.port ||= Number(/hostfwd tcp \S*:(\d+) ->/.exec(text)?.[1] ?? 0);
    });
    engine.on('stopped', (reason) => this.#stops.push(reason));
  }

  static async create(): Promise<Session> {
    return new Session(await Engine.create());
  }

  break(name: string, condition?: string, extra: Partial<BreakpointSpec> = {}): number {
    const spec: BreakpointSpec = {
      location: { kind: 'function', name },
      ...(condition === undefined ? {} : { condition: this.evaluator.condition(condition) }),
      ...extra,
    };
    const bp = this.engine.setBreakpoint(spec);
    if (!bp.verified) {
      throw new Error(bp.message);
    }
    return bp.id;
  }

  async launch(options: Partial<LaunchOptions> = {}): Promise<void> {
    await this.engine.launch({ args: SEED_ARGS, ...options });
  }

  /** The next stop that has not been waited for. Throws when the machine ends instead. */
  async stop(): Promise<Stop> {
    while (this.#stops.length === 0) {
      if (this.engine.state === 'exited') {
        throw new Error(`the machine ended; console:\n${this.console}`);
      }
      const either = new AbortController();
      const { signal } = either;
      await Promise.race([once(this.engine, 'stopped', { signal }), once(this.engine, 'exited', { signal })]);
      either.abort();
    }
    return this.#stops.shift() as Stop;
  }

  /** Forgets stops that nobody has waited for. */
  unseen(): void {
    this.#stops.length = 0;
  }

  /** Has the machine stand still, if it does not do so already: a step may have come to its end meanwhile. */
  async halt(): Promise<void> {
    this.unseen();
    if (this.engine.state !== 'stopped') {
      await this.engine.interrupt();
      await this.stop();
    }
  }

  async resume(): Promise<void> {
    await this.engine.resume();
  }

  /** Waits until the running guest has printed `text`. */
  async printed(text: string): Promise<void> {
    while (!this.console.includes(text)) {
      await once(this.engine, 'console');
    }
  }

  async frameNames(): Promise<string[]> {
    return (await this.engine.frames()).map((f) => f.fn.name);
  }

  guest(line: string): void {
    this.engine.guestInput(`${line}\n`);
  }

  /** A real connection to the forwarded port. Its errors are ignored: the machine may be gone before it. */
  connect(): Socket {
    return connect(this.port, '127.0.0.1').on('error', () => undefined);
  }

  /** Switches the machine off and executes its recording again: what it came to has to be the same. */
  async compare(): Promise<ExecutionSummary> {
    if (this.engine.state !== 'exited') {
      await this.#quit();
    }
    const { recording, summary } = this.engine;
    assert.ok(recording && summary);
    assert.deepEqual(await this.engine.reexecute(recording), summary);
    return summary;
  }

  /** Switches the machine off, wherever it stops on the way: at a breakpoint that is just being deleted, for one. */
  async #quit(): Promise<void> {
    const goOn = (): void => void this.engine.resume();
    const ended = once(this.engine, 'exited');
    this.engine.quit();
    this.engine.on('stopped', goOn);
    if (this.engine.state === 'stopped') {
      goOn();
    }
    await ended;
    this.engine.off('stopped', goOn);
    // Where it stopped on the way is not where the next machine stops.
    this.unseen();
  }

  async dispose(): Promise<void> {
    await this.engine.dispose();
  }
}
