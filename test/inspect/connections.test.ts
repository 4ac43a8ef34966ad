/** The user network's tables, and asking a machine for them that may stop before it answers. */
import assert from 'node:assert/strict';
import { askMonitor, parseNetworks, readNetworks } from '../../adapter/inspect/connections.ts';
import { DapEngine } from '../dap/fake-engine.ts';

const USERNET = `Hub 0 (user.0):
  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ
  TCP[ESTABLISHED]    12       127.0.0.1 40000       10.0.2.15  5556     3    17
  TCP[HOST_FORWARD]   10         fec0::2  5555       10.0.2.15  5556     0     0
  ICMP[10 sec]        -1       10.0.2.15     -         8.8.8.8     -     0     0
Hub 1 (user.1):
  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ
`;
const NEIGHBORS = `Hub 0 (user.0):
  Table  MacAddr            IP Address
  ARP    52:54:00:12:34:56        10.0.2.15
  NDP    52:54:00:12:34:56  fec0::15
`;

const SOCKETS = `Hub 0 (user.0):
  FD Guest Address    Port  Peer Address     Port
   12       10.0.2.15  5556        10.0.2.2 40000
`;

/** A machine whose monitor answers when it is told to. */
class SlowMonitor extends DapEngine {
  /** In which state it was asked. */
  readonly asked: string[] = [];
  readonly answers: ((text: string) => void)[] = [];

  override monitor(): Promise<string> {
    this.asked.push(this.state);
    return new Promise((resolve) => this.answers.push(resolve));
  }
}

describe('tables of the user network', () => {
  it('have a network for each heading, with its forwards, sockets and neighbors', () => {
    const [first, second] = parseNetworks(USERNET, NEIGHBORS);
    assert.equal(first?.name, 'Hub 0 (user.0)');
    assert.deepEqual(first.forwards, [
      {
        protocol: 'TCP',
        state: 'HOST_FORWARD',
        fd: 10,
        source: '[fec0::2]:5555',
        destination: '10.0.2.15:5556',
        receiveQueue: 0,
        sendQueue: 0,
      },
    ]);
    assert.deepEqual(
      first.connections.map((c) => [c.protocol, c.state, c.fd, c.source, c.destination, c.receiveQueue, c.sendQueue]),
      [
        ['TCP', 'ESTABLISHED', 12, '127.0.0.1:40000', '10.0.2.15:5556', 3, 17],
        ['ICMP', '10 sec', -1, '10.0.2.15', '8.8.8.8', 0, 0],
      ],
    );
    const [row] = parseNetworks(USERNET, NEIGHBORS, SOCKETS)[0]?.connections ?? [];
    assert.deepEqual(row?.ends, {
      guest: { address: '10.0.2.15', port: 5556 },
      peer: { address: '10.0.2.2', port: 40000 },
    });
    assert.deepEqual(first.neighbors, [
      { table: 'ARP', mac: '52:54:00:12:34:56', address: '10.0.2.15' },
      { table: 'NDP', mac: '52:54:00:12:34:56', address: 'fec0::15' },
    ]);
    assert.deepEqual(second, { name: 'Hub 1 (user.1)', forwards: [], connections: [], neighbors: [] });
  });

  it('are empty for text that is no table', () => {
    assert.deepEqual(parseNetworks('', ''), []);
    assert.deepEqual(parseNetworks('unknown command\n', 'x\n'), []);
  });

  it('are not asked for without a machine', async () => {
    const engine = new SlowMonitor();
    assert.deepEqual(await readNetworks(engine), []);
    assert.equal(await askMonitor(engine, 'info drops'), '');
    assert.deepEqual(engine.asked, []);
  });

  it('are asked for again when the machine stops before it answers', async () => {
    const engine = new SlowMonitor();
    await engine.launch({ args: [] });
    const answer = askMonitor(engine, 'info usernet');
    engine.stopHere({ kind: 'pause' });
    // The second question goes out once the first one has been given up.
    await new Promise(setImmediate);
    assert.deepEqual(engine.asked, ['running', 'stopped']);
    engine.answers[1]?.('in place');
    assert.equal(await answer, 'in place');
    assert.deepEqual([engine.listenerCount('stopped'), engine.listenerCount('exited')], [0, 0]);
  });

  it('are empty when the machine ends before it answers', async () => {
    const engine = new SlowMonitor();
    await engine.launch({ args: [] });
    const answer = askMonitor(engine, 'info usernet');
    await engine.kill();
    assert.equal(await answer, '');
  });
});
