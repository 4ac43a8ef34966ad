/** Whatever a guest sends: no exception, no hang, no growth. Frames are mutated from the recorded cases, or built at random with right checksums. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { read_pcap } from '../../adapter/packets/pcap.ts';
import { slirp_input } from '../../adapter/stack/slirp/slirp.ts';
import { machine } from '../../adapter/stack/softmmu/machine.ts';
import { Replayer, ReplayOptions } from '../tools/slirp-replayer.ts';
import { fixChecksums, tcpFrame } from './frames.ts';

const DIR = new URL('../vectors/slirp/', import.meta.url);

/** Frames of each kind of run; SLIRP_FUZZ raises it. */
const COUNT = Number(process.env['SLIRP_FUZZ'] ?? 4000);

/** A small generator with a fixed seed, so that a failure can be repeated. */
class Random {
  private x: number;
  constructor(seed: number) {
    this.x = seed;
  }
  next(n: number): number {
    this.x ^= this.x << 13;
    this.x ^= this.x >>> 17;
    this.x ^= this.x << 5;
    return (this.x >>> 0) % n;
  }
}

/** The guest's frames of all recorded cases. */
function corpus(): Uint8Array[] {
  const all: Uint8Array[] = [];
  for (const name of readdirSync(DIR).filter((f) => f.endsWith('.pcap'))) {
    const frames = read_pcap(readFileSync(new URL(name, DIR))).packets.map((p) => p.data);
    all.push(...frames.slice(0, 40));
  }
  return all;
}

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
  return r.next(4) === 0 ? f : fixChecksums(f);
}

/** Feeds frames, with time passing and the host dialling in now and then; then lets everything end, and checks that nothing is left. */
function run(seed: number, make: (r: Random) => Uint8Array): void {
  const net = newNetwork();
  const r = new Random(seed);
  for (let i = 0; i < COUNT; i++) {
    const f = make(r);
    slirp_input(net.slirp, f, f.length);
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
  assert.ok(net.slirp.ipq.size <= 256);
  assert.ok(net.slirp.tcb.count <= 8192 && net.slirp.udb.count <= 1024 && net.slirp.icmp.count <= 256);
  assert.ok(
    net.host.open_fds.size <=
      2 + net.slirp.tcb.count + net.slirp.udb.count + net.slirp.udb_fast.count + net.slirp.icmp.count,
  );
  net.advance(net.now_ms + 3_000_000);
  assert.equal(net.slirp.ipq.size, 0, 'incomplete datagrams are given up');
  assert.equal(net.slirp.ipq_bytes, 0);
  assert.equal(net.slirp.udb.count + net.slirp.udb_fast.count + net.slirp.icmp.count, 0, 'flows expire');
  assert.equal(net.slirp.if_count, 0, 'nothing waits for a MAC address');
  assert.equal(net.slirp.time_wait.count, 0, 'TIME_WAIT ends');
  net.close();
  assert.equal(net.host.open_fds.size, 0, 'every descriptor is closed');
  assert.equal(machine.sockets.fds.size, 0);
}

describe('slirp: fuzz', function () {
  this.timeout(0);
  const frames = corpus();

  for (let seed = 1; seed <= 4; seed++) {
    it(`mutated frames of the recorded cases (seed ${seed})`, () => {
      run(seed, (r) => mutate(r, frames[r.next(frames.length)]!));
    });
  }

  it('TCP segments with any flags, numbers near the right ones, any options', () => {
    let seq = 1000;
    run(77, (r) => {
      seq += r.next(3) === 0 ? r.next(3000) - 1000 : 0;
      return tcpFrame({
        sport: 4000 + r.next(8),
        dport: [7070, 7072, 7073, 9][r.next(4)]!,
        seq: seq + r.next(40),
        ack: r.next(2) === 0 ? 64002 + r.next(4) * 64000 + r.next(30) : r.next(0x7fffffff),
        flags: r.next(64),
        win: [0, 1, 1000, 65535][r.next(4)]!,
        urp: r.next(3) === 0 ? r.next(65536) : 0,
        options: Uint8Array.from({ length: r.next(10) * 4 }, () => r.next(6)),
        data: new Uint8Array(r.next(4) === 0 ? r.next(1460) : r.next(8)),
      });
    });
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
      return fixChecksums(f);
    });
  });
});
