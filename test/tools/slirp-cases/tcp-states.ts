/** TCP connections of the guest to the host: closing, resets, states, malformed segments, destinations. */
import {
  ACK,
  arp,
  BROADCAST,
  DNS_IP,
  FIN,
  GUEST_IP,
  HOST_IP,
  hello,
  ip,
  join,
  LOOPBACK,
  mac,
  mss,
  PSH,
  pattern,
  RST,
  SYN,
  tcp,
  URG,
} from '../../kit/frames.ts';
import { Cases, Conn } from './build.ts';
import { E, est, GUEST, P } from './tcp.ts';

const c = new Cases();
export const tcpStates = c.all;
/** Length of what the greeting peer says. */
const GREETING = 21;

c.add('tcp_half_guest', E, 'the guest closes its side first; the host answers to what came before', (f) => {
  const t = est(f);
  t.data('before').raw(FIN | ACK);
  t.seq++;
  t.acks(6).acks(1).raw(ACK).wait(11000).raw(ACK);
});
c.add('tcp_half_host', '--tcp-hello=7072', 'the host closes its side first; the guest goes on sending', (f) => {
  const t = est(f, {}, 1000, 4000, 7072);
  t.acks(GREETING).acks(1).data('still here').data('and here').fin().raw(ACK);
});
c.add('tcp_hello_fin_ack', '--tcp-hello=7072', 'greeting, both FINs', (f) => {
  const t = est(f, {}, 1000, 4000, 7072);
  t.acks(GREETING + 1)
    .fin()
    .raw(ACK)
    .wait(3000)
    .raw(ACK)
    .raw(FIN | ACK, {}, -1);
});
c.add('tcp_hello_late', '--tcp-hello=7072 --tail-ms=30000', 'greeting acknowledged late, its FIN later', (f) => {
  const t = est(f, {}, 1000, 4000, 7072);
  t.wait(2000).acks(10).wait(4000).acks(11).wait(6000).acks(1);
});
c.add('tcp_close', '--tcp-close=7073', 'the host closes at once', (f) => {
  const t = est(f, {}, 1000, 4000, 7073);
  t.acks(1).fin().raw(ACK);
});
c.add('tcp_close_data', '--tcp-close=7073', 'the host closes at once, the guest sends data: reset', (f) => {
  const t = est(f, {}, 1000, 4000, 7073);
  t.data('anyone there').wait(20).data('no').raw(ACK);
});
c.add('tcp_close_simultaneous', '--tcp-close=7073', 'both close: FINs cross', (f) => {
  const t = est(f, {}, 1000, 4000, 7073);
  t.fin().wait(10).acks(1).wait(100).raw(ACK);
});
c.add('tcp_close_with_syn_data', '--tcp-close=7073', 'the ACK of the SYN-ACK has data and FIN', (f) => {
  f.send(GUEST);
  const t = new Conn(f, 4000, 7073).syn();
  t.raw(FIN | ACK, { data: 'all at once' });
  t.seq += 12;
  t.acks(1);
});
c.add('tcp_sink', '--tcp-sink=7071', 'a peer that says nothing: 30 KB, then both close', (f) => {
  const t = est(f, {}, 1000, 4000, 7071);
  for (let i = 0; i < 20; i++) {
    t.data(pattern(1460), ACK);
  }
  t.fin().acks(1);
});
c.add('tcp_finwait2', `--tcp-close=7073 --tail-ms=700000`, 'the guest acknowledges the FIN and never closes', (f) => {
  est(f, {}, 1000, 4000, 7073).acks(1);
});
c.add('tcp_finwait2_data', `--tcp-hello=7072 --tail-ms=700000`, 'the same, with data at 300 s', (f) => {
  const t = est(f, {}, 1000, 4000, 7072).acks(GREETING + 1);
  t.wait(300000).data('late').wait(10).raw(ACK);
});
c.add('tcp_fin_rexmt', `--tcp-close=7073 --tail-ms=200000`, 'the FIN is never acknowledged', (f) => {
  est(f, {}, 1000, 4000, 7073);
});
c.add('tcp_lastack', `${E} --tail-ms=200000`, 'the guest closes and does not acknowledge the FIN', (f) => {
  est(f).fin();
});
c.add('tcp_fin_data', E, 'FIN with data, FIN with data again, FIN out of order', (f) => {
  const t = est(f);
  t.raw(FIN | ACK, { data: 'last' }, 4)
    .raw(ACK, { data: 'frst' })
    .raw(FIN | ACK, { data: 'last' }, 4);
  t.seq += 9;
  t.acks(8).acks(1);
});
c.add('tcp_after_fin', E, 'data and FIN behind the FIN', (f) => {
  const t = est(f).fin();
  t.data('too late')
    .raw(FIN | ACK)
    .raw(ACK, { data: 'x' }, -1)
    .acks(1)
    .raw(ACK, { data: 'y' });
});
c.add('tcp_timewait', '--tcp-close=7073 --tail-ms=15000', 'TIME_WAIT: FIN again, data, RST, SYN', (f) => {
  const t = est(f, {}, 1000, 4000, 7073).acks(1).fin();
  t.raw(FIN | ACK, {}, -1)
    .wait(2000)
    .raw(ACK, { data: 'data' })
    .wait(500)
    .raw(FIN | ACK, {}, -1)
    .wait(9000)
    .raw(FIN | ACK, {}, -1)
    .wait(3000)
    .raw(ACK);
});
c.add('tcp_timewait_reuse', '--tcp-close=7073', 'a new SYN in TIME_WAIT: higher, equal, lower number', (f) => {
  const t = est(f, {}, 1000, 4000, 7073).acks(1).fin();
  t.raw(SYN, { opt: mss(1460) }, -1)
    .wait(10)
    .raw(SYN, { opt: mss(1460) }, 5000);
  t.seq += 5001;
  t.ack = 9001;
  t.raw(ACK).acks(1).fin();
  t.raw(SYN, {}, -100).wait(10).raw(SYN);
});
c.add('tcp_timewait_rst', '--tcp-close=7073', 'RST in TIME_WAIT', (f) => {
  const t = est(f, {}, 1000, 4000, 7073).acks(1).fin();
  t.raw(RST | ACK)
    .raw(ACK)
    .raw(FIN | ACK, {}, -1);
});
for (const [name, flags, by] of [
  ['seq', RST, 0],
  ['ack', RST | ACK, 0],
  ['old', RST, -100],
  ['one_before', RST, -1],
  ['in_window', RST, 1000],
  ['edge', RST, 65535],
  ['beyond', RST, 200000],
  ['data', RST | PSH, 0],
  ['syn', RST | SYN, 0],
  ['fin', RST | FIN, 0],
] as const) {
  c.add(`tcp_rst_${name}`, E, `RST on an established connection: ${name}`, (f) => {
    const t = est(f).data('one').acks(3);
    t.raw(flags, flags & PSH ? { data: 'rst' } : {}, by)
      .data('two')
      .raw(ACK);
  });
}
c.add('tcp_rst_half', E, 'RST while half closed', (f) => {
  est(f).fin().raw(RST).raw(ACK);
});
c.add('tcp_rst_finwait', '--tcp-hello=7072', 'RST after the host has closed', (f) => {
  est(f, {}, 1000, 4000, 7072)
    .acks(GREETING)
    .raw(RST)
    .raw(ACK)
    .raw(FIN | ACK);
});
c.add('tcp_rst_synrcvd', E, 'RST for the SYN-ACK', (f) => {
  f.send(GUEST);
  new Conn(f, 4000, P)
    .syn()
    .raw(RST)
    .raw(ACK)
    .raw(SYN, { opt: mss(1460) }, 100);
});
c.add('tcp_syn_states', E, 'SYN before, in and beyond the window, SYN|ACK, SYN|FIN on a connection', (f) => {
  const t = est(f).data('one').acks(3);
  t.raw(SYN, {}, -4)
    .raw(SYN | ACK, {}, -4)
    .raw(SYN, {}, -2000)
    .raw(SYN, {}, 100000)
    .raw(SYN | FIN, {}, -1)
    .data('two');
});
c.add('tcp_syn_window', E, 'SYN in the window resets', (f) => {
  est(f).data('one').acks(3).raw(SYN, {}, 10).data('two');
});
c.add('tcp_syn_ack_window', E, 'SYN|ACK with data in the window', (f) => {
  est(f)
    .raw(SYN | ACK, { data: 'data' })
    .data('two');
});
c.add('tcp_syn_synrcvd', E, 'another SYN before the ACK: same and other number', (f) => {
  f.send(GUEST);
  const t = new Conn(f, 4000, P).syn();
  t.raw(SYN, {}, -1).raw(SYN, {}, 100).raw(ACK);
});
c.add('tcp_syn_data', E, 'SYN with data', (f) => {
  f.send(GUEST);
  const t = new Conn(f, 4000, P).syn({ data: 'early' });
  t.raw(ACK).data('early').acks(5).data('more').acks(4);
});
c.add('tcp_open_flags', E, 'every combination of flags to a listening port', (f) => {
  f.send(GUEST);
  for (let flags = 0; flags < 64; flags++) {
    f.send(tcp(5000 + flags, P, flags, 1000, 2000)).wait(2);
  }
});
c.add('tcp_closed_flags', '', 'every combination of flags to a closed port', (f) => {
  f.send(GUEST);
  for (let flags = 0; flags < 64; flags++) {
    f.send(tcp(5000 + flags, 9, flags, 1000, 2000, { data: flags & 1 ? 'data' : '' })).wait(2);
  }
});
c.add('tcp_stray', '', 'segments without a connection: numbers near the ends', (f) => {
  f.send(GUEST);
  for (const [flags, seq, ack] of [
    [ACK, 1, 2],
    [ACK, 0xffffffff, 0xffffffff],
    [FIN, 0xffffffff, 0],
    [0, 0xfffffffe, 0],
    [FIN | ACK, 5, 0],
    [PSH | ACK, 7, 0x80000000],
  ] as const) {
    f.send(
      tcp(5000, 9, flags, seq, ack),
      tcp(5000, 9, flags, seq, ack, { data: 'data', dst: ip('192.0.2.1') }),
      tcp(5000, 9, flags, seq, ack, { tos: 0x10, ttl: 3 }),
    );
  }
});
c.add('tcp_synrcvd_ack', E, 'ACK of the SYN-ACK that is too small, too large', (f) => {
  f.send(GUEST);
  const t = new Conn(f, 4000, P).syn();
  t.raw(ACK).raw(ACK, {}, 0, -2);
  const u = new Conn(f, 4001, P).syn();
  u.raw(ACK, {}, 0, 0).raw(ACK, {}, 0, 5).data('x').acks(1);
});
c.add('tcp_synrcvd_bad_ack', `${E} --no-rebase`, 'bad ACKs of the SYN-ACK', (f) => {
  f.send(GUEST);
  const t = new Conn(f, 4000, P).syn();
  t.ack = 64001;
  t.raw(ACK, {}, 0, 0).raw(ACK, {}, 0, -1).raw(ACK, {}, 0, 2).raw(ACK, {}, 0, 100000).raw(ACK, { data: 'data' }, 0, 9);
  t.raw(ACK, {}, 0, 64001).raw(ACK, {}, 0, 64000).raw(ACK, {}, 0, 128000);
});
c.add('tcp_ack_future', E, 'ACK beyond what was sent, with and without data and FIN', (f) => {
  const t = est(f);
  t.raw(ACK, {}, 0, 1)
    .raw(ACK, { data: 'data' }, 0, 1000)
    .raw(FIN | ACK, {}, 0, 5)
    .raw(ACK, {}, 0, 0x7fffffff)
    .raw(ACK, {}, 0, 0x80000001);
  t.data('good').acks(4);
});
c.add('tcp_ack_old', E, 'ACKs long past', (f) => {
  const t = est(f).data('0123456789').acks(10);
  t.raw(ACK, {}, 0, -5).raw(ACK, { data: 'x' }, 0, -10).raw(ACK, {}, 0, -100000);
  t.seq++;
  t.acks(1);
});
c.add('tcp_ack_part', E, 'half of what was sent is acknowledged', (f) => {
  const t = est(f).data(pattern(1000));
  t.acks(300).wait(3000).acks(300).wait(4000).acks(400);
});
c.add('tcp_beyond_window', E, 'data beyond the window, over its edge', (f) => {
  const t = est(f);
  t.raw(ACK, { data: 'far' }, 65535)
    .raw(ACK, { data: 'edge' }, 65533)
    .raw(ACK, { data: 'far' }, 100000)
    .raw(ACK, { data: 'far' }, 140000);
  t.raw(ACK, { data: 'far' }, 131400)
    .raw(ACK, { data: 'edge' }, 131398)
    .raw(FIN | ACK, {}, 65535)
    .data('good')
    .acks(4);
});
c.add('m_tcp_seq_wrap', E, 'sequence numbers wrap during SYN, data, FIN', (f) => {
  f.send(GUEST);
  for (const [i, isn] of [0xffffffff, 0xfffffffe, 0xfffffff0, 0x7fffffff, 0x80000000, 0].entries()) {
    const t = new Conn(f, 4000 + i, P, {}, isn).open();
    t.data('0123456789').acks(10).raw(ACK, { data: 'cd' }, 2).raw(ACK, { data: 'ab' });
    t.seq = (t.seq + 4) >>> 0;
    t.acks(4).fin().acks(1);
  }
});
c.add('tcp_seq_wrap_bulk', E, 'the wrap in the middle of larger data, out of order', (f) => {
  const t = est(f, {}, 0xfffffc00);
  t.raw(ACK, { data: pattern(1400) }, 1400).raw(ACK, { data: pattern(1400) });
  t.seq = (t.seq + 2800) >>> 0;
  t.acks(1400).acks(1400).raw(ACK, { data: 'old' }, -3000).fin().acks(1);
});
c.add('m_tcp_hdr', E, 'data offset under 5 and beyond the segment, every option length', (f) => {
  f.send(GUEST);
  for (let off = 0; off < 16; off++) {
    f.send(tcp(5000 + off, P, SYN, 1000, 0, { off, opt: mss(1460) }));
  }
  for (const len of [0, 1, 2, 3, 4, 5, 40, 255]) {
    f.send(
      tcp(5100 + len, P, SYN, 1000, 0, { opt: [2, len, 0, 100] }),
      tcp(5400 + len, P, SYN, 1000, 0, { opt: [8, len, 1, 1, 1, 1, 2, len] }),
    );
  }
  f.send(
    tcp(5700, P, SYN, 1000, 0, { opt: mss(0) }),
    tcp(5701, P, SYN, 1000, 0, { badSum: true }),
    tcp(5702, P, SYN, 1, 0, { badIp: true }),
  );
});
c.add('m_tcp_short', E, 'segments cut at every length', (f) => {
  f.send(GUEST);
  const s = tcp(5000, P, SYN, 1000, 0, { opt: mss(1460) });
  for (let n = 34; n <= s.length; n++) {
    f.send(join(s.subarray(0, n)).map((x, i) => (i === 17 ? n - 14 : x)));
  }
  const t = est(f);
  for (const len of [20, 30, 39, 40, 41, 44, 45]) {
    t.raw(ACK, { data: 'abcde', len });
  }
});
c.add('tcp_options_data', E, 'options in segments with data, IP options', (f) => {
  const t = est(f);
  t.data('ts', ACK, { opt: [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0] })
    .acks(2)
    .data('mss', ACK, { opt: mss(100) })
    .acks(3);
  t.data('ip', ACK, { options: [1, 1, 1, 0] })
    .acks(2)
    .data('both', ACK, { options: [1, 1, 1, 1, 1, 1, 1, 0], opt: [1, 1, 1, 0] })
    .acks(4);
  t.data('pad', ACK, { pad: new Uint8Array(10) })
    .acks(3)
    .data('tos', ACK, { tos: 0x10, ttl: 1 })
    .acks(3);
});
c.add('tcp_urg_small', E, 'urgent pointers inside the data', (f) => {
  const t = est(f);
  t.data('abcdef', URG | ACK, { urp: 1 })
    .wait(5)
    .data('ghi', ACK)
    .wait(5)
    .data('jkl', URG | ACK | PSH, { urp: 3 })
    .raw(ACK);
});
c.add('tcp_fast_retransmit_fin', E, 'duplicate ACKs when the FIN is out', (f) => {
  const t = est(f);
  t.data(pattern(1000)).data(pattern(1000)).fin();
  t.acks(1000).raw(ACK).raw(ACK).raw(ACK).raw(ACK).acks(1000).acks(1);
});
c.add('tcp_dests', `${E} --tcp-hello=7072`, 'to 127.0.0.1, broadcast, the name server, outside', (f) => {
  f.send(GUEST);
  const dests = [
    LOOPBACK,
    BROADCAST,
    DNS_IP,
    ip('10.0.2.99'),
    ip('10.0.2.255'),
    ip('192.0.2.1'),
    ip('127.0.0.9'),
    ip('10.0.2.0'),
    GUEST_IP,
  ];
  dests.forEach((dst, i) => {
    new Conn(f, 4000 + i, P, { dst }).open().data('to').wait(5);
  });
});
c.add('tcp_no_loopback', `${E} --no-loopback`, 'disable_host_loopback', (f) => {
  f.send(GUEST);
  new Conn(f, 4000, P).syn();
  new Conn(f, 4001, P, { dst: LOOPBACK }).open().data('x');
  new Conn(f, 4002, P, { dst: BROADCAST }).syn();
  new Conn(f, 4003, 80, { dst: DNS_IP }).syn();
});
c.add('tcp_refused_many', '', 'refused: ports, again from the same port', (f) => {
  f.send(GUEST);
  for (let i = 0; i < 5; i++) {
    f.send(tcp(4000, 9, SYN, 1000 + i, 0), tcp(4000 + i, 10 + i, SYN, 0xffffffff, 0, { opt: mss(1460) })).wait(5);
  }
});
c.add(
  'tcp_restrict_all',
  `${E} --restrict --guestfwd-cat=10.0.2.100:1234 --settle-ms=60`,
  'restricted: only the guest forward',
  (f) => {
    f.send(
      GUEST,
      tcp(4000, P, SYN, 1000, 0),
      tcp(4000, P, ACK, 1000, 5),
      tcp(4001, 1235, SYN, 1, 0, { dst: ip('10.0.2.100') }),
    );
    const t = new Conn(f, 4002, 1234, { dst: ip('10.0.2.100') }).open();
    t.wait(50).data('cat').wait(50).acks(3).fin().wait(50).acks(1);
  },
);
c.add('tcp_guests', E, 'three guests, the same ports', (f) => {
  for (let i = 0; i < 3; i++) {
    f.send(hello(ip(`10.0.2.${20 + i}`), mac(i)));
  }
  const t = [0, 1, 2].map((i) => new Conn(f, 4000, P, { src: ip(`10.0.2.${20 + i}`), mac: mac(i) }, 1000 * i).open());
  t.forEach((x, i) => {
    x.data(`guest ${i}`).acks(7);
  });
  t.forEach((x) => {
    x.fin().acks(1);
  });
});
c.add('tcp_no_arp', `${E} --tail-ms=5000`, 'the guest has no MAC address: SYN-ACK waits', (f) => {
  const t = new Conn(f, 4000, P).syn().wait(300);
  f.send(arp(2, GUEST_IP, HOST_IP, { tha: [0x52, 0x55, 10, 0, 2, 2] }));
  t.raw(ACK).data('x').acks(1);
});
c.add('tcp_no_arp_ever', `${E} --tail-ms=90000`, 'the guest never tells its MAC address', (f) => {
  new Conn(f, 4000, P).syn();
});
c.add('tcp_many', E, '30 connections opened, used and closed', (f) => {
  f.send(GUEST);
  const t = Array.from({ length: 30 }, (_, i) => new Conn(f, 6000 + i, P, {}, i * 1000).open());
  for (const x of t) {
    x.data('x').acks(1);
  }
  for (const x of t) {
    x.fin().acks(1);
  }
});
c.add(
  'tcp_tos',
  ['20', '21', '23', '80', '113', '513', '543', '544', '6667', '6668', '7070', '53', '22']
    .map((p) => `--tcp-sink=${p}`)
    .join(' '),
  'type of service by port',
  (f) => {
    f.send(GUEST);
    for (const p of [20, 21, 23, 80, 113, 513, 543, 544, 6667, 6668, 7070, 53, 22]) {
      new Conn(f, 4000 + p, p).open().data('x').fin();
    }
    new Conn(f, 21, 22).open().data('x');
    new Conn(f, 20, 22, { tos: 0x10 }).open().data('x');
    new Conn(f, 80, 22, { tos: 4 }).open().data('x');
  },
);
c.add('tcp_ports', E, 'ports 0 and 65535', (f) => {
  f.send(GUEST);
  new Conn(f, 0, P).open().data('x');
  new Conn(f, 65535, P).open().data('x');
  new Conn(f, 4000, 0).syn();
  new Conn(f, 4000, 65535).syn();
});
c.add('tcp_emu_off_ftp', '--tcp-echo=21 --tcp-echo=6667', 'ftp and irc without emulation', (f) => {
  f.send(GUEST);
  const a = new Conn(f, 4000, 21).open().data('PORT 10,0,2,15,19,136\r\n').acks(23);
  const b = new Conn(f, 4001, 6667).open().data('\x01DCC SEND f 167772687 5000 1\x01\r\n').acks(30);
  a.fin();
  b.fin();
});
c.add(
  'tcp_guestfwd_many',
  '--guestfwd-cat=10.0.2.100:1234 --settle-ms=60',
  'two connections to a guest forward; other ports of it',
  (f) => {
    f.send(GUEST);
    const dst = ip('10.0.2.100');
    const a = new Conn(f, 4000, 1234, { dst }).open().wait(50).data('one').wait(50).acks(3);
    const b = new Conn(f, 4001, 1234, { dst }, 7)
      .open({ opt: mss(100) })
      .wait(50)
      .data(pattern(500))
      .wait(50)
      .acks(100)
      .acks(400);
    a.fin().wait(50).acks(1);
    b.raw(RST).wait(50);
    new Conn(f, 4002, 1235, { dst }).syn();
    f.send(tcp(4003, 1234, SYN | FIN, 1, 0, { dst }), tcp(4003, 1234, ACK, 1, 3, { dst }));
  },
);
