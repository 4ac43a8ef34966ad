/**
 * Changing the frames of a capture so that they fit the replay.
 * They get other sequence numbers and right checksums, and oversized segments are split.
 */
import { onesSum } from '../packets/checksum.ts';
import { TcpIpView } from '../packets/tcp-ip-view.ts';

/** Largest frame that a NIC puts on the wire without segmentation offload. */
export const MAX_FRAME = 1514;
/** Longest frame that a descriptor of a NIC can name. */
export const MAX_SENT = 65535;

const TCP_FIN_PSH = 0x09;
const TCP_ACK = 0x10;
const ETH_HLEN = 14;
const IPV6_HLEN = 40;
const IP_MORE_FRAGMENTS = 0x2000;
const IP_OFFSET = 0x1fff;

function put16(b: Uint8Array, at: number, v: number): void {
  b[at] = (v >> 8) & 255;
  b[at + 1] = v & 255;
}

function put32(b: Uint8Array, at: number, v: number): void {
  put16(b, at, v >>> 16);
  put16(b, at + 2, v & 0xffff);
}

/** Sum of the pseudo header for what IP carries, `length` bytes; not complemented. ICMP has none. */
function pseudoSum(p: TcpIpView, length: number): number {
  if (p.icmp >= 0) {
    return 0;
  }
  return p.ip >= 0
    ? onesSum(p.buf, p.ip + 12, p.ip + 20, p.proto + length)
    : onesSum(p.buf, p.ipv6 + 8, p.ipv6 + 40, p.proto + length);
}

/** Where the checksum of the transport header is, or -1. */
function checksumAt(p: TcpIpView): number {
  const icmp = Math.max(p.icmp, p.icmpv6);
  return p.tcp >= 0 ? p.tcp + 16 : p.udp >= 0 ? p.udp + 6 : icmp >= 0 ? icmp + 2 : -1;
}

/** First byte after what the checksum covers. */
function checkedEnd(p: TcpIpView): number {
  return p.udp >= 0 ? p.payloadEnd : p.l3End;
}

/** Computes the checksum of the transport header anew. */
function setChecksum(p: TcpIpView): void {
  const at = checksumAt(p);
  put16(p.buf, at, 0);
  const end = checkedEnd(p);
  const sum = 0xffff - onesSum(p.buf, p.l4, end, pseudoSum(p, end - p.l4));
  put16(p.buf, at, sum === 0 && p.udp >= 0 ? 0xffff : sum);
}

/** Gives the first fragment in `p` the checksum that the `whole` IP packet has to have. */
export function setChecksumOfWhole(p: TcpIpView, whole: TcpIpView): void {
  setChecksum(whole);
  put16(p.buf, checksumAt(p), whole.u16(checksumAt(whole)));
}

/** True if the checksum of the transport header is not what it should be. */
function isWrong(p: TcpIpView): boolean {
  const end = checkedEnd(p);
  return onesSum(p.buf, p.l4, end, pseudoSum(p, end - p.l4)) !== 0xffff;
}

/**
 * True if the frame was captured before the NIC computed the checksum.
 * The field then holds the sum of the pseudo header alone.
 */
function isPartial(p: TcpIpView): boolean {
  const at = checksumAt(p);
  return at >= 0 && Math.max(p.icmp, p.icmpv6) < 0 && !p.fragment && p.u16(at) === pseudoSum(p, p.l3End - p.l4);
}

/** Longest IP packet; what is longer was put together by offloading and says so with a length of 0. */
const MAX_IP = 65535;
/** Longest packet that is believed to be one: BIG TCP hands 512 KiB to a NIC at most. */
const MAX_OFFLOADED = 512 * 1024;

/** A copy of the bytes of a packet, with zeros for those that the capture has cut. */
export function uncut(data: Uint8Array, wireLength: number): Uint8Array {
  const out = new Uint8Array(Math.min(Math.max(data.length, wireLength), MAX_OFFLOADED));
  out.set(data);
  return out;
}

/** Reused for each frame: nothing in here calls back. */
const scratch = new TcpIpView();

/** How captured packets are made into frames. */
export interface FrameOptions {
  /** Wrong checksums are put right; those left to the hardware always are. */
  readonly repair: boolean;
}

