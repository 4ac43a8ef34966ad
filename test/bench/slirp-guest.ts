/**
 * The synthetic guest of the user network's benchmarks, as cheap as that of peers/slirp_bench.c: it writes frames into
 * memory of its own and hands them straight to `slirp_input`. Checksums of constant payloads are computed once.
 */

/** What the benchmarks need of the compiled stack. */
export interface Net {
  /** Gives slirp a frame of the guest. */
  input(frame: Uint8Array, size: number): void;
  /** A turn of the main loop that waits at most `ms`. */
  step(ms: number): void;
  /** Forwards a free port of 127.0.0.1 to the guest's port 80; returns it. */
  hostfwd(): number;
}

export const GUEST_IP = 0x0a00020f;
export const HOST_IP = 0x0a000202;
const GUEST_MAC = [0x52, 0x54, 0x00, 0x12, 0x34, 0x56] as const;
const SLIRP_MAC = [0x52, 0x55, 10, 0, 2, 2] as const;
const BROADCAST = [255, 255, 255, 255, 255, 255] as const;

export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const PSH = 8;
export const ACK = 16;

export const rd16 = (b: Uint8Array, o: number): number => (b[o]! << 8) | b[o + 1]!;
export const rd32 = (b: Uint8Array, o: number): number => ((rd16(b, o) << 16) | rd16(b, o + 2)) >>> 0;
export function wr16(b: Uint8Array, o: number, v: number): void {
  b[o] = v >>> 8;
  b[o + 1] = v;
}
export function wr32(b: Uint8Array, o: number, v: number): void {
  wr16(b, o, v >>> 16);
  wr16(b, o + 2, v & 0xffff);
}

/** Sum of the 16-bit words of `b` from `o` to `end`. */
export function sum16(b: Uint8Array, o: number, end: number): number {
  let s = 0;
  for (let i = o; i + 1 < end; i += 2) {
    s += rd16(b, i);
  }
  return (end - o) & 1 ? s + (b[end - 1]! << 8) : s;
}

/** The internet checksum of a sum. */
export function fold(sum: number): number {
  let s = sum;
  while (s > 0xffff) {
    s = (s & 0xffff) + Math.floor(s / 65536);
  }
  return ~s & 0xffff;
}

export const pseudo = (src: number, dst: number, proto: number, len: number): number =>
  (src >>> 16) + (src & 0xffff) + (dst >>> 16) + (dst & 0xffff) + proto + len;

export function putEth(f: Uint8Array, type: number, broadcast = false): void {
  f.set(broadcast ? BROADCAST : SLIRP_MAC, 0);
  f.set(GUEST_MAC, 6);
  wr16(f, 12, type);
}

/** An IPv4 header; `len` counts from it. */
export function putIp(f: Uint8Array, len: number, proto: number, src: number, dst: number): void {
  f.fill(0, 14, 34);
  f[14] = 0x45;
  wr16(f, 16, len);
  wr16(f, 20, 0x4000);
  f[22] = 64;
  f[23] = proto;
  wr32(f, 26, src);
  wr32(f, 30, dst);
  wr16(f, 24, fold(sum16(f, 14, 34)));
}

export function arpRequest(target: number): Uint8Array {
  const f = new Uint8Array(42);
  putEth(f, 0x0806, true);
  wr16(f, 14, 1);
  wr16(f, 16, 0x0800);
  f.set([6, 4], 18);
  wr16(f, 20, 1);
  f.set(GUEST_MAC, 22);
  wr32(f, 28, GUEST_IP);
  wr32(f, 38, target);
  return f;
}

/** A connection of the guest. */
export class Conn {
  pip = 0;
  pport = 0;
  lport = 80;
  established = false;
  sndNxt = 0;
  sndUna = 0;
  sndWnd = 0;
  rcvNxt = 0;
  iss = 0;
  rx = 0;
  ackpend = false;
  replied = false;
  finSent = false;
  finRcvd = false;
}

