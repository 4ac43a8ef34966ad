/**
 * `info usernet`, `info neighbors` and links while connections stand, in the machine, at its monitor and at the
 * debugger's prompt.
 */
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { LiveMachine } from './machine.ts';

const HEADER = '  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ';

/** An address and a port, in their columns. */
const end = (address: string, port: string | number): string => `${address.padStart(15)} ${String(port).padStart(5)}`;

/** As QEMU 7.2 prints a row, without the numbers that are the host's: `  %-17s %3d %15s %5d %15s %5d %5d %5d`. */
const row = (state: string, src: string, sport: string | number, dst: string, dport: string | number): string =>
  `  ${state.padEnd(17)}  FD ${end(src, sport)} ${end(dst, dport)}     0     0`;

/** The table with descriptors, seconds left and the guest's ports masked. */
const masked = (text: string): string[] =>
  text
    .trimEnd()
    .split('\n')
    .map((l) =>
      l
        .replace(/\[2\d\d sec\]/, '[NNN sec]')
        .replace(/^( {2}.{17}) [ \d]{2}\d/, '$1  FD')
        .replace(/( 10\.0\.2\.15) [345]\d{4} /, '$1 GPORT '),
    );

describe('info usernet with connections', function () {
  this.timeout(60_000);
  let m: LiveMachine;
  before(async () => {
    const rules = ['tcp:127.0.0.1:0-:80', 'udp:127.0.0.1:0-:53', 'tcp:127.0.0.1:0-:81'];
    m = await LiveMachine.start({ user: rules.map((r) => `hostfwd=${r}`).join(',') });
  });
  after(() => m.stop());

  it('shows them as QEMU does: newest first, TCP before UDP, forwarded ports last', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    const udp = createSocket('udp4').bind(0, '127.0.0.1');
    await Promise.all([once(server, 'listening'), once(udp, 'listening')]);
    const tcpPort = (server.address() as AddressInfo).port;
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    m.type(`nc 10.0.2.2 ${tcpPort} &`);
    const [near] = await accepted;
    m.type('nc -l -v -p 80 &');
    await m.printed('listening on');
    const client = connect(m.port(80), '127.0.0.1', () => client.write('hello\n'));
    await m.printed('hello');
    const datagram = once(udp, 'message');
    m.type(`echo x | nc -u -w 1 10.0.2.2 ${udp.address().port} &`);
    await datagram;
    const hostEnd = m.port(80);
    assert.deepEqual(masked(await m.monitor('info usernet')), [
      'Hub 0 (n0):',
      HEADER,
      row('TCP[ESTABLISHED]', '127.0.0.1', hostEnd, '10.0.2.15', 80),
      row('TCP[ESTABLISHED]', '10.0.2.15', 'GPORT', '10.0.2.2', tcpPort),
      row('TCP[HOST_FORWARD]', '127.0.0.1', hostEnd, '10.0.2.15', 80),
      row('TCP[HOST_FORWARD]', '127.0.0.1', m.port(81), '10.0.2.15', 81),
      row('UDP[NNN sec]', '10.0.2.15', 'GPORT', '10.0.2.2', udp.address().port),
      row('UDP[HOST_FORWARD]', '127.0.0.1', m.port(53, 'udp'), '10.0.2.15', 53),
    ]);
    assert.deepEqual((await m.monitor('info neighbors')).split('\n'), [
      'Hub 0 (n0):',
      '  Table  MacAddr            IP Address',
      '  ARP    52:54:00:12:34:56        10.0.2.15',
      '',
    ]);
    client.destroy();
    near.destroy();
    server.close();
    udp.close();
  });

  it('set_link off keeps packets from the guest, on lets them pass', async () => {
    await m.run('echo');
    assert.equal(await m.monitor('set_link n0 off'), '');
    assert.match(await m.run('ping -c 1 -W 1 10.0.2.2'), /100% packet loss/);
    assert.equal(await m.monitor('set_link n0 on'), '');
    assert.match(await m.run('ping -c 1 -W 5 10.0.2.2'), / 0% packet loss/);
  });
});

/** Talks with a program: writes a line, waits for what it says. */
class Talk {
  #text = '';
  readonly #child: ChildProcessWithoutNullStreams;
  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    child.stdout.on('data', (data) => {
      this.#text += data;
    });
  }
  /** Everything up to `wanted`, which is taken. */
  async until(wanted: string): Promise<string> {
    while (!this.#text.includes(wanted)) {
      await once(this.#child.stdout, 'data');
    }
    const end = this.#text.indexOf(wanted) + wanted.length;
    const said = this.#text.slice(0, end);
    this.#text = this.#text.slice(end);
    return said;
  }
  say(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }
}

describe('the monitor of the programs', function () {
  this.timeout(60_000);
  const program = (name: string, ...args: string[]): ChildProcessWithoutNullStreams =>
    spawn(process.execPath, [join(import.meta.dirname, '../../dist', name), ...args]);
  const USER = ['-netdev', 'user,id=n0,hostfwd=tcp:127.0.0.1:0-:80', '-device', 'e1000,netdev=n0'];

  it('pktgdb-machine -monitor stdio', async () => {
    const child = program('pktgdb-machine.js', '-guest', 'none', '-monitor', 'stdio', ...USER);
    const talk = new Talk(child);
    await talk.until('(qemu) ');
    talk.say('hostfwd_add n0 udp:127.0.0.1:0-:53');
    assert.equal(await talk.until('(qemu) '), '(qemu) ');
    talk.say('info usernet');
    assert.match(
      await talk.until('(qemu) '),
      /^Hub 0 \(n0\):\n.*\n {2}TCP\[HOST_FORWARD] .*\n {2}UDP\[HOST_FORWARD] .*\n\(qemu\) $/,
    );
    talk.say('frobnicate');
    assert.equal(await talk.until('(qemu) '), "unknown command: 'frobnicate'\n(qemu) ");
    const closed = once(child, 'close');
    talk.say('quit');
    assert.deepEqual(await closed, [0, null]);
  });

  it("pktgdb's monitor command, while the machine is stopped and while it runs", async () => {
    const commands = [
      'tbreak main_loop_wait',
      'run',
      'monitor info usernet',
      'continue &',
      'monitor set_link n0 off',
      'monitor info network',
      'monitor nonsense',
    ];
    const child = program(
      'pktgdb.js',
      '-q',
      '-batch',
      ...commands.flatMap((c) => ['-ex', c]),
      '--',
      '-guest',
      'none',
      ...USER,
    );
    child.stdin.end();
    const talk = new Talk(child);
    await talk.until(`Hub 0 (n0):\n${HEADER}\n  TCP[HOST_FORWARD] `);
    await talk.until('n0: index=0,type=user,net=10.0.2.0,restrict=off\n');
    await talk.until("unknown command: 'nonsense'\n");
    child.stdout.resume();
    await once(child, 'close');
  });
});
