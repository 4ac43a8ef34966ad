/**
 * What guests send that is wrong, at random: frames mutated from the recorded cases, or built with right checksums; and
 * what has to hold of the network, whatever comes.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { readCapture } from '../../adapter/packets/capture.ts';
import { slirp_input } from '../../adapter/stack/slirp/slirp.ts';
import { machine } from '../../adapter/stack/softmmu/machine.ts';
import * as build from '../kit/frames.ts';
import { icmp6, ip6 } from '../kit/frames6.ts';
import type { Random } from '../kit/random.ts';
import { Replayer, ReplayOptions } from '../tools/slirp-replayer.ts';

const DIR = new URL('../vectors/slirp/', import.meta.url);

/** Milliseconds that one frame may take. */
const FRAME_MS_MAX = 2000;

/** The guest's frames of all recorded cases. */
export function corpus(): Uint8Array[] {
  const all: Uint8Array[] = [];
  for (const name of readdirSync(DIR).filter((f) => f.endsWith('.pcap'))) {
    all.push(...readCapture(readFileSync(new URL(name, DIR))).packets.map((p) => p.data));
  }
  return all;
}

/** Numbers that lie at ends more often than not. */
const u8 = fc.oneof(fc.constantFrom(0, 1, 4, 5, 8, 127, 128, 255), fc.nat(255));
const u16 = fc.oneof(fc.constantFrom(0, 1, 53, 67, 69, 547, 7070, 7072, 7073, 7777, 65535), fc.nat(65535));
const u32 = fc.oneof(fc.constantFrom(0, 1, 1000, 1001, 64001, 64002, 0x7fffffff, 0xffffffff), fc.nat(0xffffffff));
const addr = fc.constantFrom(0x0a000202, 0x0a000203, 0x0a00020f, 0x0a000264, 0x7f000001, 0, 0xffffffff, 0x0a0002ff);
const addr6s = fc.constantFrom(
  build.HOST6,
  build.GUEST6,
  build.addr6(0xfe80, 2),
  build.addr6(0xff02, 1),
  build.addr6(0, 0),
  build.addr6(0, 1),
);
const some = (max: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength: max });

/** A frame of a structure, with any field wrong. */
export const anyFrame: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.record({ op: u16, sip: addr, tip: addr }).map((a) => build.arp(a.op, a.sip, a.tip)),
  fc
    .record({
      flags: fc.nat(63),
      dport: u16,
      seq: u32,
      ack: u32,
      win: u16,
      urp: u16,
      n: fc.nat(10),
      data: some(40),
      dst: addr,
    })
    .chain((t) =>
      fc.uint8Array({ minLength: t.n * 4, maxLength: t.n * 4 }).map((opt) => {
        const { win, urp, data, dst } = t;
        return build.tcp(4000, t.dport, t.flags, t.seq, t.ack, { win, urp, data, dst, opt });
      }),
    ),
  fc
    .record({
      sport: u16,
      dport: u16,
      data: some(600),
      dst: addr,
      src: addr,
      ttl: u8,
      ulen: fc.option(u16, { nil: -1 }),
    })
    .map((d) => build.udp(d.sport, d.dport, d.data, d.ulen < 0 ? { dst: d.dst, src: d.src, ttl: d.ttl } : d)),
  fc
    .record({ proto: u8, data: some(200), id: fc.nat(3), frag: u16, dst: addr, vhl: u8, len: u16 })
    .map((d) => build.ip4(d.proto, d.data, { id: d.id, frag: d.frag, dst: d.dst, ...(d.len & 1 ? d : {}) })),
  fc
    .record({ next: u8, data: some(200), src: addr6s, dst: addr6s, hops: u8 })
    .map((d) => ip6(d.next, d.data, { src: d.src, dst: d.dst, hops: d.hops })),
  fc
    .record({ type: u8, code: fc.nat(3), data: some(80), dst: addr6s })
    .map((d) => icmp6(d.type, d.code, d.data, { dst: d.dst, hops: 255 })),
  fc.record({ opcode: fc.nat(7), data: some(60) }).map((d) => build.udp(5000, 69, [0, d.opcode, ...d.data])),
  fc.record({ type: fc.nat(9), data: some(90) }).map((d) => build.dhcp(d.type, d.data)),
);

export function newNetwork(): Replayer {
  const options = new ReplayOptions();
  options.config.in6_enabled = true;
  options.config.tftp_path = new URL('tftproot', DIR).pathname;
  options.udpEcho = [7777];
  options.tcpPeers = [
    [7070, 'echo'],
    [7072, 'hello'],
    [7073, 'close'],
  ];
  options.hostfwd = [{ udp: false, port: 7080, guest: 0x0a00020f, guestPort: 80 }];
  options.guestfwdCat = { addr: 0x0a000264, port: 1234 };
  return new Replayer(options);
}

