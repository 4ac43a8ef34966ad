/** TCP: the connection's state and the calls of programs (net/ipv4/tcp.c; RFC 9293). */

import { cpu_get_ns } from '../softmmu/cpus.ts';
import { TH_ACK, TH_PUSH } from '../wire/tcp.ts';
import { EAGAIN, ENOBUFS, ENOTCONN, EPIPE } from './errno.ts';
import { guest_os } from './kernel.ts';
import { skb_dequeue } from './skb_queue.ts';
import { alloc_skb, kfree_skb, skb_pull, skb_put, skb_queue_purge } from './skbuff.ts';
import { inet_unhash, RCV_SHUTDOWN, SEND_SHUTDOWN, skb_copy_datagram, sock_error } from './sock.ts';
import {
  __tcp_push_pending_frames,
  __tcp_select_window,
  tcp_add_write_queue_tail,
  tcp_send_ack,
  tcp_send_active_reset,
  tcp_send_fin,
} from './tcp_output.ts';
import {
  ICSK_TIME_NONE,
  TCP_CLOSE,
  TCP_CLOSE_WAIT,
  TCP_ESTABLISHED,
  TCP_FIN_TIMEOUT,
  TCP_FIN_WAIT1,
  TCP_FIN_WAIT2,
  TCP_LAST_ACK,
  TCP_LISTEN,
  TCP_RCVBUF,
  TCP_SNDBUF,
  TCP_SYN_RECV,
  TCP_SYN_SENT,
  TCP_TIME_WAIT,
  tcp_receive_window,
  type tcp_sock,
} from './tcp_sock.ts';
import { tcp_set_state } from './tcp_state.ts';
import { del_timer, mod_timer } from './timer.ts';

/**
 * Appends up to `len` bytes of `buf` at `off` to what is to be sent. Returns how many there was room for, or a negative
 * error.
 * @packet skb
 */
export function tcp_sendmsg(sk: tcp_sock, buf: Uint8Array, off: number, len: number): number {
  if (sk.sk_err) {
    return -sock_error(sk);
  }
  if (sk.sk_state === TCP_SYN_SENT || sk.sk_state === TCP_SYN_RECV) {
    return -EAGAIN;
  }
  if ((sk.sk_state !== TCP_ESTABLISHED && sk.sk_state !== TCP_CLOSE_WAIT) || sk.sk_shutdown & SEND_SHUTDOWN) {
    return -EPIPE;
  }
  let copied = 0;
  while (copied < len && sk.sk_wmem < TCP_SNDBUF) {
    let skb = sk.sk_send_head ? sk.sk_write_queue.last : null;
    if (!skb || skb.len >= sk.mss_cache) {
      skb = alloc_skb(sk.mss_cache);
      if (!skb) {
        break;
      }
      tcp_add_write_queue_tail(sk, skb, TH_ACK);
    }
    const n = Math.min(sk.mss_cache - skb.len, len - copied);
    skb.head.set(buf.subarray(off + copied, off + copied + n), skb_put(skb, n));
    skb.end_seq = (skb.end_seq + n) >>> 0;
    sk.write_seq = skb.end_seq;
    sk.sk_wmem += n;
    copied += n;
  }
  const last = sk.sk_write_queue.last;
  if (last && copied > 0) {
    last.tcp_flags |= TH_PUSH;
  }
  sk.sk_nospace = copied < len;
  __tcp_push_pending_frames(sk);
  return copied > 0 || len === 0 ? copied : sk.sk_write_queue.qlen > 0 ? -EAGAIN : -ENOBUFS;
}

/**
 * Reads up to `len` bytes to `buf` at `off`. Returns how many, 0 at the end of the stream, or a negative error
 * (-EAGAIN: none yet).
 * @packet skb
 */
export function tcp_recvmsg(sk: tcp_sock, buf: Uint8Array, off: number, len: number): number {
  let copied = 0;
  while (copied < len) {
    const skb = sk.sk_receive_queue.first;
    if (!skb) {
      break;
    }
    const n = skb_copy_datagram(skb, 0, buf, off + copied, len - copied);
    copied += n;
    skb_pull(skb, n);
    if (skb.len === 0) {
      kfree_skb(skb_dequeue(sk.sk_receive_queue)!);
    }
  }
  if (copied > 0) {
    sk.sk_rmem -= copied;
    sk.bytes_received += copied;
    tcp_cleanup_rbuf(sk);
    return copied;
  }
  if (sk.sk_err) {
    return -sock_error(sk);
  }
  if (sk.sk_shutdown & RCV_SHUTDOWN || sk.sk_state === TCP_TIME_WAIT || len === 0) {
    return 0;
  }
  return sk.sk_state === TCP_CLOSE || sk.sk_state === TCP_LISTEN ? -ENOTCONN : -EAGAIN;
}

/** After the program has read: tells the peer when the window has grown to at least twice what it knows. */
export function tcp_cleanup_rbuf(sk: tcp_sock): void {
  if (sk.sk_state === TCP_CLOSE || sk.sk_state === TCP_TIME_WAIT || sk.sk_shutdown & RCV_SHUTDOWN) {
    return;
  }
  const now = tcp_receive_window(sk);
  if (2 * now <= TCP_RCVBUF && __tcp_select_window(sk) >= 2 * now) {
    tcp_send_ack(sk);
  }
}

