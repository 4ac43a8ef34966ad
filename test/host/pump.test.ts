/**
 * Both ends of the mailbox in one thread: whatever is too long or finds no room gets there all the same, or is refused
 * in words.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { Pump } from '../../adapter/host/pump.ts';
import { LiveHost } from '../../adapter/inferior/live-host.ts';
import { createMailbox, POOL_PAGE, POOL_PAGES } from '../../adapter/mailbox/mailbox.ts';
import type { Input } from '../../adapter/stack/util/host.ts';
import { sockaddr_in } from '../../adapter/stack/util/sockets.ts';
import { quiet, until, watch } from '../kit/until.ts';

class Ends {
  readonly replies: string[] = [];
  readonly reports: string[] = [];
  readonly #mailbox = createMailbox();
  readonly pump = new Pump(this.#mailbox, {
    console: () => undefined,
    monitorReply: (_id, text) => this.replies.push(text),
    report: (_level, text) => this.reports.push(text),
    log: () => undefined,
  });
  /** `ring` is given when the inferior wants to be heard. */
  readonly host: LiveHost;
  constructor(ring: () => void = () => undefined) {
    this.host = new LiveHost(this.#mailbox, 1, [], {
      now: () => performance.now(),
      ring,
      pause: () => undefined,
      allocShared: (_name, bytes) => new SharedArrayBuffer(bytes),
      frame: () => undefined,
    });
  }

  /** The inferior's turns, until `done`. */
  async turns(take: (input: Input) => void, done: () => boolean): Promise<void> {
    // The pump posts from the sockets' events, which it does not tell.
    const turn = (): boolean => {
      if (!done()) {
        this.host.poll(0).forEach(take);
      }
      return done();
    };
    await until(turn, 'the inferior has its inputs', 15_000, 1);
  }
}

describe('mailbox: both ends', () => {
  it('text for the console of any length arrives whole, in order', async () => {
    const e = new Ends();
    const text = 'a\u{1f600}bc'.repeat(400_001);
    e.pump.post({ type: 'console', text });
    let got = '';
    await e.turns(
      (input) => {
        got += input.type === 'console' ? input.text : '';
      },
      () => got.length >= text.length,
    );
    assert.equal(got === text, true);
    e.pump.dispose();
  });

  it('a monitor command without end is refused, and the next one is not', async () => {
    const e = new Ends();
    e.pump.post({ type: 'monitor', id: 1, line: 'x'.repeat(3_000_000) });
    assert.deepEqual(e.replies, ['the command has 3000000 characters; there is room for 32768\n']);
    e.pump.post({ type: 'monitor', id: 2, line: 'info network' });
    const lines: string[] = [];
    await e.turns(
      (input) => lines.push(input.type === 'monitor' ? input.line : ''),
      () => lines.length > 0,
    );
    assert.deepEqual(lines, ['info network']);
    e.pump.dispose();
  });

  it('a report longer than any record is cut', () => {
    const e = new Ends();
    e.host.report('info', 'y'.repeat(3_000_000));
    e.pump.drain();
    assert.match(e.reports[0]!, /^y{32768}\.\.\. \(3000000 characters\)$/);
    e.pump.dispose();
  });

  it('a turn takes some 256 kB of data, and the next one the rest at once', async () => {
    const e = new Ends();
    const server = createServer((s) => s.end(Buffer.alloc(3_000_000, 'd'))).listen(0, '127.0.0.1');
    await once(server, 'listening');
    e.host.connect(10, sockaddr_in(0x7f000001, (server.address() as { port: number }).port), null);
    e.pump.drain();
    await once(server, 'connection');
    const turns: number[] = [];
    const done = (): boolean => turns.reduce((a, b) => a + b, 0) === 3_000_000;
    // Much of it is there when the first turn begins.
    await watch(() => undefined, 100);
    await until(
      () => {
        let n = 0;
        for (const input of e.host.poll(done() ? 0 : 20_000_000)) {
          n += input.type === 'data' ? input.data.length : 0;
        }
        turns.push(n);
        return done();
      },
      'all of it came',
      15_000,
      0,
    );
    assert.ok(Math.max(...turns) < 2 * POOL_PAGE, `turns of ${turns.join()} bytes`);
    server.close();
    e.pump.dispose();
  });

  it('streams that nobody reads leave room for the others', async () => {
    const STUCK = 150;
    const e = new Ends();
    const flood = Buffer.alloc(4_000_000, 'f');
    const server = createServer((s) => s.on('error', () => undefined).end(flood)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const has = new Map<number, number>();
    const take = (input: Input): void => {
      if (input.type === 'data') {
        has.set(input.fd, (has.get(input.fd) ?? 0) + input.data.length);
      }
    };
    for (let i = 0; i < STUCK; i++) {
      e.host.connect(1000 + 2 * i, sockaddr_in(0x7f000001, port), null);
    }
    e.pump.drain();
    const held = (): number => [...has.values()].reduce((a, b) => a + b, 0);
    const poll = (): number => {
      e.host.poll(0).forEach(take);
      return held();
    };
    await until(() => poll() > 0 && has.size === STUCK, 'every stream has sent');
    await quiet(poll, 100);
    e.host.connect(10, sockaddr_in(0x7f000001, port), null);
    e.pump.drain();
    const reading = (input: Input): void => {
      take(input);
      if (input.type === 'data' && input.fd === 10) {
        e.host.consumed(10, input.data.length);
      }
    };
    await e.turns(reading, () => has.get(10) === flood.length);
    assert.equal(
      [...has.values()].every((n) => n > 0),
      true,
      'all of them got something',
    );
    assert.equal(held() - flood.length < POOL_PAGE * POOL_PAGES, true, 'and what is held has a bound');
    e.pump.dispose();
    server.close();
  }).timeout(20_000);

  it('streams go on when all memory was consumed and the inferior has nothing else to say', async () => {
    // More than may be used before memory is scarce, from so many that no one of them is paused for long.
    const SIZE = 1_000_000;
    const COUNT = 24;
    const e = new Ends();
    const peers: Socket[] = [];
    const server = createServer((s) => {
      peers.push(s);
      s.on('error', () => undefined).end(Buffer.alloc(SIZE, 'z'));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    for (let i = 0; i < COUNT; i++) {
      e.host.connect(10 + 2 * i, sockaddr_in(0x7f000001, port), null);
    }
    e.pump.drain();
    const held: { fd: number; n: number }[] = [];
    let got = 0;
    const take = (input: Input): void => {
      if (input.type === 'data') {
        got += input.data.length;
        held.push({ fd: input.fd, n: input.data.length });
      }
    };
    await quiet(() => {
      e.host.poll(0).forEach(take);
      return got;
    }, 100);
    assert.equal(got < SIZE * COUNT, true, 'memory is scarce');
    await e.turns(
      (input) => {
        take(input);
      },
      () => {
        for (const { fd, n } of held.splice(0)) {
          e.host.consumed(fd, n);
        }
        return got === SIZE * COUNT;
      },
    );
    e.pump.dispose();
    server.close();
  }).timeout(20_000);
});
