/** IPv4 input and reassembly (libslirp's ip_input.c; RFC 791). */
import type { DropReason } from '../util/drop_reasons.ts';
import { AF_INET } from '../util/host.ts';
import { rd16, rd32, wr16 } from '../wire/bytes.ts';
import { ICMP_TIMXCEED } from '../wire/icmp.ts';
import {
  IP_DF,
  IP_DST,
  IP_HLEN,
  IP_ID,
  IP_LEN,
  IP_MAXPACKET,
  IP_MF,
  IP_OFF,
  IP_OFFMASK,
  IP_P,
  IP_SRC,
  IP_TTL,
  IPPROTO_ICMP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  ip_hl,
  ip_v,
} from '../wire/ip.ts';
import { cksum } from './cksum.ts';
import type { Slirp } from './instance.ts';
import { icmp_input, icmp_send_error } from './ip_icmp.ts';
import { m_drop, m_free, m_inc, type mbuf } from './mbuf.ts';
import { tcp_input } from './tcp_input.ts';
import { udp_input } from './udp.ts';

/** Incomplete datagrams kept at most, and the bytes they may hold together; beyond that the oldest is given up. */
export const IPQ_MAX = 256;
export const IPQ_MAX_BYTES = 4 << 20;
/** Half-second ticks that an incomplete datagram is kept: 30 s. */
const IPFRAGTTL = 60;

/** One fragment: its bytes are `[ipf_off, ipf_end)` of the datagram's payload. */
export class ipasfrag {
  ipf_off: number;
  ipf_end: number;
  readonly m: mbuf;
  /**
   * Keeps what it is given.
   * @packet m
   */
  constructor(m: mbuf, off: number, end: number) {
    this.m = m;
    this.ipf_off = off;
    this.ipf_end = end;
  }
}

/** A datagram that is being put together. */
export class ipq {
  readonly key: string;
  /** Slow ticks left. */
  ipq_ttl: number = IPFRAGTTL;
  /** Fragments in order of their offset. */
  frags: ipasfrag[] = [];
  bytes = 0;
  constructor(key: string) {
    this.key = key;
  }
}

/**
 * Takes an IPv4 packet from the guest: checks the header, reassembles, and hands it to its protocol.
 * @packet m
 */
export function ip_input(m: mbuf): void {
  const slirp = m.slirp;
  const b = m.m_dat;
  const ip = m.m_data;
  if (!slirp.in_enabled) {
    m_drop(m, 'IPV4_OFF');
    return;
  }
  if (m.m_len < IP_HLEN) {
    m_drop(m, 'IP_SHORT');
    return;
  }
  if (ip_v(b, ip) !== 4) {
    m_drop(m, 'IP_VERSION');
    return;
  }
  const hlen = ip_hl(b, ip);
  if (hlen < IP_HLEN || hlen > m.m_len) {
    m_drop(m, 'IP_HLEN');
    return;
  }
  if (cksum(m, ip, hlen) !== 0) {
    m_drop(m, 'IP_CSUM');
    return;
  }
  const ip_len = rd16(b, ip + IP_LEN);
  if (ip_len < hlen || m.m_len < ip_len) {
    m_drop(m, 'IP_SHORT');
    return;
  }
  // Ethernet's padding.
  m.m_len = ip_len;
  if (b[ip + IP_TTL] === 0) {
    icmp_send_error(m, ICMP_TIMXCEED, 0, 0, 'ttl');
    m_drop(m, 'IP_TTL');
    return;
  }
  let whole: mbuf | null = m;
  if ((rd16(b, ip + IP_OFF) & ~IP_DF) !== 0) {
    whole = ip_reass(slirp, m, hlen);
    if (whole === null) {
      return;
    }
  }
  const iphlen = ip_hl(whole.m_dat, whole.m_data);
  switch (whole.m_dat[whole.m_data + IP_P]) {
    case IPPROTO_TCP:
      tcp_input(whole, iphlen, null, AF_INET);
      break;
    case IPPROTO_UDP:
      udp_input(whole, iphlen);
      break;
    case IPPROTO_ICMP:
      icmp_input(whole, iphlen);
      break;
    default:
      m_drop(whole, 'IP_PROTO');
  }
}

/**
 * Adds a fragment to its datagram. Returns the whole datagram once it is complete, else null. What overlaps is cut: at
 * its front a fragment yields to what is there already, behind that it replaces it.
 * @packet m
 */
export function ip_reass(slirp: Slirp, m: mbuf, hlen: number): mbuf | null {
  const b = m.m_dat;
  const ip = m.m_data;
  const key = `${rd16(b, ip + IP_ID)}/${rd32(b, ip + IP_SRC)}/${rd32(b, ip + IP_DST)}/${b[ip + IP_P]}`;
  const ip_off = rd16(b, ip + IP_OFF);
  const off = (ip_off & IP_OFFMASK) << 3;
  const end = off + m.m_len - hlen;
  if (end === off || end + IP_HLEN > IP_MAXPACKET) {
    m_drop(m, 'IP_FRAG');
    return null;
  }
  let fp = slirp.ipq.get(key);
  if (!fp) {
    fp = new ipq(key);
    slirp.ipq.set(key, fp);
  }
  ip_insert_frag(slirp, fp, new ipasfrag(m, off, end));
  if (!ip_is_complete(fp)) {
    ip_limit(slirp);
    return null;
  }
  return ip_join(slirp, fp);
}

