/** Names to addresses for programs: numbers, `/etc/hosts`, then the name server (RFC 1035). */

import { cpu_get_ns } from '../../softmmu/cpus.ts';
import { qemu_random_u32 } from '../../util/random.ts';
import { rd16, rd32, wr16 } from '../../wire/bytes.ts';
import {
  DNS_ANCOUNT,
  DNS_FLAGS,
  DNS_HLEN,
  DNS_ID,
  DNS_PORT,
  DNS_QCLASS,
  DNS_QDCOUNT,
  DNS_QR,
  DNS_QTYPE,
  DNS_QUESTION_LEN,
  DNS_RCODE_MASK,
  DNS_RD,
  DNS_RR_RDATA,
  DNS_RR_RDLENGTH,
  DNS_RR_TYPE,
} from '../../wire/dns.ts';
import { IN_ADDR_LEN } from '../../wire/ip.ts';
import { EAGAIN, EHOSTUNREACH, ENOENT, ETIMEDOUT } from '../errno.ts';
import { path_lookup, read_whole } from '../fs.ts';
import type { sock } from '../inet_sock.ts';
import { guest_os } from '../kernel.ts';
import { bytes_to_text, inet_aton, NSEC_PER_SEC } from '../lib.ts';
import { schedule_timeout, type task_struct } from '../sched.ts';
import { sock_close, udp_socket } from '../socket.ts';
import { udp_recvmsg, udp_sendmsg } from '../udp.ts';

/** Types of records (RFC 1035, section 3.2.2), their class, and the code for a name that nobody has. */
const TYPE_A = 1;
const TYPE_CNAME = 5;
const TYPE_PTR = 12;
const CLASS_IN = 1;
const RCODE_NXDOMAIN = 3;
/** From here on a length byte is a pointer to a name elsewhere in the message, of 14 bits (section 4.1.4). */
const NAME_POINTER = 0xc0;
const NAME_POINTER_MASK = 0x3fff;
/** Tries, and seconds for each. */
const RES_ATTEMPTS = 3;
const RES_TIMEOUT = 5 * NSEC_PER_SEC;

/** A query that is under way, or its answer. */
export class res_state {
  name = '';
  server = 0;
  id = 0;
  tries = 0;
  deadline = 0;
  sk: sock | null = null;
  done = false;
  /** The first address, or a negative error. */
  addr = -EAGAIN;
  /** All addresses of the answer, and the name they belong to. */
  addrs: number[] = [];
  canonical = '';
}

/** Starts to look a name up. `res_wait` gives the answer. */
export function res_query(task: task_struct, name: string): res_state {
  const q = new res_state();
  q.name = name;
  q.server = guest_os().net.nameserver;
  const known = inet_aton(name) >= 0 ? inet_aton(name) : hosts_lookup(name);
  if (known >= 0) {
    res_done(task, q, known);
  } else if (!valid_name(name)) {
    res_done(task, q, -ENOENT);
  } else {
    res_start(task, q, q.server);
  }
  return q;
}

/** Asks a certain server. */
export function res_start(task: task_struct, q: res_state, server: number): void {
  q.server = server;
  q.sk = server === 0 ? null : udp_socket(task, 0);
  if (!q.sk) {
    res_done(task, q, -EHOSTUNREACH);
    return;
  }
  q.sk.inet_daddr = server;
  q.sk.inet_dport = DNS_PORT;
  res_send(task, q);
}

/** The address, -EAGAIN while there is no answer (the process is woken), or another negative error. */
export function res_wait(task: task_struct, q: res_state): number {
  if (q.done) {
    return q.addr;
  }
  const buf = new Uint8Array(1500);
  for (;;) {
    const n = udp_recvmsg(q.sk!, buf);
    if (n === -EAGAIN) {
      break;
    }
    if (n < 0) {
      return res_done(task, q, n);
    }
    if (res_parse(q, buf, n)) {
      return res_done(task, q, q.addrs[0] ?? -ENOENT);
    }
  }
  if (cpu_get_ns() >= q.deadline) {
    if (q.tries >= RES_ATTEMPTS) {
      return res_done(task, q, -ETIMEDOUT);
    }
    res_send(task, q);
  }
  return q.done ? q.addr : -EAGAIN;
}

/** Ends a query. */
function res_done(task: task_struct, q: res_state, addr: number): number {
  if (q.sk) {
    sock_close(task, q.sk);
    q.sk = null;
  }
  q.done = true;
  q.addr = addr;
  if (addr >= 0 && q.addrs.length === 0) {
    q.addrs.push(addr);
    q.canonical = q.name;
  }
  return addr;
}

