/** Forwarded ports of every kind, and many connections at a time, over real sockets; on a bad link too. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { slirp_add_hostfwd, slirp_add_hostxfwd6 } from '../../adapter/stack/slirp/slirp.ts';
import { SOCK_STREAM } from '../../adapter/stack/util/host.ts';
import { sockaddr_in, sockaddr_in6 } from '../../adapter/stack/util/sockets.ts';
import { addr6, announce } from '../kit/frames.ts';
import { solicit } from '../kit/frames6.ts';
import { scattered } from '../kit/random.ts';
import { tempFolder } from '../kit/temp.ts';
import { insist } from '../kit/until.ts';
import { DirectNet } from './direct-net.ts';
import { LiveMachine } from './machine.ts';
import { TcpGuest } from './tcp-guest.ts';

const CONNECTIONS = 200;

/** Bytes that differ from connection to connection. */
const content = (n: number, salt: number): Buffer => scattered(n, salt * 7919);

const LINKS = [
  ['on a clean link', 0],
  ['on a link that loses, repeats, reorders and damages frames', 100],
] as const;

for (const [link, faultRate] of LINKS) {
  describe(`forwarded ports ${link}`, function () {
    this.timeout(60_000);
    const dir = tempFolder();
    let m: LiveMachine;

    before(async () => {
      const user = `hostfwd=unix:${dir}/a-socket-:5556,hostfwd=udp:127.0.0.1:0-:5557`;
      m = await LiveMachine.start({ user, faultRate, seed: 5 });
    });
    after(async () => {
      await m.stop();
    });

    it('a socket of the Unix domain', async () => {
      const sink = createServer().listen(0, '127.0.0.1');
      await once(sink, 'listening');
      const taken = once(sink, 'connection').then(([s]) => buffer(s as Socket));
      m.type(`nc -l -v -p 5556 | nc 10.0.2.2 ${(sink.address() as AddressInfo).port}`);
      await m.printed('listening on');
      const sent = content(100_000, 1);
      connect(join(dir, 'a-socket')).end(sent);
      assert.ok((await taken).equals(sent));
      sink.close();
    });

    it('a UDP port, and the answer to it', async () => {
      const socket = createSocket('udp4').bind(0, '127.0.0.1');
      const port = m.port(5557, 'udp');
      m.type('nc -u -l -v -p 5557');
      await m.printed('listening on');
      const answer = once(socket, 'message');
      // Datagrams are lost on the bad link: ask, and answer, until one comes through.
      await insist(() => socket.send('a question\n', port, '127.0.0.1'), m.printed('a question'));
      const [data] = await insist(() => m.press('an answer\n'), answer);
      assert.equal(String(data), 'an answer\n');
      socket.close();
      m.press('\x03');
      await m.printed('~ # ');
    });
  });

  describe(`connections of a guest made by hand ${link}`, function () {
    this.timeout(60_000);

    it(`${CONNECTIONS} at a time to a server of the host, each with its own bytes both ways`, async () => {
      const net = new DirectNet();
      net.send(announce());
      const guest = new TcpGuest(net, false, 3, faultRate);
      const waiting: Socket[] = [];
      // Answers when all are there, so that all are open at the same time.
      const server = createServer({ allowHalfOpen: true }, (s) => {
        waiting.push(s);
        if (waiting.length === CONNECTIONS) {
          for (const socket of waiting) {
            socket.pipe(socket);
          }
        }
      }).listen(0, '127.0.0.1', CONNECTIONS);
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const all = Array.from({ length: CONNECTIONS }, (_, i) => guest.connect(10_000 + i, port, content(2500, i)));
      await guest.during(guest.finished());
      for (const [i, c] of all.entries()) {
        assert.ok(c.bytes.equals(content(2500, i)), `connection ${i}`);
      }
      assert.ok(faultRate === 0 || guest.faults > 20, `${guest.faults} faults`);
      server.close();
      net.stop();
    });

    it(`${CONNECTIONS} clients of a forwarded port at a time, each with its own bytes both ways`, async () => {
      const net = new DirectNet();
      net.send(announce());
      const guest = new TcpGuest(net, false, 4, faultRate);
      guest.answer = (clientPort) => content(1500, clientPort);
      const host = sockaddr_in(0x7f000001, 0);
      const port = await net.forward(SOCK_STREAM, host, (slirp) => slirp_add_hostfwd(slirp, false, host, 0, 80));
      const clients = Array.from({ length: CONNECTIONS }, async (_, i) => {
        const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
        client.end(content(2500, i));
        const { localPort } = await once(client, 'connect').then(() => client);
        return { got: await buffer(client), localPort: localPort ?? 0 };
      });
      const all = await guest.during(Promise.all(clients).then((got) => guest.finished().then(() => got)));
      for (const [i, { got, localPort }] of all.entries()) {
        assert.ok(got.equals(content(1500, localPort)), `the answer to client ${i}`);
        const taken = [...guest.connections.values()].find((c) => c.dport === localPort);
        assert.ok(taken?.bytes.equals(content(2500, i)), `what client ${i} sent`);
      }
      net.stop();
    });

    it('a port that is forwarded over IPv6, bytes both ways', async () => {
      const net = new DirectNet((c) => {
        c.in6_enabled = true;
      });
      net.send(solicit());
      const guest = new TcpGuest(net, true, 9, faultRate);
      const [question, reply] = [content(200_000, 1), content(100_000, 2)];
      guest.answer = () => reply;
      const host = sockaddr_in6(addr6(0, 1), 0);
      const port = await net.forward(SOCK_STREAM, host, (slirp) => slirp_add_hostxfwd6(slirp, host, null, 80));
      const client = connect({ port, host: '::1', allowHalfOpen: true });
      client.end(question);
      const got = await guest.during(buffer(client).then((bytes) => guest.finished().then(() => bytes)));
      assert.ok(got.equals(reply));
      const [connection] = [...guest.connections.values()];
      assert.ok(connection?.bytes.equals(question));
      net.stop();
    });
  });
}
