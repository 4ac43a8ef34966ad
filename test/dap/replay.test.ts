/** Replays of any capture over DAP: the end, the account, divergences, the guest, progress. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { DivergenceBody, DivergencesBody, GuestsEventBody, ReplayBody } from '../../adapter/dap/custom.ts';
import { concat, pcapHeader, pcapPacket, writePcap } from '../../adapter/packets/pcap.ts';
import { ACK, PSH, RST, SYN, tcpFrame } from '../kit/frames.ts';
import { capture, ROOT } from '../kit/paths.ts';
import { tempFolder } from '../kit/temp.ts';
import { fakeSession, type TestClient } from './client.ts';
import { withAdapter } from './hooks.ts';

/** Linux' "any" device on the loopback, with checksums left to the hardware. */
const ANY = capture('foreign/any-http-small.pcap');
/** Ethernet between 192.168.77.1 and .2, and an interface of another link type. */
const MIXED = capture('foreign/mixed.pcapng');

const [A, B] = [0xc0a80101, 0xc0a80102];

/** A file in a folder of its own. */
function fileOf(name: string, bytes: Uint8Array): string {
  const path = join(tempFolder(), name);
  writeFileSync(path, bytes);
  return path;
}

/** Connections from `src` to `dst` that are refused. */
function refused(src: number, dst: number, ports: readonly number[]): Uint8Array[] {
  return ports.flatMap((sport) => [
    tcpFrame({ src, dst, sport, dport: 80, flags: SYN, seq: 1000 }),
    tcpFrame({ src: dst, dst: src, sport: 80, dport: sport, flags: RST | ACK, seq: 0, ack: 1001 }),
  ]);
}

/** A capture of two bytes sent to 192.168.1.2, in segments whose checksums were left to the hardware. */
function unsummed(): string {
  const guest = { src: A, dst: B, sport: 40000, dport: 80, badSum: true };
  const frames = [
    tcpFrame({ ...guest, flags: SYN, seq: 1000 }),
    tcpFrame({ src: B, dst: A, sport: 80, dport: 40000, flags: SYN | ACK, seq: 5000, ack: 1001 }),
    tcpFrame({ ...guest, flags: ACK, seq: 1001, ack: 5001 }),
    tcpFrame({ ...guest, flags: PSH | ACK, seq: 1001, ack: 5001, data: 'hi' }),
  ];
  return fileOf('unsummed.pcap', writePcap(frames.map((data, i) => ({ tsSec: 1, tsNsec: i * 1e6, data }))));
}

/** A capture in which 192.168.1.1 opens two connections and 192.168.1.2 opens one. */
function twoClients(): string {
  const frames = [...refused(A, B, [40000, 40001]), ...refused(B, A, [50000])];
  return fileOf('two.pcap', writePcap(frames.map((data, i) => ({ tsSec: 1, tsNsec: i * 1e6, data }))));
}

/** The line of the first statement of `ip_input`. */
const IP_INPUT = 72;

/** A capture that takes a while to be read. */
function large(): string {
  const data = tcpFrame({ src: A, dst: B, sport: 40000, dport: 80, flags: ACK, seq: 1, ack: 1 });
  const record = pcapPacket({ tsSec: 1, tsNsec: 0, data });
  return fileOf('large.pcap', concat([pcapHeader(), Buffer.alloc(record.length * 400_000, record)]));
}

