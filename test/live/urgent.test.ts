/**
 * TCP's urgent data with a real peer that uses it (Python: Node cannot): what the guest sends arrives whole, in line.
 */
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { ACK, announce, FIN, PSH, SYN, tcpFrame, URG } from '../kit/frames.ts';
import { parseTcp, type Received } from '../slirp/guest.ts';
import { DirectNet } from './direct-net.ts';

/** A server that says its port, sends with and without MSG_OOB, and prints what comes until the end. */
const SERVER = `
import socket
s = socket.socket()
s.bind(('127.0.0.1', 0))
s.listen(1)
print(s.getsockname()[1], flush=True)
c, _ = s.accept()
c.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
for data, flags in ((b'one ', 0), (b'two!', socket.MSG_OOB), (b' three', 0)):
    c.send(data, flags)
c.shutdown(socket.SHUT_WR)
got = b''
while True:
    data = c.recv(65536)
    if not data:
        break
    got += data
print(got.decode(), flush=True)
`;

describe('urgent data', function () {
  this.timeout(30_000);
  let net: DirectNet;
  let server: ChildProcessWithoutNullStreams;

  before(function () {
    if (spawnSync('python3', ['--version']).status !== 0) {
      this.skip();
    }
    net = new DirectNet();
    net.send(announce());
    server = spawn('python3', ['-c', SERVER]);
  });
  after(() => net?.stop());

  it('of the guest arrives in line; of the host, all but the urgent byte that the kernel keeps back', async () => {
    const [first] = (await once(server.stdout, 'data')) as [Buffer];
    const rest = text(server.stdout);
    const dport = Number(first);
    const at = { sport: 4000, dport };
    const next = (): Promise<Received> => net.until((f) => parseTcp(f, 0) ?? undefined);
    net.send(tcpFrame({ ...at, seq: 1000, flags: SYN }));
    const synack = await next();
    let rcv = (synack.seq + 1) >>> 0;
    net.send(tcpFrame({ ...at, seq: 1001, ack: rcv, flags: ACK }));
    const parts: readonly (readonly [string, number])[] = [
      ['before ', 0],
      ['urgent!', URG],
      [' after', PSH],
    ];
    let seq = 1001;
    for (const [data, flags] of parts) {
      net.send(tcpFrame({ ...at, seq, ack: rcv, flags: ACK | flags, urp: data.length, data: Buffer.from(data) }));
      seq += data.length;
    }
    let got = '';
    for (let end = false; !end; ) {
      const s = await next();
      if (s.seq === rcv && (s.data.length > 0 || s.flags & FIN)) {
        got += s.data.toString();
        end = (s.flags & FIN) !== 0;
        rcv = (rcv + s.data.length + (s.flags & FIN)) >>> 0;
        net.send(tcpFrame({ ...at, seq, ack: rcv, flags: ACK }));
      }
    }
    // Only now: once both ends have closed, Node takes a read that stopped at the urgent byte for the last one.
    net.send(tcpFrame({ ...at, seq, ack: rcv, flags: ACK | FIN }));
    assert.equal((await rest).trim(), 'before urgent! after');
    // Linux takes the byte that MSG_OOB marks, the last one, out of the stream; other systems may leave it in.
    assert.match(got, /^one two!? three$/);
  });
});
