/**
 * The output queues (libslirp's if.c): packets wait here for the guest's MAC address.
 * There are two queues, `if_fastq` for interactive traffic and `if_batchq`; in each,
 * the packets of one socket form a session, and sessions take turns, one packet each.
 */
import { rd32, wr16 } from '../wire/bytes.ts';
import { ETH_DHOST, ETH_HLEN, ETH_P_IP, ETH_P_IPV6, ETH_SHOST, ETH_TYPE } from '../wire/ethernet.ts';
import { IP_DST, IPTOS_LOWDELAY, ip_v } from '../wire/ip.ts';
import { IP6_DST, IP6_HLEN, IP6_SRC } from '../wire/ip6.ts';
import { arp_send_request } from './arp.ts';
import { arp_table_search } from './arp_table.ts';
import { slirp_ethaddr, slirp_ethaddr6 } from './ethaddr.ts';
import { if_find_batch, ifs_append, ifs_remque, insque, remque } from './if_queue.ts';
import type { Slirp } from './instance.ts';
import { type ifq_link, M_ETH, M_IP, m_drop, m_free, type mbuf } from './mbuf.ts';
import { ndp_send_ns } from './ndp_send.ts';
import { ndp_table_search } from './ndp_table.ts';
import { SO_QUEUED_MAX, so_notify, type socket } from './so_state.ts';

/** Packets that may wait in both queues together; beyond that the oldest is given up. */
export const IF_MAXQUEUE = 1024;
/** A fast session with this many packets, of which three have gone, is bulk traffic and moves to the batch queue. */
const IF_FAST_LIMIT = 6;

/**
 * Queues a packet for the guest, in the session of its socket (null: none), and sends what can be sent.
 * @packet ifm
 */
export function if_output(so: socket | null, ifm: mbuf): void {
  const slirp = ifm.slirp;
  if (slirp.if_count === 0 && !slirp.if_start_busy && if_start(slirp, ifm)) {
    return;
  }
  let on_fastq = false;
  ifm.ifq_so = so;
  ifm.ifs_next = ifm;
  ifm.ifs_prev = ifm;
  if (slirp.if_count >= IF_MAXQUEUE) {
    if_drop_oldest(slirp);
  }
  slirp.if_count++;
  const session = if_find_batch(slirp, so);
  if (session) {
    ifs_append(ifm, session);
  } else if (so && (so.so_iptos & IPTOS_LOWDELAY) !== 0) {
    on_fastq = true;
    const last = slirp.if_fastq.ifq_prev;
    if (last !== slirp.if_fastq && (last as mbuf).ifq_so === so) {
      ifs_append(ifm, last as mbuf);
    } else {
      insque(ifm, last);
    }
  } else {
    insque(ifm, slirp.if_batchq.ifq_prev);
  }
  if (so) {
    so.so_queued++;
    so.so_nqueued++;
    if (on_fastq && so.so_nqueued >= IF_FAST_LIMIT && so.so_nqueued - so.so_queued >= 3) {
      const head = ifm.ifs_next;
      remque(head);
      insque(head, slirp.if_batchq);
    }
  }
  if_start(slirp);
}

/**
 * Takes the first packet of a session out of the queues; the
 * next one of the session takes its place at the queue's end.
 * @packet ifm
 */
function if_dequeue(ifm: mbuf, queue: ifq_link): void {
  const so = ifm.ifq_so;
  const next = ifm.ifs_next;
  remque(ifm);
  if (next !== ifm) {
    ifs_remque(ifm);
    insque(next, queue.ifq_prev);
  }
  ifm.slirp.if_count--;
  if (so) {
    if (--so.so_queued === 0) {
      so.so_nqueued = 0;
    }
    if (so.so_held && so.so_queued <= SO_QUEUED_MAX) {
      so.so_held = false;
      so_notify(so);
    }
  }
}

/** Gives up the packet that has waited longest, to bound the queues. */
function if_drop_oldest(slirp: Slirp): void {
  const queue = slirp.if_batchq.ifq_next !== slirp.if_batchq ? slirp.if_batchq : slirp.if_fastq;
  const ifm = queue.ifq_next;
  if (ifm !== queue) {
    if_dequeue(ifm as mbuf, queue);
    m_drop(ifm as mbuf, 'QUEUE_FULL');
  }
}

