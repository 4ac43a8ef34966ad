/** TCP streams as real networks have them: lost, late, doubled, large, and begun before the capture. */
import assert from 'node:assert/strict';
import { writePcap } from '../../adapter/packets/pcap.ts';
import { TcpIpView } from '../../adapter/packets/tcp-ip-view.ts';
import { pattern } from '../kit/bytes.ts';
import { ACK, FIN, join, mss, PSH, RST, SYN, u16 } from '../kit/frames.ts';
import { assertStreams, assertSums, assertWhole } from './checks.ts';
import { CLIENT, Conversation, captureOf, SERVER, timed, webPage } from './conversation.ts';
import { type Played, play } from './play.ts';

const scale = (shift: number): number[] => [...mss(1460), 3, 3, shift, 1];
const BIG = pattern(20_000);

/** A copy of `list` with element `from` moved to `to`. */
function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const out = [...list];
  out.splice(to, 0, ...out.splice(from, 1));
  return out;
}

const without = <T>(list: readonly T[], i: number): T[] => list.filter((_, at) => at !== i);

/** Index of the `n`th frame with payload that `from` sends. */
function dataFrame(c: Conversation, from: 'client' | 'server', n: number): number {
  const port = (from === 'client' ? CLIENT : SERVER).port;
  const p = new TcpIpView();
  const at = c.frames.flatMap((f, i) => {
    p.set(f, 0, f.length, 'ethernet').find();
    return p.u16(p.tcp) === port && p.payloadEnd > p.payload ? [i] : [];
  });
  return at[n]!;
}

/** Frames that the guest sends of connection data: payload lengths and windows. */
function guestSegments(r: Played): { length: number; window: number; flags: number }[] {
  const p = new TcpIpView();
  return r.outside.frames
    .filter((f) => f.dir === 0)
    .flatMap(({ data }) => {
      p.set(data, 0, data.length, 'ethernet').find();
      return p.tcp < 0
        ? []
        : [{ length: p.payloadEnd - p.payload, window: p.u16(p.tcp + 14), flags: p.u8(p.tcp + 13) }];
    });
}

