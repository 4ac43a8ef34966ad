/**
 * Small captures of the protocols below and above TCP/IP, packet by packet. What tshark says of them is in
 * `layers.json`, written by `test/tools/record-layers.ts`.
 */
import {
  ACK,
  bytes,
  type Data,
  eth,
  GUEST_IP,
  GUEST6,
  HOST6,
  hex,
  ip,
  ip4,
  join,
  SYN,
  tcp,
  u16,
  u32,
  udp,
} from '../kit/frames.ts';
import { ip6, udp6 } from '../kit/frames6.ts';
import { SERVICES } from './service-samples.ts';
import { ANSWER, ask, PLAIN, talk, tell } from './talk.ts';

/** A length in two bytes, or three, and what has it. */
const sized = (data: Data): Uint8Array => join(u16(bytes(data).length), data);
const sized8 = (data: Data): Uint8Array => join([bytes(data).length], data);
const sized24 = (data: Data): Uint8Array => join(u32(bytes(data).length).slice(1), data);
const sized32 = (data: Data): Uint8Array => join(u32(bytes(data).length), data);

const extension = (type: number, data: Data): Uint8Array => join(u16(type), sized(data));
const RANDOM = hex('01c16fe917b5dc4df890a1b3e297eb84e75841fdbe276463e6d87bd9c5d7b193');
const EXTENSIONS = join(
  extension(0, sized(join([0], sized('www.example.org')))),
  extension(11, sized8([0, 1, 2])),
  extension(10, sized([0, 29, 0, 23])),
  extension(16, sized(join(sized8('h2'), sized8('http/1.1')))),
  extension(13, sized([4, 3, 8, 4])),
  extension(43, sized8([3, 4, 3, 3])),
  extension(51, sized(join([0, 29], sized(RANDOM)))),
);
const SESSION = sized8(RANDOM);
const CLIENT_HELLO = join([3, 3], RANDOM, SESSION, sized([0x13, 1, 0xc0, 0x2f]), sized8([0]), sized(EXTENSIONS));
const SERVER_HELLO = join([3, 3], RANDOM, SESSION, [0x13, 1, 0]);
const SERVER_13 = join(SERVER_HELLO, sized(join(extension(43, [3, 4]), extension(51, join([0, 29], sized(RANDOM))))));
const RETRY_RANDOM = hex('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c');
const RETRY_13 = join(
  [3, 3],
  RETRY_RANDOM,
  SESSION,
  [0x13, 1, 0],
  sized(join(extension(43, [3, 4]), extension(51, [0, 23]))),
);
const SERVER_12 = join([3, 3], RANDOM, SESSION, [0xc0, 0x2f, 0], sized(extension(0, [])));
const message = (type: number, body: Data): Uint8Array => join([type], sized24(body));
const record = (type: number, body: Data, version = 0x0303): Uint8Array => join([type], u16(version), sized(body));
const CERTIFICATE = message(11, sized24(sized24(hex('3003020101'))));
const TICKET = message(4, join(u32(300), sized('ticket')));
const dtlsMessage = (type: number, seq: number, body: Data): Uint8Array =>
  join([type], sized24(body).subarray(0, 3), u16(seq), [0, 0, 0], sized24(body).subarray(0, 3), body);
const dtls = (type: number, epoch: number, seq: number, body: Data): Uint8Array =>
  join([type], [0xfe, 0xfd], u16(epoch), [0, 0], u32(seq), sized(body));
const DTLS_HELLO = join(
  [0xfe, 0xfd],
  RANDOM,
  sized8([]),
  sized8([]),
  sized([0xc0, 0x2f]),
  sized8([0]),
  sized(EXTENSIONS),
);

const sshPacket = (code: number, body: Data): Uint8Array => sized32(join([4, code], body, [0, 0, 0, 0]));
const SSH_KEY = join(sized32('ssh-ed25519'), sized32(RANDOM));
const KEXINIT = join(
  RANDOM.subarray(0, 16),
  ...[
    'curve25519-sha256',
    'ssh-ed25519',
    'aes128-ctr',
    'aes128-ctr',
    'hmac-sha2-256',
    'hmac-sha2-256',
    'none',
    'none',
    '',
    '',
  ].map(sized32),
  [0, 0, 0, 0, 0],
);

