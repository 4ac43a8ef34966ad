/** What the debugger changes in a live machine is part of its recording: executed again, it is changed there too. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { Nic, nics, Register } from '../../adapter/inspect/nics.ts';
import { findRegister } from '../../adapter/inspect/registers.ts';
import { capture } from '../kit/paths.ts';
import { Session } from './session.ts';

/** Somewhere in RAM that the guest does not use. */
const FREE = 0x00f0_0000;

describe('what the debugger changes', function () {
  this.timeout(60_000);
  let s: Session;

  beforeEach(async () => {
    s = await Session.create();
    s.engine.internals = { hashFrames: true };
  });

  afterEach(() => s.dispose());

  async function up(): Promise<void> {
    await s.launch();
    await s.printed('lease of');
  }

  /** Runs to where a function is entered next. */
  async function at(name: string, line: string, condition?: string): Promise<void> {
    s.break(name, condition, { temporary: true });
    s.guest(line);
    await s.stop();
  }

  const set = (text: string, frame = 0) => s.evaluator.evaluate(text, frame, true);

  /** The guest downloads so much that V8 optimises what packets go through. */
  async function warm(): Promise<void> {
    const server = createServer((c) => c.end(Buffer.alloc(4_000_000))).listen(0, '127.0.0.1');
    await once(server, 'listening');
    s.guest(`nc 10.0.2.2 ${(server.address() as AddressInfo).port} > /dev/null; echo is warm`);
    await s.printed('\nis warm');
    server.close();
  }

  async function pinged(): Promise<void> {
    s.guest('ping -c 1 10.0.2.2; echo and on');
    await s.printed('\nand on');
  }

  const inStack = async (js: string): Promise<unknown> => (await s.engine.evaluate(js, -1)).value;

  function register(name: string): Register {
    const [nic] = nics(s.engine);
    const info = findRegister(name);
    assert.ok(nic instanceof Nic && info);
    return new Register(nic, info);
  }

  it('fields and registers at a stop', async () => {
    await up();
    await at('e1000_receive_iov', 'ping -c 1 10.0.2.2');
    await set('machine->nics[0]->mac_reg[RDTR] = 7');
    await set('$RADV = 9');
    await set('machine->drops->total = 77');
    await s.resume();
    await pinged();
    await s.compare();
  });

  it('locals, also of optimised functions', async () => {
    await up();
    await warm();
    for (const size of [43, 44]) {
      await at('e1000_send_packet', 'ping -c 1 -W 1 10.0.2.2');
      await set(`size = ${size}`);
      await set('size++');
      await set('s->mac_reg[RADV] = size');
      await s.resume();
      await pinged();
    }
    assert.equal(register('RADV').value, 45);
    await s.compare();
  });

  it('locals of a caller', async () => {
    await up();
    await at('net_slirp_receive', 'ping -c 1 10.0.2.2');
    await set('size = 1234', (await s.frameNames()).indexOf('e1000_send_packet'));
    await s.resume();
    await pinged();
    await s.compare();
  });

  it('the value that a function returns', async () => {
    await up();
    await warm();
    await at('receive_filter', 'ping -c 1 -W 1 10.0.2.2');
    await s.engine.returnFrom('false');
    await s.resume();
    await pinged();
    await s.compare();
  });

  it('memory and registers, at a stop and while it runs', async () => {
    await up();
    s.guest('ping -c 2 10.0.2.2');
    assert.equal(await s.engine.memory.write(FREE, Uint8Array.of(1, 2, 3)), 3);
    assert.ok(await register('RADV').store(5));
    assert.deepEqual([...s.engine.memory.read(FREE, 3), register('RADV').value], [1, 2, 3, 5]);
    await at('slirp_input', 'ping -c 1 10.0.2.2');
    assert.equal(await s.engine.memory.write(FREE + 1, new Uint8Array(100_000).fill(9)), 100_000);
    assert.ok(await register('RDTR').store(6));
    assert.equal(register('RDTR').value, 6);
    await s.resume();
    assert.equal(await s.engine.memory.write(FREE + 2, new Uint8Array(100_000).fill(8)), 100_000);
    await pinged();
    await s.compare();
  });

  it('what a running machine is asked for is done where it stops first', async () => {
    await up();
    s.break('slirp_input', undefined, { temporary: true });
    s.guest('ping -c 1 10.0.2.2');
    const writes = [s.engine.memory.write(FREE, Uint8Array.of(1)), register('RDTR').store(6)];
    await s.stop();
    await Promise.all(writes);
    assert.deepEqual([...s.engine.memory.read(FREE, 1), register('RDTR').value], [1, 6]);
    await s.resume();
    await pinged();
    await s.compare();
  });

  it('the monitor at a stop, and at a pause in the poll', async () => {
    await up();
    await at('ip_input', 'ping -c 1 -W 1 10.0.2.2');
    await s.engine.monitor('set_link user.0 off');
    await s.engine.monitor('hostfwd_add tcp:127.0.0.1:0-:5557');
    await s.resume();
    await s.printed('packet loss');
    await s.engine.interrupt();
    await s.stop();
    await s.engine.monitor('set_link user.0 on');
    await s.engine.monitor('hostfwd_add udp:127.0.0.1:0-:5558');
    await set('machine->drops->total = 78');
    await s.resume();
    await pinged();
    await s.compare();
  });

  it('nothing, where the monitor only tells something', async () => {
    await up();
    await at('ip_input', 'ping -c 1 10.0.2.2');
    const made = async (): Promise<unknown[]> => [
      await inStack('__pktgdb.births.count'),
      await inStack('__pktgdb.stateHash()'),
    ];
    const before = await made();
    for (const what of ['drops', 'network', 'usernet', 'qtree', 'nothing']) {
      await s.engine.monitor(`info ${what}`);
    }
    await s.engine.monitor('help');
    assert.deepEqual(await made(), before);
    assert.equal(s.engine.recording?.changed, false);
    await s.resume();
    await pinged();
    await s.compare();
  });

  it('the monitor, and something else a few ticks later', async () => {
    await up();
    await at('ip_input', 'ping -c 1 -W 1 10.0.2.2');
    await s.engine.monitor('set_link user.0 off');
    for (let i = 1; i < 4; i++) {
      await s.engine.step('into');
      await s.stop();
      await set(`machine->drops->total = ${i}`);
    }
    await s.resume();
    await s.printed('packet loss');
    await s.compare();
  });

  it('netdev_del in a callback', async () => {
    await up();
    await at('slirp_input', 'ping -c 1 -W 1 10.0.2.2');
    await s.engine.monitor('netdev_del user.0');
    await s.resume();
    await s.printed('packet loss');
    await s.compare();
  });

  it('a change soon after a command that listens, which reads its answer from the recording', async () => {
    await up();
    await at('qemu_net_queue_send', 'ping -c 1 -W 1 10.0.2.2');
    await s.engine.monitor('hostfwd_add udp:127.0.0.1:0-:5558');
    await s.engine.step('over');
    await s.stop();
    await set('machine->drops->total += 7');
    await s.resume();
    await s.printed('packet loss');
    await s.compare();
  });

  it('the first statement of all, several changes in one place, and a busy machine', async () => {
    await s.launch({ stopOnEntry: true });
    await s.stop();
    await set('machine->rtc_start = 1000');
    await s.engine.step('over');
    await s.stop();
    await set('machine->rtc_start = 2000');
    await s.resume();
    await s.printed('lease of');
    const server = createServer((c) => c.end(Buffer.alloc(8_000_000))).listen(0, '127.0.0.1');
    await once(server, 'listening');
    s.guest(`nc 10.0.2.2 ${(server.address() as AddressInfo).port} > /dev/null; echo all came`);
    for (let i = 0; i < 4; i++) {
      await s.engine.interrupt();
      await s.stop();
      await set(`machine->drops->total += ${i}`);
      await s.engine.memory.write(FREE + i, Uint8Array.of(i));
      await s.engine.step('into');
      await s.stop();
      await set(`machine->drops->total += ${i}`);
      await s.resume();
    }
    await s.printed('\nall came');
    server.close();
    const client = s.connect();
    client.end();
    await text(client);
    await s.compare();
  });

  it('a replay, in its middle and at its end', async () => {
    s.break('tcp_input', undefined, { temporary: true });
    await s.launch({ trace: capture('foreign/lo-tls.pcap'), args: ['-nic', 'user'] });
    await s.stop();
    await set('machine->drops->total = 5');
    await s.resume();
    assert.equal((await s.stop()).kind, 'replay-end');
    await set('machine->drops->total = 6');
    await s.engine.monitor('set_link user.0 off');
    const ended = once(s.engine, 'exited');
    await s.resume();
    await ended;
    await s.compare();
  });
});