describe('TCP streams of a replay', () => {
  it('is recorded as references to the capture, whole segments and those that a NIC splits alike', () => {
    const c = new Conversation().open();
    c.tell('server', BIG).tell('client', BIG);
    c.say('client', BIG);
    c.say('server', '');
    c.close();
    const { referred } = play(captureOf(c.frames));
    assert.ok(referred.all > 3 * BIG.length && referred.bytes > 0.95 * referred.all, JSON.stringify(referred));
  });

  it('checksums that are wrong or left to the hardware are repaired, and kept if the user wants that', () => {
    const c = new Conversation().open();
    c.say('client', 'wrong', { badSum: true });
    c.say('server', '');
    c.tell('server', 'answer').close();
    assertWhole(play(captureOf(c.frames)), 0, c);
    const kept = play(captureOf(c.frames), { script: { repair: false } });
    assertSums(kept);
    assert.equal(kept.streams.get(0)?.toHost.length ?? 0, 0);
    assert.ok(
      kept.drops.some(([reason]) => /CKSUM|CHECKSUM|SUM/i.test(reason)),
      String(kept.drops),
    );

    // The sum of the pseudo header alone: what a driver leaves to its NIC.
    const page = webPage();
    const partial = page.frames.map((f) => {
      const p = new TcpIpView(f).find();
      let sum = 6 + p.l3End - p.l4;
      for (let at = p.ip + 12; at < p.ip + 20; at += 2) {
        sum += p.u16(at);
      }
      const out = Uint8Array.from(f);
      out.set(u16((sum & 0xffff) + (sum >>> 16)), p.tcp + 16);
      return out;
    });
    assertWhole(play(captureOf(partial)), 0, page);
    assertWhole(play(captureOf(partial), { script: { repair: false } }), 0, page);
  });

  it('wrong checksums of IP are repaired', () => {
    const page = webPage();
    const bad = page.frames.map((f) => {
      const out = Uint8Array.from(f);
      out[24]! ^= 0x5a;
      return out;
    });
    assertWhole(play(captureOf(bad)), 0, page);
  });

  it('packets that the capture cut are filled with zeros, and it is said', () => {
    const page = webPage({}, pattern(3000));
    const cut = timed(page.frames).map((p) => ({ ...p, data: p.data.subarray(0, 60), len: p.data.length }));
    const r = play(writePcap(cut, { snaplen: 60 }));
    const zeros = (said: Uint8Array): Uint8Array => said.map((b, i) => (i % 1460 < 6 ? b : 0));
    assertStreams(r, 0, zeros(page.client.said), zeros(page.server.said));
    assert.match(
      r.outside.reports[0]!,
      /\d packets were cut when they were captured; their missing bytes are played as z/,
    );
  });

  it('packets cut within their headers are counted', () => {
    const page = webPage();
    const cut = timed(page.frames).map((p, i) => (i === 3 ? { ...p, data: p.data.subarray(0, 45), len: 80 } : p));
    const r = play(writePcap(cut));
    assert.deepEqual(r.account.notPlayed, { 'cut within its headers': 1 });
    assertSums(r);
  });

  it('options of TCP that the capture cut cost nothing else', () => {
    const c = new Conversation({ clientOpt: scale(7), serverOpt: scale(7) }).open();
    c.tell('client', pattern(100)).tell('server', pattern(3000)).close();
    const cut = timed(c.frames).map((p) => ({ ...p, data: p.data.subarray(0, 54), len: p.data.length }));
    const r = play(writePcap(cut, { snaplen: 54 }));
    assertStreams(r, 0, new Uint8Array(100), new Uint8Array(3000));
    assert.deepEqual(r.account.notPlayed, {});
  });

  it('windows of the guest are unscaled, so that segments are as large as in the capture', () => {
    const c = new Conversation({ clientOpt: scale(7), serverOpt: scale(7) });
    c.say('client', '', { flags: SYN, opt: c.client.opt, win: 64240 });
    c.say('server', '', { flags: SYN | ACK, opt: c.server.opt });
    c.say('client', '', { win: 502 });
    c.say('client', 'GET /', { win: 502 });
    for (let at = 0; at < BIG.length; at += 1460) {
      c.say('server', BIG.subarray(at, at + 1460), { flags: ACK });
      c.say('client', '', { win: 502 });
    }
    c.close('server');
    const r = play(captureOf(c.frames));
    assertWhole(r, 0, c);
    assert.ok(
      guestSegments(r).every((s) => s.flags & SYN || s.window >= 502 * 128),
      'windows',
    );
    // slirp's largest segment has 1440 bytes; scaled windows that were taken as they are would make 40 of 502 bytes.
    const sizes = r.sent.map((f) => f.length).filter((n) => n > 60);
    assert.ok(sizes.length <= 17, String(sizes));
  });

  it('windows are not unscaled where the server refused scaling', () => {
    const c = new Conversation({ clientOpt: scale(7) }).open();
    c.say('client', 'GET /', { win: 5000 });
    c.tell('server', 'answer').close();
    const r = play(captureOf(c.frames));
    assertWhole(r, 0, c);
    assert.ok(guestSegments(r).some((s) => s.window === 5000));
  });

  it('oversized segments of the guest are split as a NIC does it', () => {
    const c = new Conversation().open();
    c.say('client', BIG);
    c.say('server', '');
    c.tell('server', 'thanks').close();
    const r = play(captureOf(c.frames));
    assertWhole(r, 0, c);
    const lengths = guestSegments(r).map((s) => s.length);
    assert.equal(Math.max(...lengths), 1460);
    assert.equal(
      guestSegments(r).filter((s) => s.length > 0 && s.flags & PSH).length,
      1,
      'PSH belongs to the last one',
    );
  });

  it('packets over 65,550 bytes, whose IP length is 0, play either way', () => {
    for (const from of ['client', 'server'] as const) {
      const c = new Conversation().open().tell('client', 'x');
      const all = pattern(150_000);
      // A frame of that size has no right length: the builder gives the first 60 kB, and the rest is put behind it.
      const head = c.say(from, all.subarray(0, 60_000));
      const big = join(head, all.subarray(60_000));
      big.set([0, 0], 16);
      c.frames[c.frames.length - 1] = big;
      const me = from === 'client' ? c.client : c.server;
      me.next = (me.next + 90_000) >>> 0;
      me.said = join(me.said, all.subarray(60_000));
      c.say(from === 'client' ? 'server' : 'client', '');
      c.close();
      assertWhole(play(captureOf(c.frames)), 0, c);
    }
  });

  it('a gap of the host that is filled later holds what follows back', () => {
    const page = webPage({}, BIG);
    const [lost, last] = [dataFrame(page, 'server', 2), dataFrame(page, 'server', 9)];
    const r = play(captureOf(moved(page.frames, lost, last)));
    assertWhole(r, 0, page);
    assert.deepEqual(
      r.outside.reports.filter((t) => t.includes('nowhere')),
      [],
    );
  });

  it('one that never is filled is played as zeros, named by packet and range', () => {
    const page = webPage({}, BIG);
    const lost = dataFrame(page, 'server', 2);
    const r = play(captureOf(without(page.frames, lost)));
    const expected = Uint8Array.from(page.server.said);
    expected.fill(0, 2920, 4380);
    assertStreams(r, 0, page.client.said, expected);
    assert.equal(r.connections[0]?.status, 'partial');
    const [warning, ...more] = r.outside.reports.filter((t) => t.includes('nowhere'));
    assert.equal(
      warning,
      `warning: replay: bytes 2921 to 4380 sent to the guest in tcp.stream 0, missing before packet ${lost + 2}, ` +
        'are nowhere in the capture: zeros were played',
    );
    assert.deepEqual(more, []);
  });

  it('the end of a stream whose last bytes are missing comes nevertheless', () => {
    const page = webPage();
    const r = play(captureOf(without(page.frames, dataFrame(page, 'server', 0))));
    assertStreams(r, 0, page.client.said, new Uint8Array(page.server.said.length));
    assert.equal(r.connections[0]?.status, 'partial');
  });

  it('a second FIN behind the first is no gap', () => {
    const c = new Conversation().open().tell('client', 'x').tell('server', 'answer');
    c.say('server', '', { flags: FIN | ACK });
    c.say('client', '', { flags: FIN | ACK });
    c.say('server', '', { flags: FIN | ACK });
    assertWhole(play(captureOf(c.frames)), 0, c);
  });

  it('a gap of 2 GiB is no reason to hand over 2 GiB of zeros', () => {
    const c = new Conversation().open().tell('client', 'x');
    c.say('server', 'far', { at: 2 ** 31 - 10 });
    c.say('server', 'near');
    c.close();
    const before = process.memoryUsage().rss;
    const r = play(captureOf(c.frames));
    assertSums(r);
    assert.ok(r.streams.get(0)!.toGuest.length < 2 ** 21);
    assert.ok(process.memoryUsage().rss - before < 100e6);
  });

  it('segments in another order, doubled and sent again are played as they were', () => {
    const c = new Conversation().open();
    c.tell('client', pattern(6000), 1000).tell('server', BIG).close();
    for (const from of ['client', 'server'] as const) {
      const [a, b, d] = [1, 3, 4].map((n) => dataFrame(c, from, n)) as [number, number, number];
      const doubled = [...c.frames.slice(0, b), c.frames[b]!, c.frames[a]!, ...c.frames.slice(b)];
      assertWhole(play(captureOf(doubled)), 0, c);
      const swapped = moved(c.frames, a, d);
      const r = play(captureOf(swapped));
      assertWhole(r, 0, c);
      if (from === 'client') {
        assert.equal(guestSegments(r).filter((s) => s.length > 0).length, 6);
        assert.equal(guestSegments(play(captureOf(doubled))).filter((s) => s.length > 0).length, 8);
      }
    }
  });

  it('a retransmission that is larger than what was sent first brings the rest', () => {
    const c = new Conversation().open().tell('client', 'x');
    c.say('server', 'abc');
    c.say('server', 'abcdef', { at: -3 });
    c.server.next = (c.server.next - 3) >>> 0;
    c.say('client', '');
    c.close();
    const r = play(captureOf(c.frames));
    assertStreams(r, 0, Buffer.from('x'), Buffer.from('abcdef'));
  });

  it('sequence numbers wrap', () => {
    const c = new Conversation({ iss: [0xfffffff0, 0xfffffff8] }).open();
    c.tell('client', pattern(5000)).tell('server', BIG).close();
    assertWhole(play(captureOf(c.frames)), 0, c);
  });

  it('a connection without its beginning gets a made-up handshake', () => {
    const c = new Conversation().open().tell('client', 'asked before').tell('server', 'answered before');
    const before = c.frames.length;
    c.client.said = c.server.said = new Uint8Array(0);
    c.tell('client', 'question').tell('server', BIG).close('server');
    const r = play(captureOf(c.frames.slice(before)));
    assertStreams(r, 0, c.client.said, c.server.said);
    assert.equal(r.connections[0]?.status, 'partial');
    assert.deepEqual(r.account.notPlayed, {});
    // The same with the server as the guest.
    const turned = play(captureOf(c.frames.slice(before)), { guest: '192.168.77.2' });
    assertStreams(turned, 0, c.server.said, c.client.said);
  });

  it('the same where the capture has one side only', () => {
    const c = new Conversation().open();
    c.client.said = c.server.said = new Uint8Array(0);
    c.tell('client', 'question').tell('server', 'an answer');
    const mac = (from: 'client' | 'server'): number => (from === 'client' ? CLIENT : SERVER).mac[5]!;
    for (const from of ['client', 'server'] as const) {
      const half = c.frames.filter((f) => f[11] === mac(from));
      for (const list of [half, half.slice(1), half.slice(2)]) {
        const r = play(captureOf(list), { guest: '192.168.77.1' });
        const none = new Uint8Array(0);
        assertSums(r);
        assert.deepEqual(
          Buffer.from(r.streams.get(0)?.[from === 'client' ? 'toHost' : 'toGuest'] ?? none).toString(),
          from === 'client' ? 'question' : 'an answer',
          `${from} ${list.length}`,
        );
      }
    }
  });

  it('a handshake that was captured in another order is one', () => {
    const page = webPage({}, BIG);
    for (const [from, to] of [
      [0, 1],
      [1, 2],
      [0, 2],
      [0, 3],
    ] as const) {
      const frames = moved(page.frames, from, to);
      assertWhole(play(captureOf(frames), { guest: '192.168.77.1' }), 0, page);
      assertWhole(play(captureOf(frames), { guest: '192.168.77.2' }), 0, page, 'server');
    }
  });

  it('a four-tuple that is used again is a stream of its own', () => {
    const a = webPage({ iss: [1000, 5000] }, 'first answer');
    const b = webPage({ iss: [9_000_000, 800_000_000] }, 'second answer');
    const unfinished = new Conversation({ iss: [44, 55] }).open().tell('client', 'never answered');
    const r = play(captureOf([...a.frames, ...unfinished.frames, ...b.frames]));
    assert.equal(r.account.connections.total, 3);
    assertWhole(r, 0, a);
    assertWhole(r, 1, unfinished);
    assertWhole(r, 2, b);
    const server = play(captureOf([...a.frames, ...unfinished.frames, ...b.frames]), { guest: '192.168.77.2' });
    assertWhole(server, 0, a, 'server');
    assertWhole(server, 1, unfinished, 'server');
    assertWhole(server, 2, b, 'server');
  });

  it('one that is used again after bytes that are lost as well', () => {
    const first = new Conversation().open();
    first.say('client', pattern(1000));
    first.frames.pop();
    const lost = pattern(100_000);
    first.tell('client', lost);
    const again = webPage({ iss: [3e8, 8e8] });
    assertWhole(play(captureOf([...first.frames, ...again.frames])), 1, again);
  });

  it('the checksum of the longest IP packets is repaired', () => {
    for (const n of [65480, 65483, 65495]) {
      const c = new Conversation().open();
      c.say('client', pattern(n), { badSum: true });
      c.say('server', '');
      c.close();
      assertWhole(play(captureOf(c.frames)), 0, c);
    }
  });

  it('a RST of the guest does not cut off what the host sent before it, or after it', () => {
    const c = new Conversation().open().tell('client', 'x');
    c.say('server', BIG.subarray(0, 1460), { flags: ACK });
    const at = c.frames.length;
    c.reset('client');
    const rst = c.frames.splice(at, 1)[0]!;
    c.say('server', BIG.subarray(1460, 2920), { flags: ACK });
    c.say('server', BIG.subarray(2920, 4380));
    for (const where of [at, at + 1, at + 2]) {
      const frames = [...c.frames.slice(0, where), rst, ...c.frames.slice(where)];
      const r = play(captureOf(frames));
      assertStreams(r, 0, c.client.said, c.server.said);
    }
  });

  it('a RST of the host refuses, or breaks off after its data', () => {
    const refused = new Conversation();
    refused.say('client', '', { flags: SYN, opt: mss(1460) });
    refused.say('server', '', { flags: RST | ACK });
    const r = play(captureOf(refused.frames));
    assertSums(r);
    assert.ok(r.sent.some((f) => new TcpIpView(f).find().tcp >= 0 && f[47]! & RST));
    const broken = new Conversation().open().tell('client', 'x').tell('server', 'half an ans').reset('server');
    const b = play(captureOf(broken.frames));
    assertStreams(b, 0, broken.client.said, broken.server.said);
  });

  it('data with the SYN, and a FIN with data', () => {
    const c = new Conversation();
    c.say('client', '', { flags: SYN, opt: mss(1460) });
    c.say('server', '', { flags: SYN | ACK, opt: mss(1460) });
    c.say('client', 'all at once', { flags: FIN | PSH | ACK });
    c.say('server', 'and the answer', { flags: FIN | PSH | ACK });
    c.say('client', '');
    assertWhole(play(captureOf(c.frames)), 0, c);
  });

  it('segments of another size than ours are the same bytes in another form, however many there are', () => {
    const c = new Conversation().open().tell('client', 'GET');
    for (let i = 0; i < 200; i++) {
      // Without PSH they are handed over together, and ours are larger.
      c.say('server', pattern(1448), { flags: ACK });
      c.say('client', '');
    }
    c.close();
    const { account, connections } = play(captureOf(c.frames));
    assert.equal(connections[0]?.status, 'complete');
    assert.equal(account.divergences.extra, 0);
    assert.equal(account.divergences.missing, 0);
    assert.ok(account.divergences['same bytes, other form'] > 150, JSON.stringify(account.divergences));
  });
});
