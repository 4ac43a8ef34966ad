/** The workloads of the user network's benchmarks, step for step those of peers/slirp_bench.c. */
import {
  ACK,
  arp_request,
  Conn,
  FIN,
  fold,
  GUEST_IP,
  type Guest,
  HOST_IP,
  PSH,
  pseudo,
  put_eth,
  put_ip,
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
  put_eth(f, 0x0800);
  put_ip(f, len - 14, 1, GUEST_IP, HOST_IP);
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
      g.tx_flush();
    }
  }
  r.stop();
  g.lost = r.n - replies;
  return { n: r.n, unit: 'echo', ops: replies, payload: replies * pl * 2 };
}

function arp(r: Run): Outcome {
  const g = r.guest;
  const f = arp_request(HOST_IP);
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

/** A DHCP message of the guest with nothing in its transaction and its address asked for, and the sum for its checksum. */
function dhcp_template(type: number): { f: Uint8Array; base: number } {
  const f = new Uint8Array(DHCP_LEN);
  put_eth(f, 0x0800, true);
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
  put_ip(f, 328, 17, 0, 0xffffffff);
  wr16(f, 34, 68);
  wr16(f, 36, 67);
  wr16(f, 38, 308);
  return { f, base: pseudo(0, 0xffffffff, 17, 308) + sum16(f, 34, DHCP_LEN) };
}

/** Sends a DHCP message. `want` is at an odd offset, so its bytes count the other way round. */
function dhcp_send(g: Guest, t: { f: Uint8Array; base: number }, xid: number, want: number): void {
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
  const discover = dhcp_template(1);
  const request = dhcp_template(3);
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
    dhcp_send(g, discover, xid, 0);
    const offered = msg === 2;
    msg = 0;
    dhcp_send(g, request, xid, ip);
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
  private last = Number.NaN;
  private since = 0;
  stalled(value: number, ms: number): boolean {
    if (value !== this.last) {
      this.last = value;
      this.since = performance.now();
      return false;
    }
    return performance.now() - this.since > ms;
  }
}

function udp_echo(r: Run): Outcome {
  const g = r.guest;
  const pl = Math.max(4, r.size < 0 ? 64 : r.size);
  const len = 42 + pl;
  const f = new Uint8Array(len);
  put_eth(f, 0x0800);
  put_ip(f, len - 14, 17, GUEST_IP, HOST_IP);
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
  let given_up = 0;
  const stall = new Stall();
  r.start();
  while (got + given_up < r.n) {
    while (sent < r.n && sent - got - given_up < r.window) {
      wr32(f, 42, sent);
      wr16(f, 40, fold(base + (sent >>> 16) + (sent & 0xffff)) || 0xffff);
      g.feed(f, len);
      sent++;
    }
    g.step(100);
    g.tx_flush();
    if (stall.stalled(got, 300)) {
      given_up = sent - got;
    }
  }
  r.stop();
  g.lost = r.n - got;
  if (g.lost === 0 && seen !== (r.n * (r.n - 1)) / 2) {
    g.errors++;
  }
  return { n: r.n, unit: 'roundtrip', ops: got, payload: got * pl * 2 };
}

function tcp_up(r: Run): Outcome {
  const g = r.guest;
  const c = new Conn();
  c.pip = HOST_IP;
  c.pport = r.port;
  c.lport = 40000;
  c.iss = 1000;
  c.snd_nxt = 1001;
  c.snd_una = 1001;
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
      c.rcv_nxt = (rd32(b, 38) + 1) >>> 0;
      c.established = true;
    }
    const first = c.established && (fl & SYN) !== 0;
    if (fl & ACK) {
      const a = rd32(b, 42);
      if (((a - c.snd_una) | 0) >= 0) {
        c.snd_una = a;
        c.snd_wnd = rd16(b, 48);
      }
    }
    if (fl & FIN) {
      c.rcv_nxt = (c.rcv_nxt + 1) >>> 0;
      c.fin_rcvd = true;
    }
    if (first || fl & FIN) {
      g.tcp_ctl(c, ACK);
    }
  };
  const f = new Uint8Array(54 + MSS);
  put_eth(f, 0x0800);
  put_ip(f, 40 + MSS, 6, GUEST_IP, HOST_IP);
  for (let i = 0; i < MSS; i++) {
    f[54 + i] = i * 31;
  }
  const plsum = sum16(f, 54, 54 + MSS);
  const total = Math.floor((r.n * 1e6) / MSS) * MSS;
  let sent = 0;
  const stall = new Stall();
  r.start();
  g.tcp_ctl(c, SYN);
  g.tx_flush();
  while (!r.peer.done && !reset && !stall.stalled(c.snd_una, STALL_MS)) {
    let did = 0;
    if (c.established && !c.fin_sent) {
      while (sent < total && did < BATCH && ((c.snd_una + c.snd_wnd - c.snd_nxt) | 0) >= MSS) {
        g.tcp_hdr(f, c, c.snd_nxt, ACK | (sent + MSS === total ? PSH : 0), 20, MSS, plsum);
        c.snd_nxt = (c.snd_nxt + MSS) >>> 0;
        sent += MSS;
        did++;
        g.feed(f, 54 + MSS);
      }
      if (sent === total) {
        g.tcp_ctl(c, FIN | ACK);
        did = 1;
      }
    }
    g.step(did > 0 ? 0 : 10);
    g.tx_flush();
  }
  r.stop();
  if (r.peer.result !== total) {
    g.errors++;
  }
  return { n: r.n, unit: 'MB', ops: total / 1e6, payload: total };
}

