/** A computer that sleeps in the middle of a session, and a time of day that jumps: nothing on its way is lost. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { PKTGDB } from '../kit/paths.ts';
import { scattered } from '../kit/random.ts';
import { tempFolder } from '../kit/temp.ts';
import { until, watch } from '../kit/until.ts';

const BYTES = 1 << 20;
/** Longer than the shortest times after which TCP sends again, on either side. */
const ASLEEP_MS = 2500;
const AWAKE_MS = 20;
const SLEEPS = 2;
/** What the guest prints, not the line that was typed. */
const TAKEN = /\ntaken/;
const MACHINE = ['-netdev', 'user,id=n0,hostfwd=tcp:127.0.0.1:0-:5556', '-device', 'e1000,netdev=n0'];

/** Read anew at each call, the time of day is any between 1970 and 2100, in all threads. */
const JUMPING = `
let n = 1;
Date.now = () => { n = (n * 48271) % 2147483647; return n * 1911; };
globalThis.Date = class extends Date { constructor(...a) { super(...(a.length === 0 ? [Date.now()] : a)); } };
`;

describe('a computer that sleeps', function () {
  this.timeout(400_000);
  const folder = tempFolder();
  let child: ChildProcess;
  let output = '';
  let errors = '';

  afterEach(() => child.kill('SIGKILL'));

  function start(...args: string[]): void {
    output = '';
    errors = '';
    child = spawn(process.execPath, [...args, PKTGDB, '-q', '-nx', '-ex', 'run &', '--', ...MACHINE]);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
  }

  const command = (line: string): boolean | undefined => child.stdin?.write(`${line}\n`);
  const printed = (text: string | RegExp): Promise<void> =>
    until(() => (typeof text === 'string' ? output.includes(text) : text.test(output)), `${text}`, 120_000);

  /** Nothing of it runs for a while, in the middle of what it does; then for a moment, and again nothing. */
  async function fallAsleep(): Promise<void> {
    for (let n = 0; n < SLEEPS; n++) {
      child.kill('SIGSTOP');
      await watch(() => assert.equal(child.exitCode, null), ASLEEP_MS);
      child.kill('SIGCONT');
      await watch(() => assert.equal(child.exitCode, null), AWAKE_MS);
    }
  }

  /** Sends until the guest's program is there, which refuses those before it. */
  function send(port: number, bytes: Uint8Array, taken: () => boolean): void {
    const client = connect(port, '127.0.0.1').on('error', () => undefined);
    client.end(bytes);
    client.resume();
    client.once('close', () => {
      if (!taken() && child.exitCode === null && child.signalCode === null) {
        send(port, bytes, taken);
      }
    });
  }

  /** Bytes go into the guest and come back, with a sleep on either way. */
  async function roundTrip(): Promise<void> {
    const sent = scattered(BYTES);
    await printed('lease of');
    const port = Number(/hostfwd tcp \S*:(\d+) -> \S*:5556\n/.exec(output)?.[1]);
    command('guest nc -l -p 5556 > got; echo taken');
    send(port, sent, () => TAKEN.test(output));
    await fallAsleep();
    await printed(TAKEN);
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const came = once(server, 'connection') as Promise<[Socket]>;
    command(`guest nc 10.0.2.2 ${(server.address() as AddressInfo).port} < got`);
    const [socket] = await came;
    const back = buffer(socket);
    await fallAsleep();
    const got = await back;
    socket.end();
    server.close();
    assert.ok(got.equals(sent), `${got.length} of ${sent.length} bytes came back, or others`);
    command('interrupt');
    command('quit');
    await once(child, 'close');
    assert.equal(errors, '');
  }

  it('goes on where it was, and loses nothing', async () => {
    start();
    await roundTrip();
  });

  it('goes on while the time of day jumps', async () => {
    const jumping = join(folder, 'jumping.cjs');
    writeFileSync(jumping, JUMPING);
    start('--require', jumping);
    await roundTrip();
  });
});
