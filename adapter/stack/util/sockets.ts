/**
 * Host sockets as the stack sees them: non-blocking, poll-style, POSIX names.
 *
 * The sockets themselves live outside (see `Host`); this is the inferior's half, the part of a kernel's socket layer
 * that has to be deterministic: what has arrived and was not read yet, and how much may still be written.
 * `main_loop_wait` feeds the inputs of a turn to `socket_input`; readers then call `accept`, `recv`, `recvfrom`,
 * `send`, ... which never block.
 */
import { AF_INET, AF_INET6, AF_UNIX, FD_PREFIX, type Host, type Input, SOCK_STREAM, type sockaddr } from './host.ts';

/** Events of a socket, as in `poll(2)`. */
export const POLLIN = 0x01;
export const POLLPRI = 0x02;
export const POLLOUT = 0x04;
export const POLLERR = 0x08;
export const POLLHUP = 0x10;

/** Bytes of a stream that may be on their way to the host's kernel before `send` answers `EAGAIN`. */
export const SO_SNDBUF = 1 << 20;

/** Results of the calls below that are not a count. */
export const EAGAIN = -11;
export const ECONNRESET = -104;

/** An address of no family, for sockets that are not connected. */
export const NO_ADDR: sockaddr = { sa_family: 0, sin_addr: 0, sin_port: 0, sin6_addr: null, sun_path: '' };

/** Bytes that arrived and wait to be read; a datagram is one chunk. */
class SocketChunk {
  data: Uint8Array;
  off = 0;
  from: sockaddr;
  next: SocketChunk | null = null;
  constructor(data: Uint8Array, from: sockaddr) {
    this.data = data;
    this.from = from;
  }
}

/** A file descriptor for a socket of the host. */
export class HostSocket {
  readonly fd: number;
  readonly type: number;
  readonly family: number;
  /** Owner's data, such as slirp's `struct socket`. */
  opaque: object | null = null;
  /** Events that hold now (level-triggered), POLLIN | POLLOUT | POLLERR | POLLHUP. */
  revents = 0;
  /** True while it is in `SocketTable.ready`. */
  queued = false;
  listening = false;
  connecting = false;
  connected = false;
  eof = false;
  /** Name of the pending error, such as `ECONNREFUSED`; empty if none. Cleared by `socket_error`. */
  errno = '';
  err_from: sockaddr | null = null;
  local: sockaddr = NO_ADDR;
  peer: sockaddr = NO_ADDR;
  /** Unread bytes. */
  rx_bytes = 0;
  rx_head: SocketChunk | null = null;
  rx_tail: SocketChunk | null = null;
  /** Accepted connections that wait for `accept`. */
  backlog: HostSocket[] = [];
  /** Bytes given to `send` that the host's kernel has not taken yet. */
  tx_inflight = 0;
  /** True after a `send` came up short; POLLOUT is raised when there is room again. */
  tx_blocked = false;
  constructor(fd: number, type: number, family: number) {
    this.fd = fd;
    this.type = type;
    this.family = family;
  }
}

/** All sockets of the machine. */
export class SocketTable {
  /** Open sockets by descriptor. */
  fds: Map<number, HostSocket> = new Map();
  /** Next descriptor for a socket opened by the stack: even ones (accepted ones are numbered by the host, odd). */
  next_fd = 10;
  /** Sockets whose `revents` became non-zero or changed since the owner last emptied this list. */
  ready: HostSocket[] = [];
}

/** Raises events of a socket and puts it on the ready list. */
function socket_raise(t: SocketTable, s: HostSocket, events: number): void {
  s.revents |= events;
  if (!s.queued) {
    s.queued = true;
    t.ready.push(s);
  }
}

/** Appends bytes that arrived, or a datagram, to what waits to be read. */
function socket_append(s: HostSocket, data: Uint8Array, from: sockaddr): void {
  const chunk = new SocketChunk(data, from);
  if (s.rx_tail) {
    s.rx_tail.next = chunk;
  } else {
    s.rx_head = chunk;
  }
  s.rx_tail = chunk;
  s.rx_bytes += data.length;
}

/** Makes an open socket with the next free descriptor. */
function socket_new(t: SocketTable, type: number, family: number): HostSocket {
  const s = new HostSocket(t.next_fd, type, family);
  t.next_fd += 2;
  t.fds.set(s.fd, s);
  return s;
}

/** Our end of an accepted connection; of one to any address, only that of a program on the same computer is known. */
function accepted_local(listener: sockaddr, peer: sockaddr): sockaddr {
  const same = listener.sa_family === AF_INET && listener.sin_addr === 0 && peer.sin_addr >>> 24 === 127;
  return same ? { ...listener, sin_addr: peer.sin_addr } : listener;
}

/**
 * Takes one input of a turn. Inputs for descriptors that were closed meanwhile are dropped (their memory is given
 * back).
 */
