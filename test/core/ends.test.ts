/** A session's end: nothing of it is left when it is said to be over. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { queryRequest } from '../../adapter/commands/query-text.ts';
import { Inferior } from '../../adapter/engine/inferior.ts';
import { capture } from '../kit/paths.ts';
import { tempFolder } from '../kit/temp.ts';
import { until } from '../kit/until.ts';
import { Session } from './session.ts';

describe('the end of a session', () => {
  const threads = new Set<Worker>();

  function began(worker: Worker): void {
    threads.add(worker);
    worker.on('exit', () => threads.delete(worker));
  }

  beforeEach(() => process.on('worker', began));
  afterEach(() => process.off('worker', began));

  it('leaves no thread: of the machine, of the past, of a question', async () => {
    const s = await Session.create();
    s.break('tcp_input', undefined, { temporary: true, ignoreCount: 5 });
    await s.launch({ trace: capture('05-http.pcap'), args: ['-nic', 'user'] });
    await s.stop();
    await s.engine.reverse('into');
    await s.stop();
    const request = queryRequest(s.engine, s.evaluator, 'calls', 'tcp_input');
    const asked = s.engine.query(request, { rows: () => undefined }).catch(() => undefined);
    assert.ok(threads.size >= 2, `${threads.size} threads`);
    await s.engine.kill();
    assert.equal(threads.size, 0);
    await Promise.all([asked, s.dispose()]);
  });

  it('leaves no thread of a question that waited, nor of a recording that was being opened', async () => {
    const s = await Session.create();
    s.break('tcp_input', undefined, { temporary: true, ignoreCount: 5 });
    await s.launch({ trace: capture('05-http.pcap'), args: ['-nic', 'user'] });
    await s.stop();
    const file = join(tempFolder(), 'saved.pcapng');
    await s.engine.saveRecording(file, { bookmarks: [], checkpoints: [] });
    const request = queryRequest(s.engine, s.evaluator, 'calls', 'tcp_input');
    const ask = (): Promise<unknown> => s.engine.query(request, { rows: () => undefined }).catch((e: unknown) => e);
    const [asked, waited] = [ask(), ask()];
    await s.engine.kill();
    await asked;
    assert.match(String(await waited), /the machine was ended/);
    assert.equal(threads.size, 0);

    const opened = assert.rejects(s.launch({ trace: file }), /The start was given up/);
    await until(() => threads.size > 0, 'a thread for the recording');
    await s.engine.kill();
    await opened;
    assert.equal(threads.size, 0);
    await s.dispose();
  });

  it('leaves no thread of a what-if that was just beginning', async () => {
    for (const turns of [0, 1, 3, 10, 30]) {
      const s = await Session.create();
      s.break('tcp_input', undefined, { temporary: true, ignoreCount: 5 });
      await s.launch({ trace: capture('05-http.pcap'), args: ['-nic', 'user'] });
      await s.stop();
      await s.engine.reverse('into');
      await s.stop();
      const assigned = s.engine.assign('machine->turns', '1', 0).catch((e: unknown) => e);
      for (let turn = 0; turn < turns; turn++) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      await s.engine.kill();
      assert.equal(threads.size, 0, `${threads.size} threads after ${turns} turns`);
      await assigned;
      assert.equal(threads.size, 0, `${threads.size} threads at the end, after ${turns} turns`);
      await s.dispose();
    }
  });

  it('starts no machine that was asked for before it', async () => {
    for (const turns of [0, 1, 3, 10, 30]) {
      const s = await Session.create();
      await s.launch();
      const killed = s.engine.kill();
      const again = killed.then(() => s.launch()).catch((e: unknown) => e);
      for (let turn = 0; turn < turns; turn++) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      await s.engine.dispose();
      assert.match(String(await again), /The start was given up/);
      assert.equal(threads.size, 0, `${threads.size} threads after ${turns} turns`);
    }
  });

  it('answers who was on the way in history', async () => {
    const { travel } = Inferior.prototype;
    const s = await Session.create();
    try {
      s.break('tcp_input', undefined, { temporary: true, ignoreCount: 5 });
      await s.launch({ trace: capture('05-http.pcap'), args: ['-nic', 'user'] });
      await s.stop();
      let killed: Promise<unknown> = Promise.resolve();
      Inferior.prototype.travel = function (message) {
        killed = s.engine.kill();
        return travel.call(this, message);
      };
      await assert.rejects(s.engine.reverse('over'), /The program is not being run/);
      await killed;
      assert.equal(threads.size, 0);
    } finally {
      Inferior.prototype.travel = travel;
      await s.dispose();
    }
  });

  it('answers who asks the machine for something just then', async () => {
    const { change } = Inferior.prototype;
    try {
      const s = await Session.create();
      await s.launch();
      let late: Promise<unknown> = Promise.resolve();
      Inferior.prototype.change = function (asked) {
        void this.terminate();
        late = this.monitor('info network');
        return change.call(this, asked);
      };
      const written = s.engine.writeShared('ram', 0, Uint8Array.of(1));
      await assert.rejects(written, /The machine has ended, and was not changed/);
      assert.equal(await late, '');
      await s.dispose();
    } finally {
      Inferior.prototype.change = change;
    }
  });
});
