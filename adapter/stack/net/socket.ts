import { machine } from '../softmmu/machine.ts';
import { drop } from '../util/drop.ts';
import { SOCK_DGRAM, type sockaddr } from '../util/host.ts';
import {
  accept,
  bind_dgram,
  close,
  connect,
  type HostSocket,
  listen,
  open_dgram,
  POLLIN,
  POLLOUT,
  recvfrom,
  sendto,
  socket_error,
  socket_poll_again,
} from '../util/sockets.ts';
import {
  QEMU_CLOCK_REALTIME,
  type QEMUTimer,
  qemu_clock_get_ns,
  timer_del,
  timer_mod_ns,
  timer_new_ns,
} from '../util/timer.ts';
import {
  qemu_deliver_packet_iov,
  qemu_flush_queued_packets,
  qemu_new_net_client,
  qemu_send_packet_async,
} from './net.ts';
import { NET_BUFSIZE, type NetClientDriver, type NetClientInfo, NetClientState } from './net_client.ts';
import { addr_text, type SocketEnds } from './socket_options.ts';
import { net_fill_rstate, net_stream_send, SocketReadState } from './socket_stream.ts';

/** Connections that wait behind the one a listening link has; more are closed. */
const BACKLOG_MAX = 16;

/** Who takes the packets of a link that is no net client's: a function and what it is given. */
export interface NetSocketReceived {
  readonly packet: (opaque: object, buf: Uint8Array, size: number) => void;
  readonly opaque: object;
}

/** One link. */
export class NetSocketState {
  /** Its net client; that of a `-chardev` is in no list and has no peer. */
  nc!: NetClientState;
  readonly ends: SocketEnds;
  readonly received: NetSocketReceived | null;
  /** Waits for the other side to connect, or null. */
  listener: HostSocket | null = null;
  /** The connection or datagram socket, or null while there is none. */
  sock: HostSocket | null = null;
  /** Where datagrams go. */
  dgram_dst: sockaddr | null = null;
  /** False while the peer has a packet of ours to wait for. */
  read_poll = true;
  reconnect_timer: QEMUTimer | null = null;
  readonly rs: SocketReadState = new SocketReadState();
  /** A packet with its length, or a datagram. */
  readonly scratch: Uint8Array = new Uint8Array(4 + NET_BUFSIZE);
  constructor(ends: SocketEnds, received: NetSocketReceived | null) {
    this.ends = ends;
    this.received = received;
  }
}

/** The peer has taken the packet it kept us waiting with. */
export function net_socket_send_completed(nc: NetClientState, len: number): void {
  const s = nc.opaque as NetSocketState;
  s.read_poll = true;
  if (s.sock) {
    socket_poll_again(machine.sockets, s.sock);
  }
}

/**
 * A packet for the other side, over a stream.
 * @packet buf size
 */
export function net_socket_receive(nc: NetClientState, buf: Uint8Array, size: number): number {
  const s = nc.opaque as NetSocketState;
  if (!s.sock?.connected) {
    drop(buf, size, 'NO_PEER');
    return size;
  }
  return net_stream_send(s.sock, s.scratch, buf, size) ? size : 0;
}

/**
 * A packet for the other side, as a datagram.
 * @packet buf size
 */
export function net_socket_receive_dgram(nc: NetClientState, buf: Uint8Array, size: number): number {
  const s = nc.opaque as NetSocketState;
  if (!s.sock || !s.dgram_dst) {
    drop(buf, size, 'NO_PEER');
    return size;
  }
  sendto(machine.host, s.sock, buf, 0, size, s.dgram_dst, 0);
  return size;
}

/** Gives the peer what has come over the stream. */
export function net_socket_send(s: NetSocketState): void {
  while (s.sock && s.read_poll) {
    const size = net_fill_rstate(s.rs, s.sock);
    if (size === 0) {
      return;
    }
    if (size < 0) {
      net_socket_hang_up(s);
      return;
    }
    net_socket_deliver(s, s.rs.packet, size);
  }
}

