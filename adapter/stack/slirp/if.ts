/**
 * The output queues (libslirp's if.c): packets wait here for the guest's MAC address. There are two queues, `if_fastq` for interactive
 * traffic and `if_batchq`; in each, the packets of one socket form a session, and sessions take turns, one packet each.
 */
import { IPTOS_LOWDELAY } from '../wire/ip.ts';
import { type ifq_link, m_drop, m_free, type mbuf } from './mbuf.ts';
import { if_encap, type Slirp } from './slirp.ts';
import { SO_QUEUED_MAX, so_notify, type socket } from './socket.ts';

/** Packets that may wait in both queues together; beyond that the oldest is given up. */
export const IF_MAXQUEUE = 1024;
/** A fast session with this many packets, of which three have gone, is bulk traffic and moves to the batch queue. */
const IF_FAST_LIMIT = 6;

/** Puts a packet at the head of a session of its own, behind `at` in a queue. */
function insque(m: ifq_link, at: ifq_link): void {
  m.ifq_prev = at;
  m.ifq_next = at.ifq_next;
  at.ifq_next.ifq_prev = m;
  at.ifq_next = m;
}

/** Takes a session out of its queue. */
function remque(m: ifq_link): void {
  m.ifq_prev.ifq_next = m.ifq_next;
  m.ifq_next.ifq_prev = m.ifq_prev;
  m.ifq_next = m;
  m.ifq_prev = m;
}

/** Appends a packet to the session whose first packet is `head`. */
function ifs_append(m: mbuf, head: mbuf): void {
  m.ifs_next = head;
  m.ifs_prev = head.ifs_prev;
  head.ifs_prev.ifs_next = m;
  head.ifs_prev = m;
}

/** Takes a packet out of its session. */
function ifs_remque(m: mbuf): void {
  m.ifs_prev.ifs_next = m.ifs_next;
  m.ifs_next.ifs_prev = m.ifs_prev;
  m.ifs_next = m;
  m.ifs_prev = m;
}

/** The session of `so` that waits in the batch queue, or null. Packets without a socket are sessions of their own. */
function if_find_batch(slirp: Slirp, so: socket | null): mbuf | null {
  if (so === null) {
    return null;
  }
  for (let q = slirp.if_batchq.ifq_prev; q !== slirp.if_batchq; q = q.ifq_prev) {
    if ((q as mbuf).ifq_so === so) {
      return q as mbuf;
    }
  }
  return null;
}

/** Queues a packet for the guest, in the session of its socket (null: none), and sends what can be sent. */
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

/** Takes the first packet of a session out of the queues; the next one of the session takes its place at the queue's end. */
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
 * Sends the packets of both queues, the fast one first, but for those that wait for a MAC address. `ifm` is one that need not be queued,
 * as nothing is: returns true if it was sent, and is the network's no more.
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

/** A socket goes: its packets that wait lose their session's owner but stay. */
export function if_forget(slirp: Slirp, so: socket): void {
  for (const queue of [slirp.if_fastq, slirp.if_batchq]) {
    for (let q = queue.ifq_next; q !== queue; q = q.ifq_next) {
      let m = q as mbuf;
      do {
        if (m.ifq_so === so) {
          m.ifq_so = null;
        }
        m = m.ifs_next;
      } while (m !== q);
    }
  }
  so.so_queued = 0;
  so.so_nqueued = 0;
}
