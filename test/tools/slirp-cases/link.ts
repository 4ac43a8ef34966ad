/** ARP, NC-SI, and frames that are nobody's. */
import {
  ACK,
  arp,
  DNS_IP,
  eth,
  GUEST_IP,
  GUEST_MAC,
  HOST_IP,
  hello,
  ip,
  ip4,
  join,
  mac,
  pattern,
  ping,
  tcp,
  u16,
  u32,
  udp,
} from '../../kit/frames.ts';
import { Cases } from './build.ts';

const c = new Cases();
export const link = c.all;

c.add('arp_ops', '', 'every operation, for the gateway and for others', (f) => {
  for (let op = 0; op < 12; op++) {
    f.send(arp(op, GUEST_IP, HOST_IP), arp(op, GUEST_IP, ip('10.0.2.99')));
  }
  f.send(arp(0x0100, GUEST_IP, HOST_IP), arp(0xffff, GUEST_IP, HOST_IP));
});
c.add('arp_targets', '', 'requests for every last byte of the network, and for other networks', (f) => {
  for (const t of [0, 1, 2, 3, 4, 5, 14, 15, 16, 100, 254, 255]) {
    f.send(arp(1, GUEST_IP, ip(`10.0.2.${t}`)));
  }
  for (const t of ['10.0.3.2', '10.1.2.2', '0.0.0.0', '255.255.255.255', '127.0.0.1', '224.0.0.1', '192.168.1.1']) {
    f.send(arp(1, GUEST_IP, ip(t)));
  }
});
c.add('arp_senders', '', 'senders outside, zero, broadcast, the gateway itself; then pings from them', (f) => {
  const senders = ['0.0.0.0', '255.255.255.255', '10.0.2.255', '10.0.2.2', '10.0.2.3', '192.168.7.7', '224.0.0.5'];
  senders.forEach((s, i) => {
    f.send(arp(1, ip(s), HOST_IP, { sha: mac(0x60 + i) }));
  });
  senders.forEach((s, i) => {
    f.send(ping(HOST_IP, { src: ip(s), seq: i, mac: mac(0x60 + i) }));
  });
});
c.add(
  'arp_other_net',
  '--net=192.168.76.0/24 --host=192.168.76.9 --dns=192.168.76.8 --dhcpstart=192.168.76.20',
  'another network',
  (f) => {
    for (const t of ['192.168.76.9', '192.168.76.8', '192.168.76.2', '10.0.2.2', '192.168.76.20']) {
      f.send(arp(1, ip('192.168.76.20'), ip(t)));
    }
    f.send(
      ping(ip('192.168.76.9'), { src: ip('192.168.76.20') }),
      ping(ip('192.168.76.8'), { src: ip('192.168.76.20') }),
    );
    f.send(ping(HOST_IP, { src: ip('192.168.76.20') }));
  },
);
c.add('arp_wide_net', '--net=10.0.0.0/8 --host=10.9.8.7 --dns=10.0.0.3', 'a network of 8 bits', (f) => {
  for (const t of ['10.9.8.7', '10.0.0.3', '10.0.2.2', '10.255.255.255']) {
    f.send(arp(1, GUEST_IP, ip(t)), ping(ip(t), { seq: 2 }));
  }
});
c.add(
  'arp_small_net',
  '--net=10.0.2.0/30 --host=10.0.2.1 --dns=10.0.2.2 --dhcpstart=10.0.2.2',
  'a network of 30 bits',
  (f) => {
    for (const t of ['10.0.2.0', '10.0.2.1', '10.0.2.2', '10.0.2.3', '10.0.2.4']) {
      f.send(arp(1, ip('10.0.2.2'), ip(t)), ping(ip(t), { src: ip('10.0.2.2') }));
    }
  },
);
c.add('arp_dns_outside', '--dns=8.8.8.8 --host=10.0.2.77', 'a name server outside the network', (f) => {
  f.send(arp(1, GUEST_IP, ip('8.8.8.8')), arp(1, GUEST_IP, ip('10.0.2.3')), arp(1, GUEST_IP, ip('10.0.2.77')));
  f.send(hello(), arp(1, GUEST_IP, ip('10.0.2.77')), ping(ip('8.8.8.8')), ping(ip('10.0.2.77')));
});
c.add('arp_guestfwd', '--guestfwd-cat=10.0.2.100:1234', 'the address of a guest forward', (f) => {
  f.send(arp(1, GUEST_IP, ip('10.0.2.100')), arp(1, GUEST_IP, ip('10.0.2.101')), arp(1, GUEST_IP, ip('10.0.2.4')));
  f.send(ping(ip('10.0.2.100')));
});
c.add('arp_no_dns', '--no-dns', 'disable_dns', (f) => {
  f.send(
    arp(1, GUEST_IP, DNS_IP),
    ping(DNS_IP),
    udp(4000, 53, 'q', { dst: DNS_IP }),
    udp(4000, 99, 'q', { dst: DNS_IP }),
  );
});
c.add('arp_headers', '', 'wrong hardware and protocol types and lengths', (f) => {
  for (const head of [
    [0, 6, 8, 0, 6, 4],
    [0, 1, 0x86, 0xdd, 6, 4],
    [0, 1, 8, 0, 8, 4],
    [0, 1, 8, 0, 6, 16],
    [0, 0, 0, 0, 0, 0],
  ]) {
    f.send(arp(1, GUEST_IP, HOST_IP, { head }));
  }
});
c.add('arp_lengths', '', 'cut at every length, and padded', (f) => {
  const a = arp(1, GUEST_IP, HOST_IP);
  for (let n = 0; n <= a.length; n += n < 12 ? 6 : 1) {
    f.send(a.subarray(0, n));
  }
  f.send(join(a, new Uint8Array(18)), join(a, pattern(1000)), join(a, pattern(20000)));
});
c.add('arp_table_full', '', '20 guests: the table holds 16', (f) => {
  for (let i = 0; i < 20; i++) {
    f.send(hello(ip(`10.0.2.${30 + i}`), mac(i)));
  }
  for (let i = 0; i < 20; i++) {
    f.send(ping(HOST_IP, { src: ip(`10.0.2.${30 + i}`), seq: i, mac: mac(i) }));
  }
});
c.add('arp_change', '', 'an address moves to another MAC address: request, reply, gratuitous', (f) => {
  f.send(hello(), ping(HOST_IP), hello(GUEST_IP, mac(1)), ping(HOST_IP));
  f.send(
    arp(2, GUEST_IP, HOST_IP, { sha: mac(2) }),
    ping(HOST_IP),
    arp(1, GUEST_IP, GUEST_IP, { sha: mac(3) }),
    ping(HOST_IP),
  );
});
c.add('arp_wait', '', 'packets wait for a MAC address that comes in time, comes late, never comes', (f) => {
  f.send(ping(HOST_IP), ping(HOST_IP, { seq: 2 }))
    .wait(500)
    .send(arp(2, GUEST_IP, HOST_IP, { tha: GUEST_MAC }));
  f.send(ping(HOST_IP, { src: ip('10.0.2.20') }))
    .wait(1500)
    .send(hello(ip('10.0.2.20'), mac(9)));
  f.send(ping(HOST_IP, { src: ip('10.0.2.21') }), ping(DNS_IP, { src: ip('10.0.2.22') }));
});
c.add('arp_wait_fast', '--udp-echo=7777', 'the same with UDP, whose socket is read no more after 5', (f) => {
  for (let i = 0; i < 12; i++) {
    f.send(udp(4000, 7777, `datagram ${i}`));
  }
  f.wait(300).send(hello());
  f.wait(300).send(udp(4000, 7777, 'last'));
});
c.add('arp_wait_many', '', 'more than 20 packets of several guests wait, then their addresses come', (f) => {
  for (let i = 0; i < 24; i++) {
    f.send(ping(HOST_IP, { src: ip(`10.0.2.${40 + (i % 6)}`), seq: i }));
  }
  for (let i = 5; i >= 0; i--) {
    f.send(arp(2, ip(`10.0.2.${40 + i}`), HOST_IP, { sha: mac(i), tha: GUEST_MAC }));
  }
});
c.add('no_ipv4', '--no-ipv4 --udp-echo=7777', 'IPv4 off', (f) => {
  f.send(hello(), ping(HOST_IP), udp(4000, 7777, 'x'), tcp(4000, 80, 2, 1, 0));
});

