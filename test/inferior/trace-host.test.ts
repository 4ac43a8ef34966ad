import assert from 'node:assert/strict';
import { TraceHost } from '../../adapter/inferior/trace-host.ts';
import { PacketView } from '../../adapter/packets/packet-view.ts';
import { type PacketToWrite, writePcap } from '../../adapter/packets/pcap.ts';
import { formatSummary, summary } from '../../adapter/packets/summary.ts';
import { TcpIpView } from '../../adapter/packets/tcp-ip-view.ts';
import { type Input, SOCK_STREAM } from '../../adapter/stack/util/host.ts';
import { sockaddr_in } from '../../adapter/stack/util/sockets.ts';
import { HELLO, packetsOf } from '../packets/samples.ts';
import { Outside, planned } from '../replay/replay.ts';

const ARGS = ['pktgdb', '-netdev', 'user,id=n,hostfwd=tcp::5555-:5556', '-device', 'e1000,netdev=n'];
const ISS = 64001;

/** An input as a line; frames as summaries with raw sequence numbers. */
function line(i: Input): string {
  if (i.type === 'frame') {
    return `frame ${formatSummary(summary(new PacketView(i.data)))}`;
  }
  return 'fd' in i ? `${i.type} ${i.fd}` : i.type;
}

/** A frame of slirp in the capture with its numbers moved to `ISS`, cut to `keep` bytes of payload. */
function slirpFrame(number: number): Uint8Array {
  const f = Uint8Array.from(packetsOf('02-hello.pcap')[number - 1]!.data);
  const p = new TcpIpView(f).find();
  const seq = p.u32(p.tcp + 4) - 1280001 + ISS;
  new DataView(f.buffer).setUint32(p.tcp + 4, seq);
  return f;
}

function hello(): { host: TraceHost; outside: Outside; turn: () => string[] } {
  const outside = new Outside();
  const host = traceHost(packetsOf('02-hello.pcap'), outside);
  assert.equal(host.listen(10, SOCK_STREAM, sockaddr_in(0, 5555)).errno, '');
  return { host, outside, turn: () => host.poll(-1).map(line) };
}

function traceHost(packets: readonly PacketToWrite[], outside: Outside, argv = ARGS): TraceHost {
  return new TraceHost({ ...planned(writePcap(packets)), outside, argv });
}

/** slirp sends a frame, and it comes into the guest's ring. */
function arrive(host: TraceHost, frame: Uint8Array, size: number): void {
  host.frame(1, frame, size);
  host.received(frame, size);
}

/** Plays the hello experiment up to the guest's SYN, ACK. */
function upToSynAck(t: ReturnType<typeof hello>): void {
  t.turn();
  t.turn();
  arrive(t.host, slirpFrame(1), 60);
  t.turn();
  t.turn();
}

