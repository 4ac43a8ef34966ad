/** Captures that others made, of loopback, virtual Ethernet and the "any" device. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { capture } from '../kit/paths.ts';
import { assertSums } from './checks.ts';
import { type Played, play } from './play.ts';

/** File, guest, connections, bytes to the host and to the guest. */
const WHOLE: readonly (readonly [string, string, number, number, number])[] = [
  ['any-http-small.pcap', '127.0.0.1', 1, 88, 191],
  ['lo-http-keepalive.pcap', '127.0.0.1', 2, 259, 902],
  ['lo-http-small.pcap', '127.0.0.1', 1, 88, 191],
  ['lo-http-snap96.pcap', '127.0.0.1', 1, 86, 2701947],
  ['lo-nc-chat.pcap', '127.0.0.1', 1, 9, 16],
  ['lo-refused.pcap', '127.0.0.1', 1, 0, 0],
  ['lo-tls.pcap', '127.0.0.1', 1, 722, 2198],
  ['mixed.pcapng', '192.168.77.1', 1, 91, 191],
  ['mtu-mixed.pcap', '192.168.77.1', 3, 531, 2133],
  ['veth-http-small.pcap', '192.168.77.1', 1, 91, 191],
];

const replay = (name: string): Played => play(readFileSync(capture(`foreign/${name}`)));

describe('captures of foreign hosts', () => {
  for (const [name, guest, connections, toHost, toGuest] of WHOLE) {
    // A snap length has cut the page of this one.
    const cut = name === 'lo-http-snap96.pcap' ? connections : 0;
    it(`${name}: all of its connections are ${cut > 0 ? 'there as far as they were captured' : 'complete'}`, () => {
      const r = replay(name);
      assertSums(r);
      assert.equal(r.plan.guest.address, guest);
      assert.deepEqual(r.account.connections, {
        total: connections,
        complete: connections - cut,
        partial: cut,
        notPlayed: {},
      });
      assert.deepEqual(r.account.bytes, { toHost, toGuest });
      const left = r.plan.warnings.concat(r.outside.reports.filter((t) => t.startsWith('error')));
      assert.deepEqual(left, []);
    });
  }

  it('the page of lo-http-small comes as its server sent it', () => {
    const { streams } = replay('lo-http-small.pcap');
    const { toHost, toGuest } = streams.get(0)!;
    assert.match(Buffer.from(toHost).toString(), /^GET \/small\.txt HTTP\/1\.1\r\n[\s\S]*\r\n\r\n$/);
    assert.match(Buffer.from(toGuest).toString(), /^HTTP\/1\.[01] 200 OK\r\n[\s\S]*\r\n\r\nhello/);
  });

  it('the RST of lo-refused is the RST that the capture has', () => {
    const { counts } = replay('lo-refused.pcap').host.comparison;
    assert.deepEqual([counts.missing, counts.extra, counts['different answer']], [0, 0, 0]);
    assert.equal(counts.same + counts['same bytes, other form'], 1);
  });

  it('two replays of one capture are the same', () => {
    const [a, b] = [replay('mtu-mixed.pcap'), replay('mtu-mixed.pcap')];
    assert.deepEqual([a.turns, a.endedAt, a.outside.frames], [b.turns, b.endedAt, b.outside.frames]);
  });
});
