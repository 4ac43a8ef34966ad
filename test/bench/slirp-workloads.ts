/** The workloads of the user network's benchmarks, step for step those of peers/slirp_bench.c. */
import {
  ACK,
  arpRequest,
  Conn,
  FIN,
  fold,
  GUEST_IP,
  type Guest,
  HOST_IP,
  PSH,
  pseudo,
  putEth,
  putIp,
  RST,
  rd16,
  rd32,
  SYN,
  sum16,
  wr16,
  wr32,
} from './slirp-guest.ts';

/** What a run needs from its surroundings. */
export interface Run {
  readonly guest: Guest;
  readonly n: number;
  /** Port of the peer that listens; 0 if it connects. */
  readonly port: number;
  readonly conc: number;
  readonly guest_closes: boolean;
  /** Data bytes of an echo or datagram, or -1. */
  readonly size: number;
  readonly window: number;
  /** The peer has said what came of it. */
  readonly peer: { done: boolean; result: number };
  /** Starts the clock. `port` is where the peer is to connect, if it does. */
  start(port?: number): void;
  stop(): void;
}

/** What a run came to: operations and payload bytes. */
export interface Outcome {
  readonly n: number;
  readonly unit: string;
  readonly ops: number;
  readonly payload: number;
}

const BATCH = 64;
const MSS = 1460;
/** Milliseconds without progress after which a transfer has failed. */
const STALL_MS = 10_000;

function icmp(r: Run): Outcome {
  const g = r.guest;
  const pl = r.size < 0 ? 56 : r.size;
  const len = 42 + pl;
  const f = new Uint8Array(len);
  putEth(f, 0x0800);
  putIp(f, len - 14, 1, GUEST_IP, HOST_IP);
  f[34] = 8;
  wr16(f, 38, 0x1234);
  for (let i = 0; i < pl; i++) {
    f[42 + i] = i;
  }
  const base = sum16(f, 34, len);
  let want = 0;
  let replies = 0;
  g.rx = (b) => {
    if (b[23] === 1 && b[34] === 0 && rd16(b, 40) === want) {
      replies++;
    } else {
      g.errors++;
    }
  };
  r.start();
  for (let i = 0; i < r.n; i++) {
    want = i & 0xffff;
    wr16(f, 40, want);
    wr16(f, 36, fold(base + want));
    g.feed(f, len);
    if (i % BATCH === BATCH - 1) {
      g.step(0);
      g.txFlush();
    }
  }
  r.stop();
  g.lost = r.n - replies;
  return { n: r.n, unit: 'echo', ops: replies, payload: replies * pl * 2 };
}

function arp(r: Run): Outcome {
  const g = r.guest;
  const f = arpRequest(HOST_IP);
  let replies = 0;
  g.rx = (b) => {
    if (rd16(b, 20) === 2 && rd32(b, 28) === HOST_IP && rd16(b, 22) === 0x5255 && rd32(b, 24) === HOST_IP) {
      replies++;
    } else {
      g.errors++;
    }
  };
  r.start();
  for (let i = 0; i < r.n; i++) {
    g.feed(f, 42);
    if (i % BATCH === BATCH - 1) {
      g.step(0);
    }
  }
  r.stop();
  g.lost = r.n - replies;
  return { n: r.n, unit: 'request', ops: replies, payload: 0 };
}

/** Length of the guest's DHCP frames. */
const DHCP_LEN = 342;
/** Offset of the address asked for in a request. */
const DHCP_WANT = 287;

/**
 * A DHCP message of the guest with nothing in its transaction and its address asked for, and the sum for its checksum.
 */
function dhcpTemplate(type: number): { f: Uint8Array; base: number } {
  const f = new Uint8Array(DHCP_LEN);
  putEth(f, 0x0800, true);
  f.set([1, 1, 6], 42);
  f.set(f.subarray(6, 12), 70);
  wr32(f, 278, 0x63825363);
  let p = 282;
  f.set([53, 1, type], p);
  p += 3;
  if (type === 3) {
    f.set([50, 4], p);
    f.set([54, 4], p + 6);
    wr32(f, p + 8, HOST_IP);
    p += 12;
  }
  f.set([55, 3, 1, 3, 6, 255], p);
  putIp(f, 328, 17, 0, 0xffffffff);
  wr16(f, 34, 68);
  wr16(f, 36, 67);
  wr16(f, 38, 308);
  return { f, base: pseudo(0, 0xffffffff, 17, 308) + sum16(f, 34, DHCP_LEN) };
}

