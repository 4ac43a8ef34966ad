/** Two real guests on one hub: they talk to each other, and a link that is cut comes back. */
import assert from 'node:assert/strict';
import type { QemuProcess } from '../../adapter/qemu/run.ts';
import type { QemuSession } from '../../adapter/qemu/session.ts';
import { Session } from '../core/session.ts';
import { tempFolder } from '../kit/temp.ts';
import { until } from '../kit/until.ts';
import { RealGuest } from './guest.ts';

describe('two real guests', function () {
  this.timeout(300_000);
  let s: Session;
  let network: QemuSession;
  let first: RealGuest;
  let second: RealGuest;
  let process: QemuProcess;

  before(async () => {
    s = await Session.create();
    [first, network] = await RealGuest.start(s, tempFolder(), ['', '']);
    [second, process] = await RealGuest.join(network, tempFolder(), 1);
  });
  after(async () => {
    process.end();
    await s.dispose();
  });

  it('get leases of their own, and talk to each other', async () => {
    assert.match(await first.lease(), /lease of 10\.0\.2\.15 /);
    assert.match(await second.lease(), /lease of 10\.0\.2\.16 /);
    assert.match(await first.run('ping -c 1 10.0.2.16'), / 0% packet loss/);
    assert.match(await second.run('ping -c 1 10.0.2.15'), / 0% packet loss/);
  });

  it('are one less when a link is cut, until somebody comes back there', async () => {
    process.end();
    await until(
      async () => /qemu\.1: .*listening on/.test(await s.engine.monitor('info network')),
      'nobody is at the link',
    );
    assert.match(await first.run('ping -c 1 -W 1 10.0.2.16'), /100% packet loss/);
    assert.match(await first.run('ping -c 1 10.0.2.2'), / 0% packet loss/);
    [second, process] = await RealGuest.join(network, tempFolder(), 1);
    assert.match(await second.lease(), /lease of 10\.0\.2\.16 /);
    assert.match(await first.run('ping -c 1 10.0.2.16'), / 0% packet loss/);
  });
});
