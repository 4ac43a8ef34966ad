/**
 * TFTP with the system's own clients: a gateway of the test turns their datagrams into frames of a guest, over a link
 * that may be bad.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from '../kit/decode.ts';
import { FaultyLink } from '../kit/faulty-link.ts';
import { announce, udp } from '../kit/frames.ts';
import { scattered } from '../kit/random.ts';
import { tempFolder } from '../kit/temp.ts';
import { DirectNet } from './direct-net.ts';

const TFTP_PORT = 69;
/** The first port of the guest that stands for a client. */
const FIRST_PORT = 20_000;

const installed = (program: string, arg: string): boolean => spawnSync(program, [arg]).error === undefined;

/**
 * Runs a client against the network's TFTP server through a UDP port of the host; `rate`: one frame in so many suffers
 * each fault.
 */
async function transfer(
  dir: string,
  rate: number,
  client: (port: number) => { program: string; args: string[]; input: string },
) {
  const net = new DirectNet((c) => {
    c.tftp_path = dir;
  });
  net.send(announce());
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const [toSlirp, toGuest] = [new FaultyLink(11, rate), new FaultyLink(12, rate)];
  const clients: RemoteInfo[] = [];
  socket.on('message', (data, from) => {
    let at = clients.findIndex((c) => c.port === from.port);
    at = at < 0 ? clients.push(from) - 1 : at;
    const frame = udp(FIRST_PORT + at, TFTP_PORT, data);
    toSlirp.pass(frame, frame.length, (f, size) => net.send(f.slice(0, size)));
  });
  const { program, args, input } = client(socket.address().port);
  const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'inherit'] });
  child.stdin.end(input);
  const [status] = await net.during(once(child, 'close'), (frame) =>
    toGuest.pass(frame, frame.length, (f, size) => {
      const d = decode(f.subarray(0, size));
      const to = d.udp && clients[d.udp.dport - FIRST_PORT];
      if (d.ok && d.udp && to) {
        socket.send(d.udp.data, to.port, to.address);
      }
    }),
  );
  socket.close();
  net.stop();
  return { status: status as number, faults: toSlirp.faults + toGuest.faults };
}

describe("tftp with the system's clients", function () {
  this.timeout(60_000);
  let home: string;
  before(() => {
    home = tempFolder();
    // Its last block is an empty one.
    writeFileSync(join(home, 'kernel'), scattered(512 * 80));
  });
  const same = (): void => assert.ok(readFileSync(join(home, 'got')).equals(readFileSync(join(home, 'kernel'))));

  for (const [link, rate] of [
    ['a clean link', 0],
    ['a link that loses, repeats, reorders and damages frames', 60],
  ] as const) {
    it(`tftp gets a file over ${link}`, async function () {
      if (!installed('tftp', '--version')) {
        this.skip();
      }
      const r = await transfer(home, rate, (port) => ({
        program: 'tftp',
        args: ['127.0.0.1', String(port)],
        input: `binary\nrexmt 1\ntimeout 20\nget kernel ${join(home, 'got')}\nquit\n`,
      }));
      assert.equal(r.status, 0);
      assert.ok(rate === 0 || r.faults > 3, `${r.faults} faults`);
      same();
    });
  }

  it('curl gets a file, with block size and file size negotiated', async function () {
    if (!/tftp/.test(spawnSync('curl', ['--version']).stdout?.toString() ?? '')) {
      this.skip();
    }
    const r = await transfer(home, 0, (port) => ({
      program: 'curl',
      args: ['-s', '--tftp-blksize', '1428', '-o', join(home, 'got'), `tftp://127.0.0.1:${port}/kernel`],
      input: '',
    }));
    assert.equal(r.status, 0);
    same();
  });

  it('curl is told that a file is not there', async function () {
    if (!/tftp/.test(spawnSync('curl', ['--version']).stdout?.toString() ?? '')) {
      this.skip();
    }
    const r = await transfer(home, 0, (port) => ({
      program: 'curl',
      args: ['-s', '-o', join(home, 'nothing'), `tftp://127.0.0.1:${port}/no-such-file`],
      input: '',
    }));
    assert.equal(r.status, 68, "curl's status for a file that the server does not have");
  });
});
