/** The saved recording of a network of guests elsewhere: opened again, without them, it is asked the same way. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { GdbInterpreter } from '../../adapter/gdb/interpreter.ts';
import { Session } from '../core/session.ts';
import { arp, GUEST_IP, HOST_IP } from '../kit/frames.ts';
import { tempFolder } from '../kit/temp.ts';
import { until } from '../kit/until.ts';
import { framed, rawGuest } from './raw-guest.ts';

describe('a saved recording of a network of guests elsewhere', () => {
  let s: Session;
  let guest: Socket;
  let gdb: GdbInterpreter;
  let printed = '';

  const run = async (...lines: string[]): Promise<string> => {
    printed = '';
    for (const line of lines) {
      await gdb.execute(line);
    }
    return printed;
  };

  beforeEach(async () => {
    s = await Session.create();
    const write = (text: string): void => {
      printed += text;
    };
    gdb = new GdbInterpreter(s.engine, { waitForStops: false, write });
    guest = await rawGuest(s);
  });
  afterEach(async () => {
    guest.destroy();
    gdb.dispose();
    await s.dispose();
  });

  it('has its packets at the user network, and says where the NIC is', async () => {
    let answered = 0;
    guest.on('data', (bytes: Buffer) => {
      answered += bytes.length;
    });
    guest.write(framed(arp(1, GUEST_IP, HOST_IP)));
    await until(() => answered > 0, 'the answer');
    await s.engine.interrupt();
    await s.stop();
    const file = join(tempFolder(), 'guest.pcapng');
    const live = await run('packets arp');
    assert.match(live, /who has 10\.0\.2\.2/i);
    assert.match(await run(`record save ${file}`), /^Saved recording/);
    await s.engine.kill();

    await s.engine.launch({ args: [], trace: file });
    assert.equal(await run('packets arp'), live);
    for (const line of ['info registers', 'info ring']) {
      assert.match(await run(line), /^The machine has no e1000\. If it is the network of a guest elsewhere/, line);
    }
  });
});
