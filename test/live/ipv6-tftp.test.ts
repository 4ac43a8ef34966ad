/** IPv6 and TFTP with clients made here: the built-in guest speaks neither. The host's side is real. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { decode, type Tcp } from '../kit/decode.ts';
import { FaultyLink } from '../kit/faulty-link.ts';
import { ACK, announce, FIN, PSH, pattern as patternBytes, SYN, udp } from '../kit/frames.ts';
import { solicit, tcp6, udp6 } from '../kit/frames6.ts';
import { tempFolder } from '../kit/temp.ts';
import { DirectNet } from './direct-net.ts';

const pattern = (n: number): Buffer => Buffer.from(patternBytes(n));

/** A TCP segment over IPv6 to port `dport` with a right checksum, or undefined. */
function tcpOf(frame: Uint8Array, dport: number): Tcp | undefined {
  const d = decode(frame);
  return d.ok && d.ip?.version === 6 && d.tcp?.dport === dport ? d.tcp : undefined;
}

describe('ipv6 over real sockets', () => {
  let net: DirectNet;
  before(() => {
    net = new DirectNet((c) => {
      c.in6_enabled = true;
    });
    net.send(solicit());
  });
  after(() => net.stop());

  for (const [name, rate, total] of [
    ['on a clean link', 0, 300_000],
    ['when frames to the guest are lost, repeated, reordered and damaged', 25, 60_000],
  ] as const) {
    it(`a server's bytes arrive, and its answer's, ${name}`, async function () {
      this.timeout(30_000);
      const server = createServer({ allowHalfOpen: true }).listen(0, '::1');
      await once(server, 'listening');
      const received = once(server, 'connection').then(async ([s]) => {
        const socket = s as Socket;
        socket.end(pattern(total));
        const parts: Buffer[] = [];
        for await (const part of socket) {
          parts.push(part as Buffer);
        }
        return Buffer.concat(parts);
      });
      const dport = (server.address() as AddressInfo).port;
      const sport = 4000 + rate;
      const link = new FaultyLink(7, rate);
      net.send(tcp6(sport, dport, SYN, 1000, 0));
      const synack = await net.until((f) => tcpOf(f, sport));
      assert.equal(synack.flags, SYN | ACK);
      let rcv = (synack.seq + 1) >>> 0;
      const got: Buffer[] = [];
      const question = 'what do you have?';
      net.send(tcp6(sport, dport, ACK | PSH, 1001, rcv, { data: question }));
      const snd = 1001 + question.length;
      /** Segments that came early, by sequence number. */
      const early = new Map<number, Tcp>();
      await net.until((f) => {
        let end: true | undefined;
        link.pass(f, f.length, (frame, size) => {
          const s = tcpOf(frame.subarray(0, size), sport);
          if (s && (s.data.length > 0 || s.flags & FIN)) {
            early.set(s.seq, s);
          }
          for (let next = early.get(rcv); next && !end; next = early.get(rcv)) {
            got.push(Buffer.from(next.data));
            rcv = (rcv + next.data.length + (next.flags & FIN)) >>> 0;
            end = next.flags & FIN ? true : undefined;
          }
          net.send(tcp6(sport, dport, ACK, snd, rcv));
        });
        return end;
      });
      assert.ok(Buffer.concat(got).equals(pattern(total)));
      net.send(tcp6(sport, dport, ACK | FIN, snd, rcv));
      await net.until((f) => (tcpOf(f, sport)?.ack === snd + 1 ? true : undefined));
      assert.equal((await received).toString(), question);
      server.close();
    });
  }

  it('a datagram and its answer', async () => {
    const echo = createSocket('udp6');
    echo.on('message', (data, from) => echo.send(data, from.port, from.address));
    echo.bind(0, '::1');
    await once(echo, 'listening');
    net.send(udp6(4100, echo.address().port, 'hello'));
    const answer = await net.until((f) => decode(f).udp?.data.toString());
    assert.equal(answer, 'hello');
    echo.close();
  });
});

describe('tftp with files of the host', () => {
  const home = tempFolder();
  const file = pattern(100_000);
  let net: DirectNet;
  before(() => {
    mkdirSync(join(home, 'served/sub'), { recursive: true });
    writeFileSync(join(home, 'served/sub/kernel'), file);
    writeFileSync(join(home, 'secret'), 'not served');
    symlinkSync(join(home, 'secret'), join(home, 'served/link'));
    symlinkSync('kernel', join(home, 'served/sub/inner'));
    net = new DirectNet((c) => {
      c.tftp_path = join(home, 'served');
    });
    net.send(announce());
  });
  after(() => {
    net.stop();
  });

  /**
   * What a client gets for a name: the file, or the error's number and text. The client asks again as RFC 1350 says if
   * blocks are lost.
   */
  async function fetch(name: string, port: number, options = ''): Promise<Buffer | string> {
    const rrq = Buffer.concat([Buffer.from([0, 1]), Buffer.from(`${name}\0octet\0${options}`)]);
    net.send(udp(port, 69, rrq));
    const parts: Buffer[] = [];
    for (let size = 512; ; ) {
      const m = await net.until((f) => {
        const d = decode(f);
        return d.udp?.dport === port ? d.udp.data : undefined;
      });
      const opcode = m.readUInt16BE(0);
      if (opcode === 5) {
        return `${m.readUInt16BE(2)} ${m.subarray(4, -1).toString()}`;
      }
      if (opcode === 6) {
        size = Number(/blksize\0(\d+)/.exec(m.toString())?.[1] ?? size);
        net.send(udp(port, 69, Uint8Array.of(0, 4, 0, 0)));
        continue;
      }
      parts.push(Buffer.from(m.subarray(4)));
      net.send(udp(port, 69, Uint8Array.of(0, 4, m[2]!, m[3]!)));
      if (m.length < 4 + size) {
        return Buffer.concat(parts);
      }
    }
  }

  it('a file below the directory, with and without a block size', async () => {
    assert.ok(file.equals((await fetch('sub/kernel', 2000)) as Buffer));
    assert.ok(file.equals((await fetch('/sub/kernel', 2001, 'blksize\x001428\x00tsize\x000\x00')) as Buffer));
  });
  it('a link to a file inside', async () => {
    assert.ok(file.equals((await fetch('sub/inner', 2002)) as Buffer));
  });
  it('nothing outside: no link, no dots', async () => {
    assert.equal(await fetch('link', 2003), '1 File not found');
    assert.equal(await fetch('../secret', 2004), '2 Access violation');
    assert.equal(await fetch('sub/../../secret', 2005), '2 Access violation');
  });
  it('no directory, and no file that is not there', async () => {
    assert.equal(await fetch('sub', 2006), '1 File not found');
    assert.equal(await fetch('nothing', 2007), '1 File not found');
  });
});
