/**
 * A capture of any size as ordinary hosts make one: a client that talks to some servers over a fast network, several
 * connections at a time, most of them downloads, some uploads, each after a DNS query. Segments carry time stamps and
 * 1448 bytes, PSH ends what an application wrote, and every other segment is acknowledged.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { onesSum } from '../../adapter/packets/checksum.ts';
import { pcapHeader } from '../../adapter/packets/pcap.ts';
import { ACK, FIN, ip, PSH, SYN, tcp, u16, u32, udp } from '../kit/frames.ts';
import { Random } from '../kit/random.ts';

const CLIENT = ip('192.168.77.10');
const RESOLVER = ip('192.168.77.1');
const SERVERS = 40;
/** Connections at the same time. */
const AT_ONCE = 8;
const SEGMENT = 1448;
/** Segments of one write of an application. */
const WRITE = 16;
const LARGEST = 4000;
/** Nanoseconds between packets. */
const APART = 20_000;
const BLOCK = 1 << 22;
const RECORD = 16;
const [TCP_AT, PAYLOAD_AT] = [34, 66];
const SHIFT = 7;

const stamps = [1, 1, 8, 10, ...u32(1000), ...u32(2000)];
const synOptions = [2, 4, ...u16(1460), 4, 2, 8, 10, ...u32(1000), ...u32(0), 1, 3, 3, SHIFT];

/** Writes packets to a file, block by block. */
class CaptureWriter {
  packets = 0;
  bytes = 0;
  readonly #fd: number;
  readonly #block = new Uint8Array(BLOCK);
  readonly #view = new DataView(this.#block.buffer);
  #used = 0;

  constructor(path: string) {
    this.#fd = openSync(path, 'w');
    const header = pcapHeader();
    this.#block.set(header);
    this.#used = header.length;
  }

  /** Appends a packet. */
  add(frame: Uint8Array): void {
    if (this.#used + RECORD + frame.length > BLOCK) {
      this.#flush();
    }
    const ns = this.packets * APART;
    this.#view.setUint32(this.#used, 1_700_000_000 + Math.floor(ns / 1e9), true);
    this.#view.setUint32(this.#used + 4, Math.floor((ns % 1e9) / 1000), true);
    this.#view.setUint32(this.#used + 8, frame.length, true);
    this.#view.setUint32(this.#used + 12, frame.length, true);
    this.#block.set(frame, this.#used + RECORD);
    this.#used += RECORD + frame.length;
    this.packets++;
  }

  #flush(): void {
    for (let at = 0; at < this.#used; ) {
      at += writeSync(this.#fd, this.#block, at, this.#used - at);
    }
    this.bytes += this.#used;
    this.#used = 0;
  }

  close(): void {
    this.#flush();
    closeSync(this.#fd);
  }
}

/** One direction of a connection: a bare and a full segment whose numbers and flags are written anew each time. */
class Sender {
  next: number;
  readonly #bare: Uint8Array;
  readonly #full: Uint8Array;

  constructor(from: { ip: number; port: number; mac: number }, to: typeof from, iss: number) {
    const link = { src: from.ip, dst: to.ip, mac: [2, 0, 0, 0, 0, from.mac], to: [2, 0, 0, 0, 0, to.mac] };
    const frame = (data: Uint8Array): Uint8Array =>
      tcp(from.port, to.port, ACK, 0, 0, { ...link, opt: stamps, data, win: 502 });
    this.next = iss;
    this.#bare = frame(new Uint8Array(0));
    this.#full = frame(Uint8Array.from({ length: SEGMENT }, (_, i) => 32 + ((i + iss) % 90)));
  }

