/**
 * Streams on their way to the inferior: whatever finds no room at first arrives all the same, in order, and nothing is
 * lent twice.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { NodeSockets } from '../../adapter/host/sockets.ts';
import { createMailbox } from '../../adapter/mailbox/mailbox.ts';
import { ReceivePool } from '../../adapter/mailbox/receive-pool.ts';
import type { Input } from '../../adapter/stack/util/host.ts';
import { sockaddr_in } from '../../adapter/stack/util/sockets.ts';
import { scattered } from '../kit/random.ts';

const LOOPBACK = 0x7f000001;

/** An inferior that takes an input only now and then, and gives memory back late. */
class SlowInferior {
  readonly memory = createMailbox().pool;
  readonly pool = new ReceivePool(this.memory);
  readonly received = new Map<number, Buffer[]>();
  readonly ended = new Set<number>();
  readonly accepted: number[] = [];
  readonly connected = new Set<number>();
  readonly written = new Map<number, number[]>();
  lent = 0;
  #unconsumed: { fd: number; n: number }[] = [];
  #calls = 0;
  readonly sockets = new NodeSockets({
    post: (input) => this.#post(input),
    released: (fd, n) => this.pool.consumed(fd, n),
    reserve: (fd) => {
      const page = this.pool.reserve(fd);
      this.lent += page ? 1 : 0;
      return page;
    },
    unreserve: (page) => {
      this.lent--;
      this.pool.unreserve(page);
    },
    scarce: () => this.pool.scarce,
    wait: () => undefined,
    warn: () => undefined,
  });

  #post(input: Input): number {
    if (this.#calls++ % 3 === 0) {
      return 0;
    }
    if (input.type === 'accepted') {
      this.accepted.push(input.fd);
    } else if (input.type === 'connected') {
      this.connected.add(input.fd);
    } else if (input.type === 'written') {
      this.written.set(input.fd, [...(this.written.get(input.fd) ?? []), input.bytes]);
    } else if (input.type === 'eof') {
      this.ended.add(input.fd);
    } else if (input.type === 'data') {
      const own = input.data.buffer === this.memory;
      const at = this.pool.put(input.fd, input.data, false);
      if (!at) {
        return 0;
      }
      this.lent -= own ? 1 : 0;
      const bytes = Buffer.from(new Uint8Array(this.memory, at.at, at.n));
      this.received.set(input.fd, [...(this.received.get(input.fd) ?? []), bytes]);
      this.#unconsumed.push({ fd: input.fd, n: at.n });
      return at.n;
    }
    return 1;
  }

  async until(done: () => boolean): Promise<void> {
    while (!done()) {
      await turn();
      for (const { fd, n } of this.#unconsumed.splice(0, 2)) {
        this.sockets.consumed(fd, n);
      }
      this.sockets.retry();
    }
  }

  bytes(fd: number): Buffer {
    return Buffer.concat(this.received.get(fd) ?? []);
  }
}

describe('host sockets: streams', () => {
  it('arrive whole when there is often no room, from both sides of a connection', async () => {
    const inferior = new SlowInferior();
    const { port } = await inferior.sockets.listen(2, 1, sockaddr_in(LOOPBACK, 0));
    const sent = [3_000_017, 100, 700_001, 1].map((n, i) => scattered(n, i));
    for (const data of sent) {
      connect({ port, host: '127.0.0.1' }).end(data);
    }
    const outgoing = scattered(2_500_000, 9);
    const server = createServer((s) => s.end(outgoing)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    assert.equal(typeof address, 'object');
    inferior.sockets.connect(4, sockaddr_in(LOOPBACK, (address as { port: number }).port), null);
    await inferior.until(() => inferior.ended.size === sent.length + 1);
    const got = inferior.accepted.map((fd) => inferior.bytes(fd)).sort((a, b) => a.length - b.length);
    assert.deepEqual(
      got.map((b) => b.length),
      [1, 100, 700_001, 3_000_017],
    );
    assert.equal(
      got.every((b) => sent.some((s) => s.equals(b))),
      true,
    );
    assert.equal(inferior.bytes(4).equals(outgoing), true);
    for (const fd of [...inferior.accepted, 4, 2]) {
      inferior.sockets.close(fd, false);
    }
    server.close();
    await inferior.until(() => inferior.lent === 0);
    inferior.sockets.dispose();
  });

  it('are written together when they are sent together, each in its order', async () => {
    const inferior = new SlowInferior();
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const sent = [5, 1514, 70_001, 3, 200_003, 64].map((n, i) => scattered(n, i));
    const got: Promise<Buffer>[] = [];
    for (const fd of [4, 6]) {
      const accepted = once(server, 'connection');
      inferior.sockets.connect(fd, sockaddr_in(LOOPBACK, port), null);
      got.push(accepted.then(([socket]) => buffer(socket as Socket)));
      await Promise.all([accepted, inferior.until(() => inferior.connected.has(fd))]);
    }
    for (const bytes of sent) {
      // As from the ring: shared memory, at any place in a word.
      const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 3), 3);
      shared.set(bytes);
      inferior.sockets.send(4, shared);
    }
    for (const bytes of sent) {
      inferior.sockets.send(6, bytes);
    }
    inferior.sockets.flush();
    const total = Buffer.concat(sent);
    const written = (fd: number): number => inferior.written.get(fd)?.reduce((a, b) => a + b, 0) ?? 0;
    await inferior.until(() => written(4) + written(6) === 2 * total.length);
    const calls = Math.ceil(total.length / (1 << 16));
    assert.deepEqual([inferior.written.get(4)?.length, inferior.written.get(6)?.length], [calls, calls]);
    inferior.sockets.send(4, Buffer.from('the end'));
    inferior.sockets.shutdown(4);
    inferior.sockets.close(6, false);
    assert.deepEqual(await Promise.all(got), [Buffer.concat([total, Buffer.from('the end')]), total]);
    server.close();
    inferior.sockets.dispose();
  });
});
