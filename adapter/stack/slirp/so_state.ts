/**
 * A socket of slirp and its states: made, connected, half closed, freed (libslirp's socket.h, and socket.c in part).
 */
import { machine } from '../softmmu/machine.ts';
import { close, type HostSocket, NO_ADDR, POLLIN, sendto, shutdown_wr, socket_poll_again } from '../util/sockets.ts';
import { IPPROTO_UDP } from '../wire/ip.ts';
import { if_forget } from './if_queue.ts';
import type { Slirp } from './instance.ts';
import { m_drop, m_free, type mbuf } from './mbuf.ts';
import { sbfree, sbuf } from './sbuf.ts';
import { type solist, solist_append, solist_remove } from './solist.ts';
import { sotranslate_out } from './sotranslate.ts';
import type { tcpcb } from './tcp.ts';

/** States of a socket: bits of `so_state`. */
export const SS_NOFDREF = 0x001;
export const SS_ISFCONNECTING = 0x002;
export const SS_ISFCONNECTED = 0x004;
export const SS_FCANTRCVMORE = 0x008;
export const SS_FCANTSENDMORE = 0x010;
export const SS_FWDRAIN = 0x040;
export const SS_CTL = 0x080;
export const SS_FACCEPTCONN = 0x100;
/** The bits that say what the socket is, and stay. */
export const SS_PERSISTENT_MASK = 0xf000;
export const SS_HOSTFWD = 0x1000;
export const SS_INCOMING = 0x2000;

/** Milliseconds without traffic after which UDP and ping sockets are closed; the second for DNS, after an answer. */
export const SO_EXPIRE = 240000;
export const SO_EXPIREFAST = 10000;

/** Packets of a UDP socket that may wait for the guest's MAC address before it is read no more. */
export const SO_QUEUED_MAX = 4;

/** A socket. f = foreign, the host's side (the address the guest talks to); l = local, the guest's side. */
export class socket {
  readonly slirp: Slirp;
  /** The host's socket; null if there is none (yet, or any more). */
  s: HostSocket | null = null;
  so_next: socket | null = null;
  so_prev: socket | null = null;
  /** The list it is in. */
  so_list: solist | null = null;
  so_hash_next: socket | null = null;
  so_hashed = false;
  /** Packet that is kept: the SYN while the host connects, the last datagram for ICMP errors. */
  so_m: mbuf | null = null;
  so_ffamily = 0;
  /** IPv4 addresses are numbers in host byte order; IPv6 addresses 16 bytes or null. */
  so_faddr = 0;
  so_fport = 0;
  so_faddr6: Uint8Array | null = null;
  so_lfamily = 0;
  so_laddr = 0;
  so_lport = 0;
  so_laddr6: Uint8Array | null = null;
  /** Type of service of the packets to the guest. */
  so_iptos = 0;
  /** IP protocol. */
  so_type: number;
  /** How many sockets there were before it. */
  readonly so_number: number;
  so_state: number = SS_NOFDREF;
  so_tcpcb: tcpcb | null = null;
  /** Milliseconds at which it expires, 0: never. */
  so_expire = 0;
  /** Packets in the output queue; packets put there since it last was empty. */
  so_queued = 0;
  so_nqueued = 0;
  /** Bytes at the front of `so_rcv` that go to the host as urgent data. */
  so_urgc = 0;
  /** From the guest to the host, and from the host to the guest. */
  so_rcv: sbuf = new sbuf();
  so_snd: sbuf = new sbuf();
  /** The guest forward it belongs to. */
  guestfwd: object | null = null;
  /** True while it is not read because its packets wait in the output queue. */
  so_held = false;
  /** True while it is in `Slirp.so_wq`, to be written at the end of the turn. */
  so_wqueued = false;
  constructor(slirp: Slirp, type: number) {
    this.slirp = slirp;
    this.so_number = slirp.so_created++;
    this.so_type = type;
  }
}

/**
 * The control block of a TCP socket.
 * @nodebug
 */
export function sototcpcb(so: socket): tcpcb {
  return so.so_tcpcb!;
}

/** A new socket, not in any table yet. */
export function socreate(slirp: Slirp, type: number): socket {
  return new socket(slirp, type);
}

