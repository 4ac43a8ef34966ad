/**
 * `-netdev socket`, `stream` and `dgram`: between two machines of ours, and between ours and real QEMU where there is
 * one.
 */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { tempFolder } from '../kit/temp.ts';
import { Monitor } from './monitor.ts';
import { Packets } from './packets.ts';
import { QTest } from './qtest.ts';
import { Driver, type Step } from './scenario.ts';

const RINGS = [{ op: 'pci_setup' }, { op: 'setup_rings', ims: 0x9d }] as Step[];
const A = '52:54:00:00:00:0a';
const B = '52:54:00:00:00:0b';
const hex = (mac: string): string => mac.replaceAll(':', '');
const frame = (to: string, from: string, fill: string, n = 50): string => `${hex(to)}${hex(from)}88b5${fill.repeat(n)}`;

/** A port that nobody has now. */
async function freePort(udp: boolean): Promise<number> {
  const s = udp ? createSocket('udp4') : createServer();
  if ('bind' in s) {
    s.bind(0, '127.0.0.1');
  } else {
    s.listen(0, '127.0.0.1');
  }
  await once(s, 'listening');
  const { port } = s.address() as AddressInfo;
  s.close();
  return port;
}

/** Sends from one machine to the other until it arrives: a connection may still be under way. */
async function reaches(from: Driver, to: Driver, frameHex: string, fill: number): Promise<void> {
  for (let tries = 0; tries < 40; tries++) {
    await from.run([{ op: 'send_frame', frame: { raw: frameHex } } as Step]);
    const [event] = await to.run([{ op: 'expect', match: { eth: { type: 0x88b5 } } } as Step]);
    const result = event!.result as { ok: boolean };
    if (result.ok) {
      assert.ok(frameHex.includes(fill.toString(16)));
      return;
    }
  }
  assert.fail('no frame arrived');
}

