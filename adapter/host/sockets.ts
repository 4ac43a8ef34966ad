/**
 * The machine's sockets on the main thread: carries out the inferior's outputs, streams with Node's `net`, and posts
 * what happens as inputs. One instance a machine; `dispose` closes everything.
 */
import { once } from 'node:events';
import { createServer, type OnReadOpts, type Server, type SocketConstructorOpts, Socket as TcpSocket } from 'node:net';
import { copyOut } from '../mailbox/shared-copy.ts';
import { AF_INET6, AF_UNIX, FD_PREFIX, type Input, SOCK_STREAM, type sockaddr } from '../stack/util/host.ts';
import { hostOf, toSockaddr } from './addresses.ts';
import { NodeDatagrams } from './datagrams.ts';
import { commandOf, startCommand } from './guest-commands.ts';
import { SmbShares, sharedDirectory } from './smb.ts';
import { isTooLong, listenErrno, removeSocketFile } from './socket-paths.ts';

/**
 * Unconsumed bytes of one socket at which reading from it pauses: as much as moves in some slices of the scheduler, so
 * that neither thread waits while the other has none. The second is for when the pool is scarce: then those that nobody
 * reads must not take it all.
 */
const RECEIVE_WINDOW = 1 << 22;
const SCARCE_WINDOW = 1 << 16;
/** Bytes read at a time. */
const RECEIVE_BUFFER = 1 << 18;
/** Bytes of a read from which on a stream is read into shared memory. */
const BULK = 1 << 14;

/**
 * Bytes of a buffer for what is written, those of what gets one of its own size instead, and how many are kept for
 * later.
 */
const SEND_BUFFER = 1 << 16;
const SEND_SMALL = 1 << 12;
const SEND_BUFFERS = 32;

/** Connections that wait to be accepted: as many as the system allows, which cuts a larger number down. */
const BACKLOG = 65535;

/** Longer than it takes to connect on this computer. */
const LOCAL_CONNECT_MS = 50;

/** What `new net.Socket` takes besides what Node's types know. */
type StreamOptions = SocketConstructorOpts & { readonly onread: OnReadOpts; readonly handle?: unknown };

/** A stream or a listener. */
interface Entry {
  readonly fd: number;
  server?: Server;
  tcp?: TcpSocket;
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
  /**
   * Posts an input. Returns the count of bytes taken of a 'data' input (may be fewer, 0 = no room); else 1, or 0 when
   * there is no room.
   */
  post(input: Input): number;
  /** The pool has taken back `bytes` of `fd`. */
  released(fd: number, bytes: number): void;
  /**
   * Shared memory for a stream to be read into, or null; it is given up by posting what was read, or by `unreserve`.
   */
  reserve(fd: number): Uint8Array | null;
  unreserve(page: Uint8Array): void;
  /** True while the pool has little left. */
  scarce(): boolean;
  /** Something waits for room that no `post` has refused: `retry` soon. */
  wait(): void;
  /** Tells the user that something did not work which the guest sees only as a connection that ends. */
  warn(text: string): void;
}

export class NodeSockets {
  readonly #port: HostSocketsPort;
  readonly #entries = new Map<number, Entry>();
  /** Inputs that are not data and found no room, in order. */
  readonly #deferred: Input[] = [];
  /** Entries that wait for room in the pool. */
  readonly #stalled = new Set<Entry>();
  readonly datagrams: NodeDatagrams;
  readonly #shares = new SmbShares();
  readonly #buffers: Buffer[] = [];
  /** What is gathered for a stream, in the first bytes of the buffer. */
  #sending = -1;
  #buffer: Buffer | undefined;
  #gathered = 0;
  /**
   * What is read from streams comes into this memory, and is gone from it before the next read: Node's own way takes
   * fresh memory each time.
   */
  readonly #received = new Uint8Array(RECEIVE_BUFFER);
  readonly #receivedScarce = this.#received.subarray(0, SCARCE_WINDOW);
  /** Streams that are being connected. */
  readonly #connecting = new Set<TcpSocket>();
  /** Descriptors of accepted connections are odd, the stack's own are even. */
  #nextAccepted = 11;

