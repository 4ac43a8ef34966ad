/** Echo to the outside goes through the system's ping program: a stand-in for it here, which says what it is told, and the real one where it may. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pings } from '../../adapter/host/pings.ts';
import { arpFrame, fixChecksums, GUEST_IP, ipFrame } from '../slirp/frames.ts';
import { DirectNet } from './direct-net.ts';

const LOOPBACK = 0x7f000001;
const OUTSIDE = 0xc0000201;

/** An echo request: identifier, sequence number, data. */
function echo(sequence: number, data: string): Uint8Array {
  return Buffer.concat([Buffer.from([8, 0, 0, 0, 0x12, 0x34, 0, sequence]), Buffer.from(data)]);
}

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
    home = mkdtempSync(join(tmpdir(), 'pktgdb-ping-'));
  });
  beforeEach(() => {
    net = new DirectNet();
    net.send(arpFrame(GUEST_IP));
  });
  afterEach(() => {
    net.stop();
    process.env['PATH'] = PATH;
  });
  after(() => rmSync(home, { recursive: true }));

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
  async function ask(dst: number, frame = ipFrame(1, echo(1, 'data of the guest'), dst)): Promise<Icmp | null> {
    net.send(frame);
    let answer: Icmp | null = null;
    const wait = async (): Promise<void> => {
      for (let i = 0; i < 100 && answer === null; i++) {
        await sleep(10);
      }
    };
    await net.during(wait(), (f) => {
      const b = Buffer.from(f);
      if (b[23] === 1) {
        assert.equal(Buffer.compare(fixChecksums(Uint8Array.from(b)), b), 0, 'its checksums are right');
        answer = { source: b.readUInt32BE(26), type: b[34]!, code: b[35]!, rest: b.subarray(38).toString('latin1') };
      }
    });
    return answer;
  }

  it('127.0.0.1 is the address that is asked, and the answer comes from it, with the data of the guest', async function () {
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
