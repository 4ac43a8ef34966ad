/** The links of the output queues: sessions in a queue, packets in a session (see if.ts). */
import type { Slirp } from './instance.ts';
import type { ifq_link, mbuf } from './mbuf.ts';
import type { socket } from './so_state.ts';

/** Puts a packet at the head of a session of its own, behind `at` in a queue. */
export function insque(m: ifq_link, at: ifq_link): void {
  m.ifq_prev = at;
  m.ifq_next = at.ifq_next;
  at.ifq_next.ifq_prev = m;
  at.ifq_next = m;
}

/** Takes a session out of its queue. */
export function remque(m: ifq_link): void {
  m.ifq_prev.ifq_next = m.ifq_next;
  m.ifq_next.ifq_prev = m.ifq_prev;
  m.ifq_next = m;
  m.ifq_prev = m;
}

/**
 * Appends a packet to the session whose first packet is `head`.
 * @packet m
 */
export function ifs_append(m: mbuf, head: mbuf): void {
  m.ifs_next = head;
  m.ifs_prev = head.ifs_prev;
  head.ifs_prev.ifs_next = m;
  head.ifs_prev = m;
}

/**
 * Takes a packet out of its session.
 * @packet m
 */
export function ifs_remque(m: mbuf): void {
  m.ifs_prev.ifs_next = m.ifs_next;
  m.ifs_next.ifs_prev = m.ifs_prev;
  m.ifs_next = m;
  m.ifs_prev = m;
}

/** The session of `so` that waits in the batch queue, or null. Packets without a socket are sessions of their own. */
export function if_find_batch(slirp: Slirp, so: socket | null): mbuf | null {
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

/**
 * A socket goes: its packets that wait lose their session's owner but stay.
 * @packet m
 */
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