export function socket_input(t: SocketTable, host: Host, input: Input): void {
  if (!('fd' in input)) {
    return;
  }
  if (input.type === 'accepted') {
    const listener = t.fds.get(input.listener);
    if (!listener) {
      host.close(input.fd, true);
      return;
    }
    const conn = new HostSocket(input.fd, SOCK_STREAM, input.peer.sa_family);
    conn.connected = true;
    conn.peer = input.peer;
    conn.local = accepted_local(listener.local, input.peer);
    t.fds.set(conn.fd, conn);
    listener.backlog.push(conn);
    socket_raise(t, listener, POLLIN);
    return;
  }
  const s = t.fds.get(input.fd);
  if (!s) {
    if (input.type === 'data' || input.type === 'datagram') {
      host.consumed(input.fd, input.data.length);
    }
    return;
  }
  switch (input.type) {
    case 'connected':
      s.connecting = false;
      s.connected = true;
      s.local = input.local;
      socket_raise(t, s, POLLOUT);
      break;
    case 'data':
      socket_append(s, input.data, NO_ADDR);
      socket_raise(t, s, POLLIN);
      break;
    case 'datagram':
      socket_append(s, input.data, input.from);
      socket_raise(t, s, POLLIN);
      break;
    case 'eof':
      s.eof = true;
      socket_raise(t, s, POLLIN | POLLHUP);
      break;
    case 'error':
      s.errno = input.errno;
      s.err_from = input.from;
      s.connecting = false;
      socket_raise(t, s, POLLERR | POLLIN | POLLOUT);
      break;
    case 'written':
      s.tx_inflight -= input.bytes;
      if (s.tx_blocked && s.tx_inflight <= SO_SNDBUF / 2) {
        s.tx_blocked = false;
        socket_raise(t, s, POLLOUT);
      }
      break;
  }
}

/** Opens a listening stream socket. `errno` is empty on success, and `socket.local` has the real port. */
export function listen(t: SocketTable, host: Host, addr: sockaddr): { socket: HostSocket; errno: string } {
  const s = socket_new(t, SOCK_STREAM, addr.sa_family);
  const r = host.listen(s.fd, SOCK_STREAM, addr);
  if (r.errno !== '') {
    t.fds.delete(s.fd);
    return { socket: s, errno: r.errno };
  }
  s.listening = true;
  s.local = { ...addr, sin_port: r.port };
  return { socket: s, errno: '' };
}

/** Opens a datagram socket bound to `addr`, as `listen` does. */
export function bind_dgram(t: SocketTable, host: Host, addr: sockaddr): { socket: HostSocket; errno: string } {
  const s = socket_new(t, 2, addr.sa_family);
  const r = host.listen(s.fd, 2, addr);
  if (r.errno !== '') {
    t.fds.delete(s.fd);
    return { socket: s, errno: r.errno };
  }
  s.local = { ...addr, sin_port: r.port };
  return { socket: s, errno: '' };
}

/** Opens an unbound datagram or ping socket. */
export function open_dgram(
  t: SocketTable,
  host: Host,
  type: number,
  family: number,
  bind: sockaddr | null,
): HostSocket {
  const s = socket_new(t, type, family);
  host.open(s.fd, type, family, bind);
  return s;
}

/** Starts an outgoing connection (non-blocking `connect`): POLLOUT or POLLERR tells how it went. */
export function connect(t: SocketTable, host: Host, addr: sockaddr, bind: sockaddr | null): HostSocket {
  const s = socket_new(t, SOCK_STREAM, addr.sa_family);
  s.connecting = true;
  s.peer = addr;
  host.connect(s.fd, addr, bind);
  return s;
}

/** Takes the oldest accepted connection, or null if there is none. */
export function accept(listener: HostSocket): HostSocket | null {
  const conn = listener.backlog.shift() ?? null;
  if (listener.backlog.length === 0) {
    listener.revents &= ~POLLIN;
  }
  return conn;
}

/**
 * Reads up to `len` bytes of a stream into `buf` at `off`. Returns the count, 0 at the end of the stream, `EAGAIN` when
 * nothing is there, `ECONNRESET` when the socket has failed (see `socket_error`).
 */
export function recv(host: Host, s: HostSocket, buf: Uint8Array, off: number, len: number): number {
  let done = 0;
  while (done < len && s.rx_head) {
    const c = s.rx_head;
    const n = Math.min(len - done, c.data.length - c.off);
    buf.set(c.off === 0 && n === c.data.length ? c.data : c.data.subarray(c.off, c.off + n), off + done);
    c.off += n;
    done += n;
    if (c.off === c.data.length) {
      socket_pop(s);
    }
  }
  if (done > 0) {
    s.rx_bytes -= done;
    host.consumed(s.fd, done);
    if (s.rx_bytes === 0 && !s.eof && s.errno === '') {
      s.revents &= ~POLLIN;
    }
    return done;
  }
  if (s.errno !== '') {
    return ECONNRESET;
  }
  return s.eof ? 0 : EAGAIN;
}

/** Drops the first chunk. */
function socket_pop(s: HostSocket): void {
  s.rx_head = s.rx_head?.next ?? null;
  if (!s.rx_head) {
    s.rx_tail = null;
  }
}

