/** A recording of a replay refers to the capture, so it is small, and the past needs the capture as it was. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from '../kit/paths.ts';
import { tempFolder } from '../kit/temp.ts';
import { Session } from './session.ts';

describe('the recording of a replay', function () {
  this.timeout(60_000);
  const folder = tempFolder();
  const file = join(folder, 'capture.pcap');
  const saved = join(folder, 'saved.pcapng');
  let s: Session;

  beforeEach(async () => {
    s = await Session.create();
  });

  afterEach(() => s.dispose());

  async function played(trace: string): Promise<void> {
    await s.launch({ trace, args: ['-nic', 'user'] });
    assert.deepEqual(await s.stop(), { kind: 'replay-end' });
  }

  /** Bytes at positions all through history: frames, registers and locals where they stand. */
  async function tour(): Promise<string[]> {
    const { history } = s.engine;
    assert.ok(history);
    const found: string[] = [];
    for (const part of [0.2, 0.5, 0.9]) {
      const tick = Math.floor(history.start.tick + (history.present.tick - history.start.tick) * part);
      await s.engine.goTo({ tick, probe: -1 });
      await s.stop();
      found.push(String((await s.engine.evaluate('__pktgdb.stateHash()', 0)).value));
    }
    await s.engine.goTo('present');
    await s.stop();
    return found;
  }

  for (const trace of ['05-http.pcap', '08-upload.pcap']) {
    it(`${trace}: is a small part of the capture, and is executed again as it was`, async () => {
      s.engine.internals = { hashFrames: true };
      await played(capture(trace));
      const bytes = s.engine.history?.bytes ?? 0;
      const size = statSync(capture(trace)).size;
      assert.ok(bytes > 0 && bytes < size / 4, `${bytes} bytes for a capture of ${size}`);
      const ended = once(s.engine, 'exited');
      await s.resume();
      await ended;
      await s.compare();
    });
  }

  it('outlives its file, is saved with what it refers to, and can be opened then', async () => {
    copyFileSync(capture('08-upload.pcap'), file);
    await played(file);
    const seen = await tour();
    rmSync(file);
    assert.deepEqual(await tour(), seen);
    await s.engine.saveRecording(saved, { bookmarks: [], checkpoints: [] });
    await s.dispose();
    s = await Session.create();
    await s.launch({ trace: saved, args: [] });
    assert.deepEqual(await s.stop(), { kind: 'recording-end' });
    assert.deepEqual(await tour(), seen);
  });

  it('says so when its file has been changed or cut meanwhile; the present stays', async () => {
    copyFileSync(capture('08-upload.pcap'), file);
    await played(file);
    const words = /the capture has (been changed since it was read|become shorter)/;
    const bytes = readFileSync(file);
    for (const other of [Buffer.from(bytes.map((b, i) => (i % 977 === 0 ? b ^ 1 : b))), bytes.subarray(0, 100)]) {
      writeFileSync(file, other);
      await assert.rejects(s.engine.goTo({ tick: (s.engine.history?.present.tick ?? 0) - 1, probe: -1 }), words);
      assert.equal(s.engine.history?.inPast, false);
      await assert.rejects(s.engine.saveRecording(saved, { bookmarks: [], checkpoints: [] }), words);
    }
    writeFileSync(file, Buffer.concat([bytes, bytes]));
    await tour();
  });
});