  constructor(port: HostSocketsPort) {
    this.#port = port;
    this.datagrams = new NodeDatagrams({
      datagram: (input) => port.post(input),
      event: (input) => this.#post(input),
      full: () => this.#deferred.length > 0,
    });
  }

  #entry(fd: number): Entry {
    const e: Entry = { fd, pending: 0, backlog: [], ended: false, paused: false, page: null, closed: false };
    this.#entries.set(fd, e);
    return e;
  }

  #post(input: Input): void {
    if (this.#deferred.length > 0 || this.#port.post(input) === 0) {
      this.#deferred.push(input);
    }
  }

  /** Tries again what found no room; call when the inferior has taken inputs or given memory back. */
  retry(): void {
    while (this.#deferred.length > 0 && this.#port.post(this.#deferred[0] as Input) !== 0) {
      this.#deferred.shift();
    }
    const stalled = [...this.#stalled];
    this.#stalled.clear();
    for (const e of stalled) {
      this.#flush(e);
    }
  }

  /** True while something waits for room: `retry` soon. */
  get waiting(): boolean {
    return this.#deferred.length > 0 || this.#stalled.size > 0;
  }

  /** Resolves when no connection that was asked for is still being made, or after `LOCAL_CONNECT_MS`. */
  async settled(): Promise<void> {
    if (this.#connecting.size > 0) {
      const timeout = AbortSignal.timeout(LOCAL_CONNECT_MS);
      const made = [...this.#connecting].map((tcp) =>
        Promise.race(['connect', 'close'].map((event) => once(tcp, event, { signal: timeout }))).catch(() => undefined),
      );
      await Promise.all(made);
    }
  }

  /** Listens or binds; the answer is an errno's name (empty: success) and the real port. */
  listen(fd: number, type: number, addr: sockaddr): Promise<{ errno: string; port: number }> {
    const dir = sharedDirectory(addr.sun_path);
    if (dir !== null) {
      return Promise.resolve({ errno: this.#shares.open(fd, dir), port: 0 });
    }
    if (isTooLong(addr.sun_path)) {
      return Promise.resolve({ errno: 'ENAMETOOLONG', port: 0 });
    }
    return type === SOCK_STREAM ? this.#listenStream(fd, addr) : this.datagrams.bind(fd, addr);
  }

  #listenStream(fd: number, addr: sockaddr): Promise<{ errno: string; port: number }> {
    const e = this.#entry(fd);
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true });
    e.server = server;
    server.on('connection', (tcp) => this.#accepted(e, tcp, addr));
    return new Promise((resolve) => {
      server.once('error', (err: NodeJS.ErrnoException) => {
        this.#entries.delete(fd);
        resolve({ errno: listenErrno(addr.sun_path, err), port: 0 });
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

  #accepted(listener: Entry, conn: TcpSocket, addr: sockaddr): void {
    if (listener.closed) {
      conn.destroy();
      return;
    }
    const e = this.#entry(this.#nextAccepted);
    this.#nextAccepted += 2;
    const peer: sockaddr =
      addr.sa_family === AF_UNIX ? { ...addr, sun_path: '' } : toSockaddr(conn.remoteAddress, conn.remotePort);
    this.#post({ type: 'accepted', fd: e.fd, listener: listener.fd, peer });
    this.#watchStream(e, new TcpSocket(this.#stream(e, takeHandle(conn))));
  }

  /**
   * How streams are made: what comes goes straight to `take`; where much comes, into memory that is shared with the
   * inferior.
   */
  #stream(e: Entry, handle?: unknown): StreamOptions {
    return {
      ...(handle === undefined ? {} : { handle }),
      allowHalfOpen: true,
      onread: {
        buffer: () => e.page ?? (this.#port.scarce() ? this.#receivedScarce : this.#received),
        callback: (n, buffer) => {
          const data = buffer.subarray(0, n);
          // A few bytes are not worth a page.
          const more = this.#take(e, n < BULK && e.page ? data.slice() : data, true);
          this.#choosePage(e, n);
          return more;
        },
      },
    };
  }

  /** After a read of `n` bytes: streams that carry much are read into a page of their own next. */
  #choosePage(e: Entry, n: number): void {
    if (n < BULK) {
      this.#releasePage(e);
    } else if (!e.page && !e.closed) {
      e.page = this.#port.reserve(e.fd);
    }
  }

  #releasePage(e: Entry): void {
    if (e.page) {
      this.#port.unreserve(e.page);
      e.page = null;
    }
  }

  /** A connected socket that was open when this process began, by its number. */
  #inherit(e: Entry, number: number): void {
    try {
      this.#watchStream(e, new TcpSocket({ ...this.#stream(e), fd: number, readable: true, writable: true }));
      this.#post({ type: 'connected', fd: e.fd, local: toSockaddr(undefined, undefined) });
    } catch (error) {
      // It is no socket, or nothing at all.
      this.#post({ type: 'error', fd: e.fd, errno: (error as NodeJS.ErrnoException).code ?? 'EBADF', from: null });
    }
  }

  connect(fd: number, addr: sockaddr, bind: sockaddr | null): void {
    const e = this.#entry(fd);
    if (addr.sun_path.startsWith(FD_PREFIX)) {
      this.#inherit(e, Number(addr.sun_path.slice(FD_PREFIX.length)));
      return;
    }
    const started = this.#startProgram(addr.sun_path);
    if (!started && isTooLong(addr.sun_path)) {
      this.#post({ type: 'error', fd, errno: 'ENAMETOOLONG', from: null });
      return;
    }
    const tcp = started ?? new TcpSocket(this.#stream(e));
    tcp.setNoDelay(true);
    this.#connecting.add(tcp);
    const settled = (): void => {
      this.#connecting.delete(tcp);
    };
    tcp.once('connect', settled).once('close', settled);
    tcp.once('connect', () =>
      this.#post({ type: 'connected', fd, local: toSockaddr(tcp.localAddress, tcp.localPort) }),
    );
    this.#watchStream(e, tcp);
    if (started) {
      tcp.once('error', (err) => this.#port.warn(`a connection of the guest's cannot be served: ${err.message}`));
      tcp.on('data', (data) => this.#take(e, data, false) || tcp.pause());
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
  #startProgram(path: string): TcpSocket | null {
    const command = commandOf(path);
    const dir = sharedDirectory(path);
    return command !== null ? startCommand(command) : dir !== null ? this.#shares.connect(dir) : null;
  }

  #watchStream(e: Entry, tcp: TcpSocket): void {
    e.tcp = tcp;
    tcp.on('end', () => {
      e.ended = true;
      this.#releasePage(e);
      this.#flush(e);
    });
    tcp.once('close', () => this.#releasePage(e));
    tcp.on('error', (err: NodeJS.ErrnoException) => {
      if (!e.closed) {
        this.#post({ type: 'error', fd: e.fd, errno: err.code ?? 'EIO', from: null });
      }
    });
  }

  /**
   * Takes bytes that came on a stream; what finds no room is kept (`borrowed`: in memory of its own, as the caller's is
   * used again). False if no more is to be read for now; then `flush` has the stream resumed.
   */
  #take(e: Entry, data: Uint8Array, borrowed: boolean): boolean {
    const n = e.backlog.length > 0 || e.closed ? 0 : this.#offer(e, data);
    if (e.closed) {
      return true;
    }
    if (n < data.length) {
      const rest = data.subarray(n);
      e.backlog.push(borrowed ? rest.slice() : rest);
    }
    e.paused = e.backlog.length > 0 || this.#room(e) <= 0;
    return !e.paused;
  }

  /**
   * Bytes of a stream that may be posted now. If there are none and the pool is scarce, the stream is tried again soon.
   */
  #room(e: Entry): number {
    const scarce = this.#port.scarce();
    const room = (scarce ? SCARCE_WINDOW : RECEIVE_WINDOW) - e.pending;
    if (scarce && room <= 0) {
      this.#stalled.add(e);
      this.#port.wait();
    }
    return room;
  }

  /** Posts received bytes as far as window and pool allow. Returns their count. */
  #offer(e: Entry, data: Uint8Array): number {
    let at = 0;
    for (let room = this.#room(e); at < data.length && room > 0; room = this.#room(e)) {
      // A page of the pool is given whole.
      const rest = data.buffer === e.page?.buffer ? data : data.subarray(at, at + room);
      const n = this.#deferred.length > 0 ? 0 : this.#port.post({ type: 'data', fd: e.fd, data: rest });
      if (n === 0) {
        this.#stalled.add(e);
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
  #flush(e: Entry): void {
    while (e.backlog.length > 0 && !e.closed) {
      const data = e.backlog[0] as Uint8Array;
      const n = this.#offer(e, data);
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
      this.#post({ type: 'eof', fd: e.fd });
    } else if (e.paused && this.#room(e) > 0) {
      e.paused = false;
      e.tcp?.resume();
    }
  }

  /** Writes to a stream, at the latest when `flush` is called; `data` is copied. */
  send(fd: number, data: Uint8Array): void {
    if (fd !== this.#sending) {
      this.flush();
      this.#sending = fd;
    }
    for (let at = 0; at < data.length; ) {
      this.#buffer ??= this.#buffers.pop() ?? Buffer.allocUnsafeSlow(SEND_BUFFER);
      const n = Math.min(SEND_BUFFER - this.#gathered, data.length - at);
      copyOut(this.#buffer, this.#gathered, data, at, n);
      this.#gathered += n;
      at += n;
      if (this.#gathered === SEND_BUFFER) {
        this.#write();
      }
    }
  }

  /** Writes what `send` has gathered: a call of the system costs more than a frame. */
  flush(): void {
    if (this.#gathered > 0) {
      this.#write();
    }
  }

  #write(): void {
    const [fd, n, whole] = [this.#sending, this.#gathered, this.#buffer as Buffer];
    this.#gathered = 0;
    const tcp = this.#entries.get(fd)?.tcp;
    if (!tcp || tcp.writableEnded) {
      return;
    }
    // Few bytes get a buffer of their size: those that a slow peer leaves waiting must not each keep a large one.
    const pooled = n > SEND_SMALL;
    const bytes = pooled ? whole.subarray(0, n) : Buffer.from(whole.subarray(0, n));
    if (pooled) {
      this.#buffer = undefined;
    }
    tcp.write(bytes, (err) => {
      if (pooled && this.#buffers.length < SEND_BUFFERS) {
        this.#buffers.push(whole);
      }
      if (!err && this.#entries.has(fd)) {
        this.#post({ type: 'written', fd, bytes: n });
      }
    });
  }

  consumed(fd: number, bytes: number): void {
    this.#port.released(fd, bytes);
    const e = this.#entries.get(fd);
    if (e) {
      e.pending = Math.max(0, e.pending - bytes);
      if (e.tcp && e.pending < RECEIVE_WINDOW / 2) {
        this.#flush(e);
      }
    } else {
      this.datagrams.consumed(fd, bytes);
    }
  }

  shutdown(fd: number): void {
    this.flush();
    this.#entries.get(fd)?.tcp?.end();
  }

  close(fd: number, reset: boolean): void {
    this.flush();
    this.#shares.close(fd);
    this.datagrams.close(fd);
    const e = this.#entries.get(fd);
    if (!e) {
      return;
    }
    this.#entries.delete(fd);
    e.closed = true;
    e.backlog = [];
    e.server?.close();
    const tcp = e.tcp;
    if (!tcp) {
      return;
    }
    tcp.on('error', () => undefined);
    // Only TCP can be reset: Node refuses it for sockets of the Unix domain, which have no address. While our
    // direction is being shut libuv refuses it too, and Node then leaves the descriptor open for ever.
    if (reset && tcp.remoteAddress !== undefined && tcp.writableEnded === tcp.writableFinished) {
      tcp.resetAndDestroy();
    } else if (reset || tcp.connecting || tcp.destroyed) {
      tcp.destroy();
    } else {
      tcp.resume();
      tcp.end(() => tcp.destroy());
    }
  }

  dispose(): void {
    this.datagrams.dispose();
    this.#shares.dispose();
    for (const fd of [...this.#entries.keys()]) {
      const tcp = this.#entries.get(fd)?.tcp;
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
