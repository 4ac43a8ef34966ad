/** Packets for tests: the captures of test/traces, and a few made by hand. */
import { readFileSync } from 'node:fs';
import { type CapturePacket, read_capture } from '../../adapter/packets/capture.ts';
import { ones_sum } from '../../adapter/packets/checksum.ts';
import { concat } from '../../adapter/packets/pcap.ts';

export function packets_of(name: string): readonly CapturePacket[] {
  return read_capture(readFileSync(new URL(`../traces/${name}`, import.meta.url))).packets;
}

export function from_hex(s: string): Uint8Array {
  return Uint8Array.from(Buffer.from(s.replace(/\s+/g, ''), 'hex'));
}

export const GUEST_MAC = from_hex('525400123456');
export const GATEWAY_MAC = from_hex('52550a000202');

function be16(n: number): Uint8Array {
  return Uint8Array.of(n >> 8, n & 255);
}

/** An Ethernet frame; from the guest unless `to_guest`. */
export function ethernet(type: number, payload: Uint8Array, to_guest = false): Uint8Array {
  return concat([to_guest ? GUEST_MAC : GATEWAY_MAC, to_guest ? GATEWAY_MAC : GUEST_MAC, be16(type), payload]);
}

/** An IPv4 packet with a right header checksum; addresses are dotted. */
export function ipv4(proto: number, src: string, dst: string, payload: Uint8Array): Uint8Array {
  const addr = (a: string) => Uint8Array.from(a.split('.'), Number);
  const h = concat([
    from_hex('4500'),
    be16(20 + payload.length),
    from_hex('00010000 40'),
    Uint8Array.of(proto, 0, 0),
    addr(src),
    addr(dst),
  ]);
  h.set(be16(0xffff - ones_sum(h, 0, 20)), 10);
  return concat([h, payload]);
}

/** A UDP datagram without a checksum. */
export function udp(src: number, dst: number, payload: Uint8Array): Uint8Array {
  return concat([be16(src), be16(dst), be16(8 + payload.length), be16(0), payload]);
}

function icmp(head: string, payload: Uint8Array): Uint8Array {
  const m = concat([from_hex(head), payload]);
  m.set(be16(0xffff - ones_sum(m, 0, m.length)), 2);
  return m;
}

const QUESTION = from_hex('07 6578616d706c65 03 6f7267 00 0001 0001');
const query = udp(40000, 53, concat([from_hex('1234 0100 0001 0000 0000 0000'), QUESTION]));

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
          from_hex('1234 8180 0001 0002 0000 0000'),
          QUESTION,
          from_hex('c00c 0005 0001 0000003c 0006 03777777 c00c'),
          from_hex('c029 0001 0001 0000003c 0004 5db8d822'),
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
    concat([from_hex('6064 0800'), ipv4(17, '10.0.2.15', '10.0.2.2', udp(1, 7, Buffer.from('echo')))]),
  ),
};
