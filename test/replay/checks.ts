/** What tests of replays expect of what was played. */
import assert from 'node:assert/strict';
import type { Conversation } from './conversation.ts';
import type { Played } from './play.ts';

const text = (b: Uint8Array | undefined): string => Buffer.from(b ?? []).toString('latin1');

/** Every packet is counted once: as played, or as not played for a reason. */
export function assertSums(r: Played): void {
  const { packets, played, notPlayed } = r.account;
  assert.equal(
    packets,
    Object.values(notPlayed).reduce((a, b) => a + b, played),
  );
  const { total, complete, partial, notPlayed: reasons } = r.account.connections;
  assert.equal(
    total,
    Object.values(reasons).reduce((a, b) => a + b, complete + partial),
  );
}

/** The streams of a connection, byte for byte, of which the guest's is the one that `guest` says. */
export function assertStreams(r: Played, stream: number, toHost: Uint8Array, toGuest: Uint8Array): void {
  assertSums(r);
  assert.equal(r.code, 0);
  assert.equal(r.account.finished, true);
  const s = r.streams.get(stream);
  assert.equal(text(s?.toHost), text(toHost), 'to the host');
  assert.equal(text(s?.toGuest), text(toGuest), 'to the guest');
}

/** Both streams of a conversation came through whole. */
export function assertWhole(r: Played, stream: number, c: Conversation, guest: 'client' | 'server' = 'client'): void {
  const [me, peer] = guest === 'client' ? [c.client, c.server] : [c.server, c.client];
  assertStreams(r, stream, me.said, peer.said);
  const account = r.connections[stream];
  assert.deepEqual(
    [account?.status, account?.toHost, account?.toGuest, account?.initiator],
    ['complete', me.said.length, peer.said.length, guest === 'client' ? 'guest' : 'remote'],
  );
}
