/** Watches look only beside the statements that the compiler knows to write: none is missing. */
import assert from 'node:assert/strict';
import type { QueryRow, WatchLocation } from '../../adapter/engine/api.ts';
import { Evaluator } from '../../adapter/inspect/evaluator.ts';
import { watchedPlace } from '../../adapter/inspect/watch.ts';
import { capture } from '../kit/paths.ts';
import { Session } from './session.ts';

describe('watches', () => {
  let s: Session;
  let evaluator: Evaluator;

  beforeEach(async () => {
    s = await Session.create();
    evaluator = new Evaluator(s.engine);
  });

  afterEach(async () => {
    evaluator.dispose();
    await s.dispose();
  });

  /** All changes of what is watched: from what to what, at which tick, and by which function. */
  async function changes(watch: WatchLocation): Promise<string[]> {
    const found: QueryRow[] = [];
    await s.engine.query({ kind: 'writes', watch, frame: 0 }, { rows: (rows) => found.push(...rows) });
    return found.map((r) => `${r.old?.value} -> ${r.value?.value} at ${r.tick} in ${r.fn}:${r.line}`);
  }

  /** What a watch finds that knows who writes, and one that looks at every probe. */
  async function both(text: string): Promise<[known: string[], everywhere: string[]]> {
    const watch = watchedPlace(evaluator, text, 0, { access: 'write', location: false });
    assert.ok(watch.places);
    return [await changes(watch), await changes({ ...watch, places: null })];
  }

  it('of registers find what one finds that looks everywhere', async () => {
    s.break('e1000_receive_iov', undefined, { ignoreCount: 12 });
    await s.launch({ trace: capture('05-http.pcap'), args: ['-nic', 'user'] });
    await s.stop();
    for (const name of ['RDH', 'RDT', 'TDH', 'TDT', 'ICR', 'IMS', 'STATUS', 'TPR', 'GPTC', 'TORL', 'PRC64']) {
      const [known, everywhere] = await both(`$${name}`);
      assert.deepEqual(known, everywhere, name);
      assert.ok(known.length > 0 || name === 'PRC64', name);
    }
  }).timeout(60_000);

  it('of fields and guest memory do so too', async () => {
    s.break('tcp_output', undefined, { ignoreCount: 12 });
    await s.launch({ trace: capture('05-http.pcap'), args: ['-nic', 'user'] });
    await s.stop();
    const base = (await s.engine.evaluate('$G.machine.nics[0].mac_reg[0x2800>>2]', 0)).value;
    for (const text of [
      `*(uint32_t *)${Number(base) + 12}`,
      `*(uint32_t *)${Number(base) + 24}`,
      'machine->turns',
      'machine->cpu->interrupts',
      'machine->slirps[0]->slirp->curtime',
    ]) {
      const [known, everywhere] = await both(text).catch((e: Error) => [[e.message], [e.message]]);
      assert.deepEqual(known, everywhere, text);
    }
  }).timeout(60_000);
});
