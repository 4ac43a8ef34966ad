/**
 * `npm run bench -- qemu`: two guests of QEMU, one on our user network by `-netdev stream`, one on QEMU's own
 * `-netdev user`. Both live all the time, and each round asks one after the other, the first one in turn.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { QemuProcess } from '../../adapter/qemu/run.ts';
import { Session } from '../core/session.ts';
import { tempFolder } from '../kit/temp.ts';
import { RealGuest } from '../qemu/guest.ts';
import { PARTS } from '../qemu/initramfs.ts';
import type { Received, ServerPorts } from './qemu-servers.ts';
import { benchRounds } from './rounds.ts';

const MEGABYTES = 50;
const PINGS = 40;

/** What is measured of a guest, in milliseconds. */
type Figures = Readonly<Record<'down' | 'up' | 'ping', number>>;

interface Servers extends ServerPorts {
  readonly process: ChildProcess;
}

/** Until the guest has all bytes of a file. */
async function down(guest: RealGuest, servers: Servers): Promise<number> {
  const from = performance.now();
  await guest.run(`wget -q -O /dev/null http://10.0.2.2:${servers.web}/`);
  return performance.now() - from;
}

/** From the guest's connection to the end of what it sends. */
async function up(guest: RealGuest, servers: Servers): Promise<number> {
  const said = once(servers.process, 'message');
  guest.type(`nc 10.0.2.2 ${servers.sink} < /tmp/file`);
  const [{ bytes, milliseconds }] = (await said) as [Received];
  if (bytes !== MEGABYTES * 1e6) {
    throw new Error(`${bytes} bytes came`);
  }
  return milliseconds;
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

async function measured(guest: RealGuest, servers: Servers): Promise<Figures> {
  return { down: await down(guest, servers), up: await up(guest, servers), ping: await ping(guest) };
}

/** What the guests talk to, in a process of its own, as the debugger's has the user network to carry. */
async function startServers(): Promise<Servers> {
  const process = fork(join(import.meta.dirname, 'qemu-servers.ts'), [String(MEGABYTES * 1e6)]);
  const [ports] = (await once(process, 'message')) as [ServerPorts];
  return { process, ...ports };
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
const round = (value: number): number => Number(value.toPrecision(3));

async function rounds(ours: RealGuest, theirs: RealGuest, servers: Servers): Promise<object> {
  const pairs: { ours: Figures; theirs: Figures }[] = [];
  // The first round is V8's, and the guests' for their caches.
  for (let i = 0; i <= benchRounds(); i++) {
    const first = await measured(i % 2 ? theirs : ours, servers);
    const second = await measured(i % 2 ? ours : theirs, servers);
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
  const servers = await startServers();
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
    return await rounds(ours, theirs, servers);
  } finally {
    process?.end();
    await s.dispose();
    servers.process.kill();
  }
}
