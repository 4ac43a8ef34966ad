/** Runs sessions over byte streams. */
import type { Readable, Writable } from 'node:stream';
import type { EngineApi } from '../engine/api.ts';
import { Attaching } from './attaching.ts';
import type { CreateInterpreter } from './repl.ts';
import { PacketSession } from './session.ts';
import { connectStreams } from './streams.ts';
import { TokenLock } from './token.ts';
import { encodeMessage, MessageReader } from './transport.ts';

/** What sessions are made of. */
export interface SessionFactories {
  readonly createEngine: () => Promise<EngineApi>;
  readonly createInterpreter: CreateInterpreter;
  /** Messages for whoever runs the adapter, a line each. */
  readonly log: (text: string) => void;
  /** What clients have to show before a session does anything for them. */
  readonly token?: string;
  /** The engines have a machine that runs already. */
  readonly attached?: AttachedMachine;
}

/** A machine that somebody else has started, in this process. */
export interface AttachedMachine {
  readonly pid: number;
  /** The program that has started it. */
  readonly owner: string;
  /** Its options. */
  readonly args: readonly string[];
}

/** A session that nobody talks to yet, and what resolves when it is over and everything is freed. */
export async function startSession(
  factories: SessionFactories,
): Promise<{ readonly session: PacketSession; readonly lock: TokenLock | undefined; readonly over: Promise<void> }> {
  const { createInterpreter, log, token, attached } = factories;
  const engine = await factories.createEngine();
  const lock = token === undefined ? undefined : new TokenLock(token);
  const { promise: over, resolve: ended } = deferred();
  const options = { createInterpreter, ended, log, attached, ...(lock ? { lock } : {}) };
  return { session: new PacketSession(engine, options), lock, over };
}

/** One session over a pair of streams. Resolves when it is over and everything is freed. */
export async function serveStreams(factories: SessionFactories, input: Readable, output: Writable): Promise<void> {
  const { log, attached } = factories;
  let started: Awaited<ReturnType<typeof startSession>>;
  try {
    started = await startSession(factories);
  } catch (error) {
    await refuse((error as Error).message, input, output, log);
    return;
  }
  connectStreams(attached ? started.session : new Attaching(started.session, started.lock), input, output, log);
  await started.over;
  await flushed(output);
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** Answers the first request with an error: the client shows the reason instead of "the adapter has ended". */
function refuse(message: string, input: Readable, output: Writable, log: (text: string) => void): Promise<void> {
  log(message);
  return new Promise((resolve) => {
    const reader = new MessageReader((request) => {
      const { seq, command } = request as { readonly seq?: unknown; readonly command?: unknown };
      const error = { id: 1, format: message.replace(/[{}]/g, ''), showUser: true };
      const answer = { type: 'response', seq: 1, request_seq: seq, command, success: false, message, body: { error } };
      output.write(encodeMessage(answer), () => resolve());
    }, log);
    input.on('data', (chunk: Buffer) => reader.push(chunk));
    input.once('end', resolve);
    input.once('close', resolve);
  });
}

/** Everything written so far has been handed to the system, or never will be. */
function flushed(output: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (output.destroyed || output.writableEnded) {
      resolve();
    } else {
      output.once('error', () => resolve());
      output.write('', () => resolve());
    }
  });
}
