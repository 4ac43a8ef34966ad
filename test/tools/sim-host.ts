/**
 * A host inside the process, under a virtual clock: TCP and UDP peers on its loopback, for replays and tests of the
 * user network.
 */
import { readServed, type ServedPiece } from '../../adapter/inferior/served-files.ts';
import { wordsSum } from '../../adapter/inferior/words-sum.ts';
import { MachineState, machine } from '../../adapter/stack/softmmu/machine.ts';
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  type Host,
  type Input,
  SOCK_RAW,
  SOCK_STREAM,
  type sockaddr,
} from '../../adapter/stack/util/host.ts';
import { qemu_random_seed } from '../../adapter/stack/util/random.ts';
import { sockaddr_in, sockaddr_in6 } from '../../adapter/stack/util/sockets.ts';

/** What a peer does with a connection: send back what comes, swallow it, close at once, or greet and close. */
export type PeerMode = 'echo' | 'sink' | 'close' | 'hello';

const LOOPBACK = 0x7f000001;

/** The greeting of 'hello' peers. */
export const HELLO = 'hello from the host\r\n';

/** The peer's end of a stream. */
export class SimStream {
  readonly fd: number;
  readonly mode: PeerMode;
  /** Bytes that came from the machine. */
  received: Buffer[] = [];
  /** Bytes the machine sent and the peer has not looked at. */
  unread: Buffer[] = [];
  /** The machine sends no more; the machine has closed; the peer has closed. */
  ended = false;
  gone = false;
  closed = false;
  reset = false;
  /** The peer keeps its side open when the machine closes its own. */
  keepsOpen = false;
  constructor(fd: number, mode: PeerMode) {
    this.fd = fd;
    this.mode = mode;
  }
  /** All the bytes that came. */
  get bytes(): Buffer {
    return Buffer.concat(this.received);
  }
}

/** True for addresses of this host: the loopback's, and the unspecified one. */
function isLoopback(a: sockaddr): boolean {
  if (a.sa_family === AF_INET6) {
    return a.sin6_addr?.every((b, i) => b === 0 || (i === 15 && b === 1)) === true;
  }
  return a.sa_family === AF_INET && (a.sin_addr >>> 24 === 127 || a.sin_addr === 0);
}

/** The address that answers for a local one. */
function answering(a: sockaddr): sockaddr {
  if (a.sa_family === AF_INET6) {
    return sockaddr_in6(
      Uint8Array.from({ length: 16 }, (_, i) => (i === 15 ? 1 : 0)),
      a.sin_port,
    );
  }
  return a.sin_addr === 0 ? sockaddr_in(LOOPBACK, a.sin_port) : a;
}

/** An implementation of `Host` with everything inside the process. */
export class SimHost implements Host {
  /** Undefined: sums are made by the stack. */
  words_sum: Host['words_sum'] = wordsSum;
  now_ns = 10_000e9;
  seed = 12345;
  nameservers: sockaddr[] = [];
  /** Inputs for the next turn. */
  inputs: Input[] = [];
  tcpPeers: Map<number, PeerMode> = new Map();
  udpEcho: Set<number> = new Set();
  streams: Map<number, SimStream> = new Map();
  /** Descriptors of forwarded ports by port, TCP and UDP. */
  listeners: Map<number, number> = new Map();
  udpListeners: Map<number, number> = new Map();
  /** Datagrams that came to no echo port, as `port:text`. */
  datagrams: { to: sockaddr; data: Buffer }[] = [];
  reports: string[] = [];
  /** Open descriptors, to find leaks. */
  openFds: Set<number> = new Set();
  /** Whether something happened in the peers since it was last cleared. */
  activity = false;
  /** False keeps the machine's `send`s in flight, as a peer that does not read does. */
  draining = true;
  sends = 0;
  /** The peers are on ::1 as well, which they are not in recorded cases. */
  ipv6Peers = false;
  #raw: Set<number> = new Set();
  #nextFd = 1000;