/** Puts a fragment in its place and cuts overlaps. */
function ip_insert_frag(slirp: Slirp, fp: ipq, f: ipasfrag): void {
  const frags = fp.frags;
  let i = frags.length;
  while (i > 0 && frags[i - 1]!.ipf_off > f.ipf_off) {
    i--;
  }
  if (i > 0 && frags[i - 1]!.ipf_end > f.ipf_off) {
    f.ipf_off = frags[i - 1]!.ipf_end;
    if (f.ipf_off >= f.ipf_end) {
      m_drop(f.m, 'IP_FRAG');
      return;
    }
  }
  let n = 0;
  while (i + n < frags.length && frags[i + n]!.ipf_end <= f.ipf_end) {
    ip_unaccount(slirp, fp, frags[i + n]!);
    m_drop(frags[i + n]!.m, 'IP_FRAG');
    n++;
  }
  const next = frags[i + n];
  if (next && next.ipf_off < f.ipf_end) {
    next.ipf_off = f.ipf_end;
  }
  frags.splice(i, n, f);
  fp.bytes += f.m.m_dat.length;
  slirp.ipq_bytes += f.m.m_dat.length;
}

/** Takes a fragment's memory off the accounts. */
function ip_unaccount(slirp: Slirp, fp: ipq, f: ipasfrag): void {
  fp.bytes -= f.m.m_dat.length;
  slirp.ipq_bytes -= f.m.m_dat.length;
}

/**
 * True if the fragments cover the datagram from its beginning to its end.
 * @packet last
 */
function ip_is_complete(fp: ipq): boolean {
  let at = 0;
  for (const f of fp.frags) {
    if (f.ipf_off !== at) {
      return false;
    }
    at = f.ipf_end;
  }
  const last = fp.frags[fp.frags.length - 1]?.m;
  return last !== undefined && (rd16(last.m_dat, last.m_data + IP_OFF) & IP_MF) === 0;
}

/**
 * Makes one packet of a complete set of fragments; its header is the first one's.
 * @packet m
 */
function ip_join(slirp: Slirp, fp: ipq): mbuf | null {
  const first = fp.frags[0]!;
  const m = first.m;
  const hlen = ip_hl(m.m_dat, m.m_data);
  const total = hlen + fp.frags[fp.frags.length - 1]!.ipf_end;
  slirp.ipq.delete(fp.key);
  slirp.ipq_bytes -= fp.bytes;
  if (total > IP_MAXPACKET) {
    ip_drop_frags(fp, 'IP_FRAG');
    return null;
  }
  m_inc(m, total);
  for (const f of fp.frags) {
    if (f === first) {
      continue;
    }
    const flen = ip_hl(f.m.m_dat, f.m.m_data);
    // A fragment that was cut at its front still has all its bytes; it begins at the offset in its header.
    const skip = f.ipf_off - ((rd16(f.m.m_dat, f.m.m_data + IP_OFF) & IP_OFFMASK) << 3);
    const from = f.m.m_data + flen + skip;
    m.m_dat.set(f.m.m_dat.subarray(from, from + f.ipf_end - f.ipf_off), m.m_data + hlen + f.ipf_off);
    m_free(f.m);
  }
  m.m_len = total;
  wr16(m.m_dat, m.m_data + IP_LEN, total);
  wr16(m.m_dat, m.m_data + IP_OFF, 0);
  return m;
}

/** Drops the fragments of a set. */
function ip_drop_frags(fp: ipq, reason: DropReason): void {
  for (const f of fp.frags) {
    m_drop(f.m, reason);
  }
  fp.frags = [];
}

/** Gives up a datagram that was never completed. */
function ip_freef(slirp: Slirp, fp: ipq, reason: DropReason): void {
  slirp.ipq.delete(fp.key);
  slirp.ipq_bytes -= fp.bytes;
  ip_drop_frags(fp, reason);
}

/** Keeps count and memory of incomplete datagrams within bounds; the oldest goes first. */
function ip_limit(slirp: Slirp): void {
  while (slirp.ipq.size > IPQ_MAX || slirp.ipq_bytes > IPQ_MAX_BYTES) {
    const oldest: ipq = slirp.ipq.values().next().value!;
    ip_freef(slirp, oldest, 'IP_FRAG_LIMIT');
  }
}

/** Slow tick: gives up datagrams that were not completed within 30 s. */
export function ip_slowtimo(slirp: Slirp): void {
  for (const fp of slirp.ipq.values()) {
    if (--fp.ipq_ttl === 0) {
      ip_freef(slirp, fp, 'IP_FRAG');
    }
  }
}
