/** What the user network holds at most, that the oldest goes first and is counted; initial sequence numbers. */
import assert from 'node:assert/strict';
import { SlirpConfig, slirp_new } from '../../adapter/stack/slirp/slirp.ts';
import { machine } from '../../adapter/stack/softmmu/machine.ts';
import { qemu_random_seed } from '../../adapter/stack/util/random.ts';
import { ip4, tcpFrame } from '../kit/frames.ts';
import { ACK, FIN, type parseTcp, RST, SYN, TestNet } from './guest.ts';

const dropped = (reason: string): number => machine.drops.by_reason.get(reason) ?? 0;
const peers = (): TestNet =>
  new TestNet((o) => {
    o.tcpPeers = [
      [9, 'sink'],
      [10, 'close'],
    ];
  });

/** Opens connections to a port of the host, hundreds a turn. `each` gets the segments of a turn. */
function open(t: TestNet, dport: number, count: number, each: (s: NonNullable<ReturnType<typeof parseTcp>>) => void) {
  for (let i = 0; i < count; i++) {
    t.push(tcpFrame({ sport: 1 + i, dport, seq: 1000, flags: SYN }));
    if (i % 500 === 499 || i === count - 1) {
      t.net.settle();
      for (let segments = t.segments(); segments.length > 0; segments = t.segments()) {
        segments.forEach(each);
        t.net.settle();
      }
      t.net.sent.length = 0;
      t.forget();
    }
  }
}

describe('slirp: bounds', () => {
  it('8192 connections: the one that has been there longest is reset', () => {
    const t = peers();
    const reset: number[] = [];
    open(t, 9, 8192 + 3, (s) => {
      if (s.flags & RST) {
        reset.push(s.dport);
      } else if (s.flags & SYN) {
        t.push(tcpFrame({ sport: s.dport, dport: 9, seq: 1001, ack: (s.seq + 1) >>> 0, flags: ACK }));
      }
    });
    assert.equal(t.net.slirp.tcb.count, 8192);
    assert.deepEqual(reset, [1, 2, 3]);
    assert.equal(dropped('TCP_TOO_MANY'), 3);
    assert.equal(t.net.host.openFds.size, 8192, 'its host socket is closed');
  }).timeout(60_000);

  it('32768 in TIME_WAIT, which hold no socket of the host', () => {
    const t = peers();
    open(t, 10, 32768 + 2, (s) => {
      const seg = { sport: s.dport, dport: 10, ack: (s.seq + 1) >>> 0 };
      if (s.flags & SYN) {
        t.push(tcpFrame({ ...seg, seq: 1001, flags: ACK }));
      } else if (s.flags & FIN) {
        t.push(tcpFrame({ ...seg, seq: 1001, flags: FIN | ACK }));
      }
    });
    assert.equal(t.net.slirp.time_wait.count, 32768);
    assert.equal(dropped('TCP_TOO_MANY'), 2);
    assert.equal(t.net.host.openFds.size, 0);
  }).timeout(120_000);

  it('256 pings that are under way', () => {
    const t = peers();
    const echo = Buffer.from('0800f7fd00010001', 'hex');
    for (let i = 0; i < 300; i++) {
      t.push(ip4(1, echo, { dst: 0x7f000001 }));
    }
    assert.equal(t.net.slirp.icmp.count, 256);
    assert.equal(dropped('UDP_NO_SOCKET'), 44);
  });

  it('256 incomplete datagrams', () => {
    const t = peers();
    for (let id = 1; id <= 300; id++) {
      t.push(ip4(17, new Uint8Array(64), { id, frag: 0x2000 }));
    }
    assert.equal(t.net.slirp.ipq.size, 256);
    assert.equal(dropped('IP_FRAG_LIMIT'), 44);
  });

  it('512 KiB of memory for the segments of a connection that are out of order; they come again', () => {
    const t = peers();
    const c = t.connect(4000, 9);
    const data = Buffer.from('abcdefghijklmnopqrstuvwxyz'.repeat(40));
    for (let i = 1; i < 1000; i += 2) {
      t.push(c.segment(ACK, data.subarray(i, i + 1), i));
    }
    const late = (): Buffer => [...t.net.host.streams.values()].at(-1)!.bytes;
    assert.equal(dropped('TCP_REASS_FULL') > 0, true);
    const tp = t.net.slirp.tcb.head!.so_tcpcb!;
    assert.equal(tp.seg_bytes <= 512 * 1024 && tp.seg_bytes > 500 * 1024, true);
    t.send(c.segment(ACK, data));
    assert.equal(late().toString(), data.toString());
  });
});

describe('slirp: initial sequence numbers', () => {
  /** The first two of a network with this seed. */
  function numbers(seed: number, fixed: boolean): number[] {
    const t = new TestNet((o) => {
      o.tcpPeers = [[9, 'sink']];
      o.config.fixed_iss = fixed;
    });
    qemu_random_seed(seed);
    return [4000, 4001].map((port) => (t.connect(port, 9).rcv - 1) >>> 0);
  }

  it('count up as in libslirp where runs have to be equal, and are random else', () => {
    assert.deepEqual(numbers(1, true), numbers(2, true));
    assert.equal(numbers(1, true)[1]! - numbers(1, true)[0]!, 64000);
    const [a, b] = [numbers(1, false), numbers(2, false)];
    assert.equal(new Set([...a, ...b]).size, 4);
    assert.notEqual(a[1]! - a[0]!, 64000);
  });

  it('are random unless a network is told otherwise', () => {
    assert.equal(new SlirpConfig().fixed_iss, false);
    assert.equal(slirp_new(new SlirpConfig(), { send_packet: () => undefined }, {})?.fixed_iss, false);
  });
});
