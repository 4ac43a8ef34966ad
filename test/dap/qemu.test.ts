/** Launch attributes `qemu` and `qemuCommand`: a network for guests of a real QEMU. */
import assert from 'node:assert/strict';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { QemuEventBody, RingsBody } from '../../adapter/dap/custom.ts';
import { fakeSession, type TestClient } from './client.ts';
import type { DapEngine } from './fake-engine.ts';

const SILENT = { console: () => undefined, report: () => undefined };

describe('DAP: guests in QEMU', () => {
  let client: TestClient;
  let engine: DapEngine;
  let ended: Promise<void>;

  beforeEach(() => {
    ({ client, engine, ended } = fakeSession());
  });
  afterEach(async () => {
    client.input.end();
    await ended;
  });

  it('get a network; the user is told what to add to the command line, and a restart keeps it', async () => {
    await client.begin({ qemu: ['hostfwd=tcp::5555-:22', 'link=tcp:4711'] });
    const [options] = engine.launches;
    assert.ok(options?.guests);
    assert.ok(options.args.includes('user,id=user.0,hostfwd=tcp::5555-:22'), options.args.join(' '));
    assert.deepEqual(options.guestCommands, []);
    await client.outputEvent('important', '-netdev socket,id=n0,connect=127.0.0.1:4711');
    const { words } = (await client.event('pktgdb/qemu')).body as QemuEventBody;
    assert.equal(words.length, 2);
    assert.match(
      words[0] ?? '',
      /^-netdev stream,id=n0,server=off,addr\.type=unix,addr\.path=\S+ -device e1000,netdev=n0$/,
    );
    await client.ask('restart');
    assert.deepEqual(engine.launches[1]?.args, options.args);
  });

  it('go on while the machine stands still where nobody can tell them, which is said', async () => {
    await client.begin({ qemu: true, stopOnEntry: true });
    await client.stoppedEvent();
    await client.outputEvent('important', 'While the machine stands still the guest runs on');
  });

  it('have their NIC elsewhere, which the scopes and views of registers and rings say', async () => {
    await client.begin({ qemu: true, stopOnEntry: true });
    await client.stoppedEvent();
    engine.shared.delete('e1000.0/mac_reg');
    const says = /There is no e1000 here: the NIC is QEMU's/;
    for (const scope of ['Registers', 'Rx ring', 'Tx ring']) {
      assert.match((await client.scope(scope))[0]?.value ?? '', says);
    }
    for (const request of ['pktgdb/registers', 'pktgdb/rings']) {
      const { nics, absent } = (await client.ask(request, { ranges: [] })) as RingsBody;
      assert.deepEqual(nics, []);
      assert.match(absent ?? '', says);
    }
  });

  it('are started in the terminal of a client that has one', async () => {
    await client.ask('initialize', { adapterID: 'pktgdb', supportsRunInTerminalRequest: true });
    const launched = client.send('launch', { qemuCommand: 'qemu-system-x86_64 -m 1G' });
    await client.ask('configurationDone');
    await launched;
    const [options] = engine.launches;
    assert.ok(options?.guests);
    options.guests.up(SILENT);
    await client.ask('threads');
    const request = client.received.find((m) => m.type === 'request') as DebugProtocol.RunInTerminalRequest;
    assert.equal(request.command, 'runInTerminal');
    const { arguments: asked } = request;
    assert.equal(asked.kind, 'integrated');
    assert.match(
      asked.args.at(-1) ?? '',
      /qemu-system-x86_64 -m 1G -netdev stream,id=n0,\S+ -device e1000,netdev=n0 -qmp /,
    );
    options.guests.end();
  });

  for (const [args, message] of [
    [{ qemu: 7 }, /^launch: qemu must be true, options such as "link=tcp", or a list of them, not a number$/],
    [{ qemu: true, args: '-nic user' }, /^launch: qemu makes a network of its own; leave out args$/],
    [{ qemuCommand: 'qemu', trace: 'x.pcap' }, /leave out trace$/],
    [{ qemu: true, guestCommands: ['ls'] }, /^launch: guestCommands are typed on the built-in guest/],
    [{ qemu: 'link=udp' }, /^launch: qemu: link takes unix, unix:PATH, tcp or tcp:PORT, not "udp"$/],
  ] as const) {
    it(`are refused with ${JSON.stringify(args)}`, async () => {
      await assert.rejects(client.begin(args), (e: Error) => message.test(e.message) || assert.fail(e.message));
      assert.equal(engine.launches.length, 0);
    });
  }
});
