/** What much of something costs: many conditional breakpoints in one line, long names, many stops. */
import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Engine } from '../../adapter/engine/engine.ts';
import { toyEngine, toyLine } from '../engine/toy.ts';
import { leastCost } from '../kit/cost.ts';
import { until } from '../kit/until.ts';
import { type Session, sessionOver } from './client.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes that are in use on this thread. */
function used(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

/** What a stop may leave behind, in bytes: its record in the log of the session is some hundred. */
const BYTES_OF_A_STOP = 1_000;

describe('much at once', function () {
  this.timeout(60_000);
  let session: Session<Engine>;

  beforeEach(async () => {
    session = sessionOver(await toyEngine());
  });

  afterEach(async () => {
    session.client.input.end();
    await session.ended;
  });

  /** Launches the toy, stopped where `inner` returns. */
  async function stopped(guestCommands: string[]): Promise<{ source: object; line: number }> {
    const source = { path: `${session.engine.sourceRoot}/softmmu/main.ts` };
    const line = toyLine('return next + size');
    await session.client.begin({ args: ['-nodefaults'], guestCommands }, () =>
      session.client.ask('setBreakpoints', { source, breakpoints: [{ line }] }),
    );
    await session.client.stoppedEvent();
    return { source, line };
  }

  it('2,000 conditional breakpoints in a line cost in proportion to their number', async () => {
    const { client } = session;
    const { source, line } = await stopped(['outer 3']);
    const set = async (count: number): Promise<void> => {
      const breakpoints = Array.from({ length: count }, (_, i) => ({ line, condition: `size == ${i + 100_000}` }));
      const body = await client.ask<DebugProtocol.SetBreakpointsResponse>('setBreakpoints', { source, breakpoints });
      assert.ok(body.breakpoints.length === count && body.breakpoints.every((b) => b.verified));
      await client.ask('setBreakpoints', { source, breakpoints: [] });
    };
    await set(100);
    const before = used();
    const few = await leastCost(() => set(500));
    const many = await leastCost(() => set(2_000));
    // Four times as many: were it quadratic, it would be sixteen times.
    assert.ok(many < 10 * few, `500: ${few} us, 2,000: ${many} us`);
    // The machine's thread still has some of it to read.
    await until(() => used() - before < 20e6, 'what breakpoints took is given back');
  });

  it('a name of 5 MB is answered with a short message', async () => {
    const { client } = session;
    await stopped(['outer 1']);
    const breakpoints = [{ name: 'x'.repeat(5_000_000) }, { name: 'inner' }];
    const body = await client.ask<DebugProtocol.SetFunctionBreakpointsResponse>('setFunctionBreakpoints', {
      breakpoints,
    });
    assert.deepEqual(
      body.breakpoints.map((b) => b.verified),
      [false, true],
    );
    assert.ok((body.breakpoints[0]?.message ?? '').length < 1_000, 'the name is not sent back whole');
  });

  it('stops give back what they took', async () => {
    const { client } = session;
    await stopped(['outer 100000']);
    await client.ask('setBreakpoints', {
      source: { path: `${session.engine.sourceRoot}/softmmu/main.ts` },
      breakpoints: [],
    });
    const steps = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        await client.ask('stepIn', { threadId: 1 });
        await client.stoppedEvent();
        client.received.length = 0;
      }
    };
    await steps(200);
    const before = used();
    await steps(600);
    const each = (used() - before) / 600;
    assert.ok(each < BYTES_OF_A_STOP, `${each} bytes a stop`);
  });
});
