/** Building the captures of replay cases: frames of a guest at times in milliseconds. */
import { ACK, bytes, type Data, FIN, mss, PSH, SYN, type Tcp, tcp } from '../../kit/frames.ts';

/** A case: the guest's frames with their times in milliseconds, and the options of the replay. */
export interface Case {
  readonly name: string;
  readonly opts: string;
  readonly desc: string;
  readonly frames: { ms: number; data: Uint8Array }[];
}

/** Collects the frames of one case. */
export class Capture {
  readonly frames: { ms: number; data: Uint8Array }[] = [];
  /** Time of the next frame, and how far each one moves it. */
  ms = 0;
  step = 1;

  /** Adds frames, one after the other. */
  send(...frames: Uint8Array[]): this {
    for (const data of frames) {
      this.frames.push({ ms: this.ms, data });
      this.ms += this.step;
    }
    return this;
  }
  /** Lets time pass. */
  wait(ms: number): this {
    this.ms += ms;
    return this;
  }
}

/** The cases of one file. */
export class Cases {
  readonly all: Case[] = [];
  add(name: string, opts: string, desc: string, fill: (c: Capture) => void): void {
    const c = new Capture();
    fill(c);
    this.all.push({ name, opts, desc, frames: c.frames });
  }
}

/**
 * A guest's end of a connection: counts sequence numbers. Its first acknowledgement means slirp's initial number + 1.
 */
export class Conn {
  seq: number;
  ack = 5001;
  readonly c: Capture;
  readonly sport: number;
  readonly dport: number;
  readonly o: Tcp;
  constructor(c: Capture, sport: number, dport: number, o: Tcp = {}, isn = 1000) {
    this.c = c;
    this.sport = sport;
    this.dport = dport;
    this.o = o;
    this.seq = isn;
  }
  /** A segment at the next sequence number, or `by` behind it; counts nothing. */
  raw(flags: number, o: Tcp = {}, by = 0, ackBy = 0): this {
    const ack = flags & ACK ? this.ack + ackBy : 0;
    this.c.send(tcp(this.sport, this.dport, flags, (this.seq + by) >>> 0, ack >>> 0, { ...this.o, ...o }));
    return this;
  }
  /** SYN and the ACK of the SYN-ACK. */
  open(o: Tcp = {}): this {
    return this.syn(o).raw(ACK);
  }
  syn(o: Tcp = {}): this {
    this.raw(SYN, { opt: mss(1460), ...o });
    this.seq = (this.seq + 1) >>> 0;
    return this;
  }
  /** SYN-ACK of a forwarded connection whose SYN came. */
  accept(o: Tcp = {}): this {
    this.raw(SYN | ACK, { opt: mss(1460), ...o });
    this.seq = (this.seq + 1) >>> 0;
    return this;
  }
  data(d: Data, flags: number = PSH | ACK, o: Tcp = {}): this {
    this.raw(flags, { ...o, data: d });
    this.seq = (this.seq + bytes(d).length) >>> 0;
    return this;
  }
  fin(o: Tcp = {}): this {
    this.raw(FIN | ACK, o);
    this.seq = (this.seq + 1) >>> 0;
    return this;
  }
  /** Acknowledges `n` more bytes. */
  acks(n: number, o: Tcp = {}): this {
    this.ack = (this.ack + n) >>> 0;
    return this.raw(ACK, o);
  }
  /** Lets time pass. */
  wait(ms: number): this {
    this.c.wait(ms);
    return this;
  }
  /** Counts `n` bytes of slirp's as received, without a segment. */
  got(n: number): this {
    this.ack = (this.ack + n) >>> 0;
    return this;
  }
}
