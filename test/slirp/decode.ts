/**
 * One line for each frame with what a guest can see, without what may differ: IP identification, first sequence number.
 */
import { type Decoded, decode, dotted, flagNames, type Ip } from '../kit/decode.ts';

const hex = (b: Uint8Array): string => Buffer.from(b).toString('hex');

/** Decodes frames in order; it remembers where each TCP flow began. */
export class Decoder {
  readonly #iss: Map<string, number> = new Map();

  /** The line of a frame. */
  line(f: Uint8Array): string {
    const d = decode(f);
    const head = `${hex(d.src)}>${hex(d.dst)} len=${f.length}`;
    if (d.arp) {
      const { op, sip, sha, tip, tha } = d.arp;
      return `${head} ARP op=${op} ${dotted(sip)}@${hex(sha)} -> ${dotted(tip)}@${hex(tha)}`;
    }
    if (d.ip) {
      return `${head} ${d.ip.version === 4 ? this.#ipv4(d, d.ip) : this.#ipv6(d, d.ip)}`;
    }
    return `${head} ethertype=${d.type.toString(16)} ${hex(d.payload)}`;
  }

  #ipv4(d: Decoded, ip: Ip): string {
    const flow = `${dotted(ip.src)}>${dotted(ip.dst)}`;
    const sum = ip.ok ? '' : ' BADIPSUM';
    const head = `IP ${flow} ttl=${ip.ttl} tos=${ip.tos} frag=${ip.frag.toString(16)}${sum}`;
    const p = ip.payload;
    if (!ip.first) {
      return `${head} proto=${ip.proto} ${hex(p)}`;
    }
    const bad = (d.tcp ?? d.udp ?? d.icmp)?.ok === false ? ' BADSUM' : '';
    if (d.tcp) {
      return `${head} ${this.#tcp(d.tcp, flow)}${bad}`;
    }
    if (d.udp) {
      return `${head} UDP ${hex(p.subarray(0, 6))}${bad} ${hex(p.subarray(8))}`;
    }
    // The packet an error quotes has the guest's own identification.
    return d.icmp ? `${head} ICMP ${hex(p.subarray(0, 2))} ${hex(p.subarray(4))}${bad}` : `${head} proto=${ip.proto}`;
  }

  #tcp(t: NonNullable<Decoded['tcp']>, flow: string): string {
    const key = `${flow}:${t.sport}:${t.dport}`;
    if ((t.flags & 2) !== 0 && !this.#iss.has(key)) {
      this.#iss.set(key, t.seq);
    }
    const seq = (t.seq - (this.#iss.get(key) ?? 0)) >>> 0;
    return (
      `TCP ${t.sport}>${t.dport} [${flagNames(t.flags)}] seq=${seq} ack=${t.ack} win=${t.win} ` +
      `urp=${t.urp} opt=${hex(t.options)} data=${hex(t.data)}`
    );
  }

  #ipv6(d: Decoded, ip: Ip): string {
    const bad = d.ok ? '' : ' BADSUM';
    const head = `IP6 ${hex(ip.src)}>${hex(ip.dst)} hl=${ip.ttl} nh=${ip.proto}${bad}`;
    return d.tcp ? `${head} ${this.#tcp(d.tcp, hex(Buffer.concat([ip.src, ip.dst])))}` : `${head} ${hex(ip.payload)}`;
  }
}

/** The lines of a list of frames. */
export function decodeAll(frames: readonly Uint8Array[]): string[] {
  const d = new Decoder();
  return frames.map((f) => d.line(f));
}
