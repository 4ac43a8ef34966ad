/** A session that is longer than what is kept of it: it goes on, and its oldest part leaves. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { queryRequest } from '../../adapter/commands/query-text.ts';
import type { HistoryState, QueryEnd } from '../../adapter/engine/api.ts';
import { History } from '../../adapter/engine/history.ts';
import { readCapture } from '../../adapter/packets/capture.ts';
import { tempFolder } from '../kit/temp.ts';
import { Session } from './session.ts';

const MB = 1 << 20;
const KEPT = 4 * MB;
/** A stream may be so far ahead of the guest, which then comes in one turn. */
const ONE_TURN = 4 * MB;

describe('a history of which only the last megabytes are kept', function () {
  this.timeout(60_000);
  let s: Session;
  const reports: string[] = [];
  /** Spare chunks that the inferior was given, and chunks of that size that it has begun. */
  let spares = 0;
  let begun = 0;
  const { spare, add } = History.prototype;

  /** A guest that has taken several times what is kept, and stands in the poll. */
  before(async () => {
    History.prototype.spare = function (): SharedArrayBuffer {
      spares++;
      return spare.call(this);
    };
    History.prototype.add = function (memory): void {
      begun += memory.byteLength <= KEPT / 16 + 1024 ? 1 : 0;
      add.call(this, memory);
    };
    s = await Session.create();
    s.engine.on('report', (level, text) => {
      if (level !== 'info') {
        reports.push(text);
      }
    });
    await s.launch({ historySize: KEPT, guestCommands: ['nc -l -v -p 5556 > /dev/null; echo all of it'] });
    await s.printed('listening on');
    const client = s.connect();
    client.resume();
    const piece = Buffer.alloc(MB, 'x');
    for (let i = 0; i < 24; i++) {
      if (!client.write(piece)) {
        await once(client, 'drain');
      }
    }
    client.end();
    await s.printed('\nall of it');
    await s.engine.interrupt();
    await s.stop();
  });

  after(async () => {
    Object.assign(History.prototype, { spare, add });
    await s.dispose();
  });

  function history(): HistoryState {
    const { history } = s.engine;
    assert.ok(history);
    return history;
  }

  const state = async (): Promise<string> => String((await s.engine.evaluate('__pktgdb.stateHash()', 0)).value);

  it('goes on without a word, and says from where to where', () => {
    const { start, present, bytes } = history();
    assert.deepEqual(reports, []);
    assert.ok(bytes <= KEPT + ONE_TURN && bytes > KEPT / 4, `${bytes} bytes`);
    assert.ok(start.packets > 1000 && start.packets < present.packets);
    assert.ok(start.ns > 0 && start.lastPacket !== null);
  });

  it('gives no more spare memory than is used, though some turns take memory of their own', () => {
    assert.ok(begun > 0 && spares <= begun + 4, `${spares} spare chunks for ${begun}`);
  });

  it('begins at the oldest checkpoint that is kept, and refuses what was before', async () => {
    const { start, present } = history();
    await s.engine.goTo('start');
    assert.equal((await s.stop()).kind, 'goto');
    assert.deepEqual(history().here, start);
    assert.equal((await s.frameNames()).at(-1), 'main');
    const there = await state();
    for (const before of [{ tick: start.tick - 1, probe: -1 }, { packets: start.packets }, { ns: start.ns / 2 }]) {
      await assert.rejects(s.engine.goTo(before), /no longer kept: the history begins at tick \d+/);
      await s.stop();
      assert.deepEqual(history().here, start);
    }
    await s.engine.goTo({ tick: Math.floor((start.tick + present.tick) / 2), probe: -1 });
    await s.stop();
    await s.engine.goTo({ tick: start.tick, probe: -1 });
    await s.stop();
    assert.equal(await state(), there);
    await s.engine.goTo('present');
    await s.stop();
  });

  it('ends a reverse execution there', async () => {
    const { start } = history();
    const never = s.break('e1000_receive_iov', 'iovcnt == 99');
    await s.engine.reverse('continue');
    assert.deepEqual(await s.stop(), { kind: 'history-start' });
    assert.deepEqual(history().here, start);
    await s.engine.reverse('into');
    assert.deepEqual(await s.stop(), { kind: 'history-start' });
    s.engine.deleteBreakpoint(never);
    s.break('e1000_receive_iov', undefined, { temporary: true });
    await s.resume();
    assert.equal((await s.stop()).kind, 'breakpoint');
    assert.ok(history().here.packets > start.packets && history().here.packets < start.packets + 1000);
    await s.engine.goTo('present');
    await s.stop();
  });

  it('answers questions about what is kept', async () => {
    const ask = (kind: string, text: string): Promise<QueryEnd> =>
      s.engine.query(queryRequest(s.engine, s.evaluator, kind, text), { rows: () => undefined });
    const asked = await ask('calls', 'e1000_receive_iov');
    const { start, present } = history();
    assert.ok(asked.complete && asked.failure === '');
    assert.ok(asked.rows > 0 && asked.rows < present.packets - start.packets);
    assert.ok((await ask('writes', '$RDT')).rows > 0);
    assert.equal((await ask('last-write', '$RDT')).rows, 1);
  });

  it('is saved as far as it is kept', async () => {
    const file = join(tempFolder(), 'kept.pcapng');
    const { start, present, bytes } = history();
    const { packets } = await s.engine.saveRecording(file, { bookmarks: [], checkpoints: [] });
    assert.equal(packets, present.packets - start.packets);
    assert.equal(readCapture(readFileSync(file)).packets.length, packets);
    const opened = await Session.create();
    try {
      await opened.engine.launch({ trace: file, args: [] });
      assert.deepEqual(await opened.stop(), { kind: 'recording-end' });
      assert.deepEqual(opened.engine.history?.start, start);
      assert.equal(opened.engine.history?.bytes, bytes);
      for (const session of [s, opened]) {
        await session.engine.goTo('start');
        await session.stop();
      }
      const there = await state();
      assert.equal(String((await opened.engine.evaluate('__pktgdb.stateHash()', 0)).value), there);
      await s.engine.goTo('present');
      await s.stop();
    } finally {
      await opened.dispose();
    }
  });
});