/** Length of the datagram that waits first, or -1 (`FIONREAD`). */
export function next_datagram(s: HostSocket): number {
  return s.rx_head ? s.rx_head.data.length : -1;
}

/** Reads one datagram (cut to `len`). Returns its address and the count copied, or null when none waits. */
export function recvfrom(
  host: Host,
  s: HostSocket,
  buf: Uint8Array,
  off: number,
  len: number,
): { from: sockaddr; n: number } | null {
  const c = s.rx_head;
  if (!c) {
    return null;
  }
  const n = Math.min(len, c.data.length);
  buf.set(n === c.data.length ? c.data : c.data.subarray(0, n), off);
  socket_pop(s);
  s.rx_bytes -= c.data.length;
  host.consumed(s.fd, c.data.length);
  if (!s.rx_head && s.errno === '') {
    s.revents &= ~POLLIN;
  }
  return { from: c.from, n };
}

/** Bytes that `send` would take now. */
export function send_space(s: HostSocket): number {
  return s.errno !== '' ? 0 : Math.max(0, SO_SNDBUF - s.tx_inflight);
}

/**
 * Sends on a stream. Returns the count taken, `EAGAIN` when there is no room, `ECONNRESET` when the socket has failed.
 */
export function send(host: Host, s: HostSocket, buf: Uint8Array, off: number, len: number): number {
  if (s.errno !== '') {
    return ECONNRESET;
  }
  const n = Math.min(len, SO_SNDBUF - s.tx_inflight);
  if (n < len) {
    s.tx_blocked = true;
    s.revents &= ~POLLOUT;
  }
  if (n <= 0) {
    return EAGAIN;
  }
  s.tx_inflight += n;
  host.send(s.fd, buf, off, n);
  return n;
}

/**
 * Sends on a stream with the last byte out of band (`MSG_OOB`), where the host can do that, else in line. Returns as
 * `send`; a count below `len` means that none of it was sent out of band.
 */
export function send_oob(host: Host, s: HostSocket, buf: Uint8Array, off: number, len: number): number {
  if (host.send_oob === undefined || s.errno !== '' || len > SO_SNDBUF - s.tx_inflight) {
    return send(host, s, buf, off, len);
  }
  s.tx_inflight += len;
  host.send_oob(s.fd, buf, off, len);
  return len;
}

/** Puts a socket whose events still hold back into `ready`, for an owner that could not act on them when they came. */
export function socket_poll_again(t: SocketTable, s: HostSocket): void {
  if (s.revents !== 0 && !s.queued) {
    s.queued = true;
    t.ready.push(s);
  }
}

/** Sends one datagram. */
export function sendto(
  host: Host,
  s: HostSocket,
  buf: Uint8Array,
  off: number,
  len: number,
  to: sockaddr,
  ttl: number,
): void {
  host.sendto(s.fd, buf, off, len, to, ttl);
}

/** Takes the pending error (`SO_ERROR`): its name, or empty. */
export function socket_error(s: HostSocket): string {
  const e = s.errno;
  if (s.type !== SOCK_STREAM) {
    s.errno = '';
    s.revents &= ~POLLERR;
    if (!s.rx_head) {
      s.revents &= ~POLLIN;
    }
  }
  return e;
}

/** `shutdown(SHUT_WR)`. */
export function shutdown_wr(host: Host, s: HostSocket): void {
  host.shutdown(s.fd);
}

/** Closes a socket, and the connections that wait on it; `reset` sends a RST. What was not read is given back. */
export function close(t: SocketTable, host: Host, s: HostSocket, reset: boolean): void {
  if (!t.fds.delete(s.fd)) {
    return;
  }
  for (const c of s.backlog) {
    close(t, host, c, true);
  }
  s.backlog = [];
  if (s.rx_bytes > 0) {
    host.consumed(s.fd, s.rx_bytes);
  }
  s.rx_head = null;
  s.rx_tail = null;
  s.rx_bytes = 0;
  s.revents = 0;
  s.opaque = null;
  host.close(s.fd, reset);
}

/** An IPv4 address and port (host byte order) as a `sockaddr`. */
export function sockaddr_in(addr: number, port: number): sockaddr {
  return { sa_family: AF_INET, sin_addr: addr >>> 0, sin_port: port, sin6_addr: null, sun_path: '' };
}

/** An IPv6 address (16 bytes) and port as a `sockaddr`. */
export function sockaddr_in6(addr: Uint8Array, port: number): sockaddr {
  return { sa_family: AF_INET6, sin_addr: 0, sin_port: port, sin6_addr: addr, sun_path: '' };
}

/** A socket that is connected and open already, by its number in the process. */
export function sockaddr_fd(fd: number): sockaddr {
  return sockaddr_un(`${FD_PREFIX}${fd}`);
}

/** A path as a `sockaddr`. */
export function sockaddr_un(path: string): sockaddr {
  return { sa_family: AF_UNIX, sin_addr: 0, sin_port: 0, sin6_addr: null, sun_path: path };
}