const tlv = (type: number, data: Data): Uint8Array => join(u16((type << 9) | bytes(data).length), data);
const LLDP = join(
  tlv(1, [4, 2, 0, 0, 0, 0, 1]),
  tlv(2, join([5], 'eth0')),
  tlv(3, [0, 120]),
  tlv(4, 'uplink'),
  tlv(5, 'switch'),
  tlv(6, 'a switch'),
  tlv(7, [0, 20, 0, 4]),
  tlv(0, []),
);
const LLDP_IP = join(tlv(1, [5, 1, 10, 0, 2, 2]), tlv(2, [4, 1, 10, 0, 2, 2]), tlv(3, [0, 60]), tlv(0, []));
const LLDP_MAC = join(tlv(1, join([7], 'chassis')), tlv(2, [3, 2, 0, 0, 0, 0, 1]), tlv(3, [0, 60]), tlv(0, []));
const stp = (version: number, type: number, flags: number): Uint8Array =>
  join(
    [0, 0, version, type, flags],
    hex('8001001906eab880 00000004 8001001906eab881 8005 0100 1400 0200 0f00'),
    type === 2 ? [0] : [],
  );
const llc = (data: Data, head = hex('424203')): Uint8Array => {
  const body = join(head, data);
  return eth(body.length, body, { min: 60 });
};
const snap = (oui: string, pid: number, data: Data): Uint8Array => llc(data, join(hex(`aaaa03${oui}`), u16(pid)));
const cdpTlv = (type: number, data: Data): Uint8Array => join(u16(type), u16(bytes(data).length + 4), data);

/** An IPv4 packet without its frame, for tunnels. */
const INNER = udp(40001, 40002, 'inner', { ...PLAIN, src: ip('192.0.2.1'), dst: ip('192.0.2.2') });
const INNER_IP = INNER.subarray(14);
const INNER6 = udp6(40001, 40002, 'inner').subarray(14);

const nbName = (name: string, suffix: number): Uint8Array => {
  const raw = bytes(name.padEnd(15) + String.fromCharCode(suffix));
  return join(
    [32],
    [...raw].flatMap((b) => [0x41 + (b >> 4), 0x41 + (b & 15)]),
    [0],
  );
};
const dhcp6Option = (type: number, data: Data): Uint8Array => join(u16(type), sized(data));
const DUID = hex('00030001525400123456');
const SOLICIT = join(
  [1, 0x12, 0x34, 0x56],
  dhcp6Option(1, DUID),
  dhcp6Option(8, [0, 5]),
  dhcp6Option(3, join(u32(7), u32(0), u32(0), dhcp6Option(5, join(GUEST6, u32(60), u32(60))))),
);
const stunAttribute = (type: number, data: Data): Uint8Array => {
  const d = bytes(data);
  return join(u16(type), sized(d), new Uint8Array((4 - (d.length % 4)) % 4));
};
const stun = (type: number, ...attributes: Data[]): Uint8Array =>
  join(u16(type), u16(join(...attributes).length), hex('2112a442'), RANDOM.subarray(0, 12), ...attributes);

const REGISTER = [
  'REGISTER sip:example.org SIP/2.0',
  'Via: SIP/2.0/UDP 10.0.2.15;branch=z9hG4bK1',
  'From: <sip:a@example.org>;tag=1',
  'To: <sip:a@example.org>',
  'Call-ID: 1@10.0.2.15',
  'CSeq: 1 REGISTER',
  'Contact: <sip:a@10.0.2.15>',
  'Max-Forwards: 70',
  'User-Agent: x',
  'Server: y',
  'Allow: INVITE',
  'Expires: 60',
  'Content-Type: text/plain',
  'Content-Length: 0',
  '',
  '',
].join('\r\n');
const SDP = 'v=0\r\no=- 1 1 IN IP4 10.0.2.15\r\ns=-\r\nc=IN IP4 10.0.2.15\r\nt=0 0\r\nm=audio 6000 RTP/AVP 8\r\n';
const INVITE =
  'INVITE sip:b@example.org SIP/2.0\r\nCSeq: 2 INVITE\r\nContent-Type: application/sdp\r\n' +
  `Content-Length: ${SDP.length}\r\n\r\n${SDP}`;

