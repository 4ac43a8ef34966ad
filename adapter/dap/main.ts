/** Serves DAP: on stdin and stdout, or for development on a port of 127.0.0.1. */
import { type AddressInfo, createServer } from 'node:net';
import { Engine } from '../engine/engine.ts';
import { GdbInterpreter } from '../gdb/interpreter.ts';
import { type SessionFactories, serveStreams } from './server.ts';

export interface ServeOptions {
  /** Listen on this port of 127.0.0.1 instead of stdio (0: any free one, printed on stderr). Each connection is a session. */
  readonly port?: number;
}

const factories: SessionFactories = {
  createEngine: () => Engine.create(),
  createInterpreter: (engine, write) => new GdbInterpreter(engine, { write, waitForStops: false }),
  log: (text) => process.stderr.write(`pktgdb: ${text}\n`),
};

/** Runs until the client disconnects (stdio) or for ever (port). Resolves to the exit code. */
export async function serve(options: ServeOptions = {}): Promise<number> {
  if (options.port !== undefined) {
    return listen(options.port);
  }
  // stdout belongs to the protocol: whatever is printed inside goes to stderr.
  console.log = console.info = console.debug = console.error;
  await serveStreams(factories, process.stdin, process.stdout);
  return 0;
}

function listen(port: number): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      void serveStreams(factories, socket, socket).then(() => socket.end());
    });
    server.once('error', (error) => {
      factories.log(`cannot listen on 127.0.0.1:${port}: ${error.message}`);
      resolve(1);
    });
    server.listen(port, '127.0.0.1', () => factories.log(`DAP on 127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}
