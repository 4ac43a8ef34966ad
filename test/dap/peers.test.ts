/** Two machines at the ends of `-netdev socket`, each with a session; the first has the client start the other one. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { encodeMessage } from '../../adapter/dap/transport.ts';
import { Engine } from '../../adapter/engine/engine.ts';
import { GdbInterpreter } from '../../adapter/gdb/interpreter.ts';
import { type Session, sessionOver } from './client.ts';

async function session(): Promise<Session<Engine>> {
  return sessionOver(
    await Engine.create(),
    (engine, write) => new GdbInterpreter(engine, { write: (text) => write(text), waitForStops: false }),
  );
}

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('machines that talk to each other', function () {
  this.timeout(30_000);

  it('get a session each, by startDebugging, and the packets of one stop in the other', async () => {
    const port = await freePort();
    const link = (end: string, mac: string): string =>
      `-netdev socket,id=link,${end}=127.0.0.1:${port} -device e1000,netdev=link,mac=${mac}`;
    const peer = { name: 'the other end', args: link('connect', '52:54:00:00:00:02') };
    const first = await session();
    const second = await session();
    try {
      await first.client.ask('initialize', { adapterID: 'pktgdb', supportsStartDebuggingRequest: true });
      const launched = first.client.send('launch', {
        args: link('listen', '52:54:00:00:00:01'),
        peers: [peer],
      });
      await first.client.ask('setFunctionBreakpoints', {
        breakpoints: [{ name: 'e1000_receive_iov', condition: '$pkt.eth.src == 52:54:00:00:00:02' }],
      });
      await first.client.ask('configurationDone');
      await launched;
      await first.client.ask('threads');
      const asked = first.client.received.find((m) => m.type === 'request') as DebugProtocol.StartDebuggingRequest;
      assert.deepEqual(asked.arguments, { request: 'launch', configuration: peer });
      const answer = { seq: 900, type: 'response', request_seq: asked.seq, success: true, command: 'startDebugging' };
      first.client.raw(encodeMessage(answer));
      await second.client.begin(asked.arguments.configuration);
      await first.client.stoppedEvent();
      // What the other one asks a DHCP server.
      const layers = await first.client.scope('Packet');
      assert.ok(
        layers.some(({ name }) => name === 'dhcp'),
        layers.map(({ name }) => name).join(),
      );
      await first.client.ask('setFunctionBreakpoints', { breakpoints: [] });
      await first.client.ask('continue', { threadId: 1 });
    } finally {
      await Promise.all([first, second].map(({ client }) => client.ask('disconnect').catch(() => undefined)));
    }
  });
});