const HTTP_REQUEST = [
  'POST /form HTTP/1.1',
  'Host: example.org',
  'User-Agent: curl/8',
  'Accept: */*',
  'Accept-Language: de',
  'Accept-Encoding: gzip',
  'Referer: http://example.org/',
  'Cookie: a=b',
  'Authorization: Bearer x',
  'Proxy-Authorization: Bearer x',
  'X-Forwarded-For: 192.0.2.1',
  'Upgrade: h2c',
  'Sec-WebSocket-Key: k',
  'Sec-WebSocket-Protocol: p',
  'Sec-WebSocket-Version: 13',
  'Connection: keep-alive',
  'Content-Type: application/x-www-form-urlencoded',
  'Content-Length: 3',
  '',
  'a=b',
].join('\r\n');
const HTTP_RESPONSE = [
  'HTTP/1.1 200 OK',
  'Server: x',
  'Date: Sun, 22 Nov 2026 22:41:36 GMT',
  'Last-Modified: Sun, 22 Nov 2026 22:41:36 GMT',
  'Cache-Control: no-cache',
  'Location: /',
  'Set-Cookie: a=b',
  'WWW-Authenticate: Basic',
  'Proxy-Authenticate: Basic',
  'Sec-WebSocket-Accept: a',
  'Content-Encoding: identity',
  'Content-Type: text/html',
  'Transfer-Encoding: chunked',
  '',
  '5',
  'hello',
  '0',
  '',
  '',
].join('\r\n');
const response = (type: string, body: string): string =>
  `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const GIF = 'GIF89a\x01\0\x01\0\x80\0\0\xff\xff\xff\0\0\0!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;';
const PNG = '\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\b\0\0\0\0\x3a\x7e\x9b\x55\0\0\0\0IEND\xaeB`\x82';
const JPEG = '\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xd9';
const GET = 'GET / HTTP/1.1\r\nHost: example.org\r\n\r\n';

const mqtt = (type: number, data: Data): Uint8Array => join([type], sized8(data));
const smb2 = (command: number, flags: number, body: Data): Uint8Array =>
  join(
    hex('fe534d42 4000 0000 00000000'),
    [command, 0, 1, 0],
    [flags, 0, 0, 0],
    hex('00000000 0300000000000000 fffe0000 11000000'),
    new Uint8Array(24),
    body,
  );
const nbss = (data: Data): Uint8Array => join([0], sized24(data));
const bgp = (type: number, body: Data): Uint8Array =>
  join(new Uint8Array(16).fill(255), u16(19 + bytes(body).length), [type], body);
const sctpChunk = (type: number, flags: number, body: Data): Uint8Array =>
  join([type, flags], u16(bytes(body).length + 4), body);
const sctp = (...chunks: Data[]): Uint8Array => ip4(132, join(u16(2905), u16(2906), u32(7), u32(0), ...chunks), PLAIN);
const SNMP = hex('302602010104067075626c6963a019020101020100020100300e300c06082b060102010105000500');
const RIP = join([2, 2, 0, 0, 0, 2, 0, 0], u32(ip('192.0.2.0')), u32(0xffffff00), u32(0), u32(1));

/** A frame of AMQP in channel 1, and the rest of an acknowledgment of Rx. */
const frame091 = (type: number, data: Data): Uint8Array => join([type, 0, 1], u32(bytes(data).length), data, [0xce]);
const RX_ACK = '0000 0000 00000002 00000001 00000000 08 00';

