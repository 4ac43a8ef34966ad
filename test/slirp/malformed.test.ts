/**
 * Malformed frames by the number of the hole they once made elsewhere: none does harm here. Those with a recorded case
 * (`m_*`) are in vectors.test.ts as well; here are the ones whose harm shows inside, and what Debian's libslirp 4.7.0
 * does not survive.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { slirp_input } from '../../adapter/stack/slirp/slirp.ts';
import { machine } from '../../adapter/stack/softmmu/machine.ts';
import {
  ACK,
  eth,
  fragments,
  GUEST_IP,
  HOST6,
  hello,
  ip4,
  join,
  pattern,
  RST,
  SYN,
  tcp,
  udp,
  udpPayload,
} from '../kit/frames.ts';
import { icmp6, ns } from '../kit/frames6.ts';
import { readEntries } from '../tools/slirp-cases/all.ts';
import type { Capture } from '../tools/slirp-cases/build.ts';
import { Replayer, ReplayOptions } from '../tools/slirp-replayer.ts';

/** The rows of the list of malformed inputs, and the recorded cases that cover them. */
const COVERED: readonly [string, string][] = [
  ['CVE-2007-5729 (frame longer than the MTU)', 'm_long_frames'],
  ['CVE-2014-3640 (UDP from port 0, address 0)', 'm_udp_zero'],
  ['CVE-2014-3640 (odd sources)', 'm_src_weird'],
  ['CVE-2017-13711 (connection ends while its packets wait for ARP)', 'fwd_noarp_silent'],
  ['CVE-2017-13711 (and is reset)', 'fwd_noarp_rst'],
  ['CVE-2019-6778, CVE-2019-9824 (ident)', 'm_emu_ident'],
  ['CVE-2019-14378, CVE-2019-15890, CVE-2020-1983 (reassembly)', 'm_frag_overlap'],
  ['CVE-2020-7039, CVE-2020-8608 (IRC)', 'm_emu_irc'],
  ['CVE-2020-7211, CVE-2021-3595 (TFTP)', 'm_tftp_short'],
  ['CVE-2020-10756 (ICMPv6 length)', 'm_icmp6_echo'],
  ['CVE-2020-29129, CVE-2020-29130 (short ARP and NC-SI)', 'm_short_frames'],
  ['CVE-2021-3592 (short BOOTP)', 'm_bootp_short'],
  ['CVE-2021-3593 (short UDP over IPv6)', 'm_udp6_len'],
  ['CVE-2021-3594 (short UDP)', 'm_udp_len'],
  ['CVE-2026-9539 (urgent pointer)', 'm_tcp_urg'],
  ['3000 half datagrams', 'm_frag_flood'],
  ['fragments without data', 'm_frag_zero_loop'],
  ['TCP offsets and option lengths', 'm_tcp_hdr'],
  ['acknowledgement of the future', 'm_tcp_ack_future'],
  ['sequence wrap', 'm_tcp_seq_wrap'],
  ['SYN in the window', 'tcp_syn_in_est'],
  ['DHCP option lengths', 'm_dhcp_opts'],
  ['empty datagram from the host', 'udp_echo'],
  ['IPv6 unspecified address', 'm_ip6_hdr'],
  ['the loopback by three addresses', 'icmp_loopback'],
];

/** A network whose guest is known, and a host with an echo. */
function network(): Replayer {
  const options = new ReplayOptions();
  options.config.in6_enabled = true;
  options.udpEcho = [7777];
  options.tcpPeers = [[7070, 'echo']];
  options.hostfwd = [{ udp: false, port: 7080, guest: GUEST_IP, guestPort: 80 }];
  const net = new Replayer(options);
  net.input(hello());
  net.sent.length = 0;
  return net;
}

