/** Datagrams in fragments, and packets that are longer than the user network's frames. */
import assert from 'node:assert/strict';
import { PacketView } from '../../adapter/packets/packet-view.ts';
import { writePcap } from '../../adapter/packets/pcap.ts';
import { TcpIpView } from '../../adapter/packets/tcp-ip-view.ts';
import { pattern } from '../kit/bytes.ts';
import { addr6, fragments, type Ip4, join, u16, udp, udpPayload } from '../kit/frames.ts';
import { ip6, udp6 } from '../kit/frames6.ts';
import { assertSums } from './checks.ts';
import { CLIENT, Conversation, captureOf, SERVER, timed } from './conversation.ts';
import { type Played, play } from './play.ts';

const A = CLIENT.address as number;
const B = SERVER.address as number;
const OUT: Ip4 = { src: A, dst: B, mac: CLIENT.mac, to: SERVER.mac };
const IN: Ip4 = { src: B, dst: A, mac: SERVER.mac, to: CLIENT.mac };
const OUT6 = { src: addr6(0x2001, 1), dst: addr6(0x2001, 2), mac: CLIENT.mac, to: SERVER.mac };
const IN6 = { src: OUT6.dst, dst: OUT6.src, mac: SERVER.mac, to: CLIENT.mac };
const ME = { guest: '192.168.77.1' };

const LOST = 'fragment of an incomplete datagram';

/** Bytes of UDP that came to the guest, of one datagram. */
function arrived(r: Played): number {
  const p = new TcpIpView();
  return r.sent.reduce((n, f) => {
    p.set(f, 0, f.length, 'ethernet').find();
    return p.ip >= 0 && p.proto === 17 ? n + p.l3End - p.l4 : n;
  }, 0);
}

const pieces = (o: Ip4, n: number, size: number): Uint8Array[] => {
  const [from, to] = o === OUT ? [4000, 9] : [9, 4000];
  return fragments(17, udpPayload(from, to, pattern(n), o), size, { ...o, id: 77 });
};

describe('fragments in a replay', () => {
  for (const [n, size] of [
    [9000, 80],
    [65507, 80],
  ] as const) {
    it(`${n} bytes in pieces of ${size}, both ways`, () => {
      const r = play(captureOf([...pieces(OUT, n, size), ...pieces(IN, n, size)]), ME);
      assertSums(r);
      assert.deepEqual([r.account.notPlayed, r.drops], [{}, []]);
      assert.equal(arrived(r), 8 + n);
    });
  }

  it('of a datagram that never becomes whole, each fragment is counted as not played', () => {
    const r = play(captureOf([udp(4000, 9, 'x', OUT), ...pieces(IN, 9000, 1000).slice(1)]), ME);
    assertSums(r);
    assert.deepEqual(r.account.notPlayed, { [LOST]: 9 });
    assert.equal(arrived(r), 0);
  });

  it('so are those of a datagram with more bytes than there can be', () => {
    const [first, second] = pieces(IN, 60000, 30000);
    const many = Array.from({ length: 10 }, () => first as Uint8Array);
    const r = play(captureOf([udp(4000, 9, 'x', OUT), ...many, second as Uint8Array]), ME);
    assertSums(r);
    assert.deepEqual(r.account.notPlayed, { [LOST]: 11 });
  });

  it('a first fragment with IP options may be longer than the others', () => {
    const [first, ...rest] = pieces(IN, 3000, 1480);
    const f = first as Uint8Array;
    const options = join(f.subarray(0, 34), [1, 1, 1, 0], f.subarray(34));
    options[14] = 0x46;
    options.set(u16(options.length - 14), 16);
    const r = play(captureOf([udp(4000, 9, 'x', OUT), options, ...rest]), ME);
    assert.equal(arrived(r), 3008);
    assert.deepEqual(r.account.notPlayed, {});
  });

  it('all fragments of what has no way in are counted as that', () => {
    const parts = fragments(132, pattern(3000), 1480, { ...IN, id: 5 });
    const r = play(captureOf([udp(4000, 9, 'x', OUT), ...parts]), ME);
    assertSums(r);
    assert.deepEqual(r.account.notPlayed, { 'no way in from outside': 3 });
  });

  it('IPv6 has none in a user network: they are counted, from both sides', () => {
    const piece = (o: typeof OUT6): Uint8Array => ip6(44, join([17, 0, 0, 1, 0, 0, 0, 9], pattern(32)), o);
    const r = play(captureOf([udp6(4000, 9, 'x', OUT6), piece(OUT6), piece(IN6)]), { guest: '2001::1' });
    assertSums(r);
    assert.deepEqual(r.account.notPlayed, { 'IPv6 fragment': 2 });
  });
});

