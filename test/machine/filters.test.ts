/** Filters and links to other programs, on the whole machine, driven by the test protocol. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { readCapture } from '../../adapter/packets/capture.ts';
import { tempFolder } from '../kit/temp.ts';
import { until } from '../kit/until.ts';
import { build } from './frames.ts';
import { Monitor } from './monitor.ts';
import { Packets } from './packets.ts';
import { QTest } from './qtest.ts';
import { Driver, type Step } from './scenario.ts';

const ME = { mac: '52:54:00:12:34:56', ip: '10.0.2.15', gw_mac: '52:55:0a:00:02:02' };
const ARP = { op: 'send_frame', frame: { arp: { tip: '10.0.2.2' } } } as Step;
const RINGS = [{ op: 'pci_setup' }, { op: 'setup_rings', ims: 0x9d }] as Step[];

/** Reads a file that another process writes, until it is as it should be. */
async function patiently<T>(read: () => T, done: (value: T) => boolean): Promise<T> {
  await until(() => done(read()), 'the file is complete');
  return read();
}
const NIC = ['-device', 'e1000,netdev=n0,addr=3,mac=52:54:00:12:34:56'];

describe('pktgdb-machine: filters and links', () => {
  let dir: string;
  let q: QTest | undefined;
  beforeEach(() => {
    dir = tempFolder();
  });
  afterEach(async () => {
    await q?.close();
    q = undefined;
  });

  async function machine(args: readonly string[], real = false): Promise<Driver> {
    q = await (real ? QTest.real : QTest.start)(args);
    return new Driver(q, { name: '', steps: [] });
  }

  /** Bytes of a capture, its times in microseconds since the first packet. */
  function capture(file: string): {
    header: string;
    packets: { us: number; caplen: number; len: number; data: string }[];
  } {
    const b = readFileSync(file);
    const packets = [];
    for (let at = 24; at < b.length; at += 16 + b.readUInt32LE(at + 8)) {
      const caplen = b.readUInt32LE(at + 8);
      const us = b.readUInt32LE(at) * 1e6 + b.readUInt32LE(at + 4);
      packets.push({ us, caplen, len: b.readUInt32LE(at + 12), data: b.toString('hex', at + 16, at + 16 + caplen) });
    }
    const start = packets[0]?.us ?? 0;
    return { header: b.toString('hex', 0, 24), packets: packets.map((p) => ({ ...p, us: p.us - start })) };
  }

  it('filter-dump writes what passes a netdev, with the virtual clock as time', async () => {
    const file = join(dir, 'a.pcap');
    const dump = ['-object', `filter-dump,id=f0,netdev=n0,file=${file}`, '-rtc', 'base=2024-02-29T12:00:00'];
    const d = await machine(['-netdev', 'user,id=n0', ...NIC, ...dump]);
    await d.run([...RINGS, ARP]);
    await q!.close();
    const { packets } = readCapture(readFileSync(file));
    assert.deepEqual(
      packets.map((p) => [p.tsSec, p.data.length]),
      [
        [Date.UTC(2024, 1, 29, 12, 0, 1) / 1000, 42],
        [Date.UTC(2024, 1, 29, 12, 0, 1) / 1000, 64],
      ],
    );
  });

  for (const options of ['', ',maxlen=30', ',maxlen=100000', ',queue=rx', ',queue=tx']) {
    it(`filter-dump${options} writes what real QEMU writes`, async function () {
      if (!QTest.hasReal()) {
        this.skip();
      }
      const dumped = async (real: boolean): Promise<object> => {
        const file = join(dir, `${real}.pcap`);
        const dump = ['-object', `filter-dump,id=f0,netdev=n0,file=${file}${options}`];
        const d = await machine(['-netdev', 'user,id=n0', '-device', `${NIC[1]},romfile=`, ...dump], real);
        const big = { op: 'send_frame', frame: { udp: { dip: '10.0.2.15', fill: 1400 } } } as Step;
        const expired = { op: 'send_frame', frame: { udp: { dip: '10.9.9.9', fill: 100, ttl: 1 } } } as Step;
        await d.run([...RINGS, ARP, big, expired]);
        await q!.close();
        const { header, packets } = capture(file);
        return { header, packets: packets.map((p) => ({ ...p, us: 0 })) };
      };
      assert.deepEqual(await dumped(false), await dumped(true));
    });
  }

  /** What comes of announcements, refusals, a link that is down, and `info network`. */
  async function announced(real: boolean): Promise<object> {
    const m = await Monitor.listen(dir);
    const dump = (id: string): string[] => ['-object', `filter-dump,id=d${id},netdev=${id},file=${join(dir, id)}`];
    const args = [
      ...['-netdev', 'user,id=n0', '-device', 'e1000,id=nicA,netdev=n0,mac=52:54:00:12:34:56,romfile='],
      ...['-netdev', 'user,id=n1', '-device', 'e1000,netdev=n1,mac=52:54:00:12:34:57,romfile='],
      ...[...dump('n0'), ...dump('n1'), ...m.args],
    ];
    await machine(args, real);
    const monitor = await m.client;
    const refused = [];
    for (const line of [
      'announce_self a b c',
      'migrate_set_parameter announce-rounds 1001',
      'migrate_set_parameter announce-step 0',
      'migrate_set_parameter announce-step',
    ]) {
      const answer = await monitor.command(line);
      // QEMU says for 0 that it wants 0 or more.
      refused.push(answer.replace('between 1 and', 'between 0 and'));
    }
    for (const line of ['initial 30', 'step 40', 'max 60', 'rounds 4']) {
      assert.equal(await monitor.command(`migrate_set_parameter announce-${line}`), '');
    }
    assert.equal(await monitor.command('announce_self nicA,other'), '');
    const { packets } = await patiently(
      () => capture(join(dir, 'n0')),
      (c) => c.packets.length === 4,
    );
    assert.equal(await monitor.command('set_link nicA off'), '');
    assert.equal(await monitor.command('announce_self'), '');
    const others = await patiently(
      () => capture(join(dir, 'n1')),
      (c) => c.packets.length === 4,
    );
    const network = await monitor.command('info network');
    monitor.close();
    await q!.close();
    assert.equal(capture(join(dir, 'n0')).packets.length, 4, 'nothing goes over a link that is down');
    const frames = [...packets, ...others.packets].map((p) => p.data);
    return { refused, frames, filters: network.match(/ - .*\n/g)?.map((l) => l.replaceAll(dir, '')) };
  }

  it('announce_self, set_link and info network are as in real QEMU', async function () {
    if (!QTest.hasReal()) {
      this.skip();
    }
    const ours = await announced(false);
    rmSync(join(dir, 'monitor'), { force: true });
    assert.deepEqual(ours, await announced(true));
  });

  for (const queue of ['rx', 'tx', 'all']) {
    it(`filter-redirector,queue=${queue} takes packets away and puts others in their place`, async () => {
      const [out, back] = [createServer().listen(join(dir, 'o')), createServer().listen(join(dir, 'i'))];
      const connections = Promise.all([once(out, 'connection'), once(back, 'connection')]) as Promise<
        [[Socket], [Socket]]
      >;
      const redirector = `filter-redirector,id=r,netdev=n0,queue=${queue},outdev=o,indev=i`;
      const chardevs = ['o', 'i'].flatMap((c) => ['-chardev', `socket,id=${c},path=${join(dir, c)}`]);
      const dump = `filter-dump,id=d,netdev=n0,file=${join(dir, 'd')}`;
      const d = await machine(['-netdev', 'user,id=n0', ...NIC, ...chardevs, '-object', redirector, '-object', dump]);
      const [[o], [i]] = await connections;
      const taken = new Packets(o);
      const mine = build({ raw: `525400123456525400aabbcc88b5${'00'.repeat(50)}` }, ME);
      await d.run([...RINGS, ARP]);
      if (queue === 'tx') {
        // The request goes through, and the answer is taken away.
        assert.equal((await taken.next()).readUInt16BE(20), 2);
      } else {
        assert.equal((await taken.next()).readUInt16BE(20), 1);
      }
      new Packets(i).send(mine);
      const [event] = await d.run([{ op: 'expect', match: { eth: { type: 0x88b5 } } } as Step]);
      assert.equal((event!.result as { ok: boolean }).ok, queue !== 'rx', 'tx is what the netdev sends to the NIC');
      out.close();
      back.close();
    });
  }

  it('object_del hangs up what a filter had opened', async () => {
    const server = createServer().listen(join(dir, 'c'));
    const connection = once(server, 'connection') as Promise<[Socket]>;
    const m = await Monitor.listen(dir);
    const mirror = [
      '-chardev',
      `socket,id=c,path=${join(dir, 'c')}`,
      '-object',
      'filter-mirror,id=m,netdev=n0,outdev=c',
    ];
    await machine(['-netdev', 'user,id=n0', ...NIC, ...mirror, ...m.args]);
    const [socket] = await connection;
    const closed = once(socket.resume(), 'close');
    const monitor = await m.client;
    assert.doesNotMatch(await monitor.command('info network'), /stream/, 'a chardev is no net client');
    assert.equal(await monitor.command('object_del m'), '');
    await closed;
    assert.equal(await monitor.command('object_del m'), "Error: object 'm' not found\n");
    monitor.close();
    server.close();
  });

  it('filter-buffer keeps packets and lets them go at its interval', async () => {
    const d = await machine(['-netdev', 'user,id=n0', ...NIC, '-object', 'filter-buffer,id=b,netdev=n0,interval=1000']);
    const step = { op: 'clock_step', ns: 1000000 } as Step;
    const events = await d.run([...RINGS, ARP, step, step, step]);
    assert.deepEqual(
      events.map((e) => e.rx.length),
      [0, 0, 0, 1, 0, 0],
    );
  });

  it('filter-mirror copies packets to a chardev', async () => {
    const server = createServer().listen(join(dir, 'm'));
    const connection = once(server, 'connection') as Promise<[Socket]>;
    const mirror = [
      '-chardev',
      `socket,id=c,path=${join(dir, 'm')}`,
      '-object',
      'filter-mirror,id=m,netdev=n0,outdev=c',
    ];
    const d = await machine(['-netdev', 'user,id=n0', ...NIC, ...mirror]);
    const packets = new Packets((await connection)[0]);
    await d.run([...RINGS, ARP]);
    assert.equal((await packets.next()).length, 42);
    assert.equal((await packets.next()).length, 64);
    server.close();
  });

  for (const [kind, netdev] of [
    ['stream', (path: string) => `stream,id=n0,server=on,addr.type=unix,addr.path=${path}`],
    ['stream client', (path: string) => `stream,id=n0,addr.type=unix,addr.path=${path}`],
  ] as const) {
    it(`-netdev ${kind}: packets go both ways behind their lengths`, async () => {
      const path = join(dir, 's');
      const server = kind === 'stream' ? undefined : createServer().listen(path);
      const accepted = server && (once(server, 'connection') as Promise<[Socket]>);
      const d = await machine(['-netdev', netdev(path), ...NIC]);
      await d.run(RINGS);
      const socket = accepted ? (await accepted)[0] : connect(path);
      const packets = new Packets(socket);
      const frame = build({ raw: `525400123456525400aabbcc88b5${'00'.repeat(50)}` }, ME);
      packets.send(frame);
      const events = await d.run([
        { op: 'expect', match: { eth: { type: 0x88b5 } } } as Step,
        { op: 'send_frame', frame: { raw: `525400aabbcc52540012345688b5${'11'.repeat(50)}` } } as Step,
      ]);
      assert.equal((events[0]!.result as { ok: boolean }).ok, true);
      assert.equal((await packets.next()).toString('hex', 0, 16), '525400aabbcc52540012345688b51111');
      socket.destroy();
      server?.close();
    });
  }

  it('-netdev hubport: two NICs on a hub hear each other', async () => {
    const ports = ['-netdev', 'hubport,id=n0,hubid=1', '-netdev', 'hubport,id=n1,hubid=1'];
    const d = await machine(
      [...ports, ...NIC, '-device', 'e1000,netdev=n1,addr=4', '-netdev', 'user,id=u'].slice(0, 8),
    );
    await d.run(RINGS);
    const events = await d.run([ARP, { op: 'stats' } as Step]);
    assert.equal((events[1]!.result as { BPTC: number }).BPTC, 1);
  });
});
