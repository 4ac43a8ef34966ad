/** Packets that have what the captures have not: each declared field occurs in one of them or in a capture. */
import { eth, hex as fromHex, GUEST_MAC, HOST_MAC, ip, ip4, join as joined, udpPayload } from '../kit/frames.ts';
import { HELLO } from './samples.ts';

const concat = (parts: readonly Uint8Array[]): Uint8Array => joined(...parts);

const ethernet = (type: number, payload: Uint8Array, toGuest = false): Uint8Array =>
  eth(type, payload, toGuest ? { mac: HOST_MAC, to: GUEST_MAC } : {});

/** An IPv4 packet whose payload keeps its checksum, without a link layer. */
const ipv4 = (proto: number, src: string, dst: string, payload: Uint8Array): Uint8Array =>
  ip4(proto, payload, { src: ip(src), dst: ip(dst), id: 1, raw: true }).subarray(14);

/** A UDP datagram without a checksum and without IP. */
const udp = (sport: number, dport: number, payload: Uint8Array): Uint8Array =>
  udpPayload(sport, dport, payload, { zero: true });

const HOST6 = fromHex('fec00000000000000000000000000002');
const GUEST6 = fromHex('fec00000000000000000000000000015');

function ascii(s: string): Uint8Array {
  return Uint8Array.from(s, (c) => c.charCodeAt(0));
}

/** An IPv6 packet; `payload` starts with the header `next`. */
function ipv6(next: number, payload: Uint8Array): Uint8Array {
  const length = Uint8Array.of(payload.length >> 8, payload.length & 255);
  return ethernet(0x86dd, concat([fromHex('60300005'), length, Uint8Array.of(next, 64), GUEST6, HOST6, payload]));
}

function tcp(src: number, dst: number, options: string, payload: Uint8Array): Uint8Array {
  const o = fromHex(options);
  const ports = Uint8Array.of(src >> 8, src & 255, dst >> 8, dst & 255);
  const head = Uint8Array.of(((20 + o.length) / 4) << 4, 0x18);
  return concat([ports, fromHex('00000001 00000002'), head, fromHex('2000 0000 0000'), o, payload]);
}

function dhcp(options: Uint8Array): Uint8Array {
  const fixed = new Uint8Array(236);
  fixed.set([2, 1, 6]);
  fixed.set(ascii('server'), 44);
  const whole = concat([fixed, fromHex('63825363'), options, Uint8Array.of(255)]);
  return ethernet(0x0800, ipv4(17, '10.0.2.2', '10.0.2.15', udp(67, 68, whole)), true);
}

function dhcpOption(code: number, value: Uint8Array): Uint8Array {
  return concat([Uint8Array.of(code, value.length), value]);
}

function tftp(message: string): Uint8Array {
  return ethernet(0x0800, ipv4(17, '10.0.2.15', '10.0.2.2', udp(2000, 69, ascii(message))));
}

const ADDRESS = fromHex('0a000203');
const QUESTION = '01 61 00 001c 0001';
const DNS = fromHex(`1234 8180 0001 0001 0000 0000 ${QUESTION} c00c 001c 0001 0000003c 0010 ${'fe80'.padEnd(32, '0')}`);

export const BUILT: Readonly<Record<string, Uint8Array>> = {
  ...HELLO,
  trailer: concat([ethernet(0x0800, ipv4(17, '10.0.2.15', '10.0.2.2', udp(1, 2, ascii('x')))), fromHex('0102')]),
  two_tags: ethernet(0x8100, fromHex('7001 8100 0002 1234 010203')),
  echo6: ipv6(58, fromHex('80000000 0001 0002 70696e67')),
  solicitation: ipv6(58, concat([fromHex('87000000 00000000'), HOST6])),
  advertisement: ipv6(58, concat([fromHex('88000000 60000000'), HOST6])),
  extension: ipv6(0, concat([fromHex('11 00 0104 00000000'), udp(1, 2, ascii('data'))])),
  later_fragment6: ipv6(44, concat([fromHex('11 00 0008 00000001'), ascii('data')])),
  options: ethernet(
    0x0800,
    ipv4(6, '10.0.2.15', '10.0.2.2', tcp(1, 2, '020405b4 0303070101 080a 0000000100000002 00', ascii('x'))),
  ),
  http_response: ipv6(6, tcp(80, 40000, '', ascii('HTTP/1.1 404 Not Found\r\nServer: x\r\n\r\n'))),
  http_request: ipv6(6, tcp(40000, 8080, '', ascii('POST /form HTTP/1.1\r\n\r\n'))),
  dns_tcp: ipv6(6, tcp(53, 40000, '', concat([Uint8Array.of(0, DNS.length), DNS]))),
  dhcp: dhcp(
    concat([
      dhcpOption(53, Uint8Array.of(5)),
      dhcpOption(1, fromHex('ffffff00')),
      dhcpOption(3, ADDRESS),
      dhcpOption(6, concat([ADDRESS, fromHex('08080808')])),
      dhcpOption(12, ascii('guest')),
      dhcpOption(15, ascii('example.org')),
      dhcpOption(50, ADDRESS),
      dhcpOption(51, fromHex('00015180')),
      dhcpOption(54, ADDRESS),
      dhcpOption(56, ascii('no more')),
    ]),
  ),
  tftp_write: tftp('\0\x02boot.img\0octet\0'),
  tftp_data: tftp('\0\x03\0\x01data'),
  tftp_error: tftp('\0\x05\0\x01File not found\0'),
};