describe('long packets in a replay', () => {
  it('datagrams of a network with a larger MTU go in fragments', () => {
    for (const n of [1473, 20000, 65507]) {
      const r = play(captureOf([udp(4000, 9, pattern(n), OUT), udp(9, 4000, pattern(n), IN)]), ME);
      assert.deepEqual([r.account.notPlayed, r.drops], [{}, []], `${n} bytes`);
      assert.equal(arrived(r), 8 + n);
      const out = r.outside.frames.filter((f) => f.dir === 0).map((f) => f.data);
      assert.ok(out.every((f) => f.length <= 1514));
      assert.ok(out.slice(1).every((f) => r.host.known.numberOf(new PacketView(f)) <= 1));
    }
  });

  it('a datagram over IPv6 that no descriptor can name is counted', () => {
    const r = play(captureOf([udp6(4000, 9, 'x', OUT6), udp6(4000, 9, pattern(65507), OUT6)]), { guest: '2001::1' });
    assertSums(r);
    assert.deepEqual([r.account.notPlayed, r.drops], [{ 'longer than a NIC sends': 1 }, []]);
  });

  it('a datagram of the host that the capture cut has zeros at its end', () => {
    const frames = [udp(4000, 9, 'x', OUT), udp(9, 4000, pattern(500), IN)];
    const cut = timed(frames).map((p) => ({ ...p, data: p.data.subarray(0, 60), len: p.data.length }));
    const r = play(writePcap(cut, { snaplen: 60 }), ME);
    assert.equal(arrived(r), 508);
    assertSums(r);
  });
});

describe('what only acknowledgments tell of', () => {
  it('bytes at the end that the guest acknowledged are zeros, and are named', () => {
    const c = new Conversation().open().tell('client', 'GET').tell('server', 'hello');
    c.say('server', 'lost tail');
    c.frames.pop();
    c.say('client', '');
    const r = play(captureOf(c.frames));
    assertSums(r);
    assert.equal(Buffer.from(r.streams.get(0)?.toGuest ?? []).toString('latin1'), `hello${'\0'.repeat(9)}`);
    assert.deepEqual(r.account.gaps.named, [{ stream: 0, packet: 8, from: 6, to: 14 }]);
    assert.equal(r.account.connections.partial, 1);
    assert.deepEqual(r.drops, []);
  });

  it('bytes of the guest that the host acknowledged are lost, and the connection is partial', () => {
    const c = new Conversation().open().tell('client', 'GET').tell('server', 'hello');
    c.say('client', 'lost tail');
    c.frames.pop();
    c.say('server', '');
    const r = play(captureOf(c.frames));
    assertSums(r);
    assert.deepEqual([r.account.connections.partial, r.connections[0]?.status], [1, 'partial']);
  });

  it('one place more is the FIN', () => {
    const c = new Conversation().open().tell('client', 'GET').tell('server', 'hello').close('server');
    c.frames.splice(7, 1);
    const r = play(captureOf(c.frames));
    assert.equal(Buffer.from(r.streams.get(0)?.toGuest ?? []).toString('latin1'), 'hello');
    assert.deepEqual([r.account.gaps.count, r.account.connections.partial, r.drops], [0, 1, []]);
  });
});