/** Takes a socket out of its list and table, closes its host socket and frees what it holds. */
export function sofree(so: socket): void {
  const slirp = so.slirp;
  if (so.so_hashed) {
    (so.so_tcpcb ? slirp.tcb_hash : slirp.udb_hash).remove(so);
  }
  if (so.so_list) {
    solist_remove(so.so_list, so);
  }
  const refused = so.s?.errno === 'ECONNREFUSED';
  soclose_fd(so);
  if (so.so_m) {
    // A datagram has been sent and is only kept for errors; a SYN or an echo request has not got anywhere.
    if (so.so_type === IPPROTO_UDP) {
      m_free(so.so_m);
    } else {
      m_drop(so.so_m, refused ? 'HOST_REFUSED' : 'HOST_ERROR');
    }
    so.so_m = null;
  }
  if (so.so_queued > 0) {
    if_forget(slirp, so);
  }
  sbfree(so.so_rcv);
  sbfree(so.so_snd);
}

/** Gives a socket its host socket. */
export function soattach_fd(so: socket, s: HostSocket): void {
  so.s = s;
  s.opaque = so;
}

/** Closes the host's socket; what was written to it is still sent. */
export function soclose_fd(so: socket): void {
  if (so.s) {
    const s = so.s;
    so.s = null;
    close(machine.sockets, machine.host, s, false);
  }
}

/** Has the host socket looked at again when there is room for what waits on it (libslirp's `notify`). */
export function so_notify(so: socket): void {
  if (so.s && (so.s.revents & POLLIN) !== 0) {
    socket_poll_again(machine.sockets, so.s);
  }
}

/** Has a socket written at the end of the turn. */
export function so_wqueue(so: socket): void {
  if (!so.so_wqueued) {
    so.so_wqueued = true;
    so.slirp.so_wq.push(so);
  }
}

/** Moves a UDP socket to the end of the list it expires from. */
export function slirp_udb_touch(so: socket): void {
  const slirp = so.slirp;
  const fast = so.so_expire - slirp.curtime <= SO_EXPIREFAST;
  const list = so.so_expire === 0 ? slirp.hostfwds : fast ? slirp.udb_fast : slirp.udb;
  if (list.tail !== so) {
    if (so.so_list) {
      solist_remove(so.so_list, so);
    }
    solist_append(list, so);
  }
}

/**
 * Sends a datagram of the guest, `m_data .. m_len` of the packet, to where it goes. Returns '' or the error's name.
 * @packet m
 */
export function sosendto(so: socket, m: mbuf, ttl: number): string {
  const to = sotranslate_out(so);
  if (to === NO_ADDR) {
    return 'EPERM';
  }
  sendto(machine.host, so.s!, m.m_dat, m.m_data, m.m_len, to, ttl);
  if (so.so_expire !== 0) {
    so.so_expire = so.slirp.curtime + SO_EXPIRE;
    slirp_udb_touch(so);
  }
  so.so_state = (so.so_state & SS_PERSISTENT_MASK) | SS_ISFCONNECTED;
  return '';
}

/** The host connection is being made. */
export function soisfconnecting(so: socket): void {
  so.so_state = (so.so_state & SS_PERSISTENT_MASK) | SS_ISFCONNECTING;
}

/** The connection stands on both sides: data may flow. */
export function soisfconnected(so: socket): void {
  so.so_state &= ~(SS_ISFCONNECTING | SS_FWDRAIN | SS_NOFDREF);
  so.so_state |= SS_ISFCONNECTED;
  if (so.s && so.s.revents !== 0) {
    socket_poll_again(machine.sockets, so.s);
  }
}

/** No more comes from the host. */
export function sofcantrcvmore(so: socket): void {
  so.so_state &= ~SS_ISFCONNECTING;
  if ((so.so_state & SS_FCANTSENDMORE) !== 0) {
    so.so_state = (so.so_state & SS_PERSISTENT_MASK) | SS_NOFDREF;
  } else {
    so.so_state |= SS_FCANTRCVMORE;
  }
}

/** No more goes to the host: shuts its socket down for writing. */
export function sofcantsendmore(so: socket): void {
  if ((so.so_state & SS_NOFDREF) === 0 && so.s) {
    shutdown_wr(machine.host, so.s);
  }
  so.so_state &= ~(SS_ISFCONNECTING | SS_FWDRAIN);
  if ((so.so_state & SS_FCANTRCVMORE) !== 0) {
    so.so_state = (so.so_state & SS_PERSISTENT_MASK) | SS_NOFDREF;
  } else {
    so.so_state |= SS_FCANTSENDMORE;
  }
}

/** The guest has sent its FIN: shuts the host socket down for writing once `so_rcv` has drained. */
export function sofwdrain(so: socket): void {
  if (so.so_rcv.sb_cc > 0) {
    so.so_state |= SS_FWDRAIN;
    so_wqueue(so);
  } else {
    sofcantsendmore(so);
  }
}
