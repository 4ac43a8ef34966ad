/** IPv6: neighbor discovery, ICMPv6, DHCPv6, UDP, TCP. */
import {
  ACK,
  addr6,
  bytes,
  type Data,
  FIN,
  GUEST_MAC,
  GUEST6,
  HOST6,
  join,
  mac,
  mss,
  PSH,
  pattern,
  RST,
  SYN,
  u16,
} from '../../kit/frames.ts';
import { icmp6, ip6, ns, solicitedNode, tcp6, udp6 } from '../../kit/frames6.ts';
import { Cases } from './build.ts';

const c = new Cases();
export const ipv6s = c.all;
const V6 = '--ipv6';
const DNS6 = addr6(0xfec0, 3);
const LL2 = addr6(0xfe80, 2);
const LL3 = addr6(0xfe80, 3);
const LLG = addr6(0xfe80, 0x15);
const ANY = new Uint8Array(16);
const ALL_NODES = addr6(0xff02, 1);
const ALL_ROUTERS = addr6(0xff02, 2);
const ALL_DHCP = join([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2]);
const LOOP6 = join(new Uint8Array(15), [1]);
const FAR = join([0x20, 1, 0xd, 0xb8], new Uint8Array(11), [9]);
const HELLO = ns(HOST6);
const echo = (dst: Uint8Array, o: object = {}, data: Data = 'abcdefgh'): Uint8Array =>
  icmp6(128, 0, join([0, 1, 0, 2], data), { dst, ...o });
const rs = (o: object = {}, body: Data = [0, 0, 0, 0, 1, 1, ...GUEST_MAC]): Uint8Array =>
  icmp6(133, 0, body, { src: LLG, dst: ALL_ROUTERS, hops: 255, ...o });
const na = (target: Uint8Array, o: object = {}, flags = 0x60): Uint8Array =>
  icmp6(136, 0, join([flags, 0, 0, 0], target, [2, 1, ...GUEST_MAC]), { dst: HOST6, hops: 255, ...o });

