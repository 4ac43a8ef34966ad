/** TCP segments that a capture has in fragments of IP: of either side, of both families. */
import assert from 'node:assert/strict';
import { writePcap } from '../../adapter/packets/pcap.ts';
import { TcpIpView } from '../../adapter/packets/tcp-ip-view.ts';
import { NOT_PLAYED } from '../../adapter/replay/places.ts';
import { pattern } from '../kit/bytes.ts';
import { addr6, fragments, join, u16, u32 } from '../kit/frames.ts';
import { ip6 } from '../kit/frames6.ts';
import { assertSums, assertWhole } from './checks.ts';
import { CLIENT, Conversation, type ConversationOptions, captureOf, SERVER, timed } from './conversation.ts';
import { play } from './play.ts';

const SIX: ConversationOptions = {
  client: { ...CLIENT, address: addr6(0x2001, 1) },
  server: { ...SERVER, address: addr6(0x2001, 2) },
};
const LOST = 'fragment of an incomplete datagram';
const scratch = new TcpIpView();

/** The frame in fragments with `size` bytes of payload each, or as it is if it has no more than that. */
function inFragments(frame: Uint8Array, id: number, size: number): Uint8Array[] {
  const p = scratch.set(frame, 0, frame.length, 'ethernet').find();
  const payload = frame.slice(p.l4, p.l3End);
  if (payload.length <= size) {
    return [frame];
  }
  const mac = [...frame.subarray(6, 12)];
  const to = [...frame.subarray(0, 6)];
  if (p.ip >= 0) {
    return fragments(6, payload, size, { src: p.u32(p.ip + 12), dst: p.u32(p.ip + 16), mac, to, id });
  }
  const [src, dst] = [frame.slice(22, 38), frame.slice(38, 54)];
  const out: Uint8Array[] = [];
  for (let at = 0; at < payload.length; at += size) {
    const more = at + size < payload.length ? 1 : 0;
    const header = join([6, 0], u16(at | more), u32(id));
    out.push(ip6(44, join(header, payload.subarray(at, at + size)), { src, dst, mac, to }));
  }
  return out;
}

/** All frames in fragments, each segment's in the order that `turn` makes of them. */
function fragmented(frames: readonly Uint8Array[], size: number, turn = (f: Uint8Array[]) => f): Uint8Array[] {
  return frames.flatMap((frame, i) => turn(inFragments(frame, 1000 + i, size)));
}

/** Both sides say something; the guest acknowledges all, and both close with their last words. */
function talk(o: ConversationOptions = {}): Conversation {
  const c = new Conversation(o).open().tell('client', pattern(500)).tell('server', pattern(3000), 1000);
  c.say('client', 'last words', { flags: 0x19 });
  c.say('server', 'bye', { flags: 0x19 });
  c.say('client', '');
  return c;
}

describe('TCP in fragments', () => {
  for (const [family, options] of [
    ['IPv4', {}],
    ['IPv6', SIX],
  ] as const) {
    // 24 bytes hold the header with its options, 16 do not hold it, and 8 not even its acknowledgment number.
    for (const size of [400, 24, 16, 8]) {
      it(`${family} in pieces of ${size}: both streams are whole, whoever is the guest`, () => {
        const c = talk(options);
        for (const turn of [undefined, (f: Uint8Array[]) => f.toReversed()]) {
          const capture = captureOf(fragmented(c.frames, size, turn));
          for (const guest of ['client', 'server'] as const) {
            const { address } = guest === 'client' ? CLIENT : SERVER;
            const four = address === CLIENT.address ? '192.168.77.1' : '192.168.77.2';
            const r = play(capture, { guest: family === 'IPv4' ? four : `2001::${guest === 'client' ? 1 : 2}` });
            assertWhole(r, 0, c, guest);
            assert.deepEqual([r.account.notPlayed, r.drops], [{}, []]);
            const { missing, extra, 'different answer': different } = r.account.divergences;
            assert.deepEqual({ missing, extra, different }, { missing: 0, extra: 0, different: 0 });
          }
        }
      });
    }
  }

  it('the guest sends its fragments as they are, each of them packet N of the capture', () => {
    const frames = fragmented(talk().frames, 400);
    const r = play(captureOf(frames));
    const sent = r.outside.frames.filter((f) => f.dir === 0).map((f) => f.data.length);
    for (const frame of frames.filter((f) => f[11] === 2 && f.length > 400)) {
      assert.ok(sent.includes(frame.length));
    }
  });

  it('wrong checksums are put right', () => {
    const c = new Conversation().open();
    c.say('client', pattern(900), { badSum: true });
    c.tell('server', 'ok');
    assertWhole(play(captureOf(fragmented(c.frames, 200))), 0, c);
  });

  it('what the capture has cut is zeros, of both sides', () => {
    const c = new Conversation().open().tell('client', pattern(300)).tell('server', pattern(300));
    const cut = timed(fragmented(c.frames, 200)).map((p) => ({
      ...p,
      data: p.data.subarray(0, 94),
      len: p.data.length,
    }));
    const r = play(writePcap(cut, { snaplen: 94 }));
    assertSums(r);
    // Of each segment the capture has 60 bytes of each fragment, of the first one 40 behind the header.
    const expected = pattern(300);
    expected.fill(0, 40, 180);
    expected.fill(0, 240);
    const { toHost, toGuest } = r.streams.get(0) ?? {};
    assert.deepEqual([toHost, toGuest], [expected, expected]);
    assert.deepEqual([r.account.connections.partial, r.account.notPlayed], [1, {}]);
  });

  it('a header that the capture has cut is counted as that', () => {
    const c = new Conversation().open().tell('client', pattern(300));
    const cut = timed(fragmented(c.frames, 200)).map((p) => ({
      ...p,
      data: p.data.subarray(0, p.data.length > 100 ? 50 : 100),
      len: p.data.length,
    }));
    const r = play(writePcap(cut, { snaplen: 100 }));
    assertSums(r);
    assert.deepEqual(r.account.notPlayed, { 'cut within its headers': 1 });
    assert.equal(r.account.connections.total, 1);
  });

  it('of a segment that never becomes whole the bytes are zeros, and its fragments are counted', () => {
    const c = new Conversation().open().tell('client', 'GET');
    c.say('server', pattern(300));
    const frames = fragmented(c.frames, 200).slice(0, -1);
    c.say('server', 'more');
    c.say('client', '');
    const r = play(captureOf([...frames, ...c.frames.slice(-2)]));
    assertSums(r);
    assert.deepEqual(r.account.notPlayed, { [LOST]: 1 });
    assert.equal(r.account.gaps.bytes, 300);
    assert.equal(r.streams.get(0)?.toGuest.length, 304);
  });

  it('fragments of a segment that no socket waits for are counted as that, all of them', () => {
    const c = new Conversation({ server: { ...SERVER, port: 0 } })
      .open()
      .tell('client', 'GET')
      .tell('server', pattern(900));
    const guest = '192.168.77.2';
    const { plan } = play(captureOf(c.frames), { guest });
    const missed = c.frames.filter((_, i) => (plan.roles[i] ?? 0) >= NOT_PLAYED);
    assert.ok(missed.length > 2);
    const r = play(captureOf(fragmented(c.frames, 16)), { guest });
    assertSums(r);
    assert.deepEqual(r.account.notPlayed, {
      'no socket of the machine waits for it': fragmented(missed, 16).length,
    });
  });
});
