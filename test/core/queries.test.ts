/** Questions about all that has been recorded. */
import assert from 'node:assert/strict';
import { parseCatch } from '../../adapter/commands/catch-text.ts';
import type { QueryOptions, QueryRequest, QueryRow } from '../../adapter/engine/api.ts';
import { Past } from '../../adapter/engine/past.ts';
import { packetNumber } from '../../adapter/packets/format.ts';
import { capture } from '../kit/paths.ts';
import { Session } from './session.ts';

describe('queries', () => {
  let s: Session;

  beforeEach(async () => {
    s = await Session.create();
  });

  afterEach(() => s.dispose());

  async function replay(): Promise<void> {
    await s.launch({ trace: capture('05-http.pcap'), args: ['-nic', 'user'] });
    await s.stop();
  }

  const functionId = (name: string): number => {
    const fn = s.engine.info.functions.find((f) => f.name === name);
    assert.ok(fn, name);
    return fn.id;
  };

  async function ask(request: QueryRequest, options: Partial<QueryOptions> = {}): Promise<QueryRow[]> {
    const rows: QueryRow[] = [];
    const end = await s.engine.query(request, { rows: (more) => rows.push(...more), ...options });
    assert.equal(end.rows, rows.length);
    assert.equal(end.failure, '');
    assert.deepEqual(
      rows.map((r) => r.number),
      rows.map((_, i) => i + 1),
    );
    return rows;
  }

  it('number the packets of a live machine, and say nothing of what hangs off a null pointer', async () => {
    await s.launch();
    await s.printed('lease of');
    s.break('slirp_input', undefined, { temporary: true, ignoreCount: 1 });
    s.guest('ping -c 2 10.0.2.2');
    await s.stop();
    const rows = await ask({ kind: 'calls', functions: [functionId('ip_output')] });
    assert.ok(rows.some((row) => row.packets > 0));
    assert.deepEqual(
      rows.map((row) => packetNumber(row)),
      rows.map(({ packets }) => String(packets)),
    );
    await ask({ kind: 'plot', expression: s.evaluator.value('so->so_rcv.sb_cc') });
  });

  it('lists every call, and each row is where a breakpoint stopped', async () => {
    s.break('e1000_receive_iov');
    await s.launch({ trace: capture('05-http.pcap'), args: ['-nic', 'user'] });
    const seen: object[] = [];
    while ((await s.stop()).kind === 'breakpoint') {
      const here = s.engine.history?.here;
      const [, caller] = await s.frameNames();
      seen.push({ tick: here?.tick, probe: here?.probe, ns: here?.ns, packets: here?.packets, caller });
      await s.resume();
    }
    assert.ok(seen.length > 3);
    const rows = await ask({ kind: 'calls', functions: [functionId('e1000_receive_iov')] });
    assert.deepEqual(
      rows.map(({ tick, probe, ns, packets, caller }) => ({ tick, probe, ns, packets, caller })),
      seen,
    );
    assert.ok(rows.every((r) => r.fn === 'e1000_receive_iov' && r.args?.length === 3 && r.returned?.kind === 'number'));
    const row = rows[2] as QueryRow;
    await s.engine.goTo(row);
    await s.stop();
    assert.deepEqual((await s.frameNames())[0], 'e1000_receive_iov');
    assert.deepEqual(await ask({ kind: 'calls', functions: [functionId('e1000_receive_iov')] }), rows);
  });

  it('finds the same where stretches without the function are left out, and so does a search backwards', async () => {
    const names = ['tcp_attach', 'e1000_receive_iov', 'sofree', 'main_loop_wait'];
    const found: QueryRow[][] = [];
    for (const checkpointMs of [1e6, 0]) {
      s.engine.internals = { checkpointMs };
      await replay();
      for (const name of names) {
        found.push(await ask({ kind: 'calls', functions: [functionId(name)] }));
      }
    }
    const moments = found.map((rows) => rows.map(({ tick, probe }) => ({ tick, probe })));
    assert.deepEqual(moments.slice(names.length), moments.slice(0, names.length));
    assert.deepEqual(
      moments.slice(0, 2).map((rows) => rows.length > 0),
      [true, true],
    );
    s.break('tcp_attach');
    await s.engine.reverse('continue');
    assert.equal((await s.stop()).kind, 'breakpoint');
    const { tick, probe } = s.engine.history?.here ?? {};
    assert.deepEqual({ tick, probe }, moments[0]?.at(-1));
  });

  it('takes conditions on packets, and shows expressions', async () => {
    await replay();
    const rows = await ask({
      kind: 'calls',
      functions: [functionId('e1000_receive_iov')],
      condition: s.evaluator.condition('$pkt.tcp.len > 0'),
      show: [s.evaluator.value('$pkt.tcp.len'), s.evaluator.value('s->mac_reg[RDH]')],
    });
    assert.ok(rows.length > 0);
    assert.ok(rows.every((r) => Number(r.shown?.[0]?.value) > 0 && r.shown?.[1]?.kind === 'number'));
  });

  it('lists packets as they pass a layer', async () => {
    await replay();
    const all = await ask({ kind: 'packets', layers: ['slirp'] });
    assert.equal(all.length, s.engine.history?.present.packets);
    const some = await ask({ kind: 'packets', layers: ['nic'], condition: s.evaluator.packetCondition('http') });
    assert.ok(some.length > 0 && some.length < all.length);
    assert.ok(some.every((r) => r.layer === 'nic' && r.packet?.protocol === 'HTTP'));
  });

  it('follows a value over time', async () => {
    await replay();
    const rows = await ask({ kind: 'plot', expression: s.evaluator.value('so->so_rcv.sb_cc') });
    assert.ok(rows.length > 2);
    assert.ok(rows.every((r, i) => i === 0 || r.tick >= (rows[i - 1]?.tick ?? 0)));
    assert.match(rows[0]?.series ?? '', /^socket 1$/);
    const registers = await ask({ kind: 'plot', expression: s.evaluator.value('$RDT') });
    assert.ok(registers.length > 2);
    assert.equal(registers.at(-1)?.value?.value, (await s.evaluator.evaluate('$RDT', -1)).value.value);
  });

  it('is given up by a signal, ends at a limit, and can be asked again', async () => {
    await replay();
    const request: QueryRequest = { kind: 'packets', layers: ['slirp'] };
    const whole = await ask(request);
    assert.deepEqual(await ask(request, { limit: 3 }), whole.slice(0, 3));
    const stop = new AbortController();
    const none = s.engine.query(request, { rows: () => undefined, signal: stop.signal });
    stop.abort();
    assert.equal((await none).complete, false);
    assert.deepEqual(await ask(request), whole);
  });

  it('know all packets before, also where history pauses between checkpoints; so do searches for a hit', async () => {
    s.engine.internals = { checkpointMs: 0 };
    await replay();
    const data = 'tcp.len > 0';
    const known = `tcp.analysis.initial_rtt && ${data}`;
    const [all = [], those = []] = await Promise.all(
      [data, known].map((filter) =>
        ask({ kind: 'packets', layers: ['slirp'], condition: s.evaluator.packetCondition(filter) }),
      ),
    );
    assert.ok(all.length > 2);
    assert.deepEqual(those, all);
    assert.ok(all.some((row) => / \[TCP segment of a reassembled PDU\]$/.test(row.packet?.info ?? '')));
    const { event } = parseCatch('packet', `${known} in slirp`, s.evaluator.filters);
    s.engine.setBreakpoint({ location: { kind: 'catch', event } });
    const stopsAt = async (row: QueryRow | undefined): Promise<void> => {
      assert.equal((await s.stop()).kind, 'breakpoint');
      assert.deepEqual([s.engine.history?.here.tick, s.engine.history?.here.probe], [row?.tick, row?.probe]);
    };
    for (const row of all.toReversed()) {
      await s.engine.reverse('continue');
      await stopsAt(row);
    }
    for (const row of all.slice(1, 3)) {
      await s.resume();
      await stopsAt(row);
    }
    // So does going on from a moment in the middle; and that can be given up.
    const middle = { tick: all[0]?.tick ?? 0, probe: all[0]?.probe ?? -1 };
    await s.engine.goTo(middle);
    await s.stop();
    const { remember } = Past.prototype;
    Past.prototype.remember = function (...args) {
      Past.prototype.remember = remember;
      const arrived = remember.apply(this, args);
      void s.engine.interrupt();
      return arrived;
    };
    await s.resume();
    assert.deepEqual(await s.stop(), { kind: 'pause' });
    assert.equal(s.engine.history?.here.tick, middle.tick);
    await s.resume();
    await stopsAt(all[1]);
  });
});
