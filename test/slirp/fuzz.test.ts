/**
 * Whatever a guest sends: no exception, no hang, no growth. Frames are mutated from the recorded cases, or built at
 * random with right checksums.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { readCapture } from '../../adapter/packets/capture.ts';
import { slirp_input } from '../../adapter/stack/slirp/slirp.ts';
import { machine } from '../../adapter/stack/softmmu/machine.ts';
import * as build from '../kit/frames.ts';
import { icmp6, ip6 } from '../kit/frames6.ts';
import { Random } from '../kit/random.ts';
import { Replayer, ReplayOptions } from '../tools/slirp-replayer.ts';

const DIR = new URL('../vectors/slirp/', import.meta.url);

/** Frames of all runs together; PKTGDB_FUZZ_FRAMES=1000000 makes it a long run, PKTGDB_FUZZ_SEED another one. */
const FRAMES = Number(process.env['PKTGDB_FUZZ_FRAMES'] ?? 30_000);
const SEED = Number(process.env['PKTGDB_FUZZ_SEED'] ?? 1);
/** Frames of each run; there are seven. */
const COUNT = Math.ceil(FRAMES / 7);
/** Bytes that the heap may have grown by in a run, and milliseconds that one frame may take. */
const GROWTH_MAX = 256 << 20;
const FRAME_MS_MAX = 2000;

/** The guest's frames of all recorded cases. */
function corpus(): Uint8Array[] {
  const all: Uint8Array[] = [];
  for (const name of readdirSync(DIR).filter((f) => f.endsWith('.pcap'))) {
    all.push(...readCapture(readFileSync(new URL(name, DIR))).packets.map((p) => p.data));
  }
  return all;
}

/** Frames in a conversation, on average. */
const CONVERSATION = 20;

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
const anyFrame: fc.Arbitrary<Uint8Array> = fc.oneof(
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

function newNetwork(): Replayer {
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
function mutate(r: Random, frame: Uint8Array): Uint8Array {
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

/**
 * Feeds frames, with time passing and the host dialling in now and then; then lets everything end, and checks that
 * nothing is left.
 */
function run(seed: number, make: (r: Random, i: number) => Uint8Array): void {
  const net = newNetwork();
  const r = new Random(seed * SEED);
  const heap = process.memoryUsage().heapUsed;
  for (let i = 0; i < COUNT; i++) {
    const f = make(r, i);
    const began = performance.now();
    slirp_input(net.slirp, f, f.length);
    assert.ok(performance.now() - began < FRAME_MS_MAX, `frame ${i} hangs: ${Buffer.from(f).toString('hex')}`);
    if (r.next(4) === 0) {
      net.turn();
    }
    if (r.next(50) === 0) {
      net.host.now_ns += r.next(2000) * 1e6;
    }
    if (r.next(200) === 0) {
      net.host.dial(7080, 40000 + r.next(1000), 'hello');
    }
    if (net.sent.length > 1000) {
      net.sent.length = 0;
    }
  }
  net.settle();
  assert.ok(net.slirp.ipq.size <= 256 && net.slirp.ipq_bytes <= 4 << 20 && net.slirp.if_count <= 1024);
  assert.ok(net.slirp.tcb.count <= 8192 && net.slirp.udb.count <= 1024 && net.slirp.icmp.count <= 256);
  assert.ok(
    net.host.openFds.size <=
      2 + net.slirp.tcb.count + net.slirp.udb.count + net.slirp.udb_fast.count + net.slirp.icmp.count,
  );
  assert.ok(process.memoryUsage().heapUsed - heap < GROWTH_MAX, 'the heap grows');
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

describe('slirp: fuzz', function () {
  this.timeout(0);
  const frames = corpus();

  for (let seed = 1; seed <= 4; seed++) {
    it(`mutated frames of the recorded cases (seed ${seed})`, () => {
      // One after the other, so that a long run changes every one of them many times.
      run(seed, (r, i) => mutate(r, frames[((seed - 1) * COUNT + i) % frames.length]!));
    });
  }

  it('TCP segments with any flags, numbers near the right ones, any options', () => {
    let seq = 1000;
    run(77, (r) => {
      seq += r.next(3) === 0 ? r.next(3000) - 1000 : 0;
      return build.tcpFrame({
        sport: 4000 + r.next(8),
        dport: [7070, 7072, 7073, 9][r.next(4)]!,
        seq: seq + r.next(40),
        ack: r.next(2) === 0 ? 64002 + r.next(4) * 64000 + r.next(30) : r.next(0x7fffffff),
        flags: r.next(64),
        win: [0, 1, 1000, 65535][r.next(4)]!,
        urp: r.next(3) === 0 ? r.next(65536) : 0,
        opt: Uint8Array.from({ length: r.next(10) * 4 }, () => r.next(6)),
        data: new Uint8Array(r.next(4) === 0 ? r.next(1460) : r.next(8)),
      });
    });
  });

  it('short conversations of structured frames, each with a network of its own (fast-check)', () => {
    const runs = Math.ceil(COUNT / CONVERSATION);
    fc.assert(
      fc.property(fc.array(anyFrame, { minLength: 1, maxLength: 2 * CONVERSATION }), (conversation) => {
        const net = newNetwork();
        for (const f of conversation) {
          net.input(f);
        }
        net.advance(net.nowMs + 700);
        assert.ok(net.slirp.ipq.size + net.slirp.tcb.count + net.slirp.udb.count <= 2 * CONVERSATION);
        net.close();
        assert.equal(net.host.openFds.size + machine.sockets.fds.size, 0);
      }),
      { numRuns: runs, seed: SEED },
    );
  });

  it('random bytes behind each Ethernet type', () => {
    run(99, (r) => {
      const f = Uint8Array.from({ length: 14 + r.next(200) }, () => r.next(256));
      f.set(
        [
          [8, 6],
          [8, 0],
          [0x86, 0xdd],
          [0x88, 0xf8],
        ][r.next(4)]!,
        12,
      );
      f[14] = [0x45, 0x46, 0x60, 0x4f][r.next(4)]!;
      return build.fixChecksums(f);
    });
  });
});
