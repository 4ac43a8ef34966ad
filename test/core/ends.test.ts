/** A session's end: nothing of it is left when it is said to be over. */
import assert from 'node:assert/strict';
import type { Worker } from 'node:worker_threads';
import { queryRequest } from '../../adapter/commands/query-text.ts';
import { capture } from '../kit/paths.ts';
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
});
