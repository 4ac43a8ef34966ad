/** Opening of captures that do not come. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCapture } from '../../adapter/replay/open.ts';
import { tempFolder } from '../kit/temp.ts';

describe('opening a capture', () => {
  let pipe = '';

  before(() => {
    pipe = join(tempFolder(), 'pipe');
    execFileSync('mkfifo', [pipe]);
  });

  it('is given up before the pipe has been opened', async () => {
    const controller = new AbortController();
    const opened = openCapture(pipe, undefined, controller.signal);
    // At once: the system has not been asked to open it yet.
    controller.abort();
    await assert.rejects(opened, { name: 'AbortError' });
  });

  it('does not begin if it has been given up already', async () => {
    await assert.rejects(openCapture(pipe, undefined, AbortSignal.abort()), { name: 'AbortError' });
  });

  it('leaves nothing behind when it fails', async () => {
    const bad = join(tempFolder(), 'bad.gz');
    writeFileSync(bad, Uint8Array.of(0x1f, 0x8b, 8, 0, 1, 2, 3));
    const before = process.listenerCount('exit');
    await assert.rejects(openCapture(bad), /it cannot be unpacked/);
    assert.equal(process.listenerCount('exit'), before);
  });
});
