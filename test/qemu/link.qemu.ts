/** The user network under a real guest in QEMU: everything that goes through it, stops, and its past. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { queryRequest } from '../../adapter/commands/query-text.ts';
import { toSockaddr } from '../../adapter/host/addresses.ts';
import { Session } from '../core/session.ts';
import { Random } from '../kit/random.ts';
import { type Resolver, resolver } from '../kit/resolver.ts';
import { tempFolder } from '../kit/temp.ts';
import { watch } from '../kit/until.ts';
import { RealGuest } from './guest.ts';

const BYTES = 50_000_000;
/** How long a stop is, which the guest is not to notice. */
const STOP_MS = 20_000;

function noise(length: number): Buffer {
  const random = Random.spread(17);
  const piece = Buffer.from(Array.from({ length: 99_991 }, () => random.next(256)));
  return Buffer.alloc(length, piece);
}

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

const servers = new Set<Server>();

/** Listens until the test is over. */
async function listening(server: Server): Promise<number> {
  servers.add(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('a real guest in QEMU', function () {
  this.timeout(300_000);
  const content = noise(BYTES);
  let s: Session;
  let dns: Resolver;
  let guest: RealGuest;

  before(async () => {
    dns = await resolver();
    s = await Session.create();
    s.engine.internals = { hashFrames: true, nameservers: [toSockaddr('127.0.0.1', dns.port)] };
    [guest] = await RealGuest.start(s, tempFolder(), ['hostfwd=tcp:127.0.0.1:0-:5556']);
  });
  afterEach(() => {
    for (const server of servers) {
      server.close();
    }
    servers.clear();
  });
  after(async () => {
    await s.dispose();
    dns.close();
  });

  it('gets its lease, while a breakpoint stops its request on the way', async () => {
    s.break('bootp_input', undefined, { temporary: true });
    guest.type('udhcpc -i eth0 -s /lease -q -n');
    assert.equal((await s.stop()).kind, 'breakpoint');
    assert.equal(await s.engine.guests?.running(), 0, 'it stands still');
    const names = await s.frameNames();
    assert.ok(names.includes('net_hub_receive_iov') || names.includes('net_hub_receive'), names.join());
    await s.resume();
    await guest.printed('lease of 10.0.2.15 from 10.0.2.2');
  });

  it('resolves a name', async () => {
    assert.match(await guest.run('nslookup www.example.test'), /192\.0\.2\.7/);
  });

  it('gets 50 MB and sends them, byte for byte', async () => {
    const web = createHttpServer((_request, response) => response.end(content));
    const sink = createServer();
    const port = await listening(web);
    assert.match(
      await guest.run(`wget -q -O /tmp/file http://10.0.2.2:${port}/ && md5sum /tmp/file`),
      RegExp(md5(content)),
    );
    const to = await listening(sink);
    const sent = once(sink, 'connection').then(([socket]) => buffer(socket as Socket));
    guest.type(`nc 10.0.2.2 ${to} < /tmp/file`);
    assert.equal(md5(await sent), md5(content));
  });

  it('answers on a forwarded port, byte for byte', async () => {
    await guest.run('(nc -l -p 5556 < /tmp/file &); until netstat -ltn | grep -q :5556; do :; done');
    const socket = s.connect();
    assert.equal(md5(await buffer(socket)), md5(content));
  });

  it('pings with 4,000 bytes', async () => {
    assert.match(await guest.run('ping -c 3 -w 30 -s 4000 10.0.2.2'), /4008 bytes from 10\.0\.2\.2/);
  });

  it('does not notice a long stop', async () => {
    const sink = createServer();
    const port = await listening(sink);
    const sent = once(sink, 'connection').then(([socket]) => buffer(socket as Socket));
    const uptime = async (): Promise<number> =>
      Number(/([\d.]+) [\d.]+/.exec(await guest.run('cat /proc/uptime'))?.[1]);
    const before = { uptime: await uptime(), real: performance.now() };
    s.break('tcp_input', 'm && $pkt.tcp.len > 0', { temporary: true });
    guest.type(`nc 10.0.2.2 ${port} < /tmp/file`);
    await s.stop();
    assert.equal(await s.engine.guests?.running(), 0);
    await watch(() => s.engine.state, STOP_MS);
    await s.resume();
    assert.equal(md5(await sent), md5(content));
    const seconds = { guest: (await uptime()) - before.uptime, real: (performance.now() - before.real) / 1000 };
    assert.ok(
      seconds.guest < seconds.real - (0.9 * STOP_MS) / 1000,
      `its clock stood still: ${JSON.stringify(seconds)}`,
    );
  });

  it('has its packets asked for by display filters', async () => {
    s.evaluator.filters.expectedLayer = 'slirp';
    const request = queryRequest(s.engine, s.evaluator, 'packets', 'udp.port == 67');
    await s.engine.interrupt();
    await s.stop();
    const { rows } = await s.engine.query(request, { rows: () => undefined });
    assert.ok(rows >= 4, `${rows} packets of DHCP`);
    await s.resume();
  });

  it('has a past, which needs no QEMU: back to the SYN, and executed again', async () => {
    const id = s.break('tcp_input', 'm && $pkt.tcp.flags.syn == 1');
    s.break('tcp_fconnect', undefined, { temporary: true });
    const sink = createServer((socket) => void socket.end('hello'));
    const port = await listening(sink);
    guest.type(`nc 10.0.2.2 ${port} < /dev/null`);
    assert.deepEqual((await s.stop()).kind, 'breakpoint');
    await s.resume();
    assert.deepEqual((await s.stop()).kind, 'breakpoint');
    await s.engine.reverse('continue');
    const stop = await s.stop();
    assert.ok(stop.kind === 'breakpoint' && stop.breakpoints.includes(id));
    assert.equal((await s.frameNames())[0], 'tcp_input');
    assert.equal(await s.engine.guests?.running(), 0, 'it waits meanwhile');
    s.engine.deleteBreakpoint(id);
    await s.engine.goTo('present');
    await s.stop();
    await s.resume();
    await guest.run('true');
    await s.compare();
  });
});
