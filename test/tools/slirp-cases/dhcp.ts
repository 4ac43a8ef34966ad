/** DHCP and BOOTP. */
import {
  BROADCAST,
  bootp,
  bytes,
  dhcp as dhcpMessage,
  HOST_IP,
  ip,
  ip4,
  join,
  mac,
  pattern,
  ping,
  u32,
} from '../../kit/frames.ts';
import { Cases } from './build.ts';

const c = new Cases();
export const dhcp = c.all;

const wants = (addr: string): number[] => [50, 4, ...u32(ip(addr))];

c.add('dhcp_types', '', 'every message type', (f) => {
  for (let t = 0; t < 20; t++) {
    f.send(dhcpMessage(t, [], { xid: t }));
  }
  f.send(dhcpMessage(255));
});
c.add('dhcp_pool', '', '20 MAC addresses: 16 leases, then silence; then the first again', (f) => {
  for (let i = 0; i < 20; i++) {
    f.send(
      dhcpMessage(1, [], { mac: mac(i), xid: i }),
      dhcpMessage(3, wants(`10.0.2.${15 + i}`), { mac: mac(i), xid: 0x100 + i }),
    );
  }
  f.send(
    dhcpMessage(1, [], { mac: mac(3) }),
    dhcpMessage(3, [], { mac: mac(3) }),
    dhcpMessage(3, [], { mac: mac(19) }),
  );
});
c.add('dhcp_discover_pool', '', 'DISCOVER alone binds; REQUEST without address when the pool is empty', (f) => {
  for (let i = 0; i < 17; i++) {
    f.send(dhcpMessage(1, [], { mac: mac(i), xid: i }));
  }
  f.send(
    dhcpMessage(3, [], { mac: mac(40) }),
    dhcpMessage(3, wants('10.0.2.20'), { mac: mac(40) }),
    bootp([255], { mac: mac(41) }),
  );
});
c.add('dhcp_wanted', '', 'option 50: own, free, taken, outside, zero, the gateway, broadcast', (f) => {
  f.send(
    dhcpMessage(1, wants('10.0.2.20')),
    dhcpMessage(3, wants('10.0.2.20')),
    dhcpMessage(1, wants('10.0.2.20'), { mac: mac(1) }),
  );
  f.send(dhcpMessage(3, wants('10.0.2.20'), { mac: mac(1) }), dhcpMessage(3, wants('10.0.2.30'), { mac: mac(1) }));
  for (const a of ['10.0.2.31', '10.0.2.14', '10.0.2.2', '0.0.0.0', '255.255.255.255', '10.0.2.255', '192.168.0.1']) {
    f.send(dhcpMessage(1, wants(a), { mac: mac(2) }), dhcpMessage(3, wants(a), { mac: mac(2) }));
  }
});
c.add('dhcp_move', '', 'a client asks for a second address', (f) => {
  f.send(
    dhcpMessage(1),
    dhcpMessage(3, wants('10.0.2.15')),
    dhcpMessage(3, wants('10.0.2.22')),
    dhcpMessage(3),
    dhcpMessage(1),
  );
  f.send(ping(HOST_IP), ping(HOST_IP, { src: ip('10.0.2.22') }), dhcpMessage(1, [], { mac: mac(1) }));
});
c.add('dhcp_renew', '', 'ciaddr: own, of another, outside; unicast to the gateway', (f) => {
  f.send(dhcpMessage(3, wants('10.0.2.17')));
  f.send(dhcpMessage(3, [], { ciaddr: ip('10.0.2.17'), src: ip('10.0.2.17'), dst: HOST_IP, flags: 0 }));
  f.send(
    dhcpMessage(3, [], { ciaddr: ip('10.0.2.17'), mac: mac(5) }),
    dhcpMessage(3, [], { ciaddr: ip('10.0.9.17'), mac: mac(5) }),
  );
  f.send(
    dhcpMessage(1, [], { ciaddr: ip('10.0.2.19'), mac: mac(6) }),
    dhcpMessage(3, wants('10.0.2.18'), { ciaddr: ip('10.0.2.17') }),
  );
  f.send(dhcpMessage(3, [], { yiaddr: ip('10.0.2.25'), mac: mac(7) }));
});
c.add('dhcp_fields', '', 'op, hardware type and length, flags, relay, hops, server id', (f) => {
  f.send(dhcpMessage(1, [], { op: 0 }), dhcpMessage(1, [], { op: 2 }), dhcpMessage(1, [], { op: 3 }));
  f.send(dhcpMessage(1, [], { htype: 6 }), dhcpMessage(1, [], { hlen: 16 }), dhcpMessage(1, [], { hlen: 0 }));
  f.send(dhcpMessage(1, [], { giaddr: ip('10.0.2.9'), hops: 3 }), dhcpMessage(1, [], { flags: 0, xid: 0xffffffff }));
  f.send(
    dhcpMessage(3, [...wants('10.0.2.15'), 54, 4, ...u32(HOST_IP)]),
    dhcpMessage(3, [...wants('10.0.2.15'), 54, 4, 9, 9, 9, 9]),
  );
});
c.add('dhcp_dest', '', 'to the gateway, to broadcast, to the network, to others; from other ports', (f) => {
  for (const d of ['10.0.2.2', '10.0.2.255', '10.0.2.3', '255.255.255.255', '10.0.2.99']) {
    f.send(dhcpMessage(1, [], { dst: ip(d) }), dhcpMessage(1, [], { dst: ip(d), src: ip('10.0.2.15'), sport: 1068 }));
  }
});
c.add('dhcp_bootp', '', 'BOOTP: no cookie, wrong cookie, no type, short', (f) => {
  f.send(
    bootp([], { cookie: [] }),
    bootp([255], { cookie: [1, 2, 3, 4] }),
    bootp([255]),
    bootp([], { cut: 236, mac: mac(1) }),
  );
  f.send(bootp([], { ciaddr: ip('10.0.2.20'), cookie: new Uint8Array(64), mac: mac(2) }));
});
c.add('m_bootp_short', '', 'CVE-2021-3592: cut at many lengths', (f) => {
  for (const cut of [
    0, 1, 2, 4, 8, 27, 28, 34, 44, 108, 200, 234, 235, 236, 237, 238, 239, 240, 241, 242, 243, 244, 246, 248, 249, 250,
  ]) {
    f.send(bootp([53, 1, 1, 50, 4, 10, 0, 2, 20, 255], { cut, xid: cut, mac: mac(cut & 7) }));
  }
});
c.add('dhcp_options', '', 'pads, end before the type, doubled, empty and long options, no end', (f) => {
  f.send(
    bootp([0, 0, 0, 53, 1, 1, 0, 0, 255]),
    bootp([255, 53, 1, 1]),
    bootp([53, 1, 1, 53, 1, 3, 255]),
    bootp([53, 0, 255]),
  );
  f.send(bootp([53, 4, 1, 2, 3, 4, 255]), bootp([53, 1, 1]), bootp([53, 1]), bootp([53]), bootp([12, 255, 53, 1, 1]));
  f.send(
    bootp([53, 1, 1, 50, 0, 255]),
    bootp([53, 1, 1, 50, 3, 10, 0, 2, 255]),
    bootp([53, 1, 1, 50, 8, 10, 0, 2, 20, 1, 1, 1, 1, 255]),
  );
  f.send(
    bootp([50, 4, 10, 0, 2, 21, 53, 1, 1, 50, 4, 10, 0, 2, 22, 255], { mac: mac(3) }),
    bootp([53, 1, 1, 50, 4, 10, 0], { mac: mac(4) }),
  );
  f.send(
    dhcpMessage(1, [55, 8, 1, 3, 6, 12, 15, 119, 51, 54, 61, 7, 1, ...mac(1), 12, 4, ...bytes('host'), 57, 2, 5, 0xdc]),
  );
  f.send(dhcpMessage(1, join([43, 200], pattern(200), [125, 150], pattern(150))), dhcpMessage(1, [52, 1, 3]));
});
const LONG = 'abcdefghijklmnopqrstuvwxyz0123456789-this-is-longer-than-32';
const both = (name: string, opts: string, desc: string): void =>
  c.add(name, opts, desc, (f) => {
    f.send(
      dhcpMessage(1),
      dhcpMessage(3, wants('10.0.2.15')),
      dhcpMessage(3, wants('10.0.9.9')),
      bootp([255], { mac: mac(1) }),
    );
  });