describe('pktgdb-machine: links between machines', () => {
  let dir: string;
  const machines: QTest[] = [];
  beforeEach(() => {
    dir = tempFolder();
  });
  afterEach(async () => {
    await Promise.all(machines.splice(0).map((m) => m.close()));
  });

  async function machine(real: boolean, netdev: string, mac: string, extra: readonly string[] = []): Promise<Driver> {
    const device = `e1000,netdev=n0,addr=3,mac=${mac},romfile=`;
    const q = await (real ? QTest.real : QTest.start)(['-netdev', netdev, '-device', device, ...extra]);
    machines.push(q);
    const d = new Driver(q, { name: '', steps: [], mac });
    await d.run(RINGS);
    return d;
  }

  interface Link {
    readonly name: string;
    /** Who is at its ends. */
    readonly pairs: readonly (readonly ['ours' | 'QEMU', 'ours' | 'QEMU'])[];
    /** The options of the first machine and of the second. */
    readonly ends: () => Promise<readonly [string, string]>;
  }
  const OURS: Link['pairs'] = [['ours', 'ours']];
  const MIXED: Link['pairs'] = [['ours', 'QEMU']];
  const ALL: Link['pairs'] = [...OURS, ...MIXED, ['QEMU', 'ours']];
  const inet = (prefix: string, port: number): string =>
    `${prefix}.type=inet,${prefix}.host=127.0.0.1,${prefix}.port=${port}`;
  const links: readonly Link[] = [
    {
      name: 'stream over unix',
      pairs: ALL,
      ends: async () => {
        const addr = `addr.type=unix,addr.path=${dir}/s`;
        return [`stream,id=n0,server=on,${addr}`, `stream,id=n0,server=off,${addr}`];
      },
    },
    {
      name: 'stream over inet',
      pairs: OURS,
      ends: async () => {
        const addr = inet('addr', await freePort(false));
        return [`stream,id=n0,server=on,${addr}`, `stream,id=n0,${addr}`];
      },
    },
    {
      name: 'socket,listen and connect',
      pairs: ALL,
      ends: async () => {
        const port = await freePort(false);
        return [`socket,id=n0,listen=127.0.0.1:${port}`, `socket,id=n0,connect=127.0.0.1:${port}`];
      },
    },
    {
      name: 'socket,udp',
      pairs: OURS,
      ends: async () => {
        const [p, q] = [await freePort(true), await freePort(true)];
        const end = (mine: number, other: number): string =>
          `socket,id=n0,udp=127.0.0.1:${other},localaddr=127.0.0.1:${mine}`;
        return [end(p, q), end(q, p)];
      },
    },
    {
      name: 'dgram over inet',
      pairs: MIXED,
      ends: async () => {
        const [p, q] = [await freePort(true), await freePort(true)];
        const end = (mine: number, other: number): string =>
          `dgram,id=n0,${inet('local', mine)},${inet('remote', other)}`;
        return [end(p, q), end(q, p)];
      },
    },
  ];

  for (const link of links) {
    for (const [first, second] of link.pairs) {
      it(`${link.name}: ${first} and ${second}`, async function () {
        if ((first === 'QEMU' || second === 'QEMU') && !QTest.hasReal()) {
          this.skip();
        }
        const [one, two] = await link.ends();
        const a = await machine(first === 'QEMU', one, A);
        const b = await machine(second === 'QEMU', two, B);
        await reaches(b, a, frame(A, B, 'bb'), 0xbb);
        await reaches(a, b, frame(B, A, 'aa', 1400), 0xaa);
      });
    }
  }

  it('a client with reconnect= comes back', async () => {
    const path = join(dir, 'r');
    let server: Server = createServer().listen(path);
    let connection = once(server, 'connection') as Promise<[Socket]>;
    const d = await machine(false, `stream,id=n0,reconnect=1,addr.type=unix,addr.path=${path}`, A);
    const [first] = await connection;
    server.close();
    first.destroy();
    server = createServer().listen(path);
    connection = once(server, 'connection') as Promise<[Socket]>;
    const packets = new Packets((await connection)[0]);
    await d.run([{ op: 'send_frame', frame: { raw: frame(B, A, 'cc') } } as Step]);
    assert.equal((await packets.next()).toString('hex'), frame(B, A, 'cc'));
    server.close();
  });

  describe('a peer that does not keep to the protocol', () => {
    const hello = Buffer.from(frame(A, B, 'dd'), 'hex');
    let d: Driver;
    let monitor: Monitor | undefined;
    const path = (): string => join(dir, 's');
    afterEach(() => monitor?.close());

    /** A machine that listens, and what a peer does to it. Its start belongs to the test: a hook is not tried again. */
    function served(title: string, test: (monitor: Monitor) => Promise<void>): void {
      it(title, async () => {
        const m = await Monitor.listen(dir);
        d = await machine(false, `stream,id=n0,server=on,addr.type=unix,addr.path=${path()}`, A, m.args);
        monitor = await m.client;
        await test(monitor);
      });
    }

    async function peer(): Promise<Socket> {
      const socket = connect(path());
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      return socket;
    }

    /** A frame arrives over a connection. */
    async function works(socket: Socket): Promise<void> {
      socket.write(Packets.framed(hello));
      await arrived();
    }

    async function arrived(): Promise<void> {
      const [event] = await d.run([{ op: 'expect', match: { eth: { type: 0x88b5 } } } as Step]);
      assert.equal((event!.result as { ok: boolean }).ok, true);
    }

    served('packets of no length are passed over', async () => {
      const socket = await peer();
      socket.write(Buffer.alloc(4 * 1000));
      await works(socket);
      socket.destroy();
    });

    for (const length of [69633, 0x7fffffff, 0xffffffff]) {
      served(`a length of ${length} ends the connection, and the next one is served`, async () => {
        const socket = await peer();
        const header = Buffer.alloc(4);
        header.writeUInt32BE(length);
        socket.resume().write(Buffer.concat([header, Buffer.alloc(1000)]));
        await new Promise((resolve) => socket.once('close', resolve));
        const next = await peer();
        await works(next);
        next.destroy();
      });
    }

    served('a packet of 69632 bytes, the longest, is taken and is too long for the NIC', async (monitor) => {
      const socket = await peer();
      socket.write(Packets.framed(Buffer.alloc(69632)));
      await works(socket);
      assert.match(await monitor.command('info drops'), /RX_OVERSIZE/);
      socket.destroy();
    });

    served('a frame may come byte by byte', async () => {
      const socket = await peer();
      socket.setNoDelay(true);
      for (const byte of Packets.framed(hello)) {
        socket.write(Buffer.of(byte));
        await new Promise(setImmediate);
      }
      await arrived();
      socket.destroy();
    });

    served('half a packet and good-bye: it is forgotten, and the next connection starts anew', async () => {
      const socket = await peer();
      socket.end(Packets.framed(hello).subarray(0, 30));
      await once(socket.resume(), 'close');
      const next = await peer();
      await works(next);
      next.destroy();
    });

    served('a second connection waits for the first to end, with what it has sent', async () => {
      const first = await peer();
      await works(first);
      const second = await peer();
      second.write(Packets.framed(hello));
      await works(first);
      first.destroy();
      await arrived();
      second.destroy();
    });

    served('a hundred connections at once do not pile up', async () => {
      const first = await peer();
      await works(first);
      const others = await Promise.all(Array.from({ length: 100 }, peer));
      await Promise.race(others.map((s) => new Promise((resolve) => s.resume().once('close', resolve))));
      await works(first);
      for (const s of [first, ...others]) {
        s.destroy();
      }
    });

    served('netdev_del hangs up and closes the listening socket', async (monitor) => {
      const socket = await peer();
      await works(socket);
      const closed = once(socket.resume(), 'close');
      assert.equal(await monitor.command('netdev_del n0'), '');
      await closed;
      const refused = connect(path());
      const [e] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
      assert.match(e.code ?? '', /ECONNREFUSED|ENOENT/);
    });
  });
});
