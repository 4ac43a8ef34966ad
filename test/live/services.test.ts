/**
 * What the user network reaches on the host for its guest: resolver, commands, sockets, pings; and the monitor while
 * all runs.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { splitCommand } from '../../adapter/host/guest-commands.ts';
import { Pings } from '../../adapter/host/pings.ts';
import { loadSlirpBench } from '../bench/bundle.ts';
import { dnsQuestion } from '../kit/frames.ts';
import { answerTo, framed, type Resolver, resolver } from '../kit/resolver.ts';
import { tempFolder } from '../kit/temp.ts';
import { LiveMachine } from './machine.ts';

/** A query for the address of a name. */
const query = (name: string): Buffer => Buffer.from(dnsQuestion(name));

/** Bytes as the guest's `echo -en` takes them. */
const escaped = (bytes: Buffer): string => [...bytes].map((b) => `\\x${b.toString(16).padStart(2, '0')}`).join('');

for (const [link, faultRate] of [
  ['on a clean link', 0],
  ['on a link that loses, repeats, reorders and damages frames', 25],
] as const) {
  describe(`names ${link}`, function () {
    this.timeout(60_000);
    let dns: Resolver;
    let m: LiveMachine;
    before(async () => {
      dns = await resolver();
      m = await LiveMachine.start({ dnsPort: dns.port, faultRate, seed: 8 });
    });
    after(async () => {
      await m.stop();
      dns.close();
    });

    it("are resolved by the host's name server over UDP", async () => {
      for (let i = 0; i < 5; i++) {
        assert.match(await m.run(`nslookup www${i}.example.test`), /192\.0\.2\.7/);
      }
    });
    it('and over TCP', async () => {
      const sink = createServer().listen(0, '127.0.0.1');
      await once(sink, 'listening');
      const answer = once(sink, 'connection').then(([s]) => buffer(s as Socket));
      const question = query('www.example.test');
      await m.run(`echo -en '${escaped(framed(question))}' > /query; echo`);
      m.type(`nc 10.0.2.3 53 < /query | nc 10.0.2.2 ${(sink.address() as AddressInfo).port}`);
      assert.deepEqual(await answer, framed(answerTo(question)));
      sink.close();
    });
  });
}

describe('services of the host for the guest', function () {
  this.timeout(60_000);
  const dir = tempFolder();
  let unix: Server;
  let tcp: Server;
  let m: LiveMachine;

  before(async () => {
    unix = createServer((s) => s.end('from the socket\n'));
    unix.listen(join(dir, 'unix'));
    tcp = createServer((s) => s.end('from the port\n')).listen(0, '127.0.0.1');
    await Promise.all([once(unix, 'listening'), once(tcp, 'listening')]);
    const forwards = [
      `guestfwd=tcp:10.0.2.100:7-cmd:/bin/sh -c 'read x; echo "command got: $x"; echo on stderr >&2'`,
      `guestfwd=tcp:10.0.2.100:8-unix:${join(dir, 'unix')}`,
      `guestfwd=tcp:10.0.2.100:10-tcp:127.0.0.1:${(tcp.address() as AddressInfo).port}`,
      'guestfwd=tcp::11-chardev:far',
      'guestfwd=tcp:10.0.2.100:9-cmd:/nonexistent/program',
    ];
    m = await LiveMachine.start({
      user: forwards.join(','),
      argv: ['-chardev', `socket,id=far,path=${join(dir, 'unix')}`],
    });
  });
  after(async () => {
    await m.stop();
    unix.close();
    tcp.close();
  });

  it('a command speaks through its standard input, output and error', async () => {
    assert.equal(await m.run('echo hello | nc 10.0.2.100 7'), 'command got: hello\non stderr\n');
  });
  it('a socket of the Unix domain', async () => {
    assert.equal(await m.run('nc 10.0.2.100 8 < /dev/null'), 'from the socket\n');
  });
  it('a port of the host, and a -chardev at the address that is left out', async () => {
    assert.equal(await m.run('nc 10.0.2.100 10 < /dev/null'), 'from the port\n');
    assert.equal(await m.run('nc 10.0.2.4 11 < /dev/null'), 'from the socket\n');
  });
  it('a command that cannot be started: the connection ends, and the user is told why', async () => {
    assert.equal(await m.run('nc 10.0.2.100 9 < /dev/null'), '');
    assert.match(m.reports, /cannot be served: spawn \/nonexistent\/program ENOENT/);
  });
  it("pings go to the network, if the system's ping program may", async function () {
    const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    const address = own.find((i) => i.family === 'IPv4' && !i.internal)?.address;
    const errno = await new Promise<string>((resolve) => new Pings().ping(address ?? '127.0.0.1', 8, resolve));
    if (errno !== '' || address === undefined) {
      this.skip();
    }
    assert.match(await m.run(`ping -c 1 -W 5 ${address}`), / 0% packet loss/);
  });
  it('ports are forwarded and not forwarded while the machine runs', async () => {
    assert.equal(await m.monitor('hostfwd_add tcp:127.0.0.1:0-:5556'), '');
    const port = m.port(5556);
    m.type('nc -l -v -p 5556');
    await m.printed('listening on');
    const client = connect(port, '127.0.0.1', () => client.end('through a new port'));
    await m.printed('through a new port');
    client.resume();
    await once(client, 'close');
    assert.match(await m.monitor('info usernet'), /TCP\[HOST_FORWARD\]/);
    const rule = `tcp:127.0.0.1:${port}`;
    assert.equal(await m.monitor(`hostfwd_remove ${rule}`), `host forwarding rule for ${rule} removed\n`);
    const [refused] = (await once(connect(port, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException];
    assert.equal(refused.code, 'ECONNREFUSED');
  });
  it('a second network comes and goes', async () => {
    assert.equal(await m.monitor('netdev_add user,id=second,hostfwd=tcp:127.0.0.1:0-:7777'), '');
    assert.match(await m.monitor('info network'), /second: index=0,type=user/);
    assert.match(await m.monitor('netdev_add user,id=second'), /Duplicate ID 'second'/);
    assert.match(await m.monitor('netdev_add user,id=third,hostfwd=tcp:nonsense'), /Error: .*hostfwd|host forwarding/);
    assert.doesNotMatch(await m.monitor('info network'), /third/);
    const port = m.port(7777);
    assert.equal(await m.monitor('netdev_del second'), '');
    assert.match(await m.monitor('netdev_del second'), /Device 'second' not found/);
    assert.doesNotMatch(await m.monitor('info network'), /second/);
    const [refused] = (await once(connect(port, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException];
    assert.equal(refused.code, 'ECONNREFUSED');
  });
});

describe('many connections at a time', function () {
  this.timeout(60_000);
  it('200 clients at a time through a forwarded port: 2000 connections, each with its bytes', async () => {
    const { measureSlirp, DEFAULTS } = await loadSlirpBench();
    const { errors, lost } = (await measureSlirp('tcp-conn', { ...DEFAULTS, n: 2000, conc: 200 })) as Record<
      string,
      number
    >;
    assert.deepEqual({ errors, lost }, { errors: 0, lost: 0 });
  });
});

describe('command lines', () => {
  it('are split as by a shell, without expansions', () => {
    assert.deepEqual(splitCommand(`prog  'a b' "c \\"d\\" $x" e\\ f ''`), ['prog', 'a b', 'c "d" $x', 'e f', '']);
  });
  it('say what is wrong with them', () => {
    assert.throws(() => splitCommand(`prog "a`), /" without its end in 'prog "a'/);
    assert.throws(() => splitCommand('  '), /the command is empty/);
  });
});