both('dhcp_hostname', '--hostname=box', 'host name');
both('dhcp_hostname_long', `--hostname=${LONG}`, 'host name cut at 32 characters');
both('dhcp_hostname_32', `--hostname=${LONG.slice(0, 32)}`, 'host name of 32 characters');
both('dhcp_hostname_33', `--hostname=${LONG.slice(0, 33)}`, 'host name of 33 characters');
both('dhcp_domainname', '--domainname=lan.example', 'domain name');
both('dhcp_domain_empty', '--domainname= --hostname= --bootfile= --tftp-server-name= --tftp=', 'empty texts');
both('dhcp_domain_long', `--domainname=${'d'.repeat(200)}`, 'long domain name');
both('dhcp_domain_255', `--domainname=${'d'.repeat(255)}`, 'domain name of 255 characters');
both('dhcp_domain_256', `--domainname=${'d'.repeat(256)}`, 'domain name of 256 characters');
both('dhcp_domain_262', `--domainname=${'d'.repeat(300)} --hostname=h`, 'domain name that does not fit');
for (const n of [240, 250, 258, 259, 260, 261, 262, 263, 264, 265]) {
  both(
    `dhcp_fit_${n}`,
    `--hostname=h --domainname=${'d'.repeat(n - 200)} --tftp-server-name=${'t'.repeat(160)} --bootfile=http://x`,
    `texts of ${n} bytes: what does not fit is left out`,
  );
}
both('dhcp_bootfile', '--bootfile=pxelinux.0', 'boot file');
both('dhcp_bootfile_127', `--bootfile=${'b'.repeat(127)}`, 'boot file of 127 characters');
both('dhcp_bootfile_http', '--bootfile=http://10.0.2.2/boot.ipxe', 'boot file by HTTP: option 60');
both('dhcp_bootfile_https', '--bootfile=https://10.0.2.2/boot.ipxe', 'boot file by HTTPS');
both('dhcp_tftp_server', '--tftp-server-name=tftp.example', 'TFTP server name');
both(
  'dhcp_all',
  '--hostname=box --domainname=lan.example --dnssearch=a.example,b.example' +
    ' --bootfile=http://pxe --tftp-server-name=10.0.2.2 --restrict',
  'everything, restricted',
);
both('dhcp_restrict', '--restrict', 'restricted: no router, no DNS');
both('dhcp_start', '--dhcpstart=10.0.2.100', 'another first address');
both('dhcp_start_top', '--dhcpstart=10.0.2.250', 'leases that leave the network');
both('dhcp_net', '--net=172.20.0.0/16 --host=172.20.9.1 --dns=172.20.9.2 --dhcpstart=172.20.1.5', 'another network');
both('dhcp_no_dns', '--no-dns', 'disable_dns');
both('dhcp_search_one', '--dnssearch=example.org', 'one search domain');
both(
  'dhcp_search_shared',
  '--dnssearch=a.example.org,b.example.org,example.org,org,x.a.example.org',
  'names that share endings',
);
both('dhcp_search_same', '--dnssearch=a.b,a.b,A.B', 'the same name again');
both('dhcp_search_dots', '--dnssearch=a.example.,.b.example,c..example,.,single', 'names with dots too many');
both(
  'dhcp_search_labels',
  `--dnssearch=${'l'.repeat(63)}.org,${'m'.repeat(64)}.org,ok.org`,
  'labels of 63 and 64 characters',
);
both('dhcp_search_case', '--dnssearch=One.Example,two.EXAMPLE,three.example', 'letters large and small');
both(
  'dhcp_search_long',
  `--dnssearch=${Array.from({ length: 24 }, (_, i) => `name${i}.sub${i}.example`).join(',')}`,
  'more than 255 bytes: two options, which do not fit',
);
both(
  'dhcp_search_250',
  `--dnssearch=${Array.from({ length: 4 }, (_, i) => `${String.fromCharCode(97 + i).repeat(50)}.e${i}`).join(',')}`,
  'near 255 bytes',
);
both('dhcp_search_name', `--dnssearch=${'a.'.repeat(126)}b`, 'a name of 253 characters');
both(
  'dhcp_search_many',
  `--dnssearch=${Array.from({ length: 40 }, (_, i) => `n${i}.x`).join(',')}`,
  'more names than 31',
);
c.add('dhcp_ip_shapes', '', 'with IP options, in fragments, zero and bad UDP checksum, ttl 0 and 1', (f) => {
  const p = dhcpMessage(1).subarray(34);
  f.send(ip4(17, p, { src: 0, dst: BROADCAST, options: [1, 1, 1, 0], raw: true }));
  f.send(ip4(17, p.subarray(0, 160), { src: 0, dst: BROADCAST, frag: 0x2000, raw: true }));
  f.send(ip4(17, p.subarray(160), { src: 0, dst: BROADCAST, frag: 20, raw: true }));
  f.send(ip4(17, p, { src: 0, dst: BROADCAST, badSum: true }), ip4(17, p, { src: 0, dst: BROADCAST, ttl: 0 }));
  f.send(ip4(17, p, { src: 0, dst: BROADCAST, ttl: 1 }));
});
