/**
 * Tables of slirp's sockets: lists in order of age, and hash tables by flow (libslirp walks one list for everything).
 */
import { AF_INET, AF_INET6 } from '../util/host.ts';
import type { socket } from './so_state.ts';

/** A list of sockets, oldest first. A socket is in one list at most. */
export class solist {
  head: socket | null = null;
  tail: socket | null = null;
  count = 0;
}

/** Puts a socket at the end of a list. */
export function solist_append(list: solist, so: socket): void {
  so.so_list = list;
  so.so_prev = list.tail;
  so.so_next = null;
  if (list.tail) {
    list.tail.so_next = so;
  } else {
    list.head = so;
  }
  list.tail = so;
  list.count++;
}

/** Takes a socket out of its list. */
export function solist_remove(list: solist, so: socket): void {
  if (so.so_prev) {
    so.so_prev.so_next = so.so_next;
  } else {
    list.head = so.so_next;
  }
  if (so.so_next) {
    so.so_next.so_prev = so.so_prev;
  } else {
    list.tail = so.so_prev;
  }
  so.so_prev = null;
  so.so_next = null;
  so.so_list = null;
  list.count--;
}

/**
 * A 32-bit value that stands for an IPv6 address in a hash.
 * @nodebug
 */
function fold6(a: Uint8Array): number {
  let h = 0;
  for (let i = 0; i < 16; i++) {
    h = (Math.imul(h, 31) + a[i]!) | 0;
  }
  return h;
}

/**
 * True if two IPv6 addresses are equal.
 * @nodebug
 */
export function in6_equal(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === null || b === null) {
    return a === b;
  }
  for (let i = 0; i < 16; i++) {
    if (a[i] !== b[i]) {
      return false;
    }
  }
  return true;
}

/** A hash table of sockets: TCP by both ends, UDP by the guest's end alone (then `both` is false). */
export class sotable {
  readonly both: boolean;
  buckets: (socket | null)[] = new Array<socket | null>(256).fill(null);
  count = 0;
  constructor(both: boolean) {
    this.both = both;
  }

  /**
   * The bucket of a flow.
   * @nodebug
   */
  index(family: number, laddr: number, lport: number, faddr: number, fport: number): number {
    let h = Math.imul(laddr ^ (lport << 16), 0x9e3779b1) ^ family;
    if (this.both) {
      h = Math.imul(h ^ faddr ^ (fport << 15), 0x85ebca6b);
    }
    h ^= h >>> 15;
    return (Math.imul(h, 0xc2b2ae35) >>> 8) & (this.buckets.length - 1);
  }

  /**
   * The bucket of a socket.
   * @nodebug
   */
  index_of(so: socket): number {
    return so.so_lfamily === AF_INET6
      ? this.index(AF_INET6, fold6(so.so_laddr6!), so.so_lport, this.both ? fold6(so.so_faddr6!) : 0, so.so_fport)
      : this.index(so.so_lfamily, so.so_laddr, so.so_lport, so.so_faddr, so.so_fport);
  }

  /**
   * Adds a socket whose addresses are set.
   * @nodebug
   */
  insert(so: socket): void {
    if (this.count >= this.buckets.length * 2) {
      this.grow();
    }
    const i = this.index_of(so);
    so.so_hash_next = this.buckets[i]!;
    this.buckets[i] = so;
    so.so_hashed = true;
    this.count++;
  }

  /**
   * A socket in the table with the same ends as `so`, which is not in it; or null.
   * @nodebug
   */
  find(so: socket): socket | null {
    return so.so_lfamily === AF_INET6
      ? solookup6(this, so.so_laddr6!, so.so_lport, so.so_faddr6!, so.so_fport)
      : solookup(this, so.so_laddr, so.so_lport, so.so_faddr, so.so_fport);
  }

  /**
   * Removes a socket; its addresses must be those it was added with.
   * @nodebug
   */
  remove(so: socket): void {
    const i = this.index_of(so);
    let p = this.buckets[i] ?? null;
    if (p === so) {
      this.buckets[i] = so.so_hash_next;
    } else {
      while (p && p.so_hash_next !== so) {
        p = p.so_hash_next;
      }
      if (p) {
        p.so_hash_next = so.so_hash_next;
      }
    }
    so.so_hash_next = null;
    so.so_hashed = false;
    this.count--;
  }

  /**
   * Doubles the table.
   * @nodebug
   */
  grow(): void {
    const old = this.buckets;
    this.buckets = new Array<socket | null>(old.length * 2).fill(null);
    for (const head of old) {
      let so = head;
      while (so) {
        const next = so.so_hash_next;
        const i = this.index_of(so);
        so.so_hash_next = this.buckets[i]!;
        this.buckets[i] = so;
        so = next;
      }
    }
  }
}

/** Finds the socket of an IPv4 flow: guest's end `laddr:lport`, and for TCP the other end too. */
export function solookup(t: sotable, laddr: number, lport: number, faddr: number, fport: number): socket | null {
  let so = t.buckets[t.index(AF_INET, laddr, lport, faddr, fport)] ?? null;
  while (so) {
    if (
      so.so_lport === lport &&
      so.so_laddr === laddr &&
      so.so_lfamily === AF_INET &&
      (!t.both || (so.so_fport === fport && so.so_faddr === faddr))
    ) {
      return so;
    }
    so = so.so_hash_next;
  }
  return null;
}

/** Finds the socket of an IPv6 flow. */
export function solookup6(
  t: sotable,
  laddr: Uint8Array,
  lport: number,
  faddr: Uint8Array,
  fport: number,
): socket | null {
  let so = t.buckets[t.index(AF_INET6, fold6(laddr), lport, t.both ? fold6(faddr) : 0, fport)] ?? null;
  while (so) {
    if (
      so.so_lport === lport &&
      so.so_lfamily === AF_INET6 &&
      in6_equal(so.so_laddr6, laddr) &&
      (!t.both || (so.so_fport === fport && in6_equal(so.so_faddr6, faddr)))
    ) {
      return so;
    }
    so = so.so_hash_next;
  }
  return null;
}
