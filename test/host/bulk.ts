/** Captures of bulk transfers through a forwarded port, made up instead of kept. */
import { type PacketToWrite, writePcap } from '../../adapter/packets/pcap.ts';
import { ACK, FIN, mss as mssOption, PSH, SYN, TO_GUEST, tcp } from '../kit/frames.ts';

const CLIENT_PORT = 40404;

/** The bytes of a transfer: no period that segments could hide. */
export function bulkBytes(n: number): Uint8Array {
  let x = 12345;
  return Uint8Array.from({ length: n }, () => {
    x = (Math.imul(x, 1103515245) + 12345) >>> 0;
    return x >>> 24;
  });
}

/** One end of the made-up connection: writes its frames into the capture. */
class End {
  next: number;
  acked = 0;
  readonly #out: Uint8Array[];
  readonly #toGuest: boolean;
  constructor(out: Uint8Array[], toGuest: boolean, iss: number) {
    this.#out = out;
    this.#toGuest = toGuest;
    this.next = iss;
  }
  send(flags: number, payload: Uint8Array = new Uint8Array(0)): void {
    const [sport, dport] = this.#toGuest ? [CLIENT_PORT, 5556] : [5556, CLIENT_PORT];
    const frame = tcp(sport, dport, flags, this.next, flags & ACK ? this.acked : 0, {
      ...(this.#toGuest ? TO_GUEST : {}),
      id: 1,
      opt: flags & SYN ? mssOption(1460) : [],
      win: this.#toGuest ? 65535 : 64240,
      data: payload,
      min: 60,
    });
    this.#out.push(frame);
    this.next = (this.next + payload.length + (flags & SYN ? 1 : 0) + (flags & FIN)) >>> 0;
  }
}

/**
 * A client of the host connects; `bytes` go to the guest ('down') or come from it ('up'); both ends close. 20 us a
 * frame.
 */
export function bulkCapture(direction: 'up' | 'down', bytes: Uint8Array, mss = 1460): Uint8Array {
  const frames: Uint8Array[] = [];
  const slirp = new End(frames, true, 0xfffff000);
  const guest = new End(frames, false, 709762234);
  const exchange = (from: End, to: End, flags: number, payload?: Uint8Array): void => {
    from.send(flags, payload);
    to.acked = from.next;
  };
  exchange(slirp, guest, SYN);
  exchange(guest, slirp, SYN | ACK);
  exchange(slirp, guest, ACK);
  const [from, to] = direction === 'up' ? [guest, slirp] : [slirp, guest];
  for (let at = 0, n = 1; at < bytes.length; at += mss, n++) {
    exchange(from, to, ACK | (n % 8 === 0 ? PSH : 0), bytes.subarray(at, at + mss));
    if (direction === 'up' || n % 4 === 0) {
      to.send(ACK);
    }
  }
  exchange(from, to, FIN | ACK);
  to.send(ACK);
  exchange(to, from, FIN | ACK);
  from.send(ACK);
  const packets: PacketToWrite[] = frames.map((data, i) => ({
    tsSec: 1000 + Math.floor(i / 50000),
    tsNsec: (i % 50000) * 20000,
    data,
  }));
  return writePcap(packets);
}
