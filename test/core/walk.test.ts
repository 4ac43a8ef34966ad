/**
 * Walks through history by chance: at each position one finds what was there on the way to it. `PKTGDB_WALK_MOVES` says
 * how many moves each session makes.
 */
import assert from 'node:assert/strict';
import { capture } from '../kit/paths.ts';
import { Random } from '../kit/random.ts';
import { Session } from './session.ts';

const MOVES = Number(process.env['PKTGDB_WALK_MOVES'] ?? 10);
/** Steps that the live machine takes first. */
const AHEAD = 8;

describe('walking through history', () => {
  let s: Session;
  /** What was seen, by position. */
  let seen: Map<string, string>;

  beforeEach(async () => {
    seen = new Map();
    s = await Session.create();
  });

  afterEach(() => s.dispose());

  async function look(move: string): Promise<void> {
    await s.stop();
    const { history } = s.engine;
    assert.ok(history);
    const { here } = history;
    const frames = (await s.engine.frames()).map((f) => `${f.fn.name}:${f.location.line}`);
    const values = [...(await s.engine.args(0)), ...(await s.engine.locals(0))];
    const state = (await s.engine.evaluate('__pktgdb.stateHash()', 0)).value;
    const plain = (key: string, value: unknown): unknown => (key === 'handle' || key === 'address' ? undefined : value);
    const all = JSON.stringify({ here, frames, values, state }, plain, 1);
    const key = `${here.tick}:${here.probe}`;
    assert.equal(all, seen.get(key) ?? all, `${move} to ${key}`);
    seen.set(key, all);
  }

  async function walk(): Promise<void> {
    await look('run');
    for (let i = 0; i < AHEAD; i++) {
      await s.engine.step('into');
      await look('step');
    }
    const random = new Random(11);
    for (let i = 0; i < MOVES; i++) {
      const { inPast } = s.engine.history ?? {};
      const kind = random.pick(['into', 'over', 'instruction', 'out', 'continue', 'goto', 'step', 'next'] as const);
      if (kind === 'goto') {
        const [tick = 0, probe = 0] = random
          .pick([...seen.keys()])
          .split(':')
          .map(Number);
        await s.engine.goTo({ tick, probe });
      } else if (kind === 'step' || kind === 'next') {
        // The present stays where it is.
        await (inPast ? s.engine.step(kind === 'step' ? 'into' : 'over') : s.engine.reverse('into'));
      } else {
        const outermost = (await s.engine.frames()).length < 2;
        await s.engine.reverse(outermost ? 'into' : kind);
      }
      await look(`move ${i}, ${kind},`);
    }
  }

  it('of a replay', async () => {
    s.break('tcp_input', undefined, { ignoreCount: 2 });
    await s.launch({ trace: capture('05-http.pcap'), args: ['-nic', 'user'] });
    await walk();
  });

  it('of a live machine with sockets', async () => {
    await s.launch({ guestCommands: ['nc -l -v -p 5556 > hello.txt'] });
    await s.printed('listening on');
    s.break('e1000_receive_iov', '$pkt.tcp.dstport == 5556');
    s.connect().end('over there and back\n');
    await walk();
  });
});
