/** Each refusal of a TCP segment has its own reason (RFC 9293, section 3.10.7), and what is given up is a frame. */
import assert from 'node:assert/strict';
import { ip_output, ip_stripoptions } from '../../adapter/stack/slirp/ip_output.ts';
import { M_ETH, M_IP, m_get, m_inc, type mbuf } from '../../adapter/stack/slirp/mbuf.ts';
import { machine } from '../../adapter/stack/softmmu/machine.ts';
import { GUEST_MAC, HOST_MAC, tcpFrame } from '../kit/frames.ts';
import { ACK, FIN, PSH, type Received, RST, SYN, TestNet } from './guest.ts';

const network = (): TestNet =>
  new TestNet((o) => {
    o.tcpPeers = [[9, 'sink']];
    o.hostfwd = [{ udp: false, port: 8080, guest: 0x0a00020f, guestPort: 80 }];
  });

/** The reasons for which packets are given up while `act` runs. */
function reasons(act: () => void): string[] {
  const before = new Map(machine.drops.by_reason);
  act();
  return [...machine.drops.by_reason].flatMap(([name, n]) => Array<string>(n - (before.get(name) ?? 0)).fill(name));
}

/** The SYN of a connection that the host opens, and the rest of the guest's segments for it. */
function dial(t: TestNet): { readonly syn: Received; readonly guest: { sport: number; dport: number } } {
  t.net.host.dial(8080, 30000, '');
  t.net.settle();
  const syn = t.segments().find((s) => s.flags === SYN)!;
  return { syn, guest: { sport: 80, dport: syn.sport } };
}

/** The flags of the segments that answer. */
const flags = (t: TestNet): number[] => t.segments().map((s) => s.flags);

describe('slirp: why a segment is given up', () => {
  it('TCP_NO_CONN: nobody knows the connection; the sender is reset', () => {
    const t = network();
    assert.deepEqual(
      reasons(() => t.send(tcpFrame({ sport: 4000, dport: 9, seq: 1, ack: 1, flags: ACK }))),
      ['TCP_NO_CONN'],
    );
    assert.deepEqual(flags(t), [RST]);
  });

  it('TCP_BAD_ACK: the answer to our SYN acknowledges something else; its sender is reset', () => {
    const t = network();
    const { syn, guest } = dial(t);
    assert.deepEqual(
      reasons(() => t.send(tcpFrame({ ...guest, seq: 5000, ack: syn.seq + 5, flags: SYN | ACK }))),
      ['TCP_BAD_ACK'],
    );
    assert.deepEqual(flags(t), [RST]);
  });

  it('TCP_BAD_RST: a reset in SYN_SENT that acknowledges nothing has no effect', () => {
    const t = network();
    const { syn, guest } = dial(t);
    assert.deepEqual(
      reasons(() => t.send(tcpFrame({ ...guest, seq: 5000, ack: 0, flags: RST }))),
      ['TCP_BAD_RST'],
    );
    assert.deepEqual(flags(t), []);
    assert.equal(t.net.slirp.tcb.count, 1);
    assert.deepEqual(
      reasons(() => t.send(tcpFrame({ ...guest, seq: 5000, ack: syn.seq + 1, flags: RST | ACK }))),
      [],
      'one that acknowledges the SYN refuses the connection',
    );
    assert.equal(t.net.slirp.tcb.count, 0);
  });

  it('TCP_NO_SYN: in SYN_SENT there is nothing to synchronize with', () => {
    const t = network();
    const { syn, guest } = dial(t);
    assert.deepEqual(
      reasons(() => t.send(tcpFrame({ ...guest, seq: 5000, ack: syn.seq + 1, flags: ACK }))),
      ['TCP_NO_SYN'],
    );
  });

  it('TCP_BAD_ACK: in SYN_RECEIVED too', () => {
    const t = network();
    t.frames();
    t.send(tcpFrame({ sport: 4000, dport: 9, seq: 1000, flags: SYN }));
    const [synack] = t.segments();
    assert.deepEqual(
      reasons(() => t.send(tcpFrame({ sport: 4000, dport: 9, seq: 1001, ack: synack!.seq + 9, flags: ACK }))),
      ['TCP_BAD_ACK'],
    );
    assert.deepEqual(flags(t), [RST]);
  });

  it('TCP_OUT_OF_WINDOW: beyond what the guest was offered; all but a reset is acknowledged', () => {
    const t = network();
    const c = t.connect(4000, 9);
    t.segments();
    for (const [f, answer] of [
      [ACK | PSH, [ACK]],
      [RST, []],
    ] as const) {
      assert.deepEqual(
        reasons(() => t.send(c.segment(f, 'far away', 1 << 20))),
        ['TCP_OUT_OF_WINDOW'],
      );
      assert.deepEqual(flags(t), answer);
    }
    assert.equal(t.net.slirp.tcb.count, 1);
  });

  it('TCP_BAD_SYN: a SYN in the window of an open connection resets it', () => {
    const t = network();
    const c = t.connect(4000, 9);
    t.segments();
    assert.deepEqual(
      reasons(() => t.send(c.segment(SYN, '', 100))),
      ['TCP_BAD_SYN'],
    );
    assert.equal(
      flags(t).every((f) => f & RST),
      true,
    );
    assert.equal(t.net.slirp.tcb.count, 0);
  });

  it('TCP_NO_ACK: data without an acknowledgement', () => {
    const t = network();
    const c = t.connect(4000, 9);
    assert.deepEqual(
      reasons(() => t.send(c.segment(PSH, 'data'))),
      ['TCP_NO_ACK'],
    );
  });

  it('TCP_ACK_UNSENT: it acknowledges what is still to come', () => {
    const t = network();
    const c = t.connect(4000, 9);
    t.segments();
    c.rcv += 100;
    assert.deepEqual(
      reasons(() => t.send(c.segment(ACK))),
      ['TCP_ACK_UNSENT'],
    );
    assert.deepEqual(flags(t), [ACK]);
  });

  it("TCP_AFTER_FIN: data behind the guest's own FIN", () => {
    const t = network();
    const c = t.connect(4000, 9);
    // In one turn, so that the host has not closed its side yet.
    t.push(c.segment(ACK | FIN));
    c.snd++;
    assert.deepEqual(
      reasons(() => t.push(c.segment(ACK | PSH, 'one more thing'))),
      ['TCP_AFTER_FIN'],
    );
    t.net.settle();
    // libslirp acknowledges it: test/vectors/DIFFERENCES.md.
    assert.ok(t.segments().every((s) => s.ack <= c.snd));
  });

  it('TCP_AFTER_CLOSE: new data in TIME_WAIT, when the host socket is closed; the sender is reset', () => {
    const t = network();
    const c = t.connect(4000, 9);
    t.net.host.closePeer([...t.net.host.streams.values()].at(-1)!);
    t.net.settle();
    c.ackAll();
    c.tx(ACK | FIN);
    t.segments();
    assert.equal(t.net.slirp.time_wait.count, 1);
    assert.deepEqual(
      reasons(() => t.send(c.segment(ACK | PSH, 'too late'))),
      ['TCP_AFTER_CLOSE'],
    );
    assert.deepEqual(flags(t), [RST]);
    assert.equal(t.net.slirp.time_wait.count, 0);
  });
});

