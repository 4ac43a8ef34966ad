/**
 * Registers, rings and guest memory as the session shows them: decoded from shared memory, which reading never changes.
 */
import assert from 'node:assert/strict';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { TestClient } from './client.ts';
import type { DapEngine } from './fake-engine.ts';
import { withNic } from './hooks.ts';

const RCTL = 0x100 >> 2;
const RDBAL = 0x2800 >> 2;
const TDBAL = 0x3800 >> 2;
const LEN = 2;
const HEAD = 4;
const TAIL = 6;
const ICR = 0xc0 >> 2;

describe('DAP view of the NIC', () => {
  let client: TestClient;
  let engine: DapEngine;
  let regs: Uint32Array;
  let ram: DataView;

  withNic((s) => {
    ({ client, engine, regs, ram } = s);
  });

  /** Row `name` of a list of variables. */
  function row(variables: DebugProtocol.Variable[], name: string): DebugProtocol.Variable {
    const found = variables.find((v) => v.name === name);
    assert.ok(found, `${name} is not among ${variables.map((v) => v.name).join(', ')}`);
    return found;
  }

  async function group(name: string): Promise<DebugProtocol.Variable> {
    return row(await client.scope('Registers'), name);
  }

  it('groups registers and names them as in the manual', async () => {
    const groups = (await client.scope('Registers')).map((v) => v.name);
    assert.deepEqual(groups.slice(0, 4), ['General', 'Interrupt', 'Receive', 'Transmit']);
    assert.ok(groups.includes('Statistics'));
    regs[0] = 0x00140240;
    const ctrl = row(await client.children((await group('General')).variablesReference), 'CTRL');
    assert.equal(ctrl.value, '0x00140240');
    assert.equal(ctrl.evaluateName, '$CTRL');
    assert.match(ctrl.type ?? '', /Device Control \(offset 0x0000, read\/write\)/);
    const fields = await client.children(ctrl.variablesReference);
    assert.equal(row(fields, 'SLU').value, '1');
    assert.equal(row(fields, 'SPEED').value, '0x2 (1000 Mb/s)');
    assert.match(row(fields, 'SPEED').type ?? '', /bits 8-9/);
  });

  it('does not clear ICR by looking', async () => {
    regs[ICR] = 0x83;
    const icr = row(await client.children((await group('Interrupt')).variablesReference), 'ICR');
    assert.equal(icr.value, '0x00000083');
    assert.equal(row(await client.children(icr.variablesReference), 'RXT0').value, '1');
    const args = { memoryReference: icr.memoryReference, count: 4 };
    const { data } = (await client.ask<DebugProtocol.ReadMemoryResponse>('readMemory', args))!;
    assert.deepEqual([...Buffer.from(data!, 'base64')], [0x83, 0, 0, 0]);
    assert.equal(regs[ICR], 0x83);
  });

  it('sets registers, bit fields and elements, raw', async () => {
    const { variablesReference } = await group('General');
    const set = (reference: number, name: string, value: string): Promise<DebugProtocol.SetVariableResponse['body']> =>
      client.ask<DebugProtocol.SetVariableResponse>('setVariable', { variablesReference: reference, name, value });
    assert.equal((await set(variablesReference, 'CTRL', '0xffffffff')).value, '0xffffffff');
    const ctrl = row(await client.children(variablesReference), 'CTRL').variablesReference;
    assert.equal((await set(ctrl, 'SPEED', '1')).value, '0x1 (100 Mb/s)');
    assert.equal((await set(ctrl, 'PHY_RST', '0')).value, '0');
    assert.equal(regs[0], 0x7ffffdff);
    const mta = row(await client.children((await group('Receive')).variablesReference), 'MTA');
    assert.equal(mta.indexedVariables, 128);
    await set(mta.variablesReference, '[127]', '0b101');
    assert.equal(regs[(0x5200 >> 2) + 127], 5);
    for (const [name, value, message] of [
      ['CTRL', 'often', /"often" is not a number/],
      ['CTRL', '0x100000000', /32 bits/],
      ['NOPE', '1', /cannot be set|no register/],
    ] as const) {
      assert.match(await client.refused('setVariable', { variablesReference, name, value }), message);
    }
    assert.match(
      await client.refused('setVariable', { variablesReference: ctrl, name: 'SPEED', value: '4' }),
      /2 bits/,
    );
  });

  it('shows the Rx ring with head, tail and buffers', async () => {
    regs[RDBAL] = 0x1000;
    regs[RDBAL + LEN] = 256;
    regs[RDBAL + HEAD] = 2;
    regs[RDBAL + TAIL] = 15;
    ram.setUint32(0x1010, 0x4000, true);
    ram.setUint16(0x1018, 68, true);
    ram.setUint8(0x101c, 7);
    ram.setUint8(0x4000, 0x52);
    const ring = await client.scope('Rx ring');
    assert.equal(ring.length, 16);
    assert.equal(ring[1]?.value, '0x00004000, 68 bytes, DD|EOP|IXSM');
    assert.match(ring[2]?.value ?? '', /← head \(RDH\)$/);
    assert.match(ring[15]?.value ?? '', /← tail \(RDT\)$/);
    const fields = await client.children(ring[1]!.variablesReference);
    assert.equal(row(fields, 'status').value, '0x07 DD|EOP|IXSM');
    const buffer = row(fields, 'buffer');
    assert.equal(buffer.memoryReference, '0x00004000');
    assert.equal(buffer.indexedVariables, 68);
    assert.match(buffer.value, /^52 00 /);
    assert.equal((await client.children(buffer.variablesReference, { start: 0, count: 1 }))[0]?.value, '0x52');
    regs[RCTL] = 1 << 16;
    const empty = await client.children((await client.scope('Rx ring'))[2]!.variablesReference);
    assert.equal(row(empty, 'buffer').indexedVariables, 1024);
  });

  it('pages a large ring', async () => {
    regs[RDBAL] = 0x1000;
    regs[RDBAL + LEN] = 4096 * 16;
    const { stackFrames } = await client.ask<DebugProtocol.StackTraceResponse>('stackTrace', { threadId: 1 });
    const { scopes } = await client.ask<DebugProtocol.ScopesResponse>('scopes', { frameId: stackFrames[0]?.id });
    const scope = scopes.find((s) => s.name === 'Rx ring')!;
    assert.equal(scope.indexedVariables, 4096);
    const page = await client.children(scope.variablesReference, { filter: 'indexed', start: 4000, count: 50 });
    assert.equal(page.length, 50);
    assert.equal(page[0]?.name, '[4000]');
    // It reaches beyond the end of this small memory.
    assert.match(page[0]?.value ?? '', /no memory at 0x00010a00/);
  });

  it('decodes the three kinds of Tx descriptors', async () => {
    regs[TDBAL] = 0x2000;
    regs[TDBAL + LEN] = 128;
    ram.setUint32(0x2000, 0x5000, true);
    ram.setUint32(0x2008, (0x0b << 24) | 42, true);
    ram.setUint8(0x200c, 1);
    ram.setUint8(0x2013, 14 + 20);
    ram.setUint32(0x2018, (0x27 << 24) | 1440, true);
    ram.setUint8(0x201d, 54);
    ram.setUint16(0x201e, 1460, true);
    ram.setUint32(0x2020, 0x6000, true);
    ram.setUint32(0x2028, (0x2b << 24) | (1 << 20) | 1514, true);
    const ring = await client.scope('Tx ring');
    assert.deepEqual(
      ring.slice(0, 3).map((v) => v.type),
      ['tx legacy descriptor', 'tx context descriptor', 'tx data descriptor'],
    );
    assert.equal(ring[0]?.value, '0x00005000, 42 bytes, EOP|IFCS|RS DD ← head (TDH) ← tail (TDT)');
    assert.equal(ring[2]?.value, '0x00006000, 1514 bytes, data, EOP|IFCS|RS|DEXT');
    const context = await client.children(ring[1]!.variablesReference);
    assert.equal(row(context, 'mss').value, '0x05b4');
    assert.equal(row(context, 'hdrlen').value, '0x36');
  });

  it('says that there is no ring', async () => {
    assert.match((await client.scope('Rx ring'))[0]?.value ?? '', /no ring: RDLEN is 0/);
  });

  it('reads and writes guest memory, with holes', async () => {
    const read = (memoryReference: string, offset: number, count: number) =>
      client.ask<DebugProtocol.ReadMemoryResponse>('readMemory', { memoryReference, offset, count });
    const data = Buffer.from([1, 2, 3]).toString('base64');
    const written = await client.ask<DebugProtocol.WriteMemoryResponse>('writeMemory', {
      memoryReference: '0x100',
      offset: 2,
      data,
    });
    assert.equal(written?.bytesWritten, 3);
    assert.deepEqual(await read('0x100', 2, 3), { address: '0x00000102', data });
    const end = await read('0xfffe', 0, 8);
    assert.equal(end?.unreadableBytes, 6);
    assert.equal(Buffer.from(end?.data ?? '', 'base64').length, 2);
    const hole = await read('0xfebbfff0', 0, 32);
    assert.deepEqual(hole, { address: '0xfebbfff0', unreadableBytes: 16 });
    assert.equal((await read('0x10', -32, 8))?.unreadableBytes, 8);
    assert.match(await client.refused('readMemory', { memoryReference: 'ram', count: 1 }), /not a memory reference/);
    assert.match(await client.refused('readMemory', { memoryReference: '0x0', count: -1 }), /at least 0/);
    const beyond = { memoryReference: '0xfffe', data };
    assert.match(await client.refused('writeMemory', beyond), /Only 2 of 3 bytes/);
    assert.equal(
      (await client.ask<DebugProtocol.WriteMemoryResponse>('writeMemory', { ...beyond, allowPartial: true }))
        ?.bytesWritten,
      2,
    );
    assert.match(await client.refused('writeMemory', { memoryReference: '0x0', data: '??' }), /base64/);
  });

  it('lists several NICs by name, and none before there is a machine', async () => {
    engine.shared.set('e1000.1/mac_reg', new SharedArrayBuffer(0x20000));
    assert.deepEqual(
      (await client.scope('Registers')).map((v) => v.name),
      ['e1000.0', 'e1000.1'],
    );
    assert.deepEqual(
      (await client.scope('Rx ring')).map((v) => v.name),
      ['e1000.0', 'e1000.1'],
    );
    engine.shared.clear();
    assert.match((await client.scope('Registers'))[0]?.value ?? '', /no e1000/);
  });
});
