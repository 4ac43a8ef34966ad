import assert from 'node:assert/strict';
import { defaultPeer, GATEWAY, Lab, type Parsed, parse, tcp } from './lab.ts';

export const SYN = 2;
export const RST = 4;
export const PSH_ACK = 0x18;
export const ACK = 0x10;
export const FIN_ACK = 0x11;

/** A script's end of a TCP connection with the guest; sequence numbers are its own bookkeeping. */
export class Script {
  /** The booted machine. */
  readonly lab = new Lab().boot();
  /** The guest's segments since the last `send`. */
  seen: Parsed[] = [];

  constructor() {
    this.lab.peer = (l, f) => {
      const p = parse(f);
      if (p?.proto === 6) {
        this.seen.push(p);
      } else {
        defaultPeer(l, f);
      }
    };
  }

  /** Sends a segment from 10.0.2.2:1000 and returns what the guest answers within `seconds`. */
  send(dport: number, seq: number, ack: number, flags: number, data = '', window = 65535, seconds = 0.01): Parsed[] {
    return this.sendFrom(1000, dport, seq, ack, flags, data, window, seconds);
  }

  /** `send` from another port. */
  sendFrom(
    sport: number,
    dport: number,
    seq: number,
    ack: number,
    flags: number,
    data = '',
    window = 65535,
    seconds = 0.01,
  ): Parsed[] {
    this.seen = [];
    this.lab.toGuest(tcp(GATEWAY, sport, dport, seq, ack, flags, Buffer.from(data), window));
    this.lab.sleep(seconds);
    return this.seen;
  }

  /** Opens a connection; returns the guest's first sequence number. */
  open(dport: number, window = 65535): number {
    const [synack] = this.send(dport, 99, 0, SYN, '', window);
    assert.equal(synack!.flags, SYN | ACK);
    assert.equal(synack!.ack, 100);
    this.send(dport, 100, synack!.seq + 1, ACK, '', window);
    return synack!.seq + 1;
  }
}
