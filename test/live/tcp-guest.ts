/**
 * A guest made by hand on a `DirectNet`: TCP connections over IPv4 or IPv6 that send again what is not acknowledged,
 * over a link that may be bad.
 */
import { decode, type Tcp } from '../kit/decode.ts';
import { FaultyLink } from '../kit/faulty-link.ts';
import { ACK, FIN, PSH, SYN, tcp } from '../kit/frames.ts';
import { tcp6 } from '../kit/frames6.ts';
import { until } from '../kit/until.ts';
import type { DirectNet } from './direct-net.ts';

/** Bytes of a segment, and how many are under way at a time. */
const MSS = 1000;
const WINDOW = 8;
/** Milliseconds after which unacknowledged segments are sent again. */
const RETRANSMIT_MS = 250;
const ISS = 1000;

/** One connection: sends `data` and its end, takes what comes. */
export class GuestConnection {
  readonly sport: number;
  readonly dport: number;
  readonly received: Buffer[] = [];
  /** Both ends have said all and know it. */
  done = false;
  readonly #emit: (flags: number, seq: number, ack: number, data: Uint8Array) => void;
  readonly #passive: boolean;
  readonly #data: Buffer;
  #una = ISS;
  #rcv = 0;
  #open = false;
  #fin = false;
  #sentAt = 0;

  constructor(guest: TcpGuest, sport: number, dport: number, data: Buffer, passive: boolean) {
    this.sport = sport;
    this.dport = dport;
    this.#data = data;
    this.#passive = passive;
    this.#emit = (flags, seq, ack, bytes) => guest.transmit(sport, dport, flags, seq, ack, bytes);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.received);
  }

  take(s: Tcp): void {
    if (s.flags & SYN) {
      this.#rcv = (s.seq + 1) >>> 0;
      this.#open ||= !this.#passive;
      this.#una = this.#passive ? this.#una : ISS + 1;
    } else if (this.#passive && !this.#open) {
      this.#open = s.ack === ISS + 1;
    }
    const fresh = s.flags & ACK ? (s.ack - this.#una) | 0 : 0;
    this.#una += Math.max(0, fresh);
    if (s.seq === this.#rcv && (s.data.length > 0 || s.flags & FIN) && !(s.flags & SYN)) {
      this.received.push(Buffer.from(s.data));
      this.#fin ||= (s.flags & FIN) !== 0;
      this.#rcv = (this.#rcv + s.data.length + (s.flags & FIN)) >>> 0;
    }
    if (this.#open && (s.data.length > 0 || s.flags & (FIN | SYN))) {
      this.#emit(ACK, Math.max(this.#una, ISS + 1), this.#rcv, Buffer.alloc(0));
    }
    this.done = this.#fin && this.#una === ISS + 2 + this.#data.length;
    if (fresh > 0 || s.flags & SYN) {
      this.send();
    }
  }

  /** Sends what is under way, from the first byte that is not acknowledged on. */
  send(): void {
    this.#sentAt = performance.now();
    if (!this.#open) {
      this.#emit(this.#passive ? SYN | ACK : SYN, ISS, this.#passive ? this.#rcv : 0, Buffer.alloc(0));
      return;
    }
    for (let i = 0, at = this.#una - ISS - 1; i < WINDOW && at <= this.#data.length; i++, at += MSS) {
      const bytes = this.#data.subarray(at, at + MSS);
      const last = at + MSS > this.#data.length;
      this.#emit(ACK | PSH | (last ? FIN : 0), ISS + 1 + at, this.#rcv, bytes);
    }
  }

  /** Sends again when it is time. */
  tick(): void {
    if (!this.done && performance.now() - this.#sentAt > RETRANSMIT_MS) {
      this.send();
    }
  }
}

export class TcpGuest {
  readonly connections = new Map<string, GuestConnection>();
  readonly #net: DirectNet;
  readonly #ip6: boolean;
  readonly #toSlirp: FaultyLink;
  readonly #toGuest: FaultyLink;
  /** What a connection to the guest is sent; null: the guest does not listen. */
  answer: ((sport: number) => Buffer) | null = null;

  /** `rate`: one frame in so many suffers each kind of fault, 0 for none. */
  constructor(net: DirectNet, ip6: boolean, seed: number, rate: number) {
    this.#net = net;
    this.#ip6 = ip6;
    this.#toSlirp = new FaultyLink(seed, rate);
    this.#toGuest = new FaultyLink(seed + 1, rate);
  }

  get faults(): number {
    return this.#toSlirp.faults + this.#toGuest.faults;
  }

  transmit(sport: number, dport: number, flags: number, seq: number, ack: number, data: Uint8Array): void {
    const frame = (this.#ip6 ? tcp6 : tcp)(sport, dport, flags, seq, ack, { data });
    this.#toSlirp.pass(frame, frame.length, (f, size) => this.#net.send(f.slice(0, size)));
  }

  connect(sport: number, dport: number, data: Buffer): GuestConnection {
    const c = new GuestConnection(this, sport, dport, data, false);
    this.connections.set(`${sport} ${dport}`, c);
    c.send();
    return c;
  }

  #take(f: Uint8Array): void {
    const { ok, tcp: s } = decode(f);
    if (!ok || !s) {
      return;
    }
    const key = `${s.dport} ${s.sport}`;
    if (!this.connections.has(key) && this.answer && s.flags === SYN) {
      this.connections.set(key, new GuestConnection(this, s.dport, s.sport, this.answer(s.sport), true));
    }
    this.connections.get(key)?.take(s);
  }

  /** Resolves when all connections are done. */
  async finished(): Promise<void> {
    await until(() => [...this.connections.values()].every((c) => c.done), 'all connections are done', 60_000, 20);
  }

  /** Lives until `end` is settled; resolves as it does. */
  async during<T>(end: Promise<T>): Promise<T> {
    const timer = setInterval(() => {
      for (const c of this.connections.values()) {
        c.tick();
      }
    }, 50);
    try {
      return await this.#net.during(end, (f) =>
        this.#toGuest.pass(f, f.length, (g, size) => this.#take(g.subarray(0, size))),
      );
    } finally {
      clearInterval(timer);
    }
  }
}