  /** A segment with or without data. */
  segment(flags: number, ack: number, data: boolean): Uint8Array {
    const f = data ? this.#full : this.#bare;
    const v = new DataView(f.buffer, f.byteOffset);
    const was = onesSum(f, TCP_AT + 4, TCP_AT + 14);
    v.setUint32(TCP_AT + 4, this.next);
    v.setUint32(TCP_AT + 8, ack);
    f[TCP_AT + 13] = flags;
    // RFC 1624: only the words that have changed count.
    let sum = 0xffff - v.getUint16(TCP_AT + 16) + (0xffff - was) + onesSum(f, TCP_AT + 4, TCP_AT + 14);
    sum = (sum & 0xffff) + (sum >>> 16);
    sum = (sum & 0xffff) + (sum >>> 16);
    v.setUint16(TCP_AT + 16, 0xffff - sum);
    this.next = (this.next + (data ? f.length - PAYLOAD_AT : 0) + (flags & (SYN | FIN) ? 1 : 0)) >>> 0;
    return f;
  }
}

/** A connection of the client, packet by packet. */
function* connection(n: number, random: Random): Generator<Uint8Array, void> {
  const server = { ip: ip(`198.51.100.${1 + (n % SERVERS)}`), port: n % 3 === 0 ? 80 : 443, mac: 2 };
  const client = { ip: CLIENT, port: 32768 + (n % 28000), mac: 1 };
  const resolver = { src: RESOLVER, dst: CLIENT, mac: [2, 0, 0, 0, 0, 3], to: [2, 0, 0, 0, 0, 1] };
  const query = [...u16(n & 0xffff), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0x61, 2, 0x64, 0x65, 0, 0, 1, 0, 1];
  const asks = { src: CLIENT, dst: RESOLVER, mac: resolver.to, to: resolver.mac };
  const answer = [...query, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...u32(server.ip)];
  [answer[2], answer[7]] = [0x81, 1];
  yield udp(client.port, 53, query, asks);
  yield udp(53, client.port, answer, resolver);
  const c = new Sender(client, server, random.next(2 ** 32));
  const s = new Sender(server, client, random.next(2 ** 32));
  const link = { src: CLIENT, dst: server.ip, mac: [2, 0, 0, 0, 0, 1], to: [2, 0, 0, 0, 0, 2], opt: synOptions };
  const back = { src: server.ip, dst: CLIENT, mac: link.to, to: link.mac, opt: synOptions };
  yield tcp(client.port, server.port, SYN, c.next, 0, { ...link, win: 64240 });
  c.next = (c.next + 1) >>> 0;
  yield tcp(server.port, client.port, SYN | ACK, s.next, c.next, { ...back, win: 65160 });
  s.next = (s.next + 1) >>> 0;
  yield c.segment(ACK, s.next, false);
  yield c.segment(ACK | PSH, s.next, true);
  yield s.segment(ACK, c.next, false);
  const [from, to] = n % 4 === 0 ? [c, s] : [s, c];
  const segments = 1 + Math.floor(LARGEST * (random.next(1e6) / 1e6) ** 3);
  for (let i = 1; i <= segments; i++) {
    const last = i === segments;
    yield from.segment(ACK | (last || i % WRITE === 0 ? PSH : 0), to.next, true);
    if (last || i % 2 === 0) {
      yield to.segment(ACK, from.next, false);
    }
  }
  yield s.segment(ACK | FIN, c.next, false);
  yield c.segment(ACK | FIN, s.next, false);
  yield s.segment(ACK, c.next, false);
}

/** Writes a capture of about `packets` packets; says how many there are, and how many bytes the file has. */
export function writeCapture(path: string, packets: number): { readonly packets: number; readonly bytes: number } {
  const random = new Random(1);
  const out = new CaptureWriter(path);
  const running: Generator<Uint8Array, void>[] = [];
  for (let started = 0; running.length > 0 || out.packets < packets; ) {
    while (running.length < AT_ONCE && out.packets < packets) {
      running.push(connection(started++, random));
    }
    const at = random.next(running.length);
    // Packets of a connection come in small bursts.
    for (let n = 1 + random.next(8); n > 0; n--) {
      const step = running[at]?.next();
      if (!step || step.done) {
        running.splice(at, 1);
        break;
      }
      out.add(step.value);
    }
  }
  out.close();
  return { packets: out.packets, bytes: out.bytes };
}