describe('slirp: what is given up', () => {
  /** The bytes that `drop` is given. */
  const given = (m: mbuf): Buffer => {
    const from = m.m_eth >= 0 ? m.m_eth : m.m_ip;
    return Buffer.from(m.m_dat.subarray(from, m.m_data + m.m_len));
  };

  it('is the frame that came when IP options were taken out of it', () => {
    const { slirp } = network().net;
    const plain = tcpFrame({ sport: 1, dport: 2, seq: 3, flags: ACK, data: Buffer.from('payload') });
    const m = m_get(slirp);
    m.m_eth = M_ETH;
    m.m_ip = M_IP;
    m.m_dat.set(plain.subarray(0, 34), m.m_eth);
    m.m_dat[M_IP] = 0x47;
    m.m_dat.set(Uint8Array.of(1, 1, 1, 1, 1, 1, 1, 0), M_IP + 20);
    m.m_dat.set(plain.subarray(34), M_IP + 28);
    m.m_len = plain.length - 14 + 8;
    ip_stripoptions(m, 28);
    const frame = given(m);
    assert.deepEqual([...frame.subarray(0, 15)], [...HOST_MAC, ...GUEST_MAC, 8, 0, 0x45]);
    assert.equal(frame.length, plain.length);
    assert.deepEqual(frame.subarray(34), Buffer.from(plain.subarray(34)));
  });

  it('is an IP packet when it waited for the address of the guest in vain, whatever header it had before', () => {
    const t = network();
    const m = m_get(t.net.slirp);
    // An echo with options that is reflected begins behind where they were.
    m.m_data = M_IP + 8;
    m.m_eth = M_ETH + 8;
    m.m_len = 20;
    m.m_dat[m.m_data] = 0x45;
    m.m_dat.set([10, 0, 2, 99], m.m_data + 16);
    ip_output(null, m);
    assert.deepEqual(
      reasons(() => t.net.advance(t.net.nowMs + 3000)),
      ['ARP_TIMEOUT'],
    );
    assert.equal(m.m_eth, -1);
    assert.deepEqual([given(m).length, given(m)[0], ...given(m).subarray(16)], [20, 0x45, 10, 0, 2, 99]);
  });

  it('is a fragment that slirp made, from its IP header on', () => {
    const t = network();
    const m = m_get(t.net.slirp);
    m_inc(m, 3000);
    m.m_ip = M_IP;
    m.m_len = 3000;
    m.m_dat.set([10, 0, 2, 99], M_IP + 16);
    ip_output(null, m);
    const fragments = [...queued(t)];
    assert.deepEqual(
      fragments.map((f) => [f.m_ip, given(f).length, given(f)[0]]),
      [
        [M_IP, 1500, 0x45],
        [M_IP, 1500, 0x45],
        [M_IP, 40, 0x45],
      ],
    );
  });
});

/** The packets in the queue for bulk traffic. */
function* queued(t: TestNet): Generator<mbuf> {
  const queue = t.net.slirp.if_batchq;
  for (let q = queue.ifq_next; q !== queue; q = q.ifq_next) {
    yield q as mbuf;
  }
}