/** Gives the peer the datagrams that have come. */
export function net_socket_send_dgram(s: NetSocketState): void {
  while (s.sock && s.read_poll) {
    const r = recvfrom(machine.host, s.sock, s.scratch, 0, NET_BUFSIZE);
    if (!r) {
      return;
    }
    if (r.n > 0) {
      net_socket_deliver(s, s.scratch, r.n);
    }
  }
}

/**
 * Hands on one packet; if the peer cannot take it, we wait.
 * @packet buf size
 */
function net_socket_deliver(s: NetSocketState, buf: Uint8Array, size: number): void {
  if (s.received) {
    const { packet } = s.received;
    packet(s.received.opaque, buf, size);
  } else if (qemu_send_packet_async(s.nc, buf, size, net_socket_send_completed) === 0) {
    s.read_poll = false;
  }
}

/** Why the connection is over. */
function net_socket_end_reason(s: NetSocketState, sock: HostSocket): string {
  if (s.rs.oversized > 0) {
    return `oversized packet of ${s.rs.oversized} bytes received, connection terminated`;
  }
  if (sock.errno !== '') {
    return socket_error(sock);
  }
  const rest = s.rs.index > 0 ? ` in the middle of a packet, of which it sent ${s.rs.index} bytes` : '';
  return `the other side closed the connection${rest}`;
}

/** The other side is gone, or does not speak this protocol. A listening link waits for the next one. */
function net_socket_hang_up(s: NetSocketState): void {
  const sock = s.sock!;
  const why = net_socket_end_reason(s, sock);
  close(machine.sockets, machine.host, sock, s.rs.oversized > 0);
  s.sock = null;
  s.rs.index = 0;
  s.nc.info_str = s.listener ? `listening on ${addr_text(s.listener.local)}` : `disconnected: ${why}`;
  const level = s.listener && s.rs.oversized === 0 ? 'info' : 'warning';
  machine.host.report(level, `netdev ${s.nc.name}: ${why}${s.listener ? '; waiting for the next one' : ''}`);
  s.rs.oversized = 0;
  if (s.ends.reconnect_s > 0 && !s.listener) {
    s.reconnect_timer ??= timer_new_ns(QEMU_CLOCK_REALTIME, net_socket_connect, s);
    timer_mod_ns(s.reconnect_timer, qemu_clock_get_ns(QEMU_CLOCK_REALTIME) + s.ends.reconnect_s * 1e9);
  }
  // What the peer had for the connection that is gone need not wait for the next.
  qemu_flush_queued_packets(s.nc);
}

/** Connects to the other side. */
function net_socket_connect(s: NetSocketState): void {
  s.sock = connect(machine.sockets, machine.host, s.ends.remote!, null);
  s.sock.opaque = s;
  s.nc.info_str = `connect to ${addr_text(s.ends.remote!)}`;
}

/** Takes the next connection that waits, if there is none now. One at a time, as QEMU. */
function net_socket_accept(s: NetSocketState): void {
  const listener = s.listener!;
  const conn = s.sock ? null : accept(listener);
  if (conn) {
    conn.opaque = s;
    s.sock = conn;
    s.nc.info_str = `connection from ${addr_text(conn.peer)}`;
    // It may have sent something while it waited.
    socket_poll_again(machine.sockets, conn);
  }
  while (listener.backlog.length > BACKLOG_MAX) {
    close(machine.sockets, machine.host, listener.backlog.pop()!, true);
  }
}

/** Something happened to a link's socket. */
function net_socket_event(s: NetSocketState, sock: HostSocket): void {
  if (sock === s.listener) {
    net_socket_accept(s);
    return;
  }
  if (sock !== s.sock) {
    return;
  }
  if ((sock.revents & POLLOUT) !== 0 && sock.connected) {
    sock.revents &= ~POLLOUT;
    qemu_flush_queued_packets(s.nc);
  }
  if (s.ends.dgram) {
    net_socket_send_dgram(s);
  } else if ((sock.revents & POLLIN) !== 0) {
    net_socket_send(s);
  }
  if (!s.sock && s.listener && s.listener.backlog.length > 0) {
    net_socket_accept(s);
  }
}

