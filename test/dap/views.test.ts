/** The custom requests of the extension's views: over the fake machine, and with the real one while it runs. */
import assert from 'node:assert/strict';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { ConnectionsBody, RegisterLayout, RegistersBody, RingsBody } from '../../adapter/dap/custom.ts';
import { SEED_ARGS } from '../kit/seed.ts';
import type { TestClient } from './client.ts';
import { withAdapter, withNic } from './hooks.ts';

const RDBAL = 0x2800 >> 2;
const RCTL = 0x100 >> 2;

/** Answers of custom requests have no type of their own in the protocol's library. */
async function ask<T>(client: TestClient, command: string, args: object = {}): Promise<T> {
  return (await client.ask<DebugProtocol.Response>(command, args)) as T;
}

describe('requests of the views', () => {
  let client: TestClient;
  let regs: Uint32Array;
  let ram: DataView;

  withNic((s) => {
    ({ client, regs, ram } = s);
  });

  /** Where a register's value is in the answers, and the register. */
  async function single(name: string): Promise<[number, RegisterLayout['groups'][number]['registers'][number]]> {
    const { groups } = await ask<RegisterLayout>(client, 'pktgdb/registerLayout');
    const all = groups.flatMap(({ registers }) => registers).filter(({ count }) => count === 1);
    const index = all.findIndex((info) => info.name === name);
    return [index, all[index]!];
  }

  it('give the layout of the registers and their values in its order', async () => {
    const [rdh, info] = await single('RDH');
    assert.deepEqual([info.offset, info.access, info.description], [0x2810, 'rw', 'Receive Descriptor Head']);
    regs[info.offset >> 2] = 7;
    regs[0x5204 >> 2] = 0xabcd;
    const ranges = [
      { nic: 'e1000.0', offset: 0x5200, stride: 4, count: 2 },
      { nic: 'none', offset: 0, stride: 4, count: 2 },
    ];
    const body = await ask<RegistersBody>(client, 'pktgdb/registers', { ranges });
    assert.equal(body.nics[0]?.name, 'e1000.0');
    assert.equal(body.nics[0]?.values[rdh], 7);
    assert.deepEqual(body.ranges, [[0, 0xabcd], []]);
  });

  it('set a register or a field of it, and nothing else', async () => {
    regs[RCTL] = 0xff;
    await ask(client, 'pktgdb/setRegister', { nic: 'e1000.0', offset: 0x100, value: '2', lsb: 16, width: 2 });
    assert.equal(regs[RCTL], 0x200ff);
    await ask(client, 'pktgdb/setRegister', { nic: 'e1000.0', offset: 0x100, value: '0b11' });
    assert.equal(regs[RCTL], 3);
    const refused = (args: object): Promise<string> =>
      client.refused('pktgdb/setRegister', { nic: 'e1000.0', offset: 0x100, ...args });
    assert.match(await refused({ value: '4', lsb: 16, width: 2 }), /does not fit: there are 2 bits/);
    assert.match(await refused({ value: 'x' }), /is not a number/);
    assert.match(await refused({ value: '1', nic: 'e1000.7' }), /There is no register at offset 256 of e1000.7/);
    assert.equal(regs[RCTL], 3);
  });

  it('tell for each descriptor whose it is, and what it holds', async () => {
    const base = 0x1000;
    regs.set([base, 0, 128], RDBAL);
    regs[0x2810 >> 2] = 2;
    regs[0x2818 >> 2] = 1;
    ram.setUint32(base + 16, 0x3000, true);
    ram.setUint16(base + 24, 60, true);
    ram.setUint8(base + 28, 3);
    new Uint8Array(ram.buffer, 0x3000, 14).set([...Array(12).fill(0xff), 0x08, 0x06]);
    const { nics } = await ask<RingsBody>(client, 'pktgdb/rings');
    const { rx, tx } = nics[0]!;
    assert.deepEqual([rx.count, rx.head, rx.tail, rx.enabled], [8, 2, 1, false]);
    assert.equal(rx.states, 'npnnnnnn');
    assert.deepEqual(
      rx.packets.map(({ index, length }) => [index, length]),
      [[1, 60]],
    );
    assert.match(rx.packets[0]!.summary, /ARP/);
    assert.deepEqual([tx.count, tx.states, tx.packets], [0, '', []]);
    const { text } = await ask<{ text: string }>(client, 'pktgdb/descriptor', { nic: 'e1000.0', ring: 'rx', index: 1 });
    assert.match(text, /^e1000\.0, Rx descriptor 1 of 8 at 0x00001010 \(tail\)\n/);
    assert.match(text, /status +0x03 DD\|EOP/);
    assert.match(text, /Ethernet II/);
    assert.match(text, /00003000 {2}ff ff ff/);
    const wrong = { nic: 'e1000.0', ring: 'rx', index: 8 };
    assert.match(await client.refused('pktgdb/descriptor', wrong), /has 8 descriptors; there is no number 8/);
  });

  it('get over a ring that points nowhere', async () => {
    regs.set([0xfffff000, 0xffffffff, 0xfff80], RDBAL);
    regs[0x2810 >> 2] = 0xffffffff;
    const { nics } = await ask<RingsBody>(client, 'pktgdb/rings');
    assert.match(nics[0]!.rx.states, /^\?+$/);
    assert.deepEqual(nics[0]!.rx.packets, []);
  });

  it('show a register with its fields where an expression means one', async () => {
    regs[0x8 >> 2] = 0x80080783;
    const hover = await client.ask<DebugProtocol.EvaluateResponse>('evaluate', {
      expression: '$STATUS',
      context: 'hover',
    });
    assert.equal(hover.result, '0x80080783');
    const fields = await client.children(hover.variablesReference);
    assert.ok(fields.some(({ name, value }) => name === 'LU' && value === '1'));
  });
});

