/** Requests about what a stop shows, over the real machine in a replay: where things are, what can be stepped into. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { callsIn } from '../../adapter/dap/step-targets.ts';
import { e1000Svd } from '../../adapter/inspect/svd.ts';
import { capture, PKTGDB } from '../kit/paths.ts';
import { fakeSession, processSession, type TestClient } from './client.ts';

type Locations = DebugProtocol.LocationsResponse;

describe('requests about a stop', () => {
  let client: TestClient;
  let child: ReturnType<typeof processSession>['child'];
  let frameId: number;

  before(async () => {
    ({ client, child } = processSession(PKTGDB, ['-i', 'dap']));
    await client.ask('initialize', { adapterID: 'pktgdb', supportsANSIStyling: true, supportsMemoryEvent: true });
    const launched = client.send('launch', {
      trace: capture('02-hello.pcap'),
      initCommands: ['break qemu_deliver_packet_iov'],
    });
    await client.event('initialized');
    await client.ask('configurationDone');
    await launched;
    await client.stoppedEvent();
    frameId = await top();
  });

  after(() => {
    client.input.end();
    child.kill();
  });

  async function top(): Promise<number> {
    const { stackFrames } = await client.ask<DebugProtocol.StackTraceResponse>('stackTrace', { threadId: 1 });
    return stackFrames[0]!.id;
  }

  function evaluate(expression: string): Promise<DebugProtocol.EvaluateResponse['body']> {
    return client.ask<DebugProtocol.EvaluateResponse>('evaluate', { expression, frameId, context: 'watch' });
  }

  /** The line of the source that a reference leads to. */
  async function lineAt(locationReference: number | undefined): Promise<string> {
    const body = await client.ask<Locations>('locations', { locationReference });
    const text = readFileSync(body!.source.path!, 'utf8').split('\n');
    return text[body!.line - 1] ?? '';
  }

  async function children(expression: string): Promise<DebugProtocol.Variable[]> {
    return client.children((await evaluate(expression)).variablesReference);
  }

  it('says where a field is declared, and where the function is that a pointer means', async () => {
    const rows = await children('machine->nics[0]');
    const field = rows.find((row) => row.name === 'mac_reg')!;
    assert.match(await lineAt(field.declarationLocationReference), /^\s*readonly mac_reg: /);
    const { valueLocationReference } = await evaluate('((NetClientState *)opaque)->info->receive_iov');
    assert.match(await lineAt(valueLocationReference), /function \w+_receive_iov\(/);
    assert.match(await client.refused('locations', { locationReference: 77_777_777 }), /no location 77777777/);
  });

  it('says where a register is declared', async () => {
    const [group] = await client.scope('Registers');
    const [register] = await client.children(group!.variablesReference);
    assert.match(
      await lineAt(register!.declarationLocationReference),
      new RegExp(`^export const ${register!.name} = `),
    );
  });

  it('colours no value, as clients copy those', async () => {
    for (const { value } of await client.scope('Arguments')) {
      assert.ok(!value.includes('\x1b'), value);
    }
  });

  it('finds out who wrote a register last only when that is asked for', async () => {
    const groups = await client.scope('Registers');
    const rows = (await Promise.all(groups.map((group) => client.children(group.variablesReference)))).flat();
    const fields = await client.children(rows.find((row) => row.name === 'RCTL')!.variablesReference);
    const lazy = fields.find((row) => row.presentationHint?.lazy === true)!;
    assert.equal(lazy.value, '');
    const [found, ...more] = await client.children(lazy.variablesReference);
    assert.deepEqual([found?.name, more.length], [lazy.name, 0]);
    assert.match(found!.value, /-> .* in \w+ \(\) at hw\/net\/e1000/);
  });

  it('shows a peripheral viewer, which reads memory where e1000.svd says, what "info registers" prints', async () => {
    const answer = await client.ask<DebugProtocol.EvaluateResponse>('evaluate', {
      expression: 'info registers',
      context: 'repl',
    });
    const printed = new Map(
      [...answer.result.matchAll(/^(\w+) +(0x[0-9a-f]+) /gm)].map(([, name, value]) => [name ?? '', Number(value)]),
    );
    let compared = 0;
    for (const [, base, registers = ''] of e1000Svd().matchAll(
      /<baseAddress>(\w+)<[\s\S]*?<registers>([\s\S]*?)<\/registers>/g,
    )) {
      for (const [, name = '', offset] of registers.matchAll(
        /<name>(\w+)<\/name>(?:(?!<name>)[\s\S])*?<addressOffset>(\w+)</g,
      )) {
        const address = Number(base) + Number(offset);
        const args = { memoryReference: `0x${address.toString(16)}`, count: 4 };
        const body = printed.has(name) && (await client.ask<DebugProtocol.ReadMemoryResponse>('readMemory', args));
        if (body) {
          const value = Buffer.from(body.data ?? '', 'base64').readUInt32LE();
          assert.equal(value, printed.get(name), `${name} at ${args.memoryReference}`);
          compared++;
        }
      }
    }
    assert.ok(compared >= 45 && compared === printed.size, `${compared} of ${printed.size} registers compared`);
  });

  it('stores what a viewer writes as it is, as the SVD says', async () => {
    assert.doesNotMatch(e1000Svd(), /modifiedWriteValues/);
    const [, offset] = /<name>ICR<\/name>[\s\S]*?<addressOffset>(\w+)</.exec(e1000Svd()) ?? [];
    const memoryReference = `0x${(0xfebc0000 + Number(offset)).toString(16)}`;
    const data = Buffer.from([5, 0, 0, 0]).toString('base64');
    await client.ask('writeMemory', { memoryReference, data });
    assert.equal(Number((await evaluate('$ICR')).result), 5);
    await client.event('memory');
  });

  it('writes to bytes of the stack, and says that they have changed', async () => {
    const { memoryReference } = await evaluate('iov[0].iov_base');
    const data = Buffer.from([0xde, 0xad]).toString('base64');
    const written = { memoryReference, offset: 2, data };
    assert.equal((await client.ask<DebugProtocol.WriteMemoryResponse>('writeMemory', written))?.bytesWritten, 2);
    const { body } = await client.event<DebugProtocol.MemoryEvent>('memory');
    assert.deepEqual(body, { memoryReference, offset: 2, count: 2 });
    const read = await client.ask<DebugProtocol.ReadMemoryResponse>('readMemory', { ...written, count: 2 });
    assert.equal(read?.data, data);
    assert.equal((await evaluate('iov[0].iov_base[2]')).result, '0xde');
    const beyond = { memoryReference, offset: 1 << 20, data };
    assert.match(await client.refused('writeMemory', beyond), /Only 0 of 2 bytes/);
    assert.match(await client.refused('writeMemory', { memoryReference: 'bytes:999999', data }), /bytes are gone/);
  });

  it('offers the calls of the statement, and steps into the one that is chosen', async () => {
    for (let steps = 0; steps < 20; steps++) {
      const { targets } = await client.ask<DebugProtocol.StepInTargetsResponse>('stepInTargets', { frameId });
      const target = targets.find(({ label }) => /\w_receive_iov$/.test(label));
      if (target !== undefined) {
        await client.ask('stepIn', { threadId: 1, targetId: target.id });
        await client.stoppedEvent();
        const { stackFrames } = await client.ask<DebugProtocol.StackTraceResponse>('stackTrace', { threadId: 1 });
        assert.equal(stackFrames[0]?.name, target.label);
        assert.match(
          await client.refused('stepIn', { threadId: 1, targetId: target.id }),
          /There is no target \d+ to step into/,
        );
        return;
      }
      await client.ask('next', { threadId: 1 });
      await client.stoppedEvent();
      frameId = await top();
    }
    assert.fail('no statement offered what nc.info.receive_iov means');
  });

  it('finds calls in code, not in comments and texts', () => {
    const text = "if (a(b.c!.d(1)) /* no() */ && 'x()') return e(f); // g()";
    assert.deepEqual(
      callsIn(text).map((call) => call.callee),
      ['a', 'b.c!.d', 'e'],
    );
  });
});

describe('reports of the machine', () => {
  it('colours a warning for a client that shows colours', async () => {
    const { client, engine } = fakeSession();
    await client.ask('initialize', { adapterID: 'pktgdb', supportsANSIStyling: true });
    engine.emit('report', 'warning', 'look out');
    const { body } = await client.outputEvent('console', 'look out');
    assert.equal(body.output, '\x1b[33mlook out\x1b[m\n');
  });
});
