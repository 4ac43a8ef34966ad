/** A port that is taken is answered, and leaves no socket open. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { NodeDatagrams } from '../../adapter/host/datagrams.ts';
import { AF_INET, type Input, SOCK_DGRAM } from '../../adapter/stack/util/host.ts';
import { sockaddr_in } from '../../adapter/stack/util/sockets.ts';
import { quiet, until } from '../kit/until.ts';

const LOOPBACK = 0x7f000001;
const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === 'UDPWrap').length;

describe('a UDP port that is taken', () => {
  it('is answered, and the socket that wanted it is closed', async () => {
    const holder = createSocket('udp4').bind(0, '127.0.0.1');
    await once(holder, 'listening');
    const before = sockets();
    const datagrams = new NodeDatagrams({ datagram: () => 0, event: () => undefined, full: () => false });
    const { port } = holder.address();
    assert.deepEqual(await datagrams.bind(10, sockaddr_in(LOOPBACK, port)), { errno: 'EADDRINUSE', port: 0 });
    await until(() => sockets() === before, 'closed', 2000);
    datagrams.dispose();
    holder.close();
  });

  it('is told of once by a socket that wanted it for what it sends', async () => {
    const holder = createSocket('udp4').bind(0, '127.0.0.1');
    await once(holder, 'listening');
    const events: Input[] = [];
    const datagrams = new NodeDatagrams({ datagram: () => 0, event: (e) => void events.push(e), full: () => false });
    datagrams.open(10, SOCK_DGRAM, AF_INET, sockaddr_in(LOOPBACK, holder.address().port));
    await until(() => events.length > 0, 'an error');
    await quiet(() => events.length, 50);
    assert.deepEqual(events, [{ type: 'error', fd: 10, errno: 'EADDRINUSE', from: null }]);
    datagrams.dispose();
    holder.close();
  });
});
