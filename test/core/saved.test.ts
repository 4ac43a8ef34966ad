/** A saved session is opened as the same one, with its whole past; what is damaged is refused. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import type { HistoryMoment, SavedMarks } from '../../adapter/engine/api.ts';
import { Engine } from '../../adapter/engine/engine.ts';
import type { ReexecuteOptions } from '../../adapter/engine/reexecute.ts';
import { saveSession } from '../../adapter/engine/saving.ts';
import { readCapture } from '../../adapter/packets/capture.ts';
import { refuse } from '../kit/faults.ts';
import { capture } from '../kit/paths.ts';
import { Random, scattered } from '../kit/random.ts';
import { tempFolder } from '../kit/temp.ts';
import { Session } from './session.ts';

const MUTATIONS = Number(process.env['PKTGDB_SAVED_MUTATIONS'] ?? 300);
const NO_MARKS: SavedMarks = { bookmarks: [], checkpoints: [] };

describe('saved recordings', function () {
  this.timeout(60_000 + 200 * MUTATIONS);
  const folder = tempFolder();
  const file = join(folder, 'session.pcapng');
  let s: Session;
  let opened: Session | undefined;

  beforeEach(async () => {
    s = await Session.create();
  });

  afterEach(async () => {
    await opened?.dispose();
    opened = undefined;
    await s.dispose();
  });

  /** Where a session stands and what is there. */
  async function seen(session: Session): Promise<string> {
    const { engine } = session;
    const { history } = engine;
    assert.ok(history);
    const frames = (await engine.frames()).map((f) => `${f.fn.name}:${f.location.line}`);
    const values = [...(await engine.args(0)), ...(await engine.locals(0))];
    const state = (await engine.evaluate('__pktgdb.stateHash()', 0)).value;
    const registers = Buffer.from(engine.shared.get('e1000.0/mac_reg') ?? new ArrayBuffer(0)).toString('hex');
    const plain = (key: string, value: unknown): unknown => (key === 'handle' ? undefined : value);
    const { here, present, start, bytes, replays } = history;
    return JSON.stringify({ here, present, start, bytes, replays, frames, values, state, registers }, plain, 1);
  }

  /** Goes to moments and collects what is there. */
  async function tour(session: Session, moments: readonly HistoryMoment[]): Promise<string[]> {
    const found: string[] = [];
    for (const moment of moments) {
      await session.engine.goTo(moment);
      await session.stop();
      found.push(await seen(session));
    }
    await session.engine.goTo('present');
    await session.stop();
    return found;
  }

  /** Saves the session, which stands still, opens the file in another engine, and compares both everywhere. */
  async function kept(marks: SavedMarks = NO_MARKS): Promise<void> {
    const { history } = s.engine;
    assert.ok(history);
    const here = await seen(s);
    const summary = await s.engine.saveRecording(file, marks);
    assert.equal(summary.packets, history.present.packets);
    assert.equal(readCapture(readFileSync(file)).packets.length, summary.packets);
    opened = await Session.create();
    await opened.engine.launch({ trace: file, args: [] });
    assert.deepEqual(await opened.stop(), { kind: 'recording-end' });
    assert.equal(await seen(opened), here);
    assert.deepEqual(opened.engine.savedMarks, marks);
    // Moments by ticks: a third of the way, the middle, close to the end.
    const { start, present } = history;
    const at = (part: number): HistoryMoment => ({
      ...present,
      tick: Math.floor(start.tick + (present.tick - start.tick) * part),
      probe: -1,
    });
    const moments = [at(0.3), at(0.5), at(0.98)];
    assert.deepEqual(await tour(opened, moments), await tour(s, moments));
  }

  it('of a live machine have its past, its changes and its bookmarks, and stand at the end', async () => {
    const server = createServer((c) => c.end(scattered(300_000))).listen(0, '127.0.0.1');
    await once(server, 'listening');
    s.engine.internals = { checkpointMs: 20 };
    await s.launch();
    await s.printed('lease of');
    s.break('e1000_receive_iov', '$pkt.tcp.len > 0', { temporary: true });
    s.guest(`nc 10.0.2.2 ${(server.address() as AddressInfo).port} > got; echo it is there`);
    await s.stop();
    const { history } = s.engine;
    assert.ok(history);
    await s.evaluator.evaluate('$RADV = 9', 0, true);
    await s.evaluator.evaluate('machine->drops->total = 4 + 3', 0, true);
    await s.engine.monitor('hostfwd_add tcp:127.0.0.1:0-:5557');
    await s.resume();
    await s.printed('\nit is there');
    s.break('slirp_input', undefined, { temporary: true });
    s.guest('ping -c 1 10.0.2.2');
    await s.stop();
    server.close();
    assert.ok(history.present.tick > 0 && s.engine.checkpoints.all.length > 1);
    await kept({ bookmarks: [['download', history.present]], checkpoints: [[1, history.start]] });
  });

  it('of a replay know its packets by their numbers', async () => {
    s.break('tcp_input', undefined, { ignoreCount: 4 });
    await s.launch({ trace: capture('05-http.pcap'), args: ['-nic', 'user'] });
    await s.stop();
    await kept();
    assert.deepEqual(opened?.engine.replay?.account(), s.engine.replay?.account());
    for (const session of [s, opened]) {
      await session?.engine.goTo({ captured: 3 });
      await session?.stop();
    }
    assert.ok(opened);
    assert.equal(opened.engine.history?.here.lastPacket?.captured, 2);
    assert.equal(await seen(opened), await seen(s));
  });

  it('run forward to their end and stop there, whatever is asked for', async () => {
    s.break('tcp_input', undefined, { ignoreCount: 4 });
    await s.launch({ trace: capture('05-http.pcap'), args: ['-nic', 'user'] });
    await s.stop();
    await s.engine.saveRecording(file, NO_MARKS);
    opened = await Session.create();
    await opened.engine.launch({ trace: file, args: [] });
    await opened.stop();
    for (const go of ['resume', 'into', 'over', 'out'] as const) {
      await (go === 'resume' ? opened.engine.resume() : opened.engine.step(go));
      assert.deepEqual(await opened.stop(), { kind: 'recording-end' }, go);
    }
    const bp = opened.break('tcp_input');
    await opened.engine.goTo('start');
    await opened.stop();
    for (let hits = 0; ; hits++) {
      await opened.resume();
      const stop = await opened.stop();
      if (stop.kind !== 'breakpoint') {
        // The fifth is where the recording ends.
        assert.deepEqual([stop.kind, hits], ['recording-end', 5]);
        break;
      }
      assert.deepEqual(stop.breakpoints, [bp]);
    }
    // What was opened can be saved again.
    const again = join(folder, 'again.pcapng');
    await opened.engine.saveRecording(again, NO_MARKS);
    assert.ok(existsSync(again));
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.endsWith('.part')),
      [],
    );
  });

  it('of a session in which nothing but the monitor and memory changed something', async () => {
    await s.launch();
    await s.printed('lease of');
    await s.engine.memory.write(0x00f0_0000, Uint8Array.of(1, 2, 3));
    s.break('slirp_input', undefined, { temporary: true });
    s.guest('ping -c 1 -W 1 10.0.2.2');
    await s.stop();
    await s.engine.monitor('set_link user.0 off');
    await s.resume();
    await s.printed('packet loss');
    await s.engine.interrupt();
    await s.stop();
    assert.equal(s.engine.recording?.framed, false);
    await kept();
  });

  it('with a change that could do anything are refused, whatever they say of their changes', async () => {
    s.break('slirp_input', undefined, { temporary: true });
    await s.launch();
    await s.stop();
    await s.evaluator.evaluate('machine->drops->total = 3', 0, true);
    const { recording, checkpoints, history } = s.engine;
    assert.ok(recording?.framed && history);
    const execute = async (options: ReexecuteOptions): Promise<void> => {
      await s.engine.reexecute(recording, options);
      const logs = recording.chunks.map(({ memory }) => Buffer.from(memory ?? new SharedArrayBuffer(0)));
      const log = logs.find((bytes) => bytes.includes('machine.drops'));
      assert.ok(log?.write('constructor.a', log.indexOf('machine.drops')));
    };
    const kept = { ...recording, framed: false };
    const source = { recording: kept, checkpoints, oldest: null, startTick: history.start.tick, replay: undefined };
    const session = { source, begun: 0, end: history.here, replay: undefined };
    await saveSession(file, session, NO_MARKS, execute, () => undefined);
    opened = await Session.create();
    const opening = opened.engine.launch({ trace: file, args: [] });
    await assert.rejects(opening, /session\.pcapng: at tick \d+ it changes something in a way that is not trusted/);
  });

  it('of another build are played as captures, or not at all', async () => {
    await s.launch({ trace: capture('03-ping.pcap'), args: ['-nic', 'user'] });
    await s.stop();
    await s.engine.saveRecording(file, NO_MARKS);
    opened = await Session.create();
    const warnings: string[] = [];
    opened.engine.on('report', (level, text) => level === 'warning' && warnings.push(text));
    (opened.engine.info as { buildId: string }).buildId = 'another';
    const asked: string[] = [];
    const no = (question: string): Promise<boolean> => Promise.resolve(asked.push(question) < 0);
    await assert.rejects(opened.engine.launch({ trace: file, args: ['-nic', 'user'], otherBuild: no }), /not opened/);
    assert.match(asked.join('\n'), /another build[^\n]*\nPlay its packets as a capture\?/);
    await opened.engine.launch({ trace: file, args: ['-nic', 'user'] });
    assert.equal((await opened.stop()).kind, 'replay-end');
    assert.match(warnings.join('\n'), /another build/);
  });

  it('are not made where the system refuses: one message, what was there stays, and the machine goes on', async () => {
    await s.launch({ trace: capture('02-hello.pcap'), args: ['-nic', 'user'] });
    await s.stop();
    const own = tempFolder();
    const path = join(own, 'kept.pcapng');
    await s.engine.saveRecording(path, NO_MARKS);
    const before = readFileSync(path);
    for (const [call, errno] of [
      ['openSync', 'EACCES'],
      ['openSync', 'EMFILE'],
      ['write', 'ENOSPC'],
      ['renameSync', 'EACCES'],
    ] as const) {
      const accept = refuse('fs', call, errno);
      const saving = s.engine.saveRecording(path, NO_MARKS).finally(accept);
      await assert.rejects(saving, new RegExp(`^EngineError: \\S+kept\\.pcapng cannot be saved: ${errno}`), call);
      assert.deepEqual(readdirSync(own), ['kept.pcapng']);
      assert.deepEqual(readFileSync(path), before);
    }
    await s.engine.saveRecording(path, NO_MARKS);
    assert.equal(readFileSync(path).length, before.length);
    // The packets are written by another thread.
    const { recording } = s.engine;
    assert.ok(recording);
    const fd = openSync(path, 'r');
    const unwritable = s.engine.reexecute(recording, { packets: { fd, at: 0, most: 10, begun: 0 } });
    const said = /^EngineError: the recording cannot be executed again: EBADF: bad file descriptor, write$/;
    await assert.rejects(unwritable, said);
    closeSync(fd);
  });

  it('that are damaged are refused with a sentence, or played for what they are, and leave nothing open', async () => {
    s.break('tcp_input', undefined, { ignoreCount: 4 });
    await s.launch({ trace: capture('05-http.pcap'), args: ['-nic', 'user'] });
    await s.stop();
    await s.engine.saveRecording(file, NO_MARKS);
    await s.engine.kill();
    const whole = readFileSync(file);
    const damaged = join(folder, 'damaged.pcapng');
    const random = Random.spread(7);
    const engine = await Engine.create();
    let refused = 0;
    for (let i = 0; i < MUTATIONS; i++) {
      const bytes = Buffer.from(whole);
      const cut = random.next(4) === 0;
      for (let n = 1 + random.next(3); n > 0 && !cut; n--) {
        bytes[random.next(bytes.length)] = random.next(256);
      }
      writeFileSync(damaged, cut ? bytes.subarray(0, random.next(bytes.length)) : bytes);
      const error = await openOnly(engine, damaged);
      if (error !== undefined) {
        refused++;
        assert.match(error, /damaged\.pcapng: [^\n]+$/, `mutation ${i}`);
        assert.doesNotMatch(error, /undefined|TypeError|at \w+ \(/, `mutation ${i}`);
      }
    }
    await engine.dispose();
    assert.ok(refused > MUTATIONS / 2, `${refused} refused`);
    assert.deepEqual(openFiles(/damaged|pktgdb-capture/), []);
    copyFileSync(file, damaged);
    assert.equal(await openOnly(engine, damaged), undefined);
  });
});

/** Names of files that are open, as far as the system says. */
function openFiles(which: RegExp): string[] {
  const folder = '/proc/self/fd';
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.flatMap((fd) => {
    try {
      return [readlinkSync(join(folder, fd))].filter((name) => which.test(name));
    } catch {
      return [];
    }
  });
}

/** Reads a file as a launch does, without a machine; what was complained about, or undefined. */
async function openOnly(engine: Engine, path: string): Promise<string | undefined> {
  const { Traces } = await import('../../adapter/engine/traces.ts');
  const traces = new Traces({ progress: () => undefined, warn: () => undefined });
  try {
    const options = { trace: path, args: [] };
    if (await traces.isRecording(options, engine.info.buildId)) {
      await traces.open(options);
    } else {
      await traces.load(options);
    }
    return undefined;
  } catch (e) {
    return e instanceof Error ? e.message : String(e);
  } finally {
    traces.close();
  }
}
