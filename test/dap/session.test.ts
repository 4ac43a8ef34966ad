/** The session over an engine without a machine: the order of messages, launch, breakpoints, stacks, values, errors. */
import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { Arguments } from '../../adapter/dap/arguments.ts';
import { parseLaunch } from '../../adapter/dap/launch-args.ts';
import { capabilities } from '../../adapter/dap/requests.ts';
import { encodeMessage } from '../../adapter/dap/transport.ts';
import { fakeSession, type TestClient } from './client.ts';
import type { DapEngine } from './fake-engine.ts';

const E1000 = '/pktgdb/adapter/stack/hw/net/e1000.ts';

describe('DAP session', () => {
  let client: TestClient;
  let engine: DapEngine;
  let log: string[];
  let ended: Promise<void>;

  beforeEach(() => {
    ({ client, engine, log, ended } = fakeSession());
  });

  afterEach(async () => {
    client.input.end();
    await ended;
    assert.equal(engine.disposed, true);
  });

  /** Runs to a breakpoint in e1000_receive_iov. */
  async function stopped(): Promise<void> {
    await client.begin({ stopOnEntry: true });
    await client.stoppedEvent();
  }

  describe('launch', () => {
    it('without attributes runs the seed: its machine, and nc in the guest', async () => {
      await client.begin();
      const [options] = engine.launches;
      assert.deepEqual(options?.args, [
        '-netdev',
        'user,id=user.0,hostfwd=tcp:127.0.0.1:5555-:5556',
        '-device',
        'e1000,netdev=user.0',
      ]);
      assert.deepEqual(options?.guestCommands, ['nc -l -v -p 5556 > hello.txt']);
    });

    it('takes args as a string with quotes', async () => {
      await client.begin({ args: `-netdev 'user,id=u 0' -device "e1000,netdev=\\"u\\"" a\\ b` });
      assert.deepEqual(engine.launches[0]?.args, ['-netdev', 'user,id=u 0', '-device', 'e1000,netdev="u"', 'a b']);
      assert.deepEqual(engine.launches[0]?.guestCommands, []);
    });

    const wrong: readonly (readonly [object, RegExp])[] = [
      [{ args: 5 }, /^launch: args must be an array of strings or a string, not a number$/],
      [{ args: ['a', 5] }, /^launch: args must be an array of strings, but element 1 is a number$/],
      [{ args: "'x" }, /^launch: args: the quote ' at position 1 is not closed$/],
      [{ trace: 7 }, /^launch: trace must be a string, not a number$/],
      [{ traceGuest: 5 }, /^launch: traceGuest must be a string, not a number$/],
      [{ traceChecksums: 'no' }, /^launch: traceChecksums must be "repair" or "keep", not "no"$/],
      [{ traceAtEnd: 'wait' }, /^launch: traceAtEnd must be "stop" or "exit", not "wait"$/],
      [{ guestCommands: 'ls' }, /^launch: guestCommands must be an array of strings, not a string$/],
      [{ initCommands: {} }, /^launch: initCommands must be an array of strings, not an object$/],
      [{ stopOnEntry: 'yes' }, /^launch: stopOnEntry must be true or false, not a string$/],
      [{ historySize: 'big' }, /^launch: historySize must be /],
      [{ recordLimit: -1 }, /^launch: recordLimit must be a whole number of at least 0, not -1$/],
      [{ initCommands: ['frobnicate'] }, /^launch: initCommands: "frobnicate": Undefined command: "frobnicate"\.$/],
    ];
    for (const [args, message] of wrong) {
      it(`refuses ${JSON.stringify(args)}`, async () => {
        await assert.rejects(
          client.begin(args),
          (error: Error) => message.test(error.message) || assert.fail(error.message),
        );
        await client.event('terminated');
        assert.equal(engine.launches.length, 0);
      });
    }

    it('passes on how a capture is to be replayed', async () => {
      const trace = { traceGuest: ' 10.1.1.1 ', traceChecksums: 'keep', traceAtEnd: 'exit' };
      await client.begin({ trace: 'x.pcap', cwd: '/', ...trace });
      const [options] = engine.launches;
      assert.equal(options?.trace, '/x.pcap');
      assert.deepEqual(options?.replay, { guest: '10.1.1.1', checksums: 'keep', atEnd: 'exit' });
    });

    it('fails when the machine does not start', async () => {
      engine.launchError = 'hostfwd tcp::5555-:5556: cannot listen on port 5555: address already in use';
      await assert.rejects(client.begin(), /port 5555: address already in use/);
      await client.event('terminated');
    });

    it('refuses a folder that is not there and a machine without options; a button opens something', async () => {
      await client.ask('initialize', { adapterID: 'pktgdb', clientID: 'vscode' });
      const refused = async (args: object): Promise<string> => {
        const message = await client.refused('launch', args);
        const answer = client.received.findLast((m) => (m as DebugProtocol.Response).success === false);
        const { error } = (answer as DebugProtocol.ErrorResponse).body;
        assert.deepEqual([error?.url, error?.urlLabel], ['command:pktgdb.openConfiguration', 'Open Configuration']);
        return message;
      };
      assert.equal(await refused({ cwd: '/no/such/folder' }), 'launch: cwd names no folder: /no/such/folder');
      assert.throws(
        () => parseLaunch(new Arguments('launch', { args: [] })),
        /^RequestError: launch: args is empty: a machine without options has no network/,
      );
    });

    it('takes recordLimit for historySize, its later name', () => {
      const optionsOf = (raw: object): object =>
        parseLaunch(new Arguments('launch', { args: '-nic user', ...raw })).options;
      for (const size of [0, 5_000_000]) {
        assert.deepEqual(optionsOf({ recordLimit: size }), optionsOf({ historySize: size }));
        assert.deepEqual(optionsOf({ recordLimit: size, historySize: 7 }), { ...optionsOf({}), historySize: 7 });
      }
    });

    it('is answered before configurationDone to a client that waits, and a late failure is output', async () => {
      engine.launchError = 'no such device';
      await client.ask('initialize', { adapterID: 'pktgdb' });
      await client.ask('launch', {});
      assert.equal(engine.launches.length, 0);
      await client.ask('configurationDone');
      await client.outputEvent('stderr', 'no such device');
      await client.event('exited');
      await client.event('terminated');
    });

    it('asks the client to start a session for each machine that this one talks to, once', async () => {
      const peer = { args: '-netdev socket,id=b,connect=127.0.0.1:1234', name: 'B' };
      const asked = (): unknown[] =>
        client.received.filter((m) => m.type === 'request').map((m) => (m as DebugProtocol.Request).arguments);
      await client.ask('initialize', { adapterID: 'pktgdb', supportsStartDebuggingRequest: true });
      const launched = client.send('launch', { peers: [peer], token: 'secret' });
      await client.ask('configurationDone');
      await launched;
      await client.ask('restart');
      assert.deepEqual(asked(), [{ request: 'launch', configuration: { token: 'secret', ...peer } }]);
      const [{ seq }] = client.received.filter((m) => m.type === 'request') as [DebugProtocol.Request];
      const refusal = { seq: 99, type: 'response', request_seq: seq, success: false, command: 'startDebugging' };
      client.raw(encodeMessage({ ...refusal, message: 'no' }));
      await client.outputEvent('important', 'The session "B" was not started: no');
    });

    it('says which machines a client has to start that starts none', async () => {
      await client.begin({ peers: [{ args: '-nic none' }] });
      await client.outputEvent('important', 'start "machine 2" yourself');
      assert.match(
        await client.refused('restart', { arguments: { peers: [7] } }),
        /peers\[0\] must be a launch config/,
      );
    });

    it('works in the order configurationDone, launch', async () => {
      await client.ask('initialize', { adapterID: 'pktgdb' });
      await client.ask('configurationDone');
      await client.ask('launch', { stopOnEntry: true });
      assert.equal((await client.stoppedEvent()).body.reason, 'entry');
    });

    it('is possible once; restart starts again', async () => {
      await client.begin();
      assert.match(await client.refused('launch', {}), /use restart/);
      await client.ask('restart', { arguments: { args: ['-nic', 'none'] } });
      assert.deepEqual(engine.launches[1]?.args, ['-nic', 'none']);
      assert.equal(client.received.filter((m) => 'event' in m && m.event === 'terminated').length, 0);
    });

    it('without debugging disarms breakpoints', async () => {
      await client.begin({ noDebug: true }, () =>
        client.ask('setFunctionBreakpoints', { breakpoints: [{ name: 'e1000_receive_iov' }] }),
      );
      assert.deepEqual(
        engine.breakpoints.map((b) => b.enabled),
        [false],
      );
    });

    it('refuses attach without a process', async () => {
      await client.ask('initialize', { adapterID: 'pktgdb' });
      assert.match(await client.refused('attach', {}), /^attach takes "pid".* Request "launch" starts a machine/);
    });

    it('wants initialize first', async () => {
      assert.match(await client.refused('threads'), /the first request must be initialize/);
    });
  });

  describe('end', () => {
    it('terminate ends the machine, disconnect the adapter', async () => {
      await client.begin();
      await client.ask('terminate');
      await client.event('exited');
      await client.event('terminated');
      await client.ask('disconnect');
      await ended;
      assert.deepEqual(log, []);
    });

    it('passes on output and reports, and the end of the machine', async () => {
      await client.begin();
      engine.emit('console', '~ # ');
      engine.emit('report', 'error', 'bad frame');
      engine.emit('log', 'size 60\n', { file: 'hw/net/e1000.ts', line: 7, column: 3 });
      engine.emit('exited', 1, 'it broke');
      assert.equal((await client.outputEvent('stdout', '~ # ')).body.output, '~ # ');
      await client.outputEvent('important', 'bad frame');
      const { body } = await client.outputEvent('stdout', 'size 60\n');
      assert.equal(body.line, 7);
      assert.equal(body.source?.path, E1000);
      await client.outputEvent('stderr', 'it broke');
      assert.equal((await client.event<DebugProtocol.ExitedEvent>('exited')).body.exitCode, 1);
      await client.event('terminated');
    });
  });

  describe('breakpoints', () => {
    const set = (breakpoints: object[], path = E1000): Promise<DebugProtocol.SetBreakpointsResponse['body']> =>
      client.ask<DebugProtocol.SetBreakpointsResponse>('setBreakpoints', { source: { path }, breakpoints });

    beforeEach(() => client.ask('initialize', { adapterID: 'pktgdb' }));

    it('say what is wrong about them in the console too, once', async () => {
      const breakpoints = [{ name: 'e1000_receive_iov', condition: 'size >' }];
      await client.ask('setFunctionBreakpoints', { breakpoints });
      await client.ask('setFunctionBreakpoints', { breakpoints });
      await client.outputEvent('console', 'Breakpoint e1000_receive_iov: A syntax error in expression');
      const said = client.received.filter((m) => (m as DebugProtocol.Event).event === 'output');
      assert.equal(said.length, 1);
    });

    it('keep their number when nothing about them changes', async () => {
      const first = await set([{ line: 102 }, { line: 104 }]);
      const second = await set([{ line: 104 }, { line: 102, condition: 'size > 60' }]);
      assert.equal(second.breakpoints[0]?.id, first.breakpoints[1]?.id);
      assert.notEqual(second.breakpoints[1]?.id, first.breakpoints[0]?.id);
      assert.equal(engine.breakpoints.length, 2);
      assert.deepEqual((await set([])).breakpoints, []);
      assert.equal(engine.breakpoints.length, 0);
    });

    it('report the line they moved to', async () => {
      const { breakpoints } = await set([{ line: 103 }]);
      assert.equal(breakpoints[0]?.verified, true);
      assert.equal(breakpoints[0]?.line, 104);
    });

    it('are found by a copy of the source elsewhere, and not in files of others', async () => {
      assert.equal(
        (await set([{ line: 102 }], '/home/me/dist/stack/debug/hw/net/e1000.js')).breakpoints[0]?.verified,
        true,
      );
      const { breakpoints } = await set([{ line: 1 }], '/home/me/project/src/e1000.ts');
      assert.equal(breakpoints[0]?.verified, false);
      assert.match(breakpoints[0]?.message ?? '', /is not a source file of the packet path/);
    });

    it('say what is wrong with a condition, a hit condition and a log message', async () => {
      const { breakpoints } = await set([
        { line: 102, condition: 'size >' },
        { line: 102, hitCondition: 'often' },
        { line: 102, logMessage: 'size {size' },
        { line: 102, logMessage: 'size {size +}' },
        { line: 102, logMessage: 'size {size} \\{}', hitCondition: '>= 3', condition: 'size == 60' },
      ]);
      assert.deepEqual(
        breakpoints.map((b) => b.verified),
        [false, false, false, false, true],
      );
      assert.match(breakpoints[0]?.message ?? '', /syntax error/i);
      assert.match(breakpoints[1]?.message ?? '', /hit condition "often" is not understood/);
      assert.match(breakpoints[2]?.message ?? '', /not closed/);
      assert.equal(breakpoints[0]?.reason, 'failed');
      const { spec } = engine.breakpoints[0]!;
      assert.deepEqual(spec.hitCondition, { op: '>=', operand: 3 });
      assert.deepEqual(
        spec.log?.map((part) => (typeof part === 'string' ? part : part.text)),
        ['size ', 'size', ' {}'],
      );
    });

    it('of unknown functions are unverified with near matches', async () => {
      const { breakpoints } = await client.ask<DebugProtocol.SetFunctionBreakpointsResponse>('setFunctionBreakpoints', {
        breakpoints: [{ name: 'e1000_recieve_iov' }, { name: 'main' }],
      });
      assert.equal(breakpoints[0]?.verified, false);
      assert.match(breakpoints[0]?.message ?? '', /Did you mean e1000_receive_iov\?/);
      assert.equal(breakpoints[1]?.source?.path, '/pktgdb/adapter/stack/softmmu/main.ts');
    });

    it('set in the Debug Console are announced; changes of our own are not', async () => {
      await client.begin();
      await set([{ line: 102 }]);
      await client.ask('evaluate', { expression: 'break main', context: 'repl' });
      const { body } = await client.event<DebugProtocol.BreakpointEvent>('breakpoint');
      assert.equal(body.reason, 'new');
      assert.equal(body.breakpoint.line, 12);
      engine.deleteBreakpoint(body.breakpoint.id!);
      assert.equal((await client.event<DebugProtocol.BreakpointEvent>('breakpoint')).body.reason, 'removed');
      assert.equal(client.received.filter((m) => 'event' in m && m.event === 'breakpoint').length, 2);
    });

    it('set in the Debug Console stay one where a client then asks for a plain one there, as dape does', async () => {
      await client.begin();
      await client.ask('evaluate', { expression: 'break e1000_receive_iov', context: 'repl' });
      const { body } = await client.event<DebugProtocol.BreakpointEvent>('breakpoint');
      assert.equal((await set([{ line: body.breakpoint.line! }])).breakpoints[0]?.id, body.breakpoint.id);
      assert.equal(engine.breakpoints.length, 1);
      await set([]);
      assert.equal(engine.breakpoints.length, 0);
    });

    it('set in the Debug Console are left alone by a client that does not take them up', async () => {
      await client.begin();
      await client.ask('evaluate', { expression: 'break e1000_receive_iov', context: 'repl' });
      await set([]);
      assert.equal(engine.breakpoints.length, 1);
    });

    it('have locations', async () => {
      const args = { source: { path: E1000 }, line: 100, endLine: 103 };
      const { breakpoints } = await client.ask<DebugProtocol.BreakpointLocationsResponse>('breakpointLocations', args);
      assert.deepEqual(breakpoints, [{ line: 102, column: 3 }]);
    });
  });

  describe('running', () => {
    it('answers before it reports the stop, and names the breakpoint', async () => {
      await stopped();
      const args = { breakpoints: [{ name: 'e1000_receive_iov' }] };
      const { breakpoints } = await client.ask<DebugProtocol.SetFunctionBreakpointsResponse>(
        'setFunctionBreakpoints',
        args,
      );
      await client.ask('continue', { threadId: 1 });
      const { body } = await client.stoppedEvent();
      assert.equal(body.reason, 'function breakpoint');
      assert.deepEqual(body.hitBreakpointIds, [breakpoints[0]?.id]);
      assert.equal(body.allThreadsStopped, true);
      const kinds = client.received.map((m) => ('command' in m ? m.command : 'event' in m ? m.event : ''));
      assert.ok(kinds.lastIndexOf('continue') < kinds.lastIndexOf('stopped'));
      assert.ok(!kinds.includes('continued'));
    });

    for (const command of ['next', 'stepIn', 'stepOut']) {
      it(`${command} ends in a stop for a step`, async () => {
        await stopped();
        await client.ask(command, { threadId: 1 });
        assert.equal((await client.stoppedEvent()).body.reason, 'step');
      });
    }

    it('pauses, and refuses what the state does not allow', async () => {
      await client.begin();
      assert.match(await client.refused('continue', { threadId: 1 }), /not stopped \(it is running\)/);
      assert.match(await client.refused('stackTrace', { threadId: 1 }), /not stopped/);
      assert.match(await client.refused('pause', { threadId: 2 }), /There is no thread 2/);
      await client.ask('pause', { threadId: 1 });
      assert.equal((await client.stoppedEvent()).body.reason, 'pause');
      await client.ask('pause', { threadId: 1 });
    });

    it('from the Debug Console is announced', async () => {
      await stopped();
      await client.ask('evaluate', { expression: 'continue', context: 'repl' });
      await client.event('continued');
    });

    it('tells about an exception of the stack', async () => {
      await client.begin();
      assert.match(await client.refused('exceptionInfo', { threadId: 1 }), /not stopped at an exception/);
      engine.stopHere({
        kind: 'exception',
        name: 'RangeError',
        message: 'offset',
        stack: 'RangeError: offset\n  at f',
      });
      const { body } = await client.stoppedEvent();
      assert.deepEqual([body.reason, body.text], ['exception', 'offset']);
      const info = await client.ask<DebugProtocol.ExceptionInfoResponse>('exceptionInfo', { threadId: 1 });
      assert.equal(info.exceptionId, 'RangeError');
      assert.match(info.details?.stackTrace ?? '', /at f/);
    });
  });

  describe('stack and values', () => {
    beforeEach(stopped);

    it('pages the stack and counts its frames', async () => {
      const args = { threadId: 1, startFrame: 1, levels: 1 };
      const { stackFrames, totalFrames } = await client.ask<DebugProtocol.StackTraceResponse>('stackTrace', args);
      assert.equal(totalFrames, 2);
      assert.deepEqual(
        stackFrames.map(({ name, line, source }) => [name, line, source?.name]),
        [['main', 12, 'main.ts']],
      );
      const format = { parameters: true, parameterNames: true, parameterValues: true };
      const named = await client.ask<DebugProtocol.StackTraceResponse>('stackTrace', { threadId: 1, format });
      assert.equal(named.stackFrames[0]?.name, 'e1000_receive_iov(s = E1000State, size = 0x3c, buf = Uint8Array[60])');
    });

    it('has six scopes by their names', async () => {
      const { stackFrames } = await client.ask<DebugProtocol.StackTraceResponse>('stackTrace', { threadId: 1 });
      const { scopes } = await client.ask<DebugProtocol.ScopesResponse>('scopes', { frameId: stackFrames[0]?.id });
      assert.deepEqual(
        scopes.map(({ name, expensive }) => [name, expensive]),
        [
          ['Arguments', false],
          ['Locals', false],
          ['Registers', true],
          ['Rx ring', true],
          ['Tx ring', true],
          ['Packet', false],
        ],
      );
    });

    it('shows counts in decimal, bits in hex, and either on request', async () => {
      const { stackFrames } = await client.ask<DebugProtocol.StackTraceResponse>('stackTrace', { threadId: 1 });
      const { scopes } = await client.ask<DebugProtocol.ScopesResponse>('scopes', { frameId: stackFrames[0]?.id });
      const reference = scopes[0]!.variablesReference;
      const size = async (format: object): Promise<string | undefined> =>
        (await client.children(reference, format)).find((v) => v.name === 'size')?.value;
      assert.equal(await size({}), '60');
      assert.equal(await size({ format: { hex: true } }), '0x3c');
      assert.equal(await size({ format: { hex: false } }), '60');
      await client.ask('pktgdb/numbers', { notation: 'hex' });
      assert.equal(await size({}), '0x3c');
      assert.equal(await size({ format: { hex: false } }), '60');
      await client.ask('pktgdb/numbers', { notation: 'decimal' });
      const watched = async (expression: string): Promise<string> => {
        const args = { expression, frameId: stackFrames[0]?.id, context: 'watch' };
        return (await client.ask<DebugProtocol.EvaluateResponse>('evaluate', args)).result;
      };
      const suffixed = await Promise.all(['x', 'd', 't', 'b', 'o'].map((letter) => watched(`size,${letter}`)));
      assert.deepEqual(suffixed, ['0x3c', '60', '0b111100', '0b111100', '074']);
      const [s] = await client.scope('Arguments');
      const [big] = await client.children(s!.variablesReference);
      assert.equal((await client.children(big!.variablesReference, { start: 998, count: 1 }))[0]?.value, '998');
      assert.match(await client.refused('pktgdb/numbers', { notation: 'roman' }), /no notation "roman"/);
    });

    it('pages arrays', async () => {
      const [s] = await client.scope('Arguments');
      const [big] = await client.children(s!.variablesReference);
      assert.equal(big?.indexedVariables, 1000);
      const page = await client.children(big!.variablesReference, { filter: 'indexed', start: 998, count: 10 });
      assert.deepEqual(
        page.map(({ name, value, evaluateName }) => [name, value, evaluateName]),
        [
          ['[998]', '0x000003e6', 's->big[998]'],
          ['[999]', '0x000003e7', 's->big[999]'],
        ],
      );
      assert.deepEqual(await client.children(big!.variablesReference, { filter: 'named' }), []);
    });

    it('sets variables, elements and expressions, and says that values changed', async () => {
      const { stackFrames } = await client.ask<DebugProtocol.StackTraceResponse>('stackTrace', { threadId: 1 });
      const frameId = stackFrames[0]!.id;
      const { scopes } = await client.ask<DebugProtocol.ScopesResponse>('scopes', { frameId });
      const reference = scopes[0]!.variablesReference;
      const args = { variablesReference: reference, name: 'size', value: 'size + 4' };
      assert.equal((await client.ask<DebugProtocol.SetVariableResponse>('setVariable', args)).value, '64');
      await client.event('invalidated');
      const [s] = await client.scope('Arguments');
      const [big] = await client.children(s!.variablesReference);
      await client.ask('setVariable', { variablesReference: big!.variablesReference, name: '[3]', value: '0xff' });
      assert.equal((engine.variables['s'] as { big: Uint32Array }).big[3], 255);
      await client.ask('setExpression', { expression: 's->big[4]', value: '7', frameId });
      assert.equal((engine.variables['s'] as { big: Uint32Array }).big[4], 7);
      assert.match(await client.refused('setExpression', { expression: '1', value: '7', frameId }), /not an lvalue/);
    });

    it('evaluates watches; a hover cannot assign; the console runs commands', async () => {
      const evaluate = (expression: string, context: string): Promise<DebugProtocol.EvaluateResponse['body']> =>
        client.ask<DebugProtocol.EvaluateResponse>('evaluate', { expression, context });
      assert.equal((await evaluate('size * 2', 'watch')).result, '120');
      const suffixed = await Promise.all(['x', 'd', 't', 'o'].map((letter) => evaluate(`size,${letter}`, 'watch')));
      assert.deepEqual(
        suffixed.map(({ result }) => result),
        ['0x3c', '60', '0b111100', '074'],
      );
      assert.equal((await evaluate('s', 'hover')).result, 'E1000State');
      assert.match((await evaluate('s', 'clipboard')).result, /^\{big = \{0x0, 0x1, /);
      assert.match(await client.refused('evaluate', { expression: 'size = 3', context: 'hover' }), /assignment/i);
      assert.match(
        await client.refused('evaluate', { expression: 'nothing', context: 'watch' }),
        /No symbol "nothing"/,
      );
      assert.equal((await evaluate('echo hi', 'repl')).result, 'hi');
      assert.match(
        await client.refused('evaluate', { expression: 'nonsense', context: 'repl' }),
        /^No symbol "nonsense"/,
      );
      const s = await evaluate('s', 'watch');
      assert.equal((await evaluate('s->big', 'repl')).variablesReference > 0, true, 'what is no command is a value');
      assert.ok(s.variablesReference > 0);
      assert.equal(engine.variables['size'], 60);
    });

    it('says that values changed after a command that changes some, and never that the stack did', async () => {
      const told = (): string[] =>
        client.received
          .filter((m) => (m as DebugProtocol.Event).event === 'invalidated')
          .flatMap((m) => (m as DebugProtocol.InvalidatedEvent).body.areas ?? []);
      await client.ask('evaluate', { expression: 'echo hi', context: 'repl' });
      assert.deepEqual(told(), []);
      await client.ask('evaluate', { expression: 'set variable size=61', context: 'repl' });
      assert.deepEqual(told(), ['variables']);
    });

    it('takes many lines at once', async () => {
      const warnings: string[] = [];
      const warned = (warning: Error): void => void warnings.push(warning.message);
      process.on('warning', warned);
      const lines = Array.from({ length: 30 }, () => ({ expression: 'set variable size=61', context: 'repl' }));
      await Promise.all(lines.map((line) => client.ask('evaluate', line)));
      // Node warns in a turn of its own.
      await turn();
      process.off('warning', warned);
      assert.deepEqual(warnings, []);
      assert.equal(engine.variables['size'], 61);
    });

    it('refuses references of an earlier stop', async () => {
      const [s] = await client.scope('Arguments');
      await client.ask('next', { threadId: 1 });
      await client.stoppedEvent();
      assert.match(
        await client.refused('variables', { variablesReference: s!.variablesReference }),
        /the machine has run since/,
      );
      assert.match(await client.refused('scopes', { frameId: 1 }), /There is no frame 1/);
    });

    it('shows the packet of a function that handles one', async () => {
      const layers = await client.scope('Packet');
      assert.deepEqual(
        layers.slice(0, 2).map((v) => v.name),
        ['frame', 'eth'],
      );
      const fields = await client.children(layers[1]!.variablesReference);
      assert.equal(fields[0]?.evaluateName, '$pkt.eth.dst');
    });

    it('reads bytes of the stack as memory', async () => {
      const buf = (await client.scope('Arguments')).find((v) => v.name === 'buf');
      const args = { memoryReference: buf?.memoryReference, offset: 58, count: 4 };
      const body = await client.ask<DebugProtocol.ReadMemoryResponse>('readMemory', args);
      assert.deepEqual([...Buffer.from(body?.data ?? '', 'base64')], [58, 59]);
      assert.equal(body?.unreadableBytes, 2);
    });
  });

  describe('sources and completions', () => {
    beforeEach(() => client.ask('initialize', { adapterID: 'pktgdb' }));

    it('lists sources, and says when one cannot be read', async () => {
      const { sources } = await client.ask<DebugProtocol.LoadedSourcesResponse>('loadedSources');
      assert.deepEqual(
        sources.map((s) => s.name),
        ['e1000.ts', 'main.ts'],
      );
      assert.match(await client.refused('source', { source: { path: E1000 }, sourceReference: 0 }), /cannot be read/);
      assert.match(await client.refused('source', { sourceReference: 99 }), /no such source/);
    });

    it('completes commands', async () => {
      const args = { text: 'b', column: 2 };
      const { targets } = await client.ask<DebugProtocol.CompletionsResponse>('completions', args);
      assert.deepEqual(targets, [
        { label: 'break', type: 'keyword', detail: 'Set breakpoint.', start: 1, length: 1 },
        { label: 'backtrace', type: 'keyword', start: 1, length: 1 },
      ]);
    });
  });

  it('counts lines from 0 and writes URIs for a client that does', async () => {
    await client.ask('initialize', { adapterID: 'x', linesStartAt1: false, columnsStartAt1: false, pathFormat: 'uri' });
    const { breakpoints } = await client.ask<DebugProtocol.SetBreakpointsResponse>('setBreakpoints', {
      source: { path: `file://${E1000}` },
      breakpoints: [{ line: 101 }],
    });
    assert.equal(breakpoints[0]?.line, 101);
    assert.equal(breakpoints[0]?.column, 2);
    assert.equal(breakpoints[0]?.source?.path, `file://${E1000}`);
    assert.equal(engine.breakpoints[0]?.locations[0]?.line, 102);
  });

  it('advertises nothing that is not in the table, and the initialize answer is the table', async () => {
    const body = await client.ask('initialize', { adapterID: 'pktgdb' });
    assert.deepEqual(body, capabilities());
  });
});
