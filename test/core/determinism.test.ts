/** A live session with real sockets, executed again from its recording: same ticks, same frames, same state. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { capture } from '../kit/paths.ts';
import { scattered } from '../kit/random.ts';
import { Session } from './session.ts';

describe('determinism', () => {
  let s: Session;

  beforeEach(async () => {
    s = await Session.create();
    s.engine.internals = { hashFrames: true };
  });

  afterEach(() => s.dispose());

  async function quitAndCompare(): Promise<void> {
    const summary = await s.compare();
    assert.ok(summary.frames > 10 && summary.ticks > 1000 && summary.stateHash.length === 16);
  }

  it('a live session with traffic both ways, stops and a monitor command', async () => {
    const server = createServer((c) => c.end(scattered(1_500_000))).listen(0, '127.0.0.1');
    await once(server, 'listening');
    await s.launch({ guestCommands: ['nc -l -v -p 5556 > hello.txt'] });
    await s.printed('listening on');
    s.break('e1000_receive_iov', '$pkt.tcp.dstport == 5556', { temporary: true });
    const client = s.connect();
    client.end(scattered(1_000_000));
    await s.stop();
    await s.resume();
    await text(client);
    await s.engine.monitor('info usernet');
    s.guest(`nc 10.0.2.2 ${(server.address() as AddressInfo).port} > big.txt`);
    await s.printed('> big.txt\n~ # ');
    s.guest('ping -c 1 10.0.2.2');
    await s.printed('packet loss');
    server.close();
    await quitAndCompare();
  });

  for (const name of ['03-ping.pcap', 'foreign/mtu-mixed.pcap', 'foreign/lo-tls.pcap']) {
    it(`a replayed capture: ${name}`, async () => {
      const sums: unknown[] = [];
      for (let run = 0; run < 2; run++) {
        const ended = once(s.engine, 'exited');
        await s.launch({
          trace: capture(name),
          replay: { atEnd: 'exit' },
          args: ['-netdev', 'user,id=user.0', '-device', 'e1000,netdev=user.0'],
        });
        await ended;
        sums.push(s.engine.summary);
      }
      const { recording } = s.engine;
      assert.ok(sums[0] && recording);
      assert.deepEqual(sums[0], sums[1]);
      assert.deepEqual(await s.engine.reexecute(recording), sums[0]);
    });
  }

  it('a replay stops at its end, with frames down to main, and goes on to the exit', async () => {
    await s.launch({ trace: capture('foreign/lo-refused.pcap'), args: ['-nic', 'user'] });
    assert.equal((await s.stop()).kind, 'replay-end');
    assert.equal((await s.engine.frames()).at(-1)?.fn.name, 'main');
    assert.equal(s.engine.replay?.account().finished, true);
    const ended = once(s.engine, 'exited');
    await s.resume();
    await ended;
  });
});
