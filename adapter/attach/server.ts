/**
 * Lets debuggers at a machine that runs by itself: prompts and DAP clients, one at a time, over a Unix socket that only
 * this user can open.
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { type SessionFactories, serveStreams } from '../dap/server.ts';
import type { EngineApi } from '../engine/api.ts';
import { EngineError } from '../engine/api.ts';
import { borrow } from './borrowed.ts';
import { sendMessage, type ToPrompt } from './messages.ts';
import { debugSocket, makeRuntimeFolder } from './place.ts';
import { servePrompt } from './remote-prompt.ts';

export interface DebugServerOptions {
  /** The program that has started the machine. */
  readonly owner: string;
  readonly version: string;
  /** The machine's options. */
  readonly args: readonly string[];
  readonly createInterpreter: SessionFactories['createInterpreter'];
  readonly log: (text: string) => void;
}

export interface DebugServer {
  readonly path: string;
  close(): void;
}

/** Listens for debuggers of the machine. Rejects with the system's error if that is impossible. */
export async function serveDebuggers(engine: EngineApi, options: DebugServerOptions): Promise<DebugServer> {
  makeRuntimeFolder();
  const path = debugSocket(process.pid);
  rmSync(path, { force: true });
  const sockets = new Set<Socket>();
  let busy = false;
  /** Throws if somebody else has the machine. */
  const take = (): EngineApi => {
    if (busy) {
      throw new EngineError(`Process ${process.pid} is being debugged already.`);
    }
    busy = true;
    return borrow(engine, options.owner, () => {
      busy = false;
    });
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', (e) => options.log(`debugger: ${e.message}`));
    socket.once('readable', () => {
      const chunk = socket.read() as Buffer | null;
      if (chunk === null) {
        socket.destroy();
        return;
      }
      socket.unshift(chunk);
      // A prompt speaks JSON lines, DAP begins with a header.
      const served = chunk[0] === 0x7b ? atPrompt(take, socket, options) : overDap(take, socket, options);
      served.catch((e: Error) => {
        options.log(`debugger: ${e.stack ?? e.message}`);
        socket.destroy();
      });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  // One debugger could not be taken, for want of descriptors; the next one may be.
  server.on('error', (e) => options.log(`debugger: ${e.message}`));
  chmodSync(path, 0o600);
  return {
    path,
    close: () => {
      server.close();
      for (const socket of sockets) {
        socket.destroy();
      }
      rmSync(path, { force: true });
    },
  };
}

async function atPrompt(take: () => EngineApi, socket: Socket, options: DebugServerOptions): Promise<void> {
  let engine: EngineApi;
  try {
    engine = take();
  } catch (e) {
    sendMessage<ToPrompt>(socket, { refused: (e as Error).message });
    socket.end();
    return;
  }
  const { owner, args, version } = options;
  try {
    await servePrompt(engine, socket, { pid: process.pid, owner, args, version });
  } finally {
    // Whatever went wrong with the prompt, the next one can have the machine.
    await engine.dispose();
  }
}

async function overDap(take: () => EngineApi, socket: Socket, options: DebugServerOptions): Promise<void> {
  const { createInterpreter, log, owner, args } = options;
  const createEngine = (): Promise<EngineApi> => Promise.resolve().then(take);
  await serveStreams(
    { createEngine, createInterpreter, log, attached: { pid: process.pid, owner, args } },
    socket,
    socket,
  );
  socket.end();
}
