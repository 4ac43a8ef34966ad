/** What has passed, over DAP: drops, register accesses, conversations with their bytes, and the ways of packets. */
import assert from 'node:assert/strict';
import type {
  ConversationsBody,
  DropsBody,
  JourneyBody,
  JourneysBody,
  MmioBody,
  StreamBody,
} from '../../adapter/dap/custom.ts';
import { capture } from '../kit/paths.ts';
import type { TestClient } from './client.ts';
import { withAdapter } from './hooks.ts';

describe('what has passed, over DAP', function () {
  this.timeout(60_000);
  let client: TestClient;
  withAdapter((c) => {
    client = c;
  });
  const ask = async <T>(command: string, args: object = {}): Promise<T> => (await client.ask(command, args)) as T;

  // At the first segment with data.
  beforeEach(async () => {
    const initCommands = ['break tcp_input if $pkt.tcp.len > 0'];
    await client.begin({ trace: capture('02-hello.pcap'), initCommands, stopOnEntry: false });
    await client.stoppedEvent();
  });

  it('lists drops by their reasons, and accesses of the driver', async () => {
    const { reasons, packets } = await ask<DropsBody>('pktgdb/drops');
    assert.equal(
      reasons.reduce((sum, { count }) => sum + count, 0),
      packets.length,
    );
    const { total, accesses } = await ask<MmioBody>('pktgdb/mmio');
    assert.ok(total > 10 && accesses.length === Math.min(total, 1000));
  });

  it('lists conversations, and what was said in one', async () => {
    const { conversations, edge } = await ask<ConversationsBody>('pktgdb/conversations', { edge: 'slirp' });
    assert.equal(edge, 'slirp');
    const [one] = conversations.filter((c) => c.filter.includes('tcp'));
    assert.ok(one, JSON.stringify(conversations));
    const { nodes, pieces } = await ask<StreamBody>('pktgdb/stream', { protocol: 'tcp', stream: 0 });
    assert.equal(nodes.length, 2);
    assert.ok(Array.isArray(pieces));
  });

  it('tells the way of each packet', async () => {
    const { layers, packets } = await ask<JourneysBody>('pktgdb/journeys');
    assert.ok(layers.length > 3 && packets.length > 0);
    const [first] = packets;
    const { hops } = await ask<JourneyBody>('pktgdb/journey', { packet: first?.id });
    assert.ok(hops.length > 1);
    assert.match(await client.refused('pktgdb/journey', { packet: 1e9 }), /packet/);
  });
});