c.add('ip6_ns', V6, 'solicitations for every address of slirp and for others', (f) => {
  for (const t of [
    HOST6,
    DNS6,
    LL2,
    LL3,
    GUEST6,
    LLG,
    addr6(0xfec0, 1),
    addr6(0xfec0, 4),
    LOOP6,
    FAR,
    ALL_NODES,
    ANY,
  ]) {
    f.send(ns(t), ns(t, { dst: t }), ns(t, { src: LLG }));
  }
});
c.add('ip6_dad', V6, 'duplicate address detection for each', (f) => {
  for (const t of [HOST6, DNS6, LL2, LL3, GUEST6, LLG]) {
    f.send(
      ns(t, { src: ANY, opt: [] }),
      ns(t, { src: ANY }),
      ns(t, { src: ANY, dst: ALL_NODES }),
      ns(t, { src: ANY, dst: HOST6, opt: [] }),
    );
  }
});
c.add('ip6_ns_bad', V6, 'hop limit, code, checksum, lengths, options', (f) => {
  f.send(ns(HOST6, { hops: 254 }), ns(HOST6, { hops: 0 }), ns(HOST6, { code: 1 }), ns(HOST6, { badSum: true }));
  const body = join([0, 0, 0, 0], HOST6, [1, 1], GUEST_MAC);
  for (let n = 0; n <= body.length; n++) {
    f.send(icmp6(135, 0, body.subarray(0, n), { dst: solicitedNode(HOST6), hops: 255 }));
  }
  f.send(
    ns(HOST6, { opt: [1, 0, 0, 0, 0, 0, 0, 0] }),
    ns(HOST6, { opt: [1, 9] }),
    ns(HOST6, { opt: [2, 1, ...GUEST_MAC] }),
    ns(HOST6, { opt: [] }),
  );
});
c.add('ip6_rs', V6, 'router solicitations: sources, options, destinations, wrong ones', (f) => {
  f.send(
    rs(),
    rs({ src: GUEST6 }),
    rs({ src: ANY }, [0, 0, 0, 0]),
    rs({ dst: LL2 }),
    rs({ dst: HOST6 }),
    rs({ dst: FAR }),
    rs({}, [0, 0, 0, 0]),
  );
  f.send(
    rs({ hops: 254 }),
    rs({ badSum: true }),
    rs({}, [0, 0, 0]),
    rs({}, []),
    rs({}, [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]),
    icmp6(133, 1, [0, 0, 0, 0], { hops: 255 }),
  );
});
c.add('ip6_ra_na', V6, 'advertisements of the guest', (f) => {
  f.send(
    na(GUEST6),
    na(HOST6),
    na(GUEST6, { dst: ALL_NODES }),
    na(GUEST6, { dst: ALL_NODES }, 0x20),
    na(ALL_NODES),
    na(GUEST6, { hops: 9 }),
  );
  f.send(
    icmp6(134, 0, join([64, 0], u16(1800), new Uint8Array(8)), { src: LLG, dst: ALL_NODES, hops: 255 }),
    icmp6(134, 0, [1, 2], { hops: 255 }),
  );
  f.send(echo(HOST6), icmp6(137, 0, new Uint8Array(36), { hops: 255 }));
});
c.add('ip6_na_learn', V6, 'an echo waits for an advertisement', (f) => {
  f.send(echo(HOST6), echo(DNS6)).wait(300).send(na(GUEST6)).wait(10).send(echo(HOST6));
  f.send(echo(HOST6, { src: addr6(0xfec0, 0x99) }))
    .wait(2000)
    .send(na(addr6(0xfec0, 0x99), { src: addr6(0xfec0, 0x99) }));
});
c.add('ip6_echo', V6, 'echo to every address', (f) => {
  f.send(HELLO, ns(HOST6, { src: LLG }));
  for (const d of [HOST6, DNS6, LL2, LL3, GUEST6, addr6(0xfec0, 1), LOOP6, FAR, ALL_NODES, ALL_ROUTERS, ANY]) {
    f.send(echo(d), echo(d, { src: LLG }));
  }
});
c.add('ip6_echo_sizes', V6, 'echo of many sizes, codes, hop limits', (f) => {
  f.send(HELLO);
  for (const n of [0, 1, 7, 8, 100, 1232, 1452]) {
    f.send(echo(HOST6, {}, pattern(n)));
  }
  for (const hops of [0, 1, 2, 64, 255]) {
    f.send(echo(HOST6, { hops }), echo(FAR, { hops }));
  }
  f.send(
    icmp6(128, 3, join([0, 1, 0, 2]), {}),
    icmp6(128, 0, [1, 2]),
    icmp6(128, 0, []),
    echo(HOST6, { badSum: true }),
    echo(HOST6, { head: 0x6ff12345 }),
  );
});
c.add('m_icmp6_echo', V6, 'CVE-2020-10756: the payload length exceeds the packet', (f) => {
  f.send(HELLO);
  for (const len of [0, 1, 3, 4, 7, 8, 15, 16, 17, 24, 100, 1000, 1400, 65535]) {
    f.send(echo(HOST6, { len }));
  }
});
c.add('m_ip6_hdr', V6, 'headers cut at every length, versions, extension headers, unspecified addresses', (f) => {
  f.send(HELLO);
  const e = echo(HOST6);
  for (let n = 14; n < e.length; n++) {
    f.send(e.subarray(0, n));
  }
  for (const v of [0x00000000, 0x40000000, 0x50000000, 0x70000000, 0xf0000000]) {
    f.send(echo(HOST6, { head: v }));
  }
  for (const next of [0, 43, 44, 50, 51, 59, 60, 1, 4, 41, 255]) {
    f.send(ip6(next, join([58, 0, 0, 0, 0, 0, 0, 0], e.subarray(54))));
  }
  f.send(
    echo(ANY, { src: ANY }),
    echo(HOST6, { src: ANY }),
    echo(HOST6, { src: ALL_NODES }),
    udp6(1, 2, 'x', { src: ANY, dst: ANY }),
    tcp6(1, 2, SYN, 1, 0, { src: ANY, dst: ANY }),
  );
  f.send(echo(HOST6, { pad: new Uint8Array(30) }));
});
c.add('ip6_types', V6, 'every ICMPv6 type', (f) => {
  f.send(HELLO);
  for (let t = 0; t < 256; t += t < 10 || (t > 125 && t < 160) ? 1 : 13) {
    f.send(icmp6(t, 0, join(new Uint8Array(4), pattern(40)), { hops: 255 }));
  }
});
c.add('ip6_too_big', `${V6} --mtu=1280 --mru=1280 --udp-echo=7777`, 'longer than the MTU: packet too big', (f) => {
  f.send(HELLO);
  for (const n of [1231, 1232, 1233, 1400, 3000]) {
    f.send(echo(HOST6, {}, pattern(n)), udp6(4000, 7777, pattern(n)));
  }
  f.send(
    tcp6(4000, 9, SYN, 1, 0, { data: pattern(1500) }),
    echo(HOST6, { src: ALL_NODES }, pattern(1400)),
    icmp6(1, 0, pattern(1400)),
  );
});
c.add('ip6_too_big_1500', V6, 'the same at 1500', (f) => {
  f.send(
    HELLO,
    echo(HOST6, {}, pattern(1452)),
    echo(HOST6, {}, pattern(1453)),
    udp6(4000, 9, pattern(1453)),
    udp6(4000, 9, pattern(9000)),
  );
});
c.add('ip6_small_mtu', `${V6} --mtu=576 --mru=576`, 'an MTU that IPv6 does not allow', (f) => {
  f.send(
    HELLO,
    rs(),
    echo(HOST6, {}, pattern(528)),
    echo(HOST6, {}, pattern(529)),
    udp6(4000, 9, pattern(500)),
    udp6(4001, 9, pattern(600)),
  );
});
c.add('ip6_hops', `${V6} --udp-echo=7777`, 'hop limit 0, 1, 2', (f) => {
  f.send(HELLO);
  for (const hops of [0, 1, 2, 255]) {
    f.send(
      udp6(4000, 9, 'x', { hops }),
      tcp6(4000 + hops, 9, SYN, 1, 0, { hops }),
      udp6(4001, 9, 'x', { hops, dst: FAR }),
      icmp6(1, 0, 'error', { hops }),
    );
  }
});
c.add('ip6_udp', V6, 'closed ports of ::1 by every address; checksums, lengths', (f) => {
  f.send(HELLO);
  [HOST6, DNS6, LOOP6, addr6(0xfec0, 0x77), FAR, LL2].forEach((dst, i) => {
    f.send(udp6(4000 + i, 9, 'closed', { dst })).wait(5);
  });
  f.send(udp6(4100, 9, 'sum', { badSum: true }), udp6(0, 0, 'zero'), udp6(4200, 9, pattern(1300)));
  for (const ulen of [0, 7, 8, 9, 13, 14, 15, 1000]) {
    f.send(udp6(4300 + ulen, 9, 'length', { ulen }));
  }
  const z = udp6(4101, 9, 'no checksum');
  z.set([0, 0], 60);
  f.send(z);
});
c.add('ip6_udp_guests', V6, 'several guests, unknown neighbors', (f) => {
  for (let i = 0; i < 4; i++) {
    const src = addr6(0xfec0, 0x20 + i);
    f.send(i < 3 ? ns(HOST6, { src, mac: mac(i) }) : HELLO, udp6(4000, 9, 'x', { src }));
  }
});
c.add('ip6_tcp', `${V6} --tcp-echo=7070`, 'TCP to closed ports, stray segments, flags', (f) => {
  f.send(HELLO);
  [HOST6, LOOP6, addr6(0xfec0, 0x77), FAR, DNS6].forEach((dst, i) => {
    f.send(tcp6(4000 + i, 9, SYN, 1000, 0, { dst, opt: mss(1440) })).wait(5);
  });
  f.send(
    tcp6(4100, 9, ACK, 5, 6),
    tcp6(4100, 9, FIN, 5, 6),
    tcp6(4100, 9, RST, 5, 6),
    tcp6(4100, 9, PSH | ACK, 5, 6, { data: 'data' }),
    tcp6(4100, 9, SYN | ACK, 5, 6),
  );
  f.send(
    tcp6(4101, 53, SYN, 1, 0, { dst: DNS6 }),
    tcp6(4102, 9, SYN, 1, 0, { badSum: true }),
    ip6(6, pattern(19)),
    ip6(6, []),
  );
});
c.add('ip6_restrict', `${V6} --restrict --tftp=corpus/tftproot`, 'restricted', (f) => {
  f.send(HELLO, rs(), echo(HOST6), echo(FAR), udp6(4000, 9, 'x'), tcp6(4000, 9, SYN, 1, 0), tcp6(4000, 9, ACK, 1, 5));
  f.send(udp6(546, 547, [11, 1, 2, 3, 0, 6, 0, 2, 0, 23], { dst: ALL_DHCP }), udp6(4000, 69, '\0\x01f1\0octet\0'));
});
c.add('ip6_off', '', 'IPv6 off', (f) => {
  f.send(HELLO, rs(), echo(HOST6), udp6(4000, 9, 'x'));
});
c.add('ip6_only', `${V6} --no-ipv4`, 'IPv6 alone', (f) => {
  f.send(HELLO, rs(), echo(HOST6), udp6(4000, 9, 'x')).wait(5);
});
c.add('ip6_no_loopback', `${V6} --no-loopback`, 'disable_host_loopback', (f) => {
  f.send(
    HELLO,
    echo(HOST6),
    udp6(4000, 9, 'x'),
    udp6(4001, 9, 'x', { dst: LOOP6 }),
    tcp6(4000, 9, SYN, 1, 0),
    udp6(4002, 53, 'x', { dst: DNS6 }),
    udp6(4003, 54, 'x', { dst: DNS6 }),
  );
});
c.add('ip6_no_dns', `${V6} --no-dns`, 'disable_dns', (f) => {
  f.send(HELLO, ns(DNS6), echo(DNS6), udp6(4000, 53, 'x', { dst: DNS6 }), udp6(4001, 54, 'x', { dst: DNS6 }));
});
c.add('ip6_dns', V6, 'the name server', (f) => {
  f.send(
    HELLO,
    udp6(4000, 53, 'query', { dst: DNS6 }),
    udp6(4001, 54, 'other', { dst: DNS6 }),
    tcp6(4002, 54, SYN, 1, 0, { dst: DNS6 }),
  ).wait(5);
});
c.add('ip6_ndp_table', V6, '20 neighbors: the table holds 16', (f) => {
  for (let i = 0; i < 20; i++) {
    f.send(ns(HOST6, { src: addr6(0xfec0, 0x40 + i), mac: mac(i) }));
  }
  for (let i = 0; i < 20; i++) {
    f.send(echo(HOST6, { src: addr6(0xfec0, 0x40 + i), mac: mac(i) }));
  }
});
c.add('ip6_ra_times', `${V6} --tail-ms=3000000`, 'unsolicited advertisements for 50 minutes', (f) => {
  f.send(HELLO);
});