/** Sends a DHCP message. `want` is at an odd offset, so its bytes count the other way round. */
function dhcpSend(g: Guest, t: { f: Uint8Array; base: number }, xid: number, want: number): void {
  wr32(t.f, 46, xid);
  let sum = t.base + (xid >>> 16) + (xid & 0xffff);
  if (want !== 0) {
    wr32(t.f, DHCP_WANT, want);
    sum += sum16(t.f, DHCP_WANT - 1, DHCP_WANT + 5) - (t.f[DHCP_WANT - 1]! << 8) - t.f[DHCP_WANT + 4]!;
  }
  wr16(t.f, 40, fold(sum) || 0xffff);
  g.feed(t.f, DHCP_LEN);
}

function dhcp(r: Run): Outcome {
  const g = r.guest;
  const discover = dhcpTemplate(1);
  const request = dhcpTemplate(3);
  let msg = 0;
  let ip = 0;
  let xid = 0;
  let cycles = 0;
  g.rx = (b, size) => {
    if (b[23] !== 17 || rd16(b, 36) !== 68 || rd32(b, 46) !== xid) {
      g.errors++;
      return;
    }
    ip = rd32(b, 58);
    for (let p = 282; p < size && b[p] !== 255; p += b[p] ? 2 + b[p + 1]! : 1) {
      if (b[p] === 53) {
        msg = b[p + 2]!;
        return;
      }
    }
  };
  r.start();
  for (let i = 0; i < r.n; i++) {
    xid = 0x10000 + i;
    msg = 0;
    dhcpSend(g, discover, xid, 0);
    const offered = msg === 2;
    msg = 0;
    dhcpSend(g, request, xid, ip);
    if (offered && msg === 5 && ip === GUEST_IP) {
      cycles++;
    } else {
      g.lost++;
    }
    if (i % 16 === 15) {
      g.step(0);
    }
  }
  r.stop();
  return { n: r.n, unit: 'cycle', ops: cycles, payload: 0 };
}

/** Tells whether something has stood still for `ms`. */
class Stall {
  #last = Number.NaN;
  #since = 0;
  stalled(value: number, ms: number): boolean {
    if (value !== this.#last) {
      this.#last = value;
      this.#since = performance.now();
      return false;
    }
    return performance.now() - this.#since > ms;
  }
}

function udpEcho(r: Run): Outcome {
  const g = r.guest;
  const pl = Math.max(4, r.size < 0 ? 64 : r.size);
  const len = 42 + pl;
  const f = new Uint8Array(len);
  putEth(f, 0x0800);
  putIp(f, len - 14, 17, GUEST_IP, HOST_IP);
  wr16(f, 34, 40000);
  wr16(f, 36, r.port);
  wr16(f, 38, 8 + pl);
  for (let i = 4; i < pl; i++) {
    f[42 + i] = i * 7;
  }
  const base = pseudo(GUEST_IP, HOST_IP, 17, 8 + pl) + sum16(f, 34, len);
  let got = 0;
  let seen = 0;
  g.rx = (b) => {
    if (b[23] !== 17 || rd16(b, 36) !== 40000) {
      g.errors++;
      return;
    }
    got++;
    seen += rd32(b, 42);
  };
  let sent = 0;
  let givenUp = 0;
  const stall = new Stall();
  r.start();
  while (got + givenUp < r.n) {
    while (sent < r.n && sent - got - givenUp < r.window) {
      wr32(f, 42, sent);
      wr16(f, 40, fold(base + (sent >>> 16) + (sent & 0xffff)) || 0xffff);
      g.feed(f, len);
      sent++;
    }
    g.step(100);
    g.txFlush();
    if (stall.stalled(got, 300)) {
      givenUp = sent - got;
    }
  }
  r.stop();
  g.lost = r.n - got;
  if (g.lost === 0 && seen !== (r.n * (r.n - 1)) / 2) {
    g.errors++;
  }
  return { n: r.n, unit: 'roundtrip', ops: got, payload: got * pl * 2 };
}