describe('replays over DAP', () => {
  let client: TestClient;
  withAdapter((c) => {
    client = c;
  });

  async function frames(): Promise<DebugProtocol.StackFrame[]> {
    const { stackFrames } = await client.ask<DebugProtocol.StackTraceResponse>('stackTrace', { threadId: 1 });
    return stackFrames;
  }

  async function scopeNames(frameId: number): Promise<string[]> {
    const { scopes } = await client.ask<DebugProtocol.ScopesResponse>('scopes', { frameId });
    return scopes.map(({ name }) => name);
  }

  // `DebugClient` gives bodies of DAP's own answers a type; these are ours.
  const body = async <T>(command: string, args: object = {}): Promise<T> => (await client.ask(command, args)) as T;

  /** Whether the client is to show the error that a request failed with. */
  function shown(command: string): boolean {
    const answers = client.received as readonly Partial<DebugProtocol.ErrorResponse>[];
    const answer = answers.find((m) => m.type === 'response' && m.command === command && m.success === false);
    return answer?.body?.error?.showUser ?? false;
  }

  const replayed = (): Promise<ReplayBody> => body<ReplayBody>('pktgdb/replay');

  describe('at the end', () => {
    it('stand in main with their account, and end when they go on', async () => {
      await client.begin({ trace: ANY });
      const stop = (await client.stoppedEvent()).body;
      assert.deepEqual([stop.reason, stop.description], ['replay end', 'All packets have been played']);
      assert.deepEqual(
        (await frames()).map((f) => f.name),
        ['main_loop_wait', 'main_loop', 'main'],
      );
      await client.outputEvent(
        'stdout',
        '12 of 12 packets played.\nConnections: 1 complete, 0 partial, 0 not played.  Bytes: 88 to the host, ',
      );
      await client.ask('continue', { threadId: 1 });
      assert.equal((await client.event<DebugProtocol.ExitedEvent>('exited')).body.exitCode, 0);
      await client.event('terminated');
    });

    it('say no word of it as a warning, and announce no port', async () => {
      await client.begin({ trace: ANY });
      await client.outputEvent('stdout', 'Compared with the capture');
      const said = client.received.filter((m): m is DebugProtocol.OutputEvent => 'event' in m && m.event === 'output');
      assert.deepEqual([...new Set(said.map(({ body }) => body.category))], ['stdout']);
      assert.ok(!said.some(({ body }) => body.output.includes('hostfwd')));
    });

    it('exit at once where that is asked for', async () => {
      await client.begin({ trace: ANY, traceAtEnd: 'exit' });
      await client.event('terminated');
      assert.ok(!client.received.some((m) => 'event' in m && m.event === 'stopped'));
    });
  });

  describe('the capture', () => {
    it('may have any link type, and be packed', async () => {
      await client.begin({ trace: fileOf('x.pcapng.gz', gzipSync(readFileSync(MIXED))) });
      await client.stoppedEvent();
      const { account, guest, hosts } = await replayed();
      assert.equal(guest, '192.168.77.1');
      assert.deepEqual(hosts[0], { address: '192.168.77.1', opens: 1, packets: 12 });
      assert.deepEqual([account.packets, account.played, account.connections.complete], [14, 12, 1]);
      assert.deepEqual(account.notPlayed, { 'ARP of another network': 2 });
    });

    it('fails the launch if it is none', async () => {
      await assert.rejects(
        client.begin({ trace: fileOf('x.pcap', Buffer.from('this is text')) }),
        /x\.pcap: not a capture/,
      );
      assert.ok(shown('launch'));
      await client.event('terminated');
    });

    it('fails the launch if it is not there', async () => {
      await assert.rejects(client.begin({ trace: '/nowhere/x.pcap' }), /\/nowhere\/x\.pcap: .*(no such file)/);
      await client.event('terminated');
    });

    it('has its wrong checksums put right, or kept where that is asked for', async () => {
      const trace = unsummed();
      await client.begin({ trace });
      await client.stoppedEvent();
      assert.deepEqual((await replayed()).account.bytes, { toHost: 2, toGuest: 0 });
      await client.ask('restart', { arguments: { trace, traceChecksums: 'keep' } });
      await client.stoppedEvent();
      assert.deepEqual((await replayed()).account.bytes, { toHost: 0, toGuest: 0 });
    });
  });

  it('stop when they are paused, whatever a log point floods the client with', async () => {
    await client.begin({ trace: large(), traceAtEnd: 'exit' }, async () => {
      const source = { name: 'ip_input.ts', path: join(ROOT, 'adapter/stack/slirp/ip_input.ts') };
      const breakpoints = [{ line: IP_INPUT, logMessage: 'packet of {m->m_len} bytes' }];
      await client.ask('setBreakpoints', { source, breakpoints });
    });
    await client.outputEvent('stdout', 'packet of 40 bytes');
    await client.ask('pause', { threadId: 1 });
    assert.equal((await client.stoppedEvent()).body.reason, 'pause');
    assert.ok((await replayed()).account.position < 400_000);
  });

  describe('the guest', () => {
    it('is the host that the launch names', async () => {
      await client.begin({ trace: twoClients(), traceGuest: '192.168.1.2' });
      await client.stoppedEvent();
      const { guest, why } = await replayed();
      assert.deepEqual([guest, why], ['192.168.1.2', 'chosen']);
    });

    it('must be in the capture; the error names those that are', async () => {
      const launched = client.begin({ trace: twoClients(), traceGuest: '10.9.9.9' });
      await assert.rejects(launched, /no host of the capture is 10\.9\.9\.9; there are 192\.168\.1\.1, 192\.168\.1\.2/);
    });

    it('is asked for where both open connections, and the client takes questions', async () => {
      const launched = client.begin({ trace: twoClients(), asksGuest: true });
      const question = (await client.event('pktgdb/guests')).body as GuestsEventBody;
      assert.equal(question.connections, 3);
      assert.deepEqual(question.hosts, [
        { address: '192.168.1.1', opens: 2, packets: 6 },
        { address: '192.168.1.2', opens: 1, packets: 6 },
      ]);
      await client.ask('pktgdb/guest', { address: '192.168.1.2' });
      await launched;
      await client.stoppedEvent();
      assert.equal((await replayed()).guest, '192.168.1.2');
    });

    it('is not asked for where one host opens all, or the capture is of a user network', async () => {
      for (const trace of [MIXED, ANY, capture('02-hello.pcap')]) {
        await (trace === MIXED
          ? client.begin({ trace, asksGuest: true })
          : client.ask('restart', { arguments: { trace, asksGuest: true } }));
        await client.stoppedEvent();
      }
      assert.ok(!client.received.some((m) => 'event' in m && m.event === 'pktgdb/guests'));
    });

    it('that nobody chooses gives the launch up', async () => {
      const launched = client.begin({ trace: twoClients(), asksGuest: true });
      const failed = assert.rejects(launched, /no guest was chosen/);
      await client.event('pktgdb/guests');
      await client.ask('pktgdb/guest', {});
      await failed;
      assert.ok(!shown('launch'));
      await client.event('terminated');
    });

    it('can be another at a restart', async () => {
      const trace = twoClients();
      await client.begin({ trace });
      await client.stoppedEvent();
      assert.equal((await replayed()).guest, '192.168.1.1');
      await client.ask('restart', { arguments: { trace, traceGuest: '192.168.1.2' } });
      await client.stoppedEvent();
      assert.equal((await replayed()).guest, '192.168.1.2');
    });
  });

  it('stop in tcp_input of the response, when the server is the guest', async () => {
    const condition = '$pkt.tcp.srcport == 24001 && $pkt.tcp.len > 0';
    await client.begin({ trace: MIXED, traceGuest: '192.168.77.2' }, () =>
      client.ask('setFunctionBreakpoints', { breakpoints: [{ name: 'tcp_input', condition }] }),
    );
    await client.stoppedEvent();
    const [inner, ...outer] = await frames();
    assert.deepEqual([inner?.name, outer.at(-1)?.name], ['tcp_input', 'main']);
    const args = { expression: '$pkt.http.response.code', frameId: inner!.id, context: 'watch' };
    assert.match((await client.ask<DebugProtocol.EvaluateResponse>('evaluate', args)).result, /^(200|0xc8)$/);
  });

  describe('divergences', () => {
    it('are listed in pages, with the fields that differ', async () => {
      await client.begin({ trace: MIXED });
      await client.stoppedEvent();
      const all = await body<DivergencesBody>('pktgdb/divergences');
      assert.equal(all.counts['different answer'], 0);
      assert.equal(all.divergences.length, (await replayed()).divergences);
      const page = await body<DivergencesBody>('pktgdb/divergences', { start: 1, count: 2 });
      assert.deepEqual(page.divergences, all.divergences.slice(1, 3));
      assert.ok(all.divergences[0]?.fields.some(({ field }) => field === 'tcp.window_size_value'));
    });

    it('stop it where they are asked for, and say at which packet', async () => {
      await client.begin({ trace: MIXED, initCommands: ['break divergence form'] });
      const stop = (await client.stoppedEvent()).body;
      assert.deepEqual([stop.reason, stop.description], ['breakpoint', 'Paused: differs from packet 4']);
    });

    it('show both packets with the same numbers, ours with a right checksum', async () => {
      await client.begin({ trace: MIXED });
      await client.stoppedEvent();
      const { divergences } = await body<DivergencesBody>('pktgdb/divergences');
      const index = divergences.findIndex(({ packet, summary }) => packet > 0 && /185 bytes/.test(summary));
      const { captured, sent } = await body<DivergenceBody>('pktgdb/divergence', { index });
      const numbers = (text: string): string[] =>
        [...text.matchAll(/^ *(?:Sequence|Acknowledgment) Number: .*$/gm)].map(([l]) => l);
      assert.equal(numbers(sent).length, 2);
      assert.deepEqual(numbers(sent), numbers(captured));
      assert.doesNotMatch(sent, /Checksum Status: Bad|^Ethernet/m);
    });

    it('that were sent only say so, and one that is not there is refused', async () => {
      await client.begin({ trace: MIXED });
      await client.stoppedEvent();
      const { divergences } = await body<DivergencesBody>('pktgdb/divergences');
      const index = divergences.findIndex(({ packet }) => packet === 0);
      const { captured, sent } = await body<DivergenceBody>('pktgdb/divergence', { index });
      assert.match(captured, /no such packet/);
      assert.match(sent, /^Transmission Control Protocol/m);
      assert.match(await client.refused('pktgdb/divergence', { index: divergences.length }), /There is no divergence/);
    });

    it('are none for the capture of a user network', async () => {
      await client.begin({ trace: capture('05-http.pcap') });
      await client.stoppedEvent();
      const { userNetwork, divergences, text } = await replayed();
      assert.deepEqual([userNetwork, divergences], [true, 0]);
      assert.match(text, /^Compared with the capture: 50 same\.$/m);
    });
  });

  describe('the scope Captured packet', () => {
    async function stopAt(line: number): Promise<DebugProtocol.StackFrame[]> {
      const args = { source: { path: MIXED }, breakpoints: [{ line }] };
      await client.begin({ trace: MIXED }, () => client.ask('setBreakpoints', args));
      await client.stoppedEvent();
      return frames();
    }

    it('is there where the user network sends the like of one, and shows the capture', async () => {
      const [sender, ...callers] = await stopAt(4);
      assert.equal(sender?.name, 'slirp_output');
      assert.equal((await scopeNames(sender!.id)).at(-1), 'Captured packet');
      const tcp = (await client.scope('Captured packet')).find(({ name }) => name === 'tcp');
      const mss = JSON.stringify(await client.children(tcp!.variablesReference));
      assert.match(mss, /"window_size_value","value":"65160"/);
      assert.doesNotMatch(mss, /\$pkt/);
      assert.ok(!(await scopeNames(callers.at(-1)!.id)).includes('Captured packet'));
    });

    it('is not there for what the guest sends', async () => {
      const [sender] = await stopAt(3);
      assert.equal(sender?.name, 'trace_xmit_frame');
      assert.ok(!(await scopeNames(sender!.id)).includes('Captured packet'));
    });

    it('is not there before the frame has been compared', async () => {
      await client.begin({ trace: MIXED }, () =>
        client.ask('setFunctionBreakpoints', { breakpoints: [{ name: 'slirp_output' }] }),
      );
      await client.stoppedEvent();
      await client.ask('continue', { threadId: 1 });
      await client.stoppedEvent();
      const [sender] = await frames();
      assert.ok(!(await scopeNames(sender!.id)).includes('Captured packet'));
    });
  });

  describe('reading', () => {
    it('is shown, and can be cancelled', async () => {
      const launched = client.begin({ trace: large() });
      const failed = assert.rejects(launched, /Reading .*large\.pcap was interrupted/);
      const { body: start } = await client.event<DebugProtocol.ProgressStartEvent>('progressStart');
      assert.deepEqual([start.title, start.cancellable], ['Reading the capture', true]);
      await client.ask('cancel', { progressId: start.progressId });
      await failed;
      assert.ok(!shown('launch'));
      assert.equal((await client.event('progressEnd')).body.progressId, start.progressId);
      await client.event('terminated');
    });

    it('is shown in bytes while a capture is unpacked, whose size nobody knows', async () => {
      const packed = join(tempFolder(), 'large.pcap.gz');
      writeFileSync(packed, gzipSync(readFileSync(large()), { level: 1 }));
      const launched = client.begin({ trace: packed });
      const failed = assert.rejects(launched, /Reading .*large\.pcap\.gz was interrupted/);
      const { body: start } = await client.event<DebugProtocol.ProgressStartEvent>('progressStart');
      assert.match(start.message ?? '', /^\d+ MB$/);
      assert.equal(start.percentage, undefined);
      await client.ask('cancel', { progressId: start.progressId });
      await failed;
      assert.equal((await client.event('progressEnd')).body.progressId, start.progressId);
    });

    it('goes on with playing, which is shown as well; to cancel it is to pause it', async () => {
      await client.begin({ trace: large() });
      const playing = await client.event<DebugProtocol.ProgressStartEvent>(
        'progressStart',
        ({ body }) => body.title === 'Playing the capture',
      );
      assert.ok((playing.body.percentage ?? 100) < 100);
      await client.ask('cancel', { progressId: playing.body.progressId });
      await client.event('stopped');
      await client.event<DebugProtocol.ProgressEndEvent>(
        'progressEnd',
        ({ body }) => body.progressId === playing.body.progressId,
      );
    });

    it('ends with the session', async () => {
      const launched = client.begin({ trace: large() });
      const failed = assert.rejects(launched);
      await client.event('progressStart');
      await client.ask('terminate');
      await failed;
    });
  });
});

describe('progress over DAP', () => {
  it('starts once, is updated by whole percents, and ends', async () => {
    const { client, engine, ended } = fakeSession();
    await client.begin();
    for (const done of [10, 10.5, 50, 100]) {
      engine.emit('progress', 'Reading', done, 100);
    }
    engine.emit('progress', 'Reading', 100, 100);
    await client.event('progressEnd');
    const sent = client.received.flatMap((m) => {
      const { event, body } = m as DebugProtocol.ProgressUpdateEvent;
      return /^progress/.test(event ?? '') ? [[event, body.percentage]] : [];
    });
    assert.deepEqual(sent, [
      ['progressStart', 10],
      ['progressUpdate', 50],
      ['progressEnd', undefined],
    ]);
    client.input.end();
    await ended;
  });
});
