/** Data breakpoints over DAP: on registers, fields, locals, memory and expressions. */
import assert from 'node:assert/strict';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { capture } from '../kit/paths.ts';
import type { TestClient } from './client.ts';
import { withAdapter } from './hooks.ts';

type Info = DebugProtocol.DataBreakpointInfoResponse['body'];

const HELLO = capture('02-hello.pcap');
const thread = { threadId: 1 };

describe('data breakpoints', () => {
  let client: TestClient;
  withAdapter((c) => {
    client = c;
  });

  const stopAt = (name: string): Promise<void> =>
    client.begin({ trace: HELLO }, () => client.ask('setFunctionBreakpoints', { breakpoints: [{ name }] }));

  async function frames(): Promise<DebugProtocol.StackFrame[]> {
    return (await client.ask<DebugProtocol.StackTraceResponse>('stackTrace', thread)).stackFrames;
  }

  /** The reference of a scope of the innermost frame. */
  async function scope(name: string): Promise<number> {
    const frameId = (await frames())[0]?.id;
    const { scopes } = await client.ask<DebugProtocol.ScopesResponse>('scopes', { frameId });
    return scopes.find((s) => s.name === name)?.variablesReference ?? 0;
  }

  async function child(variablesReference: number, name: string): Promise<number> {
    const { variables } = await client.ask<DebugProtocol.VariablesResponse>('variables', { variablesReference });
    return variables.find((v) => v.name === name)?.variablesReference ?? 0;
  }

  const info = (args: object): Promise<Info> =>
    client.ask<DebugProtocol.DataBreakpointInfoResponse>('dataBreakpointInfo', args);

  async function set(...breakpoints: DebugProtocol.DataBreakpoint[]): Promise<DebugProtocol.Breakpoint[]> {
    await client.ask('setFunctionBreakpoints', { breakpoints: [] });
    return (await client.ask<DebugProtocol.SetDataBreakpointsResponse>('setDataBreakpoints', { breakpoints }))
      .breakpoints;
  }

  async function go(command = 'continue'): Promise<DebugProtocol.StoppedEvent['body']> {
    await client.ask(command, thread);
    return (await client.stoppedEvent()).body;
  }

  it('stop at a write of a register, and say what it was and who did it', async () => {
    await stopAt('e1000_receive_iov');
    await client.stoppedEvent();
    const registers = await scope('Registers');
    const group = await child(registers, 'Receive');
    const { dataId, accessTypes, canPersist } = await info({ variablesReference: group, name: 'RDH' });
    assert.deepEqual([dataId, accessTypes, canPersist], ['expression:$RDH', ['write', 'read', 'readWrite'], true]);
    const [first] = await set({ dataId: dataId ?? '' });
    assert.equal(first?.verified, true);
    const stopped = await go();
    assert.deepEqual(stopped.hitBreakpointIds, [first?.id]);
    assert.equal(stopped.reason, 'data breakpoint');
    assert.equal(stopped.description, 'Paused on data breakpoint, $RDH: 0 -> 1');
    assert.match(stopped.text ?? '', /^\$RDH: 0 -> 1, written by e1000_rx_write \(\) at hw\/net\/e1000\.ts:\d+$/);
    const back = await go('reverseContinue');
    assert.equal(back.description, 'Paused on data breakpoint, $RDH: 1 -> 0');
    assert.match((await frames())[0]?.name ?? '', /^e1000_rx_write/);
    const [again] = await set({ dataId: dataId ?? '' });
    assert.equal(again?.id, first?.id, 'one that was there stays the same');
  });

  it('take conditions, hit conditions and access types', async () => {
    await stopAt('e1000_receive_iov');
    await client.stoppedEvent();
    const dataId = 'expression:$RDH';
    const [a, b] = await set(
      { dataId, condition: '$RDH == 2' },
      { dataId: 'expression:$ICR', accessType: 'read', hitCondition: '> 1000' },
    );
    assert.deepEqual([a?.verified, b?.verified], [true, true]);
    assert.match((await go()).description ?? '', /\$RDH: 1 -> 2$/);
    const [c] = await set({ dataId, hitCondition: '>= 2' });
    assert.equal(c?.verified, true);
    assert.match((await go()).description ?? '', /\$RDH: 3 -> 4$/);
    await set({ dataId: 'expression:$ICR', accessType: 'read' });
    assert.match((await go()).text ?? '', /^\$ICR: \d+, read by /);
    const wrong = await set({ dataId, condition: '1 +' }, { dataId, hitCondition: 'x' }, { dataId: 'place:0:y' });
    assert.deepEqual(
      wrong.map((w) => w.verified),
      [false, false, false],
    );
    assert.match(wrong[2]?.message ?? '', /has run on since/);
  });

  it('watch fields and locals of a frame, and elements', async () => {
    await stopAt('set_rdt');
    await client.stoppedEvent();
    const args = await scope('Arguments');
    const local = await info({ variablesReference: args, name: 'val' });
    assert.deepEqual([local.description, local.canPersist], ['val', false]);
    const s = await child(args, 's');
    const field = await info({ variablesReference: s, name: 'mac_reg' });
    assert.equal(field.description, 's->mac_reg');
    const element = await info({ variablesReference: await child(s, 'mac_reg'), name: `[${0x2818 / 4}]` });
    assert.equal(element.description, 's->mac_reg[2566]');
    await set({ dataId: element.dataId ?? '', accessType: 'readWrite' });
    assert.match((await go()).description ?? '', /s->mac_reg\[2566\]: 0 -> 255$/);
    assert.equal((await info({ variablesReference: await scope('Registers'), name: 'nobody' })).dataId, null);
  });

  it('watch expressions of a frame, and ranges of memory', async () => {
    await stopAt('set_rdt');
    await client.stoppedEvent();
    const frameId = (await frames())[0]?.id ?? 0;
    const here = await info({ name: 's->mac_reg[index]', frameId });
    assert.deepEqual(here.accessTypes, ['write', 'read', 'readWrite']);
    assert.match((await info({ name: 'nobody', frameId })).description, /No symbol "nobody"/);
    const anywhere = await info({ name: '$RDH + 1' });
    assert.deepEqual([anywhere.dataId, anywhere.accessTypes], ['expression:$RDH + 1', ['write']]);
    const memory = await info({ name: '0x1000', asAddress: true, bytes: 16 });
    assert.equal(memory.dataId, 'expression:*(uint8_t *)0x1000@16');
    assert.deepEqual(memory.accessTypes, ['write', 'read', 'readWrite']);
    assert.equal((await info({ name: '4096', asAddress: true, bytes: 4 })).dataId, 'expression:*(uint32_t *)4096');
    assert.equal((await info({ name: 'x', asAddress: true })).dataId, null);
    const all = await set({ dataId: here.dataId ?? '' }, { dataId: memory.dataId ?? '' });
    assert.deepEqual(
      all.map((b) => b.verified),
      [true, true],
    );
    assert.match((await go()).description ?? '', /s->mac_reg\[index\]: 0 -> 255$/);
  });

  it('are set by an expression alone, listed and removed, for a client without a list of its own', async () => {
    type Row = { id: number; expression: string; access: string; hits: number };
    const custom = async <T>(command: string, args: object = {}): Promise<T> =>
      (await client.ask<DebugProtocol.Response>(command, args)) as T;
    await stopAt('e1000_receive_iov');
    await client.stoppedEvent();
    await client.ask('setFunctionBreakpoints', { breakpoints: [] });
    const { id } = await custom<Row>('pktgdb/watch', { expression: '$RDH' });
    assert.match((await go()).text ?? '', /^\$RDH: 0 -> 1, written by e1000_/);
    const { watchpoints } = await custom<{ watchpoints: Row[] }>('pktgdb/watchpoints');
    assert.deepEqual(
      watchpoints.map((row) => [row.id, row.expression, row.access, row.hits]),
      [[id, '$RDH', 'write', 1]],
    );
    await custom('pktgdb/unwatch', { id });
    assert.match(await client.refused('pktgdb/unwatch', { id }), /There is no watchpoint/);
    assert.match(await client.refused('pktgdb/watch', { expression: '1 + 1' }), /Cannot watch constant value/);
  });

  it('are there before the machine is', async () => {
    const dataId = 'expression:$RDT';
    await client.begin({ trace: HELLO }, () => client.ask('setDataBreakpoints', { breakpoints: [{ dataId }] }));
    assert.match((await client.stoppedEvent()).body.text ?? '', /^\$RDT: 0 -> 255, written by set_rdt /);
  });
});
