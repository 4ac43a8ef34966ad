/**
 * Walks through history by chance, forwards and backwards, on through the present too: at each position one finds what
 * was there on the way to it. `PKTGDB_WALK_MOVES` says how many moves the sessions make together, `PKTGDB_WALK_SEED`
 * which.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { HistoryState, MomentTarget } from '../../adapter/engine/api.ts';
import { nics } from '../../adapter/inspect/nics.ts';
import { capture } from '../kit/paths.ts';
import { Random } from '../kit/random.ts';
import { QTest } from '../machine/qtest.ts';
import { Driver, type Step } from '../machine/scenario.ts';
import { Session } from './session.ts';

const MOVES = Number(process.env['PKTGDB_WALK_MOVES'] ?? 60);
const SEED = Number(process.env['PKTGDB_WALK_SEED'] ?? 1);
const SESSIONS = 3;
/** Steps that the machine takes first. */
const AHEAD = 8;
/** The way on is left to the machine now and then only: most of what a walk passes is past. */
const SELDOM = 6;
/** Frames whose locals are looked at. */
const FRAMES = 3;

const KINDS = ['into', 'over', 'out', 'instruction', 'statement', 'entry', 'continue', 'goto', 'forward'] as const;

/** One session's walk. `traffic` sees to it that a machine that goes on has something to do. */
class Walk {
  readonly #s: Session;
  readonly #random: Random;
  readonly #traffic: () => void;
  /** What was seen, by position. */
  readonly #seen = new Map<string, string>();
  /** What was done, for the message of a failure. */
  readonly #log: string[] = [];
  /** Nothing more is to come. */
  #ended = false;
  /** Positions that were found again. */
  again = 0;

  constructor(s: Session, seed: number, traffic: () => void = () => undefined) {
    this.#s = s;
    this.#random = Random.spread(seed);
    this.#traffic = traffic;
  }

  async run(moves: number): Promise<void> {
    await this.#look('run');
    for (let i = 0; i < AHEAD; i++) {
      await this.#s.engine.step('into');
      await this.#look('step');
    }
    for (let i = 0; i < moves; i++) {
      await this.#look(await this.#move());
    }
    await this.#s.engine.goTo('present');
    await this.#look('goto present');
  }

  get #history(): HistoryState {
    const { history } = this.#s.engine;
    assert.ok(history);
    return history;
  }

  async #look(move: string): Promise<void> {
    const { kind } = await this.#s.stop();
    this.#ended ||= kind === 'replay-end';
    const { engine } = this.#s;
    const { here } = this.#history;
    const key = `${here.tick}:${here.probe}`;
    this.#log.push(`${move} -> ${key}`);
    const frames = await engine.frames();
    const values = [];
    for (const { index } of frames.slice(0, FRAMES)) {
      values.push(await engine.args(index), await engine.locals(index));
    }
    const all = JSON.stringify(
      {
        here,
        frames: frames.map((f) => `${f.fn.name}:${f.location.line}`),
        values,
        packet: Buffer.from((await engine.packet(0))?.bytes ?? []).toString('hex'),
        registers: nics(engine).map(({ registers }) => createHash('sha1').update(registers).digest('hex')),
        state: (await engine.evaluate('__pktgdb.stateHash()', -1)).value,
      },
      (name, value: unknown) => (name === 'handle' ? undefined : value),
      1,
    );
    const before = this.#seen.get(key);
    assert.equal(all, before ?? all, this.#log.join('\n'));
    this.again += before === undefined ? 0 : 1;
    this.#seen.set(key, all);
  }

  /** Returns what it was. */
  async #move(): Promise<string> {
    const kind = this.#random.pick(KINDS);
    const depth = (await this.#s.engine.frames()).length;
    if (kind === 'forward') {
      return this.#forward(depth);
    }
    if (kind === 'goto') {
      return this.#goTo();
    }
    const count = kind === 'continue' ? 1 : 1 + this.#random.next(3);
    // Nothing calls the outermost frame.
    const frame = this.#random.next(Math.max(1, Math.min(FRAMES, depth - 1)));
    const fits = kind === 'out' && depth < 2 ? 'into' : kind;
    await this.#s.engine.reverse(fits, { count, frame });
    return `reverse ${fits} ${count} of frame ${frame}`;
  }

  async #goTo(): Promise<string> {
    const { present, start } = this.#history;
    const [tick = 0, probe = 0] = this.#random
      .pick([...this.#seen.keys()])
      .split(':')
      .map(Number);
    const target: MomentTarget = this.#random.pick([
      { tick, probe },
      { tick, probe },
      { packets: 1 + this.#random.next(Math.max(1, present.packets)) },
      { ns: start.ns + this.#random.next(1000) * ((present.ns - start.ns) / 1000) },
      'present',
    ]);
    await this.#s.engine.goTo(target);
    return `goto ${JSON.stringify(target)}`;
  }

  async #forward(depth: number): Promise<string> {
    const { inPast } = this.#history;
    if (!inPast && (this.#ended || this.#random.next(SELDOM) > 0)) {
      await this.#s.engine.reverse('over');
      return 'reverse over';
    }
    const kind = this.#random.pick(['into', 'over', 'out', 'statement', 'continue'] as const);
    // What has ended has no way on from the present, where the others may come to.
    const runs = this.#ended ? 'into' : kind;
    this.#traffic();
    if (runs === 'continue' || depth < 3) {
      await (this.#ended ? this.#s.engine.step('into') : this.#s.resume());
      return 'continue';
    }
    if (runs === 'statement') {
      await this.#s.engine.step('into', { statements: true, count: 1 + this.#random.next(3) });
    } else {
      await this.#s.engine.step(runs);
    }
    return `step ${runs}`;
  }
}

describe('walking through history', function () {
  this.timeout(0);
  const share = Math.ceil(MOVES / SESSIONS);
  let s: Session;

  beforeEach(async () => {
    s = await Session.create();
  });

  afterEach(() => s.dispose());

  async function walk(traffic?: () => void): Promise<void> {
    const way = new Walk(s, SEED, traffic);
    await way.run(share);
    assert.ok(way.again > share / 4, `only ${way.again} positions were found again`);
  }

  it('of a replay', async () => {
    s.break('tcp_input', undefined, { ignoreCount: 2 });
    await s.launch({ trace: capture('08-upload.pcap'), args: ['-nic', 'user'] });
    await walk();
  });

  it('of a live machine with sockets', async () => {
    await s.launch({ guestCommands: ['nc -l -v -p 5556 > hello.txt'] });
    await s.printed('listening on');
    s.break('e1000_receive_iov', '$pkt.tcp.dstport == 5556');
    const client = s.connect();
    client.write('over there and back\n');
    await walk(() => client.write('and on\n'));
  });

  it('of a machine that the test protocol drives', async () => {
    const { args, client } = await QTest.listen();
    await s.launch({ args: ['-netdev', 'user,id=n0', '-device', 'e1000,netdev=n0,addr=3', ...args] });
    const q = await client;
    const driver = new Driver(q, { name: '', steps: [] });
    await driver.run([{ op: 'pci_setup' }, { op: 'setup_rings', ims: 0x9d }] as Step[]);
    s.break('e1000_receive_iov');
    const arp = { op: 'send_frame', frame: { arp: { tip: '10.0.2.2' } } } as Step;
    let over = false;
    const driven = (async () => {
      while (!over) {
        await driver.run([arp, { op: 'clock_step', ns: 1_000_000 } as Step]);
      }
    })();
    // The machine goes away in the middle of a command.
    driven.catch(() => undefined);
    try {
      await walk();
    } finally {
      over = true;
      await q.close();
    }
  });
});