/** The payloads of the datagrams that came back, put together from their fragments. */
function echoed(net: Replayer): Buffer[] {
  const out: Buffer[] = [];
  for (const { data } of net.sent) {
    const f = Buffer.from(data);
    const first = (f.readUInt16BE(20) & 0x1fff) === 0;
    const part = f.subarray(first ? 42 : 34, 14 + f.readUInt16BE(16));
    if (first) {
      out.push(part);
    } else {
      out.push(Buffer.concat([out.pop()!, part]));
    }
  }
  return out;
}

/** The fragments of a datagram of `n` bytes to the echo. */
const cut = (n: number, size: number, id: number): Uint8Array[] =>
  fragments(17, udpPayload(4000, 7777, pattern(n)), size, { id });

/** Nothing is left of what was sent. */
function assertEmpty(net: Replayer): void {
  assert.equal(net.slirp.ipq.size, 0);
  assert.equal(net.slirp.ipq_bytes, 0);
}

describe('slirp: malformed input', () => {
  const cases = readEntries();
  for (const [what, name] of COVERED) {
    it(`${what}: there is a recorded case, ${name}`, () => {
      assert.ok(cases[name], name);
      assert.ok(readFileSync(new URL(`../vectors/slirp/${name}.pcap`, import.meta.url)).length > 24);
    });
  }

  it('fragments in every order: the datagram comes back whole (udp_frag_rev)', () => {
    const net = network();
    let id = 0;
    const permute = (rest: Uint8Array[], done: Uint8Array[]): void => {
      if (rest.length === 0) {
        net.sent.length = 0;
        for (const f of done) {
          net.input(f);
        }
        assert.deepEqual(echoed(net), [Buffer.from(pattern(84))]);
      }
      for (const r of rest) {
        permute(
          rest.filter((x) => x !== r),
          [...done, r],
        );
      }
    };
    permute(cut(84, 24, ++id), []);
    permute(cut(84, 48, ++id), []);
    assertEmpty(net);
  });

  it('CVE-2007-5729, CVE-2019-14378 (m_frag_huge): the largest datagram, both ways round, in large frames', () => {
    const net = network();
    for (const [i, f] of [cut(65507, 1480, 1), cut(65507, 1480, 2).reverse(), cut(65507, 9000, 3)].entries()) {
      net.sent.length = 0;
      for (const x of f) {
        net.input(x);
      }
      assert.deepEqual(echoed(net), [Buffer.from(pattern(65507))], `way ${i}`);
    }
    assertEmpty(net);
  });

  it('CVE-2018-11806: fragments of more than 65535 bytes together are dropped', () => {
    const net = network();
    const before = machine.drops.by_reason.get('IP_FRAG') ?? 0;
    for (const f of fragments(17, pattern(66000), 1480, { id: 9 })) {
      net.input(f);
    }
    net.input(ip4(17, pattern(1480), { id: 10, frag: 8191, raw: true }));
    assert.equal(net.sent.length, 0);
    assert.ok((machine.drops.by_reason.get('IP_FRAG') ?? 0) > before);
    net.advance(net.nowMs + 40_000);
    assertEmpty(net);
  });

  it('CVE-2019-15890, CVE-2020-1983 (m_frag_uaf): a set that starts over while it is whole keeps nothing', () => {
    const net = network();
    const p = udpPayload(4000, 7777, pattern(3000));
    const piece = (from: number, to: number, more: boolean): Uint8Array =>
      ip4(17, p.subarray(from, to), { id: 1, frag: (more ? 0x2000 : 0) | (from >> 3), raw: true });
    for (let i = 0; i < 50; i++) {
      net.input(piece(1480, 2960, true));
      net.input(piece(0, 1480, true));
      net.input(piece(0, 1480, true));
      net.input(piece(1480, 2960, true));
      net.input(piece(2960, 3008, false));
      net.input(piece(1480, 3008, false));
    }
    for (const d of echoed(net)) {
      assert.deepEqual(d, Buffer.from(pattern(3000)));
    }
    net.advance(net.nowMs + 40_000);
    assertEmpty(net);
  });

  it('CVE-2017-13711: a connection that is reset while its packets wait for ARP leaves nothing behind', () => {
    const net = network();
    net.slirp.arp_table.table.forEach((e) => {
      e.ar_sip = 0;
    });
    net.host.dial(7080, 50000, 'hello');
    net.settle();
    assert.equal(net.slirp.if_count, 1);
    net.input(tcp(80, 50000, RST | ACK, 0, 64002));
    assert.equal(net.slirp.tcb.count, 0);
    net.advance(net.nowMs + 3000);
    assert.equal(net.slirp.if_count, 0);
  });

  it('CVE-2021-3592, CVE-2021-3594: what came before does not leak into an answer', () => {
    const secret = new Uint8Array(1400).fill(0xa5);
    const net = network();
    const options = (f: Capture['frames'][number]['data']): void => {
      net.sent.length = 0;
      net.input(udp(4000, 9, secret));
      net.sent.length = 0;
      net.input(f);
      for (const { data } of net.sent) {
        assert.equal(Buffer.from(data).includes(Buffer.from(secret.subarray(0, 8))), false);
      }
    };
    for (let n = 0; n < 250; n++) {
      options(udp(68, 67, [1, 1, 6, 0, ...new Uint8Array(n)], { dst: 0xffffffff, src: 0 }));
    }
    for (const ulen of [0, 1, 7, 8]) {
      options(udp(4000, 9, 'x', { ulen, zero: true }));
    }
    for (let n = 0; n < 9; n++) {
      options(ip4(17, new Uint8Array(n), { raw: true }));
      options(ip4(1, new Uint8Array(n), { ttl: 0 }));
    }
  });

  it('CVE-2020-10756: an echo reply over IPv6 has no more bytes than the request', () => {
    const net = network();
    net.input(ns(HOST6));
    net.sent.length = 0;
    net.input(icmp6(128, 0, [0, 1, 0, 1, 1, 2, 3, 4], { len: 1400 }));
    assert.equal(net.sent.length, 0);
    net.input(icmp6(128, 0, [0, 1, 0, 1, 1, 2, 3, 4], { pad: new Uint8Array(500) }));
    assert.equal(net.sent[0]!.data.length, 14 + 40 + 12);
  });

  it('CVE-2020-29129: NC-SI and ARP frames that end in the middle are dropped, each with its reason', () => {
    const net = network();
    for (let n = 0; n < 16; n++) {
      net.input(eth(0x88f8, new Uint8Array(n)));
    }
    for (let n = 0; n < 28; n++) {
      net.input(eth(0x0806, new Uint8Array(n)));
    }
    assert.equal(net.sent.length, 0);
    assert.equal(machine.drops.by_reason.get('NCSI_BAD'), 16);
    assert.equal(machine.drops.by_reason.get('ARP_SHORT'), 28);
  });

  it('thousands of connections and flows: each table has its bound', () => {
    const net = network();
    for (let i = 0; i < 9000; i++) {
      const f = i < 1500 ? udp(i, 7777, '') : tcp(i, 7070, SYN, 1, 0);
      slirp_input(net.slirp, f, f.length);
      if (i % 100 === 0) {
        net.turn();
        net.sent.length = 0;
      }
    }
    for (let i = 0; i < 1000; i++) {
      const f = tcp(i, 7070, SYN, 1, 0, { src: GUEST_IP + 1 });
      slirp_input(net.slirp, f, f.length);
    }
    assert.ok(net.slirp.tcb.count <= 8192 && net.slirp.udb.count <= 1024 && net.slirp.if_count <= 1024);
    assert.ok((machine.drops.by_reason.get('UDP_NO_SOCKET') ?? 0) > 0, 'flows that had to go are counted');
  });

  it('a segment that is answered with a reset is dropped with its reason', () => {
    const net = network();
    net.input(tcp(4000, 9, ACK, 1, 1, { data: join('stray') }));
    assert.equal(machine.drops.by_reason.get('TCP_NO_CONN'), 1);
    net.input(icmp6(134, 0, new Uint8Array(12), { hops: 255 }));
    assert.equal(machine.drops.by_reason.get('ICMP_TYPE'), 1);
  });
});