  /** True for the address on which this host's peers are: 127.0.0.1, which 0.0.0.0 leads to as well. */
  #hasPeers(a: sockaddr): boolean {
    if (a.sa_family === AF_INET6) {
      return this.ipv6Peers && isLoopback(a);
    }
    return a.sa_family === AF_INET && (a.sin_addr === LOOPBACK || a.sin_addr === 0);
  }

  poll(): readonly Input[] {
    const now = this.inputs;
    this.inputs = [];
    return now;
  }

  alloc_shared(_name: string, bytes: number): ArrayBufferLike {
    return new SharedArrayBuffer(bytes);
  }

  listen(fd: number, type: number, addr: sockaddr): { errno: string; port: number } {
    const table = type === SOCK_STREAM ? this.listeners : this.udpListeners;
    const port = addr.sin_port === 0 ? 40000 + fd : addr.sin_port;
    if (table.has(port)) {
      return { errno: 'EADDRINUSE', port: 0 };
    }
    table.set(port, fd);
    this.openFds.add(fd);
    return { errno: '', port };
  }

  connect(fd: number, addr: sockaddr, _bind: sockaddr | null): void {
    this.openFds.add(fd);
    const cat = addr.sa_family === AF_UNIX && addr.sun_path.startsWith('exec:');
    const mode = cat ? 'echo' : this.#hasPeers(addr) ? this.tcpPeers.get(addr.sin_port) : undefined;
    if (mode === undefined) {
      const errno = isLoopback(addr) || addr.sa_family === AF_UNIX ? 'ECONNREFUSED' : 'ENETUNREACH';
      this.inputs.push({ type: 'error', fd, errno, from: null });
      return;
    }
    const s = new SimStream(fd, mode);
    this.streams.set(fd, s);
    this.inputs.push({ type: 'connected', fd, local: sockaddr_in(0x7f000001, 50000 + fd) });
    this.activity = true;
    if (mode === 'hello') {
      this.write(s, Buffer.from(HELLO));
    }
    if (mode === 'hello' || mode === 'close') {
      this.closePeer(s);
    }
  }

  open(fd: number, type: number, _family: number, _bind: sockaddr | null): void {
    this.openFds.add(fd);
    if (type === SOCK_RAW) {
      this.#raw.add(fd);
    }
  }

  send(fd: number, buf: Uint8Array, off: number, len: number): void {
    this.sends++;
    this.#take(fd, Buffer.from(buf.subarray(off, off + len)), len);
  }

  send_oob(fd: number, buf: Uint8Array, off: number, len: number): void {
    // The peers do not ask for urgent data in line: its last byte is not in their stream.
    this.#take(fd, Buffer.from(buf.subarray(off, off + len - 1)), len);
  }

  #take(fd: number, data: Buffer, taken: number): void {
    const s = this.streams.get(fd);
    if (!s) {
      return;
    }
    this.activity = true;
    if (s.closed) {
      this.inputs.push({ type: 'error', fd, errno: 'ECONNRESET', from: null });
      return;
    }
    s.unread.push(data);
    if (this.draining) {
      this.inputs.push({ type: 'written', fd, bytes: taken });
    }
  }

  sendto(fd: number, buf: Uint8Array, off: number, len: number, to: sockaddr, _ttl: number): void {
    const data = Uint8Array.from(buf.subarray(off, off + len));
    this.activity = true;
    if (this.#raw.has(fd)) {
      this.#ping(fd, data, to);
    } else if (to.sin_port === 0) {
      this.inputs.push({ type: 'error', fd, errno: 'EINVAL', from: null });
    } else if (!isLoopback(to)) {
      this.inputs.push({ type: 'error', fd, errno: 'ENETUNREACH', from: null });
    } else if (this.#hasPeers(to) && this.udpEcho.has(to.sin_port)) {
      this.inputs.push({ type: 'datagram', fd, data, from: answering(to) });
    } else if (this.#hasPeers(to) && this.#isClient(fd, to)) {
      this.datagrams.push({ to, data: Buffer.from(data) });
    } else if (![...this.udpListeners.values()].includes(fd)) {
      // Bound sockets are not told of a refusal: the network asks for that only when it opens them for a flow.
      this.inputs.push({ type: 'error', fd, errno: 'ECONNREFUSED', from: answering(to) });
    }
  }

  /** Clients of `udpSend` by their ports, and the ports they are connected to: they take datagrams from there alone. */
  readonly #clients: Map<number, number> = new Map();
  #isClient(fd: number, to: sockaddr): boolean {
    const port = this.#clients.get(to.sin_port);
    return port !== undefined && this.udpListeners.get(port) === fd;
  }

  /** The loopback answers pings as a kernel does, other addresses are unreachable. */
  #ping(fd: number, data: Uint8Array, to: sockaddr): void {
    if (!isLoopback(to)) {
      this.inputs.push({ type: 'error', fd, errno: 'ENETUNREACH', from: null });
      return;
    }
    data[0] = 0;
    this.inputs.push({ type: 'datagram', fd, data, from: to });
  }

  consumed(_fd: number, _bytes: number): void {}

  shutdown(fd: number): void {
    const s = this.streams.get(fd);
    if (s && !s.ended) {
      s.ended = true;
      this.activity = true;
    }
  }

  close(fd: number, reset: boolean): void {
    this.openFds.delete(fd);
    this.#raw.delete(fd);
    for (const table of [this.listeners, this.udpListeners]) {
      for (const [port, f] of table) {
        if (f === fd) {
          table.delete(port);
        }
      }
    }
    const s = this.streams.get(fd);
    if (s) {
      s.ended = true;
      s.gone = true;
      s.reset = reset;
      this.activity = true;
    }
    this.inputs = this.inputs.filter((i) => !('fd' in i) || i.fd !== fd);
  }

  console_write(_text: string): void {}
  monitor_reply(_id: number, _text: string): void {}
  report(_level: 'info' | 'warning' | 'error', text: string): void {
    this.reports.push(text);
  }
  frame(): void {}

  read_file(dir: string, name: string, off: number, len: number): ServedPiece {
    return readServed(dir, name, off, len);
  }

  /** The peer sends bytes to the machine. */
  write(s: SimStream, data: Uint8Array): void {
    if (!s.gone && !s.closed) {
      this.inputs.push({ type: 'data', fd: s.fd, data: Uint8Array.from(data) });
    }
  }

  /** The peer closes its end. */
  closePeer(s: SimStream): void {
    if (!s.closed) {
      s.closed = true;
      if (!s.gone) {
        this.inputs.push({ type: 'eof', fd: s.fd });
      }
    }
  }

  /** The peer's connection fails with a reset. */
  resetPeer(s: SimStream): void {
    s.closed = true;
    this.inputs.push({ type: 'error', fd: s.fd, errno: 'ECONNRESET', from: null });
  }

  /** A client connects to a forwarded port from `sport` and sends `text`; null if nothing listens there. */
  dial(port: number, sport: number, text: string): SimStream | null {
    const listener = this.listeners.get(port);
    if (listener === undefined) {
      return null;
    }
    const s = new SimStream(this.#nextFd++, 'sink');
    this.openFds.add(s.fd);
    this.streams.set(s.fd, s);
    this.inputs.push({ type: 'accepted', fd: s.fd, listener, peer: sockaddr_in(0x7f000001, sport) });
    this.activity = true;
    if (text !== '') {
      this.write(s, Buffer.from(text));
    }
    return s;
  }

  /** A datagram from 127.0.0.1:`sport` to a forwarded UDP port. */
  udpSend(port: number, sport: number, text: string): void {
    const fd = this.udpListeners.get(port);
    this.#clients.set(sport, port);
    if (fd !== undefined) {
      this.inputs.push({ type: 'datagram', fd, data: Buffer.from(text), from: sockaddr_in(0x7f000001, sport) });
      this.activity = true;
    }
  }

  /** The peers look at what has come, once. */
  peerEvents(): void {
    for (const s of this.streams.values()) {
      for (const data of s.unread) {
        s.received.push(data);
        this.activity = true;
        if (s.mode === 'echo') {
          this.write(s, data);
        }
      }
      s.unread = [];
      if (s.ended && !s.closed && !(s.keepsOpen && !s.gone)) {
        this.activity = true;
        this.closePeer(s);
      }
    }
  }
}

/** Makes `host` the machine's, and the machine as after power on. */
export function resetMachine(host: SimHost): void {
  Object.assign(machine, new MachineState());
  machine.host = host;
  qemu_random_seed(host.seed);
}