function tcpUp(r: Run): Outcome {
  const g = r.guest;
  const c = new Conn();
  c.pip = HOST_IP;
  c.pport = r.port;
  c.lport = 40000;
  c.iss = 1000;
  c.sndNxt = 1001;
  c.sndUna = 1001;
  let reset = false;
  g.rx = (b) => {
    const fl = b[47]!;
    if (b[23] !== 6 || rd16(b, 36) !== c.lport) {
      g.errors++;
      return;
    }
    if (fl & RST) {
      reset = true;
      return;
    }
    if (!c.established && (fl & (SYN | ACK)) === (SYN | ACK)) {
      c.rcvNxt = (rd32(b, 38) + 1) >>> 0;
      c.established = true;
    }
    const first = c.established && (fl & SYN) !== 0;
    if (fl & ACK) {
      const a = rd32(b, 42);
      if (((a - c.sndUna) | 0) >= 0) {
        c.sndUna = a;
        c.sndWnd = rd16(b, 48);
      }
    }
    if (fl & FIN) {
      c.rcvNxt = (c.rcvNxt + 1) >>> 0;
      c.finRcvd = true;
    }
    if (first || fl & FIN) {
      g.tcpCtl(c, ACK);
    }
  };
  const f = new Uint8Array(54 + MSS);
  putEth(f, 0x0800);
  putIp(f, 40 + MSS, 6, GUEST_IP, HOST_IP);
  for (let i = 0; i < MSS; i++) {
    f[54 + i] = i * 31;
  }
  const plsum = sum16(f, 54, 54 + MSS);
  const total = Math.floor((r.n * 1e6) / MSS) * MSS;
  let sent = 0;
  const stall = new Stall();
  r.start();
  g.tcpCtl(c, SYN);
  g.txFlush();
  while (!r.peer.done && !reset && !stall.stalled(c.sndUna, STALL_MS)) {
    let did = 0;
    if (c.established && !c.finSent) {
      while (sent < total && did < BATCH && ((c.sndUna + c.sndWnd - c.sndNxt) | 0) >= MSS) {
        g.tcpHdr(f, c, c.sndNxt, ACK | (sent + MSS === total ? PSH : 0), 20, MSS, plsum);
        c.sndNxt = (c.sndNxt + MSS) >>> 0;
        sent += MSS;
        did++;
        g.feed(f, 54 + MSS);
      }
      if (sent === total) {
        g.tcpCtl(c, FIN | ACK);
        did = 1;
      }
    }
    g.step(did > 0 ? 0 : 10);
    g.txFlush();
  }
  r.stop();
  if (r.peer.result !== total) {
    g.errors++;
  }
  return { n: r.n, unit: 'MB', ops: total / 1e6, payload: total };
}

function tcpDown(r: Run): Outcome {
  const g = r.guest;
  const total = r.n * 1e6;
  let c = new Conn();
  let bytes = 0;
  let unacked = 0;
  let reset = false;
  g.rx = (b) => {
    const fl = b[47]!;
    const seq = rd32(b, 38);
    if (b[23] !== 6 || rd16(b, 36) !== 80) {
      g.errors++;
      return;
    }
    if (fl & RST) {
      reset = true;
      return;
    }
    if (fl & SYN) {
      c = new Conn();
      c.pip = rd32(b, 26);
      c.pport = rd16(b, 34);
      c.iss = 5000;
      c.sndNxt = 5001;
      c.rcvNxt = (seq + 1) >>> 0;
      g.tcpCtl(c, SYN | ACK);
      return;
    }
    if (seq !== c.rcvNxt) {
      g.retx++;
      g.tcpCtl(c, ACK);
      return;
    }
    const pl = rd16(b, 16) - 20 - (b[46]! >> 4) * 4;
    if (pl > 0) {
      c.rcvNxt = (c.rcvNxt + pl) >>> 0;
      bytes += pl;
      c.ackpend = true;
      if (++unacked >= 2) {
        unacked = 0;
        g.tcpCtl(c, ACK);
      }
    }
    if (fl & FIN) {
      c.rcvNxt = (c.rcvNxt + 1) >>> 0;
      c.finRcvd = true;
      g.tcpCtl(c, FIN | ACK);
    }
  };
  const ack = (): void => {
    if (c.ackpend && !g.txPending) {
      unacked = 0;
      g.tcpCtl(c, ACK);
    }
  };
  const port = g.net.hostfwd();
  const stall = new Stall();
  r.start(port);
  while (!(c.finRcvd && bytes >= total) && !reset && !stall.stalled(bytes, STALL_MS)) {
    g.step(10);
    ack();
    while (g.txPending) {
      g.txFlush();
      ack();
    }
  }
  r.stop();
  if (bytes !== total) {
    g.errors++;
  }
  return { n: r.n, unit: 'MB', ops: bytes / 1e6, payload: bytes };
}

