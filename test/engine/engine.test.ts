import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { BreakpointSpec, Stop } from '../../adapter/engine/api.ts';
import type { Engine } from '../../adapter/engine/engine.ts';
import { parseHitCondition } from '../../adapter/engine/hit-condition.ts';
import { toyEngine, toyLine } from './toy.ts';

const fn = (name: string, extra: Omit<BreakpointSpec, 'location'> = {}): BreakpointSpec => ({
  location: { kind: 'function', name },
  ...extra,
});
const js = (source: string): NonNullable<BreakpointSpec['condition']> => ({ text: source, compile: () => source });

describe('engine', () => {
  let engine: Engine;
  let output = '';

  beforeEach(async () => {
    engine = await toyEngine();
    output = '';
    engine.on('console', (t) => {
      output += t;
    });
  });

  afterEach(() => engine.dispose());

  const stop = async (): Promise<Stop> => ((await once(engine, 'stopped')) as [Stop])[0];

  /** Runs the toy with lines on its console up to the next stop. */
  async function runTo(...lines: string[]): Promise<Stop> {
    const stopped = stop();
    await engine.launch({ args: [], guestCommands: lines });
    return stopped;
  }

  async function next(action: Promise<void>): Promise<Stop> {
    const stopped = stop();
    await action;
    return stopped;
  }

  async function names(): Promise<string[]> {
    return (await engine.frames()).map((f) => f.fn.name);
  }

  async function where(): Promise<string> {
    const [f] = await engine.frames();
    return `${f?.fn.name}:${f?.location.line}`;
  }

  it('stops at a function with its frames, arguments and locals', async () => {
    const bp = engine.setBreakpoint(fn('inner'));
    assert.equal(bp.verified, true);
    const reason = await runTo('outer 2');
    assert.deepEqual(reason, { kind: 'breakpoint', breakpoints: [bp.id], hitTemporary: false });
    assert.deepEqual(await names(), ['inner', 'outer', 'command', 'main_loop', 'main']);
    const args = await engine.args(0);
    assert.deepEqual(
      args.map((a) => [a.name, a.value.type, a.value.value ?? a.value.kind]),
      [
        ['s', 'Device', 'struct'],
        ['buf', 'Uint8Array', 'bytes'],
        ['size', 'number', 60],
      ],
    );
    const outerLocals = await engine.locals(1);
    assert.deepEqual(outerLocals.map((l) => `${l.name}=${l.value.value ?? l.value.kind}`).sort(), [
      'buf=bytes',
      'i=0',
      'sum=0',
    ]);
    assert.equal(engine.breakpoints[0]?.hits, 1);
  });

  it('shows the fields of a struct with their types', async () => {
    engine.setBreakpoint(fn('inner'));
    await runTo('outer 1');
    const [s] = await engine.args(0);
    const fields = await engine.children(s?.value.handle ?? '');
    assert.deepEqual(
      fields.map((f) => [f.name, f.value.type, f.value.kind]),
      [
        ['regs', 'Uint32Array', 'array'],
        ['name', 'string', 'string'],
        ['peer', 'Device | null', 'null'],
      ],
    );
  });

  it('evaluates conditions in the inferior and counts hits', async () => {
    engine.setBreakpoint(fn('inner', { condition: js('size === 64') }));
    await runTo('outer 10');
    const [, , size] = await engine.args(0);
    assert.equal(size?.value.value, 64);
    assert.equal(engine.breakpoints[0]?.hits, 1);
  });

  it('moves a function breakpoint to where the names of its condition are in scope', async () => {
    const spec = fn('inner', {
      condition: {
        text: 'next == 3',
        compile: (scope) => {
          if (!scope.local('next')) {
            throw new Error('No symbol "next" in current context.');
          }
          return 'next===3';
        },
      },
    });
    const bp = engine.setBreakpoint(spec);
    assert.equal(bp.locations[0]?.line, toyLine('s.regs[COUNT] = next'));
    assert.match(bp.message ?? '', /moved to line/);
    await runTo('outer 5');
    assert.equal((await engine.locals(0)).find((l) => l.name === 'next')?.value.value, 3);
  });

  it('stops where a condition throws and says what was thrown', async () => {
    const bp = engine.setBreakpoint(fn('inner', { condition: js('s.peer.name === "x"') }));
    const reason = await runTo('outer 1');
    assert.equal(reason.kind, 'condition-error');
    assert.ok(
      reason.kind === 'condition-error' &&
        reason.breakpoint === bp.id &&
        reason.message === 'Cannot access memory at address 0x0',
    );
  });

  it('ignores hits, honours hit conditions, removes temporary breakpoints', async () => {
    engine.setBreakpoint(fn('inner', { ignoreCount: 2, temporary: true }));
    const every = engine.setBreakpoint(fn('inner', { hitCondition: parseHitCondition('% 4') }));
    await runTo('outer 8');
    assert.equal((await engine.args(0))[2]?.value.value, 62);
    assert.deepEqual(
      engine.breakpoints.map((b) => b.id),
      [every.id],
    );
    await next(engine.resume());
    assert.equal((await engine.args(0))[2]?.value.value, 63);
    await next(engine.resume());
    assert.equal((await engine.args(0))[2]?.value.value, 67);
  });

  it('says why a breakpoint is not verified, with near matches', () => {
    const bad = engine.setBreakpoint(fn('innre'));
    assert.equal(bad.verified, false);
    assert.equal(bad.message, 'Function "innre" not defined. Did you mean inner?');
    assert.match(engine.setBreakpoint(fn('helper')).message ?? '', /@nodebug/);
    const file = engine.setBreakpoint({ location: { kind: 'line', file: 'mian.ts', line: 3 } });
    assert.match(file.message ?? '', /No source file named mian.ts.*main.ts/);
    assert.throws(() => parseHitCondition('often'), /hit condition "often" is not understood/);
    assert.throws(() => parseHitCondition('% 0'), /never holds/);
    assert.deepEqual(parseHitCondition('= 5'), { op: '==', operand: 5 });
    assert.deepEqual(parseHitCondition('5'), { op: '>=', operand: 5 });
  });

  it('moves a line breakpoint to the next line with code', () => {
    const line = toyLine(' * Takes a packet.');
    const bp = engine.setBreakpoint({ location: { kind: 'line', file: 'softmmu/main.ts', line } });
    assert.equal(bp.locations[0]?.line, toyLine('const was = '));
    assert.equal(bp.locations[0]?.function, 'inner');
  });

  it('steps into, over and out, and reports the value returned', async () => {
    engine.setBreakpoint({ location: { kind: 'line', file: 'main.ts', line: toyLine('sum += inner') } });
    await runTo('outer 3');
    const [only] = engine.breakpoints;
    engine.deleteBreakpoint(only?.id ?? 0);
    assert.equal((await next(engine.step('into'))).kind, 'step');
    assert.equal(await where(), `inner:${toyLine('const was = ')}`);
    await next(engine.step('over', { count: 2 }));
    assert.equal(await where(), `inner:${toyLine('s.regs[COUNT] = next')}`);
    const reason = await next(engine.step('out'));
    assert.ok(reason.kind === 'finish' && reason.from === 'inner');
    assert.equal(reason.value?.value, 1 + 60);
    assert.equal((await names())[0], 'outer');
  });

  it('shows no value for a function that returns none', async () => {
    engine.setBreakpoint({ location: { kind: 'line', file: 'main.ts', line: toyLine('nothing to note') } });
    await runTo('note 0');
    assert.deepEqual(await next(engine.step('out')), { kind: 'finish', from: 'note' });
  });

  it('makes the innermost function return a value', async () => {
    const bp = engine.setBreakpoint(fn('inner'));
    await runTo('outer 3');
    const hit = { kind: 'breakpoint', breakpoints: [bp.id], hitTemporary: false };
    await engine.returnFrom('size * 1000');
    assert.deepEqual(await next(engine.resume()), hit);
    await engine.returnFrom('2');
    const out = await next(engine.step('out'));
    assert.ok(out.kind === 'finish' && out.from === 'inner' && out.value?.value === 2);
    assert.equal(await where(), `outer:${toyLine('buf[0] = i')}`);
    assert.equal((await engine.locals(0)).find((l) => l.name === 'sum')?.value.value, 60_002);
    engine.deleteBreakpoint(bp.id);
    engine.setBreakpoint({ location: { kind: 'line', file: 'main.ts', line: toyLine('machine.total += sum') } });
    await next(engine.resume());
    assert.equal((await engine.locals(0)).find((l) => l.name === 'sum')?.value.value, 60_002 + 1 + 62);
  });

  it('says where a function cannot be made to return', async () => {
    const waits = stop();
    await engine.launch({ args: [] });
    await engine.interrupt();
    await waits;
    await assert.rejects(engine.returnFrom('1'), /no statement begins here/);
    engine.setBreakpoint(fn('Note.constructor'));
    engine.guestInput('note 0\n');
    engine.guestInput('throw\n');
    await next(engine.resume());
    await assert.rejects(engine.returnFrom('1'), /a constructor cannot return another value/);
    assert.equal((await next(engine.resume())).kind, 'exception');
    await assert.rejects(engine.returnFrom('1'), /no statement begins here/);
  });

  it('steps over a recursive call without stopping inside', async () => {
    engine.setBreakpoint({ location: { kind: 'line', file: 'main.ts', line: toyLine('buf[12] = 8') } });
    await runTo('outer 3');
    await next(engine.step('over'));
    await next(engine.step('over'));
    assert.equal(await where(), `outer:${toyLine('for (let i = 0')}`);
    await next(engine.step('over'));
    await next(engine.step('over'));
    await next(engine.step('over'));
    assert.equal(await where(), `outer:${toyLine('buf[0] = i')}`);
  });

  it('writes locals, also in optimised frames, and fields', async () => {
    engine.setBreakpoint(fn('inner', { condition: js('size === 60 + 99_999') }));
    await runTo('outer 100000');
    const outer = [...(await engine.args(1)), ...(await engine.locals(1))].map(
      (v) => `${v.name}=${v.value.value ?? v.value.kind}`,
    );
    assert.deepEqual(
      outer,
      ['s=struct', 'n=100000', 'buf=bytes', 'sum=10005799941', 'i=99999'],
      'nothing is optimised out',
    );
    const value = await engine.assign('size', '7', 0);
    assert.equal(value.value, 7);
    await engine.assign('s.regs[$G.COUNT]', '40', 0);
    const reason = await next(engine.step('out'));
    assert.ok(reason.kind === 'finish');
    assert.equal(reason.value?.value, 41 + 7);
  });

  it('evaluates with globals and refuses what throws', async () => {
    assert.equal((await engine.evaluate('$G.COUNT + 1', -1)).value, 4);
    engine.setBreakpoint(fn('inner'));
    await runTo('outer 1');
    assert.equal((await engine.evaluate('$G.machine.device === s', 0)).value, true);
    await assert.rejects(engine.evaluate('s.peer.name', 0), /Cannot read properties of null/);
    assert.equal((await engine.packet(0))?.bytes.length, 60);
  });

  it('interrupts a machine that waits and one that spins', async () => {
    await engine.launch({ args: [] });
    assert.equal((await next(engine.interrupt())).kind, 'pause');
    assert.equal((await names()).at(-2), 'main_loop');
    await engine.resume();
    engine.setBreakpoint(fn('spin', { temporary: true }));
    const spinning = stop();
    engine.guestInput('spin\n');
    assert.equal((await spinning).kind, 'breakpoint');
    await engine.resume();
    assert.equal((await next(engine.interrupt())).kind, 'pause');
    assert.equal((await names())[0], 'spin');
  });

  it('stops at an exception of the stack, with the frames of the throw', async () => {
    const reason = await runTo('throw');
    assert.ok(reason.kind === 'exception');
    assert.deepEqual([reason.name, reason.message], ['RangeError', 'the toy broke']);
    assert.deepEqual((await names()).slice(0, 4), ['thrower', 'thrower', 'thrower', 'command']);
    const ended = once(engine, 'exited');
    await engine.resume();
    const [code, message] = (await ended) as [number, string];
    assert.equal(code, 1);
    assert.match(message, /the toy broke/);
  });

  it('prints log messages without stopping', async () => {
    const lines: string[] = [];
    engine.on('log', (t) => lines.push(t));
    engine.setBreakpoint(fn('inner', { log: ['size is ', js('size'), '!'] }));
    engine.setBreakpoint(fn('inner', { condition: js('size === 62') }));
    await runTo('outer 3');
    assert.deepEqual(lines, ['size is 60!\n', 'size is 61!\n', 'size is 62!\n']);
  });

  it('answers the monitor while running and while stopped', async () => {
    await engine.launch({ args: [] });
    assert.equal(await engine.monitor('hello'), 'you said hello, total 0');
    await next(engine.interrupt());
    assert.equal(await engine.monitor('again'), 'you said again, total 0');
  });

  it('has no monitor before the machine is set up', async () => {
    await engine.launch({ args: [], stopOnEntry: true });
    await assert.rejects(engine.monitor('early'), /^EngineError: The machine is not set up yet; continue first\.$/);
  });

  it('refuses wrong options with what the machine said, and can be launched again', async () => {
    await assert.rejects(engine.launch({ args: ['-bad'] }), /'-bad' is not known/);
    await assert.rejects(
      engine.launch({ args: [], trace: '/nonexistent.pcap' }),
      /nonexistent.pcap: there is no such file/,
    );
    await engine.launch({ args: [] });
    assert.equal(engine.state, 'running');
  });

  it('serves real sockets', async () => {
    const up = once(engine, 'console');
    await engine.launch({ args: [], guestCommands: ['listen 0'] });
    await up;
    const port = Number(/listen {2}(\d+)/.exec(output)?.[1]);
    const socket = connect(port, '127.0.0.1');
    socket.end('x'.repeat(300_000));
    assert.equal((await text(socket)).length, 300_000);
  });

  it('executes a recording again to the same ticks, frames and state', async () => {
    engine.internals = { hashFrames: true };
    const up = once(engine, 'console');
    await engine.launch({ args: [], guestCommands: ['outer 20', 'listen 0', 'outer 7'] });
    await up;
    engine.guestInput('outer 3\n');
    const ended = once(engine, 'exited');
    engine.quit();
    await ended;
    const { recording, summary } = engine;
    assert.ok(recording && summary);
    assert.equal(summary.frames, 30);
    assert.ok(summary.ticks > 40);
    assert.deepEqual(await engine.reexecute(recording), summary);
  });
});
