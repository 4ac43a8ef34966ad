/**
 * Bulk data between programs of the host and programs of the guest, over real sockets: every byte arrives, on bad links
 * too.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { type Readable, Readable as ReadableStream } from 'node:stream';
import { text } from 'node:stream/consumers';
import { LiveMachine } from './machine.ts';

/** Bytes of a transfer. */
const CLEAN = Number(process.env['PKTGDB_LIVE_MB'] ?? 100) * 1e6;
const FAULTY = Number(process.env['PKTGDB_LIVE_FAULTY_MB'] ?? 1) * 1e6;
const FORWARDS = 'hostfwd=tcp:127.0.0.1:0-:80,hostfwd=tcp:127.0.0.1:0-:5556';

/** Bytes that do not repeat within a window or a buffer. */
function pattern(total: number): Readable {
  let at = 0;
  let x = 1;
  return new ReadableStream({
    read(size) {
      const chunk = Buffer.allocUnsafe(Math.min(size & ~3, total - at));
      for (let i = 0; i + 4 <= chunk.length; i += 4) {
        x = (Math.imul(x, 1664525) + 1013904223) | 0;
        chunk.writeInt32LE(x, i);
      }
      at += chunk.length;
      this.push(chunk.length > 0 ? chunk : null);
    },
    highWaterMark: 1 << 18,
  });
}

interface Digest {
  readonly bytes: number;
  readonly sha1: string;
}

async function digest(stream: Readable): Promise<Digest> {
  const sha1 = createHash('sha1');
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += (chunk as Buffer).length;
    sha1.update(chunk as Buffer);
  }
  return { bytes, sha1: sha1.digest('hex') };
}

/** An HTTP server of the host that serves the pattern. */
async function serve(total: number): Promise<{ server: Server; port: number }> {
  const server = createHttpServer((_request, response) => {
    response.setHeader('Content-Length', total);
    pattern(total).pipe(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

/** An HTTP server of the host that takes one upload; `taken` is its body. */
async function receiver(): Promise<{ server: Server; port: number; taken: Promise<Digest> }> {
  const server = createHttpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const taken = once(server, 'request').then(async ([request, response]) => {
    const got = await digest(request as IncomingMessage);
    (response as ServerResponse).end('thank you\n');
    return got;
  });
  return { server, port: (server.address() as AddressInfo).port, taken };
}

/** A listener of the host; `taken` is what came on its first connection. */
async function sink(): Promise<{ server: Server; port: number; taken: Promise<Digest> }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const taken = once(server, 'connection').then(([s]) => digest(s as Readable));
  return { server, port: (server.address() as AddressInfo).port, taken };
}

for (const [name, faultRate, total] of [
  ['on a clean link', 0, CLEAN],
  ['on a link that loses, repeats, reorders and damages frames', 400, FAULTY],
] as const) {
  describe(`transfers over real sockets ${name}`, function () {
    this.timeout(60_000);
    let m: LiveMachine;
    let expected: Digest;
    const servers: Server[] = [];

    before(async () => {
      expected = await digest(pattern(total));
      m = await LiveMachine.start({ user: FORWARDS, faultRate, seed: 42 });
    });
    after(async () => {
      for (const s of servers) {
        s.close();
      }
      await m.stop();
      if (faultRate > 0) {
        assert.ok(m.faults > 20, `${m.faults} faults`);
      }
    });

    it('an HTTP download by the guest, and an upload of it to the host', async () => {
      const http = await serve(total);
      const to = await sink();
      servers.push(http.server, to.server);
      m.type(`wget -q -O - http://10.0.2.2:${http.port}/ | nc 10.0.2.2 ${to.port}`);
      assert.deepEqual(await to.taken, expected);
    });

    it('an upload through hostfwd', async () => {
      const to = await sink();
      servers.push(to.server);
      m.type(`nc -l -v -p 5556 | nc 10.0.2.2 ${to.port}`);
      await m.printed('listening on');
      pattern(total).pipe(connect(m.port(5556), '127.0.0.1'));
      assert.deepEqual(await to.taken, expected);
    });

    it('a download through hostfwd', async () => {
      const http = await serve(total);
      servers.push(http.server);
      m.type(`wget -q -O - http://10.0.2.2:${http.port}/ | nc -l -v -p 5556`);
      await m.printed('listening on');
      const client = connect(m.port(5556), '127.0.0.1');
      assert.deepEqual(await digest(client), expected);
    });

    it('an HTTP download from a server of the guest, and an HTTP upload of the same file', async () => {
      const http = await serve(total);
      const to = await receiver();
      servers.push(http.server, to.server);
      await m.run(`mkdir -p /www; wget -q -O /www/file http://10.0.2.2:${http.port}/`);
      await m.run('httpd -p 80 -h /www');
      const [response] = (await once(get(`http://127.0.0.1:${m.port(80)}/file`), 'response')) as [IncomingMessage];
      assert.equal(response.statusCode, 200);
      assert.deepEqual(await digest(response), expected);
      await m.run(`echo -en 'POST /file HTTP/1.0\\r\\nContent-Length: ${total}\\r\\n\\r\\n' > /head`);
      const answer = await m.run(`cat /head /www/file | nc 10.0.2.2 ${to.port}`);
      assert.match(answer, /200 OK/);
      assert.match(answer, /thank you/);
      assert.deepEqual(await to.taken, expected);
    });

    if (faultRate === 0) {
      it("100 clients at once of a server of the guest's, whose backlog is short: all are answered", async () => {
        await m.run('echo hello > /www/hello; echo');
        const bodies = await Promise.all(
          Array.from({ length: 100 }, async () => {
            const client = connect(m.port(80), '127.0.0.1');
            client.write('GET /hello HTTP/1.0\r\n\r\n');
            return (await text(client)).endsWith('\r\nhello\n');
          }),
        );
        assert.equal(bodies.every(Boolean), true);
      });
    }
  });
}
