/**
 * Bulk transfers over a link that loses, repeats, reorders and damages frames, under the virtual clock: every byte
 * arrives.
 */
import assert from 'node:assert/strict';
import { slirp_input } from '../../adapter/stack/slirp/slirp.ts';
import { decode } from '../kit/decode.ts';
import { FaultyLink } from '../kit/faulty-link.ts';
import { pattern, tcpFrame } from '../kit/frames.ts';
import { ACK, FIN, parseTcp, type Received, SYN, TestNet } from './guest.ts';

/** One frame in so many suffers each kind of fault. */
const RATE = 30;
/** Damage is done behind the Ethernet header: to headers and data alike. */
const DAMAGE_FROM = 14;

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
  readonly #up: FaultyLink;
  readonly #down: FaultyLink;
  #seen = 0;

  constructor(t: TestNet, seed: number, data: Buffer) {
    this.#t = t;
    this.#up = new FaultyLink(seed, RATE, DAMAGE_FROM);
    this.#down = new FaultyLink(seed + 1, RATE, DAMAGE_FROM);
    this.data = data;
  }

  #emit(flags: number, seq: number, data: Buffer = Buffer.alloc(0)): void {
    const frame = tcpFrame({ sport: 4000, dport: 9, seq, ack: this.rcv, flags, data });
    this.#up.pass(frame, frame.length, (f, size) => slirp_input(this.#t.net.slirp, f, size));
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
        const { data } = this.#t.net.sent[this.#seen]!;
        this.#down.pass(data, data.length, (f, size) => {
          const s = decode(f.subarray(0, size)).ok ? parseTcp(f, 0) : null;
          if (s) {
            this.#take(s);
          }
        });
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
      const up = Buffer.from(pattern(200_000));
      const down = Buffer.from(pattern(200_000)).reverse();
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
