/** Packets for tests: the captures of test/traces, and a few made by hand. */
import { readFileSync } from 'node:fs';
import { type CapturePacket, readCapture } from '../../adapter/packets/capture.ts';
import { DNS_IP, dnsQuestion, GUEST_IP, hex, icmp, ip, join, LOOPBACK, TO_GUEST, udp } from '../kit/frames.ts';

export function packetsOf(name: string): readonly CapturePacket[] {
  return readCapture(readFileSync(new URL(`../traces/${name}`, import.meta.url))).packets;
}

/** Datagrams without a checksum. */
const PLAIN = { id: 1, zero: true };
const FROM_OUTSIDE = { ...TO_GUEST, src: ip('192.0.2.1'), id: 1 };

const question = dnsQuestion('example.org');
const query = udp(40000, 53, question, { ...PLAIN, dst: DNS_IP });

/** Frames that the captures do not have. */
export const HELLO = {
  dns_query: query,
  dns_answer: udp(
    53,
    40000,
    join(
      hex('1234 8180 0001 0002 0000 0000'),
      question.subarray(12),
      hex('c00c 0005 0001 0000003c 0006 03777777 c00c'),
      hex('c029 0001 0001 0000003c 0004 5db8d822'),
    ),
    { ...TO_GUEST, ...PLAIN, src: DNS_IP },
  ),
  tftp: udp(2000, 69, '\0\x01boot.img\0octet\0blksize\x001428\0', PLAIN),
  unreachable: icmp(3, 3, [0, 0, 0, 0], udp(40000, 53, question, PLAIN).subarray(14), {
    ...TO_GUEST,
    src: LOOPBACK,
    id: 1,
  }),
  echo_request: icmp(8, 0, [0, 7, 0, 1], 'ping', { dst: FROM_OUTSIDE.src, id: 1 }),
  echo_reply: icmp(0, 0, [0, 7, 0, 1], 'ping', { ...FROM_OUTSIDE, dst: GUEST_IP }),
  vlan: udp(1, 7, 'echo', { ...PLAIN, vlan: 0x6064 }),
};
