/** A program that real guests talk to: a web server with one file of so many bytes, and a sink for what they send. */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';

/** Its first message. */
export interface ServerPorts {
  readonly web: number;
  readonly sink: number;
}

/** Its message when a guest has closed a connection to the second server. */
export interface Received {
  readonly bytes: number;
  readonly milliseconds: number;
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const content = Buffer.alloc(Number(process.argv[2]), 'packet ');
const web = createHttpServer((_request, response) => response.end(content));
const sink = createServer((socket) => {
  const from = performance.now();
  let bytes = 0;
  socket.on('data', (data) => {
    bytes += data.length;
  });
  socket.on('end', () => {
    const received: Received = { bytes, milliseconds: performance.now() - from };
    process.send?.(received);
  });
});
const ports: ServerPorts = { web: await listening(web), sink: await listening(sink) };
process.send?.(ports);
