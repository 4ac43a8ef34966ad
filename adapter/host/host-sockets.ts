/**
 * The machine's sockets on the main thread: carries out the inferior's outputs with Node's `net` and `dgram`, and posts what
 * happens as inputs. One instance a machine; `dispose` closes everything.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { lstatSync, unlinkSync } from 'node:fs';
import { createServer, type OnReadOpts, type Server, type SocketConstructorOpts, Socket as TcpSocket } from 'node:net';
import type { Input, sockaddr } from '../stack/util/host.ts';
import { hostOf, toSockaddr } from './addresses.ts';
import { commandOf, startCommand } from './guest-commands.ts';
import { Pings } from './pings.ts';
import { WORD } from './shared-copy.ts';
import { SmbShares, sharedDirectory } from './smb.ts';

const AF_UNIX = 1;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_RAW = 3;

/** Unconsumed bytes of one socket at which reading from it pauses, and bytes read at a time. */
const RECEIVE_WINDOW = 1 << 20;
const RECEIVE_BUFFER = 1 << 18;
/** Bytes of a read from which on a stream is read into shared memory. */
const BULK = 1 << 14;
/** Datagrams of one socket that wait for the inferior before further ones are dropped, as a kernel would. */
const DATAGRAM_BACKLOG = 1 << 20;

/** Bytes of a buffer for what is written, those of what gets one of its own size instead, and how many are kept for later. */
const SEND_BUFFER = 1 << 16;
const SEND_SMALL = 1 << 12;
const SEND_BUFFERS = 32;

/** Connections that wait to be accepted: as many as the system allows, which cuts a larger number down. */
const BACKLOG = 65535;

/** ICMP's header of an echo, and the types of its answers. */
const ICMP_HEADER = 8;
const ICMP_ECHOREPLY = 0;
const ICMP6_ECHO_REPLY = 129;

/** Longer than it takes to connect on this computer. */
const LOCAL_CONNECT_MS = 50;

/** What `new net.Socket` takes besides what Node's types know. */
type StreamOptions = SocketConstructorOpts & { readonly onread: OnReadOpts; readonly handle?: unknown };

/** A descriptor. */
interface Entry {
  readonly fd: number;
  server?: Server;
  tcp?: TcpSocket;
  udp?: UdpSocket;
  /** A ping socket. */
  ping?: boolean;
  /** Where the datagram socket sends to, so that ICMP errors come back; null once it had several destinations. */
  udpPeer?: sockaddr | null;
  /** The datagram socket's connection stands. */
  udpConnected?: boolean;
  /** Datagrams that wait for that. */
  udpWaiting?: (() => void)[];
  /** Takes the outcome of sending. */
  sent?: (err: Error | null) => void;
  /** TTL that was set last. */
  ttl?: number;
  /** Whoever sent the last datagram, as Node names it and as the stack does. */
  from?: { readonly address: string; readonly port: number; readonly sockaddr: sockaddr };
  /** Bytes posted and not consumed. */
  pending: number;
  /** Received bytes that found no room in the pool, in order. */
  backlog: Uint8Array[];
  /** What to post when the backlog is empty: the stream has ended. */
  ended: boolean;
  /** Not read for now. */
  paused: boolean;
  /** Shared memory that the next read goes to. */
  page: Uint8Array | null;
  closed: boolean;
}

export interface HostSocketsPort {
  /** Posts an input. Returns the count of bytes taken of a 'data' input (may be fewer, 0 = no room); else 1, or 0 when there is no room. */
  post(input: Input): number;
  /** The pool has taken back `bytes` of `fd`. */
  released(fd: number, bytes: number): void;
  /** Shared memory for a stream to be read into, or null; it is given up by posting what was read, or by `unreserve`. */
  reserve(fd: number): Uint8Array | null;
  unreserve(page: Uint8Array): void;
}

export class HostSockets {
  private readonly port: HostSocketsPort;
  private readonly entries = new Map<number, Entry>();
  /** Inputs that are not data and found no room, in order. */
  private readonly deferred: Input[] = [];
  /** Entries whose received bytes found no room in the pool. */
  private readonly stalled = new Set<Entry>();
  private readonly pings = new Pings();
  private readonly shares = new SmbShares();
  private readonly buffers: Buffer[] = [];
  /** What is read from streams comes into this memory, and is gone from it before the next read: Node's own way takes fresh memory each time. */
  private readonly received = new Uint8Array(RECEIVE_BUFFER);
  /** Streams that are being connected. */
  private readonly connecting = new Set<TcpSocket>();
  /** Descriptors of accepted connections are odd, the stack's own are even. */
  private nextAccepted = 11;