/** The guest answers 100 bytes with 100 bytes, and closes when the other side does, or first. */
function connRx(g: Guest, conns: Map<number, Conn>, guestCloses: boolean, done: () => void): (b: Uint8Array) => void {
  return (b) => {
    const fl = b[47]!;
    const seq = rd32(b, 38);
    const pport = rd16(b, 34);
    if (fl & RST) {
      conns.delete(pport);
      done();
      return;
    }
    if (fl & SYN) {
      const c = new Conn();
      c.pip = rd32(b, 26);
      c.pport = pport;
      c.iss = 7000;
      c.sndNxt = 7001;
      c.rcvNxt = (seq + 1) >>> 0;
      conns.set(pport, c);
      g.tcpCtl(c, SYN | ACK);
      return;
    }
    const c = conns.get(pport);
    if (!c) {
      return;
    }
    if (fl & ACK) {
      c.sndUna = rd32(b, 42);
    }
    if (seq !== c.rcvNxt) {
      g.retx++;
      g.tcpCtl(c, ACK);
      return;
    }
    const pl = rd16(b, 16) - 20 - (b[46]! >> 4) * 4;
    if (pl > 0) {
      c.rcvNxt = (c.rcvNxt + pl) >>> 0;
      c.rx += pl;
      c.ackpend = true;
    }
    if (c.rx >= 100 && !c.replied) {
      const f = g.slot(154);
      putEth(f, 0x0800);
      putIp(f, 140, 6, GUEST_IP, c.pip);
      f.fill(0x72, 54, 154);
      g.tcpHdr(f, c, c.sndNxt, ACK | PSH, 20, 100, sum16(f, 54, 154));
      c.sndNxt = (c.sndNxt + 100) >>> 0;
      c.replied = true;
      c.ackpend = false;
      if (guestCloses) {
        g.tcpCtl(c, FIN | ACK);
      }
    }
    if (fl & FIN) {
      c.rcvNxt = (c.rcvNxt + 1) >>> 0;
      c.finRcvd = true;
      g.tcpCtl(c, c.finSent ? ACK : FIN | ACK);
    } else if (c.ackpend) {
      g.tcpCtl(c, ACK);
    }
    if (c.finSent && c.finRcvd && c.sndUna === c.sndNxt) {
      conns.delete(pport);
      done();
    }
  };
}

function tcpConn(r: Run): Outcome {
  const g = r.guest;
  const n = Math.floor(r.n / r.conc) * r.conc;
  let done = 0;
  g.rx = connRx(g, new Map(), r.guest_closes, () => {
    done++;
  });
  const port = g.net.hostfwd();
  const stall = new Stall();
  r.start(port);
  while (!r.peer.done && !stall.stalled(done, STALL_MS)) {
    g.step(10);
    g.txFlush();
  }
  r.stop();
  const bad = r.peer.done ? r.peer.result : n;
  g.errors += bad;
  g.lost = Math.max(0, n - done);
  return { n, unit: 'connection', ops: n - bad, payload: n * 200 };
}

export interface Workload {
  readonly run: (r: Run) => Outcome;
  /** Operations without N. */
  readonly n: number;
  /** Arguments of the peer's program. */
  readonly peer?: (n: number, conc: number, guestCloses: boolean) => string[];
  /** The peer listens and says its port; else it waits to be told one. */
  readonly listens?: boolean;
  /**
   * Run once only: there is no bulk to warm up for, or a second run would find the first one's connections in
   * TIME_WAIT, in slirp and in the kernel.
   */
  readonly once?: boolean;
}

export const WORKLOADS: Readonly<Record<string, Workload>> = {
  icmp: { run: icmp, n: 3_000_000, once: true },
  arp: { run: arp, n: 5_000_000, once: true },
  dhcp: { run: dhcp, n: 500_000, once: true },
  'udp-echo': { run: udpEcho, n: 200_000, peer: () => ['echo'], listens: true },
  'tcp-up': { run: tcpUp, n: 1000, peer: () => ['sink'], listens: true },
  'tcp-down': { run: tcpDown, n: 1000, peer: (n) => ['source', String(n * 1e6)] },
  'tcp-conn': {
    run: tcpConn,
    n: 5000,
    once: true,
    peer: (n, conc, closes) => ['conn', String(n), String(conc), ...(closes ? ['--guest-closes'] : [])],
  },
};
