/**
 * `npm run bench -- qemu`: two guests of QEMU, one on our user network by `-netdev stream`, one on QEMU's own
 * `-netdev user`. Both live all the time, and each round asks one after the other, the first one in turn.
 */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { QemuProcess } from '../../adapter/qemu/run.ts';
import { Session } from '../core/session.ts';
import { tempFolder } from '../kit/temp.ts';
import { RealGuest } from '../qemu/guest.ts';
import { PARTS } from '../qemu/initramfs.ts';
import { benchRounds } from './rounds.ts';

const MEGABYTES = 50;
const PINGS = 40;

/** What is measured of a guest, in milliseconds. */
type Figures = Readonly<Record<'down' | 'up' | 'ping', number>>;

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Until the guest has all bytes of a file. */
async function down(guest: RealGuest): Promise<number> {
  const content = Buffer.alloc(MEGABYTES * 1e6, 'packet ');
  const web = createHttpServer((_request, response) => response.end(content));
  const port = await listening(web);
  const from = performance.now();
  await guest.run(`wget -q -O /dev/null http://10.0.2.2:${port}/`);
  const time = performance.now() - from;
  web.close();
  return time;
}

/** From the guest's connection to the end of what it sends. */
async function up(guest: RealGuest): Promise<number> {
  const sink = createServer();
  const port = await listening(sink);
  guest.type(`nc 10.0.2.2 ${port} < /tmp/file`);
  const [socket] = (await once(sink, 'connection')) as [Socket];
  const from = performance.now();
  let length = 0;
  socket.on('data', (bytes: Buffer) => {
    length += bytes.length;
  });
  await once(socket, 'end');
  const time = performance.now() - from;
  sink.close();
  if (length !== MEGABYTES * 1e6) {
    throw new Error(`${length} bytes came`);
  }
  return time;
}

/** The mean time of a reply, by the guest's clock. */
async function ping(guest: RealGuest): Promise<number> {
  const said = await guest.run(`ping -q -c ${PINGS} -i 0.05 10.0.2.2`);
  const [, mean] = /min\/avg\/max = [\d.]+\/([\d.]+)\//.exec(said) ?? [];
  if (mean === undefined) {
    throw new Error(`no reply: ${said}`);
  }
  return Number(mean);
}

async function measured(guest: RealGuest): Promise<Figures> {
  return { down: await down(guest), up: await up(guest), ping: await ping(guest) };
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
const round = (value: number): number => Number(value.toPrecision(3));

async function rounds(ours: RealGuest, theirs: RealGuest): Promise<object> {
  const pairs: { ours: Figures; theirs: Figures }[] = [];
  // The first round is V8's, and the guests' for their caches.
  for (let i = 0; i <= benchRounds(); i++) {
    const first = await measured(i % 2 ? theirs : ours);
    const second = await measured(i % 2 ? ours : theirs);
    pairs.push(i % 2 ? { ours: second, theirs: first } : { ours: first, theirs: second });
  }
  pairs.shift();
  const of = (whose: 'ours' | 'theirs', what: keyof Figures): number => median(pairs.map((p) => p[whose][what]));
  const ratios = (ratio: (p: (typeof pairs)[0]) => number): object => {
    const all = pairs.map(ratio);
    return { median: round(median(all)), min: round(Math.min(...all)), max: round(Math.max(...all)) };
  };
  return {
    rounds: pairs.length,
    down_mb_per_s: round((MEGABYTES * 1000) / of('ours', 'down')),
    up_mb_per_s: round((MEGABYTES * 1000) / of('ours', 'up')),
    ping_ms: round(of('ours', 'ping')),
    qemu_down_mb_per_s: round((MEGABYTES * 1000) / of('theirs', 'down')),
    qemu_up_mb_per_s: round((MEGABYTES * 1000) / of('theirs', 'up')),
    qemu_ping_ms: round(of('theirs', 'ping')),
    down_times_as_fast: ratios((p) => p.theirs.down / p.ours.down),
    up_times_as_fast: ratios((p) => p.theirs.up / p.ours.up),
    ping_times_as_long: ratios((p) => p.ours.ping / p.theirs.ping),
  };
}

/** Whether .ci/qemu has put a kernel there. */
export function hasQemu(): boolean {
  return existsSync(join(PARTS, 'vmlinuz'));
}

/** Our user network under a guest against QEMU's own: medians of the rounds' ratios, and their spread. */
export async function measureQemu(): Promise<object> {
  const s = await Session.create();
  let process: QemuProcess | undefined;
  try {
    const [ours] = await RealGuest.start(s, tempFolder(), ['']);
    const [theirs, itsProcess] = await RealGuest.on('user,id=n0', 'e1000,netdev=n0', tempFolder());
    process = itsProcess;
    for (const guest of [ours, theirs]) {
      await guest.lease();
      await guest.run(`head -c ${MEGABYTES * 1e6} /dev/zero > /tmp/file`);
    }
    return await rounds(ours, theirs);
  } finally {
    process?.end();
    await s.dispose();
  }
}
