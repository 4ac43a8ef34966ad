/** Replays in the extension: paths, remembered guests, rows of divergences, events; names of captures. */
import assert from 'node:assert/strict';
import type { DivergencesBody } from '../../adapter/dap/custom.ts';
import { CAPTURE_GLOB, isCaptureName } from '../../src/captures/names.ts';
import { divergenceRows, isReplayEnd, rememberedGuest, tracePath } from '../../src/replays/model.ts';
import { eventOf } from '../../src/session/session-state.ts';

const HOSTS = ['10.0.0.1', '10.0.0.2'].map((address) => ({ address, opens: 1, packets: 9 }));

describe('replays', () => {
  it('are of a capture, whose path may start at cwd', () => {
    assert.equal(tracePath({ trace: 'a.pcap', cwd: '/captures' }), '/captures/a.pcap');
    assert.equal(tracePath({ trace: '/x/a.pcap', cwd: '/captures' }), '/x/a.pcap');
    assert.equal(tracePath({ trace: 'a.pcap' }), 'a.pcap');
    assert.equal(tracePath({ trace: '', cwd: '/captures' }), undefined);
    assert.equal(tracePath({}), undefined);
  });

  it('remember the guest of each capture, as long as it has that host', () => {
    const chosen = { '/a.pcap': '10.0.0.2', '/b.pcap': '10.0.0.3' };
    assert.equal(rememberedGuest(chosen, '/a.pcap', HOSTS), '10.0.0.2');
    assert.equal(rememberedGuest(chosen, '/b.pcap', HOSTS), undefined);
    assert.equal(rememberedGuest(chosen, '/c.pcap', HOSTS), undefined);
    assert.equal(rememberedGuest(chosen, undefined, HOSTS), undefined);
  });

  it('list their divergences, the worst first, with the number that the adapter knows each by', () => {
    const one = (grade: DivergencesBody['divergences'][number]['grade'], packet: number, stream: number) => ({
      grade,
      packet,
      time: 0,
      stream,
      summary: 'what',
      fields: packet === 1 ? [{ field: 'ip.ttl', captured: '64', sent: '63' }] : [],
    });
    const rows = divergenceRows({
      counts: { same: 0, 'same bytes, other form': 1, 'different answer': 1, missing: 0, extra: 1 },
      divergences: [one('same bytes, other form', 1, 4), one('extra', 0, -1), one('different answer', 3, 0)],
    });
    assert.deepEqual(rows, [
      { index: 2, label: '3: what', description: 'different answer, tcp.stream 0', detail: '' },
      { index: 1, label: 'what', description: 'extra', detail: '' },
      { index: 0, label: '1: what', description: 'same bytes, other form, tcp.stream 4', detail: 'ip.ttl: 64 → 63' },
    ]);
  });

  it('end with a stop of their own', () => {
    assert.ok(isReplayEnd('stopped', { reason: 'replay end' }));
    assert.ok(!isReplayEnd('stopped', { reason: 'pause' }));
    assert.ok(!isReplayEnd('continued', undefined));
  });

  it('are told of by events', () => {
    const body = { hosts: HOSTS };
    assert.deepEqual(eventOf({ type: 'event', event: 'pktgdb/guests', body }), { event: 'pktgdb/guests', body });
    assert.equal(eventOf({ type: 'response', command: 'launch' }), undefined);
  });
});

describe('names of captures', () => {
  it('end as such, also packed', () => {
    for (const name of ['/x/a.pcap', 'a.PCAPNG', 'a.cap', 'a.pcap.gz', 'a.pcapng.zst']) {
      assert.ok(isCaptureName(name), name);
    }
    for (const name of ['a.gz', 'a.pcap.packets', 'pcap', 'a.pcap.bz2']) {
      assert.ok(!isCaptureName(name), name);
    }
    assert.match(CAPTURE_GLOB, /^\*\*\/\*\.\{pcap,pcap\.gz,pcap\.zst,pcapng,.*,cap\.zst\}$/);
  });
});
