/**
 * TCP's rarer ways: simultaneous open, half close by the host, segment sizes, windows, retransmission until it gives
 * up, idle connections.
 */
import assert from 'node:assert/strict';
import { slirp_connection_info } from '../../adapter/stack/slirp/slirp.ts';
import { mss, tcpFrame } from '../kit/frames.ts';
import { ACK, FIN, PSH, SYN, TestNet, URG } from './guest.ts';

const HOUR = 3_600_000;

const network = (mtu = 0): TestNet =>
  new TestNet((o) => {
    o.tcpPeers = [[9, 'sink']];
    o.hostfwd = [{ udp: false, port: 8080, guest: 0x0a00020f, guestPort: 80 }];
    o.config.if_mtu = mtu;
    o.config.if_mru = mtu;
  });

/** The stream of the machine's newest connection. */
const stream = (t: TestNet) => [...t.net.host.streams.values()].at(-1)!;

/** The states that `info usernet` shows. */
const states = (t: TestNet): string[] =>
  [...slirp_connection_info(t.net.slirp).matchAll(/TCP\[(\w+)\]/g)]
    .map((m) => m[1]!)
    .filter((s) => s !== 'HOST_FORWARD');

describe('slirp: tcp states', () => {
  it('opens when both open at once: a SYN for a SYN is answered by SYN-ACK, as by libslirp', () => {
    const t = network();
    t.frames();
    const s = t.net.host.dial(8080, 30000, 'early')!;
    t.net.settle();
    const [syn] = t.segments();
    const guest = { sport: 80, dport: syn!.sport };
    t.send(tcpFrame({ ...guest, seq: 5000, flags: SYN, opt: mss(1460) }));
    const [synack] = t.segments();
    assert.deepEqual([synack!.flags, synack!.seq, synack!.ack], [SYN | ACK, syn!.seq, 5001]);
    assert.deepEqual(states(t), ['SYN_RCVD']);
    t.send(tcpFrame({ ...guest, seq: 5001, ack: syn!.seq + 1, flags: ACK }));
    const [data] = t.segments();
    assert.deepEqual([data!.flags, data!.seq, data!.data.toString()], [ACK | PSH, syn!.seq + 1, 'early']);
    assert.deepEqual(states(t), ['ESTABLISHED']);
    t.send(tcpFrame({ ...guest, seq: 5001, ack: syn!.seq + 6, flags: ACK, data: Buffer.from('answer') }));
    assert.equal(s.bytes.toString(), 'answer');
  });

  it('takes what the guest sends after the host has closed its side', () => {
    const t = network();
    const c = t.connect(4000, 9);
    const s = stream(t);
    t.net.host.inputs.push({ type: 'eof', fd: s.fd });
    t.net.settle();
    const fin = t.segments().find((x) => x.flags & FIN)!;
    c.rcv = (fin.seq + 1) >>> 0;
    c.tx(ACK);
    assert.deepEqual(states(t), ['FIN_WAIT_2']);
    c.tx(ACK | PSH, 'still here');
    assert.equal(s.bytes.toString(), 'still here');
    c.tx(ACK | FIN);
    assert.deepEqual(states(t), ['TIME_WAIT']);
  });

  it('acknowledges a FIN that comes again in TIME_WAIT, and forgets the connection after 10 seconds', () => {
    const t = network();
    const c = t.connect(4000, 9);
    t.net.host.closePeer(stream(t));
    t.net.settle();
    c.ackAll();
    const fin = c.segment(ACK | FIN);
    t.send(fin);
    t.segments();
    t.send(fin);
    assert.deepEqual(
      t.segments().map((x) => [x.flags, x.ack]),
      [[ACK, c.snd + 1]],
    );
    const start = t.net.nowMs;
    t.net.advance(start + 9000);
    assert.deepEqual(states(t), ['TIME_WAIT']);
    t.net.advance(start + 11_000);
    assert.deepEqual(states(t), []);
  });

  for (const [mtu, mss] of [
    [0, 1460],
    [1400, 1360],
    [576, 536],
  ] as const) {
    it(`offers segments of ${mss} bytes with an MTU of ${mtu || 'the default'}`, () => {
      const t = network(mtu);
      t.frames();
      t.send(tcpFrame({ sport: 4000, dport: 9, seq: 1000, flags: SYN }));
      const synack = Buffer.from(t.frames().at(-1)!.data);
      assert.deepEqual([synack[46]! >> 4, synack.readUInt16BE(54), synack.readUInt16BE(56)], [6, 0x0204, mss]);
    });
  }

  it("sends no more than the guest's window, and goes on when it opens", () => {
    const t = network();
    const c = t.connect(4000, 9);
    c.win = 1500;
    // A smaller window counts from a segment with a new number on (RFC 793, section 3.9).
    c.tx(ACK | PSH, 'less, ');
    c.tx(ACK | PSH, 'please');
    t.segments();
    t.net.host.write(stream(t), Buffer.alloc(5000, 'w'));
    t.net.settle();
    const sent = t.segments().reduce((n, x) => n + x.data.length, 0);
    assert.equal(sent, 1440, 'one segment; the rest would be a silly one');
    c.rcv = (c.rcv + 1440) >>> 0;
    c.win = 65535;
    c.tx(ACK);
    assert.equal(c.ackAll().length, 5000 - 1440);
  });

  it('sends unacknowledged data again after 1.5, 3, 6 and 12 seconds, then every 12, and gives up in the end', () => {
    const t = network();
    const c = t.connect(4000, 9);
    const s = stream(t);
    t.net.host.write(s, Buffer.from('anyone?'));
    t.net.settle();
    const start = t.net.nowMs;
    t.net.advance(start + 60_000);
    const tries = t.segments();
    assert.equal(
      tries.every((x) => x.data.toString() === 'anyone?' && x.seq === c.rcv),
      true,
    );
    assert.deepEqual(
      tries.map((x) => Math.round((x.ms - start) / 500) / 2),
      [0, 1.5, 4.5, 10.5, 22.5, 34.5, 46.5, 58.5],
    );
    t.net.advance(start + HOUR);
    const last = t.segments().at(-1)!;
    assert.equal(t.net.slirp.tcb.count, 0);
    assert.equal(s.gone, true, 'the host is told');
    assert.equal(last.ms - start < 15 * 60_000, true, `after ${Math.round((last.ms - start) / 1000)} s`);
  });

  it('leaves an idle connection alone for hours: keep-alive is off, as in libslirp', () => {
    const t = network();
    t.connect(4000, 9);
    t.segments();
    t.net.advance(t.net.nowMs + 5 * HOUR);
    assert.deepEqual(t.segments(), []);
    assert.deepEqual(states(t), ['ESTABLISHED']);
  });

  it('passes on what comes before, with and after urgent data', () => {
    const t = network();
    const c = t.connect(4000, 9);
    // A host without urgent data takes it in line, as Node's do.
    Object.assign(t.net.host, { send_oob: undefined });
    t.send(c.segment(ACK, 'before '));
    t.send(c.segment(ACK | URG, 'urgent! ', 7, 7));
    t.send(c.segment(ACK, 'after', 15));
    assert.equal(stream(t).bytes.toString(), 'before urgent! after');
  });
});
