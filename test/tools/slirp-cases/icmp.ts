/** ICMP, the IPv4 header, and fragments. */
import {
  BROADCAST,
  DNS_IP,
  fragments,
  GUEST_IP,
  HOST_IP,
  hello,
  icmp,
  ip,
  ip4,
  join,
  LOOPBACK,
  mac,
  pattern,
  ping,
  u32,
  udp,
  udpPayload,
} from '../../kit/frames.ts';
import { Random } from '../../kit/random.ts';
import { Cases } from './build.ts';

const c = new Cases();
export const icmps = c.all;
const GUEST = hello();

c.add('icmp_sizes', '', 'echo of every size up to the MTU and beyond', (f) => {
  f.send(GUEST);
  for (const n of [0, 1, 2, 7, 8, 9, 100, 547, 548, 549, 1000, 1471, 1472]) {
    f.send(ping(HOST_IP, { data: pattern(n), seq: n }), ping(DNS_IP, { data: pattern(n), seq: n }));
  }
});
c.add('icmp_large', '', 'echo requests in fragments: the replies are fragmented', (f) => {
  f.send(GUEST);
  [2000, 6000].forEach((n, i) => {
    f.send(...fragments(1, icmp(8, 0, [0, 1, 0, i], pattern(n)).subarray(34), 1480, { id: 77 + i }));
  });
});
c.add(
  'icmp_loopback',
  '',
  'the loopback by 10.0.2.2, by 127.0.0.1 itself, by 127.1.2.3 and by 255.255.255.255',
  (f) => {
    f.send(GUEST);
    for (const d of [HOST_IP, LOOPBACK, ip('127.1.2.3'), BROADCAST, ip('10.0.2.255')]) {
      f.send(ping(d)).wait(20);
    }
  },
);
c.add('icmp_loopback_shapes', '', 'pings of 127.0.0.1: sizes, options, ttl, several under way', (f) => {
  f.send(GUEST);
  for (const n of [0, 1, 8, 500]) {
    f.send(ping(LOOPBACK, { data: pattern(n), seq: n }));
  }
  f.send(ping(LOOPBACK, { options: [1, 1, 1, 0] }), ping(LOOPBACK, { ttl: 1 }), ping(LOOPBACK, { tos: 0x10 }));
  f.send(ping(LOOPBACK, { src: ip('10.0.2.77') }), icmp(8, 5, [1, 1, 1, 1], 'code', { dst: LOOPBACK }));
});
c.add('icmp_no_loopback', '--no-loopback', 'disable_host_loopback', (f) => {
  f.send(GUEST, ping(HOST_IP), ping(DNS_IP), ping(LOOPBACK), ping(BROADCAST));
});
c.add('icmp_restrict', '--restrict', 'restricted', (f) => {
  f.send(GUEST, ping(HOST_IP), ping(DNS_IP), ping(LOOPBACK), ping(ip('10.0.2.99')), ping(ip('192.0.2.1')));
});
c.add('icmp_types', '', 'every type to the gateway', (f) => {
  f.send(GUEST);
  for (let t = 0; t < 45; t++) {
    f.send(
      icmp(
        t,
        0,
        [0, 1, 0, t],
        join([0x45, 0, 0, 28], u32(0), [64, 17, 0, 0], u32(GUEST_IP), u32(HOST_IP), u32(0), u32(0)),
      ),
    );
  }
});
c.add('icmp_types_out', '', 'types other than echo to the host and outside', (f) => {
  f.send(GUEST);
  for (const t of [0, 3, 4, 5, 11, 12, 13, 15, 17]) {
    f.send(icmp(t, 0, [0, 1, 0, t], 'data', { dst: LOOPBACK }), icmp(t, 1, [0, 1, 0, t], 'data', { dst: DNS_IP }));
  }
});
c.add('icmp_codes', '', 'echo with codes', (f) => {
  f.send(GUEST);
  for (const code of [0, 1, 2, 128, 255]) {
    f.send(icmp(8, code, [0, 1, 0, code], 'code'));
  }
});
c.add('icmp_short', '', 'shorter than its header', (f) => {
  f.send(GUEST);
  for (let n = 0; n < 9; n++) {
    f.send(ip4(1, join([8, 0, 0, 0, 1, 2, 3, 4, 5]).subarray(0, n)));
  }
});
c.add('icmp_checksum', '', 'bad checksum, checksum 0 and ffff', (f) => {
  f.send(GUEST, ping(HOST_IP, { badSum: true }), ping(LOOPBACK, { badSum: true }));
  f.send(
    icmp(8, 0, [0xf7, 0xff, 0, 0], ''),
    icmp(8, 0, [0xf7, 0xfe, 0, 1], ''),
    icmp(8, 0, [0xff, 0xff, 0xf7, 0xff], ''),
  );
  f.send(
    ip4(1, join([8, 0, 0, 0], [0xf7, 0xff, 0, 0]), { raw: true }),
    ip4(1, join([8, 0, 0xff, 0xff], [0xf8, 0, 0, 0]), { raw: true }),
  );
});
c.add('icmp_ttl', '', 'ttl 0, 1, 2, 255 to the gateway, loopback, others', (f) => {
  f.send(GUEST);
  for (const ttl of [0, 1, 2, 255]) {
    f.send(ping(HOST_IP, { ttl }), ping(DNS_IP, { ttl }), ping(ip('10.0.2.99'), { ttl }));
  }
});
c.add('icmp_ttl0_quotes', '', 'what time exceeded quotes: sizes, options, protocols, tos', (f) => {
  f.send(GUEST);
  for (const n of [0, 8, 500, 511, 512, 513, 520, 548, 600, 1472]) {
    f.send(udp(4000, 7, pattern(n), { ttl: 0 }));
  }
  f.send(
    udp(4000, 7, pattern(600), { ttl: 0, options: [1, 1, 1, 1, 1, 1, 1, 0] }),
    ip4(99, 'proto', { ttl: 0 }),
    ip4(1, '', { ttl: 0 }),
  );
  for (const tos of [0, 0x1e, 0x10, 0xff, 0xe0]) {
    f.send(udp(4000, 7, 'tos', { ttl: 0, tos }));
  }
  for (let t = 0; t < 20; t++) {
    f.send(icmp(t, 0, [0, 1, 0, t], 'type', { ttl: 0 }));
  }
});
c.add('icmp_ttl0_sources', '', 'errors to sources that get none', (f) => {
  for (const s of [
    '0.0.0.0',
    '224.0.0.0',
    '240.0.0.0',
    '16.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '10.0.2.255',
    '10.0.2.2',
    '127.0.0.1',
  ]) {
    f.send(udp(4000, 7, 'x', { ttl: 0, src: ip(s) })).wait(5);
  }
});
c.add('icmp_ttl0_frags', '', 'time exceeded about fragments: only the first', (f) => {
  f.send(GUEST, ...fragments(17, udpPayload(4000, 7, pattern(100)), 40, { id: 9, ttl: 0 }));
});
c.add('icmp_tos', '', 'tos and DF of an echo', (f) => {
  f.send(GUEST);
  for (const tos of [0, 1, 0x10, 0x1e, 0xb8, 0xff]) {
    f.send(ping(HOST_IP, { tos }), ping(LOOPBACK, { tos }), ping(HOST_IP, { tos, frag: 0x4000 }));
  }
  f.send(ping(HOST_IP, { frag: 0x8000 }), ping(HOST_IP, { frag: 0xc000 }));
});
c.add('icmp_outside', '', 'addresses nobody has: no route', (f) => {
  f.send(GUEST);
  for (const d of ['10.0.2.1', '10.0.2.15', '10.0.2.99', '10.0.2.0', '10.0.2.255', '192.0.2.1', '224.0.0.1']) {
    f.send(ping(ip(d))).wait(10);
  }
});
c.add('icmp_guests', '', 'several guests ping', (f) => {
  for (let i = 0; i < 5; i++) {
    const src = ip(`10.0.2.${20 + i}`);
    f.send(hello(src, mac(i)), ping(HOST_IP, { src, mac: mac(i) }), ping(LOOPBACK, { src, mac: mac(i) }));
  }
});
c.add('icmp_mtu', '--mtu=576 --mru=576', 'a small MTU', (f) => {
  f.send(GUEST);
  for (const n of [500, 548, 549, 1000, 1472]) {
    f.send(ping(HOST_IP, { data: pattern(n), seq: n }), ping(HOST_IP, { data: pattern(n), frag: 0x4000, seq: n }));
  }
  f.send(udp(4000, 7, pattern(800), { ttl: 0 }));
});
c.add('icmp_mtu_68', '--mtu=68 --mru=68', 'the smallest MTU', (f) => {
  f.send(
    GUEST,
    ping(HOST_IP, { data: pattern(40) }),
    ping(HOST_IP, { data: pattern(41) }),
    ping(HOST_IP, { data: pattern(300) }),
  );
  f.send(udp(4000, 7, pattern(300), { ttl: 0 }));
});

