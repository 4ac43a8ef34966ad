/** ARP, DHCP, ICMP, UDP, DNS and forwarding as a guest and a host see them, and the limits. */
import assert from 'node:assert/strict';
import {
  slirp_add_hostfwd,
  slirp_add_unix,
  slirp_connection_info,
  slirp_neighbor_info,
  slirp_remove_hostfwd,
} from '../../adapter/stack/slirp/slirp.ts';
import { machine } from '../../adapter/stack/softmmu/machine.ts';
import { sockaddr_in } from '../../adapter/stack/util/sockets.ts';
import { arp, BROADCAST, DNS_IP, dhcp, fixChecksums, GUEST_IP, HOST_IP, ip4, tcpFrame, udp } from '../kit/frames.ts';
import { decodeAll } from './decode.ts';
import { SYN, TestNet } from './guest.ts';

/** Reasons for which packets were dropped since the machine was set up. */
const dropped = (): string[] => [...machine.drops.by_reason.keys()];

const DISCOVER = (xid: number, last: number): Uint8Array => dhcp(1, [], { xid, mac: [2, 0, 0, 0, 0, last] });

describe('slirp: services', () => {
  it('leases 16 addresses, then is silent; a client keeps its own', () => {
    const t = new TestNet();
    t.frames();
    const lease = (mac: number): string | undefined => {
      t.send(DISCOVER(mac, mac));
      const f = t.frames().find((x) => x.data.length === 590);
      return f ? [...f.data.subarray(58, 62)].join('.') : undefined;
    };
    for (let i = 0; i < 16; i++) {
      assert.equal(lease(i), `10.0.2.${15 + i}`);
    }
    assert.equal(lease(16), undefined);
    assert.equal(lease(3), '10.0.2.18');
    assert.equal(dropped().includes('DHCP_NO_LEASE'), true);
  });

  it('compresses the search list of option 119', () => {
    const t = new TestNet((o) => {
      o.config.vdnssearch = ['corp.example.com', 'lab.example.com', 'example.com'];
    });
    t.frames();
    t.send(DISCOVER(1, 1));
    const hex = Buffer.from(t.frames().at(-1)!.data).toString('hex');
    const corp = '04636f7270076578616d706c6503636f6d00';
    assert.equal(hex.includes(`77${(18 + 6 + 2).toString(16)}${corp}036c6162c005c005`), true);
  });

  for (const df of [0, 0x40]) {
    it(`errors about packets ${df ? 'with' : 'without'} DF are sent ${df ? 'with' : 'without'} it`, () => {
      const t = new TestNet();
      t.frames();
      const expired = udp(5, 9, new Uint8Array(100), { dst: 0x0a090909 });
      expired[20] = df;
      expired[22] = 1;
      t.send(fixChecksums(expired));
      const error = t.frames().at(-1)!.data;
      assert.deepEqual([error[23], error[34], error[20], error[21]], [1, 11, df, 0]);
    });
  }

  it('answers pings of the gateway at once and sends others to the host', () => {
    const t = new TestNet();
    t.frames();
    const ping = Buffer.from('0800000012340001aabbccdd', 'hex');
    t.send(ip4(1, ping, { dst: 0x7f000001 }));
    const reply = t.frames().at(-1)!.data;
    assert.equal(Buffer.from(reply.subarray(26, 30)).toString('hex'), '7f000001');
    assert.deepEqual([reply[34], reply[38], reply[39]], [0, 0x12, 0x34]);
    t.send(ip4(1, ping, { dst: 0x08080808 }));
    const error = t.frames().at(-1)!.data;
    assert.deepEqual([error[34], error[35]], [3, 0]);
    assert.equal(t.net.slirp.icmp.count, 0, 'pings end with their answer');
  });

  it('relays DNS to the first name server of the host, and forgets the flow 10 seconds after the answer', () => {
    const t = new TestNet((o) => {
      o.udpEcho = [53];
    });
    t.net.host.nameservers = [sockaddr_in(0x7f000001, 53)];
    t.frames();
    t.send(udp(5353, 53, Buffer.from('query'), { dst: DNS_IP }));
    const answer = t.frames().at(-1)!.data;
    assert.equal(Buffer.from(answer.subarray(26, 30)).toString('hex'), '0a000203');
    assert.equal(Buffer.from(answer.subarray(42)).toString(), 'query');
    assert.match(slirp_connection_info(t.net.slirp), /UDP\[10 sec\]/);
    t.net.advance(t.net.nowMs + 10100);
    assert.equal(t.net.slirp.udb_fast.count, 0);
  });

  it('says that the network is unreachable when the host has no name server, or another port is asked', () => {
    const t = new TestNet();
    t.frames();
    t.send(udp(5353, 53, Buffer.from('q'), { dst: DNS_IP }));
    t.send(udp(5353, 54, Buffer.from('q'), { dst: DNS_IP }));
    for (const f of t.frames()) {
      assert.deepEqual([f.data[34], f.data[35]], [3, 0]);
    }
  });

  it('forwards a UDP port and takes the answers back', () => {
    const t = new TestNet((o) => {
      o.hostfwd = [{ udp: true, port: 6000, guest: 0x0a00020f, guestPort: 600 }];
    });
    t.frames();
    t.net.host.udpSend(6000, 7000, 'to the guest');
    t.net.settle();
    const f = Buffer.from(t.frames().at(-1)!.data);
    assert.deepEqual([f.readUInt16BE(34), f.readUInt16BE(36), f.subarray(42).toString()], [7000, 600, 'to the guest']);
    t.send(udp(600, 7000, Buffer.from('to the host')));
    assert.equal(t.net.host.datagrams[0]!.data.toString(), 'to the host');
    t.net.advance(t.net.nowMs + 300_000);
    assert.match(slirp_connection_info(t.net.slirp), /UDP\[HOST_FORWARD\] +\d+ +127\.0\.0\.1 +6000 +10\.0\.2\.15 +600/);
  });

  it('closes UDP flows after four idle minutes, and the oldest when there are too many', () => {
    const t = new TestNet((o) => {
      o.udpEcho = [7];
    });
    for (let port = 1; port <= 3000; port++) {
      t.push(udp(port, 7, Buffer.from('x')));
    }
    t.net.settle();
    assert.equal(t.net.slirp.udb.count, 1024);
    assert.equal(t.net.host.openFds.size, 1024);
    t.net.advance(t.net.nowMs + 239_000);
    assert.equal(t.net.slirp.udb.count, 1024);
    t.net.advance(t.net.nowMs + 2000);
    assert.equal(t.net.host.openFds.size, 0);
  });

  it('bounds what waits for a MAC address, and gives it up after a second', () => {
    const t = new TestNet();
    t.frames();
    for (let i = 0; i < 3000; i++) {
      t.push(ip4(1, Buffer.from('0800f7ff00000000', 'hex'), { src: 0x0a000240 + (i & 63) }));
    }
    assert.equal(t.net.slirp.if_count, 1024);
    t.net.advance(t.net.nowMs + 2100);
    assert.equal(t.net.slirp.if_count, 0);
    assert.equal(dropped().includes('ARP_TIMEOUT'), true);
  });

  it('asks for the MAC address of a packet at once, also behind others that wait', () => {
    const guests = [0x0a000220, 0x0a000221];
    const t = new TestNet((o) => {
      o.hostfwd = guests.map((guest, i) => ({ udp: true, port: 6000 + i, guest, guestPort: 600 }));
    });
    t.frames();
    const asked = guests.map((_, i) => {
      t.net.host.udpSend(6000 + i, 7000, 'hello');
      t.net.settle();
      return t.frames().map((f) => Buffer.from(f.data).readUInt32BE(38));
    });
    assert.deepEqual(
      asked,
      guests.map((guest) => [guest]),
    );
  });

  it('stops reading a UDP port while its packets wait for the guest, and goes on then', () => {
    const t = new TestNet((o) => {
      o.hostfwd = [{ udp: true, port: 6000, guest: 0x0a000220, guestPort: 600 }];
    });
    t.frames();
    for (let i = 0; i < 20; i++) {
      t.net.host.udpSend(6000, 7000, `datagram ${i}`);
    }
    t.net.settle();
    assert.equal(t.net.slirp.if_count, 5);
    t.send(arp(1, 0x0a000220, 0x0a000220));
    t.net.settle();
    const got = t.frames().filter((f) => f.data[12] === 8 && f.data[13] === 0);
    assert.deepEqual(
      got.map((f) => Buffer.from(f.data.subarray(42)).toString()),
      Array.from({ length: 20 }, (_, i) => `datagram ${i}`),
    );
  });

  it('isolates a restricted guest but for DHCP, pings of the gateway and forwards', () => {
    const t = new TestNet((o) => {
      o.config.restricted = true;
      o.udpEcho = [7];
      o.tcpPeers = [[7, 'echo']];
      o.hostfwd = [{ udp: false, port: 8080, guest: 0x0a00020f, guestPort: 80 }];
    });
    t.frames();
    t.send(udp(1, 7, Buffer.from('x')));
    t.send(ip4(1, Buffer.from('0800f7ff00000000', 'hex'), { dst: 0x08080808 }));
    assert.deepEqual(t.frames(), []);
    t.send(ip4(1, Buffer.from('0800f7ff00000000', 'hex')));
    assert.equal(t.frames().length, 1);
    t.send(DISCOVER(1, 1));
    const options = Buffer.from(t.frames()[0]!.data.subarray(282)).toString('hex');
    assert.equal(options.includes('03040a000202') || options.includes('06040a000203'), false, 'no router, no DNS');
    t.net.host.dial(8080, 30000, '');
    t.net.settle();
    assert.equal(t.segments()[0]!.flags, SYN);
  });

  it('adds and removes forwards, and says what is wrong', () => {
    const t = new TestNet();
    const s = t.net.slirp;
    const any = slirp_add_hostfwd(s, false, sockaddr_in(0, 0), 0, 22);
    assert.deepEqual([any.errno, any.port > 0], ['', true]);
    assert.equal(slirp_add_hostfwd(s, false, sockaddr_in(0, any.port), 0, 23).errno, 'EADDRINUSE');
    assert.equal(slirp_add_hostfwd(s, false, sockaddr_in(0, 1), 0, 0).errno, 'EINVAL');
    assert.match(slirp_connection_info(s), /TCP\[HOST_FORWARD\] +\d+ +\* +\d+ +10\.0\.2\.15 +22/);
    assert.equal(slirp_remove_hostfwd(s, false, sockaddr_in(0, any.port)), true);
    assert.equal(slirp_remove_hostfwd(s, false, sockaddr_in(0, any.port)), false);
    assert.equal(slirp_add_unix(s, '/run/x', 0, 80), '');
    assert.match(slirp_add_unix(s, '/run/x', 0x0a000204, 80), /10\.0\.2\.4:80 is forwarded already/);
    assert.match(slirp_add_unix(s, '/run/x', 0x0a000202, 80), /the gateway's/);
    assert.match(slirp_add_unix(s, '/run/x', 0x0a010202, 80), /not in the network/);
    assert.match(
      slirp_neighbor_info(s),
      /^ {2}Table {2}MacAddr {12}IP Address\n {2}ARP {4}52:54:00:12:34:56 +10\.0\.2\.15\n$/,
    );
  });

  it('refuses settings that cannot work, with the reason', () => {
    assert.throws(
      () =>
        new TestNet((o) => {
          o.config.if_mtu = 67;
        }),
      /if_mtu is 67; it must be 0 \(1500\) or from 68 to 65521/,
    );
    assert.throws(
      () =>
        new TestNet((o) => {
          o.config.bootfile = 'x'.repeat(128);
        }),
      /bootfile has 128 characters; there is room for 127/,
    );
  });
});

describe('slirp: malformed packets', () => {
  /** Sends a frame to a fresh network; returns what came back and why it was dropped. */
  const probe = (f: Uint8Array, ipv6 = false): { lines: string[]; why: string[] } => {
    const t = new TestNet((o) => {
      o.config.in6_enabled = ipv6;
      o.udpEcho = [7];
      o.config.tftp_path = '/nonexistent';
    });
    t.frames();
    t.send(f);
    return { lines: decodeAll(t.frames().map((x) => x.data)), why: dropped() };
  };
  const udpWithLength = (len: number): Uint8Array => {
    const f = udp(5000, 7, Buffer.from('data'));
    f[38] = len >> 8;
    f[39] = len;
    f[40] = 0;
    f[41] = 0;
    return f;
  };
  const rows: [string, Uint8Array, string][] = [
    [
      'CVE-2020-29129: NC-SI shorter than its header',
      Uint8Array.from({ length: 20 }, (_, i) => [0x88, 0xf8][i - 12] ?? 0),
      'NCSI_BAD',
    ],
    ['CVE-2020-29130: ARP shorter than its header', arp(1, GUEST_IP, HOST_IP).slice(0, 30), 'ARP_SHORT'],
    ['a frame shorter than an Ethernet header', new Uint8Array(13), 'ETH_SHORT'],
    [
      'CVE-2021-3592: BOOTP shorter than its fixed part',
      udp(68, 67, new Uint8Array(100), { dst: BROADCAST }),
      'DHCP_BAD',
    ],
    ['CVE-2021-3594: UDP length beyond the packet', udpWithLength(5000), 'UDP_SHORT'],
    ['CVE-2021-3595: TFTP shorter than its opcode', udp(5000, 69, Uint8Array.of(0)), 'TFTP_BAD'],
    ['TCP shorter than its header', ip4(6, new Uint8Array(12)), 'TCP_SHORT'],
    [
      'TCP with a wrong checksum',
      ((f) => {
        f[50]! ^= 1;
        return f;
      })(tcpFrame({ sport: 1, dport: 2, seq: 3, flags: SYN })),
      'TCP_CSUM',
    ],
    ['an unknown Ethernet type', new Uint8Array(60), 'ETH_TYPE'],
    ['an unknown IP protocol', ip4(99, new Uint8Array(8)), 'IP_PROTO'],
  ];
  for (const [name, frame, reason] of rows) {
    it(`${name} is dropped, and says ${reason}`, () => {
      const r = probe(frame);
      assert.deepEqual(r.lines, []);
      assert.deepEqual(r.why, [reason]);
    });
  }

  it('CVE-2021-3594: UDP length below its header is dropped, and the guest told so', () => {
    const r = probe(udpWithLength(7));
    assert.deepEqual(r.why, ['UDP_SHORT']);
    assert.equal(r.lines.length, 1);
    assert.match(
      r.lines[0]!,
      /IP 10\.0\.2\.2>10\.0\.2\.15 .* ICMP 0300 000000004500001b/,
      'only its 27 bytes are quoted',
    );
  });

  it('CVE-2021-3595: a TFTP request without NULs is an access violation, and so is a way out of the directory', () => {
    for (const name of ['abc', '../x\0octet\0', 'dir/\0octet\0', `${'n'.repeat(600)}\0octet\0`]) {
      const r = probe(udp(5000, 69, Buffer.concat([Buffer.from([0, 1]), Buffer.from(name)])));
      assert.match(r.lines[0] ?? '', /00050002/, name);
    }
  });

  it('CVE-2020-7211: a way out of the directory with the other slash leads to no file', () => {
    for (const name of ['..\\x', '..\\..\\etc\\passwd', 'a\\..\\..\\x', '..']) {
      const r = probe(udp(5000, 69, Buffer.from(`\0\x01${name}\0octet\0`, 'latin1')));
      assert.match(r.lines[0] ?? '', /00050001/, name);
    }
  });

  it('CVE-2020-10756: ICMPv6 whose payload length exceeds the packet', () => {
    const f = new Uint8Array(14 + 40 + 8);
    f.set([0x86, 0xdd, 0x60], 12);
    f.set([4, 0, 58, 255], 18);
    assert.deepEqual(probe(f, true), { lines: [], why: ['IP_SHORT'] });
  });

  it('CVE-2007-5729: frames of 64 KB, and a datagram that grows beyond 64 KB (CVE-2018-11806, CVE-2019-14378)', () => {
    const t = new TestNet((o) => {
      o.udpEcho = [7];
    });
    t.frames();
    t.send(udp(5000, 7, new Uint8Array(65000)));
    assert.equal(t.frames().length > 40, true, 'it comes back in fragments');
    const fragment = (off: number, more: boolean, n: number): Uint8Array => {
      const f = ip4(17, new Uint8Array(n));
      f[20] = (more ? 0x20 : 0) | (off >> 11);
      f[21] = off >> 3;
      const sum = (): number => {
        let s = 0;
        for (let i = 14; i < 34; i += 2) {
          s += f[i]! * 256 + f[i + 1]!;
        }
        return ~((s & 0xffff) + (s >>> 16)) & 0xffff;
      };
      f[24] = 0;
      f[25] = 0;
      const c = sum();
      f[24] = c >> 8;
      f[25] = c;
      return f;
    };
    t.send(fragment(65528, false, 100));
    for (let off = 0; off < 65528; off += 1400) {
      t.send(fragment(off, true, 1400));
    }
    assert.deepEqual(t.frames(), []);
    assert.equal(dropped().includes('IP_FRAG'), true);
  });
});