describe('requests of the views to the real machine', () => {
  let client: TestClient;
  withAdapter((c) => {
    client = c;
  });

  it("are answered while it runs, with the guest's console as events", async () => {
    await client.begin({ args: SEED_ARGS, guestCommands: ['nc -l -v -p 5556'], console: 'integratedTerminal' });
    const printed = (part: string): Promise<unknown> =>
      client.event<DebugProtocol.Event>('pktgdb/console', ({ body }) => (body as { text: string }).text.includes(part));
    await printed('istening on');
    const { nics } = await ask<RingsBody>(client, 'pktgdb/rings');
    assert.ok(nics[0]!.rx.count > 0 && nics[0]!.rx.enabled);
    const { networks } = await ask<ConnectionsBody>(client, 'pktgdb/connections');
    assert.equal(networks[0]?.name, 'Hub 0 (user.0)');
    assert.match(networks[0]?.forwards[0]?.destination ?? '', /10\.0\.2\.15:5556/);
    assert.deepEqual(
      networks[0]?.neighbors.map(({ address, mac }) => [address, mac]),
      [['10.0.2.15', '52:54:00:12:34:56']],
    );
    await ask(client, 'pktgdb/guestInput', { text: '\x03' });
    await printed('^C');
    await ask(client, 'pktgdb/guestInput', { text: 'echo one twX\x7fo\r' });
    await printed('one two');
  });

  it('are answered while it stands, without moving it in its time', async () => {
    await client.begin({ args: SEED_ARGS, initCommands: ['tbreak e1000_receive_iov'] });
    await client.stoppedEvent();
    const position = async (): Promise<string> =>
      (await client.ask<DebugProtocol.EvaluateResponse>('evaluate', { expression: 'info position', context: 'repl' }))
        .result;
    const before = await position();
    const { networks } = await ask<ConnectionsBody>(client, 'pktgdb/connections');
    assert.equal(networks.length, 1);
    assert.equal(await position(), before);
  });

  it('show s.mac_reg[RDH] of the frame with its description', async () => {
    await client.begin({ args: SEED_ARGS, initCommands: ['tbreak e1000_receive_iov'] });
    await client.stoppedEvent();
    for (const _ of [1, 2]) {
      await client.ask('next', { threadId: 1 });
      await client.stoppedEvent();
    }
    const { stackFrames } = await client.ask<DebugProtocol.StackTraceResponse>('stackTrace', {
      threadId: 1,
      levels: 1,
    });
    const frameId = stackFrames[0]!.id;
    const hover = (expression: string): Promise<DebugProtocol.EvaluateResponse['body']> =>
      client.ask<DebugProtocol.EvaluateResponse>('evaluate', { expression, context: 'hover', frameId });
    const rdh = await hover('s.mac_reg[RDH]');
    assert.match(rdh.type ?? '', /Receive Descriptor Head \(offset 0x2810/);
    const rctl = await hover('s.mac_reg[RCTL]');
    assert.ok((await client.children(rctl.variablesReference)).some(({ name }) => name === 'BSIZE'));
  });
});
