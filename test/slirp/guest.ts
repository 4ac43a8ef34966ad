/**
 * A guest's end of TCP connections for tests: every segment it sends is written out by the test, those that come are
 * kept.
 */
import { slirp_input } from '../../adapter/stack/slirp/slirp.ts';
import { decode } from '../kit/decode.ts';
import { ACK, announce, type Data, FIN, HOST_IP, mss, SYN, tcpFrame } from '../kit/frames.ts';
import { Replayer, ReplayOptions } from '../tools/slirp-replayer.ts';

export { ACK, FIN, PSH, RST, SYN, URG } from '../kit/frames.ts';

/** A TCP segment that came. */
export interface Received {
  readonly sport: number;
  readonly dport: number;
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  readonly win: number;
  readonly ttl: number;
  readonly data: Buffer;
  readonly ms: number;
}

/** Reads an IPv4 TCP frame; null for others. */
export function parseTcp(frame: Uint8Array, ns: number): Received | null {
  const { ip, tcp } = decode(frame);
  if (ip?.version !== 4 || tcp === undefined) {
    return null;
  }
  const { sport, dport, seq, ack, flags, win, data } = tcp;
  return { sport, dport, seq, ack, flags, win, ttl: ip.ttl, data, ms: ns / 1e6 };
}

/** A network with a guest whose MAC address is known. */
export class TestNet {
  readonly net: Replayer;
  #at = 0;

  constructor(setup: (o: ReplayOptions) => void = () => undefined) {
    const options = new ReplayOptions();
    setup(options);
    this.net = new Replayer(options);
    this.send(announce());
  }

  /** Hands a frame over, and lets the network settle. */
  send(frame: Uint8Array): void {
    this.net.input(frame);
  }

  /** Hands a frame over within the same turn as the next one. */
  push(frame: Uint8Array): void {
    slirp_input(this.net.slirp, frame, frame.length);
  }

  /** Frames that came since the last call. */
  frames(): { ns: number; data: Uint8Array }[] {
    const fresh = this.net.sent.slice(this.#at);
    this.#at = this.net.sent.length;
    return fresh;
  }

  /** The frames that came were taken out of `net.sent`. */
  forget(): void {
    this.#at = 0;
  }

  /** TCP segments that came since the last call. */
  segments(): Received[] {
    return this.frames()
      .map((f) => parseTcp(f.data, f.ns))
      .filter((s) => s !== null);
  }

  /** Opens a connection to a port of the host. */
  connect(sport: number, dport: number, opt: Data = mss(1460)): TestConn {
    const c = new TestConn(this, sport, dport, 1001);
    this.segments();
    this.send(tcpFrame({ sport, dport, seq: 1000, flags: SYN, opt }));
    const synack = this.segments().find((s) => (s.flags & (SYN | ACK)) === (SYN | ACK));
    if (!synack) {
      throw new Error('no SYN-ACK');
    }
    c.rcv = (synack.seq + 1) >>> 0;
    c.tx(ACK);
    return c;
  }

  /** Answers the SYN of a connection from the host to the guest's port 80. */
  accept(syn: Received): TestConn {
    const c = new TestConn(this, syn.dport, syn.sport, 5001);
    c.rcv = (syn.seq + 1) >>> 0;
    const seg = { sport: c.sport, dport: c.dport, dst: HOST_IP };
    this.send(tcpFrame({ ...seg, seq: 5000, ack: c.rcv, flags: SYN | ACK, opt: mss(1460) }));
    return c;
  }
}

/** The guest's end of a connection. */
export class TestConn {
  readonly t: TestNet;
  readonly sport: number;
  readonly dport: number;
  /** Next number to send, and to receive. */
  snd: number;
  rcv = 0;
  win = 65535;

  constructor(t: TestNet, sport: number, dport: number, snd: number) {
    this.t = t;
    this.sport = sport;
    this.dport = dport;
    this.snd = snd;
  }

  /** A segment with `data` at `offset` behind the next number. */
  segment(flags: number, data: Uint8Array | string = '', offset = 0, urp = 0): Uint8Array {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    const sport = this.sport;
    const dport = this.dport;
    const win = this.win;
    return tcpFrame({ sport, dport, seq: (this.snd + offset) >>> 0, ack: this.rcv, flags, win, urp, data: bytes });
  }

  /** Sends a segment, and moves on past it. */
  tx(flags: number, data: Uint8Array | string = ''): void {
    const f = this.segment(flags, data);
    this.snd = (this.snd + data.length + (flags & (FIN | SYN) ? 1 : 0)) >>> 0;
    this.t.send(f);
  }

  /** As `tx`, within the same turn as what follows. */
  push(flags: number, data: Uint8Array | string): void {
    this.t.push(this.segment(flags, data));
    this.snd = (this.snd + data.length) >>> 0;
  }

  /** Acknowledges what came since the last call, and returns the data. */
  ackAll(): Buffer {
    const parts: Buffer[] = [];
    for (let n = -1; n !== 0; ) {
      n = 0;
      for (const s of this.t.segments()) {
        if (s.dport === this.sport && s.seq === this.rcv && (s.data.length > 0 || s.flags & FIN)) {
          parts.push(Buffer.from(s.data));
          this.rcv = (this.rcv + s.data.length + (s.flags & FIN)) >>> 0;
          n++;
        }
      }
      if (n > 0) {
        this.tx(ACK);
      }
    }
    return Buffer.concat(parts);
  }
}