/** Starts to listen on `sk.inet_num`, which the caller has bound. */
export function inet_csk_listen_start(sk: tcp_sock, backlog: number): void {
  sk.sk_max_ack_backlog = Math.max(1, backlog);
  tcp_set_state(sk, TCP_LISTEN);
  guest_os().net.inet.lhash.set(sk.inet_num, sk);
}

/** Takes the first connection off the queue, or null. */
export function inet_csk_accept(sk: tcp_sock): tcp_sock | null {
  const child = sk.icsk_accept_queue.shift() ?? null;
  if (child) {
    child.rsk_listener = null;
    sk.sk_ack_backlog--;
  }
  return child;
}

/** Stops listening: connections that nobody accepted are reset. */
export function inet_csk_listen_stop(sk: tcp_sock): void {
  const { inet } = guest_os().net;
  inet.lhash.delete(sk.inet_num);
  const children: tcp_sock[] = [];
  for (const first of inet.ehash.values()) {
    for (let c: tcp_sock | null = first; c; c = c.hash_next) {
      if (c.rsk_listener === sk) {
        children.push(c);
      }
    }
  }
  for (const child of children) {
    child.sk_dead = true;
    tcp_send_active_reset(child);
    tcp_done(child);
  }
  sk.icsk_accept_queue = [];
  tcp_set_state(sk, TCP_CLOSE);
}

/** No more will be written: sends a FIN after what is queued. */
export function tcp_shutdown(sk: tcp_sock): void {
  if (sk.sk_shutdown & SEND_SHUTDOWN) {
    return;
  }
  sk.sk_shutdown |= SEND_SHUTDOWN;
  if (tcp_close_state(sk)) {
    tcp_send_fin(sk);
  }
}

/** Moves to the state after sending a FIN. Returns true when one is to be sent. */
export function tcp_close_state(sk: tcp_sock): boolean {
  if (sk.sk_state === TCP_ESTABLISHED || sk.sk_state === TCP_SYN_RECV) {
    tcp_set_state(sk, TCP_FIN_WAIT1);
    return true;
  }
  if (sk.sk_state === TCP_CLOSE_WAIT) {
    tcp_set_state(sk, TCP_LAST_ACK);
    return true;
  }
  return false;
}

/** The program closes its socket. Data it has not read makes this a reset (RFC 2525 2.17). */
export function tcp_close(sk: tcp_sock): void {
  sk.sk_dead = true;
  sk.sk_wq = null;
  if (sk.sk_state === TCP_LISTEN) {
    inet_csk_listen_stop(sk);
    return;
  }
  const unread = sk.sk_rmem > 0;
  skb_queue_purge(sk.sk_receive_queue);
  sk.sk_rmem = 0;
  if (sk.sk_state === TCP_CLOSE || sk.sk_state === TCP_TIME_WAIT) {
    return;
  }
  if (sk.sk_state === TCP_SYN_SENT) {
    tcp_done(sk);
    return;
  }
  if (unread) {
    tcp_send_active_reset(sk);
    tcp_done(sk);
    return;
  }
  sk.sk_shutdown |= RCV_SHUTDOWN;
  tcp_shutdown(sk);
  if (sk.sk_state === TCP_FIN_WAIT2) {
    mod_timer(sk.sk_timer, cpu_get_ns() + TCP_FIN_TIMEOUT);
  }
}

/** The connection is over: leaves the table, stops its timers, frees what it holds but for data not read yet. */
export function tcp_done(sk: tcp_sock): void {
  const { inet } = guest_os().net;
  if (sk.rsk_listener) {
    const i = sk.rsk_listener.icsk_accept_queue.indexOf(sk);
    if (i >= 0) {
      sk.rsk_listener.icsk_accept_queue.splice(i, 1);
    }
    sk.rsk_listener.sk_ack_backlog--;
    sk.rsk_listener = null;
    sk.sk_dead = true;
  }
  inet_unhash(sk);
  const tw = inet.tw.indexOf(sk);
  if (tw >= 0) {
    inet.tw.splice(tw, 1);
  }
  tcp_set_state(sk, TCP_CLOSE);
  sk.sk_shutdown = RCV_SHUTDOWN | SEND_SHUTDOWN;
  tcp_clear_xmit(sk);
  del_timer(sk.sk_timer);
  if (sk.sk_dead) {
    skb_queue_purge(sk.sk_receive_queue);
  }
}

/** Stops the sending half's timers and frees its queues. */
export function tcp_clear_xmit(sk: tcp_sock): void {
  del_timer(sk.icsk_retransmit_timer);
  del_timer(sk.icsk_delack_timer);
  sk.icsk_pending = ICSK_TIME_NONE;
  sk.ack_pending = false;
  skb_queue_purge(sk.sk_write_queue);
  skb_queue_purge(sk.out_of_order_queue);
  sk.sk_send_head = null;
  sk.sk_wmem = 0;
  sk.packets_out = 0;
  sk.lost_out = 0;
}

/**
 * True when a program could write now.
 * @nodebug
 */
export function sk_stream_is_writeable(sk: tcp_sock): boolean {
  return sk.sk_wmem < TCP_SNDBUF;
}