  constructor(port: HostSocketsPort) {
    this.port = port;
  }

  private entry(fd: number): Entry {
    const e: Entry = { fd, pending: 0, backlog: [], ended: false, paused: false, page: null, closed: false };
    this.entries.set(fd, e);
    return e;
  }

  private post(input: Input): void {
    if (this.deferred.length > 0 || this.port.post(input) === 0) {
      this.deferred.push(input);
    }
  }

  /** Tries again what found no room; call when the inferior has taken inputs or given memory back. */
  retry(): void {
    while (this.deferred.length > 0 && this.port.post(this.deferred[0] as Input) !== 0) {
      this.deferred.shift();
    }
    const stalled = [...this.stalled];
    this.stalled.clear();
    for (const e of stalled) {
      this.flush(e);
    }
  }

  /** True while something waits for room: `retry` soon. */
  get waiting(): boolean {
    return this.deferred.length > 0 || this.stalled.size > 0;
  }

  /** Resolves when no connection that was asked for is still being made, or after `LOCAL_CONNECT_MS`. */
  async settled(): Promise<void> {
    if (this.connecting.size > 0) {
      const timeout = AbortSignal.timeout(LOCAL_CONNECT_MS);
      const made = [...this.connecting].map((tcp) =>
        Promise.race(['connect', 'close'].map((event) => once(tcp, event, { signal: timeout }))).catch(() => undefined),
      );
      await Promise.all(made);
    }
  }

  /** Listens or binds; the answer is an errno's name (empty: success) and the real port. */
  listen(fd: number, type: number, addr: sockaddr): Promise<{ errno: string; port: number }> {
    const dir = sharedDirectory(addr.sun_path);
    if (dir !== null) {
      return Promise.resolve({ errno: this.shares.open(fd, dir), port: 0 });
    }
    return type === SOCK_STREAM ? this.listenStream(fd, addr) : this.bindDatagram(fd, addr);
  }

