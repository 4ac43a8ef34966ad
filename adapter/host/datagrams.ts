/** The machine's datagram and ping sockets, with Node's `dgram` and the system's `ping`. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { AF_INET6, type Input, SOCK_RAW, type sockaddr } from '../stack/util/host.ts';
import { hostOf, toSockaddr } from './addresses.ts';
import { Pings } from './pings.ts';

/** Bytes of datagrams of one socket that wait for the inferior before further ones are dropped, as a kernel would. */
const DATAGRAM_BACKLOG = 1 << 20;

/** ICMP's header of an echo, and the types of its answers. */
const ICMP_HEADER = 8;
const ICMP_ECHOREPLY = 0;
const ICMP6_ECHO_REPLY = 129;

/** A descriptor. */
interface Datagram {
  readonly fd: number;
  /** Null for a ping socket. */
  udp: UdpSocket | null;
  /**
   * Where it sends to, so that ICMP errors come back; undefined before the first datagram, null once it had several
   * destinations.
   */
  udpPeer: sockaddr | null | undefined;
  /** Its connection stands. */
  udpConnected: boolean;
  /** Datagrams that wait for that. */
  udpWaiting: (() => void)[];
  /** Takes the outcome of sending. */
  sent?: (err: Error | null) => void;
  /** TTL that was set last. */
  ttl: number;
  /** Whoever sent the last datagram, as Node names it and as the stack does. */
  from?: { readonly address: string; readonly port: number; readonly sockaddr: sockaddr };
  /** Bytes posted and not consumed. */
  pending: number;
  closed: boolean;
}

export interface HostDatagramsPort {
  /** Posts a datagram; 0 if there is no room: it is lost. */
  datagram(input: Input): number;
  /** Posts what must not be lost. */
  event(input: Input): void;
  /** True while something that must not be lost waits for room. */
  full(): boolean;
}

export class NodeDatagrams {
  readonly #port: HostDatagramsPort;
  readonly #entries = new Map<number, Datagram>();
  readonly #pings = new Pings();

  constructor(port: HostDatagramsPort) {
    this.#port = port;
  }