export const LAYERS: Readonly<Record<string, readonly Uint8Array[]>> = {
  ...SERVICES,
  llc: [
    llc(stp(0, 0, 0x80)),
    llc(stp(2, 2, 0x7f)),
    llc([0, 0, 0, 0x80]),
    llc([], hex('f0f17f')),
    llc([], hex('f0f00102')),
  ],
  snap: [
    snap('00000c', 0x010b, stp(2, 2, 0)),
    snap('00000c', 0x2000, join([2, 180, 0, 0], cdpTlv(1, 'Switch'), cdpTlv(3, 'Gi0/1'))),
    snap('00000c', 0x2004, [1, 0]),
    snap('000000', 0x0800, INNER_IP),
    snap('123456', 0x0001, [1, 2, 3, 4]),
  ],
  lldp: [eth(0x88cc, LLDP), eth(0x88cc, LLDP_IP), eth(0x88cc, LLDP_MAC)],
  eapol: [
    eth(0x888e, [1, 1, 0, 0]),
    eth(0x888e, join([1, 0, 0, 5, 1, 7, 0, 5, 1])),
    eth(0x888e, [1, 0, 0, 5, 1, 7, 0, 5, 18]),
  ],
  vlan: [eth(0x88a8, join(u16(5), u16(0x8100), u16(6), u16(0x0800), INNER_IP))],
  mpls: [
    eth(0x8847, join(hex('000151ff'), INNER_IP)),
    eth(0x8847, join(hex('00016040 000151ff'), INNER_IP)),
    eth(0x8847, join(hex('000021ff'), INNER6)),
  ],
  pppoe: [
    eth(0x8863, join([0x11, 9, 0, 0], sized(join(hex('0101 0000 0103 0004 01020304'))))),
    eth(
      0x8863,
      join(
        [0x11, 7, 0, 0],
        sized(
          join(
            u16(0x0101),
            sized('isp'),
            u16(0x0102),
            sized('ac'),
            u16(0x0104),
            sized('cook'),
            u16(0x0120),
            sized([5, 220]),
          ),
        ),
      ),
    ),
    eth(
      0x8863,
      join(
        [0x11, 0x65, 0, 1],
        sized(join(u16(0x0201), sized('no'), u16(0x0202), sized('no'), u16(0x0203), sized('no'))),
      ),
    ),
    eth(0x8864, join([0x11, 0, 0, 1], sized(join([0xc0, 0x21], hex('09010008 01020304'))))),
    eth(0x8864, join([0x11, 0, 0, 1], sized(join([0x80, 0x21], hex('01010004'))))),
    eth(0x8864, join([0x11, 0, 0, 1], sized(join([0x80, 0x57], hex('02010004'))))),
    eth(0x8864, join([0x11, 0, 0, 1], sized(join([0x80, 0xfd], hex('04010004'))))),
    eth(0x8864, join([0x11, 0, 0, 1], sized(join([0, 0x21], INNER_IP)))),
    eth(0x8864, join([0x11, 0, 0, 1], sized(join([0, 0x57], INNER6)))),
  ],
  gre: [
    ip4(47, join(hex('0000 0800'), INNER_IP), PLAIN),
    ip4(47, join(hex('b000 6558 ffff 0000 00000007 00000008'), INNER), PLAIN),
    ip4(47, join(hex('3081 880b 0004 0007 00000001 00000002'), [0xc0, 0x21], hex('09010008')), PLAIN),
  ],
  l2tp: [
    ask(1701, hex('c802 0014 0007 0000 0003 0004 8008 0000 0000 0006')),
    ask(1701, hex('c802 000c 0007 0000 0004 0005')),
    ask(1701, join(hex('0302 0007 0009 0002 0000 ff03 0021'), INNER_IP)),
  ],
  tunnels: [
    ip4(4, INNER_IP, PLAIN),
    ip4(41, INNER6, PLAIN),
    ip6(4, INNER_IP),
    ip6(41, INNER6),
    ask(4789, join(hex('08000000 00006400'), INNER)),
    ask(6081, join(hex('0000 6558 00000a00'), INNER)),
    ask(6081, join(hex('0240 6558 00000a00 00008001 0000000c'), INNER)),
  ],
  ipsec: [
    ip4(50, join(u32(0x12345678), u32(1), RANDOM), PLAIN),
    ip4(51, join(hex('1104 0000 00000100 00000013'), RANDOM.subarray(0, 12), INNER_IP.subarray(20)), PLAIN),
  ],
  igmp: [
    ip4(2, hex('11640000 00000000'), PLAIN),
    ip4(2, hex('11640000 e1010101'), PLAIN),
    ip4(2, hex('16000000 e1010101'), PLAIN),
    ip4(2, hex('17000000 e1010101'), PLAIN),
    ip4(2, hex('12000000 e1010101'), PLAIN),
    ip4(2, hex('11640000 00000000 0a7d0001 c0000201'), PLAIN),
    ip4(2, hex('22000000 00000002 04000000 e00000fb 03000001 e1010101 c0000201'), PLAIN),
    ip4(2, hex('22000000 00000002 05000001 e1010101 c0000201 06000001 e1010101 c0000201'), PLAIN),
  ],
  sctp: [
    sctp(sctpChunk(1, 0, hex('00000001 00010000 000a 000a 00000005'))),
    sctp(sctpChunk(2, 0, hex('00000002 00010000 000a 000a 00000006'))),
    sctp(sctpChunk(3, 0, hex('00000005 00010000 0000 0000'))),
    sctp(sctpChunk(0, 3, join(hex('00000005 0006 002a 00000000'), 'data'))),
  ],
  routing: [
    ip4(
      89,
      hex('0201002c 03030303 00000000 0000 0000 0000000000000000 ffffff00 000a 02 01 00000028 00000000 00000000'),
      PLAIN,
    ),
    ip4(103, hex('2000b3eb 00010002 0069'), PLAIN),
    ip4(88, join(hex('0205ee68 00000000 00000000 00000000 0000 0064')), PLAIN),
    ip4(112, hex('2101640100010000 c0000201 0000000000000000'), PLAIN),
    udp(1985, 1985, hex('000010030a640100 636973636f000000 c0000201'), { ...PLAIN, dst: ip('224.0.0.2') }),
    udp(520, 520, RIP, PLAIN),
    ask(3784, hex('2040 0318 00000001 00000000 000f4240 000f4240 00000000')),
    ask(1812, join([1, 7, 0, 20], RANDOM.subarray(0, 16))),
  ],
  ntp: [
    ask(123, join(hex('23020aec 00000100 00000200 c0000201'), new Uint8Array(32))),
    tell(123, join(hex('1c010aec 00000100 00000200'), 'GPS\0', new Uint8Array(32))),
    ask(123, join(hex('23020aec 00000100 00000200 c0000201'), new Uint8Array(32), u32(1), RANDOM.subarray(0, 16))),
  ],
  nbns: [
    udp(137, 137, join(hex('1234 0110 0001 0000 0000 0000'), nbName('WORKGROUP', 0x1d), u16(32), u16(1)), PLAIN),
    udp(
      137,
      137,
      join(
        hex('1234 8500 0000 0001 0000 0000'),
        nbName('HOST', 0),
        u16(32),
        u16(1),
        u32(60),
        hex('0006 0000 0a000202'),
      ),
      ANSWER,
    ),
  ],
  dhcpv6: [udp6(546, 547, SOLICIT), udp6(547, 547, join([12, 0], HOST6, GUEST6, dhcp6Option(9, SOLICIT)))],
  snmp: [ask(161, SNMP)],
  ssdp: [ask(1900, 'M-SEARCH * HTTP/1.1\r\nHost: 239.255.255.250:1900\r\nMX: 3\r\n\r\n')],
  stun: [
    ask(3478, stun(1, stunAttribute(6, 'a:b'), stunAttribute(0x8022, 'x'))),
    tell(
      3478,
      stun(0x0101, stunAttribute(0x20, join([0, 1], u16(40000 ^ 0x2112), u32((GUEST_IP ^ 0x2112a442) >>> 0)))),
    ),
    tell(
      3478,
      stun(
        0x0113,
        stunAttribute(9, join([0, 0, 4, 1], 'Unauthorized')),
        stunAttribute(0x14, 'realm'),
        stunAttribute(0x15, 'n'),
      ),
    ),
  ],
  sip: [
    udp(5060, 5060, REGISTER, PLAIN),
    udp(5060, 5060, 'SIP/2.0 401 Unauthorized\r\nCSeq: 1 REGISTER\r\n\r\n', ANSWER),
    udp(5060, 5060, INVITE, PLAIN),
    udp(6000, 6000, join(hex('80880001 00000002 00000003'), 'voice'), ANSWER),
    udp(6001, 6001, hex('80c80006 00000003 0000000000000000 00000000 00000000 00000000'), ANSWER),
  ],
  dtls: [
    ask(4433, dtls(22, 0, 0, dtlsMessage(1, 0, DTLS_HELLO))),
    tell(4433, dtls(22, 0, 0, dtlsMessage(2, 0, join([0xfe, 0xfd], SERVER_12.subarray(2))))),
    tell(4433, join(dtls(22, 0, 1, dtlsMessage(14, 2, [])), dtls(21, 0, 2, [2, 40]))),
    ask(4433, join(dtls(20, 0, 3, [1]), dtls(22, 1, 0, RANDOM))),
    ask(4433, dtls(23, 1, 1, RANDOM)),
    tell(4433, dtls(22, 0, 3, dtlsMessage(11, 3, sized24(sized24(hex('3003020101')))))),
    tell(4433, dtls(22, 0, 4, dtlsMessage(4, 4, join(u32(300), sized('ticket'))))),
    tell(4433, dtls(22, 0, 5, dtlsMessage(2, 5, join([0xfe, 0xfd], RETRY_13.subarray(2))))),
  ],
  wireguard: [
    ask(51820, join(hex('01000000 00000007'), new Uint8Array(140))),
    tell(51820, join(hex('02000000 00000008 07000000'), new Uint8Array(80))),
    ask(51820, join(hex('04000000 08000000 0100000000000000'), new Uint8Array(48))),
    ask(51820, join(hex('04000000 08000000 0200000000000000'), new Uint8Array(16))),
  ],
  quic: [
    ask(443, join(hex('f0 1a2a3a4a 04 01020304 04 05060708'), RANDOM)),
    tell(443, join(hex('c0 00000000 04 05060708 04 01020304 00000001 6b3343cf'))),
    ask(443, join(hex('e0 00000001 04 01020304 04 05060708 4020'), RANDOM)),
    tell(443, join(hex('f0 00000001 04 05060708 04 0a0b0c0d'), 'token', RANDOM.subarray(0, 16))),
    tell(443, join(hex('40 05060708'), RANDOM)),
    ask(443, join(hex('c0 00000001 04 01020304 04 05060708 02 abcd 4020'), RANDOM)),
  ],
  gquic: [ask(443, join(hex('0d 0100000000000000'), 'Q035', [1], RANDOM)), tell(443, join([0, 1], RANDOM))],
  isakmp: [
    udp(500, 500, join(RANDOM.subarray(0, 16), hex('01100200 00000000 0000001c')), PLAIN),
    udp(500, 500, join(RANDOM.subarray(0, 16), hex('00202208 00000000 0000001c')), PLAIN),
  ],
  mdns: [
    udp(5353, 5353, hex('0000 8400 0000 0001 0000 0000 016105 6c6f63616c 00 0001 8001 00000078 0004 0a000202'), PLAIN),
  ],
  llmnr: [ask(5355, hex('1234 0000 0001 0000 0000 0000 0477706164 00 0001 0001'))],
  dropbox: [ask(17500, '{"version": [2, 0]}')],
  ftp: [
    ...talk(
      21,
      ['<', '220 ready\r\n'],
      ['>', 'USER anonymous\r\n'],
      ['<', '227 Entering Passive Mode (10,0,2,2,39,16).\r\n'],
      ['>', 'RETR x\r\n'],
    ),
    ...talk(10000, ['<', 'the file']),
  ],
  smtp: talk(
    25,
    ['<', '220 mail\r\n'],
    ['>', 'EHLO example.org\r\n'],
    ['<', '250-mail\r\n250-SIZE 1000\r\n250 STARTTLS\r\n'],
    ['>', 'DATA\r\n'],
    ['<', '354 go on\r\n'],
  ),
  pop: talk(110, ['<', '+OK ready\r\n'], ['>', 'user a\r\n'], ['<', '-ERR no\r\n']),
  imap: talk(
    143,
    ['<', '* OK ready\r\n'],
    ['>', 'a1 CAPABILITY\r\n'],
    ['<', '* CAPABILITY IMAP4rev1\r\na1 OK done\r\n'],
  ),
  telnet: talk(23, ['<', join(hex('fffd18 fffa1801fff0'), 'login: ')], ['>', 'root\r\n']),
  ssh: talk(
    22,
    ['<', 'SSH-2.0-OpenSSH_9.2p1\r\n'],
    ['>', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['>', sshPacket(20, KEXINIT)],
    ['<', sshPacket(20, KEXINIT)],
    ['>', sshPacket(30, sized32(RANDOM))],
    ['<', join(sshPacket(31, join(sized32(SSH_KEY), sized32(RANDOM), sized32(SSH_KEY))), sshPacket(21, []))],
    ['>', sshPacket(21, [])],
    ['>', RANDOM],
  ),
  http: talk(
    80,
    ['>', HTTP_REQUEST],
    ['<', HTTP_RESPONSE],
    ['>', GET],
    ['<', response('application/json', '{"a": 1}')],
    ['>', GET],
    ['<', response('application/octet-stream', 'bytes')],
    ['>', GET],
    ['<', response('text/xml', '<a/>')],
    ['>', GET],
    ['<', 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'],
    ['>', GET],
    ['<', response('image/gif', GIF)],
    ['>', GET],
    ['<', response('image/png', PNG)],
    ['>', GET],
    ['<', response('image/jpeg', JPEG)],
    ['>', GET],
    ['<', response('application/pdf', '%PDF-1.4')],
    ['>', GET],
    ['<', response('text/plain', 'in two ').slice(0, -3)],
    ['<', 'wo '],
  ),
  tls12: talk(
    443,
    ['>', record(22, message(1, CLIENT_HELLO), 0x0301)],
    ['<', join(record(22, message(2, SERVER_12)), record(22, CERTIFICATE), record(22, message(14, [])))],
    ['>', join(record(22, message(16, sized8(RANDOM))), record(20, [1]), record(22, RANDOM))],
    ['<', join(record(22, TICKET), record(20, [1]), record(22, RANDOM))],
    ['>', record(23, RANDOM)],
    ['<', record(21, RANDOM)],
  ),
  tls13: talk(
    4443,
    ['>', record(22, message(1, CLIENT_HELLO), 0x0301).subarray(0, 100)],
    ['>', record(22, message(1, CLIENT_HELLO), 0x0301).subarray(100)],
    ['<', join(record(22, message(2, SERVER_13)), record(20, [1]), record(23, RANDOM))],
    ['>', record(23, RANDOM)],
  ),
  tlsAlert: talk(
    443,
    ['>', record(22, message(1, CLIENT_HELLO), 0x0301)],
    ['<', record(22, message(2, RETRY_13))],
    ['>', record(21, [2, 70])],
  ),
  mqtt: talk(
    1883,
    ['>', mqtt(0x10, join(sized('MQTT'), [4, 0xc2, 0, 20], sized('client'), sized('user'), sized('secret')))],
    ['<', mqtt(0x20, [0, 0])],
    ['>', mqtt(0x82, join([0, 1], sized('topic'), [0]))],
    ['<', mqtt(0x33, join(sized('topic'), [0, 2], 'hello'))],
    ['>', mqtt(0xe0, [])],
  ),
  smb: talk(
    445,
    ['>', nbss(join(hex('ff534d42 72 00000000 18 01c8'), new Uint8Array(20), hex('00 0000')))],
    ['<', nbss(smb2(1, 1, [9, 0, 0, 0, 72, 0, 0, 0]))],
    ['>', nbss(smb2(3, 0, join([9, 0, 0, 0, 72, 0, 4, 0], [92, 0, 65, 0])))],
  ),
  bgp: talk(179, ['>', bgp(1, hex('04 0001 00b4 0b0b0b0b 00'))], ['<', join(bgp(4, []), bgp(4, []))]),
  bittorrent: talk(
    40001,
    ['>', join('\x13BitTorrent protocol', new Uint8Array(8), 'an info hash of bits', 'a name of this peer.')],
    ['<', join('\x13BitTorrent protocol', new Uint8Array(8), 'an info hash of bits', 'the name of another.')],
    ['>', hex('00000001 02 00000003 09 1ae1')],
    ['<', hex('00000005 04 0000002a 00000003 05 ff80')],
    ['>', hex('0000000d 06 00000001 00004000 00000400')],
    ['<', join(hex('0000000d 07 00000001 00004000'), 'data')],
  ),
  vnc: talk(5900, ['<', 'RFB 003.008\n'], ['>', 'RFB 003.008\n']),
  amqp: talk(
    5672,
    ['>', frame091(1, join(hex('003c 0028 0000'), sized8('orders'), sized8('new.one'), [0]))],
    ['>', frame091(2, join(hex('003c 0000 0000000000000002 8000'), sized8('text/plain')))],
    ['<', frame091(1, hex('003c 0050 0000000000000001 00'))],
    ['<', frame091(1, join(hex('003c 003c'), sized8('tag'), hex('0000000000000007 00'), sized8('ex'), sized8('key')))],
  ),
  resp: talk(
    6379,
    ['>', '*2\r\n$3\r\nGET\r\n$1\r\nk\r\n'],
    ['<', '$5\r\nhello\r\n'],
    ['>', 'PING\r\n'],
    ['<', '+PONG\r\n'],
  ),
  iec104: talk(2404, ['>', hex('68 04 07 00 00 00')], ['<', hex('68 04 0b 00 00 00')]),
  fix: talk(9878, ['>', '8=FIX.4.2|9=5|35=0|10=163|'.replaceAll('|', '\x01')]),
  ldap: talk(389, ['<', hex('30 0c 02 01 03 61 07 0a 01 00 04 00 04 00')]),
  rx: [udp(7001, 7000, hex(`5c224fac 5c224fad 00000001 00000000 00000002 02 21 00 00 0000 0034${RX_ACK}`), PLAIN)],
  pgm: [ip4(113, hex('3408 15bb 05 00 0000 010203040506 0064 00000007 00000001'), PLAIN)],
  modbus: talk(502, ['>', hex('0001 0000 0006 01 03 0000 0001')], ['<', hex('0001 0000 0005 01 03 02 0007')]),
  tails: [
    ...['00'.repeat(8), '00'.repeat(12), '0000000000010000', '00000000 61626364 31323334'].map((tail) =>
      join(ip4(253, new Uint8Array(18), PLAIN), hex(tail)),
    ),
    join(ip4(253, new Uint8Array(60), PLAIN), hex('0000000061626364')),
    join(ip4(253, new Uint8Array(60), PLAIN), hex('616263')),
  ],
  // A ping with a time in its data, of either byte order, and one with something else there.
  ping: [
    ip4(1, hex('0800 f7f8 0001 0001 01000000 05000000 0809'), PLAIN),
    ip4(1, hex('0800 f7f8 0001 0002 00000001 00000005 0809'), PLAIN),
    ip4(1, hex('0800 f7f8 0001 0003 7fffffff 00000005 0809'), PLAIN),
  ],
  extensions: [
    ip6(0, join(hex('3a 00 0502 0000 0100'), hex('8f00 0000 0000 0000'))),
    ip6(135, hex('3b 01 05 00 0000 0001 0000 0000 0000 0000')),
    ip6(253, [1, 2, 3, 4]),
    ip6(60, join(hex('3b 00 0104 00000000'))),
  ],
  mstp: [
    eth(
      0x69,
      join(
        hex('424203'),
        hex('0000 03 02 7c 8000020000000001 00000000 8000020000000001 8001 0000 1400 0200 0f00 00'),
        join(hex('00 0050 00'), new Uint8Array(32), hex('0001'), new Uint8Array(16)),
        hex('00000000 8000020000000001 14'),
        hex('bc 8001020000000001 00004e20 80 80 14'),
      ),
    ),
  ],
  mptcp: [
    tcp(40000, 80, SYN, 1000, 0, { ...PLAIN, options: hex('1e0c 0001 0102030405060708') }),
    tcp(40000, 80, ACK, 1001, 1, { ...PLAIN, options: hex('01010101') }),
  ],
  ikev2: [
    udp(
      500,
      500,
      join(
        hex('0102030405060708 0000000000000000 21 20 22 08 00000000 00000050'),
        hex('22 00 0024 00 00 0020 01 01 00 03'),
        hex('03 00 0008 01 00 0003 03 00 0008 02 00 0002 00 00 0008 03 00 0002'),
        hex('28 00 0008 0001 0000 00 00 0008 01020304'),
      ),
      PLAIN,
    ),
  ],
  ipx: [
    ...[
      hex('00000000 ffffffffffff 0452 00000001 020000000001 0452 0001 0004'),
      hex('00000000 ffffffffffff 0453 00000001 020000000001 0453 0001'),
      join(
        hex('00000000 ffffffffffff 0455 00000001 020000000001 0455'),
        new Uint8Array(32),
        hex('0001'),
        'WORKGROUP      \x1e',
      ),
    ].map((data) => eth(9 + data.length, join(hex('e0e003 ffff'), u16(6 + data.length), hex('0014'), data))),
  ],
  capwap: [
    ask(5246, join(hex('00100200 00000000 00000001 00 0003 00'), hex('0014 0001 00'))),
    ask(5246, hex('01000000 15 fefd 0000 000000000000 0002 0100')),
  ],
};