c.add('ip_options', '--udp-echo=7777', 'options are removed: echo, UDP, broken ones', (f) => {
  f.send(GUEST);
  for (const options of [
    [1, 1, 1, 0],
    [0, 0, 0, 0],
    [7, 7, 4, 0, 0, 0, 0, 0],
    [0x83, 7, 4, 10, 0, 2, 9, 0],
    [0x44, 4, 5, 0],
    [0x83, 0, 0, 0],
    [0x83, 255, 4, 0],
    new Uint8Array(40).fill(1),
  ]) {
    f.send(ping(HOST_IP, { options }), udp(4000, 7777, 'options', { options }), udp(4000, 9, 'closed', { options }));
  }
});
c.add('ip_header', '--udp-echo=7777', 'version, header length, total length, checksum, padding', (f) => {
  f.send(GUEST);
  for (const vhl of [0x05, 0x15, 0x35, 0x55, 0x65, 0xf5, 0x40, 0x41, 0x44, 0x46, 0x47, 0x4f]) {
    f.send(ping(HOST_IP, { vhl }));
  }
  for (const len of [0, 1, 19, 20, 21, 27, 28, 35, 36, 37, 60, 65535]) {
    f.send(ping(HOST_IP, { len }), udp(4000, 7777, 'length', { len }));
  }
  f.send(
    ping(HOST_IP, { badIp: true }),
    ping(HOST_IP, { pad: new Uint8Array(20) }),
    udp(4000, 7777, 'padded', { pad: pattern(100) }),
  );
  f.send(ip4(1, '', { len: 20 }), ip4(17, '', {}), ip4(6, '', {}));
});
c.add('ip_protocols', '', 'every protocol number', (f) => {
  f.send(GUEST);
  for (let p = 0; p < 256; p++) {
    if (p !== 6 && p !== 17 && p !== 1) {
      f.send(ip4(p, 'protocol data'));
    }
  }
});