describe('playing a trace', () => {
  it('writes the files that the machine writes', () => {
    const { host, outside } = hello();
    host.write_file('/tmp/a.pcap', true, Uint8Array.of(0, 1, 2, 3), 1, 2);
    assert.deepEqual(outside.files.get('/tmp/a.pcap'), Buffer.of(1, 2));
  });

  it('gives the inputs of the capture at its times, with the acknowledgments moved to the new connection', () => {
    const t = hello();
    assert.deepEqual(t.turn(), ['frame 52:54:00:12:34:56 → Broadcast ARP 60 ARP Announcement for 10.0.2.15']);
    assert.equal(t.host.now_ns, 1.9e9);
    assert.deepEqual(t.turn(), ['accepted 11']);
    assert.equal(t.host.now_ns, 2e9);
    arrive(t.host, slirpFrame(1), 60);
    assert.deepEqual(t.turn(), ['frame 52:54:00:12:34:56 → Broadcast ARP 60 Who has 10.0.2.2? Tell 10.0.2.15']);
    assert.deepEqual(t.turn(), [
      'frame 10.0.2.15 → 10.0.2.2 TCP 60 5556 → 58676 [SYN, ACK] Seq=709762234 Ack=64002 Win=64240 Len=0 MSS=1460',
    ]);
    assert.equal(t.host.now_ns, 2e9 + 21428000);
    assert.deepEqual(t.turn(), ['data 11']);
    assert.deepEqual(t.turn(), ['eof 11']);
    arrive(t.host, slirpFrame(6), 71);
    arrive(t.host, slirpFrame(7), 60);
    assert.match(t.turn().join(), /\[ACK\] Seq=709762235 Ack=64019/);
    assert.match(t.turn().join(), /\[FIN, ACK\] Seq=709762235 Ack=64020/);
    assert.deepEqual(t.turn(), []);
    assert.deepEqual(t.turn(), ['quit']);
    assert.equal(t.outside.reports.at(-1), 'info: replay finished: 10 packets');
  });

  it('lets time pass only as far as the machine asks', () => {
    const t = hello();
    assert.deepEqual(t.host.poll(0), []);
    assert.equal(t.host.now_ns, 0);
    assert.deepEqual(t.host.poll(5e8), []);
    assert.equal(t.host.now_ns, 5e8);
  });

  it('waits for what a frame acknowledges, then acknowledges what there is, and the rest when it comes', () => {
    const t = hello();
    upToSynAck(t);
    t.turn();
    t.turn();
    assert.deepEqual(t.host.poll(-1), []); // frame 8 wants 18
    const since = t.host.now_ns;
    assert.match(t.turn().join(), /\[ACK\] Seq=709762235 Ack=64002/);
    assert.equal(t.host.now_ns, since + 1e8);
    arrive(t.host, slirpFrame(6), 71);
    assert.deepEqual(t.turn(), [
      'frame 10.0.2.15 → 10.0.2.2 TCP 60 5556 → 58676 [ACK] Seq=709762235 Ack=64019 Win=64223 Len=0',
    ]);
  });

  it('goes on as soon as the machine has sent what it waits for', () => {
    const t = hello();
    upToSynAck(t);
    t.turn();
    t.turn();
    assert.deepEqual(t.host.poll(-1), []);
    assert.deepEqual(t.host.poll(1e6), []);
    arrive(t.host, slirpFrame(6), 71);
    const now = t.host.now_ns;
    assert.match(t.turn().join(), /Ack=64019/);
    assert.equal(t.host.now_ns, now);
  });

  it('answers what the machine sends, and passes on what the user types', () => {
    const t = hello();
    t.host.send(11, new Uint8Array(5), 0, 5);
    assert.deepEqual(t.host.poll(0), [{ type: 'written', fd: 11, bytes: 5 }]);
    t.outside.poll = () => [{ type: 'monitor', id: 1, line: 'info usernet' }];
    assert.deepEqual(t.turn(), ['monitor']);
  });

  it('connects what the guest connects, and answers its UDP sockets', () => {
    const outside = new Outside();
    const host = traceHost(packetsOf('05-http.pcap').slice(0, 6), outside);
    const turn = () => host.poll(-1).map(line);
    turn();
    assert.match(turn().join(), /60570 → 43757 \[SYN\]/);
    host.connect(11);
    assert.deepEqual(turn(), ['connected 11']);

    const dns = packetsOf('02-hello.pcap').slice(0, 2);
    const packets = [HELLO.dns_query, HELLO.dns_answer].map((data, i) => ({ ...dns[i]!, data, len: data.length }));
    const udp = traceHost(packets, outside);
    udp.poll(-1);
    udp.poll(-1);
    udp.open(12);
    const [answer] = udp.poll(-1);
    assert.ok(
      answer?.type === 'datagram' && answer.fd === 12 && answer.data.length === 63 && answer.from.sin_port === 53,
    );
  });

  it('leaves out what the machine has no socket for, and says so', () => {
    const outside = new Outside();
    const host = traceHost(packetsOf('02-hello.pcap'), outside, ['pktgdb']);
    for (let i = 0; i < 50 && !host.poll(-1).some((x) => x.type === 'quit'); i++) {}
    assert.match(
      outside.reports.join('\n'),
      /info: replay: \d+ events of the host found no socket of the machine and were left out/,
    );
  });
});
