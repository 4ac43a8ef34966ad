/**
 * Sessions of every kind are executed again from checkpoints within them, in both builds: what follows is what followed
 * then. Any part of the state that a checkpoint has not, or that hangs off anything but `machine`, would show.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { capture } from '../kit/paths.ts';
import { Random } from '../kit/random.ts';
import { SEED_ARGS } from '../kit/seed.ts';
import { tempFolder } from '../kit/temp.ts';
import { until } from '../kit/until.ts';
import { QTest } from '../machine/qtest.ts';
import { Driver, type Scenario } from '../machine/scenario.ts';
import { Session } from './session.ts';

/** Checkpoints of a session that it is executed from: with more than two, in both builds each. */
const TRIED = Number(process.env['PKTGDB_CHECKPOINTS_TRIED'] ?? 2);
const VECTORS = new URL('../vectors/e1000/', import.meta.url);
/** Scenarios of the test protocol, and further properties of the NIC that they are for. */
const SCENARIOS: Readonly<Record<string, string>> = {
  '02-dhcp': '',
  '09-rings': '',
  '29-mitigation-off': ',mitigation=off',
  '36-ring-full-slirp': '',
};

describe('checkpoints', function () {
  // Each test runs a machine three times, on whatever is left of the processor.
  this.timeout(60_000);
  let s: Session;
  let server: Server;
  let port = 0;
  const errors: string[] = [];

  beforeEach(async () => {
    errors.length = 0;
    s = await Session.create();
    s.engine.internals = { hashFrames: true, checkpointMs: 0 };
    s.engine.on('report', (level, line) => {
      if (level === 'error') {
        errors.push(line);
      }
    });
    server = createServer((c) => c.on('error', () => undefined).end('from the host\n'.repeat(3000)));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    ({ port } = server.address() as AddressInfo);
  });

  afterEach(async () => {
    await s.dispose();
    server.close();
  });

  async function quitAndCompare(): Promise<void> {
    const ended = once(s.engine, 'exited');
    s.engine.quit();
    await ended;
    await compare();
  }

  async function compare(): Promise<void> {
    const { recording, summary, checkpoints } = s.engine;
    assert.ok(recording && summary);
    assert.deepEqual(errors, []);
    const all = checkpoints.all;
    assert.ok(all.length >= Math.min(TRIED, summary.turns), `${all.length} checkpoints of ${summary.turns} turns`);
    const tried = Array.from({ length: TRIED }, (_, i) => all[Math.floor((i * all.length) / TRIED)]);
    for (const [i, from] of [...new Set(tried)].entries()) {
      assert.ok(from);
      const where: string = `from turn ${from.turn} of ${summary.turns}`;
      if (TRIED > 2 || i % 2 === 0) {
        assert.deepEqual(await s.engine.reexecute(recording, { from }), summary, where);
      }
      if (TRIED > 2 || i % 2 === 1) {
        const { ticks, ...released } = await s.engine.reexecute(recording, { from, release: true });
        const { ticks: allTicks, ...rest } = summary;
        assert.deepEqual(released, rest, `${where}, in the release build`);
        assert.ok(ticks >= from.tick && ticks <= allTicks, `${where}: ${ticks} ticks`);
      }
    }
  }

  /** What a session may do; each ends when it is done. */
  const ACTIONS: readonly ((r: Random) => Promise<unknown>)[] = [
    async (r) => {
      const client = s.connect();
      client.write(Buffer.alloc(r.next(50_000), 'x'));
      client.end('the end\n');
      const said = s.console.length;
      await text(client);
      await prompt(said);
    },
    async () => {
      const said = s.console.length;
      s.guest(`nc 10.0.2.2 ${port} > big.txt`);
      await prompt(said);
    },
    async () => {
      const said = s.console.length;
      s.guest('ping -c 1 10.0.2.2');
      await prompt(said);
    },
    async (r) => {
      await s.engine.monitor(r.pick(['info usernet', 'set_link user.0 off', 'set_link user.0 on', 'info network']));
      await s.engine.monitor('set_link user.0 on');
    },
    async () => {
      const said = s.console.length;
      s.guest('ls -l; ifconfig; netstat');
      await prompt(said);
    },
  ];

  /** Waits for the shell's prompt beyond what the console had printed. */
  async function prompt(said: number): Promise<void> {
    while (!s.console.slice(said).includes('~ # ')) {
      await once(s.engine, 'console');
    }
  }

  for (const seed of [1, 2, 3]) {
    it(`a random session with real sockets: ${seed}`, async () => {
      const r = Random.spread(seed);
      await s.launch({ args: SEED_ARGS });
      await s.printed('~ # ');
      for (let i = 0; i < 6; i++) {
        const action = r.next(ACTIONS.length);
        if (action === 0) {
          const said = s.console.length;
          s.guest(`nc -l -v -p 5556 > in${i}.txt`);
          while (!s.console.slice(said).includes('listening on')) {
            await once(s.engine, 'console');
          }
        }
        await ACTIONS[action]?.(r);
      }
      await quitAndCompare();
    });
  }

  it('bytes of the host that the guest has not read yet', async () => {
    await s.launch({ guestCommands: ['nc -l -v -p 5556 | sleep 100'], args: SEED_ARGS });
    await s.printed('listening on');
    const client: Socket = s.connect();
    const sent = new Promise((resolve) => client.write(Buffer.alloc(3 << 20, 'unread'), resolve));
    const said = once(s.engine, 'console');
    await Promise.race([sent, said]);
    while ((await s.engine.monitor('info usernet')).match(/TCP\[ESTABLISHED\].* (\d+) +\d+ *$/m) === null) {
      await s.engine.monitor('info network');
    }
    client.destroy();
    await quitAndCompare();
  });

  const NICS = [
    '-netdev',
    'user,id=a',
    '-netdev',
    'user,id=b',
    '-device',
    'e1000,netdev=a',
    '-device',
    'e1000,netdev=b',
  ];
  const USER = (options: string): string[] => ['-netdev', `user,id=u,${options}`, '-device', 'e1000,netdev=u'];
  const MACHINES: Readonly<Record<string, () => Promise<readonly string[]>>> = {
    'several NICs': async () => NICS,
    hubs: async () => [
      ...['-netdev', 'user,id=u', '-netdev', 'hubport,id=h0,hubid=7,netdev=u', '-netdev', 'hubport,id=h1,hubid=7'],
      ...['-device', 'e1000,netdev=h1'],
    ],
    filters: async () => [
      ...USER('ipv6=on'),
      ...['-object', `filter-dump,id=d,netdev=u,file=${join(tempFolder(), 'dump.pcap')}`],
      ...['-object', 'filter-buffer,id=f,netdev=u,interval=1000'],
    ],
    tftp: async () => {
      const dir = tempFolder();
      writeFileSync(join(dir, 'file.txt'), 'served\n'.repeat(1000));
      return USER(`tftp=${dir},bootfile=file.txt`);
    },
    smb: async () => {
      const dir = join(tempFolder(), 'share');
      mkdirSync(dir);
      return USER(`smb=${dir}`);
    },
    guestfwd: async () => USER(`guestfwd=tcp:10.0.2.100:80-tcp:127.0.0.1:${port},guestfwd=tcp:10.0.2.101:80-cmd:cat`),
    'a socket': async () => [
      ...USER('dns=10.0.2.3'),
      ...['-netdev', 'socket,id=s,listen=127.0.0.1:0', '-device', 'e1000,netdev=s'],
    ],
    'a stream': async () => [
      ...USER('dns=10.0.2.3'),
      ...['-netdev', `stream,id=s,server=off,addr.type=inet,addr.host=127.0.0.1,addr.port=${port}`],
      ...['-device', 'e1000,netdev=s'],
    ],
    datagrams: async () => [
      ...USER('dns=10.0.2.3'),
      '-netdev',
      'dgram,id=s,local.type=inet,local.host=127.0.0.1,local.port=0,' +
        'remote.type=inet,remote.host=127.0.0.1,remote.port=9',
      ...['-device', 'e1000,netdev=s'],
    ],
  };
  /** What the guest does there besides. */
  const LINES: Readonly<Record<string, readonly string[]>> = {
    guestfwd: ['nc 10.0.2.100 80 > f'],
  };
  for (const [name, machine] of Object.entries(MACHINES)) {
    it(`a machine with ${name}`, async () => {
      await s.launch({ args: await machine() });
      await s.printed('~ # ');
      for (const line of ['ping -c 1 10.0.2.2', ...(LINES[name] ?? [])]) {
        const said = s.console.length;
        s.guest(line);
        await prompt(said);
      }
      await quitAndCompare();
    });
  }

  for (const name of ['02-hello.pcap', '05-http.pcap', 'foreign/mtu-mixed.pcap', 'foreign/lo-tls.pcap']) {
    it(`a replayed capture: ${name}`, async () => {
      const ended = once(s.engine, 'exited');
      await s.launch({ trace: capture(name), replay: { atEnd: 'exit' }, args: ['-nic', 'user'] });
      await ended;
      await compare();
    });
  }

  for (const [name, args] of Object.entries(SCENARIOS)) {
    it(`the test protocol: ${name}`, async () => {
      const { args: qtest, client } = await QTest.listen();
      await s.launch({ args: ['-netdev', 'user,id=n0', '-device', `e1000,netdev=n0,addr=3${args}`, ...qtest] });
      const q = await client;
      const scenario = JSON.parse(readFileSync(new URL(`${name}.scenario.json`, VECTORS), 'utf8')) as Scenario;
      await new Driver(q, scenario).run(scenario.steps);
      const ended = once(s.engine, 'exited');
      s.engine.quit();
      await ended;
      await q.close();
      await compare();
    });
  }

  it('are not taken before their time but where a machine is idle, which no replay is', async () => {
    s.engine.internals = { checkpointMs: 1e9 };
    await s.launch();
    await until(() => s.engine.checkpoints.all.length === 1, 'the first one');
    s.engine.quit();
    s.break('e1000_receive_iov');
    await s.launch({ args: ['-nic', 'user,model=e1000'], trace: capture('02-hello.pcap') });
    await s.stop();
    assert.deepEqual(s.engine.checkpoints.all, []);
  });
});
