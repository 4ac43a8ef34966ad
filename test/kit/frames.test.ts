/**
 * The builder and the decoder agree on every field, and a spoilt checksum is found. RFC examples hold them to the
 * outside.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { checksum, hex } from './bytes.ts';
import { decode, dotted, flagBits, flagNames } from './decode.ts';
import { arp, dhcp, dns, fragments, GUEST_IP, HOST_IP, ip4, ping, SYN, tcp, udp, udpPayload } from './frames.ts';
import { icmp6, tcp6, udp6 } from './frames6.ts';

const u16s = fc.nat(0xffff);
const u32s = fc.nat(0xffffffff);
const data = fc.uint8Array({ maxLength: 100 });

describe('frames of the kit', () => {
  it('sum up as the example of RFC 1071 does', () => {
    assert.equal(checksum(hex('0001 f203 f4f5 f6f7')), ~0xddf2 & 0xffff);
    assert.equal(checksum([1, 2, 3]), checksum([1, 2, 3, 0]));
  });

  it('have the fields of TCP, over both IPs, and right checksums unless they are spoilt', () => {
    const fields = fc.tuple(u16s, u16s, fc.nat(63), u32s, u32s, u16s, data, fc.boolean(), fc.boolean());
    fc.assert(
      fc.property(fields, ([sport, dport, flags, seq, ack, win, bytes, six, badSum]) => {
        const d = decode((six ? tcp6 : tcp)(sport, dport, flags, seq, ack, { win, data: bytes, badSum }));
        const t = d.tcp!;
        assert.deepEqual(
          [t.sport, t.dport, t.flags, t.seq, t.ack, t.win, [...t.data], d.ok, t.ok],
          [sport, dport, flags, seq, ack, win, [...bytes], !badSum, !badSum],
        );
        assert.equal(flagBits(flagNames(flags)), flags);
      }),
    );
  });

  it('have the fields of UDP, also behind a VLAN tag, and may go without a checksum', () => {
    fc.assert(
      fc.property(u16s, u16s, data, fc.nat(0xfff), fc.boolean(), (sport, dport, bytes, vlan, zero) => {
        const d = decode(udp(sport, dport, bytes, { vlan, zero, ttl: 7, tos: 3, id: 9 }));
        assert.deepEqual([d.udp!.sport, d.udp!.dport, [...d.udp!.data]], [sport, dport, [...bytes]]);
        assert.deepEqual([d.vlan, d.ip!.ttl, d.ip!.tos, d.ip!.id, d.ok, d.udp!.sum === 0], [vlan, 7, 3, 9, true, zero]);
        assert.deepEqual([...decode(udp6(sport, dport, bytes)).udp!.data], [...bytes]);
      }),
    );
  });

  it('cut a datagram into fragments that put together are the datagram', () => {
    const whole = udpPayload(7, 8, new Uint8Array(3000).fill(5));
    const parts = fragments(17, whole, 1480).map((f) => decode(f).ip!);
    assert.deepEqual(
      parts.map((p) => [p.frag, p.first, p.whole, p.payload.length]),
      [
        [0x2000, true, false, 1480],
        [0x2000 | 185, false, false, 1480],
        [370, false, false, 48],
      ],
    );
    assert.deepEqual(Buffer.concat(parts.map((p) => p.payload)), Buffer.from(whole));
  });

  it('lie only where they are told to', () => {
    assert.equal(decode(ip4(6, new Uint8Array(20), { badIp: true })).ip!.ok, false);
    assert.equal(decode(ip4(99, 'x', { len: 400 })).ip!.ok, true);
    assert.equal(decode(ip4(99, 'x', { len: 400 })).ip!.len, 400);
    assert.equal(decode(tcp(1, 2, SYN, 3, 4, { raw: true })).ok, false);
    assert.equal(decode(icmp6(128, 0, [0, 0, 0, 0], { badSum: true })).ok, false);
  });

  it('ask and answer: ARP, pings, DHCP, DNS', () => {
    const a = decode(arp(1, GUEST_IP, HOST_IP)).arp!;
    assert.deepEqual([a.op, dotted(a.sip), dotted(a.tip)], [1, '10.0.2.15', '10.0.2.2']);
    const echo = decode(ping(HOST_IP, { seq: 3, data: 'hi' }));
    assert.deepEqual([echo.icmp!.type, [...echo.icmp!.rest], String(echo.icmp!.data)], [8, [0x12, 0x34, 0, 3], 'hi']);
    const discover = decode(dhcp(1, [], { xid: 0x01020304 })).udp!;
    assert.deepEqual([discover.sport, discover.dport, discover.data.readUInt32BE(4)], [68, 67, 0x01020304]);
    assert.equal(discover.data.toString('hex', 236), '63825363350101ff');
    assert.equal(decode(dns('a.bc')).udp!.data.toString('hex', 12), '016102626300' + '00010001');
  });
});
