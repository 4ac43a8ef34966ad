/** Packet buffers (libslirp's mbuf.c): pooled, with room in front for the headers that lower layers add. */
import { drop } from '../util/drop.ts';
import type { DropReason } from '../util/drop_reasons.ts';
import type { Slirp } from './instance.ts';
import type { socket } from './so_state.ts';
import { tcpiphdr } from './tcp.ts';

/**
 * Offset of the Ethernet header in `m_dat`, and of the IP header
 * behind it (a multiple of four, so that checksums read words).
 */
export const M_ETH = 34;
export const M_IP = 48;
/** Free buffers kept for reuse. */
export const MBUF_POOL_MAX = 256;
/** Bytes beyond the MTU that a pooled buffer has: headers in front, and alignment. */
const M_SLACK = M_IP + 16;

/** A link of an output queue: the queue's head, or a packet at the head of its session (see if.ts). */
export class ifq_link {
  ifq_next: ifq_link;
  ifq_prev: ifq_link;
  constructor() {
    this.ifq_next = this as ifq_link;
    this.ifq_prev = this as ifq_link;
  }
}

/** A packet. Its bytes are `m_dat[m_data .. m_data + m_len)`; `m_data` moves as headers are added and removed. */
export class mbuf extends ifq_link {
  readonly slirp: Slirp;
  m_dat: Uint8Array;
  /** The same memory as 16- and 32-bit words, for checksums. */
  m_u16: Uint16Array;
  m_u32: Uint32Array;
  /** The same memory from the Ethernet header on: what `send_packet` is given. */
  m_frame: Uint8Array;
  m_data = M_IP;
  m_len = 0;
  /** Offset of the Ethernet header in `m_dat`, or -1 if the packet has none (yet). */
  m_eth = -1;
  /** Offset of the IP header in `m_dat`, or -1. */
  m_ip = -1;
  /** Packets of the same session, a ring. */
  ifs_next: mbuf;
  ifs_prev: mbuf;
  ifq_so: socket | null = null;
  /** True once an ARP request or a neighbor solicitation was sent for this packet. */
  resolution_requested = false;
  /** Nanoseconds at which it is given up while it waits for the guest's MAC address. */
  expiration_date = Number.POSITIVE_INFINITY;
  /** The TCP header, once `tcp_input` has read it. */
  m_ti: tcpiphdr = new tcpiphdr();
  /** Next in the pool, in a fragment list or in a reassembly queue. */
  m_nextpkt: mbuf | null = null;
  m_free = false;
  constructor(slirp: Slirp, size: number) {
    super();
    this.slirp = slirp;
    const mem = new ArrayBuffer(size);
    this.m_dat = new Uint8Array(mem);
    this.m_u16 = new Uint16Array(mem);
    this.m_u32 = new Uint32Array(mem);
    this.m_frame = new Uint8Array(mem, M_ETH);
    this.ifs_next = this as mbuf;
    this.ifs_prev = this as mbuf;
  }
}

/** Capacity of a pooled buffer for packets up to `mtu` bytes: a multiple of four. */
export function m_capacity(mtu: number): number {
  return (mtu + M_SLACK + 3) & ~3;
}

/**
 * An empty packet buffer, from the pool if it has one.
 * @packet m
 */
export function m_get(slirp: Slirp): mbuf {
  const m = slirp.m_freelist;
  if (m === null) {
    return new mbuf(slirp, slirp.m_size);
  }
  slirp.m_freelist = m.m_nextpkt;
  slirp.m_free_count--;
  m.m_nextpkt = null;
  m.m_free = false;
  m.m_data = M_IP;
  m.m_len = 0;
  m.m_eth = -1;
  m.m_ip = -1;
  m.ifq_so = null;
  m.resolution_requested = false;
  m.expiration_date = Number.POSITIVE_INFINITY;
  return m;
}

/**
 * Gives a packet buffer back. Buffers that were enlarged are left to the garbage collector.
 * @packet m
 */
export function m_free(m: mbuf): void {
  if (m.m_free) {
    return;
  }
  m.m_free = true;
  m.ifq_so = null;
  const slirp = m.slirp;
  if (slirp.m_free_count < MBUF_POOL_MAX && m.m_dat.length === slirp.m_size) {
    m.m_nextpkt = slirp.m_freelist;
    slirp.m_freelist = m;
    slirp.m_free_count++;
  }
}

/**
 * Makes room for `size` bytes from `m_data` on, moving the packet to a larger buffer if needed.
 * @packet m
 */
export function m_inc(m: mbuf, size: number): void {
  if (m.m_data + size <= m.m_dat.length) {
    return;
  }
  const mem = new ArrayBuffer((m.m_data + size + 3) & ~3);
  const dat = new Uint8Array(mem);
  dat.set(m.m_dat);
  m.m_dat = dat;
  m.m_u16 = new Uint16Array(mem);
  m.m_u32 = new Uint32Array(mem);
  m.m_frame = new Uint8Array(mem, M_ETH);
}

/**
 * Removes `len` bytes from the front of the packet, or `-len` from its end.
 * @packet m
 */
export function m_adj(m: mbuf, len: number): void {
  if (len >= 0) {
    const n = Math.min(len, m.m_len);
    m.m_data += n;
    m.m_len -= n;
  } else {
    m.m_len = Math.max(0, m.m_len + len);
  }
}

/**
 * Copies `len` bytes of `buf` from `off` to offset `at` of the packet's memory.
 * @nodebug
 */
export function m_copy_in(m: mbuf, at: number, buf: Uint8Array, off: number, len: number): void {
  const dat = m.m_dat;
  if (off === 0 && buf.length === len && len > 64) {
    dat.set(buf, at);
  } else if (len <= 128) {
    for (let i = 0; i < len; i++) {
      dat[at + i] = buf[off + i]!;
    }
  } else {
    dat.set(buf.subarray(off, off + len), at);
  }
}

/**
 * Gives up a packet and says why: `drop`, with the bytes from its Ethernet header on, or from its IP header if it has
 * no other yet.
 * @packet m
 */
export function m_drop(m: mbuf, reason: DropReason): void {
  const link = m.m_eth >= 0 ? 'ethernet' : 'ip';
  const from = m.m_eth >= 0 ? m.m_eth : m.m_ip >= 0 ? m.m_ip : m.m_data;
  const size = Math.max(0, m.m_data + m.m_len - from);
  drop(from === M_ETH ? m.m_frame : m.m_dat.subarray(from, from + size), size, reason, link);
  m_free(m);
}