c.add('eth_types', '', 'VLAN, other types, 802.3 lengths', (f) => {
  f.send(hello());
  for (const t of [
    0x8100, 0x88a8, 0x0805, 0x0801, 0x8035, 0x86dc, 0x8847, 0x8863, 0x88cc, 0x88f7, 0x88f9, 0, 38, 1500, 0xffff,
  ]) {
    f.send(eth(t, join([0, 1], u16(0x0800), ping(HOST_IP).subarray(14))));
  }
});
c.add('eth_dest', '', 'the destination MAC address does not matter', (f) => {
  f.send(hello());
  for (const d of [[255, 255, 255, 255, 255, 255], [0, 0, 0, 0, 0, 0], [1, 0, 0x5e, 0, 0, 1], mac(7)]) {
    f.send(join(d, ping(HOST_IP).subarray(6)));
  }
});
c.add('m_short_frames', '--ipv6', 'CVE-2020-29129/29130: frames cut at every length, for each type', (f) => {
  for (const type of [0x0806, 0x0800, 0x86dd, 0x88f8, 0x1234]) {
    for (const n of [0, 1, 2, 3, 4, 8, 12, 15, 16, 18, 19, 20, 21, 27, 28, 39, 40, 46]) {
      f.send(eth(type, new Uint8Array(n)), eth(type, pattern(n)));
    }
  }
  for (let n = 0; n < 14; n++) {
    f.send(ping(HOST_IP).subarray(0, n));
  }
});
c.add('m_long_frames', '--udp-echo=7777 --ipv6', 'CVE-2007-5729: frames longer than the MTU', (f) => {
  f.send(hello());
  for (const n of [1501, 2000, 4000]) {
    f.send(udp(4000, 7777, pattern(n - 28)));
  }
  f.send(ip4(1, pattern(3000)), eth(0x0806, pattern(2000)), eth(0x88f8, pattern(2000)), eth(0x86dd, pattern(2000)));
});