  private listenStream(fd: number, addr: sockaddr): Promise<{ errno: string; port: number }> {
    const e = this.entry(fd);
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true });
    e.server = server;
    server.on('connection', (tcp) => this.accepted(e, tcp, addr));
    return new Promise((resolve) => {
      server.once('error', (err: NodeJS.ErrnoException) => {
        this.entries.delete(fd);
        resolve({ errno: err.code ?? 'EIO', port: 0 });
      });
      const done = (): void => {
        server.removeAllListeners('error');
        server.on('error', () => undefined);
        const bound = server.address();
        resolve({ errno: '', port: bound && typeof bound === 'object' ? bound.port : 0 });
      };
      if (addr.sa_family === AF_UNIX) {
        removeSocketFile(addr.sun_path);
        server.listen({ path: addr.sun_path, backlog: BACKLOG }, done);
      } else {
        server.listen(
          { host: hostOf(addr), port: addr.sin_port, backlog: BACKLOG, ipv6Only: addr.sa_family === AF_INET6 },
          done,
        );
      }
    });
  }

  private accepted(listener: Entry, conn: TcpSocket, addr: sockaddr): void {
    if (listener.closed) {
      conn.destroy();
      return;
    }
    const e = this.entry(this.nextAccepted);
    this.nextAccepted += 2;
    const peer: sockaddr =
      addr.sa_family === AF_UNIX ? { ...addr, sun_path: '' } : toSockaddr(conn.remoteAddress, conn.remotePort);
    this.post({ type: 'accepted', fd: e.fd, listener: listener.fd, peer });
    this.watchStream(e, new TcpSocket(this.stream(e, takeHandle(conn))));
  }

  /** How streams are made: what comes goes straight to `take`; where much comes, into memory that is shared with the inferior. */
  private stream(e: Entry, handle?: unknown): StreamOptions {
    return {
      ...(handle === undefined ? {} : { handle }),
      allowHalfOpen: true,
      onread: {
        buffer: () => e.page ?? this.received,
        callback: (n, buffer) => {
          const data = buffer.subarray(0, n);
          // A few bytes are not worth a page.
          const more = this.take(e, n < BULK && e.page ? data.slice() : data, true);
          this.choosePage(e, n);
          return more;
        },
      },
    };
  }

  /** After a read of `n` bytes: streams that carry much are read into a page of their own next. */
  private choosePage(e: Entry, n: number): void {
    if (n < BULK && e.page) {
      this.port.unreserve(e.page);
      e.page = null;
    } else if (n >= BULK && !e.page && !e.closed) {
      e.page = this.port.reserve(e.fd);
    }
  }

  connect(fd: number, addr: sockaddr, bind: sockaddr | null): void {
    const e = this.entry(fd);
    const started = this.startProgram(addr.sun_path);
    const tcp = started ?? new TcpSocket(this.stream(e));
    tcp.setNoDelay(true);
    this.connecting.add(tcp);
    const settled = (): void => {
      this.connecting.delete(tcp);
    };
    tcp.once('connect', settled).once('close', settled);
    tcp.once('connect', () => this.post({ type: 'connected', fd, local: toSockaddr(tcp.localAddress, tcp.localPort) }));
    this.watchStream(e, tcp);
    if (started) {
      tcp.on('data', (data) => this.take(e, data, false) || tcp.pause());
      return;
    }
    if (addr.sa_family === AF_UNIX) {
      tcp.connect({ path: addr.sun_path });
    } else {
      const local = bind ? { localAddress: hostOf(bind), localPort: bind.sin_port } : {};
      tcp.connect({ host: hostOf(addr), port: addr.sin_port, ...local });
    }
  }

  /** A connection to a program, if the path of a Unix socket stands for one. */
  private startProgram(path: string): TcpSocket | null {
    const command = commandOf(path);
    const dir = sharedDirectory(path);
    return command !== null ? startCommand(command) : dir !== null ? this.shares.connect(dir) : null;
  }

  private watchStream(e: Entry, tcp: TcpSocket): void {
    e.tcp = tcp;
    tcp.on('end', () => {
      e.ended = true;
      this.flush(e);
    });
    tcp.once('close', () => {
      if (e.page) {
        this.port.unreserve(e.page);
        e.page = null;
      }
    });
    tcp.on('error', (err: NodeJS.ErrnoException) => {
      if (!e.closed) {
        this.post({ type: 'error', fd: e.fd, errno: err.code ?? 'EIO', from: null });
      }
    });
  }

  /**
   * Takes bytes that came on a stream; what finds no room is kept (`borrowed`: in memory of its own, as the caller's is used again).
   * False if no more is to be read for now; then `flush` has the stream resumed.
   */
  private take(e: Entry, data: Uint8Array, borrowed: boolean): boolean {
    const n = e.backlog.length > 0 || e.closed ? 0 : this.offer(e, data);
    if (e.closed) {
      return true;
    }
    if (n < data.length) {
      const rest = data.subarray(n);
      e.backlog.push(borrowed ? rest.slice() : rest);
    }
    e.paused = e.backlog.length > 0 || e.pending >= RECEIVE_WINDOW;
    return !e.paused;
  }

  /** Posts received bytes as far as window and pool allow. Returns their count. */
  private offer(e: Entry, data: Uint8Array): number {
    let at = 0;
    while (at < data.length && e.pending < RECEIVE_WINDOW) {
      const rest = at === 0 ? data : data.subarray(at);
      const n = this.deferred.length > 0 ? 0 : this.port.post({ type: 'data', fd: e.fd, data: rest });
      if (n === 0) {
        this.stalled.add(e);
        break;
      }
      if (rest.buffer === e.page?.buffer) {
        e.page = null;
      }
      e.pending += n;
      at += n;
    }
    return at;
  }

  /** Posts what was kept, then the end of the stream; reads on when all of it is gone. */
  private flush(e: Entry): void {
    while (e.backlog.length > 0 && !e.closed) {
      const data = e.backlog[0] as Uint8Array;
      const n = this.offer(e, data);
      if (n < data.length) {
        e.backlog[0] = data.subarray(n);
        return;
      }
      e.backlog.shift();
    }
    if (e.closed) {
      e.backlog = [];
    } else if (e.ended) {
      e.ended = false;
      this.post({ type: 'eof', fd: e.fd });
    } else if (e.paused && e.pending < RECEIVE_WINDOW) {
      e.paused = false;
      e.tcp?.resume();
    }
  }

  private bindDatagram(fd: number, addr: sockaddr): Promise<{ errno: string; port: number }> {
    const e = this.entry(fd);
    const udp = createSocket({
      type: addr.sa_family === AF_INET6 ? 'udp6' : 'udp4',
      ipv6Only: addr.sa_family === AF_INET6,
    });
    e.udp = udp;
    e.udpPeer = null;
    return new Promise((resolve) => {
      udp.once('error', (err: NodeJS.ErrnoException) => {
        this.entries.delete(fd);
        resolve({ errno: err.code ?? 'EIO', port: 0 });
      });
      udp.bind({ address: hostOf(addr), port: addr.sin_port, exclusive: true }, () => {
        udp.removeAllListeners('error');
        this.watchDatagrams(e, udp);
        resolve({ errno: '', port: udp.address().port });
      });
    });
  }

  /** Opens a datagram socket. Ping sockets do not exist in Node: `sendto` runs the system's ping program instead. */
  open(fd: number, type: number, family: number, bind: sockaddr | null): void {
    const e = this.entry(fd);
    if (type === SOCK_RAW) {
      e.ping = true;
      return;
    }
    const udp = createSocket(family === AF_INET6 ? 'udp6' : 'udp4');
    e.udp = udp;
    this.watchDatagrams(e, udp);
    if (bind) {
      udp.bind({ address: hostOf(bind), port: bind.sin_port });
    }
  }

  private watchDatagrams(e: Entry, udp: UdpSocket): void {
    udp.on('message', (data, from) => {
      if (e.closed || e.pending > DATAGRAM_BACKLOG || this.deferred.length > 0) {
        return;
      }
      if (e.from?.port !== from.port || e.from.address !== from.address) {
        e.from = { address: from.address, port: from.port, sockaddr: toSockaddr(from.address, from.port) };
      }
      if (this.port.post({ type: 'datagram', fd: e.fd, data, from: e.from.sockaddr }) !== 0) {
        e.pending += data.length;
      }
    });
    udp.on('error', (err: NodeJS.ErrnoException) => this.datagramError(e, err));
  }

  private datagramError(e: Entry, err: NodeJS.ErrnoException | null): void {
    if (!err || e.closed) {
      return;
    }
    this.post({ type: 'error', fd: e.fd, errno: err.code ?? 'EIO', from: e.udpPeer ?? null });
  }

  /** Writes to a stream; `data` is copied. */
  send(fd: number, data: Uint8Array): void {
    const tcp = this.entries.get(fd)?.tcp;
    for (let at = 0; tcp && !tcp.writableEnded && at < data.length; at += SEND_BUFFER) {
      const n = Math.min(SEND_BUFFER, data.length - at);
      const piece = data.subarray(at, at + n);
      // Memory that is used again: fresh one costs more to get than to fill. The bytes keep their place in a word, see shared-copy.ts.
      const pooled = n > SEND_SMALL;
      const from = pooled ? piece.byteOffset % WORD : 0;
      const buffer = pooled
        ? (this.buffers.pop() ?? Buffer.allocUnsafeSlow(SEND_BUFFER + WORD))
        : Buffer.allocUnsafe(n);
      buffer.set(piece, from);
      tcp.write(buffer.subarray(from, from + n), (err) => {
        if (pooled && this.buffers.length < SEND_BUFFERS) {
          this.buffers.push(buffer);
        }
        if (!err && this.entries.has(fd)) {
          this.post({ type: 'written', fd, bytes: n });
        }
      });
    }
  }

  /**
   * Sends a datagram. The socket is connected to its first destination so that the kernel reports a closed port; a second
   * destination makes it an unconnected one for good.
   */
  sendto(fd: number, data: Uint8Array, to: sockaddr, ttl: number): void {
    const e = this.entries.get(fd);
    if (e?.ping) {
      this.ping(e, data, to);
      return;
    }
    const udp = e?.udp;
    if (!e || !udp) {
      return;
    }
    if (e.udpPeer === undefined) {
      this.connectDatagram(e, udp, to);
    } else if (e.udpPeer !== null && !sameAddress(e.udpPeer, to)) {
      this.disconnectDatagram(e, udp);
    }
    if (e.udpPeer === null) {
      this.transmit(e, udp, data, to, ttl);
    } else if (e.udpConnected) {
      this.transmit(e, udp, data, null, ttl);
    } else {
      e.udpWaiting?.push(() => this.transmit(e, udp, data, e.udpPeer === null ? to : null, ttl));
    }
  }

  private connectDatagram(e: Entry, udp: UdpSocket, to: sockaddr): void {
    e.udpPeer = to;
    e.udpWaiting = [];
    udp.connect(to.sin_port, hostOf(to), (err?: Error) => {
      const waiting = e.udpWaiting ?? [];
      e.udpWaiting = [];
      if (err) {
        this.datagramError(e, err);
        e.udpPeer = null;
        return;
      }
      e.udpConnected = true;
      if (e.udpPeer === null) {
        udp.disconnect();
      }
      for (const send of waiting) {
        send();
      }
    });
  }

  private disconnectDatagram(e: Entry, udp: UdpSocket): void {
    e.udpPeer = null;
    if (e.udpConnected) {
      udp.disconnect();
    }
  }

  /** Sends a datagram; `to` is null on a connected socket. */
  private transmit(e: Entry, udp: UdpSocket, data: Uint8Array, to: sockaddr | null, ttl: number): void {
    e.sent ??= (err) => this.datagramError(e, err);
    try {
      if (ttl > 0 && e.ttl !== ttl) {
        udp.setTTL(ttl);
        e.ttl = ttl;
      }
      if (to) {
        udp.send(data, to.sin_port, hostOf(to), e.sent);
      } else {
        udp.send(data, e.sent);
      }
    } catch {
      // The socket was closed between the request and now; there is nobody left to tell.
    }
  }

  /** Pings the address; an answer is the request with its type changed, as it would come from the network. */
  private ping(e: Entry, request: Uint8Array, to: sockaddr): void {
    this.pings.ping(hostOf(to), request.length - ICMP_HEADER, (errno) => {
      if (e.closed) {
        return;
      }
      if (errno !== '') {
        this.post({ type: 'error', fd: e.fd, errno, from: null });
        return;
      }
      const reply = Uint8Array.from(request);
      reply[0] = to.sa_family === AF_INET6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY;
      if (this.port.post({ type: 'datagram', fd: e.fd, data: reply, from: to }) !== 0) {
        e.pending += reply.length;
      }
    });
  }

  consumed(fd: number, bytes: number): void {
    this.port.released(fd, bytes);
    const e = this.entries.get(fd);
    if (e) {
      e.pending = Math.max(0, e.pending - bytes);
      if (e.tcp && e.pending < RECEIVE_WINDOW / 2) {
        this.flush(e);
      }
    }
  }

  shutdown(fd: number): void {
    this.entries.get(fd)?.tcp?.end();
  }

  close(fd: number, reset: boolean): void {
    this.shares.close(fd);
    const e = this.entries.get(fd);
    if (!e) {
      return;
    }
    this.entries.delete(fd);
    e.closed = true;
    e.backlog = [];
    e.server?.close();
    e.udp?.close();
    const tcp = e.tcp;
    if (!tcp) {
      return;
    }
    tcp.on('error', () => undefined);
    // Only TCP can be reset: Node refuses it for sockets of the Unix domain, which have no address.
    if (reset && tcp.remoteAddress !== undefined) {
      tcp.resetAndDestroy();
    } else if (reset || tcp.connecting || tcp.destroyed) {
      tcp.destroy();
    } else {
      tcp.resume();
      tcp.end(() => tcp.destroy());
    }
  }

  dispose(): void {
    this.pings.dispose();
    this.shares.dispose();
    for (const fd of [...this.entries.keys()]) {
      const tcp = this.entries.get(fd)?.tcp;
      this.close(fd, false);
      tcp?.destroy();
    }
  }
}

/** A server's new connection without the socket object that Node made for it, which would read in its own way. */
function takeHandle(conn: TcpSocket): unknown {
  // Not in Node's types, but what `handle` of a socket's constructor is made for.
  const owner = conn as unknown as { _handle: unknown };
  const handle = owner._handle;
  owner._handle = null;
  return handle;
}

/** True if both are the same address and port. */
function sameAddress(a: sockaddr, b: sockaddr): boolean {
  return (
    a.sin_port === b.sin_port &&
    a.sin_addr === b.sin_addr &&
    a.sa_family === b.sa_family &&
    (a.sin6_addr === b.sin6_addr || (a.sin6_addr?.every((v, i) => v === b.sin6_addr?.[i]) ?? false))
  );
}

/** A stale socket file of an earlier listener is replaced, as QEMU does; any other file is left alone and makes `listen` fail. */
function removeSocketFile(path: string): void {
  try {
    if (lstatSync(path).isSocket()) {
      unlinkSync(path);
    }
  } catch {
    // No such file: nothing to replace.
  }
}
