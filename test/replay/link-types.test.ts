/** The same web page over every link layer that carries IP, and what else there is in captures. */
import assert from 'node:assert/strict';
import { writePcap } from '../../adapter/packets/pcap.ts';
import { PcapngWriter } from '../../adapter/packets/pcapng.ts';
import { addr6, eth, join, u16, udp } from '../kit/frames.ts';
import { ip6 } from '../kit/frames6.ts';
import { assertSums, assertWhole } from './checks.ts';
import { CLIENT, Conversation, captureOf, LINK_LAYERS, SERVER, type Station, timed, webPage } from './conversation.ts';
import { play } from './play.ts';

const CLIENT6: Station = { ...CLIENT, address: addr6(0x2001, 1) };
const SERVER6: Station = { ...SERVER, address: addr6(0x2001, 2) };

describe('replays over any link layer', () => {
  for (const { name, linktype, wrap } of LINK_LAYERS) {
    it(`${name}: both streams are whole, and nothing is left out`, () => {
      const page = webPage();
      const r = play(captureOf(page.frames.map(wrap), { linktype }));
      assertWhole(r, 0, page);
      assert.deepEqual(r.account.notPlayed, {});
      assert.equal(r.plan.guest.address, '192.168.77.1');
    });
  }

  it('IPV6', () => {
    const page = webPage({ client: CLIENT6, server: SERVER6 });
    const r = play(
      captureOf(
        page.frames.map((f) => f.subarray(14)),
        { linktype: 229 },
      ),
    );
    assertWhole(r, 0, page);
  });

  it('IPv6 with extension headers, which a user network would drop', () => {
    const page = webPage({ client: CLIENT6, server: SERVER6 });
    const extended = page.frames.map((f) => {
      const out = join(f.subarray(0, 54), [60, 0, 1, 4, 0, 0, 0, 0], [6, 1, 1, 12], new Uint8Array(12), f.subarray(54));
      out[20] = 0;
      out.set(u16(out.length - 54), 18);
      return out;
    });
    const r = play(captureOf(extended));
    assertWhole(r, 0, page);
    assert.deepEqual([r.account.notPlayed, r.drops], [{}, []]);
  });

  it('IPv6 that was cut within its extension headers is counted as that', () => {
    const chain = [60, 1, ...new Array<number>(14).fill(0), 6, 1, ...new Array<number>(14).fill(0)];
    const [src, dst] = [addr6(0x2001, 1), addr6(0x2001, 2)];
    const frames = [ip6(0, chain, { src, dst }), ip6(0, chain, { src: dst, dst: src })];
    const cut = timed(frames).map((p) => ({ ...p, data: p.data.subarray(0, 66), len: p.data.length + 40 }));
    const r = play(writePcap(cut, { snaplen: 66 }));
    assertSums(r);
    assert.deepEqual(r.account.notPlayed, { 'cut within its headers': 2 });
  });

  it('a link type without IP is counted, and refuses nothing', () => {
    const r = play(captureOf(webPage().frames, { linktype: 127 }));
    assert.deepEqual(r.account.notPlayed, { 'link type without IP': 10 });
    assertSums(r);
  });

  it('an interface of another kind in the file does not refuse the rest', () => {
    const page = webPage();
    const w = new PcapngWriter();
    const packet = (data: Uint8Array, i: number) => ({ tsSec: 1000, tsNsec: i * 1e6, data });
    const r = play(
      join(
        w.section(),
        w.interface('eth0', 1),
        w.interface('wlan0', 127),
        w.packet(packet(page.frames[0]!, 0), 1),
        ...page.frames.map((f, i) => w.packet(packet(f, i), 0)),
      ),
    );
    assertWhole(r, 0, page);
    assert.deepEqual(r.account.notPlayed, { 'link type without IP': 1 });
  });

  it('a length of 802.3 is no Ethernet type, and frames without IP are counted', () => {
    const page = webPage();
    const llc = eth(0x0026, join([0x42, 0x42, 3], new Uint8Array(35)));
    // 0x0500 would be IP if a length below 0x600 were a type.
    const long = eth(0x0500, new Uint8Array(0x500));
    const arp = eth(0x0806, join([0, 1, 8, 0, 6, 4, 0, 1], new Uint8Array(20)));
    const r = play(captureOf([llc, ...page.frames, long, arp, eth(0x88cc, new Uint8Array(46))]));
    assertWhole(r, 0, page);
    assert.deepEqual(r.account.notPlayed, { 'not IP': 3, 'ARP of another network': 1 });
  });

  it('packets between other hosts are shown, not played', () => {
    const page = webPage();
    const other = { src: 0xc0a84d05, dst: 0xc0a84d06 };
    const r = play(captureOf([udp(1, 2, 'x', other), ...page.frames, udp(2, 1, 'y', other)]));
    assertWhole(r, 0, page);
    assert.deepEqual(r.account.notPlayed, { 'between other hosts': 2 });
    assert.equal(
      r.outside.reports[0],
      'info: guest is 192.168.77.1 (opens 1 of 1 connection), played as 192.168.77.1; ' +
        '"set replay guest ADDR" chooses another; 2 packets between other hosts are shown, not played',
    );
  });

  it('damaged IP headers are counted', () => {
    const page = webPage();
    const bad = Uint8Array.from(page.frames[0]!);
    bad[14] = 0x41;
    const r = play(captureOf([bad, ...page.frames]));
    assertWhole(r, 0, page);
    assert.deepEqual(r.account.notPlayed, { 'damaged IP header': 1 });
  });

  it('addresses of the user network itself, of loopback and of both ends alike are kept', () => {
    const pairs = [
      [0x0a000202, 0x0a00020f],
      [0x0a00020f, 0x0a000202],
      [0x7f000001, 0x7f000001],
      [0x7f000001, 0x7f000002],
    ] as const;
    for (const [a, b] of pairs) {
      const page = new Conversation({ client: { ...CLIENT, address: a }, server: { ...SERVER, address: b } })
        .open()
        .tell('client', 'question')
        .tell('server', 'answer')
        .close();
      const r = play(captureOf(page.frames));
      assertWhole(r, 0, page);
      assert.deepEqual(r.account.notPlayed, {});
    }
  });
});
