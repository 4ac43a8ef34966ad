/** Which packet of the capture a frame is: the last ones that passed are known by what their headers say. */
import type { Reader, Writer } from '../mailbox/codec.ts';
import type { PacketView } from '../packets/packet-view.ts';
import { TcpIpView } from '../packets/tcp-ip-view.ts';

/** Frames that are remembered: more than all rings and queues of the machine hold. */
const ROOM = 2048;

export class FrameNumbers {
  readonly #keys = new Int32Array(ROOM);
  readonly #numbers = new Uint32Array(ROOM);
  readonly #view = new TcpIpView();
  #next = 0;

  /** The frame in `p` is packet `number`. */
  add(p: TcpIpView, number: number): void {
    this.#keys[this.#next] = keyOf(p);
    this.#numbers[this.#next] = number;
    this.#next = (this.#next + 1) % ROOM;
  }

  /** The number of a frame, or 0. Of several that are alike the last one counts. */
  of(packet: PacketView): number {
    return this.ofKey(keyOf(this.#view.set(packet.buf, packet.off, packet.len, packet.linktype).find()));
  }

  /** The number of a frame with this key (see `keyOf`), or 0. */
  ofKey(key: number): number {
    for (let i = 1; i <= ROOM; i++) {
      const at = (this.#next + ROOM - i) % ROOM;
      if (this.#keys[at] === key) {
        return this.#numbers[at] ?? 0;
      }
    }
    return 0;
  }

  save(w: Writer): void {
    w.u32(this.#next);
    for (const column of [this.#keys, this.#numbers]) {
      w.blob(new Uint8Array(column.buffer));
    }
  }

  restore(r: Reader): void {
    this.#next = r.u32();
    for (const column of [this.#keys, this.#numbers]) {
      new Uint8Array(column.buffer).set(r.blob());
    }
  }
}

/**
 * A number that tells frames apart, of what stays as it is on the way: ports and places in a stream, or what is there.
 */
export function keyOf(p: TcpIpView): number {
  if (p.arp >= 0) {
    return mix(p.u32(p.arp + 4), p.u32(p.arp + 14), p.u32(p.arp + 24), 1);
  }
  if (p.l4 < 0) {
    return mix(p.etherType, p.l3End - p.off, 0, 2);
  }
  const third = p.tcp >= 0 && !p.fragment ? p.u32(p.l4 + 8) : p.ip >= 0 ? p.u32(p.ip + 4) : 0;
  return mix(p.u32(p.l4), p.u32(p.l4 + 4), third, p.l3End - p.l4);
}

function mix(a: number, b: number, c: number, d: number): number {
  let h = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35) ^ d;
  h = Math.imul(h ^ (h >>> 15), 0x27d4eb2f);
  return h ^ (h >>> 13);
}
