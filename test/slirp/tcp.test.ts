/** TCP as a guest sees it: order, loss, windows, closing, and what happens when the host fails. */
import assert from 'node:assert/strict';
import { slirp_close_socket, slirp_connection_info, slirp_socket_info } from '../../adapter/stack/slirp/slirp.ts';
import { machine } from '../../adapter/stack/softmmu/machine.ts';
import { ip4, tcpFrame } from '../kit/frames.ts';
import { ACK, FIN, PSH, RST, SYN, TestNet, URG } from './guest.ts';

const echo = (): TestNet =>
  new TestNet((o) => {
    o.tcpPeers = [
      [7, 'echo'],
      [9, 'sink'],
    ];
  });

const forwarded = (): TestNet =>
  new TestNet((o) => {
    o.hostfwd = [{ udp: false, port: 8080, guest: 0x0a00020f, guestPort: 80 }];
  });

/** The stream of the machine's only connection to a peer. */
const stream = (t: TestNet) => [...t.net.host.streams.values()].at(-1)!;

describe('slirp: tcp', () => {
  it('puts segments in order, trims what overlaps, and acknowledges each one out of order', () => {
    const t = echo();
    const c = t.connect(4000, 9);
    t.segments();
    t.send(c.segment(ACK, 'ghi', 6));
    t.send(c.segment(ACK, 'efgh', 4));
    const acks = t.segments();
    assert.deepEqual(
      acks.map((s) => [s.flags, s.ack - c.snd]),
      [
        [ACK, 0],
        [ACK, 0],
      ],
    );
    t.send(c.segment(ACK, 'abcde', 0));
    assert.equal(stream(t).bytes.toString(), 'abcdefghi');
    assert.equal(t.segments().at(-1)!.ack - c.snd, 9);
    t.send(c.segment(ACK | PSH, 'abcde', 0));
    assert.equal(t.segments().at(-1)!.ack - c.snd, 9, 'a duplicate is acknowledged again');
    assert.equal(stream(t).bytes.toString(), 'abcdefghi');
  });

  it('closes a connection by its file descriptor, which resets the guest, and says what its packets have', () => {
    const t = echo();
    const c = t.connect(4000, 9);
    t.segments();
    const [, fd = '', ...ends] = /^ +(\d+) +(\S+) +(\d+) +(\S+) +(\d+)$/m.exec(slirp_socket_info(t.net.slirp)) ?? [];
    assert.deepEqual(ends.slice(0, 2).concat(ends[3]!), ['10.0.2.15', '4000', '9']);
    assert.equal(slirp_close_socket(t.net.slirp, Number(fd)), true);
    t.net.settle();
    assert.ok(t.segments().some((s) => (s.flags & RST) !== 0 && s.seq === c.rcv));
    assert.equal(slirp_close_socket(t.net.slirp, Number(fd)), false);
    assert.doesNotMatch(slirp_connection_info(t.net.slirp), /ESTABLISHED/);
  });

  it('resets without data, whatever there is still to send (RFC 9293, 3.10.4)', () => {
    const t = echo();
    t.connect(4000, 9);
    t.net.host.write(stream(t), Buffer.alloc(50_000, 'm'));
    t.net.settle();
    t.segments();
    const [, fd = ''] = /^ +(\d+) /m.exec(slirp_socket_info(t.net.slirp)) ?? [];
    assert.equal(slirp_close_socket(t.net.slirp, Number(fd)), true);
    t.net.settle();
    const resets = t.segments().filter((s) => (s.flags & RST) !== 0);
    assert.deepEqual(
      resets.map((s) => s.data.length),
      [0],
    );
  });

  it('takes a FIN that came before the data in front of it', () => {
    const t = echo();
    const c = t.connect(4000, 9);
    t.send(c.segment(ACK | FIN, 'two', 3));
    assert.equal(stream(t).ended, false);
    t.send(c.segment(ACK, 'one', 0));
    assert.equal(stream(t).bytes.toString(), 'onetwo');
    assert.equal(stream(t).ended, true);
    assert.equal(
      t.segments().some((s) => s.ack - c.snd === 7),
      true,
    );
  });

  it('sends a lost segment again after three duplicate acknowledgements', () => {
    const t = echo();
    const c = t.connect(4000, 9);
    const s = stream(t);
    const data = Buffer.alloc(60000, 'x');
    t.net.host.write(s, data);
    t.net.settle();
    assert.equal(c.ackAll().equals(data), true);
    t.net.host.write(s, Buffer.alloc(20000, 'y'));
    t.net.settle();
    const burst = t.segments().filter((x) => x.data.length > 0);
    assert.equal(burst[0]!.seq, c.rcv);
    for (let i = 0; i < 3; i++) {
      t.send(c.segment(ACK));
    }
    const again = t.segments().filter((x) => x.data.length > 0);
    assert.equal(again[0]!.seq, c.rcv, 'the first one comes again, before its timer');
  });

  it('probes a closed window with one byte after 5, 10, 15 and 23 seconds', () => {
    const t = echo();
    const c = t.connect(4000, 9);
    t.net.host.write(stream(t), Buffer.from('x'));
    t.net.settle();
    c.win = 0;
    assert.equal(c.ackAll().toString(), 'x');
    t.net.host.write(stream(t), Buffer.from('waiting'));
    t.net.settle();
    assert.deepEqual(t.segments(), []);
    const start = t.net.nowMs;
    t.net.advance(start + 24000);
    const probes = t.segments();
    assert.deepEqual(
      probes.map((p) => [p.data.toString(), Math.round((p.ms - start) / 1000)]),
      [5, 10, 15, 23].map((s) => ['w', s]),
    );
    c.win = 65535;
    c.tx(ACK);
    assert.equal(c.ackAll().toString(), 'waiting');
  });

  it('closes its window when the host does not take the data, and opens it again', () => {
    const t = echo();
    const c = t.connect(4000, 9);
    const s = stream(t);
    t.net.host.draining = false;
    const block = Buffer.from(Array.from({ length: 1460 }, (_, i) => i & 255));
    let sent = 0;
    let win = 65535;
    while (win >= 1460 && sent < 3000) {
      c.tx(ACK, block);
      sent++;
      win = t.segments().at(-1)!.win;
    }
    assert.equal(win < 1460, true, 'the window closes');
    assert.equal(sent * 1460 > 1 << 20, true, 'what is under way and the buffer are full');
    t.net.host.draining = true;
    const inflight = machine.sockets.fds.get(s.fd)!.tx_inflight;
    t.net.host.inputs.push({ type: 'written', fd: s.fd, bytes: inflight });
    t.net.settle();
    assert.equal(t.segments().at(-1)!.win, 65535, 'a window update tells the guest');
    assert.equal(s.bytes.length, sent * 1460);
    assert.equal(s.bytes.equals(Buffer.concat(Array.from({ length: sent }, () => block))), true);
  });

  it('opens its window when the host has taken a part and the rest goes out at the end of a turn', () => {
    const t = echo();
    const c = t.connect(4000, 9);
    const s = stream(t);
    t.net.host.draining = false;
    const block = Buffer.alloc(1460, 'x');
    const sendDownTo = (least: number): void => {
      for (let win = 65535; win >= least; ) {
        c.push(ACK, block);
        win = t.segments().at(-1)!.win;
      }
    };
    sendDownTo(3 * 1460);
    // Fewer bytes than raise POLLOUT, but enough for what waits and the two segments that come now.
    t.net.host.inputs.push({ type: 'written', fd: s.fd, bytes: 200_000 });
    t.net.settle();
    sendDownTo(1460);
    t.net.settle();
    assert.equal(t.segments().at(-1)?.win, 65535, 'a window update tells the guest');
  });

  it('writes the segments of a turn to the host in one piece', () => {
    const t = echo();
    const c = t.connect(4000, 9);
    const before = t.net.host.sends;
    for (let i = 0; i < 30; i++) {
      t.push(c.segment(ACK, Buffer.alloc(1000, 65 + (i % 26)), i * 1000));
    }
    t.net.settle();
    assert.equal(t.net.host.sends - before, 1);
    assert.equal(stream(t).bytes.length, 30000);
    assert.equal(t.segments().length, 30, 'each is acknowledged');
  });

  it('lets the host send on after the guest has closed its side', () => {
    const t = new TestNet((o) => {
      o.tcpPeers = [[9, 'sink']];
    });
    const c = t.connect(4000, 9);
    const s = stream(t);
    s.keepsOpen = true;
    c.tx(ACK | FIN);
    t.net.host.write(s, Buffer.from('more from the host'));
    t.net.settle();
    assert.equal(c.ackAll().toString(), 'more from the host');
  });

  it('goes through TIME_WAIT when both close at once, and gives everything back', () => {
    const t = echo();
    const c = t.connect(4000, 9);
    const s = stream(t);
    t.net.host.closePeer(s);
    t.net.settle();
    const fin = t.segments().find((x) => x.flags & FIN)!;
    // The guest's FIN crosses ours: it does not acknowledge it yet.
    c.tx(ACK | FIN);
    assert.match(slirp_connection_info(t.net.slirp), /TCP\[CLOSING\]/);
    c.rcv = (fin.seq + 1) >>> 0;
    c.tx(ACK);
    assert.match(slirp_connection_info(t.net.slirp), /TCP\[TIME_WAIT\]/);
    assert.equal(s.gone, true, 'the host socket is closed already');
    t.net.advance(t.net.nowMs + 11000);
    assert.doesNotMatch(slirp_connection_info(t.net.slirp), /TIME_WAIT/);
    assert.equal(t.net.host.openFds.size, 0);
  });

  it('takes a new connection with the ports of one in TIME_WAIT', () => {
    const t = echo();
    const c = t.connect(4000, 9);
    t.net.host.closePeer(stream(t));
    t.net.settle();
    c.ackAll();
    c.tx(ACK | FIN);
    assert.match(slirp_connection_info(t.net.slirp), /TCP\[TIME_WAIT\]/);
    t.segments();
    t.send(tcpFrame({ sport: 4000, dport: 9, seq: 900000, flags: SYN }));
    assert.equal(t.segments().at(-1)!.flags, SYN | ACK);
  });

  it('takes a SYN in the window of a connection in TIME_WAIT for a wrong one, as libslirp does', () => {
    const t = echo();
    const c = t.connect(4000, 9);
    t.net.host.closePeer(stream(t));
    t.net.settle();
    c.ackAll();
    c.tx(ACK | FIN);
    t.segments();
    t.send(tcpFrame({ sport: 4000, dport: 9, seq: 90000, flags: SYN }));
    assert.equal(t.segments().at(-1)!.flags, RST | ACK);
    assert.doesNotMatch(slirp_connection_info(t.net.slirp), /TIME_WAIT/);
  });

  it('answers a segment without a connection with a reset, TTL 255 and window 0', () => {
    const t = echo();
    t.send(tcpFrame({ sport: 4000, dport: 9, seq: 1, ack: 777, flags: ACK }));
    t.send(tcpFrame({ sport: 4000, dport: 9, seq: 10, flags: SYN | FIN }));
    const [a, b] = t.segments();
    assert.deepEqual([a!.flags, a!.seq, a!.win, a!.ttl], [RST, 777, 0, 255]);
    assert.deepEqual([b!.flags, b!.seq, b!.ack], [RST | ACK, 0, 11]);
  });

  it('tells the guest by ICMP when the host has no route', () => {
    const t = echo();
    t.send(tcpFrame({ sport: 4000, dport: 9, seq: 1, flags: SYN, dst: 0x08080808 }));
    const f = t.frames().at(-1)!.data;
    assert.deepEqual([f[23], f[34], f[35]], [1, 3, 0]);
    assert.equal(t.net.slirp.tcb.count, 0);
  });

  it('resets the guest when the host resets', () => {
    const t = echo();
    t.connect(4000, 9);
    t.segments();
    t.net.host.resetPeer(stream(t));
    t.net.settle();
    assert.equal(t.segments().at(-1)!.flags & RST, RST);
    assert.equal(t.net.slirp.tcb.count, 0);
  });

  it('passes on what came before a reset of the host', () => {
    const t = echo();
    t.connect(4000, 9);
    t.segments();
    const s = stream(t);
    t.net.host.write(s, Buffer.from('last words'));
    t.net.host.resetPeer(s);
    t.net.settle();
    const got = t.segments();
    assert.equal(got[0]!.data.toString(), 'last words');
    assert.equal(got.at(-1)!.flags & RST, RST);
  });

  it('honours a small segment size, in both directions of opening', () => {
    const t = echo();
    const c = t.connect(4000, 9, Uint8Array.of(2, 4, 2, 0x18));
    t.net.host.write(stream(t), Buffer.alloc(4000, 'm'));
    t.net.settle();
    assert.deepEqual(t.segments().filter((s) => s.data.length > 0)[0]!.data.length, 0x218);
    assert.equal(c.sport, 4000);
  });

  it('accepts all connections that wait, one in a turn, and shows the gateway as their source', () => {
    const t = forwarded();
    t.frames();
    for (let i = 0; i < 200; i++) {
      t.net.host.dial(8080, 30000 + i, '');
    }
    t.net.turn();
    const syns = t.segments();
    assert.equal(syns.length, 1, 'the guest gets time between them');
    for (let i = 1; i < 200; i++) {
      t.net.turn();
    }
    syns.push(...t.segments());
    assert.equal(syns.length, 200);
    assert.equal(
      syns.every((s) => s.flags === SYN && s.dport === 80),
      true,
    );
    const rows = slirp_connection_info(t.net.slirp).split('\n');
    assert.equal(rows[0], '  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ');
    assert.match(rows[1]!, /^ {2}TCP\[SYN_SENT\] +\d+ +127\.0\.0\.1 +8080 +10\.0\.2\.15 +80 +0 +0$/);
    assert.match(rows.join('\n'), / {2}TCP\[HOST_FORWARD\] +\d+ +127\.0\.0\.1 +8080 +10\.0\.2\.15 +80/);
  });

  it('gives a forwarded connection up after 75 seconds without an answer', () => {
    const t = forwarded();
    t.frames();
    const s = t.net.host.dial(8080, 30000, 'hello')!;
    t.net.settle();
    t.net.advance(t.net.nowMs + 76000);
    assert.deepEqual(
      t.segments().map((x) => [x.flags, Math.round(x.ms / 1000)]),
      [0, 6, 18, 30, 42, 54, 66].map((sec) => [SYN, sec]),
    );
    assert.equal(s.gone, true);
  });

  it('passes data both ways through a forwarded port, and the close', () => {
    const t = forwarded();
    t.frames();
    const s = t.net.host.dial(8080, 30000, 'request')!;
    t.net.settle();
    const c = t.accept(t.segments()[0]!);
    assert.equal(c.ackAll().toString(), 'request');
    c.tx(ACK | PSH, 'response');
    c.tx(ACK | FIN);
    assert.equal(s.bytes.toString(), 'response');
    assert.equal(s.ended, true);
    c.ackAll();
    assert.equal(t.net.slirp.tcb.count, 0);
  });

  it('sends urgent data up to its pointer, never more than there is', () => {
    const t = echo();
    const c = t.connect(4000, 7);
    for (const urp of [1, 3, 5, 6, 1000, 65535]) {
      t.send(c.segment(ACK | URG, 'abcde', 0, urp));
      c.snd += 5;
    }
    c.ackAll();
    assert.equal(stream(t).bytes.length <= 30, true);
  });

  it('survives options that make no sense', () => {
    const t = echo();
    const bad = [
      [2, 0, 0, 0],
      [2, 255, 1, 1],
      [3, 1, 0, 0],
      [2, 4, 0, 0],
      [1, 1, 1, 2],
      [2, 4, 255, 255],
    ];
    for (const [i, options] of bad.entries()) {
      const c = t.connect(5000 + i, 7, Uint8Array.from(options));
      c.tx(ACK, 'echo');
      assert.equal(c.ackAll().toString(), 'echo', `options ${options}`);
    }
    for (const off of [0, 1, 4, 15]) {
      const f = tcpFrame({ sport: 6000, dport: 7, seq: 1, flags: SYN });
      f[46] = off << 4;
      t.send(ip4(6, f.subarray(34)));
    }
    assert.deepEqual(t.segments(), []);
  });
});
