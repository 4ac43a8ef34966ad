/** A live session with real sockets, executed again from its recording: same ticks, same frames, same state. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { capture } from '../kit/paths.ts';
import { Session } from './session.ts';

describe('determinism', () => {
  let s: Session;

  beforeEach(async () => {
    s = await Session.create();
    s.engine.internals = { hashFrames: true };
  });

  afterEach(() => s.dispose());

  async function quitAndCompare(): Promise<void> {
    const ended = once(s.engine, 'exited');
    s.engine.quit();
    await ended;
    const { recording, summary } = s.engine;
    assert.ok(recording && summary);
    assert.deepEqual(await s.engine.reexecute(recording), summary);
    assert.ok(summary.frames > 10 && summary.ticks > 1000 && summary.stateHash.length === 16);
  }

  it('a live session with traffic both ways, stops and a monitor command', async () => {
    const server = createServer((c) => c.end('from the host\n'.repeat(5000))).listen(0, '127.0.0.1');
    await once(server, 'listening');
    await s.launch({ guestCommands: ['nc -l -v -p 5556 > hello.txt'] });
    await s.printed('listening on');
    s.break('e1000_receive_iov', '$pkt.tcp.dstport == 5556', { temporary: true });
    const client = s.connect();
    client.end('x'.repeat(100_000));
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

  it('a replayed capture', async () => {
    const sums: unknown[] = [];
    for (let run = 0; run < 2; run++) {
      const ended = once(s.engine, 'exited');
      await s.launch({
        trace: capture('03-ping.pcap'),
        args: ['-netdev', 'user,id=user.0', '-device', 'e1000,netdev=user.0'],
      });
      await ended;
      sums.push(s.engine.summary);
    }
    assert.ok(sums[0]);
    assert.deepEqual(sums[0], sums[1]);
  });

  it('says when the recording reaches its limit', async () => {
    const reports: string[] = [];
    s.engine.on('report', (_level, line) => reports.push(line));
    await s.launch({ recordLimit: 100 });
    await s.printed('lease of');
    s.guest('ping -c 2 10.0.2.2');
    await s.printed('packet loss');
    assert.equal(reports.filter((r) => /recording has reached its limit of 100 bytes.*recordLimit/.test(r)).length, 1);
  });
});
