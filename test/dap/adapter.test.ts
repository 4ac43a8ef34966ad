/**
 * The adapter as clients start it: a process that speaks DAP on stdio, with the real machine, live and from a capture.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { capture } from '../kit/paths.ts';
import { SEED_ARGS, SEED_FRAMES, SEED_LISTEN, SEED_TEXT } from '../kit/seed.ts';
import type { TestClient } from './client.ts';
import { withAdapter } from './hooks.ts';

describe('debug adapter process', () => {
  let client: TestClient;
  withAdapter((c) => {
    client = c;
  });

  async function frames(): Promise<DebugProtocol.StackFrame[]> {
    const args = { threadId: 1 };
    return (await client.ask<DebugProtocol.StackTraceResponse>('stackTrace', args)).stackFrames;
  }

  /** Starts the live machine with nc in the guest; returns the forwarded port once nc listens. */
  async function live(more: object = {}): Promise<number> {
    await client.begin({ args: SEED_ARGS, guestCommands: [SEED_LISTEN], ...more });
    const { body } = await client.outputEvent('stdout', 'hostfwd tcp 127.0.0.1:');
    await client.outputEvent('stdout', 'istening on');
    return Number(/127\.0\.0\.1:(\d+)/.exec(body.output)?.[1]);
  }

  it('runs the seed: a connection stops in e1000_receive_iov below tcp_connect, and its text arrives', async () => {
    const port = await live();
    await client.ask('setFunctionBreakpoints', { breakpoints: [{ name: 'e1000_receive_iov' }] });
    const socket = connect(port, '127.0.0.1');
    socket.end(SEED_TEXT);
    const { body } = await client.stoppedEvent();
    assert.equal(body.reason, 'function breakpoint');
    assert.deepEqual(
      (await frames()).map((f) => f.name),
      SEED_FRAMES,
    );
    const layers = await client.scope('Packet');
    assert.match(layers.find((v) => v.name === 'tcp')?.value ?? '', /5556.*\[SYN\]|Dst Port: 5556/);
    assert.equal((await client.scope('Rx ring')).filter((v) => v.value.includes('head (RDH)')).length, 1);
    await client.ask('setFunctionBreakpoints', { breakpoints: [] });
    await client.ask('continue', { threadId: 1 });
    await once(socket, 'close');
    await client.ask('evaluate', { expression: 'guest cat hello.txt', context: 'repl' });
    await client.outputEvent('stdout', 'Hello qemu Geust');
  });

  it('stops with the same frames in a replay of the capture', async () => {
    const trace = capture('02-hello.pcap');
    await client.begin({ trace }, () =>
      client.ask('setFunctionBreakpoints', {
        breakpoints: [{ name: 'e1000_receive_iov', condition: '$pkt.tcp.flags.syn == 1 && $pkt.tcp.dstport == 5556' }],
      }),
    );
    await client.stoppedEvent();
    assert.deepEqual(
      (await frames()).map((f) => f.name),
      SEED_FRAMES,
    );
  });

  it('does what it advertises', async function () {
    this.timeout(20_000);
    const trace = capture('02-hello.pcap');
    const advertised = await client.ask<DebugProtocol.InitializeResponse>('initialize', { adapterID: 'pktgdb' });
    const functions = { breakpoints: [{ name: 'e1000_receive_iov' }] };
    const launched = client.send('launch', { trace });
    await client.ask('setFunctionBreakpoints', functions);
    await client.ask('configurationDone');
    await launched;
    await client.stoppedEvent();
    const [top] = await frames();
    const frameId = top!.id;
    const source = top!.source!;
    const set = async (breakpoint: object): Promise<DebugProtocol.Breakpoint> => {
      const args = { source, breakpoints: [{ line: top!.line, ...breakpoint }] };
      return (await client.ask<DebugProtocol.SetBreakpointsResponse>('setBreakpoints', args)).breakpoints[0]!;
    };
    const evaluate = (expression: string, context: string): Promise<DebugProtocol.EvaluateResponse['body']> =>
      client.ask<DebugProtocol.EvaluateResponse>('evaluate', { expression, context, frameId });
    const scope = async (name: string): Promise<DebugProtocol.Scope> => {
      const { scopes } = await client.ask<DebugProtocol.ScopesResponse>('scopes', { frameId });
      return scopes.find((one) => one.name === name)!;
    };
    const proofs: Record<string, () => Promise<unknown>> = {
      supportsConfigurationDoneRequest: async () => {},
      supportsFunctionBreakpoints: async () => {},
      supportsConditionalBreakpoints: async () => assert.ok((await set({ condition: 'iovcnt == 1' })).verified),
      supportsHitConditionalBreakpoints: async () => assert.ok((await set({ hitCondition: '> 1' })).verified),
      supportsLogPoints: async () => assert.ok((await set({ logMessage: 'iovcnt {iovcnt}' })).verified),
      supportsANSIStyling: async () => {},
      supportsStepInTargetsRequest: async () => {
        const { targets } = await client.ask<DebugProtocol.StepInTargetsResponse>('stepInTargets', { frameId });
        assert.ok(Array.isArray(targets));
      },
      supportsDataBreakpoints: async () => {
        const body = await client.ask<DebugProtocol.DataBreakpointInfoResponse>('dataBreakpointInfo', { name: '$RDH' });
        const breakpoints = [{ dataId: body.dataId }];
        const set = await client.ask<DebugProtocol.SetDataBreakpointsResponse>('setDataBreakpoints', { breakpoints });
        assert.ok(set.breakpoints[0]?.verified);
      },
      supportsDataBreakpointBytes: async () => {
        const args = { name: '0x1000', asAddress: true, bytes: 16 };
        const body = await client.ask<DebugProtocol.DataBreakpointInfoResponse>('dataBreakpointInfo', args);
        assert.equal(body.dataId, 'expression:*(uint8_t *)0x1000@16');
      },
      supportsGotoTargetsRequest: async () => {
        const args = { source, line: top!.line };
        const { targets } = await client.ask<DebugProtocol.GotoTargetsResponse>('gotoTargets', args);
        assert.equal(targets[0]?.line, top!.line);
      },
      supportsBreakpointLocationsRequest: async () => {
        const args = { source, line: top!.line };
        const body = await client.ask<DebugProtocol.BreakpointLocationsResponse>('breakpointLocations', args);
        assert.equal(body.breakpoints[0]?.line, top!.line);
      },
      // Proved in the end: frames are others then.
      supportsModulesRequest: async () => {
        const { modules, totalModules } = await client.ask<DebugProtocol.ModulesResponse>('modules', {
          moduleCount: 3,
        });
        assert.equal(modules.length, 3);
        assert.ok((totalModules ?? 0) > 3);
      },
      supportsExceptionFilterOptions: async () => {
        const args = { filters: [], filterOptions: [{ filterId: 'drop', condition: 'RX_FILTER if size > 60' }] };
        const body = await client.ask<DebugProtocol.SetExceptionBreakpointsResponse>('setExceptionBreakpoints', args);
        assert.equal(body?.breakpoints?.[0]?.verified, true);
      },
      supportsDelayedStackTraceLoading: async () => {
        const args = { threadId: 1, startFrame: 1, levels: 1 };
        const body = await client.ask<DebugProtocol.StackTraceResponse>('stackTrace', args);
        assert.equal(body.stackFrames.length, 1);
      },
      supportsValueFormattingOptions: async () => {
        const { variablesReference } = await scope('Arguments');
        const decimal = await client.children(variablesReference, { format: { hex: false } });
        assert.equal(decimal.find((v) => v.name === 'iovcnt')?.value, '1');
      },
      supportsSetVariable: async () => {
        const args = { variablesReference: (await scope('Arguments')).variablesReference, name: 'iovcnt', value: '1' };
        assert.equal((await client.ask<DebugProtocol.SetVariableResponse>('setVariable', args)).value, '1');
      },
      supportsSetExpression: async () => {
        const args = { expression: 'iovcnt', value: '1', frameId };
        assert.equal((await client.ask<DebugProtocol.SetExpressionResponse>('setExpression', args)).value, '1');
      },
      supportsEvaluateForHovers: async () => assert.equal((await evaluate('iovcnt', 'hover')).result, '1'),
      supportsClipboardContext: async () =>
        assert.match((await evaluate('iov', 'clipboard')).result, /iov_len = [1-9]/),
      supportsCompletionsRequest: async () => {
        const args = { text: 'break e1000_rec', column: 16, frameId };
        const { targets } = await client.ask<DebugProtocol.CompletionsResponse>('completions', args);
        assert.ok(targets.some((t) => t.label === 'e1000_receive_iov' && t.start === 7 && t.length === 9));
        const labels = async (text: string): Promise<string[]> => {
          const body = await client.ask<DebugProtocol.CompletionsResponse>('completions', {
            text,
            column: text.length + 1,
            frameId,
          });
          return body.targets.map((t) => `${t.type} ${t.label} ${t.start}`);
        };
        assert.deepEqual(await labels('nc->info_s'), ['property info_str 5']);
        assert.deepEqual(await labels('p iov[0].iov_l'), ['property iov_len 10']);
        assert.deepEqual(await labels('$pkt.tcp.hdr'), ['property $pkt.tcp.hdr_len 1']);
        assert.deepEqual(await labels('catch drop RX_F'), ['value RX_FILTER 12']);
        assert.ok((await labels('iovc')).includes('variable iovcnt 1'));
        assert.deepEqual(await labels('info regi'), ['keyword registers 6']);
      },
      completionTriggerCharacters: async () => {},
      supportsLoadedSourcesRequest: async () => {
        const { sources } = await client.ask<DebugProtocol.LoadedSourcesResponse>('loadedSources');
        assert.ok(sources.some((s) => s.path === source.path));
        const { content } = await client.ask<DebugProtocol.SourceResponse>('source', { source, sourceReference: 0 });
        assert.match(content, /function e1000_receive_iov/);
      },
      supportsReadMemoryRequest: async () => {
        const buffer = (await client.scope('Rx ring'))[0]!;
        const args = { memoryReference: buffer.memoryReference, count: 16 };
        const body = await client.ask<DebugProtocol.ReadMemoryResponse>('readMemory', args);
        assert.equal(Buffer.from(body?.data ?? '', 'base64').length, 16);
      },
      supportsWriteMemoryRequest: async () => {
        const args = { memoryReference: '0x0', data: Buffer.from('x').toString('base64') };
        assert.equal((await client.ask<DebugProtocol.WriteMemoryResponse>('writeMemory', args))?.bytesWritten, 1);
      },
      exceptionBreakpointFilters: () => client.ask('setExceptionBreakpoints', { filters: [] }),
      supportsExceptionInfoRequest: async () =>
        assert.match(await client.refused('exceptionInfo', { threadId: 1 }), /not stopped at an exception/),
      supportsCancelRequest: () => client.ask('cancel', { requestId: 1 }),
      supportsRestartFrame: async () => {
        const { stackFrames } = await client.ask<DebugProtocol.StackTraceResponse>('stackTrace', { threadId: 1 });
        await client.ask('restartFrame', { frameId: stackFrames[1]!.id });
        await client.stoppedEvent();
      },
      supportsRestartRequest: async () => {
        await client.ask('restart');
        await client.stoppedEvent();
      },
      supportsSteppingGranularity: async () => {
        await client.ask('setFunctionBreakpoints', { breakpoints: [] });
        await client.ask('stepIn', { threadId: 1, granularity: 'instruction' });
        await client.event<DebugProtocol.StoppedEvent>('stopped', ({ body }) => body.reason === 'step');
      },
      supportsTerminateRequest: async () => {
        await client.ask('terminate');
        await client.event('terminated');
      },
    };
    assert.deepEqual(Object.keys(advertised ?? {}).sort(), Object.keys(proofs).sort());
    for (const [name, prove] of Object.entries(proofs)) {
      await prove().catch((error: Error) => assert.fail(`${name}: ${error.message}`));
    }
  });

  it('does not change the device by looking', async () => {
    await client.begin({ trace: capture('02-hello.pcap') }, () =>
      client.ask('setFunctionBreakpoints', { breakpoints: [{ name: 'set_interrupt_cause' }] }),
    );
    await client.stoppedEvent();
    const read = async (): Promise<string | undefined> => {
      const args = { memoryReference: '0xfebc0000', count: 0x6000 };
      return (await client.ask<DebugProtocol.ReadMemoryResponse>('readMemory', args))?.data;
    };
    const before = await read();
    for (const group of await client.scope('Registers')) {
      for (const register of await client.children(group.variablesReference)) {
        if (register.variablesReference > 0) {
          await client.children(register.variablesReference, { start: 0, count: 8 });
        }
      }
    }
    await client.scope('Rx ring');
    await client.scope('Tx ring');
    assert.ok(before !== undefined && before.length > 0);
    assert.equal(await read(), before);
  });

  it('fails a launch whose port is in use, and says which', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const args = `-netdev user,id=user.0,hostfwd=tcp:127.0.0.1:${port}-:5556 -device e1000,netdev=user.0`;
    await assert.rejects(client.begin({ args }), new RegExp(String(port)));
    await client.event('terminated');
    server.close();
  });

  it('fails a launch with an option that does not exist, and names it', async () => {
    await assert.rejects(client.begin({ args: '-device e1001,netdev=user.0' }), /e1001/);
  });

  it('runs the commands of initCommands before the machine starts', async () => {
    const trace = capture('01-dhcp.pcap');
    await client.begin({ trace, initCommands: ['tbreak bootp_input'] });
    await client.outputEvent('stdout', 'emporary breakpoint 1');
    assert.equal((await client.stoppedEvent()).body.reason, 'breakpoint');
    assert.equal((await frames())[0]?.name, 'bootp_input');
  });

  it('runs gdb commands in the console: up and down, commands of breakpoints, run, quit', async () => {
    const trace = capture('02-hello.pcap');
    await client.begin({ trace, initCommands: ['break tcp_connect'] });
    await client.stoppedEvent();
    const command = async (expression: string): Promise<string> => {
      const [top] = client.received.some((m) => 'event' in m && m.event === 'terminated') ? [] : await frames();
      const args = { expression, context: 'repl', frameId: top?.id };
      return (await client.ask<DebugProtocol.EvaluateResponse>('evaluate', args)).result;
    };
    assert.match(await command('up'), /^#1 .*slirp_pollfds_poll/);
    assert.match(await command('frame'), /^#1 /);
    assert.match(await command('bt 1'), /^#0 .*tcp_connect/);
    await command('commands 1\nsilent\nprint 40 + 2\nnext\nprint 50 + 5\nend');
    await command('run');
    await client.stoppedEvent();
    await client.outputEvent('stdout', '= 42');
    await client.stoppedEvent();
    const printed = await command('print 6 * 6');
    assert.match(printed, /^\$2 = 36/, 'what follows "next" is left out');
    await command('quit');
    await client.event('terminated');
    assert.equal(client.received.filter((m) => 'event' in m && m.event === 'terminated').length, 1);
  });

  it('survives what is not DAP', async () => {
    client.raw('GET / HTTP/1.1\r\n\r\nContent-Length: 4\r\n\r\nnull');
    client.raw(`${'x'.repeat(9000)}`);
    assert.ok(await client.ask('initialize', { adapterID: 'pktgdb' }));
  });

  it('ends when its input ends, also with a machine running', async () => {
    await live();
  });
});
