/**
 * Changing the frames of a capture so that they fit the replay.
 * They get other sequence numbers and right checksums, and oversized segments are split.
 */
import { onesSum } from '../packets/checksum.ts';
import { checkTcp } from '../packets/protocols/tcp.ts';
import { TcpIpView } from '../packets/tcp-ip-view.ts';

/** Largest frame that a NIC puts on the wire without segmentation offload. */
export const MAX_FRAME = 1514;

const TCP_FIN_PSH = 0x09;

function put16(b: Uint8Array, at: number, v: number): void {
  b[at] = (v >> 8) & 255;
  b[at + 1] = v & 255;
}

function put32(b: Uint8Array, at: number, v: number): void {
  put16(b, at, v >>> 16);
  put16(b, at + 2, v & 0xffff);
}

/** Sum of the pseudo header for a TCP or UDP packet of `length` bytes over IPv4 or IPv6, not complemented. */
function pseudoSum(p: TcpIpView, length: number): number {
  return p.ip >= 0
    ? onesSum(p.buf, p.ip + 12, p.ip + 20, p.proto + length)
    : onesSum(p.buf, p.ipv6 + 8, p.ipv6 + 40, p.proto + length);
}

/** Where the checksum of the transport header is, or -1. */
function checksumAt(p: TcpIpView): number {
  return p.tcp >= 0 ? p.tcp + 16 : p.udp >= 0 ? p.udp + 6 : -1;
}

/** Computes the TCP or UDP checksum anew. */
function setChecksum(p: TcpIpView): void {
  const at = checksumAt(p);
  put16(p.buf, at, 0);
  const sum = 0xffff - onesSum(p.buf, p.l4, p.l3End, pseudoSum(p, p.l3End - p.l4));
  put16(p.buf, at, sum === 0 && p.udp >= 0 ? 0xffff : sum);
}

/**
 * True if the frame was captured before the NIC computed the checksum.
 * The field then holds the sum of the pseudo header alone.
 */
function isPartial(p: TcpIpView): boolean {
  const at = checksumAt(p);
  return at >= 0 && !p.fragment && p.u16(at) === pseudoSum(p, p.l3End - p.l4);
}

/**
 * A copy of the bytes of a captured frame, extended with zeros to the length it had on the wire.
 * Checksums that were left to the NIC are filled in.
 */
export function completeFrame(data: Uint8Array, wireLength: number): Uint8Array {
  const out = new Uint8Array(Math.min(Math.max(data.length, wireLength), 65536 + 14));
  out.set(data);
  const p = new TcpIpView(out);
  if (checksumAt(p) >= 0 && !p.fragment && (data.length < wireLength || isPartial(p))) {
    setChecksum(p);
  }
  return out;
}

/**
 * Gives a TCP segment another acknowledgment number.
 * Its checksum is adjusted (RFC 1624), so that a wrong one stays wrong.
 */
export function setAck(p: TcpIpView, ack: number): void {
  const at = p.tcp + 8;
  const check = p.u16(p.tcp + 16);
  let sum = 0xffff - check;
  for (const [off, v] of [
    [at, ack >>> 16],
    [at + 2, ack & 0xffff],
  ] as const) {
    sum += 0xffff - p.u16(off) + v;
  }
  while (sum > 0xffff) {
    sum = (sum & 0xffff) + (sum >>> 16);
  }
  put32(p.buf, at, ack);
  put16(p.buf, p.tcp + 16, 0xffff - sum);
}

/** Splits a TCP segment that left the guest in one piece (segmentation offload) into frames the wire carries. */
export function segment(frame: Uint8Array): Uint8Array[] {
  const p = new TcpIpView(frame);
  const header = p.payload - p.off;
  if (frame.length <= MAX_FRAME || p.tcp < 0 || p.ip < 0 || p.fragment || header >= MAX_FRAME) {
    return [frame];
  }
  const good = checkTcp(p.packet).state !== 'bad';
  const mss = MAX_FRAME - header;
  const out: Uint8Array[] = [];
  for (let at = 0; at < p.payloadEnd - p.payload; at += mss) {
    const n = Math.min(mss, p.payloadEnd - p.payload - at);
    const last = at + n === p.payloadEnd - p.payload;
    const f = new Uint8Array(header + n);
    f.set(frame.subarray(0, header));
    f.set(frame.subarray(p.payload + at, p.payload + at + n), header);
    put16(f, p.ip + 2, header - p.ip + n);
    put16(f, p.ip + 4, p.u16(p.ip + 4) + out.length);
    put16(f, p.ip + 10, 0);
    put16(f, p.ip + 10, 0xffff - onesSum(f, p.ip, p.l4));
    put32(f, p.tcp + 4, p.u32(p.tcp + 4) + at);
    f[p.tcp + 13] = frame[p.tcp + 13]! & (last ? 0xff : ~TCP_FIN_PSH);
    if (good) {
      setChecksum(new TcpIpView(f));
    }
    out.push(f);
  }
  return out;
}

/** A bare ACK made from a captured segment of the same connection: its addresses, ports and window. */
export function bareAck(template: Uint8Array, seq: number, ack: number): Uint8Array {
  const t = new TcpIpView(template);
  const header = t.tcp + 20;
  const f = new Uint8Array(Math.max(60, header));
  f.set(template.subarray(0, header));
  if (t.ip >= 0) {
    put16(f, t.ip + 2, header - t.ip);
    put16(f, t.ip + 10, 0);
    put16(f, t.ip + 10, 0xffff - onesSum(f, t.ip, t.l4));
  } else {
    put16(f, t.ipv6 + 4, 20);
  }
  put32(f, t.tcp + 4, seq);
  put32(f, t.tcp + 8, ack);
  f[t.tcp + 12] = 0x50;
  f[t.tcp + 13] = 0x10;
  put16(f, t.tcp + 18, 0);
  setChecksum(new TcpIpView(f));
  return f;
}

/**
 * An ARP announcement (RFC 5227), which tells the user network the guest's addresses.
 * It is padded to the least size of a frame.
 */
export function arpAnnouncement(mac: number, ip: number): Uint8Array {
  const f = new Uint8Array(60);
  const putMac = (at: number, v: number): void => {
    put16(f, at, Math.floor(v / 0x100000000));
    put32(f, at + 2, v % 0x100000000);
  };
  putMac(0, 0xffffffffffff);
  putMac(6, mac);
  put16(f, 12, 0x0806);
  put16(f, 14, 1);
  put16(f, 16, 0x0800);
  put16(f, 18, 0x0604);
  put16(f, 20, 1);
  putMac(22, mac);
  put32(f, 28, ip);
  put32(f, 38, ip);
  return f;
}
