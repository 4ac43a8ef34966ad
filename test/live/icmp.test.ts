/**
 * Echo to the outside goes through the system's ping program: a stand-in for it here, which says what it is told, and
 * the real one where it may.
 */
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Pings } from '../../adapter/host/pings.ts';
import { decode } from '../kit/decode.ts';
import { announce, bytes, icmp, LOOPBACK } from '../kit/frames.ts';
import { tempFolder } from '../kit/temp.ts';
import { soon } from '../kit/until.ts';
import { DirectNet } from './direct-net.ts';

const OUTSIDE = 0xc0000201;

interface Icmp {
  readonly source: number;
  readonly type: number;
  readonly code: number;
  readonly rest: string;
}

describe("pings of the outside through the system's ping", function () {
  this.timeout(30_000);
  const { PATH } = process.env;
  let home: string;
  let net: DirectNet;

  before(() => {
    home = tempFolder();
  });
  beforeEach(() => {
    net = new DirectNet();
    net.send(announce());
  });
  afterEach(() => {
    net.stop();
    process.env['PATH'] = PATH;
  });

  /** Makes a program `ping` that notes its arguments, says something and ends with a status. */
  function standIn(status: number, message: string): void {
    writeFileSync(
      join(home, 'ping'),
      `#!/bin/sh\nprintf "%s " "$@" > ${join(home, 'args')}\necho "${message}" >&2\nexit ${status}\n`,
    );
    chmodSync(join(home, 'ping'), 0o755);
    process.env['PATH'] = `${home}${delimiter}${PATH}`;
  }

  /** What the guest gets for an echo request; null: nothing within a while. */
  async function ask(
    dst: number,
    frame = icmp(8, 0, bytes('\x12\x34\0\x01'), 'data of the guest', { dst }),
  ): Promise<Icmp | null> {
    net.send(frame);
    let answer: Icmp | null = null;
    await net.during(
      soon(() => answer !== null, 1000),
      (f) => {
        const d = decode(f);
        if (d.ip && d.icmp) {
          assert.ok(d.ok, 'its checksums are right');
          const { type, code } = d.icmp;
          answer = { source: d.ip.src.readUInt32BE(0), type, code, rest: d.ip.payload.subarray(4).toString('latin1') };
        }
      },
    );
    return answer;
  }

  it('127.0.0.1 is asked, and the answer comes from it, with the data of the guest', async function () {
    if (process.platform === 'win32') {
      this.skip();
    }
    standIn(0, '');
    assert.deepEqual(await ask(LOOPBACK), {
      source: LOOPBACK,
      type: 0,
      code: 0,
      rest: '\x12\x34\0\x01data of the guest',
    });
    assert.match(readFileSync(join(home, 'args'), 'utf8'), /-s 17 127\.0\.0\.1 $/);
  });

  for (const [what, status, message, code] of [
    ['the network is unreachable', 2, 'ping: connect: Network is unreachable', 0],
    ['the host is unreachable', 2, 'ping: Host is unreachable', 1],
    ['ping may not send', 2, 'ping: socket: Operation not permitted', 0],
  ] as const) {
    it(`the guest is told that ${what}`, async function () {
      if (process.platform === 'win32') {
        this.skip();
      }
      standIn(status, message);
      const answer = await ask(OUTSIDE);
      assert.deepEqual([answer?.source, answer?.type, answer?.code], [0x0a000202, 3, code]);
    });
  }

  it('without an answer from outside there is none for the guest', async function () {
    if (process.platform === 'win32') {
      this.skip();
    }
    standIn(1, '');
    assert.equal(await ask(OUTSIDE), null);
  });

  it('without a ping program the guest is told so', async () => {
    process.env['PATH'] = join(home, 'nothing-here');
    const answer = await ask(OUTSIDE);
    assert.deepEqual([answer?.type, answer?.code], [3, 0]);
  });

  it("the real program, where there is one that may: this computer's loopback answers", async function () {
    const errno = await new Promise<string>((resolve) => new Pings().ping('127.0.0.1', 8, resolve));
    if (errno !== '') {
      this.skip();
    }
    assert.deepEqual([(await ask(LOOPBACK))?.source, (await ask(LOOPBACK))?.type], [LOOPBACK, 0]);
  });
});
