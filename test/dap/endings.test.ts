/** Ends and new starts at any moment: nothing is left unanswered, and nothing goes on that nobody can stop any more. */
import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Engine } from '../../adapter/engine/engine.ts';
import { GdbInterpreter } from '../../adapter/gdb/interpreter.ts';
import { toyEngine } from '../engine/toy.ts';
import { Random } from '../kit/random.ts';
import { type Session, sessionOver, type TestClient } from './client.ts';

const ROUNDS = Number(process.env['PKTGDB_ENDINGS'] ?? 25);
/** A round takes a quarter of a second; a machine may be busy with others. */
const ROUND_MS = 5000;
/** Longest time between letting the machine go and ending it, in milliseconds. */
const LATEST_MS = 4;

async function session(): Promise<Session<Engine>> {
  return sessionOver(
    await toyEngine(),
    (engine, write) => new GdbInterpreter(engine, { write: (text) => write(text), waitForStops: false }),
  );
}

/** The event loop turns until `ms` have passed. */
async function turnFor(ms: number): Promise<void> {
  for (const start = performance.now(); performance.now() - start < ms; ) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function repl(client: TestClient, expression: string): Promise<DebugProtocol.EvaluateResponse['body']> {
  return client.ask<DebugProtocol.EvaluateResponse>('evaluate', { expression, context: 'repl' });
}

/** A session whose machine comes to a breakpoint again and again. */
async function hitting(): Promise<Session<Engine>> {
  const one = await session();
  await one.client.begin({ args: ['-nodefaults'], guestCommands: ['outer 1000000'] }, () =>
    one.client.ask('setFunctionBreakpoints', { breakpoints: [{ name: 'inner' }] }),
  );
  await one.client.stoppedEvent();
  return one;
}

/** The same with commands that let it go on each time. */
async function busy(): Promise<Session<Engine>> {
  const one = await hitting();
  await repl(one.client, 'commands 1\nsilent\nprint size\ncontinue\nend');
  return one;
}

describe('the end of a session', () => {
  const random = new Random(20_261_128);
  const soon = (): number => random.next(LATEST_MS * 1000) / 1000;

  for (const command of ['disconnect', 'terminate']) {
    it(`is answered, ${command} at any moment after continue`, async function () {
      this.timeout(ROUNDS * ROUND_MS);
      for (let i = 0; i < ROUNDS; i++) {
        const { client, ended, engine } = await (i % 2 === 0 ? hitting() : busy());
        void client.send('continue', { threadId: 1 }).catch(() => undefined);
        await turnFor(soon());
        await client.send(command, {});
        assert.equal(engine.state, 'exited');
        client.input.end();
        await ended;
      }
    });
  }

  it('is answered, restart at any moment after continue', async function () {
    this.timeout(ROUNDS * ROUND_MS);
    const { client, ended } = await hitting();
    for (let i = 0; i < ROUNDS; i++) {
      void client.send('continue', { threadId: 1 }).catch(() => undefined);
      await turnFor(soon());
      await client.send('restart', {});
    }
    client.input.end();
    await ended;
  });
});

describe('a restart', () => {
  let one: Session<Engine>;
  beforeEach(async () => {
    one = await hitting();
  });
  afterEach(async () => {
    one.client.input.end();
    await one.ended;
  });

  it('tells that the old stop is over, after its answer', async () => {
    const { client } = one;
    await client.ask('setFunctionBreakpoints', { breakpoints: [] });
    await client.send('restart', {});
    await client.event('continued');
    const at = (name: string): number =>
      client.received.findLastIndex((m) => ('command' in m ? m.command : (m as DebugProtocol.Event).event) === name);
    assert.ok(at('restart') < at('continued'));
  });

  it('that is wrong leaves the machine alone', async () => {
    const { client, engine } = one;
    await assert.rejects(() => client.send('restart', { arguments: { args: 5 } }));
    assert.equal(engine.state, 'stopped');
    assert.ok(!client.received.some((m) => (m as DebugProtocol.Event).event === 'terminated'));
  });

  it('to a capture that is not there leaves the machine alone, and the configuration', async () => {
    const { client, engine } = one;
    await assert.rejects(
      () => client.send('restart', { arguments: { trace: '/nosuch/file.pcap' } }),
      /\/nosuch\/file\.pcap: there is no such file/,
    );
    assert.equal(engine.state, 'stopped');
    assert.ok(!client.received.some((m) => (m as DebugProtocol.Event).event === 'terminated'));
    await client.send('restart', {});
    await client.stoppedEvent();
  });

  it('that fails after the end says so no second time', async () => {
    const { client } = one;
    await client.send('terminate', {});
    const ends = (): number => client.received.filter((m) => (m as DebugProtocol.Event).event === 'terminated').length;
    assert.equal(ends(), 1);
    // It can be read, and is no capture.
    const args = { arguments: { trace: fileURLToPath(import.meta.url) } };
    await assert.rejects(() => client.send('restart', args));
    await assert.rejects(() => client.send('restart', args));
    await client.ask('threads').catch(() => undefined);
    assert.equal(ends(), 1);
  });

  it('takes its turn when there are several at once', async () => {
    const { client, engine } = one;
    await Promise.all([1, 2, 3, 4, 5].map(() => client.send('restart', {})));
    // The first ones may have stopped before they were ended.
    do {
      await client.stoppedEvent();
    } while (engine.state !== 'stopped');
    await client.ask('stackTrace', { threadId: 1 });
  });
});

describe('what takes long', () => {
  let one: Session<Engine>;
  beforeEach(async () => {
    one = await hitting();
  });
  afterEach(async () => {
    one.client.input.end();
    await one.ended;
  });

  const LOOP = { expression: 'while 1\nprint 1\nend', context: 'repl' };

  it('ends when it is cancelled; other requests are answered meanwhile', async () => {
    const { client } = one;
    const loop = client.send('evaluate', LOOP);
    const failed = assert.rejects(() => loop, /cancelled/);
    const requestId = client.lastSeq;
    await client.ask('threads');
    await client.send('cancel', { requestId });
    await failed;
    // The console is free for the next command.
    assert.equal((await repl(client, 'echo free')).result, 'free');
  });

  it('ends at pause, and when the client goes', async () => {
    const { client } = one;
    const failed = assert.rejects(() => client.send('evaluate', LOOP), /Quit/);
    await client.ask('threads');
    await client.send('pause', { threadId: 1 });
    await failed;
    void client.send('evaluate', LOOP).catch(() => undefined);
    await client.ask('threads');
    client.input.end();
    await one.ended;
  });

  it('is answered by the monitor at a stop, though the machine was asked while it ran', async () => {
    const { client, engine } = one;
    void client.send('continue', { threadId: 1 }).catch(() => undefined);
    await client.event('stopped');
    const running = client.send('continue', { threadId: 1 });
    const text = engine.monitor('info network');
    await running;
    assert.equal(typeof (await text), 'string');
  });
});
