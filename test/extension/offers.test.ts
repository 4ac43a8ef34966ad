/** What views offer of connections, drops and sessions, and what is sent to the guest. */
import assert from 'node:assert/strict';
import type { ConnectionsBody, ConnectionView } from '../../adapter/dap/custom.ts';
import { makePacket } from '../../adapter/packets/edit.ts';
import { compileFilter } from '../../adapter/packets/filter/filter.ts';
import { PacketView } from '../../adapter/packets/packet-view.ts';
import { formatSummary, summary } from '../../adapter/packets/summary.ts';
import { closeCommand, connectionBreakpoints, dropBreakpoint, streamOf } from '../../src/breaking/conditions.ts';
import { dnsQuery, firstForward, PING } from '../../src/sending/packets.ts';
import { distinctName } from '../../src/session/session-state.ts';
import { connectionContext, connectionTree, streamText } from '../../src/views/connection-model.ts';

const queues = { receiveQueue: 0, sendQueue: 0 };
const FORWARD: ConnectionView = {
  ...queues,
  protocol: 'TCP',
  state: 'HOST_FORWARD',
  fd: 3,
  source: '127.0.0.1:5555',
  destination: '10.0.2.15:5556',
};
const OPEN: ConnectionView = {
  ...FORWARD,
  state: 'ESTABLISHED',
  fd: 7,
  ends: { guest: { address: '10.0.2.15', port: 5556 }, peer: { address: '10.0.2.2', port: 40000 } },
};
const BODY: ConnectionsBody = {
  networks: [{ name: 'Hub 0 (user.0)', forwards: [FORWARD], connections: [OPEN], neighbors: [] }],
};

describe('offers of the views', () => {
  it('stop at the packets of a connection, with a filter that compiles', () => {
    const [first, second] = connectionBreakpoints(OPEN) ?? [];
    const filter = 'ip.addr == 10.0.2.15 && tcp.port == 5556 && ip.addr == 10.0.2.2 && tcp.port == 40000';
    assert.deepEqual(first, { name: 'slirp_output', condition: `$pkt("${filter}")` });
    assert.deepEqual(second, { ...first, name: 'slirp_input' });
    compileFilter(filter);
    const forward = connectionBreakpoints(FORWARD)?.[0]?.condition;
    assert.equal(forward, '$pkt("ip.addr == 10.0.2.15 && tcp.port == 5556")');
    const { ends: _ends, ...over } = OPEN;
    assert.equal(connectionBreakpoints({ ...over, fd: -1 }), undefined);
  });

  it('close connections and forwards, and say so in the row', () => {
    assert.equal(closeCommand(OPEN), 'usernet_close 7');
    assert.equal(closeCommand(FORWARD), 'hostfwd_remove tcp:127.0.0.1:5555');
    assert.equal(closeCommand({ ...OPEN, fd: -1 }), undefined);
    const [network] = connectionTree(BODY, { forwards: 'F', sockets: 'S', neighbors: 'N' });
    const rows = network?.children.flatMap(({ children }) => children) ?? [];
    assert.deepEqual(rows.map(connectionContext), ['breakable closable', 'breakable followable closable']);
  });

  it('find the stream of a connection, and show what was said', () => {
    const conversation = { protocol: 'tcp', stream: 4, a: '10.0.2.2:40000', b: '10.0.2.15:5556' };
    assert.equal(streamOf(OPEN, [{ ...conversation, stream: 1, a: '10.0.2.2:39999' }, conversation]), 4);
    assert.equal(streamOf(OPEN, []), undefined);
    const piece = (side: 0 | 1, packet: number, text: string) => ({
      side,
      packet,
      base64: Buffer.from(text).toString('base64'),
    });
    const pieces = [piece(0, 4, 'GET /\r\n'), piece(0, 5, 'x'), piece(1, 6, '\0ok\n')];
    assert.equal(
      streamText({ nodes: ['a', 'b'], missing: 0, pieces }),
      '--- a -> b, packet 4\nGET /\nx\n--- b -> a, packet 6\n.ok\n',
    );
  });

  it('stop at drops, of any reason or one', () => {
    assert.deepEqual(dropBreakpoint(''), { name: 'drop' });
    assert.deepEqual(dropBreakpoint('RX_FILTER'), { name: 'drop', condition: 'reason == "RX_FILTER"' });
  });

  it('send to the port that leads to the guest, whichever it is', () => {
    assert.deepEqual(firstForward(BODY), { host: '127.0.0.1', port: 5555 });
    const any = { ...FORWARD, source: '*:6000' };
    const networks = [{ ...BODY.networks[0]!, forwards: [any] }];
    assert.deepEqual(firstForward({ networks }), { host: '127.0.0.1', port: 6000 });
    assert.equal(firstForward({ networks: [] }), undefined);
  });

  it('send packets that are what they say', () => {
    const line = (command: string, toGuest: boolean): string => {
      const fields = /^inject "(.*)" at \w+$/.exec(command)?.[1]?.replaceAll('\\"', '"') ?? '';
      return formatSummary(summary(new PacketView(makePacket(fields, toGuest), 'ethernet')));
    };
    assert.match(line(PING, true), /10\.0\.2\.2 .*10\.0\.2\.15.*Echo \(ping\) request/);
    assert.match(line(dnsQuery('example.org'), false), /10\.0\.2\.15 .*10\.0\.2\.3.*Standard query .*A example\.org/);
  });

  it('tell sessions apart by their names', () => {
    assert.equal(distinctName('Replay', []), 'Replay');
    assert.equal(distinctName('Replay', ['Replay', 'Replay 2']), 'Replay 3');
  });
});