/**
 * Sends the packets of both queues, the fast one first, but for those that wait for a MAC address. `ifm` is one that
 * need not be queued, as nothing is: returns true if it was sent, and is the network's no more.
 * @packet ifm
 */
export function if_start(slirp: Slirp, ifm: mbuf | null = null): boolean {
  if (slirp.if_start_busy || (ifm === null && slirp.if_count === 0)) {
    return false;
  }
  slirp.if_start_busy = true;
  const sent = ifm !== null && if_encap(slirp, ifm);
  if (sent) {
    m_free(ifm);
  }
  let progress = true;
  while (progress && slirp.if_count > 0) {
    progress = false;
    for (let q = slirp.if_fastq.ifq_next, queue = slirp.if_fastq; ; ) {
      if (q === queue) {
        if (queue === slirp.if_batchq) {
          break;
        }
        queue = slirp.if_batchq;
        q = queue.ifq_next;
        continue;
      }
      const m = q as mbuf;
      q = m.ifq_next;
      if (m.expiration_date < slirp.clock_ns) {
        if_dequeue(m, queue);
        m_drop(m, 'ARP_TIMEOUT');
      } else if (if_encap(slirp, m)) {
        if_dequeue(m, queue);
        m_free(m);
        progress = true;
      }
    }
  }
  slirp.if_start_busy = false;
  return sent;
}

/** Nanoseconds that a packet waits for the guest's MAC address. */
const ARP_WAIT_NS = 1e9;

/**
 * Writes the Ethernet header of an IPv4 packet. Returns false
 * if the guest's MAC address is not known; then it asks for it.
 * @packet ifm
 */
function if_encap4(slirp: Slirp, ifm: mbuf): boolean {
  const b = ifm.m_dat;
  const eth = ifm.m_data - ETH_HLEN;
  const ip_dst = rd32(b, ifm.m_data + IP_DST);
  if (!arp_table_search(slirp, ip_dst, b, eth + ETH_DHOST)) {
    if (!ifm.resolution_requested) {
      ifm.resolution_requested = true;
      ifm.expiration_date = slirp.clock_ns + ARP_WAIT_NS;
      arp_send_request(slirp, ip_dst);
    }
    return false;
  }
  slirp_ethaddr(b, eth + ETH_SHOST, slirp.vhost_addr);
  wr16(b, eth + ETH_TYPE, ETH_P_IP);
  return true;
}

/**
 * As `if_encap4`, for IPv6: the MAC address comes from the neighbor table.
 * @packet ifm
 */
function if_encap6(slirp: Slirp, ifm: mbuf): boolean {
  const b = ifm.m_dat;
  const eth = ifm.m_data - ETH_HLEN;
  if (!ndp_table_search(slirp, b, ifm.m_data + IP6_DST, b, eth + ETH_DHOST)) {
    if (!ifm.resolution_requested) {
      ifm.resolution_requested = true;
      ifm.expiration_date = slirp.clock_ns + ARP_WAIT_NS;
      ndp_send_ns(slirp, b.slice(ifm.m_data + IP6_DST, ifm.m_data + IP6_HLEN));
    }
    return false;
  }
  slirp_ethaddr6(b, eth + ETH_SHOST, b, ifm.m_data + IP6_SRC);
  wr16(b, eth + ETH_TYPE, ETH_P_IPV6);
  return true;
}

/**
 * Puts the Ethernet header before an IP packet and sends it to
 * the guest. Returns false if it has to wait for the MAC address.
 * @packet ifm
 */
export function if_encap(slirp: Slirp, ifm: mbuf): boolean {
  if (ifm.m_data !== M_IP) {
    ifm.m_dat.copyWithin(M_IP, ifm.m_data, ifm.m_data + ifm.m_len);
    ifm.m_data = M_IP;
    ifm.m_ip = M_IP;
    ifm.m_eth = -1;
  }
  const v4 = ip_v(ifm.m_dat, M_IP) === 4;
  if (!(v4 ? if_encap4(slirp, ifm) : if_encap6(slirp, ifm))) {
    return false;
  }
  ifm.m_eth = M_ETH;
  ifm.m_ip = M_IP;
  slirp.cb.send_packet(slirp.opaque, ifm.m_frame, ifm.m_len + ETH_HLEN);
  return true;
}
