/** Breakpoints on lines of a packet listing, and scripts that run the machine, over the adapter process. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { capture, ROOT } from '../kit/paths.ts';
import { tempFolder } from '../kit/temp.ts';
import type { TestClient } from './client.ts';
import { withAdapter } from './hooks.ts';

const HELLO = capture('02-hello.pcap');
/** Launches that end with their last packet. */
const REPLAY = { trace: HELLO, traceAtEnd: 'exit' };

describe('breakpoints in packet listings', () => {
  let client: TestClient;
  withAdapter((c) => {
    client = c;
  });

  async function set(path: string, lines: readonly number[], more: object = {}): Promise<DebugProtocol.Breakpoint[]> {
    const args = { source: { path }, breakpoints: lines.map((line) => ({ line, ...more })) };
    return (await client.ask<DebugProtocol.SetBreakpointsResponse>('setBreakpoints', args)).breakpoints;
  }

  async function names(): Promise<string[]> {
    const { stackFrames } = await client.ask<DebugProtocol.StackTraceResponse>('stackTrace', { threadId: 1 });
    return stackFrames.map((f) => f.name);
  }

  async function packet(scope = 'Packet'): Promise<string> {
    const layers = await client.scope(scope);
    return layers.map((l) => `${l.name} ${l.value}`).join('\n');
  }

  it('stops when packet 5 enters, which the user network sends', async () => {
    await client.begin(REPLAY, async () => {
      const [five] = await set(HELLO, [5]);
      assert.equal(five?.verified, true);
      assert.equal(five?.line, 5);
    });
    const { body } = await client.stoppedEvent();
    assert.equal(body.description, 'Paused on packet 5 of the capture');
    assert.equal((await names())[0], 'slirp_output');
    assert.match(await packet(), /58676.*5556.*\[ACK\].*Seq.*Ack|Src Port: 58676, Dst Port: 5556/);
    assert.match(await packet('Captured packet'), /Src Port: 58676, Dst Port: 5556/);
    await client.ask('continue', { threadId: 1 });
    await client.event('terminated');
    assert.equal(client.received.filter((m) => 'event' in m && m.event === 'stopped').length, 1);
  });

  it('stops at every packet, in the order of the capture', async () => {
    const all = Array.from({ length: 10 }, (_, i) => i + 1);
    await client.begin(REPLAY, () => set(HELLO, all));
    const seen: string[] = [];
    for (const _ of all) {
      const { body } = await client.stoppedEvent();
      seen.push(`${/packet (\d+)/.exec(body.description ?? '')?.[1]} ${(await names())[0]}`);
      await client.ask('continue', { threadId: 1 });
    }
    await client.event('terminated');
    assert.deepEqual(seen, [
      '1 slirp_output',
      '2 trace_xmit_frame',
      '3 slirp_output',
      '4 trace_xmit_frame',
      '5 slirp_output',
      '6 slirp_output',
      '7 slirp_output',
      '8 trace_xmit_frame',
      '9 trace_xmit_frame',
      '10 slirp_output',
    ]);
  });

  for (const [name, count] of [
    ['01-dhcp', 7],
    ['03-ping', 20],
    ['05-http', 63],
  ] as const) {
    it(`reaches all ${count} packets of ${name}`, async () => {
      const trace = capture(`${name}.pcap`);
      await client.begin({ trace, traceAtEnd: 'exit' }, async () => {
        const breakpoints = Array.from({ length: count }, (_, i) => ({
          line: i + 1,
          logMessage: `at packet ${i + 1}`,
        }));
        await client.ask('setBreakpoints', { source: { path: trace }, breakpoints });
      });
      await client.event('terminated');
      const logged = client.received.flatMap((m) => {
        const { event, body } = m as DebugProtocol.OutputEvent;
        return event === 'output' ? (/^at packet (\d+)/.exec(body.output)?.[1] ?? []) : [];
      });
      assert.deepEqual(
        logged.map(Number),
        Array.from({ length: count }, (_, i) => i + 1),
      );
    });
  }

  it('takes conditions, on the path of the capture too', async () => {
    await client.begin(REPLAY, () => set(HELLO, [4, 6], { condition: '$pkt.tcp.len > 0' }));
    assert.match((await client.stoppedEvent()).body.description ?? '', /packet 6 /);
  });

  it('says when the session replays something else', async () => {
    const other = capture('03-ping.pcap');
    await client.begin(REPLAY, () => set(other, [1]));
    const { body } = await client.event<DebugProtocol.BreakpointEvent>('breakpoint');
    assert.equal(body.breakpoint.verified, false);
    assert.match(body.breakpoint.message ?? '', /replays another capture: .*02-hello\.pcap/);
    const [late] = await set(other, [2]);
    assert.equal(late?.verified, false);
    await client.event('terminated');
  });

  it('says when the session is live, or the line is no packet', async () => {
    const args = '-nic user';
    await client.begin({ args }, async () => {
      const [zero] = await set(HELLO, [0]);
      assert.match(zero?.message ?? '', /0 is no packet number/);
    });
    const [one] = await set(HELLO, [1]);
    assert.match(one?.message ?? '', /does not replay a capture/);
  });

  it('has a location on every line of a listing', async () => {
    await client.ask('initialize', { adapterID: 'pktgdb' });
    const args = { source: { path: HELLO }, line: 3, endLine: 5 };
    const { breakpoints } = await client.ask<DebugProtocol.BreakpointLocationsResponse>('breakpointLocations', args);
    assert.deepEqual(breakpoints, [{ line: 3 }, { line: 4 }, { line: 5 }]);
  });

  it('runs a script that runs the machine, and goes on where it stops', async () => {
    const folder = tempFolder();
    const script = join(folder, 'run.pktgdb');
    const lines = [
      'set args -nic user',
      'tbreak tty_write',
      'run',
      'echo == first ==\\n',
      'tbreak tty_write',
      'continue',
      'echo == second ==\\n',
      'bt 1',
    ];
    writeFileSync(script, `${lines.join('\n')}\n`);
    await client.begin({ initCommands: [`source ${script}`] });
    await client.outputEvent('stdout', '== second ==');
    await client.stoppedEvent();
    assert.equal((await names())[0], 'tty_write');
    assert.equal(client.received.filter((m) => 'event' in m && m.event === 'stopped').length, 1);
  });

  it('runs the example from beginning to end, and stays where it stops', async () => {
    await client.begin({ initCommands: [`source ${join(ROOT, 'examples/hello.pktgdb')}`] });
    await client.stoppedEvent();
    const printed = client.received.flatMap((m) => {
      const { event, body } = m as DebugProtocol.OutputEvent;
      return event === 'output' ? body.output : [];
    });
    assert.match(printed.join(''), /#24 +main \([\s\S]*== Done ==/);
    assert.match(printed.join(''), /Hello qemu Geust/);
  });

  it('says where a script is wrong', async () => {
    const folder = tempFolder();
    const script = join(folder, 'wrong.pktgdb');
    writeFileSync(script, 'echo hi\\n\nbrek main\n');
    await assert.rejects(
      client.begin({ initCommands: [`source ${script}`] }),
      /launch: initCommands: .*wrong\.pktgdb:2: Error in sourced command file:\nUndefined command: "brek"/,
    );
  });
});