/** Where a frame is made: memory for it, zeroed, and a view that is aimed at it and has found its headers. */
export interface FrameMaker {
  readonly view: TcpIpView;
  take(length: number): Uint8Array;
}

const OWN: FrameMaker = { view: scratch, take: (length) => new Uint8Array(length) };

/**
 * A copy of the bytes of a captured frame, extended with zeros to the length it had on the wire. Offloaded checksums
 * are filled in, and with `repair` wrong ones are put right.
 */
export function completeFrame(
  data: Uint8Array,
  wireLength: number,
  options: FrameOptions = { repair: false },
  maker: FrameMaker = OWN,
): Uint8Array {
  const out = maker.take(Math.min(Math.max(data.length, wireLength), MAX_OFFLOADED));
  out.set(data);
  fixChecksums(maker.view.set(out, 0, out.length, 'ethernet').find(), data.length < wireLength, options.repair);
  return out;
}

/**
 * As `completeFrame`, for the IP packet that begins at `l3` of the captured bytes, with an Ethernet header of its own.
 */
export function frameOf(
  data: Uint8Array,
  l3: number,
  wireLength: number,
  header: { readonly destination: number; readonly source: number },
  options: FrameOptions,
  maker: FrameMaker = OWN,
): Uint8Array {
  const length = Math.min(Math.max(data.length, wireLength), MAX_OFFLOADED) - l3;
  const out = maker.take(ETH_HLEN + length);
  out.set(data.subarray(l3), ETH_HLEN);
  putMac(out, 0, header.destination);
  putMac(out, 6, header.source);
  put16(out, 12, (out[ETH_HLEN] ?? 0) >> 4 === 6 ? 0x86dd : 0x0800);
  fixChecksums(maker.view.set(out, 0, out.length, 'ethernet').find(), data.length < wireLength, options.repair);
  return withoutExtensions(out, maker.view);
}

/**
 * The user network drops packets with IPv6 extension headers; most of these change nothing for who gets them. `p` has
 * found the frame's headers, and finds those of the new one.
 */
function withoutExtensions(frame: Uint8Array, p: TcpIpView): Uint8Array {
  const end = p.ipv6 + IPV6_HLEN;
  if (p.ipv6 < 0 || p.fragment || p.l4 <= end) {
    return frame;
  }
  const out = new Uint8Array(frame.length - (p.l4 - end));
  out.set(frame.subarray(0, end));
  out.set(frame.subarray(p.l4), end);
  out[p.ipv6 + 6] = p.proto;
  put16(out, p.ipv6 + 4, Math.max(0, p.u16(p.ipv6 + 4) - (p.l4 - end)));
  p.set(out, 0, out.length, 'ethernet').find();
  return out;
}

/**
 * Puts the checksums of a whole frame right: all if it was `cut` or `repair` is wanted, else those that were left to
 * the hardware.
 */
function fixChecksums(p: TcpIpView, cut: boolean, repair: boolean): void {
  if (repair && p.ip >= 0) {
    setIpLength(p);
    put16(p.buf, p.ip + 10, 0);
    put16(p.buf, p.ip + 10, 0xffff - onesSum(p.buf, p.ip, p.l4));
  }
  if (p.fragment || checksumAt(p) < 0 || p.limit - Math.max(p.ip, p.ipv6) > MAX_IP) {
    return;
  }
  const absent = p.udp >= 0 && p.ip >= 0 && p.u16(p.udp + 6) === 0;
  if (cut || isPartial(p) || (repair && !absent && isWrong(p))) {
    setChecksum(p);
  }
}

/** A NIC that segments is given a length of 0: it is that of the packet, if that can be said. */
function setIpLength(p: TcpIpView): void {
  const length = p.limit - p.ip;
  if (p.u16(p.ip + 2) === 0 && length <= MAX_IP) {
    put16(p.buf, p.ip + 2, length);
  }
}

