/** Changing the past shows what would have been; what was, and a live machine, stay as they are. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { capture } from '../kit/paths.ts';
import { scattered } from '../kit/random.ts';
import { Session } from './session.ts';

describe('what would have been', function () {
  this.timeout(60_000);
  let s: Session;

  beforeEach(async () => {
    s = await Session.create();
  });

  afterEach(() => s.dispose());

  const hash = async (): Promise<unknown> => (await s.engine.evaluate('__pktgdb.stateHash()', 0)).value;
  const value = async (text: string): Promise<unknown> => (await s.evaluator.evaluate(text, 0)).value.value;
  const set = (text: string) => s.evaluator.evaluate(text, 0, true);

  /** A server of the host that is sent what it has to send when it is told to. */
  async function server(): Promise<{ port: number; peer: Promise<Socket>; close: () => void }> {
    const listening = createServer().listen(0, '127.0.0.1');
    await once(listening, 'listening');
    const peer = once(listening, 'connection').then(([socket]) => socket as Socket);
    return { port: (listening.address() as AddressInfo).port, peer, close: () => listening.close() };
  }

  async function goToMiddle(part = 0.5): Promise<void> {
    const { start, present } = s.engine.history ?? assert.fail('no history');
    await s.engine.goTo({ tick: Math.floor(start.tick + (present.tick - start.tick) * part), probe: -1 });
    await s.stop();
  }

  it('is what was, where the change means nothing', async () => {
    const { port, peer, close } = await server();
    await s.launch();
    await s.printed('lease of');
    s.guest(`nc 10.0.2.2 ${port} > got; echo it is there`);
    (await peer).end(scattered(300_000));
    await s.printed('\nit is there');
    close();
    s.guest('ping -c 1 10.0.2.2; echo and on');
    await s.printed('\nand on');
    await s.engine.interrupt();
    await s.stop();
    const [present, state] = [s.engine.history?.present, await hash()];
    await goToMiddle();
    await set('machine->drops->total = machine->drops->total');
    assert.ok(s.engine.history?.whatIf);
    await s.resume();
    assert.deepEqual(await s.stop(), { kind: 'recording-end' });
    assert.equal(await hash(), state);
    assert.equal(s.engine.history?.present.tick, present?.tick);
    const { original, whatIf, equal } = await s.engine.compareWhatIf();
    assert.deepEqual([original, whatIf], [undefined, undefined]);
    assert.ok(equal > 1000, `${equal} calls`);
  });

  it('is compared from the earliest change, also where that was made later', async () => {
    await s.launch({ trace: capture('05-http.pcap'), args: ['-nic', 'user'] });
    await s.stop();
    await goToMiddle();
    await set('machine->drops->total = 7');
    const later = s.engine.history?.whatIf;
    await goToMiddle(0.25);
    await s.engine.monitor('set_link e1000.0 off');
    const earlier = s.engine.history?.whatIf;
    assert.ok(later && earlier && earlier.tick < later.tick);
    await s.resume();
    await s.stop();
    const { original, whatIf } = await s.engine.compareWhatIf();
    assert.ok(original && whatIf && original.tick < later.tick, JSON.stringify([original, whatIf]));
    await s.engine.endWhatIf();
    await s.stop();
    assert.equal(s.engine.history?.here.tick, later.tick);
  });

  it('is one for changes that are made at the same time', async () => {
    s.break('tcp_input', undefined, { temporary: true, ignoreCount: 5 });
    await s.launch({ trace: capture('05-http.pcap'), args: ['-nic', 'user'] });
    await s.stop();
    await s.engine.reverse('into');
    await s.stop();
    let begun = 0;
    s.engine.on('report', (_level, text) => {
      begun += text.startsWith('From here on') ? 1 : 0;
    });
    const write = (at: number) => s.engine.writeShared('ram', at, Uint8Array.of(at, at));
    await Promise.all([write(8), set('machine->drops->total = 77'), write(16)]);
    assert.deepEqual([begun, await value('machine->drops->total')], [1, 77]);
    const ram = new Uint8Array(s.engine.shared.get('ram')!);
    assert.deepEqual([...ram.subarray(8, 10), ...ram.subarray(16, 18)], [8, 8, 16, 16]);
    // One that goes on just now is not told of a change that it would never make.
    for (let turns = 0; turns < 12; turns++) {
      const late = write(24).then(
        () => 'done',
        (e: Error) => e.message,
      );
      for (let turn = 0; turn < turns; turn++) {
        await null;
      }
      await s.engine.step('into');
      await s.stop();
      assert.match(await late, /^done$|^A what-if that runs/);
    }
    await s.engine.endWhatIf();
    await s.stop();
    assert.equal(s.engine.history?.whatIf, undefined);
  });

  it('differs where the change first matters, has a past of its own, and leaves the live machine alone', async () => {
    const { port, peer, close } = await server();
    const bytes = scattered(200_000);
    await s.launch();
    await s.printed('lease of');
    s.guest(`nc 10.0.2.2 ${port} > got; echo it is there`);
    const socket = await peer;
    socket.write(bytes.subarray(0, 100_000));
    s.break('e1000_receive_iov', '$pkt.tcp.len > 0', { temporary: true, ignoreCount: 20 });
    await s.stop();
    const { tick } = s.engine.history?.present ?? assert.fail();
    await s.engine.goTo({ tick: tick - 2000, probe: -1 });
    await s.stop();
    const left = s.engine.history?.here;
    await s.engine.monitor('set_link user.0 off');
    assert.deepEqual(s.engine.history?.whatIf, left);
    assert.equal(s.engine.history?.inPast, false);
    const kept = s.break('tcp_close');
    const dropped = s.break('drop', 'reason == "LINK_DOWN"', { temporary: true });
    await s.resume();
    const stop = await s.stop();
    assert.deepEqual(stop.kind === 'breakpoint' && stop.breakpoints, [dropped]);
    const { original, whatIf } = await s.engine.compareWhatIf();
    assert.ok(original && whatIf);
    assert.match(whatIf.call, /^drop \(.*reason="LINK_DOWN"/);
    assert.match(original.call, /^(qemu|nc)_\w+ \(/);
    // The past of what would have been: before the change it is that of what was.
    const names = await s.frameNames();
    await s.engine.reverse('into');
    await s.stop();
    await s.engine.step('into');
    await s.stop();
    assert.deepEqual(await s.frameNames(), names);
    await assert.rejects(async () => s.engine.guestInput('ls\n'), /outside/);
    await s.engine.endWhatIf();
    await s.stop();
    assert.deepEqual(s.engine.history?.here, left);
    assert.equal(s.engine.history?.whatIf, undefined);
    // Breakpoints are those of both, whenever they were set.
    s.engine.deleteBreakpoint(kept);
    await assert.rejects(s.engine.endWhatIf(), /no what-if/);
    await s.engine.goTo('present');
    await s.stop();
    s.console = '';
    await s.resume();
    socket.end(bytes.subarray(100_000));
    await s.printed('it is there\n');
    close();
    s.guest('ls -l got; echo that was it');
    await s.printed('\nthat was it');
    assert.match(s.console, / 200000 .*got/);
  });

  it('begins once, after a question, and again in its own past', async () => {
    s.break('tcp_input', undefined, { ignoreCount: 6, temporary: true });
    await s.launch({ trace: capture('05-http.pcap'), args: ['-nic', 'user'] });
    await s.stop();
    const present = s.engine.history?.present;
    let [asked, answer] = [0, false];
    s.engine.askWhatIf = async () => {
      asked++;
      return answer;
    };
    await goToMiddle();
    await assert.rejects(set('$RADV = 5'), /was not changed/);
    assert.equal(s.engine.history?.whatIf, undefined);
    answer = true;
    await set('$RADV = 5');
    await set('$RADV = 6');
    await s.engine.memory.write(0xf00000, Uint8Array.of(1, 2, 3));
    assert.equal(asked, 2);
    await s.resume();
    assert.deepEqual(await s.stop(), { kind: 'recording-end' });
    assert.equal(await value('$RADV'), 6);
    assert.deepEqual([...s.engine.memory.read(0xf00000, 3)], [1, 2, 3]);
    await goToMiddle(0.3);
    assert.equal(await value('$RADV'), 0);
    await set('$RADV = 7');
    assert.equal(asked, 3);
    await s.resume();
    await s.stop();
    assert.equal(await value('$RADV'), 7);
    await s.engine.endWhatIf();
    await s.stop();
    await s.engine.goTo('present');
    await s.stop();
    assert.equal(await value('$RADV'), 0);
    assert.deepEqual(s.engine.history?.present, present);
  });
});
