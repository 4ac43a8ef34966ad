/** TFTP over IPv4. The directory has f1 (1280 bytes), empty, block (1024), large (100000) and sub/f2. */
import { type Data, DNS_IP, hello, ip, join, mac, pattern, u16, udp } from '../../kit/frames.ts';
import { Cases } from './build.ts';

const c = new Cases();
export const tftps = c.all;
const T = '--tftp=corpus/tftproot';
const GUEST = hello();
const send = (sport: number, data: Data, o: object = {}): Uint8Array => udp(sport, 69, data, o);
const rrq = (sport: number, name: string, mode = 'octet', ...options: string[]): Uint8Array =>
  send(sport, `\0\x01${[name, mode, ...options].map((x) => `${x}\0`).join('')}`);
const ack = (sport: number, n: number): Uint8Array => send(sport, [0, 4, ...u16(n)]);
const error = (sport: number): Uint8Array => send(sport, join([0, 5, 0, 0], 'stop\0'));

c.add('tftp_whole', T, 'a whole file, one ACK too many', (f) => {
  f.send(GUEST, rrq(4000, 'f1'), ack(4000, 1), ack(4000, 2), ack(4000, 3), ack(4000, 4));
});
c.add('tftp_acks', T, 'ACKs that repeat, are wrong, come before', (f) => {
  f.send(GUEST, ack(4000, 0), rrq(4000, 'f1'), ack(4000, 1), ack(4000, 1), ack(4000, 1), ack(4000, 9));
  f.send(rrq(4001, 'f1'), ack(4001, 0), ack(4001, 65535), send(4001, [0, 4]), send(4001, [0, 4, 0]));
});
c.add('tftp_again', T, 'the request again in the middle', (f) => {
  f.send(
    GUEST,
    rrq(4000, 'f1'),
    ack(4000, 1),
    rrq(4000, 'f1'),
    ack(4000, 1),
    rrq(4000, 'f1', 'octet', 'blksize', '600'),
    ack(4000, 0),
    rrq(4000, 'none'),
    ack(4000, 1),
  );
});
c.add('tftp_error', T, 'the guest ends a transfer', (f) => {
  f.send(GUEST, rrq(4000, 'f1'), error(4000), ack(4000, 1), error(4000), error(4001), send(4000, [0, 5]));
});
const options: [string, string[]][] = [
  ['tsize', ['tsize', '0']],
  ['tsize_5', ['tsize', '5']],
  ['tsize_text', ['tsize', 'abc']],
  ['blksize_8', ['blksize', '8']],
  ['blksize_1', ['blksize', '1']],
  ['blksize_512', ['blksize', '512']],
  ['blksize_1428', ['blksize', '1428']],
  ['blksize_1429', ['blksize', '1429']],
  ['blksize_65464', ['blksize', '65464']],
  ['blksize_0', ['blksize', '0']],
  ['blksize_neg', ['blksize', '-5']],
  ['blksize_text', ['blksize', '12abc']],
  ['blksize_space', ['blksize', ' 700']],
  ['blksize_big', ['blksize', '99999999999']],
  ['timeout', ['timeout', '3']],
  ['unknown', ['unknown', '3', 'tsize', '0']],
  ['both', ['tsize', '0', 'blksize', '1024']],
  ['both_rev', ['blksize', '1024', 'tsize', '0']],
  ['case', ['TSIZE', '0', 'BlkSize', '1024']],
  ['twice', ['blksize', '700', 'blksize', '900', 'tsize', '0']],
  ['three', ['tsize', '0', 'timeout', '1', 'blksize', '1000']],
  ['four', ['tsize', '0', 'tsize', '0', 'tsize', '0', 'blksize', '600']],
  ['no_value', ['tsize']],
  ['no_value2', ['blksize', '700', 'tsize']],
  ['empty', ['', '', 'tsize', '0']],
  ['windowsize', ['windowsize', '4', 'blksize', '600']],
];
c.add('tftp_options', T, 'options one by one and together', (f) => {
  f.send(GUEST);
  options.forEach(([, o], i) => {
    f.send(rrq(4000 + i, 'f1', 'octet', ...o), ack(4000 + i, 0), error(4000 + i));
  });
});
c.add('tftp_modes', T, 'modes', (f) => {
  f.send(GUEST);
  ['octet', 'OCTET', 'Octet', 'netascii', 'mail', '', 'octets', 'octe', 'binary'].forEach((mode, i) => {
    f.send(rrq(4000 + i, 'f1', mode), error(4000 + i));
  });
});
c.add('tftp_names', T, 'names: slashes, directories, traversal, control characters, long ones', (f) => {
  f.send(GUEST);
  const names = [
    'f1',
    '/f1',
    '//f1',
    './f1',
    '/./f1',
    'f1/',
    '/',
    '',
    '.',
    '..',
    '../f1',
    '/../f1',
    'sub/f2',
    '/sub/f2',
    'sub//f2',
    'sub/../f1',
    'sub/..',
    'sub',
    'sub/',
    '..f1',
    'f1..',
    'a../b',
  ];
  names.push(
    '..\\f1',
    '\\..\\f1',
    'sub\\f2',
    '\\f1',
    'f1\\',
    'F1',
    'f1 ',
    'f\x011',
    'f\x7f1',
    'f\xe91',
    '%66%31',
    'f1\n',
    'C:f1',
    'empty',
  );
  names.forEach((n, i) => {
    f.send(rrq(4000 + i, n), error(4000 + i));
  });
  for (const n of [100, 400, 470, 480, 500, 510, 511, 512, 513, 600, 1000]) {
    f.send(rrq(5000 + n, 'x'.repeat(n)), error(5000 + n), rrq(7000 + n, `${'./'.repeat(n / 2)}f1`), error(7000 + n));
  }
});
c.add('m_tftp_short', T, 'CVE-2021-3595, CVE-2020-7211: cut at every length; no NUL; both slashes', (f) => {
  f.send(GUEST);
  const whole = join('\0\x01f1\0octet\0tsize\x000\0');
  for (let n = 0; n <= whole.length; n++) {
    f.send(send(4000 + n, whole.subarray(0, n)), error(4000 + n));
  }
  f.send(
    send(5000, '\0\x01'),
    send(5001, '\0\x01\0'),
    send(5002, '\0\x01\0\0'),
    send(5003, '\0\x01f1\0octet'),
    send(5004, '\0\x01f1octet'),
    send(5005, '\0\x01\0octet\0'),
  );
  f.send(rrq(5006, '..\\..\\etc\\passwd'), rrq(5007, '../../etc/passwd'), rrq(5008, '\\..\\x'), rrq(5009, 'a/..\\b'));
});
c.add('tftp_opcodes', T, 'every opcode', (f) => {
  f.send(GUEST);
  for (let op = 0; op < 12; op++) {
    f.send(send(4000 + op, join(u16(op), 'f1\0octet\0')));
  }
  f.send(
    send(4100, join([1, 1], 'f1\0octet\0')),
    rrq(4101, 'f1'),
    send(4101, join([0, 3, 0, 1], 'data')),
    send(4101, join([0, 6], 'tsize\x000\0')),
    send(4101, join([0, 2], 'f1\0octet\0')),
    ack(4101, 1),
  );
});
c.add('tftp_sizes', T, 'an empty file, one of whole blocks', (f) => {
  f.send(GUEST, rrq(4000, 'empty'), ack(4000, 1), rrq(4001, 'block'), ack(4001, 1), ack(4001, 2), ack(4001, 3));
  f.send(
    rrq(4002, 'empty', 'octet', 'tsize', '0'),
    ack(4002, 0),
    rrq(4003, 'block', 'octet', 'blksize', '1024'),
    ack(4003, 0),
    ack(4003, 1),
    ack(4003, 2),
  );
});
c.add('tftp_dir', T, 'a directory', (f) => {
  f.send(
    GUEST,
    rrq(4000, 'sub'),
    ack(4000, 1),
    rrq(4001, 'sub', 'octet', 'tsize', '0'),
    ack(4001, 0),
    rrq(4002, '.'),
    ack(4002, 1),
  );
});
c.add('tftp_wrap', T, 'the block number wraps', (f) => {
  f.send(GUEST, rrq(4000, 'large', 'octet', 'blksize', '1'));
  for (let i = 0; i < 65540; i++) {
    if (i < 3 || i > 65530) {
      f.send(ack(4000, i & 0xffff));
    } else {
      f.step = 0;
      f.send(ack(4000, i & 0xffff));
    }
  }
});
c.add('tftp_sessions', T, '25 transfers: 20 at a time', (f) => {
  f.send(GUEST);
  for (let i = 0; i < 25; i++) {
    f.send(rrq(4000 + i, 'f1'));
  }
  for (let i = 0; i < 25; i++) {
    f.send(ack(4000 + i, 1));
  }
  f.send(error(4003), rrq(4030, 'f1'), rrq(4031, 'f1'))
    .wait(6000)
    .send(rrq(4032, 'f1'), ack(4000, 2), ack(4001, 2), rrq(4033, 'f1'));
});
c.add('tftp_idle', T, 'idle for 4.9 and 5.1 s, then others come', (f) => {
  f.send(GUEST);
  for (let i = 0; i < 20; i++) {
    f.send(rrq(4000 + i, 'f1'));
  }
  f.wait(4900)
    .send(ack(4000, 1), rrq(4100, 'f1'))
    .wait(200)
    .send(rrq(4101, 'f1'), rrq(4102, 'f1'), ack(4001, 1), ack(4002, 1), ack(4000, 2));
});
c.add('tftp_clients', T, 'several guests and ports', (f) => {
  f.send(GUEST, hello(ip('10.0.2.20'), mac(1)));
  f.send(
    rrq(4000, 'f1'),
    udp(4000, 69, '\0\x01f1\0octet\0', { src: ip('10.0.2.20') }),
    udp(4000, 69, [0, 4, 0, 1], { src: ip('10.0.2.20') }),
    ack(4000, 1),
  );
});
c.add('tftp_dest', T, 'other servers than the gateway', (f) => {
  f.send(
    GUEST,
    udp(4000, 69, '\0\x01f1\0octet\0', { dst: DNS_IP }),
    udp(4001, 69, '\0\x01f1\0octet\0', { dst: 0xffffffff }),
    udp(4002, 69, '\0\x01f1\0octet\0', { dst: ip('10.0.2.255') }),
  ).wait(5);
});
c.add('tftp_restrict', `${T} --restrict`, 'restricted', (f) => {
  f.send(GUEST, rrq(4000, 'f1'), ack(4000, 1));
});
c.add('tftp_no_dir', '--tftp=/nonexistent-directory', 'the directory is not there', (f) => {
  f.send(GUEST, rrq(4000, 'f1'), rrq(4001, '../x'));
});
c.add('tftp_off_all', '', 'no directory set', (f) => {
  f.send(GUEST, rrq(4000, 'f1'), rrq(4001, 'f1', 'netascii'), send(4002, '\0\x01'), ack(4000, 1), error(4000));
});
c.add('tftp_noarp', T, 'the guest has no MAC address', (f) => {
  f.send(rrq(4000, 'f1')).wait(200).send(GUEST, ack(4000, 1));
});
c.add('tftp_mtu', `${T} --mtu=576 --mru=576`, 'blocks larger than the MTU', (f) => {
  f.send(GUEST, rrq(4000, 'f1', 'octet', 'blksize', '1400'), ack(4000, 0), rrq(4001, 'f1'), ack(4001, 1));
});
c.add('tftp_checksum', T, 'zero and bad checksums, padding', (f) => {
  f.send(
    GUEST,
    send(4000, '\0\x01f1\0octet\0', { zero: true }),
    send(4001, '\0\x01f1\0octet\0', { badSum: true }),
    send(4002, '\0\x01f1\0octet\0', { pad: pattern(9) }),
  );
});
