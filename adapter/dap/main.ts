/** Serves DAP: on stdin and stdout, or on a port of this machine. */
import { randomBytes } from 'node:crypto';
import { Engine } from '../engine/engine.ts';
import { GdbInterpreter } from '../gdb/interpreter.ts';
import { removeAtSignals } from '../temporary.ts';
import { type DapServer, listen } from './listen.ts';
import { type SessionFactories, serveStreams } from './server.ts';
import { MIN_TOKEN_LENGTH } from './token.ts';

export interface ServeOptions {
  /** Listen on this port of 127.0.0.1 instead of stdio; 0 takes any free one. */
  readonly port?: number;
}

const factories: SessionFactories = {
  createEngine: () => Engine.create(),
  createInterpreter: (engine, write, row) =>
    new GdbInterpreter(engine, { write, row, waitForStops: false, javascript: true }),
  log: (text) => process.stderr.write(`pktgdb: ${text}\n`),
};

/** Runs until the client disconnects (stdio) or a signal ends it (port). Resolves to the exit code. */
export async function serve(options: ServeOptions = {}): Promise<number> {
  if (options.port !== undefined) {
    return servePort(options.port);
  }
  // stdout belongs to the protocol: whatever is printed inside goes to stderr.
  console.log = console.info = console.debug = console.error;
  removeAtSignals();
  await serveStreams(factories, process.stdin, process.stdout);
  return 0;
}

async function servePort(port: number): Promise<number> {
  let token: string;
  let server: DapServer;
  try {
    token = takeToken();
    server = await listen({ ...factories, token }, port);
  } catch (error) {
    factories.log((error as Error).message);
    return 1;
  }
  const signalled = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => resolve());
    }
  });
  process.stderr.write(`DAP on 127.0.0.1:${server.port}, token=${token}\n`);
  await signalled;
  await server.close();
  return 0;
}

/**
 * The token of PKTGDB_DAP_TOKEN, or a new one.
 * It is taken out of the environment, because the machine's commands inherit that.
 */
function takeToken(): string {
  const chosen = process.env['PKTGDB_DAP_TOKEN'] ?? '';
  delete process.env['PKTGDB_DAP_TOKEN'];
  if (chosen !== '' && chosen.length < MIN_TOKEN_LENGTH) {
    throw new Error(`PKTGDB_DAP_TOKEN must have at least ${MIN_TOKEN_LENGTH} characters`);
  }
  return chosen === '' ? randomBytes(16).toString('hex') : chosen;
}
