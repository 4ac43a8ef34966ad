/** The three cases of docs/qemu.md, with a real guest: each line that the page types is typed here. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { GdbInterpreter } from '../../adapter/gdb/interpreter.ts';
import { Session } from '../core/session.ts';
import { tempFolder } from '../kit/temp.ts';
import { until } from '../kit/until.ts';
import { RealGuest } from './guest.ts';

const PAGE = readFileSync(new URL('../../docs/qemu.md', import.meta.url), 'utf8');

describe('cases of docs/qemu.md', function () {
  this.timeout(300_000);
  let s: Session;
  let gdb: GdbInterpreter;
  let guest: RealGuest;
  let printed = '';

  before(async () => {
    s = await Session.create();
    gdb = new GdbInterpreter(s.engine, {
      waitForStops: false,
      write: (text) => {
        printed += text;
      },
    });
    gdb.evaluator.filters.expectedLayer = 'slirp';
    [guest] = await RealGuest.start(s, tempFolder(), ['hostfwd=tcp:127.0.0.1:0-:80']);
  });
  after(async () => {
    gdb.dispose();
    await s.dispose();
  });

  /** Types a line of the page; returns what is printed. */
  async function type(line: string): Promise<string> {
    assert.ok(PAGE.includes(`(pktgdb) ${line}\n`), `docs/qemu.md has no "${line}"`);
    printed = '';
    await gdb.execute(line, true);
    return printed;
  }

  async function interrupt(): Promise<void> {
    await type('interrupt');
    await s.stop();
  }

  it('a slow download: the guest takes a segment at a time', async () => {
    const web = createServer((_request, response) => response.end(Buffer.alloc(300_000)));
    web.listen(0, '127.0.0.1');
    await once(web, 'listening');
    await guest.lease();
    await guest.run('echo 4096 4096 4096 > /proc/sys/net/ipv4/tcp_rmem');
    await type('tbreak tcp_input if m && $pkt.tcp.flags.ack == 1 && $pkt.tcp.len == 0');
    const done = guest.type(`wget -q -O /dev/null http://10.0.2.2:${(web.address() as AddressInfo).port}/`);
    await s.stop();
    const window = Number(/= (\d+)/.exec(await type('print $pkt.tcp.window_size_value'))?.[1]);
    assert.ok(window > 0 && window <= 1460, `${window}`);
    await s.resume();
    await guest.printed(done);
    await type('guest cat /proc/sys/net/ipv4/tcp_rmem');
    await guest.printed('4096\t4096\t4096');
    web.close();
  });

  it('a forwarded port that refuses: the guest resets the connection', async () => {
    assert.equal((await buffer(s.connect())).length, 0);
    await interrupt();
    assert.match(await type('info network'), /qemu\.0: .*connection from/);
    assert.match(await type('info conversations'), /^tcp .*10\.0\.2\.15:80 .*reset$/m);
    await s.resume();
  });

  it('no lease: all addresses are given away', async () => {
    const macs = Array.from({ length: 16 }, (_, i) => `52:54:00:00:00:${10 + i}`);
    const ask = 'udhcpc -i eth0 -s /bin/true -q -n -t 2 -T 1';
    await guest.run(`for mac in ${macs.join(' ')}; do ip link set eth0 address $mac; ${ask}; done`);
    assert.match(await guest.run(`ip link set eth0 address 52:54:00:12:34:57; ${ask}`), /no lease, failing/);
    await interrupt();
    assert.match(await type('packets dhcp'), /DHCP Discover [^\n]*\n$/);
    assert.match(await type('info drops DHCP_NO_LEASE'), /All addresses are given away.*\n.*DHCP Discover/s);
    await s.resume();
    await until(() => s.engine.state === 'running', 'it goes on');
  });
});