/** The window that a segment of the guest means, since slirp offers no scaling: at most 65535 (RFC 7323, 2.3). */
export function setWindow(p: TcpIpView, window: number): void {
  const check = p.u16(p.tcp + 16);
  let sum = 0xffff - check + 0xffff - p.u16(p.tcp + 14) + window;
  while (sum > 0xffff) {
    sum = (sum & 0xffff) + (sum >>> 16);
  }
  put16(p.buf, p.tcp + 14, window);
  put16(p.buf, p.tcp + 16, 0xffff - sum);
}

/**
 * Gives a TCP segment another acknowledgment number.
 * Its checksum is adjusted (RFC 1624), so that a wrong one stays wrong.
 */
export function setAck(p: TcpIpView, ack: number): void {
  const at = p.tcp + 8;
  let sum = 0xffff - p.u16(p.tcp + 16);
  sum += 0xffff - p.u16(at) + (ack >>> 16);
  sum += 0xffff - p.u16(at + 2) + (ack & 0xffff);
  while (sum > 0xffff) {
    sum = (sum & 0xffff) + (sum >>> 16);
  }
  put32(p.buf, at, ack);
  put16(p.buf, p.tcp + 16, 0xffff - sum);
}

/** True for what `segment` can split. */
export function canSplit(p: TcpIpView): boolean {
  return p.ip >= 0 || (p.tcp >= 0 && !p.fragment);
}

/**
 * Splits what left the guest in one piece into frames that the wire carries: a TCP segment as a NIC does (segmentation
 * offload), other IPv4 packets of a network with a larger MTU into fragments.
 */
export function segment(frame: Uint8Array): Uint8Array[] {
  if (frame.length <= MAX_FRAME) {
    return [frame];
  }
  const p = new TcpIpView(frame).find();
  const header = p.payload - p.off;
  if (p.tcp < 0 || p.fragment || header >= MAX_FRAME) {
    return p.ip >= 0 && p.l4 > p.ip ? fragment(p) : [frame];
  }
  const good = frame.length - ETH_HLEN > MAX_IP || !isWrong(p);
  const mss = MAX_FRAME - header;
  const out: Uint8Array[] = [];
  for (let at = 0; at < p.payloadEnd - p.payload; at += mss) {
    const n = Math.min(mss, p.payloadEnd - p.payload - at);
    const last = at + n === p.payloadEnd - p.payload;
    const f = new Uint8Array(header + n);
    f.set(frame.subarray(0, header));
    f.set(frame.subarray(p.payload + at, p.payload + at + n), header);
    if (p.ip >= 0) {
      put16(f, p.ip + 2, header - p.ip + n);
      put16(f, p.ip + 4, p.u16(p.ip + 4) + out.length);
      put16(f, p.ip + 10, 0);
      put16(f, p.ip + 10, 0xffff - onesSum(f, p.ip, p.l4));
    } else {
      put16(f, p.ipv6 + 4, header - p.ipv6 - 40 + n);
    }
    put32(f, p.tcp + 4, p.u32(p.tcp + 4) + at);
    f[p.tcp + 13] = p.u8(p.tcp + 13) & (last ? 0xff : ~TCP_FIN_PSH);
    if (good) {
      setChecksum(new TcpIpView(f).find());
    }
    out.push(f);
  }
  return out;
}

/** Splits an IPv4 packet, which may be a fragment already, into fragments. */
function fragment(p: TcpIpView): Uint8Array[] {
  const header = p.l4 - p.off;
  const size = (MAX_FRAME - header) & ~7;
  const frag = p.u16(p.ip + 6);
  const out: Uint8Array[] = [];
  for (let at = p.l4; at < p.l3End; at += size) {
    const end = Math.min(p.l3End, at + size);
    const f = new Uint8Array(header + end - at);
    f.set(p.bytes(p.off, p.l4));
    f.set(p.bytes(at, end), header);
    const more = end < p.l3End ? IP_MORE_FRAGMENTS : frag & IP_MORE_FRAGMENTS;
    put16(f, p.ip + 2, header - p.ip + end - at);
    put16(f, p.ip + 6, more | ((frag + ((at - p.l4) >> 3)) & IP_OFFSET));
    put16(f, p.ip + 10, 0);
    put16(f, p.ip + 10, 0xffff - onesSum(f, p.ip, p.l4));
    out.push(f);
  }
  return out;
}

/**
 * A TCP segment without data that the capture does not have: what it says, and which frame it takes its addresses and
 * ports from.
 */