/** A datagram of `n` bytes to the echo peer, in fragments. */
const cut = (n: number, size: number, id: number): Uint8Array[] =>
  fragments(17, udpPayload(4000, 7777, pattern(n)), size, { id });
const U = '--udp-echo=7777';

c.add('udp_frag_rev', U, 'last fragment first, two suffice', (f) => {
  f.send(GUEST, ...cut(1600, 1480, 1).reverse(), ...cut(4000, 1480, 2).reverse(), ...cut(30, 16, 3).reverse());
});
c.add('frag_orders', U, 'every order of three and of four fragments', (f) => {
  f.send(GUEST);
  let id = 100;
  const permute = (rest: number[], done: number[], all: number, size: number): void => {
    if (rest.length === 0) {
      const p = cut(all, size, id++);
      f.send(...done.map((i) => p[i]!));
    }
    rest.forEach((r) => {
      permute(
        rest.filter((x) => x !== r),
        [...done, r],
        all,
        size,
      );
    });
  };
  permute([0, 1, 2], [], 60, 24);
  permute([0, 1, 2, 3], [], 84, 24);
});
c.add('frag_duplicates', U, 'each fragment twice, the last one again after the whole', (f) => {
  const p = cut(4000, 1480, 5);
  f.send(GUEST, p[0]!, p[0]!, p[1]!, p[1]!, p[2]!, p[2]!, p[0]!, p[1]!);
});
c.add('frag_interleaved', U, 'two datagrams, and the same number from two guests and two protocols', (f) => {
  const a = cut(3000, 1480, 6);
  const b = cut(3000, 1480, 7);
  f.send(GUEST, a[0]!, b[0]!, b[1]!, a[1]!, a[2]!, b[2]!);
  const src = ip('10.0.2.20');
  const other = fragments(17, udpPayload(4000, 7777, pattern(2000), { src }), 1480, { id: 8, src, mac: mac(1) });
  const mine = cut(2000, 1480, 8);
  f.send(hello(src, mac(1)), other[0]!, mine[0]!, mine[1]!, other[1]!);
  const ping2 = fragments(1, icmp(8, 0, [0, 1, 0, 1], pattern(2000)).subarray(34), 1480, { id: 9 });
  const udp2 = cut(2000, 1480, 9);
  f.send(ping2[0]!, udp2[0]!, udp2[1]!, ping2[1]!);
});
c.add('frag_tiny', U, 'fragments of 8 bytes', (f) => {
  f.send(GUEST, ...cut(200, 8, 10), ...cut(200, 8, 11).reverse());
});
c.add('frag_overlap_all', U, 'a fragment is cut at its front, covers others, is inside others', (f) => {
  const p = udpPayload(4000, 7777, pattern(92));
  const piece = (id: number, from: number, to: number, more: boolean): Uint8Array =>
    ip4(17, p.subarray(from, to), { id, frag: (more ? 0x2000 : 0) | (from >> 3), raw: true });
  f.send(GUEST);
  f.send(piece(20, 0, 40, true), piece(20, 24, 64, true), piece(20, 56, 100, false));
  f.send(piece(21, 24, 64, true), piece(21, 0, 40, true), piece(21, 64, 100, false));
  f.send(
    piece(22, 16, 32, true),
    piece(22, 48, 56, true),
    piece(22, 8, 72, true),
    piece(22, 0, 8, true),
    piece(22, 72, 100, false),
  );
  f.send(piece(23, 0, 80, true), piece(23, 16, 32, true), piece(23, 80, 100, false));
  f.send(piece(24, 0, 40, true), piece(24, 0, 64, true), piece(24, 64, 100, false));
  f.send(piece(25, 64, 100, false), piece(25, 32, 100, false), piece(25, 0, 32, true));
  f.send(piece(26, 0, 32, true), piece(26, 32, 100, false), piece(26, 0, 100, false));
});
c.add('frag_overlap_other', U, 'overlaps with other bytes: who wins', (f) => {
  const p = udpPayload(4000, 7777, pattern(92), {}).slice();
  p.set([0, 0], 6);
  const q = p.map((x, i) => (i < 8 ? x : x ^ 0xff));
  const piece = (b: Uint8Array, id: number, from: number, to: number, more: boolean): Uint8Array =>
    ip4(17, b.subarray(from, to), { id, frag: (more ? 0x2000 : 0) | (from >> 3), raw: true });
  f.send(GUEST);
  f.send(piece(p, 30, 0, 40, true), piece(q, 30, 24, 64, true), piece(p, 30, 64, 100, false));
  f.send(piece(p, 31, 24, 64, true), piece(q, 31, 0, 40, true), piece(p, 31, 64, 100, false));
  f.send(piece(p, 32, 16, 32, true), piece(q, 32, 8, 72, true), piece(p, 32, 0, 8, true), piece(p, 32, 72, 100, false));
  f.send(
    piece(p, 33, 32, 64, true),
    piece(q, 33, 40, 80, true),
    piece(p, 33, 0, 48, true),
    piece(q, 33, 80, 100, false),
  );
});
c.add('frag_lengths', U, 'not a multiple of 8, more flag on the last, two ends, an end inside', (f) => {
  const p = udpPayload(4000, 7777, pattern(92));
  const piece = (id: number, at: number, from: number, to: number, more: boolean): Uint8Array =>
    ip4(17, p.subarray(from, to), { id, frag: (more ? 0x2000 : 0) | at, raw: true });
  f.send(
    GUEST,
    piece(40, 0, 0, 37, true),
    piece(40, 5, 37, 100, false),
    piece(41, 0, 0, 100, true),
    piece(41, 12, 96, 100, true),
  );
  f.send(piece(42, 0, 0, 40, true), piece(42, 5, 40, 80, false), piece(42, 10, 80, 100, false));
  f.send(piece(43, 5, 40, 80, false), piece(43, 10, 80, 100, true), piece(43, 0, 0, 40, true));
  f.send(
    piece(44, 0, 0, 37, true),
    piece(44, 4, 32, 100, false),
    piece(45, 0, 0, 20, true),
    piece(45, 2, 16, 36, true),
    piece(45, 4, 32, 100, false),
  );
});
c.add('frag_zero', U, 'fragments without data: first, in the middle, last, alone', (f) => {
  const p = udpPayload(4000, 7777, pattern(92));
  const piece = (id: number, from: number, to: number, more: boolean): Uint8Array =>
    ip4(17, p.subarray(from, to), { id, frag: (more ? 0x2000 : 0) | (from >> 3), raw: true });
  f.send(GUEST, piece(50, 0, 0, true), piece(50, 0, 48, true), piece(50, 48, 100, false));
  f.send(piece(51, 0, 48, true), piece(51, 48, 48, true), piece(51, 48, 100, false));
  f.send(piece(52, 0, 48, true), piece(52, 48, 96, true), piece(52, 96, 96, false));
  f.send(
    piece(53, 0, 96, true),
    piece(53, 96, 96, false),
    piece(54, 0, 0, true),
    piece(54, 0, 0, true),
    piece(55, 8, 8, false),
  );
});
c.add('frag_df', U, 'DF and the reserved bit on fragments and wholes', (f) => {
  const p = udpPayload(4000, 7777, pattern(92));
  f.send(
    GUEST,
    ip4(17, p.subarray(0, 48), { id: 60, frag: 0x6000, raw: true }),
    ip4(17, p.subarray(48), { id: 60, frag: 0x4006, raw: true }),
  );
  f.send(
    ip4(17, p, { id: 61, frag: 0x4000 }),
    ip4(17, p, { id: 61, frag: 0x8000 }),
    ip4(17, p, { id: 62, frag: 0xc000 }),
  );
  f.send(
    ip4(17, p.subarray(0, 48), { id: 63, frag: 0xa000, raw: true }),
    ip4(17, p.subarray(48), { id: 63, frag: 0x8006, raw: true }),
  );
});
c.add('frag_headers', U, 'options, ttl and tos of the first or another fragment', (f) => {
  const p = udpPayload(4000, 7777, pattern(92));
  const one = (o: object): Uint8Array => ip4(17, p.subarray(0, 48), { frag: 0x2000, raw: true, ...o });
  const two = (o: object): Uint8Array => ip4(17, p.subarray(48), { frag: 6, raw: true, ...o });
  f.send(
    GUEST,
    one({ id: 70, options: [1, 1, 1, 0] }),
    two({ id: 70 }),
    one({ id: 71 }),
    two({ id: 71, options: [1, 1, 1, 0] }),
  );
  f.send(
    two({ id: 72, options: [1, 1, 1, 1, 1, 1, 1, 0] }),
    one({ id: 72 }),
    one({ id: 73, ttl: 1 }),
    two({ id: 73, ttl: 9 }),
  );
  f.send(
    one({ id: 74, tos: 0x10 }),
    two({ id: 74, tos: 8 }),
    one({ id: 75, ttl: 0 }),
    two({ id: 75 }),
    one({ id: 75 }),
  );
});
c.add('frag_expire', '--udp-echo=7777 --tail-ms=1000', 'the rest comes after 10, 29 and 31 s', (f) => {
  f.send(GUEST);
  [10000, 29000, 29900, 31000].forEach((ms, i) => {
    const p = cut(2000, 1480, 80 + i);
    f.send(p[0]!).wait(ms).send(p[1]!);
  });
});
c.add('m_frag_huge', U, 'CVE-2018-11806 and CVE-2019-14378: datagrams of 64 KiB and beyond', (f) => {
  f.send(GUEST, ...cut(65507, 1480, 90), ...cut(65507, 1480, 91).reverse(), ...cut(40000, 9000, 92));
  const big = pattern(1480);
  f.send(ip4(17, big, { id: 93, frag: 0x2000, raw: true }), ip4(17, big, { id: 93, frag: 8100, raw: true }));
  f.send(
    ip4(17, big, { id: 94, frag: 0x2000 | 8189, raw: true }),
    ip4(17, big, { id: 94, frag: 8191, raw: true }),
    ip4(17, big.subarray(0, 8), { id: 95, frag: 8189, raw: true }),
  );
  f.send(ip4(1, big, { id: 96, frag: 0x2000 | 8191, raw: true }), ip4(1, big, { id: 96, frag: 8191, raw: true }));
});
c.add('m_frag_uaf', U, 'CVE-2019-15890 and CVE-2020-1983: sets that start over while they are whole', (f) => {
  const p = udpPayload(4000, 7777, pattern(3000));
  const piece = (id: number, from: number, to: number, more: boolean): Uint8Array =>
    ip4(17, p.subarray(from, to), { id, frag: (more ? 0x2000 : 0) | (from >> 3), raw: true });
  f.send(GUEST);
  for (let i = 0; i < 8; i++) {
    f.send(piece(1, 1480, 2960, true), piece(1, 0, 1480, true), piece(1, 0, 1480, true), piece(1, 1480, 2960, true));
    f.send(piece(1, 2960, 3008, false), piece(1, 1480, 3008, false));
  }
  for (let i = 0; i < 6; i++) {
    f.send(
      piece(2, 8, 1480, true),
      piece(2, 0, 2960, true),
      piece(2, 0, 8, true),
      piece(2, 0, 1480, true),
      piece(2, 1480, 3008, false),
    );
  }
});
c.add('frag_many_sets', U, '300 halves, then their other halves', (f) => {
  f.send(GUEST);
  const all = Array.from({ length: 200 }, (_, i) => cut(24, 16, 1000 + i));
  f.send(...all.map((p) => p[0]!), ...all.map((p) => p[1]!));
});
for (const seed of [1, 2, 3, 4, 5, 6]) {
  c.add(`frag_random_${seed}`, U, 'pieces of one datagram at random, with overlaps', (f) => {
    const r = Random.spread(seed);
    const p = udpPayload(4000, 7777, pattern(192 - 8)).slice();
    p.set([0, 0], 6);
    f.send(GUEST);
    for (let id = 0; id < 30; id++) {
      for (let k = 0; k < 8; k++) {
        const from = r.next(23) * 8;
        const to = Math.min(192, from + 8 + r.next(10) * 8);
        const b = p.map((x, i) => (i < 8 ? x : x ^ k));
        f.send(ip4(17, b.subarray(from, to), { id: 200 + id, frag: (to < 192 ? 0x2000 : 0) | (from >> 3), raw: true }));
      }
      f.send(
        ip4(17, p.subarray(0, 96), { id: 200 + id, frag: 0x2000, raw: true }),
        ip4(17, p.subarray(96), { id: 200 + id, frag: 12, raw: true }),
      );
    }
  });
}
