/** TCP connections of the guest to the host: options, data, windows, retransmission. */
import { ACK, FIN, hello, mss, PSH, pattern, SYN, type Tcp, tcp, URG } from '../../kit/frames.ts';
import { type Capture, Cases, Conn } from './build.ts';

const c = new Cases();
export const tcps = c.all;
export const GUEST = hello();
/** The echo peer, and its port. */
export const E = '--tcp-echo=7070';
export const P = 7070;

/** A connection to the echo peer that stands. */
export const est = (f: Capture, o: Tcp = {}, isn = 1000, sport = 4000, dport = P): Conn => {
  f.send(GUEST);
  return new Conn(f, sport, dport, o, isn).open();
};

c.add('tcp_sizes', E, 'echo of several sizes', (f) => {
  const t = est(f);
  for (const n of [1, 2, 5, 6, 100, 536, 1000, 1440, 1460]) {
    t.data(pattern(n)).acks(n);
  }
  t.fin().acks(1);
});
c.add('tcp_large_segment', E, 'segments larger than the MTU', (f) => {
  const t = est(f);
  t.data(pattern(1461)).got(1461).raw(ACK).data(pattern(3000)).acks(1440).acks(1440).acks(120);
});
for (const n of [0, 1, 31, 32, 33, 100, 536, 1000, 1400, 1440, 1441, 1460, 1461, 9000, 65535]) {
  c.add(`tcp_mss_${n}`, E, `the guest offers a segment size of ${n}`, (f) => {
    f.send(GUEST);
    const t = new Conn(f, 4000, P).open({ opt: mss(n) });
    t.data(pattern(1400)).acks(1400).data(pattern(1400), ACK).acks(1400).data(pattern(60)).acks(60).fin().acks(1);
  });
}
const synOptions: [string, readonly number[]][] = [
  ['none', []],
  ['nop', [1, 1, 1, 1]],
  ['eol', [0, 0, 0, 0]],
  ['linux', [...mss(1460), 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7]],
  ['mss_last', [1, 1, 4, 2, ...mss(1000)]],
  ['mss_twice', [...mss(500), ...mss(700)]],
  ['len0', [3, 0, 1, 1, ...mss(600)]],
  ['len1', [3, 1, 1, 1, ...mss(600)]],
  ['len255', [3, 255, 1, 1, ...mss(600)]],
  ['mss_len3', [2, 3, 5, 1]],
  ['mss_len6', [2, 6, 2, 0, 0, 0, 1, 1]],
  ['mss_cut', [1, 1, 1, 2]],
  ['eol_mss', [0, 0, 0, 0, ...mss(600)]],
  ['longest', [...mss(600), ...new Array<number>(36).fill(1)]],
];
for (const [name, opt] of synOptions) {
  c.add(`tcp_opt_${name}`, E, `options of the SYN: ${name}`, (f) => {
    f.send(GUEST);
    const t = new Conn(f, 4000, P).open({ opt });
    t.data(pattern(1400)).acks(1400).fin().acks(1);
  });
}
for (const mtu of [68, 100, 576, 1280, 4000, 9000]) {
  c.add(`tcp_mtu_${mtu}`, `${E} --mtu=${mtu} --mru=${mtu}`, `MTU ${mtu}`, (f) => {
    f.send(GUEST);
    const t = new Conn(f, 4000, P).open({ opt: mss(9000) });
    t.data(pattern(1400)).acks(100).acks(1300).data(pattern(20)).acks(20).fin().acks(1);
  });
}
c.add('tcp_mtu_mru', `${E} --mtu=9000 --mru=576`, 'MRU smaller than the MTU', (f) => {
  est(f).data(pattern(1400)).acks(1400);
});
c.add('tcp_flags_data', E, 'data with every combination of PSH and URG, and with ESC first', (f) => {
  const t = est(f);
  t.data('psh', PSH | ACK)
    .acks(3)
    .data('ack', ACK)
    .acks(3)
    .data('\x1b[A', PSH | ACK)
    .acks(3)
    .data('\x1b[B', ACK)
    .acks(3);
  t.data('\x1b12345', ACK).acks(6).data('\x1b1234', ACK).acks(5);
  t.data('xy', ACK | 0x40)
    .acks(2)
    .data('zz', ACK | 0x80)
    .acks(2)
    .data('cw', ACK | 0xc0 | PSH)
    .acks(2);
});
c.add('tcp_delack', E, 'data off the fast path: window changed, ESC', (f) => {
  const t = est(f);
  t.data('one', ACK, { win: 30000 }).acks(3, { win: 30000 }).data('two', ACK, { win: 20000 }).wait(10);
  t.acks(3, { win: 20000 }).data('\x1bx', ACK, { win: 10000 }).wait(10).acks(2, { win: 9000 });
});
c.add('tcp_no_ack_flag', E, 'data without ACK, nothing at all, only PSH', (f) => {
  const t = est(f);
  t.raw(0, { data: 'no flags' })
    .raw(PSH, { data: 'push' })
    .raw(0)
    .raw(FIN)
    .raw(FIN, { data: 'fin' })
    .raw(URG, { urp: 1 });
  t.data('good').acks(4);
});
c.add('tcp_out_of_order', E, 'three segments backwards, then the hole is filled', (f) => {
  const t = est(f);
  t.raw(ACK, { data: 'cccc' }, 8)
    .raw(ACK, { data: 'bbbb' }, 4)
    .raw(ACK, { data: 'dddd' }, 12)
    .raw(ACK, { data: 'aaaa' });
  t.seq += 16;
  t.acks(16).fin().acks(1);
});
c.add('tcp_overlap', E, 'segments that overlap at the front, behind, inside', (f) => {
  const t = est(f);
  t.data('0123456789').acks(10).raw(ACK, { data: '56789abcde' }, -5);
  t.seq += 5;
  t.acks(5)
    .raw(ACK, { data: 'xxxxxFGHIJ' }, 5)
    .raw(ACK, { data: 'yyyyyyyyyyyyyyyyyyyy' }, 2)
    .raw(ACK, { data: 'zz' }, 8)
    .raw(ACK, { data: '0123456' });
  t.seq += 22;
  t.acks(22);
});
c.add('tcp_overlap_more', E, 'queued segments replaced, cut and covered', (f) => {
  const t = est(f);
  const at = (by: number, d: string): void => {
    t.raw(ACK, { data: d }, by);
  };
  at(10, 'aaaaa');
  at(20, 'bbbbb');
  at(5, 'cccccccccccccccccccc');
  at(12, 'dd');
  at(24, 'eeeee');
  at(15, 'ffffffffffffffffffffff');
  at(0, 'gggggg');
  at(36, 'h');
  t.seq += 37;
  t.acks(37).data('end').acks(3);
});
c.add('tcp_duplicates', E, 'every segment twice, also long after', (f) => {
  f.send(GUEST);
  const t = new Conn(f, 4000, P);
  t.raw(SYN, { opt: mss(1460) }).raw(SYN, { opt: mss(1460) });
  t.seq++;
  t.raw(ACK).raw(ACK).raw(ACK, { data: 'abc' }).raw(ACK, { data: 'abc' });
  t.seq += 3;
  t.acks(3)
    .raw(ACK)
    .wait(5000)
    .raw(ACK, { data: 'abc' }, -3)
    .raw(FIN | ACK)
    .raw(FIN | ACK)
    .wait(100)
    .raw(FIN | ACK);
});
c.add('tcp_keepalive', E, 'keep-alive probes of the guest: zero and one byte before', (f) => {
  const t = est(f);
  t.data('abc')
    .acks(3)
    .raw(ACK, {}, -1)
    .raw(ACK, { data: 'c' }, -1)
    .wait(30000)
    .raw(ACK, {}, -1)
    .raw(ACK, { data: [0] }, -1)
    .data('def')
    .acks(3);
});
c.add('tcp_window0', `${E} --tail-ms=200000`, 'the window closes: probes', (f) => {
  est(f).raw(ACK, { win: 0 }).data('twelve bytes', ACK, { win: 0 });
});
c.add('tcp_window0_open', `${E} --tail-ms=5000`, 'the window closes and opens after 12 s', (f) => {
  const t = est(f);
  t.data('twelve bytes', ACK, { win: 0 }).wait(12000).raw(ACK, { win: 100 }).acks(12).data('more').acks(4);
});
c.add('tcp_window_small', E, 'a window of 5 bytes, then 7, then 1000', (f) => {
  const t = est(f);
  t.data(pattern(100), ACK, { win: 5 })
    .acks(5, { win: 5 })
    .acks(5, { win: 7 })
    .acks(7, { win: 1000 })
    .acks(83, { win: 1000 });
});
c.add('tcp_window_shrink', `${E} --tail-ms=20000`, 'the window is taken back', (f) => {
  const t = est(f);
  t.data(pattern(1000), ACK, { win: 500 }).acks(100, { win: 0 }).wait(8000).raw(ACK, { win: 2000 }).acks(900);
});
c.add('tcp_window_probe_ack', `${E} --tail-ms=60000`, 'probes are acknowledged with the window still closed', (f) => {
  const t = est(f);
  t.data('abcdef', ACK, { win: 0 })
    .wait(5500)
    .raw(ACK, { win: 0 })
    .wait(5000)
    .acks(1, { win: 0 })
    .wait(6000)
    .acks(1, { win: 0 });
});
c.add(
  'tcp_window0_fin',
  `--tcp-hello=7072 --tail-ms=100000`,
  'the window is closed when the host sends and closes',
  (f) => {
    f.send(GUEST);
    new Conn(f, 4000, 7072)
      .syn()
      .raw(ACK, { win: 0 })
      .wait(40000)
      .raw(ACK, { win: 10 })
      .acks(10, { win: 0 })
      .wait(20000)
      .raw(ACK, { win: 65535 });
  },
);
c.add('tcp_dupacks', E, 'three duplicate ACKs: fast retransmission, more inflate the window', (f) => {
  const t = est(f);
  for (let i = 0; i < 8; i++) {
    t.data(pattern(1000));
  }
  t.acks(1000).acks(1000).raw(ACK).raw(ACK).raw(ACK).raw(ACK).raw(ACK).raw(ACK).acks(4000).acks(2000);
});
c.add('tcp_dupacks_win', E, 'duplicate ACKs with another window or with data do not count', (f) => {
  const t = est(f);
  t.data(pattern(1000))
    .data(pattern(1000))
    .acks(500)
    .raw(ACK, { win: 60000 })
    .raw(ACK, { win: 61000 })
    .raw(ACK, { win: 62000 });
  t.data('x').data('y').data('z').raw(ACK).raw(ACK).raw(ACK, { win: 62000 });
});
c.add('tcp_slow_start', E, 'how many segments go out as the congestion window grows', (f) => {
  const t = est(f);
  for (let i = 0; i < 20; i++) {
    t.data(pattern(1400), ACK);
  }
  for (let i = 0; i < 20; i++) {
    t.acks(1400);
  }
});
c.add('tcp_slow_start_late', `${E} --tail-ms=30000`, 'the same with ACKs that come late, and losses', (f) => {
  const t = est(f);
  for (let i = 0; i < 12; i++) {
    t.data(pattern(1400), ACK);
  }
  f.wait(4000);
  t.acks(1400).wait(3000);
  t.acks(2800)
    .wait(700)
    .acks(2800)
    .wait(100)
    .raw(ACK)
    .raw(ACK)
    .raw(ACK)
    .raw(ACK)
    .wait(5000)
    .acks(5600)
    .wait(20000)
    .data(pattern(1400))
    .acks(1400);
});
c.add('tcp_rtt', `${E} --tail-ms=60000`, 'round trips of 0, 1, 2, 5 s set the time-out', (f) => {
  const t = est(f);
  for (const ms of [0, 1000, 2000, 5000, 500]) {
    t.data('ping').wait(ms).acks(4);
  }
  t.data('unanswered');
});
c.add('tcp_idle_cwnd', E, 'after idle time the congestion window starts over', (f) => {
  const t = est(f);
  for (let i = 0; i < 8; i++) {
    t.data(pattern(1400), ACK).acks(1400);
  }
  f.wait(20000);
  for (let i = 0; i < 6; i++) {
    t.data(pattern(1400), ACK);
  }
  t.acks(1400).acks(1400).acks(1400).acks(1400).acks(1400).acks(1400);
});
c.add('tcp_no_synack_ack', `${E} --tail-ms=200000`, 'the guest never acknowledges the SYN-ACK', (f) => {
  f.send(GUEST, tcp(4000, P, SYN, 1000, 0, { opt: mss(1460) }));
});
c.add('tcp_no_ack', `${E} --tail-ms=300000`, 'the guest sends data and then is silent', (f) => {
  est(f).data('data that comes back');
});
c.add('tcp_no_ack_large', `${E} --tail-ms=700000`, 'the same with 5 KB: segments are halved', (f) => {
  est(f).data(pattern(1400)).data(pattern(1400)).data(pattern(1400)).data(pattern(800));
});
