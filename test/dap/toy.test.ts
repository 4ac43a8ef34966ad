/** The session over the real engine with a toy for a machine: real stops, frames, values and exceptions. */
import assert from 'node:assert/strict';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Engine } from '../../adapter/engine/engine.ts';
import { toyEngine, toyLine } from '../engine/toy.ts';
import { type Session, sessionOver } from './client.ts';

describe('DAP session over the engine', () => {
  let session: Session<Engine>;

  beforeEach(async () => {
    session = sessionOver(await toyEngine());
  });

  afterEach(async () => {
    session.client.input.end();
    await session.ended;
    assert.deepEqual(session.log, []);
  });

  const path = (): string => `${session.engine.sourceRoot}/softmmu/main.ts`;

  /** Launches the toy with lines for its console. */
  function run(guestCommands: string[], configure: () => Promise<unknown> = async () => {}): Promise<void> {
    return session.client.begin({ args: ['-nodefaults'], guestCommands }, configure);
  }

  const lines = (breakpoints: object[]) => (): Promise<DebugProtocol.SetBreakpointsResponse['body']> =>
    session.client.ask<DebugProtocol.SetBreakpointsResponse>('setBreakpoints', {
      source: { path: path() },
      breakpoints,
    });

  async function frames(): Promise<DebugProtocol.StackFrame[]> {
    const args = { threadId: 1 };
    return (await session.client.ask<DebugProtocol.StackTraceResponse>('stackTrace', args)).stackFrames;
  }

  it('stops at a line, shows the stack, arguments and locals, and sets one', async () => {
    const { client } = session;
    await run(['outer 2'], lines([{ line: toyLine('return next + size') }]));
    const { body } = await client.stoppedEvent();
    assert.equal(body.reason, 'breakpoint');
    assert.deepEqual(
      (await frames()).map((f) => f.name),
      ['inner', 'outer', 'command', 'main_loop', 'main'],
    );
    assert.equal((await frames())[0]?.line, toyLine('return next + size'));
    const values = async (scope: string): Promise<[string, string][]> =>
      (await client.scope(scope)).map((v) => [v.name, v.value]);
    assert.deepEqual((await values('Arguments')).at(-1), ['size', '60']);
    assert.deepEqual(await values('Locals'), [
      ['was', '0'],
      ['next', '1'],
    ]);
    const { scopes } = await client.ask<DebugProtocol.ScopesResponse>('scopes', { frameId: (await frames())[0]?.id });
    const args = { variablesReference: scopes[1]?.variablesReference, name: 'next', value: '1000' };
    assert.equal((await client.ask<DebugProtocol.SetVariableResponse>('setVariable', args)).value, '1000');
    await client.ask('setBreakpoints', { source: { path: path() }, breakpoints: [] });
    await client.ask('continue', { threadId: 1 });
    // 1000 + 60 of the first packet, 2 + 61 of the second.
    await client.outputEvent('stdout', 'sum 1123');
  });

  it('sets elements of arrays and fields of structs', async () => {
    const { client } = session;
    await run(['outer 1'], () => client.ask('setFunctionBreakpoints', { breakpoints: [{ name: 'inner' }] }));
    assert.equal((await client.stoppedEvent()).body.reason, 'function breakpoint');
    const s = (await client.scope('Arguments'))[0]!;
    const regs = (await client.children(s.variablesReference)).find((v) => v.name === 'regs')!;
    const args = { variablesReference: regs.variablesReference, name: '[3]', value: '0x10' };
    assert.equal((await client.ask<DebugProtocol.SetVariableResponse>('setVariable', args)).value, '0x00000010');
    const watch = { expression: 's->regs[COUNT]', context: 'watch' };
    assert.equal((await client.ask<DebugProtocol.EvaluateResponse>('evaluate', watch)).result, '0x00000010');
  });

  it('honours conditions, hit conditions and log messages', async () => {
    const { client } = session;
    await run(
      ['outer 9'],
      lines([
        { line: toyLine('const was ='), condition: 'size > 62', hitCondition: '== 2' },
        { line: toyLine('return next + size'), logMessage: 'size {size}, next {next}' },
      ]),
    );
    await client.outputEvent('stdout', 'size 60, next 1\n');
    const { body } = await client.stoppedEvent();
    assert.equal(body.reason, 'breakpoint');
    assert.equal((await client.scope('Arguments')).at(-1)?.value, '64');
    const logged = await client.outputEvent('stdout', 'size 61');
    assert.equal(logged.body.line, toyLine('return next + size'));
  });

  it('tells what is wrong with a condition when its names are resolved', async () => {
    const { client } = session;
    await client.ask('initialize', { adapterID: 'pktgdb' });
    const { breakpoints } = await lines([{ line: toyLine('const was ='), condition: 'nothing == 1' }])();
    assert.equal(breakpoints[0]?.verified, false);
    assert.match(breakpoints[0]?.message ?? '', /No symbol "nothing" in current context/);
  });

  it('steps over, in and out', async () => {
    const { client } = session;
    await run(['outer 2'], lines([{ line: toyLine('sum += inner') }]));
    await client.stoppedEvent();
    await client.ask('setBreakpoints', { source: { path: path() }, breakpoints: [] });
    const step = async (command: string): Promise<string> => {
      await client.ask(command, { threadId: 1 });
      assert.equal((await client.stoppedEvent()).body.reason, 'step');
      return (await frames())[0]!.name;
    };
    assert.equal(await step('stepIn'), 'inner');
    assert.equal(await step('next'), 'inner');
    assert.equal(await step('stepOut'), 'outer');
  });

  it('sets a breakpoint while the machine runs, and pauses a loop', async () => {
    const { client, engine } = session;
    await run([]);
    const { breakpoints } = await lines([{ line: toyLine('buf[12] = 8') }])();
    assert.equal(breakpoints[0]?.verified, true);
    engine.guestInput('outer 1\n');
    await client.stoppedEvent();
    await lines([])();
    await client.ask('continue', { threadId: 1 });
    engine.guestInput('spin\n');
    await client.ask('pause', { threadId: 1 });
    assert.equal((await client.stoppedEvent()).body.reason, 'pause');
  });

  it('stops at an exception of the stack with its frames', async () => {
    const { client } = session;
    await run(['throw']);
    const { body } = await client.stoppedEvent();
    assert.equal(body.reason, 'exception');
    assert.match(body.text ?? '', /the toy broke/);
    const info = await client.ask<DebugProtocol.ExceptionInfoResponse>('exceptionInfo', { threadId: 1 });
    assert.equal(info.exceptionId, 'RangeError');
    assert.deepEqual(
      (await frames()).map((f) => f.name),
      ['thrower', 'thrower', 'thrower', 'command', 'main_loop', 'main'],
    );
  });

  it('reports the orderly end of the machine', async () => {
    const { client } = session;
    await run(['quit']);
    assert.equal((await client.event<DebugProtocol.ExitedEvent>('exited')).body.exitCode, 0);
    await client.event('terminated');
  });

  it('fails a launch whose options are wrong, with what the machine said', async () => {
    await assert.rejects(session.client.begin({ args: '-bad' }), /'-bad' is not known/);
    await session.client.event('terminated');
  });

  it('stops on entry and restarts', async () => {
    const { client } = session;
    await client.begin({ args: ['-nodefaults'], stopOnEntry: true });
    assert.equal((await client.stoppedEvent()).body.reason, 'entry');
    assert.equal((await frames())[0]?.name, 'main');
    await client.ask('restart');
    assert.equal((await client.stoppedEvent()).body.reason, 'entry');
    await client.ask('terminate');
    await client.event('terminated');
  });
});