/** Frames the guest sends while slirp calls it; they are handed over later, as slirp is not to be entered twice. */
const TXQ = 4096;
const MSS = 1460;
const WINDOW = 65535;

export class Guest {
  readonly net: Net;
  framesIn = 0;
  framesOut = 0;
  bytesIn = 0;
  bytesOut = 0;
  errors = 0;
  lost = 0;
  retx = 0;
  polls = 0;
  /** Takes IPv4 frames, and ARP replies, from slirp. */
  rx: (f: Uint8Array, size: number) => void = () => undefined;
  readonly #txq = Array.from({ length: TXQ }, () => ({ len: 0, pip: -1, frame: new Uint8Array(1600) }));
  #txh = 0;
  #txt = 0;

  constructor(net: Net) {
    this.net = net;
  }

  /** Hands a frame over; not from within `rx`. */
  feed(f: Uint8Array, size: number): void {
    this.framesIn++;
    this.bytesIn += size;
    this.net.input(f, size);
  }

  /** A frame from slirp. */
  received(f: Uint8Array, size: number): void {
    this.framesOut++;
    this.bytesOut += size;
    if (rd16(f, 12) === 0x0806 && rd16(f, 20) === 1) {
      const r = this.slot(42);
      r.set(arpRequest(HOST_IP));
      wr16(r, 20, 2);
      r.set(f.subarray(22, 32), 32);
    } else {
      this.rx(f, size);
    }
  }

  slot(len: number): Uint8Array {
    const e = this.#txq[this.#txh++ % TXQ]!;
    if (this.#txh - this.#txt > TXQ) {
      throw new RangeError('the guest has too many frames to send');
    }
    e.len = len;
    e.pip = -1;
    return e.frame;
  }

  /**
   * A slot for a TCP segment without data; its Ethernet and IP headers are written unless they are there from before.
   */
  #tcpSlot(hl: number, pip: number): Uint8Array {
    const e = this.#txq[this.#txh % TXQ]!;
    const ready = e.pip === pip && e.len === 34 + hl;
    const f = this.slot(34 + hl);
    if (!ready) {
      putEth(f, 0x0800);
      putIp(f, 20 + hl, 6, GUEST_IP, pip);
    }
    e.pip = pip;
    return f;
  }

  get txPending(): boolean {
    return this.#txt !== this.#txh;
  }

  txFlush(): void {
    while (this.#txt !== this.#txh) {
      const e = this.#txq[this.#txt++ % TXQ]!;
      this.feed(e.frame, e.len);
    }
  }

  step(ms: number): void {
    this.polls++;
    this.net.step(ms);
  }

  /** The TCP header of a segment with `pl` bytes whose words add up to `plsum`. */
  tcpHdr(f: Uint8Array, c: Conn, seq: number, flags: number, hl: number, pl: number, plsum: number): void {
    wr16(f, 34, c.lport);
    wr16(f, 36, c.pport);
    wr32(f, 38, seq);
    wr32(f, 42, flags & ACK ? c.rcvNxt : 0);
    f[46] = (hl / 4) << 4;
    f[47] = flags;
    wr16(f, 48, WINDOW);
    wr32(f, 50, 0);
    wr16(f, 50, fold(pseudo(GUEST_IP, c.pip, 6, hl + pl) + sum16(f, 34, 34 + hl) + plsum));
  }

  /** Queues a segment without data. */
  tcpCtl(c: Conn, flags: number): void {
    const hl = flags & SYN ? 24 : 20;
    const f = this.#tcpSlot(hl, c.pip);
    if (flags & SYN) {
      f[54] = 2;
      f[55] = 4;
      wr16(f, 56, MSS);
    }
    this.tcpHdr(f, c, flags & SYN ? c.iss : c.sndNxt, flags, hl, 0, 0);
    if (flags & FIN) {
      c.sndNxt = (c.sndNxt + 1) >>> 0;
      c.finSent = true;
    }
    c.ackpend = false;
  }
}
