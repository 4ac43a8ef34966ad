/** Packets for tests: the captures of test/traces, and a few made by hand. */
import { readFileSync } from 'node:fs';
import { type CapturePacket, readCapture } from '../../adapter/packets/capture.ts';
import { onesSum } from '../../adapter/packets/checksum.ts';
import { concat } from '../../adapter/packets/pcap.ts';

export function packetsOf(name: string): readonly CapturePacket[] {
  return readCapture(readFileSync(new URL(`../traces/${name}`, import.meta.url))).packets;
}

export function fromHex(s: string): Uint8Array {
  return Uint8Array.from(Buffer.from(s.replace(/\s+/g, ''), 'hex'));
}

export const GUEST_MAC = fromHex('525400123456');
export const GATEWAY_MAC = fromHex('52550a000202');

function be16(n: number): Uint8Array {
  return Uint8Array.of(n >> 8, n & 255);
}

/** An Ethernet frame; from the guest unless `to_guest`. */
export function ethernet(type: number, payload: Uint8Array, toGuest = false): Uint8Array {
  return concat([toGuest ? GUEST_MAC : GATEWAY_MAC, toGuest ? GATEWAY_MAC : GUEST_MAC, be16(type), payload]);
}

/** An IPv4 packet with a right header checksum; addresses are dotted. */
export function ipv4(proto: number, src: string, dst: string, payload: Uint8Array): Uint8Array {
  const addr = (a: string) => Uint8Array.from(a.split('.'), Number);
  const h = concat([
    fromHex('4500'),
    be16(20 + payload.length),
    fromHex('00010000 40'),
    Uint8Array.of(proto, 0, 0),
    addr(src),
    addr(dst),
  ]);
  h.set(be16(0xffff - onesSum(h, 0, 20)), 10);
  return concat([h, payload]);
}

/** A UDP datagram without a checksum. */
export function udp(src: number, dst: number, payload: Uint8Array): Uint8Array {
  return concat([be16(src), be16(dst), be16(8 + payload.length), be16(0), payload]);
}

function icmp(head: string, payload: Uint8Array): Uint8Array {
  const m = concat([fromHex(head), payload]);
  m.set(be16(0xffff - onesSum(m, 0, m.length)), 2);
  return m;
}

const QUESTION = fromHex('07 6578616d706c65 03 6f7267 00 0001 0001');
const query = udp(40000, 53, concat([fromHex('1234 0100 0001 0000 0000 0000'), QUESTION]));

/** Frames that the captures do not have. */
export const HELLO = {
  dns_query: ethernet(0x0800, ipv4(17, '10.0.2.15', '10.0.2.3', query)),
  dns_answer: ethernet(
    0x0800,
    ipv4(
      17,
      '10.0.2.3',
      '10.0.2.15',
      udp(
        53,
        40000,
        concat([
          fromHex('1234 8180 0001 0002 0000 0000'),
          QUESTION,
          fromHex('c00c 0005 0001 0000003c 0006 03777777 c00c'),
          fromHex('c029 0001 0001 0000003c 0004 5db8d822'),
        ]),
      ),
    ),
    true,
  ),
  tftp: ethernet(
    0x0800,
    ipv4(17, '10.0.2.15', '10.0.2.2', udp(2000, 69, Buffer.from('\0\x01boot.img\0octet\0blksize\x001428\0', 'latin1'))),
  ),
  unreachable: ethernet(
    0x0800,
    ipv4(1, '127.0.0.1', '10.0.2.15', icmp('0303000000000000', ipv4(17, '10.0.2.15', '10.0.2.2', query))),
    true,
  ),
  echo_request: ethernet(0x0800, ipv4(1, '10.0.2.15', '192.0.2.1', icmp('08000000 00070001', Buffer.from('ping')))),
  echo_reply: ethernet(0x0800, ipv4(1, '192.0.2.1', '10.0.2.15', icmp('00000000 00070001', Buffer.from('ping'))), true),
  vlan: ethernet(
    0x8100,
    concat([fromHex('6064 0800'), ipv4(17, '10.0.2.15', '10.0.2.2', udp(1, 7, Buffer.from('echo')))]),
  ),
};
