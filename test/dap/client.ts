/** A DAP client for tests: DebugClient over any pair of streams, which keeps events so that none is missed. */

import { type ChildProcess, spawn } from 'node:child_process';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { DebugClient } from '@vscode/debugadapter-testsupport';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { COMMANDS } from '../../adapter/commands/table/index.ts';
import type { Interpreter } from '../../adapter/dap/repl.ts';
import { type SessionFactories, serveStreams } from '../../adapter/dap/server.ts';
import type { EngineApi } from '../../adapter/engine/api.ts';
import { Evaluator } from '../../adapter/inspect/evaluator.ts';
import { noMoments } from '../../adapter/inspect/history.ts';
import { checkMessage } from './check-message.ts';
import { DapEngine } from './fake-engine.ts';

type Waiter = { readonly test: (event: DebugProtocol.Event) => boolean; readonly resolve: (event: never) => void };

export class TestClient extends DebugClient {
  /** Everything the adapter has sent, in order. */
  readonly received: DebugProtocol.ProtocolMessage[] = [];
  readonly input: Writable;
  #unseen: DebugProtocol.Event[] = [];
  #waiters: Waiter[] = [];

  constructor(fromAdapter: Readable, toAdapter: Writable) {
    super('', '', 'pktgdb');
    this.input = toAdapter;
    this.connect(fromAdapter, toAdapter);
  }

  override emit(name: string | symbol, ...args: unknown[]): boolean {
    const [event] = args as [DebugProtocol.Event];
    if (event?.type === 'event') {
      const at = this.#waiters.findIndex((waiter) => waiter.test(event));
      if (at >= 0) {
        this.#waiters.splice(at, 1)[0]!.resolve(event as never);
      } else {
        this.#unseen.push(event);
      }
    }
    return super.emit(name, ...args);
  }

