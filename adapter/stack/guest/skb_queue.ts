/** Lists of packets (include/linux/skbuff.h). */
import type { sk_buff } from './sk_buff.ts';

/** A list of packets. */
export class sk_buff_head {
  first: sk_buff | null = null;
  last: sk_buff | null = null;
  qlen = 0;
}

/**
 * Appends to a list.
 * @nodebug
 */
export function skb_queue_tail(list: sk_buff_head, skb: sk_buff): void {
  skb.next = null;
  if (list.last) {
    list.last.next = skb;
  } else {
    list.first = skb;
  }
  list.last = skb;
  list.qlen++;
}

/**
 * Inserts behind `prev`, or first when `prev` is null.
 * @nodebug
 */
export function skb_queue_after(list: sk_buff_head, prev: sk_buff | null, skb: sk_buff): void {
  skb.next = prev ? prev.next : list.first;
  if (prev) {
    prev.next = skb;
  } else {
    list.first = skb;
  }
  if (!skb.next) {
    list.last = skb;
  }
  list.qlen++;
}

/**
 * Takes the first packet off a list, or null.
 * @nodebug
 */
export function skb_dequeue(list: sk_buff_head): sk_buff | null {
  const skb = list.first;
  if (skb) {
    list.first = skb.next;
    if (!skb.next) {
      list.last = null;
    }
    skb.next = null;
    list.qlen--;
  }
  return skb;
}