/** A DHCPv6 message with options. */
const dhcp6 = (type: number, options: Data, o: object = {}): Uint8Array =>
  udp6(546, 547, join([type, 0xaa, 0xbb, 0xcc], options), { src: LLG, dst: ALL_DHCP, ...o });
const opt = (code: number, value: Data): Uint8Array => join(u16(code), u16(bytes(value).length), value);
const ORO = opt(6, [0, 23, 0, 59]);
const CID = opt(1, [0, 3, 0, 1, ...GUEST_MAC]);
c.add('dhcp6_types', V6, 'every message type', (f) => {
  f.send(ns(HOST6, { src: LLG }));
  for (let t = 0; t < 16; t++) {
    f.send(dhcp6(t, join(CID, ORO)));
  }
});
c.add('dhcp6_options', `${V6} --bootfile=pxe6`, 'requested options in any order, unknown ones, doubled', (f) => {
  f.send(ns(HOST6, { src: LLG }));
  for (const o of [
    [],
    CID,
    ORO,
    join(CID, ORO),
    join(ORO, CID),
    opt(6, [0, 23]),
    opt(6, [0, 59]),
    opt(6, [0, 59, 0, 23]),
    opt(6, []),
    opt(6, [0]),
    opt(6, [0, 23, 0]),
    opt(6, [0, 24, 0, 31]),
  ]) {
    f.send(dhcp6(11, o));
  }
  f.send(
    dhcp6(11, join(CID, CID, ORO, ORO)),
    dhcp6(11, join(opt(8, [0, 0]), opt(3, pattern(12)), CID, ORO)),
    dhcp6(11, join(opt(1, []), ORO)),
  );
});
c.add(
  'dhcp6_lengths',
  `${V6} --bootfile=pxe6`,
  'options that reach beyond the end, long client identifiers, short messages',
  (f) => {
    f.send(ns(HOST6, { src: LLG }));
    f.send(
      dhcp6(11, join([0, 1, 0, 200], GUEST_MAC)),
      dhcp6(11, join(ORO, [0, 1, 255, 255])),
      dhcp6(11, join(ORO, [0])),
      dhcp6(11, join(ORO, [0, 1, 0])),
    );
    for (const n of [1, 100, 255, 256, 257, 1000]) {
      f.send(dhcp6(11, join(opt(1, pattern(n)), ORO)));
    }
    for (const n of [0, 1, 2, 3, 4]) {
      f.send(udp6(546, 547, [11, 1, 2, 3].slice(0, n), { src: LLG, dst: ALL_DHCP }));
    }
  },
);
c.add('dhcp6_dest', `${V6} --bootfile=http://host/file`, 'to the gateway, others, from other ports', (f) => {
  f.send(HELLO, ns(HOST6, { src: LLG }));
  f.send(
    dhcp6(11, ORO, { dst: HOST6 }),
    dhcp6(11, ORO, { dst: LL2 }),
    dhcp6(11, ORO, { dst: DNS6 }),
    dhcp6(11, ORO, { dst: addr6(0xff05, 3) }),
    dhcp6(11, ORO, { src: GUEST6 }),
  );
  f.send(
    udp6(1000, 547, join([11, 1, 2, 3], ORO), { dst: HOST6 }),
    dhcp6(11, ORO, { hops: 1 }),
    dhcp6(11, ORO, { src: ANY }),
  );
});
c.add('dhcp6_bootfile', `${V6} --bootfile=${'b'.repeat(120)}`, 'a long boot file', (f) => {
  f.send(ns(HOST6, { src: LLG }), dhcp6(11, join(CID, ORO)));
});
c.add('dhcp6_no_dhcp', `${V6} --no-dhcp --bootfile=x`, 'disable_dhcp', (f) => {
  f.send(ns(HOST6, { src: LLG }), dhcp6(11, join(CID, ORO)));
});
c.add('tftp6', `${V6} --tftp=corpus/tftproot`, 'TFTP over IPv6: whole file, errors, options, by each address', (f) => {
  f.send(HELLO, ns(HOST6, { src: LLG }));
  f.send(
    udp6(4000, 69, '\0\x01f1\0octet\0'),
    udp6(4000, 69, [0, 4, 0, 1]),
    udp6(4000, 69, [0, 4, 0, 2]),
    udp6(4000, 69, [0, 4, 0, 3]),
  );
  f.send(
    udp6(4001, 69, '\0\x01none\0octet\0'),
    udp6(4002, 69, '\0\x01../x\0octet\0'),
    udp6(4003, 69, '\0\x01f1\0netascii\0'),
    udp6(4004, 69, '\0\x01f1\0octet\0blksize\x001024\0tsize\x000\0'),
  );
  f.send(
    udp6(4005, 69, '\0\x01f1\0octet\0', { dst: LL2 }),
    udp6(4006, 69, '\0\x01f1\0octet\0', { dst: DNS6 }),
    udp6(4007, 69, '\0\x01f1\0octet\0', { src: LLG }),
    udp6(4008, 69, '\0\x01f1\0octet\0', { dst: LL3 }),
  );
});