/** An NC-SI command. */
const ncsi = (
  cmd: number,
  o: { iid?: number; ch?: number; payload?: number[]; mc?: number; rev?: number } = {},
): Uint8Array =>
  eth(
    0x88f8,
    join(
      [o.mc ?? 0, o.rev ?? 1, 0, o.iid ?? 1, cmd, o.ch ?? 0],
      u16(o.payload?.length ?? 0),
      u32(0),
      u32(0),
      o.payload ?? [],
      [0, 0, 0, 0],
    ),
  );
c.add('ncsi_all', '', 'every command', (f) => {
  for (let cmd = 0; cmd < 256; cmd++) {
    f.send(ncsi(cmd, { iid: cmd & 15 }));
  }
});
c.add('ncsi_fields', '', 'channels, instance numbers, controller, revision, payloads, checksums, responses', (f) => {
  for (const ch of [0, 1, 0x1f, 0x20, 0xff]) {
    f.send(ncsi(0, { ch, iid: 0xff }), ncsi(0x0a, { ch, mc: 7, rev: 2 }), ncsi(0x15, { ch, payload: [1, 2, 3, 4] }));
  }
  f.send(ncsi(0x50, { payload: [0, 0, 0x11, 0x22, 1, 2, 3, 4] }), ncsi(0x50, { payload: [0, 0, 0x15, 0xb3, 0, 0x1b] }));
  f.send(ncsi(0x50, { payload: [0, 0, 0x81, 0x19, 1, 1] }), ncsi(0x50, { payload: [0, 0, 0x01, 0x57, 0, 0x1b] }));
});
c.add('ncsi_lengths', '', 'cut at every length', (f) => {
  for (const cmd of [0, 0x0a, 0x15, 0x16, 0x50]) {
    for (let n = 13; n < 36; n++) {
      f.send(ncsi(cmd).subarray(0, n));
    }
  }
});
c.add('slirp_macs', '', 'frames whose source is one of slirp itself are not fed', (f) => {
  f.send(hello(), hello(GUEST_IP, [0x52, 0x55, 10, 0, 2, 2]), ping(HOST_IP, { mac: [0x52, 0x56, 0, 0, 0, 2] }));
  f.send(tcp(4000, 9, ACK, 1, 2));
});
