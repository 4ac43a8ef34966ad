/** Captures of bulk transfers through a forwarded port, made up instead of kept. */
import { onesSum } from '../../adapter/packets/checksum.ts';
import { concat, type PacketToWrite, writePcap } from '../../adapter/packets/pcap.ts';
import { ethernet, ipv4 } from '../packets/samples.ts';

const GUEST = '10.0.2.15';
const GATEWAY = '10.0.2.2';
const CLIENT_PORT = 40404;
const SYN = 2;
const ACK = 16;
const FIN = 1;
const PSH = 8;

/** The bytes of a transfer: no period that segments could hide. */
export function bulkBytes(n: number): Uint8Array {
  let x = 12345;
  return Uint8Array.from({ length: n }, () => {
    x = (Math.imul(x, 1103515245) + 12345) >>> 0;
    return x >>> 24;
  });
}

function be(n: number, bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => Math.floor(n / 256 ** (bytes - 1 - i)) & 255);
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
    const [src, dst] = this.#toGuest ? [GATEWAY, GUEST] : [GUEST, GATEWAY];
    const [sport, dport] = this.#toGuest ? [CLIENT_PORT, 5556] : [5556, CLIENT_PORT];
    const options = flags & SYN ? Uint8Array.of(2, 4, 5, 180) : new Uint8Array(0);
    const header = concat([
      be(sport, 2),
      be(dport, 2),
      be(this.next, 4),
      be(flags & ACK ? this.acked : 0, 4),
      Uint8Array.of((5 + options.length / 4) << 4, flags),
      be(this.#toGuest ? 65535 : 64240, 2),
      be(0, 4),
      options,
    ]);
    const segment = concat([header, payload]);
    const addresses = concat([src, dst].map((a) => Uint8Array.from(a.split('.'), Number)));
    const sum = 0xffff - onesSum(segment, 0, segment.length, onesSum(addresses, 0, 8, 6 + segment.length));
    segment.set(be(sum, 2), 16);
    const frame = ethernet(0x0800, ipv4(6, src, dst, segment), this.#toGuest);
    this.#out.push(frame.length < 60 ? concat([frame, new Uint8Array(60 - frame.length)]) : frame);
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
