/** UDP over IPv4, both ways. */
import {
  BROADCAST,
  DNS_IP,
  HOST_IP,
  hello,
  ip,
  ip4,
  join,
  LOOPBACK,
  mac,
  pattern,
  u16,
  udp,
} from '../../kit/frames.ts';
import { Cases } from './build.ts';

const c = new Cases();
export const udps = c.all;
const GUEST = hello();
const U = '--udp-echo=7777';

c.add('udp_sizes', U, 'echo of many sizes', (f) => {
  f.send(GUEST);
  for (const n of [0, 1, 2, 17, 18, 100, 511, 512, 513, 1000, 1471, 1472]) {
    f.send(udp(4000, 7777, pattern(n)));
  }
});
c.add('udp_sizes_large', U, 'frames longer than the MTU are taken; the replies are fragmented', (f) => {
  f.send(GUEST);
  for (const n of [1473, 1480, 2952, 2953]) {
    f.send(udp(4000, 7777, pattern(n)));
  }
});
for (const mtu of [68, 69, 75, 100, 576, 1280, 1499, 2000, 9000, 65521]) {
  c.add(`udp_mtu_${mtu}`, `${U} --mtu=${mtu} --mru=${mtu}`, `MTU ${mtu}`, (f) => {
    f.send(GUEST, udp(4000, 7777, pattern(20)), udp(4000, 7777, pattern(mtu - 28)), udp(4000, 7777, pattern(mtu - 27)));
    f.send(udp(4000, 7777, pattern(Math.min(65507, 3 * mtu))), udp(4000, 9, pattern(600)));
  });
}
c.add('udp_mru', `${U} --mru=576`, 'MRU smaller than the MTU', (f) => {
  f.send(GUEST, udp(4000, 7777, pattern(500)), udp(4000, 7777, pattern(1000)), udp(4000, 7777, pattern(3000)));
});
c.add('udp_mtu_small_mru', `${U} --mtu=576 --mru=4000`, 'MTU smaller than the MRU', (f) => {
  f.send(GUEST, udp(4000, 7777, pattern(500)), udp(4000, 7777, pattern(1000)), udp(4000, 7777, pattern(3000)));
});
c.add('udp_ttl', U, 'ttl 0, 1, 2, 255', (f) => {
  f.send(GUEST);
  for (const ttl of [0, 1, 2, 3, 128, 255]) {
    f.send(
      udp(4000, 7777, `ttl ${ttl}`, { ttl }),
      udp(4001, 9, `ttl ${ttl}`, { ttl }),
      udp(4002, 53, 'q', { ttl, dst: ip('10.0.2.99') }),
    );
  }
});
c.add('udp_checksum', U, 'no checksum, a wrong one', (f) => {
  f.send(
    GUEST,
    udp(4000, 7777, 'none', { zero: true }),
    udp(4000, 7777, 'wrong', { badSum: true }),
    udp(4000, 7777, [0, 0]),
  );
  for (let i = 0; i < 256; i += 5) {
    f.send(udp(4000, 7777, u16(0xe0e0 + i * 16), {}));
  }
});
c.add('udp_length', U, 'length field too small, too large, smaller than the packet', (f) => {
  f.send(GUEST);
  for (const ulen of [0, 1, 7, 8, 9, 10, 13, 14, 15, 100, 65535]) {
    f.send(udp(4000, 7777, 'length', { ulen }), udp(4000, 7777, 'length', { ulen, zero: true }));
  }
  for (let n = 0; n < 9; n++) {
    f.send(ip4(17, join(u16(4000), u16(7777), u16(8), [0, 0], 'x').subarray(0, n), { raw: true }));
  }
});
c.add('udp_broadcast', U, 'to 10.0.2.255 and 255.255.255.255', (f) => {
  f.send(GUEST, udp(4000, 7777, 'net', { dst: ip('10.0.2.255') }), udp(4001, 7777, 'all', { dst: BROADCAST }));
  f.send(udp(4002, 9, 'closed', { dst: BROADCAST }), udp(4003, 9, 'closed', { dst: ip('10.0.2.255') }));
});
c.add('udp_loopback', U, 'to 127.0.0.1 itself, to other 127 addresses', (f) => {
  f.send(
    GUEST,
    udp(4000, 7777, 'one', { dst: LOOPBACK }),
    udp(4001, 7777, 'two', { dst: ip('127.0.0.2') }),
    udp(4002, 9, 'x', { dst: LOOPBACK }),
  );
});
c.add('udp_no_loopback', `${U} --no-loopback`, 'disable_host_loopback', (f) => {
  f.send(
    GUEST,
    udp(4000, 7777, 'one'),
    udp(4001, 7777, 'two', { dst: BROADCAST }),
    udp(4002, 7777, 'three', { dst: LOOPBACK }),
  );
  f.send(udp(4000, 53, 'dns', { dst: ip('10.0.2.2') }));
});
c.add('udp_restrict', `${U} --restrict`, 'restricted', (f) => {
  f.send(
    GUEST,
    udp(4000, 7777, 'one'),
    udp(4000, 9, 'closed'),
    udp(4000, 7777, 'two', { dst: BROADCAST }),
    udp(4000, 53, 'q', { dst: DNS_IP }),
  );
});
c.add('udp_destinations', `${U} --udp-echo=7778`, 'several destinations from one port', (f) => {
  f.send(GUEST);
  for (let i = 0; i < 3; i++) {
    f.send(
      udp(4000, 7777, `a${i}`),
      udp(4000, 7778, `b${i}`),
      udp(4000, 9, `c${i}`),
      udp(4000, 7777, `d${i}`, { dst: LOOPBACK }),
    );
    f.send(udp(4000, 7778, `e${i}`, { dst: BROADCAST }), udp(4000, 99, `f${i}`, { dst: DNS_IP }));
  }
});
c.add('udp_guests', U, 'several guests, the same ports', (f) => {
  for (let i = 0; i < 4; i++) {
    f.send(hello(ip(`10.0.2.${20 + i}`), mac(i)));
  }
  for (let i = 0; i < 12; i++) {
    f.send(udp(4000, 7777, `guest ${i}`, { src: ip(`10.0.2.${20 + (i % 4)}`), mac: mac(i % 4) }));
  }
  f.send(udp(4000, 7777, 'foreign', { src: ip('192.168.5.5') }));
});
c.add('udp_ports', U, 'port 0, the largest, closed ports', (f) => {
  f.send(
    GUEST,
    udp(0, 7777, 'from 0'),
    udp(65535, 7777, 'from 65535'),
    udp(4000, 65535, 'to 65535'),
    udp(67, 7777, 'from 67'),
    udp(7777, 7777, 'same'),
  );
  f.send(udp(4100, 9, 'closed'), udp(4101, 10, 'closed'), udp(4100, 9, 'again'));
});
c.add('udp_closed_sizes', '', 'closed ports: what the error quotes', (f) => {
  f.send(GUEST);
  for (const n of [0, 8, 500, 512, 520, 521, 600, 1472, 3000]) {
    f.send(udp(4000 + n, 9, pattern(n)), udp(4001 + n, 9, pattern(n), { tos: 0x10, ttl: 9 }));
  }
  f.send(udp(9000, 9, 'df', { frag: 0x4000, id: 0x1234 }));
});
c.add('udp_tos', U, 'tos of the replies', (f) => {
  f.send(GUEST);
  [0, 0x10, 8, 4, 0xff, 0xb8].forEach((tos, i) => {
    f.send(udp(4000 + i, 7777, 'tos', { tos }), udp(4000 + i, 7777, 'again', { tos: 0 }));
  });
});
c.add('udp_53', '--udp-echo=53', 'port 53 of the host: low delay, short expiry', (f) => {
  f.send(GUEST, udp(4000, 53, 'query'), udp(4000, 53, 'query 2'))
    .wait(11000)
    .send(udp(4000, 53, 'query 3'));
});
c.add('udp_dns', '', 'the name server: other ports, TCP', (f) => {
  for (const p of [0, 1, 52, 54, 5353, 69, 67]) {
    f.send(udp(4000 + p, p, 'q', { dst: DNS_IP }));
  }
  f.send(GUEST);
});
c.add('udp_burst', U, 'many datagrams at the same moment', (f) => {
  f.send(GUEST);
  f.step = 0;
  for (let i = 0; i < 40; i++) {
    f.send(udp(4000 + (i % 3), 7777, `burst ${i}`));
  }
});
c.add('udp_idle', `${U} --tail-ms=300000`, 'a flow after 239 and 241 s', (f) => {
  f.send(GUEST, udp(4000, 7777, 'one'))
    .wait(239000)
    .send(udp(4000, 7777, 'two'))
    .wait(241000)
    .send(udp(4000, 7777, 'three'));
});
c.add('udp_many_flows', U, '100 flows', (f) => {
  f.send(GUEST);
  for (let i = 0; i < 100; i++) {
    f.send(udp(5000 + i, 7777, `flow ${i}`));
  }
});
c.add('udp_odd', U, 'options and fragments together, padding', (f) => {
  f.send(
    GUEST,
    udp(4000, 7777, 'pad', { pad: new Uint8Array(15) }),
    udp(4000, 7777, pattern(1400), { options: new Uint8Array(40).fill(1) }),
  );
});
c.add('m_udp_zero', U, 'CVE-2014-3640: source port 0, source address 0', (f) => {
  f.send(
    udp(0, 7777, 'a', { src: 0 }),
    udp(0, 0, 'b', { src: 0 }),
    udp(0, 9, 'c', { src: 0, dst: 0 }),
    udp(1, 7777, 'd', { src: 0, dst: 0 }),
  );
  f.send(
    udp(4000, 7777, 'e', { dst: 0 }),
    udp(4000, 0, 'f'),
    udp(4000, 7777, 'g', { src: BROADCAST }),
    udp(4000, 7777, 'h', { src: HOST_IP }),
  );
});

