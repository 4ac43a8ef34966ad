/** Time runs both ways: what one finds at a moment of the past is what was there. */
import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import type { TimePosition } from '../../adapter/engine/api.ts';
import { Inferior } from '../../adapter/engine/inferior.ts';
import { CHUNK_HEADER_BYTES, LOG, LogReader } from '../../adapter/mailbox/recorded.ts';
import { capture } from '../kit/paths.ts';
import { Session } from './session.ts';

/** What one sees at a moment. */
interface Seen {
  readonly position: TimePosition;
  readonly frames: string[];
  readonly locals: string;
  readonly state: string;
}

describe('time travel', () => {
  let s: Session;

  beforeEach(async () => {
    s = await Session.create();
  });

  afterEach(() => s.dispose());

  async function look(): Promise<Seen> {
    const { history } = s.engine;
    assert.ok(history);
    const frames = (await s.engine.frames()).map((f) => `${f.fn.name}:${f.location.line}`);
    const values = [...(await s.engine.args(0)), ...(await s.engine.locals(0))];
    const locals = JSON.stringify(values, (k, v) => (k === 'handle' ? undefined : v));
    const state = (await s.engine.evaluate('__pktgdb.stateHash()', 0)).value;
    return { position: history.here, frames, locals, state: String(state) };
  }

  async function replay(): Promise<void> {
    await s.launch({ trace: capture('05-http.pcap'), args: ['-nic', 'user'] });
  }

  it('shows the present when the past cannot go on', async () => {
    s.break('e1000_receive_iov', undefined, { temporary: true, ignoreCount: 5 });
    await replay();
    const stop = await s.stop();
    const present = await look();
    await s.engine.goTo('start');
    await s.stop();
    const { recording } = s.engine;
    const chunk = recording?.chunks[0];
    assert.ok(recording && chunk?.memory);
    const log = new LogReader(recording);
    let turn = 0;
    for (let at = log.at; log.peek() !== 0; at = log.at) {
      turn = log.take() === LOG.TURN ? at : turn;
    }
    new Uint8Array(chunk.memory)[CHUNK_HEADER_BYTES + turn - chunk.start] = 99;
    const said: string[] = [];
    s.engine.on('report', (_level, text) => void said.push(text));
    await s.engine.resume();
    assert.equal((await s.stop()).kind, 'pause');
    assert.match(said.join(''), /^the history cannot be executed: .*a turn expected, record 99 found at byte \d+/);
    assert.equal(s.engine.history?.inPast, false);
    assert.deepEqual(await look(), present);
    assert.equal(stop.kind, 'breakpoint');
  });

  it('goes back through the steps it has made, and finds the same', async () => {
    s.break('e1000_receive_iov', undefined, { temporary: true, ignoreCount: 5 });
    await replay();
    await s.stop();
    const seen: Seen[] = [await look()];
    for (let i = 0; i < 12; i++) {
      await s.engine.step('into');
      await s.stop();
      seen.push(await look());
    }
    for (let i = 11; i >= 0; i--) {
      await s.engine.goTo((seen[i] as Seen).position);
      await s.stop();
      assert.deepEqual(await look(), seen[i]);
    }
    assert.equal(s.engine.history?.inPast, true);
    for (let i = 1; i <= 12; i++) {
      await s.engine.step('into');
      await s.stop();
      assert.deepEqual(await look(), seen[i], `step ${i}`);
    }
    assert.equal(s.engine.history?.inPast, false);
  });

  it('has the memory of the last moment for the next one', async () => {
    s.break('e1000_receive_iov', undefined, { temporary: true, ignoreCount: 5 });
    await replay();
    await s.stop();
    const memories = new Set<unknown>();
    for (const part of [0.2, 0.8, 0.4]) {
      const { start, present } = s.engine.history ?? {};
      assert.ok(start && present);
      const tick = start.tick + Math.round((present.tick - start.tick) * part);
      await s.engine.goTo({ tick, probe: -1 });
      await s.stop();
      memories.add(s.engine.shared.get('ram'));
    }
    assert.equal(memories.size, 1);
  });

  const where = async (): Promise<string> => {
    const [f] = await s.engine.frames();
    return `${f?.fn.name}:${f?.location.line}`;
  };

  it('steps back over the lines that it has stepped through', async () => {
    s.break('tcp_input', undefined, { temporary: true, ignoreCount: 3 });
    await replay();
    await s.stop();
    for (const kind of ['into', 'over'] as const) {
      const lines = [await where()];
      for (let i = 0; i < 8; i++) {
        await s.engine.step(kind);
        await s.stop();
        lines.push(await where());
      }
      const back: string[] = [await where()];
      for (let i = 0; i < 8; i++) {
        await s.engine.reverse(kind);
        assert.equal((await s.stop()).kind, 'step');
        back.push(await where());
      }
      assert.deepEqual(back.reverse(), lines, kind);
    }
  });

  it('is where it was after many steps back of all kinds, and where single ones lead from there', async () => {
    s.break('tcp_input', undefined, { temporary: true, ignoreCount: 3 });
    await replay();
    await s.stop();
    const kinds = ['over', 'statement', 'into', 'over', 'instruction', 'into', 'out', 'over', 'into'] as const;
    const there: (TimePosition | undefined)[] = [];
    for (const kind of kinds) {
      await s.engine.reverse(kind);
      await s.stop();
      there.push(s.engine.history?.here);
    }
    const seen = await look();
    for (let i = kinds.length - 1; i > 0; i--) {
      // What a step before has noted does not reach to here.
      await s.engine.goTo('start');
      await s.stop();
      await s.engine.goTo(there[i - 1] as TimePosition);
      await s.stop();
      await s.engine.reverse(kinds[i] as (typeof kinds)[number]);
      await s.stop();
      const { tick, probe } = there[i] as TimePosition;
      assert.deepEqual([s.engine.history?.here.tick, s.engine.history?.here.probe], [tick, probe], kinds[i]);
      if (i === kinds.length - 1) {
        assert.deepEqual(await look(), seen);
      }
    }
  });

  it('goes back to the call, and to where a breakpoint was hit before', async () => {
    const receive = s.break('e1000_receive_iov');
    await replay();
    const seen: TimePosition[] = [];
    for (let i = 0; i < 6; i++) {
      await s.stop();
      seen.push((await look()).position);
      await s.resume();
    }
    await s.stop();
    await s.engine.reverse('out');
    assert.equal((await s.stop()).kind, 'step');
    assert.match(await where(), /^qemu_deliver_packet_iov:/);
    for (let i = 5; i >= 0; i--) {
      await s.engine.reverse('continue');
      assert.deepEqual(await s.stop(), { kind: 'breakpoint', breakpoints: [receive], hitTemporary: false });
      assert.deepEqual((await look()).position, seen[i]);
    }
    assert.equal(s.engine.breakpoints[0]?.hits, 7);
    await s.engine.reverse('continue');
    assert.deepEqual(await s.stop(), { kind: 'history-start' });
    assert.equal((await s.frameNames()).at(-1), 'main');
    await s.resume();
    assert.deepEqual((await s.stop()).kind, 'breakpoint');
    assert.deepEqual((await look()).position, seen[0]);
  });

  it('tells how far a search is, and is cancelled where it was', async () => {
    // One at each turn, so that the search has many parts.
    s.engine.internals = { checkpointMs: 0 };
    await replay();
    await s.stop();
    await s.engine.goTo({ packets: (s.engine.history?.present.packets ?? 0) - 1 });
    await s.stop();
    const before = await look();
    s.break('slirp_input', '$pkt.frame.len == 1');
    const told: string[] = [];
    s.engine.on('progress', (what, done, total) => {
      told.push(`${what}: ${done} of ${total}`);
      if (told.length === 2) {
        void s.engine.interrupt();
      }
    });
    await s.engine.reverse('continue');
    assert.deepEqual(await s.stop(), { kind: 'pause' });
    assert.deepEqual(await look(), before);
    assert.match(told.join('\n'), /^Searching the history: \d+ of \d+\n/);
    await s.engine.reverse('into');
    assert.deepEqual(await s.stop(), { kind: 'step' });
  });

  it('is given up while the machine is being set up for a part of a search', async () => {
    await replay();
    await s.stop();
    await s.engine.reverse('into');
    await s.stop();
    const before = await look();
    s.break('slirp_input', '$pkt.frame.len == 1');
    const { travel } = Inferior.prototype;
    for (let round = 0; round < 5; round++) {
      // The thread has been told of the part, and has not begun with it.
      Inferior.prototype.travel = async function (message) {
        await travel.call(this, message);
        Inferior.prototype.travel = travel;
        void s.engine.interrupt();
      };
      await s.engine.reverse('continue');
      assert.deepEqual(await s.stop(), { kind: 'pause' });
      assert.deepEqual(await look(), before);
    }
  });

  it('comes back to the present and goes on with the live connections intact', async () => {
    await s.launch({ guestCommands: ['nc -l -v -p 5556 > hello.txt'] });
    await s.printed('listening on');
    const stop = s.break('e1000_receive_iov', '$pkt.tcp.dstport == 5556');
    const client = s.connect();
    client.end('over there and back\n');
    await s.stop();
    const present = await look();
    for (let i = 0; i < 3; i++) {
      await s.engine.reverse('over');
      await s.stop();
    }
    assert.equal(s.engine.history?.inPast, true);
    s.engine.askWhatIf = async () => false;
    await assert.rejects(s.engine.assign('size', '1', 0), /The past was not changed/);
    s.engine.deleteBreakpoint(stop);
    await s.engine.goTo('present');
    assert.deepEqual(await s.stop(), { kind: 'history-end' });
    assert.deepEqual(await look(), present);
    await s.engine.reverse('into', { count: 5 });
    await s.stop();
    await s.resume();
    await text(client);
    s.guest('cat hello.txt');
    await s.printed('over there and back');
  });

  it('finds what the main loop held, also right behind a checkpoint', async () => {
    // One at each turn.
    s.engine.internals = { checkpointMs: 0 };
    const at = s.break('net_sockets_poll');
    await replay();
    const seen: Seen[] = [];
    for (let i = 0; i < 6; i++) {
      await s.stop();
      await s.engine.step('out');
      await s.stop();
      seen.push(await look());
      await s.resume();
    }
    s.engine.deleteBreakpoint(at);
    await s.stop();
    for (const moment of seen) {
      await s.engine.goTo(moment.position);
      await s.stop();
      assert.deepEqual(await look(), moment);
    }
    const timeouts = seen.map(({ locals }) => /"timeout".*?"value":(-?\d+)/.exec(locals)?.[1]);
    assert.ok(new Set(timeouts).size > 1, `${timeouts} are not the same`);
  });

  it('is at the start before it, and refuses a moment that never was, from which nothing would lead on', async () => {
    await replay();
    await s.stop();
    const end = s.engine.history;
    assert.ok(end);
    await s.engine.goTo({ tick: 5, probe: 3 });
    await s.stop();
    assert.deepEqual(s.engine.history?.here, end.start);
    const middle = Math.floor((end.start.tick + end.present.tick) / 2);
    for (const begin of ['start', 'present'] as const) {
      await s.engine.goTo(begin);
      await s.stop();
      const nowhere = s.engine.goTo({ tick: middle, probe: s.engine.info.probes.length });
      await assert.rejects(nowhere, /^EngineError: There is no moment \d+:\d+ in the history\.$/);
      await s.stop();
      assert.deepEqual(s.engine.history?.here, begin === 'start' ? end.start : end.present);
    }
  });

  it('goes back to where history begins and no further, by steps too', async () => {
    s.break('qemu_init');
    const built = s.engine.breakpoints[0];
    assert.ok(built);
    await s.launch({ trace: capture('02-hello.pcap') });
    assert.equal((await s.stop()).kind, 'breakpoint');
    await s.resume();
    await s.stop();
    const start = s.engine.history?.start;
    for (const kind of ['into', 'over', 'out', 'instruction', 'statement', 'continue'] as const) {
      await s.engine.goTo('start');
      await s.stop();
      await s.engine.reverse(kind);
      assert.deepEqual(await s.stop(), { kind: 'history-start' }, kind);
      assert.deepEqual(s.engine.history?.here, start, kind);
    }
    for (let i = 0; i < 3; i++) {
      await s.engine.step('over');
      await s.stop();
    }
    let kind = '';
    for (let i = 0; i < 50 && kind !== 'history-start'; i++) {
      await s.engine.reverse('instruction');
      ({ kind } = await s.stop());
    }
    assert.deepEqual([kind, s.engine.history?.here], ['history-start', start]);
  });

  it('says so where it comes to the present, whatever was asked for', async () => {
    await replay();
    await s.stop();
    const { present } = s.engine.history ?? {};
    assert.ok(present);
    for (const to of [{ ns: present.ns * 2 }, { tick: present.tick * 2, probe: -1 }, present, 'present'] as const) {
      await s.engine.goTo('start');
      await s.stop();
      await s.engine.goTo(to);
      assert.deepEqual(await s.stop(), { kind: 'history-end' });
      assert.equal(s.engine.history?.inPast, false);
    }
  });

  it('stays where it is while the machine is being built, which has no start yet, and travels afterwards', async () => {
    const hello = { trace: capture('02-hello.pcap'), stopOnEntry: true };
    await s.launch(hello);
    await s.stop();
    const entry = s.engine.history?.here;
    await s.engine.goTo('start');
    await s.stop();
    assert.deepEqual([s.engine.history?.here, s.engine.history?.inPast], [entry, false]);
    await s.resume();
    await s.stop();
    await s.engine.goTo('start');
    await s.stop();
    assert.equal(s.engine.history?.inPast, true);
    s.break('ip_input');
    const resumed = s.engine.resume();
    // The live machine stands still meanwhile and would never do it.
    await assert.rejects(s.engine.writeShared('e1000.0/mac_reg', 0, Buffer.of(1)), /while the machine is running/);
    await resumed;
    assert.equal((await s.stop()).kind, 'breakpoint');
  });

  it('tells the live machine nothing while history is executed, as it stands still', async () => {
    const hello = { trace: capture('02-hello.pcap') };
    s.break('ip_input');
    await s.launch(hello);
    await s.stop();
    await s.resume();
    await s.stop();
    const back = s.engine.reverse('continue');
    const refused = /^EngineError: Cannot execute this command while the machine is running\.$/;
    await assert.rejects(s.engine.writeShared('ram', 0, Buffer.of(1)), refused);
    await assert.rejects(s.engine.monitor('info network'), refused);
    await back;
    assert.equal((await s.stop()).kind, 'breakpoint');
    assert.match(await s.engine.monitor('info network'), /user/);
  });

  it('finds nothing in a monitor command that was given at a stop', async () => {
    s.break('tcp_input', undefined, { temporary: true, ignoreCount: 3 });
    await replay();
    await s.stop();
    await s.engine.monitor('set_link user.0 on');
    await s.engine.step('over');
    await s.stop();
    s.break('qmp_set_link');
    await s.engine.reverse('continue');
    assert.deepEqual(await s.stop(), { kind: 'history-start' });
  });
});