  /** The next event of a kind, also if it has come already. Mocha's limit is the only one. */
  event<T extends DebugProtocol.Event = DebugProtocol.Event>(
    name: string,
    test: (event: T) => boolean = () => true,
  ): Promise<T> {
    const matches = (event: DebugProtocol.Event): boolean => event.event === name && test(event as T);
    const at = this.#unseen.findIndex(matches);
    if (at >= 0) {
      return Promise.resolve(this.#unseen.splice(at, 1)[0] as T);
    }
    return new Promise((resolve) => {
      this.#waiters.push({ test: matches, resolve: resolve as (event: never) => void });
    });
  }

  /** Number of the request that was sent last. */
  get lastSeq(): number {
    return (this as unknown as { readonly sequence: number }).sequence - 1;
  }

  stoppedEvent(): Promise<DebugProtocol.StoppedEvent> {
    return this.event<DebugProtocol.StoppedEvent>('stopped');
  }

  /** An output event of a category whose text has `part`. */
  outputEvent(category: string, part: string): Promise<DebugProtocol.OutputEvent> {
    return this.event<DebugProtocol.OutputEvent>(
      'output',
      ({ body }) => body.category === category && body.output.includes(part),
    );
  }

  /** The body of a successful request. */
  async ask<T extends DebugProtocol.Response>(command: string, args?: object): Promise<T['body']> {
    return ((await this.send(command, args)) as T).body;
  }

  /** The message of a request that must fail. */
  async refused(command: string, args?: object): Promise<string> {
    try {
      await this.send(command, args);
    } catch (error) {
      const answer = this.received.findLast((m) => (m as DebugProtocol.Response).success === false && 'command' in m);
      const sentence = (answer as DebugProtocol.ErrorResponse | undefined)?.body.error?.format;
      return sentence ?? (error as Error).message;
    }
    throw new Error(`${command} was expected to fail`);
  }

  /** Sends bytes as they are. */
  raw(text: string): void {
    this.input.write(text);
  }

  /** `initialize`, `launch` and `configurationDone`, as VS Code sends them: without waiting in between. */
  async begin(launch: object = {}, configure: () => Promise<unknown> = async () => {}): Promise<void> {
    await this.send('initialize', {
      adapterID: 'pktgdb',
      pathFormat: 'path',
      supportsInvalidatedEvent: true,
      supportsProgressReporting: true,
    });
    const launched = this.send('launch', launch);
    // The failure is reported by the await below; here it must only not go unhandled.
    launched.catch(() => {});
    await this.event('initialized');
    await configure();
    await this.send('configurationDone');
    await launched;
  }

  /** The variables of a scope of the innermost frame. */
  async scope(name: string): Promise<DebugProtocol.Variable[]> {
    const { stackFrames } = await this.ask<DebugProtocol.StackTraceResponse>('stackTrace', { threadId: 1, levels: 1 });
    const { scopes } = await this.ask<DebugProtocol.ScopesResponse>('scopes', { frameId: stackFrames[0]!.id });
    const scope = scopes.find((one) => one.name === name);
    return this.children(scope!.variablesReference);
  }

  async children(variablesReference: number, page: object = {}): Promise<DebugProtocol.Variable[]> {
    const args = { variablesReference, ...page };
    return (await this.ask<DebugProtocol.VariablesResponse>('variables', args)).variables;
  }
}

/** An interpreter that knows a few commands, for sessions over the fake engine. */
export function fakeInterpreter(engine: EngineApi, write: (text: string) => void): Interpreter {
  return {
    execute: async (line) => {
      if (line === 'set variable size=61') {
        await engine.assign('size', '61', 0);
        return { ok: true };
      }
      if (line === 'quit') {
        return { ok: true, quit: 0 };
      }
      const [, name] = /^break (\S+)$/.exec(line) ?? [];
      if (name !== undefined) {
        const bp = engine.setBreakpoint({ location: { kind: 'function', name } });
        write(`Breakpoint ${bp.id}\n`);
        return { ok: true };
      }
      if (line === 'continue') {
        await engine.resume();
        return { ok: true };
      }
      write(line === 'echo hi' ? 'hi\n' : `Undefined command: "${line}".\n`);
      return { ok: line === 'echo hi' };
    },
    completions: (line) => ({
      from: line.lastIndexOf(' ') + 1,
      candidates: [
        { text: 'break', kind: 'command', detail: 'Set breakpoint.' },
        { text: 'backtrace', kind: 'command', detail: '' },
      ],
    }),
    frame: 0,
    args: [],
    sourcing: 0,
    resumes: 0,
    breakpointCommands: new Map(),
    commands: COMMANDS,
    inBlock: false,
    interrupt: () => {},
    dispose: () => {},
    moments: noMoments(),
    evaluator: new Evaluator(engine),
  };
}

/** A session in this process and its client. */
export interface Session<E extends EngineApi> {
  readonly client: TestClient;
  readonly engine: E;
  /** What the adapter wrote on its log. */
  readonly log: string[];
  /** Resolves when the session is over and everything is freed. */
  readonly ended: Promise<void>;
}

/** A client of a session over `engine`, in this process. */
export function sessionOver<E extends EngineApi>(
  engine: E,
  createInterpreter: SessionFactories['createInterpreter'] = fakeInterpreter,
): Session<E> {
  const toAdapter = new PassThrough();
  const fromAdapter = new PassThrough();
  const log: string[] = [];
  const client = new TestClient(fromAdapter, toAdapter);
  watch(client, fromAdapter);
  const ended = serveStreams(
    { createEngine: async () => engine, createInterpreter, log: (text) => log.push(text) },
    toAdapter,
    fromAdapter,
  );
  return { client, engine, log, ended };
}

export function fakeSession(): Session<DapEngine> {
  return sessionOver(new DapEngine());
}

/** Checks every message the adapter sends against the protocol. */
export function watch(client: TestClient, fromAdapter: Readable): void {
  let rest = Buffer.alloc(0);
  fromAdapter.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const match = /^Content-Length: (\d+)\r\n\r\n/.exec(rest.toString('latin1', 0, 64));
      const end = match === null ? 0 : match[0].length + Number(match[1]);
      if (match === null || rest.length < end) {
        return;
      }
      const message = JSON.parse(rest.toString('utf8', match[0].length, end)) as DebugProtocol.ProtocolMessage;
      rest = rest.subarray(end);
      checkMessage(message);
      client.received.push(message);
    }
  });
}

/** A client of the real adapter in a process of its own. */
export function processSession(program: string, args: readonly string[]): { client: TestClient; child: ChildProcess } {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  const client = new TestClient(child.stdout, child.stdin);
  watch(client, child.stdout);
  return { client, child };
}
