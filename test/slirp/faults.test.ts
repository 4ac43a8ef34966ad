/**
 * Bulk transfers over a link that loses, repeats, reorders and damages frames, under the virtual clock: every byte
 * arrives.
 */
import assert from 'node:assert/strict';
import { slirp_input } from '../../adapter/stack/slirp/slirp.ts';
import { tcpFrame } from './frames.ts';
import { ACK, FIN, parseTcp, type Received, SYN, TestNet } from './guest.ts';

/** The link: a fixed seed decides what happens to each frame. */
class Link {
  #x: number;
  #held: Uint8Array | null = null;
  constructor(seed: number) {
    this.#x = seed;
  }
  #next(n: number): number {
    this.#x ^= this.#x << 13;
    this.#x ^= this.#x >>> 17;
    this.#x ^= this.#x << 5;
    return (this.#x >>> 0) % n;
  }
  /** What comes out of the link when `f` goes in: nothing, one or two frames. */
  pass(f: Uint8Array): Uint8Array[] {
    const out: Uint8Array[] = [];
    switch (this.#next(30)) {
      case 0:
        break;
      case 1:
        out.push(f, f);
        break;
      case 2:
        if (this.#held === null) {
          this.#held = f;
          return [];
        }
        out.push(f);
        break;
      case 3: {
        const bad = Uint8Array.from(f);
        bad[14 + this.#next(bad.length - 14)]! ^= 1 + this.#next(255);
        out.push(bad);
        break;
      }
      default:
        out.push(f);
    }
    if (this.#held) {
      out.push(this.#held);
      this.#held = null;
    }
    return out;
  }
}

/** The Internet checksums of a frame from slirp are right. */
function intact(f: Uint8Array): boolean {
  const b = Buffer.from(f);
  const sum = (from: number, to: number, start: number): number => {
    let s = start;
    for (let i = from; i < to; i += 2) {
      s += b[i]! * 256 + (i + 1 < to ? b[i + 1]! : 0);
    }
    while (s > 0xffff) {
      s = (s & 0xffff) + Math.floor(s / 65536);
    }
    return s;
  };
  const end = 14 + b.readUInt16BE(16);
  return (
    end <= b.length && b[14] === 0x45 && sum(14, 34, 0) === 0xffff && sum(34, end, sum(26, 34, 6 + end - 34)) === 0xffff
  );
}

const pattern = (n: number): Buffer => Buffer.from(Array.from({ length: n }, (_, i) => (i * 7 + (i >> 8)) & 255));

/**
 * A guest that sends with a window of segments, goes back to the first unacknowledged one after 300 ms, and takes data
 * in order.
 */
class BulkGuest {
  una = 1001;
  rcv = 0;
  received: Buffer[] = [];
  fin = false;
  open = false;
  readonly data: Buffer;
  readonly #t: TestNet;
  readonly #up: Link;
  readonly #down: Link;
  #seen = 0;

  constructor(t: TestNet, seed: number, data: Buffer) {
    this.#t = t;
    this.#up = new Link(seed);
    this.#down = new Link(seed + 1);
    this.data = data;
  }

  #emit(flags: number, seq: number, data: Buffer = Buffer.alloc(0)): void {
    for (const f of this.#up.pass(tcpFrame({ sport: 4000, dport: 9, seq, ack: this.rcv, flags, data }))) {
      slirp_input(this.#t.net.slirp, f, f.length);
    }
  }

  #take(s: Received): void {
    if (!this.open) {
      if ((s.flags & (SYN | ACK)) === (SYN | ACK)) {
        this.open = true;
        this.rcv = (s.seq + 1) >>> 0;
      }
      return;
    }
    if (s.flags & ACK && ((s.ack - this.una) | 0) > 0) {
      this.una = s.ack;
    }
    if (s.seq === this.rcv) {
      if (s.data.length > 0) {
        this.received.push(Buffer.from(s.data));
        this.rcv = (this.rcv + s.data.length) >>> 0;
      }
      if (s.flags & FIN) {
        this.rcv = (this.rcv + 1) >>> 0;
        this.fin = true;
      }
    }
    if (s.data.length > 0 || s.flags & FIN) {
      this.#emit(ACK, this.una);
    }
  }

  /**
   * Runs until the guest's data is acknowledged and the host's end has come, or `limit` ms of virtual time have passed.
   */
  run(limit: number): void {
    while (this.#t.net.nowMs < limit) {
      if (!this.open) {
        this.#emit(SYN, 1000);
      } else if (this.una < 1001 + this.data.length) {
        for (let i = 0; i < 8; i++) {
          const at = this.una - 1001 + i * 1000;
          if (at < this.data.length) {
            this.#emit(ACK, this.una + i * 1000, this.data.subarray(at, at + 1000));
          }
        }
      } else if (this.fin) {
        return;
      } else {
        this.#emit(ACK, this.una);
      }
      this.#t.net.turn();
      this.#t.net.advance(this.#t.net.nowMs + 20);
      for (; this.#seen < this.#t.net.sent.length; this.#seen++) {
        for (const f of this.#down.pass(this.#t.net.sent[this.#seen]!.data)) {
          const s = intact(f) ? parseTcp(f, 0) : null;
          if (s) {
            this.#take(s);
          }
        }
      }
    }
  }
}

describe('slirp: faults on the link', () => {
  for (const seed of [1, 22, 333]) {
    it(`200 KB each way arrive over a link with losses, repeats, swaps and damage (seed ${seed})`, () => {
      const t = new TestNet((o) => {
        o.tcpPeers = [[9, 'sink']];
      });
      const up = pattern(200_000);
      const down = pattern(200_000).reverse();
      const guest = new BulkGuest(t, seed, up);
      guest.run(3000);
      const s = [...t.net.host.streams.values()][0]!;
      t.net.host.write(s, down);
      t.net.host.closePeer(s);
      guest.run(2_000_000);
      assert.equal(s.bytes.equals(up), true, `${s.bytes.length} bytes reached the host`);
      assert.equal(
        Buffer.concat(guest.received).equals(down),
        true,
        `${guest.received.length} segments reached the guest`,
      );
    });
  }
});