function tcp_down(r: Run): Outcome {
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
      c.snd_nxt = 5001;
      c.rcv_nxt = (seq + 1) >>> 0;
      g.tcp_ctl(c, SYN | ACK);
      return;
    }
    if (seq !== c.rcv_nxt) {
      g.retx++;
      g.tcp_ctl(c, ACK);
      return;
    }
    const pl = rd16(b, 16) - 20 - (b[46]! >> 4) * 4;
    if (pl > 0) {
      c.rcv_nxt = (c.rcv_nxt + pl) >>> 0;
      bytes += pl;
      c.ackpend = true;
      if (++unacked >= 2) {
        unacked = 0;
        g.tcp_ctl(c, ACK);
      }
    }
    if (fl & FIN) {
      c.rcv_nxt = (c.rcv_nxt + 1) >>> 0;
      c.fin_rcvd = true;
      g.tcp_ctl(c, FIN | ACK);
    }
  };
  const ack = (): void => {
    if (c.ackpend && !g.tx_pending) {
      unacked = 0;
      g.tcp_ctl(c, ACK);
    }
  };
  const port = g.net.hostfwd();
  const stall = new Stall();
  r.start(port);
  while (!(c.fin_rcvd && bytes >= total) && !reset && !stall.stalled(bytes, STALL_MS)) {
    g.step(10);
    ack();
    while (g.tx_pending) {
      g.tx_flush();
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
function conn_rx(g: Guest, conns: Map<number, Conn>, guest_closes: boolean, done: () => void): (b: Uint8Array) => void {
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
      c.snd_nxt = 7001;
      c.rcv_nxt = (seq + 1) >>> 0;
      conns.set(pport, c);
      g.tcp_ctl(c, SYN | ACK);
      return;
    }
    const c = conns.get(pport);
    if (!c) {
      return;
    }
    if (fl & ACK) {
      c.snd_una = rd32(b, 42);
    }
    if (seq !== c.rcv_nxt) {
      g.retx++;
      g.tcp_ctl(c, ACK);
      return;
    }
    const pl = rd16(b, 16) - 20 - (b[46]! >> 4) * 4;
    if (pl > 0) {
      c.rcv_nxt = (c.rcv_nxt + pl) >>> 0;
      c.rx += pl;
      c.ackpend = true;
    }
    if (c.rx >= 100 && !c.replied) {
      const f = g.slot(154);
      put_eth(f, 0x0800);
      put_ip(f, 140, 6, GUEST_IP, c.pip);
      f.fill(0x72, 54, 154);
      g.tcp_hdr(f, c, c.snd_nxt, ACK | PSH, 20, 100, sum16(f, 54, 154));
      c.snd_nxt = (c.snd_nxt + 100) >>> 0;
      c.replied = true;
      c.ackpend = false;
      if (guest_closes) {
        g.tcp_ctl(c, FIN | ACK);
      }
    }
    if (fl & FIN) {
      c.rcv_nxt = (c.rcv_nxt + 1) >>> 0;
      c.fin_rcvd = true;
      g.tcp_ctl(c, c.fin_sent ? ACK : FIN | ACK);
    } else if (c.ackpend) {
      g.tcp_ctl(c, ACK);
    }
    if (c.fin_sent && c.fin_rcvd && c.snd_una === c.snd_nxt) {
      conns.delete(pport);
      done();
    }
  };
}

function tcp_conn(r: Run): Outcome {
  const g = r.guest;
  const n = Math.floor(r.n / r.conc) * r.conc;
  let done = 0;
  g.rx = conn_rx(g, new Map(), r.guest_closes, () => {
    done++;
  });
  const port = g.net.hostfwd();
  const stall = new Stall();
  r.start(port);
  while (!r.peer.done && !stall.stalled(done, STALL_MS)) {
    g.step(10);
    g.tx_flush();
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
  readonly peer?: (n: number, conc: number, guest_closes: boolean) => string[];
  /** The peer listens and says its port; else it waits to be told one. */
  readonly listens?: boolean;
  /**
   * Run once only: there is no bulk to warm up for, or a second run would find the first one's connections in TIME_WAIT, in slirp and in
   * the kernel.
   */
  readonly once?: boolean;
}

export const WORKLOADS: Readonly<Record<string, Workload>> = {
  icmp: { run: icmp, n: 3_000_000, once: true },
  arp: { run: arp, n: 5_000_000, once: true },
  dhcp: { run: dhcp, n: 500_000, once: true },
  'udp-echo': { run: udp_echo, n: 200_000, peer: () => ['echo'], listens: true },
  'tcp-up': { run: tcp_up, n: 1000, peer: () => ['sink'], listens: true },
  'tcp-down': { run: tcp_down, n: 1000, peer: (n) => ['source', String(n * 1e6)] },
  'tcp-conn': {
    run: tcp_conn,
    n: 5000,
    once: true,
    peer: (n, conc, closes) => ['conn', String(n), String(conc), ...(closes ? ['--guest-closes'] : [])],
  },
};