const FWD = '--hostfwd=udp:7081-10.0.2.15:5000';
c.add(
  'udpfwd',
  `${FWD} --udp-send=10:7081:50200:hello --udp-send=20:7081:50200:again`,
  'host to guest; the guest answers',
  (f) => {
    f.send(GUEST).wait(30);
    f.send(udp(5000, 50200, 'answer'), udp(5000, 50200, pattern(2000)), udp(5000, 50201, 'to another port'));
  },
);
c.add('udpfwd_noarp', `${FWD} --udp-send=10:7081:50202:hello --tail-ms=4000`, 'the guest has no MAC address', (f) => {
  f.send(udp(9, 9, 'x', { src: ip('10.0.2.77'), badSum: true }));
});
c.add(
  'udpfwd_many',
  `${FWD} ${[0, 1, 2, 3, 4, 5, 6, 7].map((i) => `--udp-send=${10 + i}:7081:5021${i}:text${i}`).join(' ')}`,
  'eight clients',
  (f) => {
    f.send(GUEST).wait(50);
    for (let i = 0; i < 8; i++) {
      f.send(udp(5000, 50210 + i, `answer ${i}`));
    }
  },
);
c.add(
  'udpfwd_other',
  `--hostfwd=udp:7082-10.0.2.99:6000 --udp-send=10:7082:50220:text --udp-echo=7777`,
  'a forward to another guest, and a flow from its port',
  (f) => {
    f.send(GUEST, hello(ip('10.0.2.99'), mac(1))).wait(30);
    f.send(udp(6000, 7777, 'flow', { src: ip('10.0.2.99') }), udp(6000, 50220, 'answer', { src: ip('10.0.2.99') }));
  },
);
c.add(
  'udpfwd_restrict',
  `${FWD} --restrict --udp-send=10:7081:50230:hello`,
  'a forward in a restricted network',
  (f) => {
    f.send(GUEST)
      .wait(30)
      .send(udp(5000, 50230, 'answer'));
  },
);
c.add('udpfwd_large', `${FWD} --mtu=576 --mru=576 --udp-send=10:7081:50240:${'x'.repeat(1400)}`, 'fragmented', (f) => {
  f.send(GUEST)
    .wait(30)
    .send(udp(5000, 50240, pattern(500)));
});
c.add(
  'udpfwd_expire',
  `${FWD} --udp-send=10:7081:50250:one --udp-send=250000:7081:50250:two --tail-ms=260000`,
  'a forward does not expire',
  (f) => {
    f.send(GUEST);
  },
);
