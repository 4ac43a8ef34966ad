/**
 * DAP on a port of 127.0.0.1. Clients such as VS Code (`debugServer`) and nvim-dap connect anew for each session.
 * So each connection is a session with an engine of its own, and several may be open at a time.
 */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type SessionFactories, serveStreams } from './server.ts';

/** Only programs of this machine get in. */
const HOST = '127.0.0.1';

export interface DapServer {
  readonly port: number;
  /** Takes no further client, ends the sessions there are with their machines, and resolves when all is freed. */
  close(): Promise<void>;
}

/** Listens on `port` (0: any free one). Rejects with a sentence for the user if that is impossible. */
export async function listen(factories: SessionFactories, port: number): Promise<DapServer> {
  const sessions = new Map<Socket, Promise<void>>();
  const server = createServer((socket) => {
    // A client may be gone before its session listens.
    socket.on('error', (error) => factories.log(`DAP client: ${error.message}`));
    const session = serveStreams(factories, socket, socket)
      .catch((error: Error) => factories.log(`DAP session: ${error.stack ?? error.message}`))
      .then(() => {
        socket.destroySoon();
        sessions.delete(socket);
      });
    sessions.set(socket, session);
  });
  await listening(server, port);
  // One client could not be taken, for want of descriptors; the next one may be.
  server.on('error', (error) => factories.log(`DAP client: ${error.message}`));
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.close();
      const all = [...sessions];
      for (const [socket] of all) {
        socket.destroy();
      }
      await Promise.all(all.map(([, session]) => session));
    },
  };
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const known: Readonly<Record<string, string>> = {
        EADDRINUSE: 'the port is taken by another program',
        EACCES: 'this user may not listen on that port',
      };
      reject(new Error(`cannot listen on ${HOST}:${port}: ${known[error.code ?? ''] ?? error.message}`));
    });
    server.listen(port, HOST, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}
