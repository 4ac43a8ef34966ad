/** Segments that arrive out of order (BSD's `tcp_reass`): kept by sequence number until what is missing has come. */
import { TH_FIN } from '../wire/tcp.ts';
import { m_adj, m_drop, type mbuf } from './mbuf.ts';
import { sbspace } from './sbuf.ts';
import { SS_FCANTSENDMORE, type socket } from './so_state.ts';
import { sbappend } from './socket.ts';
import { SEQ_GT, SEQ_LT, TCPS_HAVERCVDSYN, TCPS_SYN_RECEIVED, type tcpcb } from './tcp.ts';

/** Bytes of memory that the segments of one connection may hold; beyond that they are dropped, and come again. */
const TCP_REASS_MAX = 512 * 1024;

/**
 * Puts a segment in its place in the queue; what overlaps is cut
 * from the newer one at its front, from the older ones behind.
 * @packet m
 */
export function tcp_reass(tp: tcpcb, m: mbuf): void {
  const ti = m.m_ti;
  let prev: mbuf | null = null;
  let q = tp.seg_next;
  while (q && !SEQ_GT(q.m_ti.ti_seq, ti.ti_seq)) {
    prev = q;
    q = q.m_nextpkt;
  }
  if (prev) {
    const overlap = (prev.m_ti.ti_seq + prev.m_ti.ti_len - ti.ti_seq) | 0;
    if (overlap > 0) {
      if (overlap >= ti.ti_len && (ti.ti_flags & TH_FIN) === 0) {
        m_drop(m, 'TCP_DUPLICATE');
        return;
      }
      const cut = Math.min(overlap, ti.ti_len);
      m_adj(m, cut);
      ti.ti_len -= cut;
      ti.ti_seq = (ti.ti_seq + cut) >>> 0;
    }
  }
  if (ti.ti_seq !== tp.rcv_nxt && tp.seg_bytes + m.m_dat.length > TCP_REASS_MAX) {
    // The one that all the others wait for is always taken.
    m_drop(m, 'TCP_REASS_FULL');
    return;
  }
  const end = (ti.ti_seq + ti.ti_len) >>> 0;
  while (q && SEQ_GT(end, q.m_ti.ti_seq)) {
    const overlap = (end - q.m_ti.ti_seq) | 0;
    if (overlap < q.m_ti.ti_len) {
      m_adj(q, overlap);
      q.m_ti.ti_len -= overlap;
      q.m_ti.ti_seq = end;
      break;
    }
    const next: mbuf | null = q.m_nextpkt;
    ti.ti_flags |= q.m_ti.ti_flags & TH_FIN;
    tp.seg_bytes -= q.m_dat.length;
    q.m_nextpkt = null;
    m_drop(q, 'TCP_DUPLICATE');
    q = next;
  }
  m.m_nextpkt = q;
  tp.seg_bytes += m.m_dat.length;
  if (prev) {
    prev.m_nextpkt = m;
  } else {
    tp.seg_next = m;
  }
}

/**
 * Passes the segments that are next in sequence on to the host. Returns TH_FIN if the guest's FIN is reached, else 0.
 * @packet m
 */
export function tcp_present(tp: tcpcb, so: socket): number {
  if (!TCPS_HAVERCVDSYN(tp.t_state) || tp.t_state === TCPS_SYN_RECEIVED) {
    return 0;
  }
  let flags = 0;
  while (tp.seg_next) {
    const m: mbuf = tp.seg_next;
    const ti = m.m_ti;
    if (ti.ti_seq !== tp.rcv_nxt || SEQ_LT(tp.rcv_nxt, ti.ti_seq) || ti.ti_len > sbspace(so.so_rcv)) {
      return flags;
    }
    tp.seg_next = m.m_nextpkt;
    tp.seg_bytes -= m.m_dat.length;
    m.m_nextpkt = null;
    tp.rcv_nxt = (tp.rcv_nxt + ti.ti_len) >>> 0;
    flags = ti.ti_flags & TH_FIN;
    if ((so.so_state & SS_FCANTSENDMORE) !== 0) {
      m_drop(m, 'HOST_ERROR');
    } else {
      sbappend(so, m);
    }
    if (so.so_tcpcb !== tp) {
      return 0;
    }
  }
  return flags;
}
