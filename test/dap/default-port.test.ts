/** The default machine, where somebody has its port already. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { TestClient } from './client.ts';
import { withAdapter } from './hooks.ts';

describe('default port over DAP', () => {
  let client: TestClient;
  withAdapter((c) => {
    client = c;
  });
  const server = createServer();

  before(async () => {
    await new Promise((resolve) => {
      server.once('listening', resolve);
      server.once('error', resolve); // another process has it, which will do
      server.listen(5555, '127.0.0.1');
    });
  });

  after(() => server.close());

  it('is another one then, and said', async () => {
    await client.begin({});
    const said = client.received.flatMap((m) =>
      'event' in m && m.event === 'output' ? [(m as DebugProtocol.OutputEvent).body.output] : [],
    );
    const port = Number(/^Port 5555 is taken; port (\d+) leads/m.exec(said.join(''))?.[1]);
    assert.ok(port > 0 && port !== 5555, said.join(''));
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
  });
});