export interface MadeUpSegment {
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  readonly window: number;
}

/** Builds a segment from a captured frame of the same sender and connection. */
export function segmentLike(template: Uint8Array, s: MadeUpSegment): Uint8Array {
  const t = scratch.set(template, 0, template.length, 'ethernet').find();
  const header = t.tcp + 20;
  const f = new Uint8Array(Math.max(60, header));
  f.set(template.subarray(0, header));
  if (t.ip >= 0) {
    put16(f, t.ip + 2, header - t.ip);
    put16(f, t.ip + 6, t.u16(t.ip + 6) & ~(IP_MORE_FRAGMENTS | IP_OFFSET));
    put16(f, t.ip + 10, 0);
    put16(f, t.ip + 10, 0xffff - onesSum(f, t.ip, t.l4));
  } else {
    put16(f, t.ipv6 + 4, header - t.ipv6 - 40);
  }
  put32(f, t.tcp + 4, s.seq);
  put32(f, t.tcp + 8, s.ack);
  f[t.tcp + 12] = 0x50;
  f[t.tcp + 13] = s.flags;
  put16(f, t.tcp + 14, s.window);
  put16(f, t.tcp + 18, 0);
  setChecksum(scratch.set(f, 0, f.length, 'ethernet').find());
  return f;
}

/** A bare ACK made from a captured segment of the same connection: its addresses, ports and window. */
export function bareAck(template: Uint8Array, seq: number, ack: number): Uint8Array {
  const t = scratch.set(template, 0, template.length, 'ethernet').find();
  return segmentLike(template, { seq, ack, flags: TCP_ACK, window: t.u16(t.tcp + 14) });
}

/** The frame the other way: addresses and ports swapped, as a template for the other side's segments. */
export function reversed(template: Uint8Array): Uint8Array {
  const f = template.slice();
  const t = new TcpIpView(template).find();
  const swap = (a: number, b: number, n: number): void => {
    f.set(template.subarray(a, a + n), b);
    f.set(template.subarray(b, b + n), a);
  };
  swap(0, 6, 6);
  const n = t.ip >= 0 ? 4 : 16;
  const at = t.ip >= 0 ? t.ip + 12 : t.ipv6 + 8;
  swap(at, at + n, n);
  if (t.tcp >= 0) {
    swap(t.tcp, t.tcp + 2, 2);
  }
  return f;
}

function putMac(b: Uint8Array, at: number, v: number): void {
  put16(b, at, Math.floor(v / 0x100000000));
  put32(b, at + 2, v % 0x100000000);
}

/**
 * An ARP announcement (RFC 5227): tells the user network the guest's addresses, padded to the least size of a frame.
 */
export function arpAnnouncement(mac: number, ip: number): Uint8Array {
  const f = new Uint8Array(60);
  putMac(f, 0, 0xffffffffffff);
  putMac(f, 6, mac);
  put16(f, 12, 0x0806);
  put16(f, 14, 1);
  put16(f, 16, 0x0800);
  put16(f, 18, 0x0604);
  put16(f, 20, 1);
  putMac(f, 22, mac);
  put32(f, 28, ip);
  put32(f, 38, ip);
  return f;
}

/** An unsolicited neighbor advertisement (RFC 4861, 7.2.6) of an IPv6 address, to all nodes. */
export function neighborAdvertisement(mac: number, address: Uint8Array): Uint8Array {
  const f = new Uint8Array(86);
  f.set([0x33, 0x33, 0, 0, 0, 1]);
  putMac(f, 6, mac);
  // IPv6: 32 bytes of ICMPv6, hop limit 255.
  f.set([0x86, 0xdd, 0x60, 0, 0, 0, 0, 32, 58, 255], 12);
  f.set(address, 22);
  f.set([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 38);
  // Type 136 with the override flag, and the target link-layer address option.
  f.set([136, 0, 0, 0, 0x20, 0, 0, 0], 54);
  f.set(address, 62);
  f.set([2, 1], 78);
  putMac(f, 80, mac);
  put16(f, 56, 0xffff - onesSum(f, 54, 86, onesSum(f, 22, 54, 58 + 32)));
  return f;
}
