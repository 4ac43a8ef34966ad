/** What the user network reaches on the host for its guest: resolver, commands, sockets, pings; and the monitor while all runs. */
import assert from 'node:assert/strict';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { splitCommand } from '../../adapter/host/guest-commands.ts';
import { Pings } from '../../adapter/host/pings.ts';
import { loadSlirpBench } from '../bench/bundle.ts';
import { LiveMachine } from './machine.ts';

/** Answers each query for an address with 192.0.2.7 (RFC 1035, section 4.1). */
async function resolver(): Promise<UdpSocket> {
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const address = query.readUInt16BE(query.length - 4) === 1;
    const answer = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7]);
    const reply = Buffer.concat([query, address ? answer : Buffer.alloc(0)]);
    reply.writeUInt16BE(0x8180, 2);
    reply.writeUInt16BE(address ? 1 : 0, 6);
    socket.send(reply, from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

describe('services of the host for the guest', function () {
  this.timeout(60_000);
  const dir = mkdtempSync(join(tmpdir(), 'pktgdb-live-'));
  let dns: UdpSocket;
  let unix: Server;
  let m: LiveMachine;

  before(async () => {
    dns = await resolver();
    unix = createServer((s) => s.end('from the socket\n'));
    unix.listen(join(dir, 'unix'));
    await once(unix, 'listening');
    const forwards = [
      `guestfwd=tcp:10.0.2.100:7-cmd:/bin/sh -c 'read x; echo "command got: $x"; echo on stderr >&2'`,
      `guestfwd=tcp:10.0.2.100:8-unix:${join(dir, 'unix')}`,
      'guestfwd=tcp:10.0.2.100:9-cmd:/nonexistent/program',
    ];
    m = await LiveMachine.start({ user: forwards.join(','), dnsPort: dns.address().port });
  });
  after(async () => {
    await m.stop();
    dns.close();
    unix.close();
    rmSync(dir, { recursive: true });
  });

  it("names are resolved by the host's name server", async () => {
    assert.match(await m.run('nslookup www.example.test'), /192\.0\.2\.7/);
  });
  it('a command speaks through its standard input, output and error', async () => {
    assert.equal(await m.run('echo hello | nc 10.0.2.100 7'), 'command got: hello\non stderr\n');
  });
  it('a socket of the Unix domain', async () => {
    assert.equal(await m.run('nc 10.0.2.100 8 < /dev/null'), 'from the socket\n');
  });
  it('a command that cannot be started: the connection ends', async () => {
    assert.equal(await m.run('nc 10.0.2.100 9 < /dev/null'), '');
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
