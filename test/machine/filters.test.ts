/** Filters and links to other programs, on the whole machine, driven by the test protocol. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { read_capture } from '../../adapter/packets/capture.ts';
import { build } from './frames.ts';
import { QTest } from './qtest.ts';
import { Driver, type Step } from './scenario.ts';

const ME = { mac: '52:54:00:12:34:56', ip: '10.0.2.15', gw_mac: '52:55:0a:00:02:02' };
const ARP = { op: 'send_frame', frame: { arp: { tip: '10.0.2.2' } } } as Step;
const RINGS = [{ op: 'pci_setup' }, { op: 'setup_rings', ims: 0x9d }] as Step[];
const NIC = ['-device', 'e1000,netdev=n0,addr=3,mac=52:54:00:12:34:56'];

/** Packets of a stream that has their lengths in front. */
class Packets {
  private buffer = Buffer.alloc(0);
  private readonly socket: Socket;
  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (data: Buffer) => {
      this.buffer = Buffer.concat([this.buffer, data]);
    });
  }
  async next(): Promise<Buffer> {
    while (this.buffer.length < 4 || this.buffer.length < 4 + this.buffer.readUInt32BE(0)) {
      await once(this.socket, 'data');
    }
    const end = 4 + this.buffer.readUInt32BE(0);
    const packet = this.buffer.subarray(4, end);
    this.buffer = this.buffer.subarray(end);
    return packet;
  }
  send(packet: Buffer): void {
    const header = Buffer.alloc(4);
    header.writeUInt32BE(packet.length);
    this.socket.write(Buffer.concat([header, packet]));
  }
}

describe('pktgdb-machine: filters and links', () => {
  let dir: string;
  let q: QTest | undefined;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'pktgdb-filters-'));
  });
  afterEach(async () => {
    await q?.close();
    q = undefined;
    rmSync(dir, { recursive: true, force: true });
  });

  async function machine(args: readonly string[]): Promise<Driver> {
    q = await QTest.start(args);
    return new Driver(q, { name: '', steps: [] });
  }

  it('filter-dump writes what passes a netdev, with the virtual clock as time', async () => {
    const file = join(dir, 'a.pcap');
    const dump = ['-object', `filter-dump,id=f0,netdev=n0,file=${file}`, '-rtc', 'base=2024-02-29T12:00:00'];
    const d = await machine(['-netdev', 'user,id=n0', ...NIC, ...dump]);
    await d.run([...RINGS, ARP]);
    await q!.close();
    const { packets } = read_capture(readFileSync(file));
    assert.deepEqual(
      packets.map((p) => [p.ts_sec, p.data.length]),
      [
        [Date.UTC(2024, 1, 29, 12, 0, 1) / 1000, 42],
        [Date.UTC(2024, 1, 29, 12, 0, 1) / 1000, 64],
      ],
    );
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