  #entry(fd: number, udp: UdpSocket | null, peer: null | undefined): Datagram {
    const e: Datagram = {
      fd,
      udp,
      udpPeer: peer,
      udpConnected: false,
      udpWaiting: [],
      ttl: 0,
      pending: 0,
      closed: false,
    };
    this.#entries.set(fd, e);
    return e;
  }

  /** Binds a datagram socket; the answer is an errno's name (empty: success) and the real port. */
  bind(fd: number, addr: sockaddr): Promise<{ errno: string; port: number }> {
    const udp = createSocket({
      type: addr.sa_family === AF_INET6 ? 'udp6' : 'udp4',
      ipv6Only: addr.sa_family === AF_INET6,
    });
    const e = this.#entry(fd, udp, null);
    return new Promise((resolve) => {
      udp.once('error', (err: NodeJS.ErrnoException) => {
        this.#entries.delete(fd);
        udp.close();
        resolve({ errno: err.code ?? 'EIO', port: 0 });
      });
      udp.bind({ address: hostOf(addr), port: addr.sin_port, exclusive: true }, () => {
        udp.removeAllListeners('error');
        this.#watchDatagrams(e, udp);
        resolve({ errno: '', port: udp.address().port });
      });
    });
  }

  /** Opens a datagram socket. Ping sockets do not exist in Node: `sendto` runs the system's ping program instead. */
  open(fd: number, type: number, family: number, bind: sockaddr | null): void {
    if (type === SOCK_RAW) {
      this.#entry(fd, null, undefined);
      return;
    }
    this.#open(this.#entry(fd, null, undefined), family, bind);
  }

  #open(e: Datagram, family: number, bind: sockaddr | null): void {
    const udp = createSocket(family === AF_INET6 ? 'udp6' : 'udp4');
    e.udp = udp;
    this.#watchDatagrams(e, udp);
    if (bind) {
      udp.bind({ address: hostOf(bind), port: bind.sin_port });
      return;
    }
    udp.once('error', () => {
      // One that could not be bound, for want of descriptors perhaps, is of no more use: the next datagram has another.
      if (!e.closed && e.udpPeer !== null && !e.udpConnected) {
        udp.close();
        e.udpPeer = undefined;
        e.udpWaiting = [];
        this.#open(e, family, null);
      }
    });
  }

  #watchDatagrams(e: Datagram, udp: UdpSocket): void {
    udp.on('message', (data, from) => {
      if (e.closed || e.pending > DATAGRAM_BACKLOG || this.#port.full()) {
        return;
      }
      if (e.from?.port !== from.port || e.from.address !== from.address) {
        e.from = { address: from.address, port: from.port, sockaddr: toSockaddr(from.address, from.port) };
      }
      if (this.#port.datagram({ type: 'datagram', fd: e.fd, data, from: e.from.sockaddr }) !== 0) {
        e.pending += data.length;
      }
    });
    udp.on('error', (err: NodeJS.ErrnoException) => this.#datagramError(e, err));
  }

  #datagramError(e: Datagram, err: NodeJS.ErrnoException | null): void {
    if (!err || e.closed) {
      return;
    }
    this.#port.event({ type: 'error', fd: e.fd, errno: err.code ?? 'EIO', from: e.udpPeer ?? null });
  }

  /**
   * Sends a datagram. The socket is connected to its first destination so that the kernel reports a closed port; a
   * second destination makes it an unconnected one for good.
   */
  sendto(fd: number, data: Uint8Array, to: sockaddr, ttl: number): void {
    const e = this.#entries.get(fd);
    if (!e) {
      return;
    }
    const { udp } = e;
    if (!udp) {
      this.#ping(e, data, to);
      return;
    }
    if (e.udpPeer === undefined) {
      this.#connectDatagram(e, udp, to);
    } else if (e.udpPeer !== null && !sameAddress(e.udpPeer, to)) {
      this.#disconnectDatagram(e, udp);
    }
    if (e.udpPeer === null) {
      this.#transmit(e, udp, data, to, ttl);
    } else if (e.udpConnected) {
      this.#transmit(e, udp, data, null, ttl);
    } else {
      e.udpWaiting.push(() => this.#transmit(e, udp, data, e.udpPeer === null ? to : null, ttl));
    }
  }

  #connectDatagram(e: Datagram, udp: UdpSocket, to: sockaddr): void {
    e.udpPeer = to;
    udp.connect(to.sin_port, hostOf(to), (err?: Error) => {
      const waiting = e.udpWaiting;
      e.udpWaiting = [];
      if (err) {
        this.#datagramError(e, err);
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

  #disconnectDatagram(e: Datagram, udp: UdpSocket): void {
    e.udpPeer = null;
    if (e.udpConnected) {
      udp.disconnect();
    }
  }

  /** Sends a datagram; `to` is null on a connected socket. */
  #transmit(e: Datagram, udp: UdpSocket, data: Uint8Array, to: sockaddr | null, ttl: number): void {
    e.sent ??= (err) => this.#datagramError(e, err);
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
  #ping(e: Datagram, request: Uint8Array, to: sockaddr): void {
    this.#pings.ping(hostOf(to), request.length - ICMP_HEADER, (errno) => {
      if (e.closed) {
        return;
      }
      if (errno !== '') {
        this.#port.event({ type: 'error', fd: e.fd, errno, from: null });
        return;
      }
      const reply = Uint8Array.from(request);
      reply[0] = to.sa_family === AF_INET6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY;
      if (this.#port.datagram({ type: 'datagram', fd: e.fd, data: reply, from: to }) !== 0) {
        e.pending += reply.length;
      }
    });
  }

  consumed(fd: number, bytes: number): void {
    const e = this.#entries.get(fd);
    if (e) {
      e.pending = Math.max(0, e.pending - bytes);
    }
  }

  close(fd: number): void {
    const e = this.#entries.get(fd);
    if (e) {
      this.#entries.delete(fd);
      e.closed = true;
      if (e.udp) {
        closeDatagrams(e.udp);
      }
    }
  }

  dispose(): void {
    this.#pings.dispose();
    for (const fd of [...this.#entries.keys()]) {
      this.close(fd);
    }
  }
}

/** Closes a socket. Node forgets that of one that waits to be bound if it cannot be. */
function closeDatagrams(udp: UdpSocket): void {
  udp.once('error', () => udp.close());
  udp.close();
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