/**
 * True for a name that fits a query: labels of 1 to 63 characters, 253 in all.
 * @nodebug
 */
export function valid_name(name: string): boolean {
  return name.length <= 253 && /^([A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?$/.test(name);
}

/** The address of a name in `/etc/hosts`, or -1. */
function hosts_lookup(name: string): number {
  const node = path_lookup('/etc/hosts');
  if (!node || node.children) {
    return -1;
  }
  for (const line of bytes_to_text(read_whole(node), 0, node.i_size).split('\n')) {
    const [addr, ...names] = line.split('#')[0]!.trim().split(/\s+/);
    if (addr !== undefined && names.includes(name)) {
      return inet_aton(addr);
    }
  }
  return -1;
}

/** Sends a query for an address record; a dotted address is asked for its name. */
function res_send(task: task_struct, q: res_state): void {
  q.tries++;
  q.id = qemu_random_u32() & 0xffff;
  q.deadline = cpu_get_ns() + RES_TIMEOUT;
  schedule_timeout(task, RES_TIMEOUT);
  const packet = new Uint8Array(DNS_HLEN + q.name.length + 2 + DNS_QUESTION_LEN);
  wr16(packet, DNS_ID, q.id);
  wr16(packet, DNS_FLAGS, DNS_RD);
  wr16(packet, DNS_QDCOUNT, 1);
  let p = DNS_HLEN;
  for (const label of q.name.replace(/\.$/, '').split('.')) {
    packet[p++] = label.length;
    for (let i = 0; i < label.length; i++) {
      packet[p++] = label.charCodeAt(i);
    }
  }
  packet[p++] = 0;
  wr16(packet, p + DNS_QTYPE, q.name.endsWith('.in-addr.arpa') ? TYPE_PTR : TYPE_A);
  wr16(packet, p + DNS_QCLASS, CLASS_IN);
  const n = udp_sendmsg(q.sk!, packet, 0, p + DNS_QUESTION_LEN, q.server, DNS_PORT);
  if (n < 0) {
    res_done(task, q, n);
  }
}

/** Position behind a name in a message, or -1 when it runs over the end. */
function skip_name(b: Uint8Array, p: number, len: number): number {
  let at = p;
  while (at < len) {
    const c = b[at]!;
    if (c === 0) {
      return at + 1;
    }
    if (c >= NAME_POINTER) {
      return at + 2;
    }
    at += c + 1;
  }
  return -1;
}

/** The name at `p` of a message; pointers are followed a bounded number of times. */
function read_name(b: Uint8Array, p: number, len: number): string {
  const labels: string[] = [];
  let at = p;
  for (let hops = 0; hops < 128 && at < len; hops++) {
    const c = b[at]!;
    if (c === 0) {
      break;
    }
    if (c >= NAME_POINTER) {
      at = at + 1 < len ? rd16(b, at) & NAME_POINTER_MASK : len;
    } else {
      labels.push(bytes_to_text(b, at + 1, Math.min(c, len - at - 1)));
      at += c + 1;
    }
  }
  return labels.join('.');
}

/** Takes the addresses out of an answer of `len` bytes. Returns false when it is not the one we wait for. */
function res_parse(q: res_state, b: Uint8Array, len: number): boolean {
  if (len < DNS_HLEN || rd16(b, DNS_ID) !== q.id || !(rd16(b, DNS_FLAGS) & DNS_QR)) {
    return false;
  }
  q.canonical = q.name;
  let p = DNS_HLEN;
  for (let i = rd16(b, DNS_QDCOUNT); i > 0 && p >= 0; i--) {
    p = skip_name(b, p, len);
    p = p < 0 ? p : p + DNS_QUESTION_LEN;
  }
  if ((rd16(b, DNS_FLAGS) & DNS_RCODE_MASK) === RCODE_NXDOMAIN) {
    return true;
  }
  for (let i = rd16(b, DNS_ANCOUNT); i > 0 && p >= 0; i--) {
    p = skip_name(b, p, len);
    if (p < 0 || p + DNS_RR_RDATA > len) {
      break;
    }
    const type = rd16(b, p + DNS_RR_TYPE);
    const size = rd16(b, p + DNS_RR_RDLENGTH);
    p += DNS_RR_RDATA;
    if (p + size > len) {
      break;
    }
    if (type === TYPE_A && size === IN_ADDR_LEN) {
      q.addrs.push(rd32(b, p));
    } else if (type === TYPE_CNAME || type === TYPE_PTR) {
      q.canonical = read_name(b, p, len);
    }
    p += size;
  }
  return true;
}
