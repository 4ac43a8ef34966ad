/**
 * Links to other programs (net/socket.c, net/stream.c, net/dgram.c): `-netdev socket`, `stream` and `dgram`. Over a stream each packet is
 * behind its length; a datagram is a packet.
 */
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
  NET_BUFSIZE,
  type NetClientDriver,
  type NetClientInfo,
  type NetClientState,
  qemu_flush_queued_packets,
  qemu_new_net_client,
  qemu_send_packet_async,
} from './net.ts';
import { addr_text, type SocketEnds } from './socket_options.ts';
import { net_fill_rstate, net_stream_send, SocketReadState } from './socket_stream.ts';

/** One link. */
export class NetSocketState {
  nc!: NetClientState;
  /** Waits for the other side to connect, or null. */
  listener: HostSocket | null = null;
  /** The connection or datagram socket, or null while there is none. */
  sock: HostSocket | null = null;
  /** Where datagrams go. */
  dgram_dst: sockaddr | null = null;
  /** False while the peer has a packet of ours to wait for. */
  read_poll = true;
  readonly rs: SocketReadState = new SocketReadState();
  /** A packet with its length, or a datagram. */
  readonly scratch: Uint8Array = new Uint8Array(4 + NET_BUFSIZE);
}

/** The peer has taken the packet it kept us waiting with. */
export function net_socket_send_completed(nc: NetClientState, len: number): void {
  const s = nc.opaque as NetSocketState;
  s.read_poll = true;
  if (s.sock) {
    socket_poll_again(machine.sockets, s.sock);
  }
}

/** A packet for the other side, over a stream. */
export function net_socket_receive(nc: NetClientState, buf: Uint8Array, size: number): number {
  const s = nc.opaque as NetSocketState;
  if (!s.sock?.connected) {
    drop(buf, size, 'NO_PEER');
    return size;
  }
  return net_stream_send(s.sock, s.scratch, buf, size) ? size : 0;
}

/** A packet for the other side, as a datagram. */
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
    net_socket_deliver(s, s.rs.buf.slice(4, 4 + size), size);
  }
}

/** Gives the peer the datagrams that have come. */
export function net_socket_send_dgram(s: NetSocketState): void {
  while (s.sock && s.read_poll) {
    const r = recvfrom(machine.host, s.sock, s.scratch, 0, NET_BUFSIZE);
    if (!r) {
      return;
    }
    net_socket_deliver(s, s.scratch, r.n);
  }
}

/** Gives the peer one packet; if it cannot take it, we wait. */
function net_socket_deliver(s: NetSocketState, buf: Uint8Array, size: number): void {
  if (qemu_send_packet_async(s.nc, buf, size, net_socket_send_completed) === 0) {
    s.read_poll = false;
  }
}

/** The other side is gone. A listening link waits for the next one. */
function net_socket_hang_up(s: NetSocketState): void {
  const sock = s.sock!;
  const why = sock.errno === '' ? 'the other side closed the connection' : socket_error(sock);
  close(machine.sockets, machine.host, sock, false);
  s.sock = null;
  s.rs.index = 0;
  s.nc.info_str = s.listener ? `listening on ${addr_text(s.listener.local)}` : `disconnected: ${why}`;
  if (!s.listener) {
    machine.host.report('warning', `netdev ${s.nc.name}: ${why}`);
  }
}

/** Something happened to a link's socket. */
function net_socket_event(s: NetSocketState, sock: HostSocket): void {
  if (sock === s.listener) {
    // One connection at a time, as QEMU; the next ones wait.
    const conn = s.sock ? null : accept(sock);
    if (conn) {
      conn.opaque = s;
      s.sock = conn;
      s.nc.info_str = `connection from ${addr_text(conn.peer)}`;
    }
    return;
  }
  if (sock !== s.sock) {
    return;
  }
  if ((sock.revents & POLLOUT) !== 0 && sock.connected) {
    sock.revents &= ~POLLOUT;
    qemu_flush_queued_packets(s.nc);
  }
  if (s.nc.info.receive === net_socket_receive_dgram) {
    net_socket_send_dgram(s);
  } else if ((sock.revents & POLLIN) !== 0) {
    net_socket_send(s);
  }
  if (!s.sock && s.listener && s.listener.backlog.length > 0) {
    net_socket_event(s, s.listener);
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

/** Makes a link. Returns its client, or what went wrong. */
export function net_socket_open(
  type: string,
  ends: SocketEnds,
  name: string,
  peer: NetClientState | null,
): NetClientState | string {
  const s = new NetSocketState();
  const { sockets, host } = machine;
  if (ends.dgram) {
    const opened = ends.local
      ? bind_dgram(sockets, host, ends.local)
      : { socket: open_dgram(sockets, host, SOCK_DGRAM, ends.remote!.sa_family, null), errno: '' };
    if (opened.errno !== '') {
      return `can't bind ${addr_text(ends.local!)} to socket: ${opened.errno}`;
    }
    s.sock = opened.socket;
    s.dgram_dst = ends.remote;
  } else if (ends.local) {
    const { socket, errno } = listen(sockets, host, ends.local);
    if (errno !== '') {
      return `can't bind ${addr_text(ends.local)} to socket: ${errno}`;
    }
    s.listener = socket;
  } else {
    s.sock = connect(sockets, host, ends.remote!, null);
  }
  for (const sock of [s.listener, s.sock]) {
    if (sock) {
      sock.opaque = s;
    }
  }
  s.nc = qemu_new_net_client((ends.dgram ? dgram_infos : stream_infos)[type]!, peer, type, name, s);
  s.nc.info_str = s.listener
    ? `listening on ${addr_text(s.listener.local)}`
    : `${ends.dgram ? 'udp to' : 'connect to'} ${ends.remote ? addr_text(ends.remote) : 'nobody'}`;
  if (s.listener) {
    host.report('info', `netdev ${s.nc.name}: listening on ${addr_text(s.listener.local)}`);
  }
  return s.nc;
}
