/** Session state, the rate of the views, terminal keys, the tree of connections. */
import assert from 'node:assert/strict';
import { parseNetworks } from '../../adapter/inspect/connections.ts';
import { guestInput, terminalOutput } from '../../src/console/guest-keys.ts';
import { isConsoleEvent, nextState, type SessionState, valuesMayHaveChanged } from '../../src/session/session-state.ts';
import { connectionTree } from '../../src/views/connection-model.ts';
import { Refresher } from '../../src/views/refresher.ts';

const event = (name: string): object => ({ type: 'event', event: name });
const answer = (command: string, success = true): object => ({ type: 'response', command, success });

describe('state of a session', () => {
  const state = (...messages: object[]): SessionState => messages.reduce<SessionState>(nextState, 'starting');

  it('follows events and answers', () => {
    assert.equal(state(answer('initialize')), 'starting');
    assert.equal(state(answer('launch', false)), 'starting');
    assert.equal(state(answer('launch')), 'running');
    assert.equal(state(answer('launch'), event('stopped')), 'stopped');
    assert.equal(state(event('stopped'), answer('launch')), 'stopped');
    assert.equal(state(event('stopped'), answer('next')), 'running');
    assert.equal(state(event('stopped'), answer('next', false)), 'stopped');
    assert.equal(state(event('stopped'), event('continued')), 'running');
    assert.equal(state(answer('launch'), event('terminated')), 'ended');
  });

  it('knows what changes values while it stands', () => {
    assert.ok(valuesMayHaveChanged(event('invalidated')));
    assert.ok(valuesMayHaveChanged(event('stopped')));
    assert.ok(!valuesMayHaveChanged(event('output')));
    assert.ok(!valuesMayHaveChanged(answer('evaluate')));
  });

  it('knows what the guest prints', () => {
    assert.ok(isConsoleEvent({ ...event('pktgdb/console'), body: { text: 'x' } }));
    assert.ok(!isConsoleEvent(event('output')));
  });
});

describe('rate of a view', () => {
  /** Timers that fire when told to. */
  class Clock {
    readonly timers = new Map<number, () => void>();
    next = 0;
    set(callback: () => void): number {
      this.timers.set(++this.next, callback);
      return this.next;
    }
    clear(timer: unknown): void {
      this.timers.delete(timer as number);
    }
    tick(): void {
      const due = [...this.timers.values()];
      this.timers.clear();
      for (const callback of due) {
        callback();
      }
    }
  }

  let clock: Clock;
  let reads: number;
  let finish: () => void;
  let refresher: Refresher;

  beforeEach(() => {
    clock = new Clock();
    reads = 0;
    refresher = new Refresher(
      () =>
        new Promise((resolve) => {
          reads++;
          finish = resolve;
        }),
      250,
      clock,
    );
  });

  async function settle(): Promise<void> {
    finish();
    await new Promise((resolve) => setImmediate(resolve));
  }

  it('reads nothing while nobody looks', () => {
    refresher.setState('running');
    refresher.request();
    assert.equal(reads, 0);
  });

  it('reads once at a stop, and again only when asked', async () => {
    refresher.setVisible(true);
    await settle();
    refresher.setState('stopped');
    await settle();
    assert.equal(reads, 2);
    assert.equal(clock.timers.size, 0);
  });

  it('reads in intervals while the machine runs, one at a time', async () => {
    refresher.setVisible(true);
    refresher.setState('running');
    refresher.request();
    assert.equal(reads, 1);
    assert.equal(clock.timers.size, 0, 'the next one waits for this one');
    await settle();
    await settle();
    assert.equal(reads, 2, 'what was asked for meanwhile is one more');
    clock.tick();
    await settle();
    assert.equal(reads, 3);
    refresher.setVisible(false);
    assert.equal(clock.timers.size, 0);
  });
});

describe('guest console', () => {
  it('passes control characters and leaves out escape sequences', () => {
    assert.equal(guestInput('ls\r'), 'ls\r');
    assert.equal(guestInput('\x03\x04\x7f'), '\x03\x04\x7f');
    assert.equal(guestInput('a\x1b[Ab\x1bOAc\x1b[1;5Cd\x1b'), 'abcd');
    assert.equal(guestInput('größe'), 'größe');
  });

  it('goes back to the first column at a line feed', () => {
    assert.equal(terminalOutput('a\nb\r\nc\b \b'), 'a\r\nb\r\nc\b \b');
  });
});

describe('tree of connections', () => {
  const USERNET = `Hub 0 (user.0):
  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ
  TCP[ESTABLISHED]    12       127.0.0.1 40000       10.0.2.15  5556     0    17
  TCP[HOST_FORWARD]    10       127.0.0.1  5555       10.0.2.15  5556     0     0
  UDP[236 sec]        13       10.0.2.15 40001         8.8.8.8    53     0     0
  ICMP[10 sec]        14       10.0.2.15     -         8.8.8.8     -     0     0
`;
  const NEIGHBORS = `Hub 0 (user.0):
  Table  MacAddr            IP Address
  ARP    52:54:00:12:34:56        10.0.2.15
`;
  const titles = { forwards: 'Forwards', sockets: 'Sockets', neighbors: 'ARP table' };

  it('has forwards, sockets with states and queues, and the ARP table', () => {
    const [network] = connectionTree({ networks: parseNetworks(USERNET, NEIGHBORS) }, titles);
    assert.equal(network?.label, 'user.0');
    assert.equal(network?.text, 'Hub 0');
    const [forwards, sockets, neighbors] = network!.children;
    assert.deepEqual(
      forwards!.children.map(({ label }) => label),
      ['TCP 127.0.0.1:5555 → 10.0.2.15:5556'],
    );
    assert.deepEqual(
      sockets!.children.map(({ label, text }) => `${label} | ${text}`),
      [
        'TCP 127.0.0.1:40000 → 10.0.2.15:5556 | ESTABLISHED  recv 0  send 17',
        'UDP 10.0.2.15:40001 → 8.8.8.8:53 | 236 sec  recv 0  send 0',
        'ICMP 10.0.2.15 → 8.8.8.8 | 10 sec  recv 0  send 0',
      ],
    );
    assert.deepEqual(
      neighbors!.children.map(({ label, text }) => [label, text]),
      [['10.0.2.15', '52:54:00:12:34:56']],
    );
  });

  it('gives rows that look the same identities of their own', () => {
    const row = '  ICMP[10 sec]        14       10.0.2.15     -         8.8.8.8     -     0     0\n';
    const [network] = connectionTree({ networks: parseNetworks(`Hub 0 (u):\n${row}${row}`, '') }, titles);
    const ids = network!.children[1]!.children.map(({ id }) => id);
    assert.equal(new Set(ids).size, 2);
  });
});
