/**
 * One line for each frame with what a guest can see, and without what may differ: the IP identification, the first
 * sequence number.
 */

const hex = (b: Uint8Array): string => Buffer.from(b).toString('hex');
const ip4 = (b: Uint8Array, o: number): string => `${b[o]}.${b[o + 1]}.${b[o + 2]}.${b[o + 3]}`;

/** The Internet checksum over data that holds one: true if it is right. */
export function sumOk(...parts: Uint8Array[]): boolean {
  const all = Buffer.concat(parts);
  let sum = 0;
  for (let i = 0; i < all.length; i += 2) {
    sum += all[i]! * 256 + (all[i + 1] ?? 0);
  }
  while (sum > 0xffff) {
    sum = (sum & 0xffff) + Math.floor(sum / 65536);
  }
  return sum === 0xffff;
}

const FLAGS = 'FSRPAU';

/** Decodes frames in order; it remembers where each TCP flow began. */
export class Decoder {
  readonly #iss: Map<string, number> = new Map();

  /** The line of a frame. */
  line(f: Uint8Array): string {
    const b = Buffer.from(f);
    const type = b.readUInt16BE(12);
    const head = `${hex(f.subarray(6, 12))}>${hex(f.subarray(0, 6))} len=${f.length}`;
    switch (type) {
      case 0x0806:
        return `${head} ARP op=${b.readUInt16BE(20)} ${ip4(f, 28)}@${hex(f.subarray(22, 28))} -> ${ip4(f, 38)}@${hex(f.subarray(32, 38))}`;
      case 0x0800:
        return `${head} ${this.#ipv4(b.subarray(14))}`;
      case 0x86dd:
        return `${head} ${this.#ipv6(b.subarray(14))}`;
      default:
        return `${head} ethertype=${type.toString(16)} ${hex(f.subarray(14))}`;
    }
  }

  #ipv4(h: Buffer): string {
    const hl = (h[0]! & 15) * 4;
    const p = h.subarray(hl, h.readUInt16BE(2));
    const frag = h.readUInt16BE(6);
    const flow = `${ip4(h, 12)}>${ip4(h, 16)}`;
    const head = `IP ${flow} ttl=${h[8]} tos=${h[1]} frag=${frag.toString(16)}${sumOk(h.subarray(0, hl)) ? '' : ' BADIPSUM'}`;
    if ((frag & 0x1fff) !== 0) {
      return `${head} proto=${h[9]} ${hex(p)}`;
    }
    const pseudo = Buffer.concat([h.subarray(12, 20), Buffer.from([0, h[9]!, p.length >> 8, p.length & 255])]);
    const whole = frag === 0 || frag === 0x4000;
    switch (h[9]) {
      case 6:
        return `${head} ${this.#tcp(p, flow)}${sumOk(pseudo, p) ? '' : ' BADSUM'}`;
      case 17:
        return `${head} UDP ${hex(p.subarray(0, 6))}${!whole || p.readUInt16BE(6) === 0 || sumOk(pseudo, p) ? '' : ' BADSUM'} ${hex(p.subarray(8))}`;
      case 1:
        // The packet an error quotes has the guest's own identification.
        return `${head} ICMP ${hex(p.subarray(0, 2))} ${hex(p.subarray(4))}${!whole || sumOk(p) ? '' : ' BADSUM'}`;
      default:
        return `${head} proto=${h[9]}`;
    }
  }

  #tcp(p: Buffer, flow: string): string {
    const key = `${flow}:${p.readUInt32BE(0)}`;
    const seq = p.readUInt32BE(4);
    const flags = p[13]!;
    if ((flags & 2) !== 0 && !this.#iss.has(key)) {
      this.#iss.set(key, seq);
    }
    const off = (p[12]! >> 4) * 4;
    const rel = (seq - (this.#iss.get(key) ?? 0)) >>> 0;
    const names = [...FLAGS].filter((_, i) => (flags >> i) & 1).join('');
    return (
      `TCP ${p.readUInt16BE(0)}>${p.readUInt16BE(2)} [${names}] seq=${rel} ack=${p.readUInt32BE(8)} win=${p.readUInt16BE(14)} ` +
      `urp=${p.readUInt16BE(18)} opt=${hex(p.subarray(20, off))} data=${hex(p.subarray(off))}`
    );
  }

  #ipv6(h: Buffer): string {
    const p = h.subarray(40, 40 + h.readUInt16BE(4));
    const nh = h[6]!;
    const pseudo = Buffer.concat([h.subarray(8, 40), Buffer.from([0, 0, p.length >> 8, p.length & 255, 0, 0, 0, nh])]);
    const head = `IP6 ${hex(h.subarray(8, 24))}>${hex(h.subarray(24, 40))} hl=${h[7]} nh=${nh}${sumOk(pseudo, p) ? '' : ' BADSUM'}`;
    return nh === 6 ? `${head} ${this.#tcp(p, hex(h.subarray(8, 40)))}` : `${head} ${hex(p)}`;
  }
}

/** The lines of a list of frames. */
export function decodeAll(frames: readonly Uint8Array[]): string[] {
  const d = new Decoder();
  return frames.map((f) => d.line(f));
}