/** Changes some bytes, the length, or both. */
export function mutate(r: Random, frame: Uint8Array): Uint8Array {
  let f = Uint8Array.from(frame);
  for (let i = r.next(4); i >= 0; i--) {
    const at = r.next(Math.min(f.length, 120));
    f[at] = r.next(3) === 0 ? [0, 1, 127, 128, 255][r.next(5)]! : r.next(256);
  }
  if (r.next(8) === 0) {
    f = f.slice(0, r.next(f.length + 1));
  } else if (r.next(16) === 0) {
    const longer = new Uint8Array(f.length + r.next(3000));
    longer.set(f);
    f = longer;
  }
  return r.next(4) === 0 ? f : build.fixChecksums(f);
}

/** Segments with any flags, numbers near the right ones, any options. */
export function segments(): Frames {
  let seq = 1000;
  return (r) => {
    seq += r.next(3) === 0 ? r.next(3000) - 1000 : 0;
    return build.tcpFrame({
      sport: 4000 + r.next(8),
      dport: r.pick([7070, 7072, 7073, 9]),
      seq: seq + r.next(40),
      ack: r.next(2) === 0 ? 64002 + r.next(4) * 64000 + r.next(30) : r.next(0x7fffffff),
      flags: r.next(64),
      win: r.pick([0, 1, 1000, 65535]),
      urp: r.next(3) === 0 ? r.next(65536) : 0,
      opt: Uint8Array.from({ length: r.next(10) * 4 }, () => r.next(6)),
      data: new Uint8Array(r.next(4) === 0 ? r.next(1460) : r.next(8)),
    });
  };
}

const ETHERTYPES = [
  [8, 6],
  [8, 0],
  [0x86, 0xdd],
  [0x88, 0xf8],
] as const;

/** Random bytes behind each Ethernet type. */
export const bytes: Frames = (r) => {
  const f = Uint8Array.from({ length: 14 + r.next(200) }, () => r.next(256));
  f.set(r.pick(ETHERTYPES), 12);
  f[14] = r.pick([0x45, 0x46, 0x60, 0x4f]);
  return build.fixChecksums(f);
};

/** Frame `i` of a guest. */
export type Frames = (r: Random, i: number) => Uint8Array;

/** What happens to a network: a frame (hexadecimal), a turn, time that passes, a port that the host dials from. */
export type Happening = string | 'turn' | { readonly ms: number } | { readonly dial: number };

/** `count` frames, with time passing and the host dialling in now and then. */
export function happenings(r: Random, count: number, make: Frames): Happening[] {
  const all: Happening[] = [];
  for (let i = 0; i < count; i++) {
    all.push(Buffer.from(make(r, i)).toString('hex'));
    if (r.next(4) === 0) {
      all.push('turn');
    }
    if (r.next(50) === 0) {
      all.push({ ms: r.next(2000) });
    }
    if (r.next(200) === 0) {
      all.push({ dial: 40000 + r.next(1000) });
    }
  }
  return all;
}

function happen(net: Replayer, what: Happening): void {
  if (typeof what === 'object') {
    if ('ms' in what) {
      net.host.now_ns += what.ms * 1e6;
    } else {
      net.host.dial(7080, what.dial, 'hello');
    }
  } else if (what === 'turn') {
    net.turn();
  } else {
    const f = Buffer.from(what, 'hex');
    const began = performance.now();
    slirp_input(net.slirp, f, f.length);
    assert.ok(performance.now() - began < FRAME_MS_MAX, `a frame hangs: ${what}`);
  }
}

/** What is bounded while frames come. */
function checkBounds({ slirp, host }: Replayer): void {
  const { ipq, tcb, udb, udb_fast, icmp } = slirp;
  assert.ok(ipq.size <= 256 && slirp.ipq_bytes <= 4 << 20 && slirp.if_count <= 1024);
  assert.ok(tcb.count <= 8192 && udb.count <= 1024 && icmp.count <= 256);
  assert.ok(host.openFds.size <= 2 + tcb.count + udb.count + udb_fast.count + icmp.count);
}

/** Has all that happen to a network of its own, lets everything end, and checks that nothing is left. */
export function suffer(all: readonly Happening[]): void {
  const net = newNetwork();
  for (const what of all) {
    happen(net, what);
    if (net.sent.length > 1000) {
      net.sent.length = 0;
    }
  }
  net.settle();
  checkBounds(net);
  net.advance(net.nowMs + 10_000_000);
  assert.equal(net.slirp.ipq.size, 0, 'incomplete datagrams are given up');
  assert.equal(net.slirp.ipq_bytes, 0);
  assert.equal(net.slirp.udb.count + net.slirp.udb_fast.count + net.slirp.icmp.count, 0, 'flows expire');
  assert.equal(net.slirp.if_count, 0, 'nothing waits for a MAC address');
  assert.equal(net.slirp.time_wait.count, 0, 'TIME_WAIT ends');
  net.close();
  assert.equal(net.host.openFds.size, 0, 'every descriptor is closed');
  assert.equal(machine.sockets.fds.size, 0);
}
