/** UDP, ICMP, fragments and DHCP of real networks. */
import assert from 'node:assert/strict';
import { PacketView } from '../../adapter/packets/fields.ts';
import { formatSummary, summary } from '../../adapter/packets/summary.ts';
import { pattern } from '../kit/bytes.ts';
import { addr6, dhcp, fragments, type Ip4, icmp, ip, type Udp, udp, udpPayload } from '../kit/frames.ts';
import { udp6 } from '../kit/frames6.ts';
import { assertSums } from './checks.ts';
import { CLIENT, captureOf, SERVER } from './conversation.ts';
import { type Played, play } from './play.ts';

const A = CLIENT.address as number;
const B = SERVER.address as number;
const OUT: Ip4 = { src: A, dst: B, mac: CLIENT.mac, to: SERVER.mac };
const IN: Ip4 = { src: B, dst: A, mac: SERVER.mac, to: CLIENT.mac };
const ME = { guest: '192.168.77.1' };

/** What came to the guest over IP, as lines. */
function arrivals(r: Played): string[] {
  return r.sent.map((f) => formatSummary(summary(new PacketView(f)))).filter((l) => !l.includes('ARP'));
}

/** The payload of the UDP datagrams that came to the guest, fragments put one behind the other. */
function payloads(r: Played): Buffer {
  return Buffer.concat(
    r.sent
      .map((f) => new PacketView(f))
      .filter((p) => p.buf[12] === 8 && p.buf[13] === 0 && p.buf[23] === 17)
      .map(({ buf }) => {
        const length = (buf[16]! << 8) | buf[17]!;
        const first = ((buf[20]! & 0x1f) | buf[21]!) === 0;
        return Buffer.from(buf.subarray(first ? 42 : 34, 14 + length));
      }),
  );
}

