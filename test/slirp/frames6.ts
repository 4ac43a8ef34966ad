/** Building the guest's IPv6 frames for tests. */
import { fixChecksums, GUEST_MAC } from './frames.ts';

/** An address: its first two bytes and its last one. */
export const addr6 = (prefix: number, last: number): Uint8Array => {
  const a = new Uint8Array(16);
  a.set([prefix >> 8, prefix & 255]);
  a[15] = last;
  return a;
};
/** The guest's address and the gateway's. */
export const GUEST6 = addr6(0xfec0, 0x15);
export const HOST6 = addr6(0xfec0, 2);

/** An IPv6 frame of the guest. */
export function ip6Frame(next: number, payload: Uint8Array, dst: Uint8Array = HOST6): Uint8Array {
  const f = new Uint8Array(54 + payload.length);
  f.set([0x52, 0x56, 0, 0, 0, 2], 0);
  f.set(GUEST_MAC, 6);
  f.set([0x86, 0xdd, 0x60], 12);
  f.set([payload.length >> 8, payload.length & 255, next, 255], 18);
  f.set(GUEST6, 22);
  f.set(dst, 38);
  f.set(payload, 54);
  return fixChecksums(f);
}

/** A TCP segment of the guest to the gateway. */
export function tcp6(
  sport: number,
  dport: number,
  seq: number,
  ack: number,
  flags: number,
  data: string | Uint8Array = '',
): Uint8Array {
  const p = Buffer.alloc(20 + data.length);
  p.writeUInt16BE(sport, 0);
  p.writeUInt16BE(dport, 2);
  p.writeUInt32BE(seq, 4);
  p.writeUInt32BE(ack, 8);
  p[12] = 0x50;
  p[13] = flags;
  p.writeUInt16BE(65535, 14);
  p.set(typeof data === 'string' ? Buffer.from(data) : data, 20);
  return ip6Frame(6, p);
}

/** A neighbor solicitation for the gateway: makes the guest's MAC address known. */
export function solicit(): Uint8Array {
  const p = new Uint8Array(32);
  p[0] = 135;
  p.set(HOST6, 8);
  p.set([1, 1, ...GUEST_MAC], 24);
  return ip6Frame(58, p, Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 2));
}
