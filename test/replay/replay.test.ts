import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readCapture } from '../../adapter/packets/capture.ts';
import { Conversations } from '../../adapter/packets/conversations.ts';
import { PacketView } from '../../adapter/packets/fields.ts';
import { writePcap } from '../../adapter/packets/pcap.ts';
import { formatSummary, summary } from '../../adapter/packets/summary.ts';
import { bulkBytes, bulkCapture } from '../host/bulk.ts';
import { capture } from '../kit/paths.ts';
import { HELLO, packetsOf } from '../packets/samples.ts';
import { type Played, play } from './play.ts';
import { fromSlirp, streams } from './replay.ts';

function replay(name: string, args?: readonly string[]): Played {
  return play(readFileSync(capture(name)), args ? { args } : {});
}

/** Lines for frames with relative sequence numbers, so that captures of different runs compare. */
function describeFrames(frames: readonly Uint8Array[]): string[] {
  const p = new PacketView();
  const conversations = new Conversations();
  return frames.map((data) => {
    p.set(data, 0, data.length, 'ethernet');
    conversations.add(p);
    // What is said of a packet's place and time among the others differs from run to run.
    return formatSummary(summary(p))
      .replace(/, ID=[0-9a-f]{4}/, '')
      .replace(/ \(request in \d+\)|\[TCP [^\]]*\] ?/g, '');
  });
}

/** All frames of the capture, and of the replay, as lines; the replay's own announcement left out. */
function both(name: string, r: Played): [ours: string[], theirs: string[]] {
  const ours = describeFrames(r.outside.frames.map((f) => f.data));
  const theirs = describeFrames(packetsOf(name).map((p) => p.data));
  return [ours.filter((l) => !l.includes('ARP Announcement')), theirs];
}

describe('replaying a capture on the machine', function () {
  this.timeout(60000);

  for (const name of ['01-dhcp.pcap', '02-hello.pcap', '03-ping.pcap', '05-http.pcap', '08-upload.pcap']) {
    it(`${name}: the user network sends what it sent in the capture`, () => {
      const r = replay(name);
      assert.equal(r.code, 0);
      const [ours, theirs] = both(name, r);
      assert.deepEqual(ours, theirs);
      assert.deepEqual([r.account.notPlayed, r.host.comparison.divergences], [{}, []]);
      assert.equal(r.host.comparison.counts.same, r.sent.length);
      assert.match(r.outside.reports.at(-1)!, /^info: replay finished: \d+ packets$/);
    });
  }

  it('filter-dump writes the frames of a replay, with their times', () => {
    const r = replay('03-ping.pcap', [
      '-nic',
      'user,id=user.0,model=e1000',
      '-object',
      'filter-dump,id=d,netdev=user.0,file=/dumped',
    ]);
    const [[path, data] = ['', Buffer.alloc(0)]] = [...r.outside.files];
    assert.equal(path, '/dumped');
    const { packets } = readCapture(data);
    assert.deepEqual(
      packets.map((p) => Buffer.from(p.data)),
      r.outside.frames.map((f) => Buffer.from(f.data)),
    );
    const ns = (p: { tsSec: number; tsNsec: number }): number => p.tsSec * 1e9 + p.tsNsec;
    const span = ns(packets.at(-1)!) - ns(packets[0]!);
    const recorded = packetsOf('03-ping.pcap');
    assert.ok(Math.abs(span - (ns(recorded.at(-1)!) - ns(recorded[0]!))) < 0.5e9, `${span} ns`);
  });

  it('DNS, and a ping beyond the gateway', () => {
    const frames = [HELLO.dns_query, HELLO.dns_answer, HELLO.echo_request, HELLO.echo_reply];
    const r = play(writePcap(frames.map((data, i) => ({ tsSec: 5 + i, tsNsec: 0, data }))));
    // Frames are padded on their way through the NIC, and the user network sets a TTL of its own.
    const bare = (list: Uint8Array[]) => describeFrames(list).map((l) => l.replace(/ICMP \d+|, ttl=\d+/g, ''));
    assert.deepEqual(bare([...r.sent]), bare([HELLO.dns_answer, HELLO.echo_reply]));
    assert.deepEqual(r.drops, []);
  });

  for (const direction of ['up', 'down'] as const) {
    it(`a bulk transfer, ${direction}`, () => {
      const bytes = bulkBytes(1 << 20);
      const r = play(bulkCapture(direction, bytes));
      assert.deepEqual(r.plan.warnings, []);
      const all = r.outside.frames.map((f) => f.data);
      const got = streams(all, (f) => fromSlirp(f) === (direction === 'down'));
      assert.equal(Buffer.compare([...got.values()][0]!, bytes), 0);
      assert.deepEqual(r.drops, []);
      const last = describeFrames(all.filter(fromSlirp)).at(-1)!;
      assert.match(last, direction === 'up' ? /\[(FIN, )?ACK\] Seq=[12] Ack=1048578/ : /\[ACK\] Seq=1048578 Ack=2/);
    });
  }

  it('is the same every time', () => {
    const a = replay('05-http.pcap');
    const b = replay('05-http.pcap');
    assert.deepEqual(
      [a.turns, a.endedAt, a.outside.frames, a.grades],
      [b.turns, b.endedAt, b.outside.frames, b.grades],
    );
  });

  it('uses the forwarded port of the options', () => {
    const r = replay('02-hello.pcap', ['-nic', 'user,model=e1000,hostfwd=tcp:127.0.0.1:0-:5556']);
    assert.match(describeFrames(r.sent)[0]!, /58676 → 5556 \[SYN\]/);
  });
});