describe('datagrams of a replay', () => {
  it('questions of the guest get the answers of the capture', () => {
    const r = play(
      captureOf([udp(4000, 53, 'question', OUT), udp(53, 4000, 'answer', IN), udp(53, 4000, 'another', IN)]),
      ME,
    );
    assertSums(r);
    assert.deepEqual(r.account.notPlayed, {});
    assert.equal(payloads(r).toString(), 'answeranother');
    assert.match(arrivals(r)[0]!, /^192\.168\.77\.2 → 192\.168\.77\.1 /);
  });

  it('questions to the guest come by hostfwd, and its answers go out', () => {
    const r = play(captureOf([udp(4000, 53, 'question', OUT), udp(53, 4000, 'answer', IN)]), {
      guest: '192.168.77.2',
    });
    assert.equal(payloads(r).toString(), 'question');
    assert.deepEqual([r.account.played, r.account.notPlayed], [2, {}]);
    assert.deepEqual(r.drops, []);
  });

  it('both ways over IPv6', () => {
    const six = { src: addr6(0x2001, 1), dst: addr6(0x2001, 2), mac: CLIENT.mac, to: SERVER.mac };
    const back = { src: six.dst, dst: six.src, mac: SERVER.mac, to: CLIENT.mac };
    const r = play(captureOf([udp6(4000, 53, 'question', six), udp6(53, 4000, 'answer', back)]), { guest: '2001::1' });
    assert.deepEqual([r.account.played, r.account.notPlayed], [2, {}]);
    assert.ok(r.sent.some((f) => Buffer.from(f).includes('answer')));
  });

  it('pings of the guest are answered as in the capture; those from outside have no way in', () => {
    const of = (type: number, o: Ip4, seq: number): Uint8Array => icmp(type, 0, [0, 7, 0, seq], 'ping', o);
    const r = play(captureOf([of(8, OUT, 1), of(0, IN, 1), of(8, IN, 2), of(0, OUT, 2)]), ME);
    assert.deepEqual(
      arrivals(r).map((l) => l.replace(/.*(Echo \(ping\) \w+).*/, '$1')),
      ['Echo (ping) reply'],
    );
    assert.deepEqual(r.account.notPlayed, { 'no way in from outside': 1 });
    assertSums(r);
  });

  it('a port that is closed makes the datagram fail', () => {
    const question = udp(4000, 7, 'x', OUT);
    const closed = icmp(3, 3, [0, 0, 0, 0], question.subarray(14), IN);
    const r = play(captureOf([question, closed]), ME);
    assert.match(arrivals(r).join(), /Destination unreachable \(Port unreachable\)/);
    assert.deepEqual(r.account.notPlayed, {});
  });

  it('an answer that nobody has asked for is counted', () => {
    const late = udp(53, 4000, 'answer', IN);
    const r = play(captureOf([udp(1, 2, 'x', OUT), late, icmp(0, 0, [0, 7, 0, 9], 'ping', IN)]), ME);
    assertSums(r);
    assert.ok(Object.values(r.account.notPlayed).every((n) => n > 0));
  });

  it('fragments of both sides are put together, in any order, doubled and overlapping', () => {
    const big = pattern(3000);
    const cut = (o: Udp, size: number): Uint8Array[] =>
      fragments(17, udpPayload(o === OUT ? 4000 : 9, o === OUT ? 9 : 4000, big, o), size, { ...o, id: 77 });
    const orders: ((list: Uint8Array[]) => Uint8Array[])[] = [
      (list) => list,
      (list) => [...list].reverse(),
      (list) => [list[0]!, ...list],
      // Pieces of another size that cover some of it once more.
      (list) => [list[0]!, cut(IN, 800)[1]!, ...list.slice(1)],
    ];
    for (const order of orders) {
      const r = play(captureOf([udp(4000, 9, 'send', OUT), ...order(cut(IN, 1480))]), ME);
      assert.equal(Buffer.compare(payloads(r), Buffer.from(big)), 0);
      assertSums(r);
    }
    const out = play(captureOf([...cut(OUT, 1480), udp(9, 4000, 'thanks', IN)]), ME);
    assert.deepEqual([payloads(out).toString(), out.account.notPlayed], ['thanks', {}]);
  });

  it('a first fragment alone is no reason to stop', () => {
    const big = pattern(3000);
    const [first] = fragments(17, udpPayload(4000, 9, big, OUT), 1480, { ...OUT, id: 5 });
    const [theirs] = fragments(17, udpPayload(9, 4000, big, IN), 1480, { ...IN, id: 6 });
    const r = play(captureOf([first!, theirs!, udp(4000, 9, 'x', OUT), udp(9, 4000, 'y', IN)]), ME);
    assert.equal(payloads(r).toString(), 'y');
    assertSums(r);
  });

  it('an answer of 0 bytes, and the largest one', () => {
    const largest = pattern(65507);
    const parts = fragments(17, udpPayload(9, 4000, largest, IN), 1480, { ...IN, id: 8 });
    const r = play(captureOf([udp(4000, 9, '', OUT), udp(9, 4000, '', IN), ...parts]), ME);
    assert.deepEqual(r.account.notPlayed, {});
    assert.equal(Buffer.compare(payloads(r), Buffer.from(largest)), 0);
  });

  it("another DHCP server's answers are held against slirp's: the third is the opposite, and is shown", () => {
    const all = { src: 0, dst: ip('255.255.255.255'), mac: CLIENT.mac, to: [255, 255, 255, 255, 255, 255] };
    const message = (client: boolean, type: number, options: readonly number[]): Uint8Array => {
      const fields = { op: client ? 1 : 2, mac: CLIENT.mac, yiaddr: client ? 0 : A };
      const body = dhcp(type, options, fields).subarray(42);
      return client ? udp(68, 67, body, all) : udp(67, 68, body, IN);
    };
    const wanted = [50, 4, 192, 168, 77, 1];
    const server = [54, 4, 192, 168, 77, 2];
    const r = play(
      captureOf([
        message(true, 1, []),
        message(false, 2, server),
        message(true, 3, [...wanted, ...server]),
        message(false, 5, server),
        udp(1, 2, 'x', OUT),
      ]),
    );
    assertSums(r);
    assert.equal(r.plan.guest.address, '192.168.77.1');
    assert.deepEqual(
      r.host.comparison.divergences.map((d) => [d.grade, d.packet, d.fields.map((f) => f.field)]),
      [
        ['different answer', 2, ['dhcp.ip.your']],
        ['different answer', 4, ['dhcp.option.dhcp', 'dhcp.ip.your']],
      ],
    );
  });
});