/** Handles the sockets of links that something happened to, and leaves the others'. */
export function net_sockets_poll(): void {
  const all = machine.sockets.ready;
  if (!all.some((sock) => sock.opaque instanceof NetSocketState)) {
    return;
  }
  machine.sockets.ready = all.filter((sock) => !(sock.opaque instanceof NetSocketState));
  for (const sock of all) {
    if (sock.opaque instanceof NetSocketState) {
      sock.queued = false;
      net_socket_event(sock.opaque, sock);
    }
  }
}

/** A kind of link. */
function socket_info(type: NetClientDriver, receive: NetClientInfo['receive']): NetClientInfo {
  return { type, receive, receive_iov: null, can_receive: null, link_status_changed: null, do_not_pad: true };
}

const stream_infos: Readonly<Record<string, NetClientInfo>> = {
  socket: socket_info('socket', net_socket_receive),
  stream: socket_info('stream', net_socket_receive),
};
const dgram_infos: Readonly<Record<string, NetClientInfo>> = {
  socket: socket_info('socket', net_socket_receive_dgram),
  dgram: socket_info('dgram', net_socket_receive_dgram),
};

/** Opens the sockets of a link, but one that connects. Returns what went wrong, or ''. */
function net_socket_listen(s: NetSocketState): string {
  const { ends } = s;
  const { sockets, host } = machine;
  if (ends.dgram) {
    const opened = ends.local
      ? bind_dgram(sockets, host, ends.local)
      : { socket: open_dgram(sockets, host, SOCK_DGRAM, ends.remote!.sa_family, null), errno: '' };
    if (opened.errno !== '') {
      return `can't bind ${addr_text(ends.local!)} to socket: ${opened.errno}`;
    }
    s.sock = opened.socket;
    s.sock.opaque = s;
    s.dgram_dst = ends.remote;
  } else if (ends.local) {
    const { socket, errno } = listen(sockets, host, ends.local);
    if (errno !== '') {
      return `can't bind ${addr_text(ends.local)} to socket: ${errno}`;
    }
    s.listener = socket;
    s.listener.opaque = s;
  }
  return '';
}

/**
 * Makes a link. Its packets go to the peer of its client, or to `received`; then the client is nobody else's. Returns
 * the link, or what went wrong.
 */
export function net_socket_open(
  type: string,
  ends: SocketEnds,
  name: string,
  received: NetSocketReceived | null,
): NetSocketState | string {
  const s = new NetSocketState(ends, received);
  const wrong = net_socket_listen(s);
  if (wrong !== '') {
    return wrong;
  }
  const info = (ends.dgram ? dgram_infos : stream_infos)[type]!;
  s.nc =
    received === null
      ? qemu_new_net_client(info, null, type, name, s)
      : new NetClientState(info, type, name, s, qemu_deliver_packet_iov);
  if (s.listener) {
    s.nc.info_str = `listening on ${addr_text(s.listener.local)}`;
    machine.host.report('info', `netdev ${s.nc.name}: ${s.nc.info_str}`);
  } else if (ends.dgram) {
    s.nc.info_str = `udp to ${ends.remote ? addr_text(ends.remote) : 'nobody'}`;
  } else {
    net_socket_connect(s);
  }
  return s;
}

/** Ends a link. */
export function net_socket_close(s: NetSocketState): void {
  if (s.reconnect_timer) {
    timer_del(s.reconnect_timer);
  }
  for (const sock of [...(s.listener?.backlog ?? []), s.listener, s.sock]) {
    if (sock) {
      close(machine.sockets, machine.host, sock, false);
    }
  }
  s.listener = null;
  s.sock = null;
}
