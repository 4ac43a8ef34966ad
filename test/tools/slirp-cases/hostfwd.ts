/** Connections of the host to the guest. */
import {
  ACK,
  arp,
  FIN,
  GUEST_IP,
  HOST_IP,
  hello,
  ip,
  mac,
  mss,
  PSH,
  pattern,
  ping,
  RST,
  SYN,
  tcp,
} from '../../kit/frames.ts';
import { type Capture, Cases, Conn } from './build.ts';

const c = new Cases();
export const hostfwds = c.all;
const GUEST = hello();
let sport = 51000;
/** Options of a forward and one connection to it from a port of its own; that port. */
const fwd = (text = '', more = ''): { opts: string; port: number } => {
  const port = sport++;
  return { opts: `--hostfwd=tcp:7080-10.0.2.15:80 --connect=10:7080:${port}${text ? `:${text}` : ''}${more}`, port };
};
const add = (name: string, text: string, more: string, desc: string, fill: (t: Conn, f: Capture) => void): void => {
  const { opts, port } = fwd(text, more);
  c.add(name, opts, desc, (f) => {
    f.send(GUEST).wait(30);
    fill(new Conn(f, 80, port, {}, 9000), f);
  });
};

add('fwd_text', 'GET_/', '', 'the client sends; the guest answers and closes', (t) => {
  t.accept().acks(5).data('HTTP/1.0 200 OK').data(pattern(1460)).fin().acks(1);
});
add('fwd_client_sink', '', '', 'the guest sends, half closes', (t) => {
  t.accept().data('banner').fin().acks(1).raw(ACK);
});
add('fwd_refused', '', ' --tail-ms=5000', 'RST|ACK', (t) => {
  t.raw(RST | ACK);
});
add('fwd_refused_rst', '', ' --tail-ms=20000', 'RST without ACK is ignored', (t) => {
  t.raw(RST)
    .wait(50)
    .raw(RST | ACK, {}, 0, 5)
    .raw(RST | ACK, {}, 0, -1);
});
add('fwd_silent', '', ' --tail-ms=200000', 'the guest does not answer', () => {});
add('fwd_silent_text', 'hello', ' --tail-ms=100000', 'the same, with data', () => {});
add('fwd_late', 'hello', ' --tail-ms=20000', 'the guest answers the second SYN', (t) => {
  t.wait(7000).accept().acks(5).wait(100).fin();
});
add('fwd_no_ack_data', 'hello_world', ' --tail-ms=200000', 'the guest accepts and acknowledges nothing more', (t) => {
  t.accept();
});
add('fwd_simultaneous', 'x', '', 'the guest opens at the same time', (t) => {
  t.raw(SYN, { opt: mss(1460) });
  t.seq++;
  t.raw(ACK)
    .acks(1)
    .raw(SYN | ACK, {}, -1)
    .fin();
});
add('fwd_synack_bad', 'x', '', 'SYN-ACK with an ACK too small, too large, without ACK', (t) => {
  t.raw(ACK)
    .raw(SYN | ACK, {}, 0, 1)
    .raw(SYN | ACK, {}, 0, -1)
    .raw(ACK, {}, 0, 7)
    .raw(FIN | ACK)
    .raw(PSH, { data: 'x' })
    .accept()
    .acks(1);
});
add('fwd_synack_data', 'x', '', 'SYN-ACK with data and FIN', (t) => {
  t.raw(SYN | ACK | FIN, { data: 'data', opt: mss(1460) });
  t.seq += 6;
  t.acks(1).acks(1);
});
add('fwd_synack_twice', 'x', '', 'SYN-ACK again', (t) => {
  t.accept()
    .raw(SYN | ACK, { opt: mss(1460) }, -1)
    .acks(1)
    .raw(SYN | ACK, {}, -1)
    .data('y');
});
add('fwd_rst_later', 'x', '', 'RST on the established connection', (t) => {
  t.accept().acks(1).raw(RST).data('y');
});
for (const n of [0, 1, 32, 100, 1460, 9000]) {
  add(`fwd_mss_${n}`, 'm'.repeat(300), '', `the guest offers ${n}`, (t) => {
    t.accept({ opt: mss(n) })
      .acks(100)
      .acks(200)
      .data('ok')
      .fin()
      .acks(1);
  });
}
add('fwd_mss_none', 'm'.repeat(1200), '', 'the guest offers no segment size', (t) => {
  t.accept({ opt: [] }).acks(600).acks(600);
});
add('fwd_window0', 'hello', ' --tail-ms=60000', 'the guest accepts with a closed window', (t) => {
  t.accept({ win: 0 }).wait(20000).raw(ACK, { win: 3 }).acks(3, { win: 0 });
});
add('fwd_mtu', 'm'.repeat(1200), ' --mtu=576 --mru=576', 'a small MTU', (t) => {
  t.accept().acks(536).acks(664);
});
add('fwd_restrict', 'x', ' --restrict', 'restricted: forwards work', (t) => {
  t.accept().acks(1).data('y').fin();
});
add('fwd_info', '', '', 'the guest pings meanwhile', (t, f) => {
  f.send(ping(HOST_IP));
  t.accept();
  f.send(ping(HOST_IP));
});
c.add(
  'fwd_many',
  [
    '--hostfwd=tcp:7080-10.0.2.15:80',
    ...[0, 1, 2, 3, 4].map((i) => `--connect=${10 + 10 * i}:7080:${51900 + i}:c${i}`),
  ].join(' '),
  'five clients',
  (f) => {
    f.send(GUEST).wait(100);
    for (let i = 0; i < 5; i++) {
      new Conn(f, 80, 51900 + i, {}, 1000 * i).accept().acks(2).data(`s${i}`).fin().acks(1);
    }
  },
);
c.add(
  'fwd_two',
  '--hostfwd=tcp:7080-10.0.2.15:80 --hostfwd=tcp:7084-10.0.2.16:81' +
    ' --connect=10:7080:51910:one --connect=20:7084:51911:two',
  'two forwards to two guests',
  (f) => {
    f.send(GUEST, hello(ip('10.0.2.16'), mac(1))).wait(50);
    new Conn(f, 80, 51910).accept().acks(3);
    new Conn(f, 81, 51911, { src: ip('10.0.2.16') }).accept().acks(3);
  },
);
c.add(
  'fwd_noarp_late',
  `--hostfwd=tcp:7080-10.0.2.15:80 --connect=10:7080:51912:x --tail-ms=10000`,
  'the MAC address comes after 400 ms',
  (f) => {
    f.send(ping(HOST_IP, { badSum: true }))
      .wait(400)
      .send(arp(2, GUEST_IP, HOST_IP))
      .wait(5);
    new Conn(f, 80, 51912).accept().acks(1);
  },
);
c.add(
  'fwd_noarp_silent',
  `--hostfwd=tcp:7080-10.0.2.15:80 --connect=10:7080:51913 --tail-ms=100000`,
  'CVE-2017-13711: the MAC address never comes; the connection ends while packets wait',
  (f) => {
    f.send(ping(HOST_IP, { badSum: true }));
  },
);
c.add(
  'fwd_noarp_rst',
  `--hostfwd=tcp:7080-10.0.2.15:80 --connect=10:7080:51914 --tail-ms=5000`,
  'CVE-2017-13711: RST while the SYN waits for the MAC address',
  (f) => {
    f.send(ping(HOST_IP, { badSum: true }))
      .wait(50)
      .send(tcp(80, 51914, RST | ACK, 0, 64002))
      .wait(50)
      .send(arp(2, GUEST_IP, HOST_IP));
  },
);
c.add('fwd_closed', `--connect=10:7080:51915`, 'nothing forwarded', (f) => {
  f.send(GUEST);
});
c.add(
  'fwd_idle',
  `--hostfwd=tcp:7080-10.0.2.15:80 --connect=5000:7080:51916:x --tail-ms=9000`,
  'a connection after 5 s',
  (f) => {
    f.send(GUEST).wait(5100);
    new Conn(f, 80, 51916).accept().acks(1);
  },
);
