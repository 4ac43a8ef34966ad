/** The requests about packets so far: on the live machine, with a drop that tells what to do, and in a replay. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import type {
  ConversationsBody,
  DropsBody,
  JourneyBody,
  JourneysBody,
  MmioBody,
  StreamBody,
} from '../../adapter/dap/custom.ts';
import { capture } from '../kit/paths.ts';
import { SEED_ARGS, SEED_LISTEN, SEED_TEXT } from '../kit/seed.ts';
import type { TestClient } from './client.ts';
import { withAdapter } from './hooks.ts';

describe('packets so far, over DAP', () => {
  let client: TestClient;
  withAdapter((c) => {
    client = c;
  });

  async function ask<T>(command: string, args: object = {}): Promise<T> {
    return (await client.ask(`pktgdb/${command}`, args)) as T;
  }

  it('a connection to a port without a program stops, and says what to do about it', async () => {
    await client.begin({ args: SEED_ARGS }, () =>
      client.ask('setExceptionBreakpoints', {
        filters: [],
        filterOptions: [{ filterId: 'drop', condition: 'GUEST_NO_LISTENER' }],
      }),
    );
    const { body } = await client.outputEvent('stdout', 'hostfwd tcp 127.0.0.1:');
    await client.outputEvent('stdout', 'obtained from');
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(body.output)?.[1]);
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    const stopped = await client.stoppedEvent();
    assert.deepEqual([stopped.body.reason, stopped.body.text], ['exception', 'dropped GUEST_NO_LISTENER']);
    const { packets } = await ask<DropsBody>('drops', { reason: 'GUEST_NO_LISTENER' });
    assert.equal(packets.length, 1);
    assert.match(packets[0]?.summary ?? '', /→ 10\.0\.2\.15 TCP .*→ 5556 \[SYN\]/);
    assert.ok((packets[0]?.probe ?? 0) > 0, 'a moment that a view leads to');
    await client.ask('setExceptionBreakpoints', { filters: [] });
    await client.ask('continue', { threadId: 1 });
    await new Promise((resolve) => socket.once('close', resolve));
    await client.ask('pause', { threadId: 1 });
    await client.stoppedEvent();
    const { reasons } = await ask<DropsBody>('drops');
    const [found] = reasons.filter((r) => r.reason === 'GUEST_NO_LISTENER');
    assert.equal(found?.count, 1);
    assert.match(
      found?.advice ?? '',
      /port 5556 has no listener: "guest netstat -l".*hostfwd= goes to 10\.0\.2\.15:5556/,
    );
    assert.match(found?.last?.summary ?? '', /\[SYN\]/);
  });

  it('a packet is followed from the host to the program that reads it', async () => {
    await client.begin({ args: SEED_ARGS, guestCommands: [SEED_LISTEN] });
    const { body } = await client.outputEvent('stdout', 'hostfwd tcp 127.0.0.1:');
    await client.outputEvent('stdout', 'istening on');
    const socket = connect(Number(/127\.0\.0\.1:(\d+)/.exec(body.output)?.[1]), '127.0.0.1');
    socket.end(SEED_TEXT);
    await new Promise((resolve) => socket.once('close', resolve));
    await client.ask('pause', { threadId: 1 });
    await client.stoppedEvent();
    const { packets, groups, layers: lanes } = await ask<JourneysBody>('journeys');
    const [read] = packets.filter((p) => p.end.startsWith('delivered to nc'));
    assert.match(read?.end ?? '', new RegExp(`^delivered to nc \\(pid \\d+\\), bytes 0 to ${SEED_TEXT.length - 1}$`));
    assert.equal(groups.flatMap((g) => g.ids).length, packets.length);
    assert.ok(packets.every(({ passes }) => passes.every((p) => lanes.includes(p.layer))));
    const { hops } = await ask<JourneyBody>('journey', { packet: read?.id });
    const layers = hops.map((h) => h.layer).filter((l, i, all) => l !== all[i - 1]);
    assert.deepEqual(layers, lanes);
    assert.ok(hops.every((h, i) => i === 0 || h.tick >= (hops[i - 1]?.tick ?? 0)));
  });

  it('conversations and streams of a replay, at either edge', async () => {
    await client.begin({ trace: capture('02-hello.pcap') });
    await client.stoppedEvent();
    for (const edge of ['slirp', 'nic']) {
      const { conversations } = await ask<ConversationsBody>('conversations', { edge });
      assert.deepEqual(conversations.map((c) => c.filter).sort(), [
        'eth.addr == 52:54:00:12:34:56 && eth.addr == ff:ff:ff:ff:ff:ff',
        'eth.addr == 52:55:0a:00:02:02 && eth.addr == 52:54:00:12:34:56',
        'ip.addr == 10.0.2.2 && ip.addr == 10.0.2.15 && tcp.port == 58676 && tcp.port == 5556',
      ]);
      const [tcp] = conversations.filter((c) => c.protocol === 'tcp');
      assert.deepEqual([tcp?.a, tcp?.b, tcp?.state], ['10.0.2.2:58676', '10.0.2.15:5556', 'closed']);
      const { pieces } = await ask<StreamBody>('stream', { edge, stream: 0 });
      assert.equal(pieces.map((p) => Buffer.from(p.base64, 'base64').toString()).join(''), 'Hello qemu Geust\n');
    }
    const { total, accesses } = await ask<MmioBody>('mmio', { count: 2 });
    assert.equal(accesses.length, 2);
    assert.ok(total > 2);
    await assert.rejects(ask('conversations', { edge: 'nowhere' }), /There is no edge "nowhere"; there are slirp, /);
  });
});
