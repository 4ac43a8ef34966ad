/** The human monitor: a session's answers are QEMU's, byte for byte but where the record says otherwise. */
import assert from 'node:assert/strict';
import { handle_hmp_command } from '../../adapter/stack/monitor/hmp.ts';
import { main } from '../../adapter/stack/softmmu/main.ts';
import { drop } from '../../adapter/stack/util/drop.ts';
import { FakeHost, resetMachine } from './harness.ts';
import { type Exchange, MACHINE, masked, transcript } from './monitor_transcript.ts';
import { isRecordedQemu, Qemu } from './qemu.ts';

/** A machine whose host knows which ports are taken. */
function start(): FakeHost {
  const ports = new Map<number, number>();
  const host = new FakeHost([[{ type: 'quit' }]]);
  host.onListen = (type, addr) => {
    const key = addr.sin_port * 2 + (type === 1 ? 0 : 1);
    if ([...ports.values()].includes(key)) {
      return { errno: 'EADDRINUSE', port: 0 };
    }
    ports.set(host.calls.at(-1)!.fd, key);
    return { errno: '', port: addr.sin_port };
  };
  host.close = (fd) => void ports.delete(fd);
  resetMachine(host);
  assert.equal(main(0, ['-guest', 'none', '-nodefaults', '-qtest', 'none', ...MACHINE], host), 0);
  return host;
}

describe('monitor: a session', () => {
  before(start);
  for (const { line, ours } of transcript()) {
    it(`> ${line}`, () => {
      assert.equal(masked(handle_hmp_command(line)), ours);
    });
  }

  it('quit ends the machine', () => {
    const host = new FakeHost([[{ type: 'monitor', id: 1, line: 'quit' }], () => assert.fail('it goes on')]);
    resetMachine(host);
    assert.equal(main(0, ['-guest', 'none', '-nodefaults'], host), 0);
    assert.equal(host.replies.get(1), '');
  });

  it('help lists every command, info every table', () => {
    const names = (text: string): string[] =>
      text
        .trimEnd()
        .split('\n')
        .map((l) => l.split(' ')[0]!);
    assert.deepEqual(names(handle_hmp_command('help')), [
      'announce_self',
      'help|?',
      'hostfwd_add',
      'hostfwd_remove',
      'info',
      'migrate_set_parameter',
      'netdev_add',
      'netdev_del',
      'object_add',
      'object_del',
      'quit|q',
      'set_link',
      'usernet_close',
    ]);
    assert.deepEqual(handle_hmp_command('info').match(/^info \w+/gm), [
      'info drops',
      'info neighbors',
      'info migrate_parameters',
      'info network',
      'info sockets',
      'info usernet',
    ]);
    assert.equal(handle_hmp_command('?'), handle_hmp_command('help'));
  });

  it('info drops has a table of reasons with their meanings', () => {
    start();
    assert.equal(handle_hmp_command('info drops'), 'No packet was dropped.\n');
    for (const reason of ['IP_TTL', 'TCP_DUPLICATE', 'IP_TTL'] as const) {
      drop(new Uint8Array(14), 14, reason);
    }
    assert.equal(
      handle_hmp_command('info drops'),
      'Count   Reason            Meaning\n' +
        '2       IP_TTL            the time to live has run out\n' +
        '1       TCP_DUPLICATE     the TCP data was received before\n',
    );
  });

  it('an IPv6 and a Unix forward come and go', () => {
    start();
    assert.equal(handle_hmp_command('hostfwd_add tcp:[::1]:15611-[]:80'), '');
    assert.equal(handle_hmp_command('hostfwd_add b unix:/tmp/s-:80'), '');
    const rows = handle_hmp_command('info usernet')
      .split('\n')
      .filter((l) => l.includes('HOST_FORWARD'));
    assert.deepEqual(
      rows.map((r) => r.trim().split(/\s+/).toSpliced(1, 1).join(' ')),
      ['TCP[HOST_FORWARD] ::1 15611 * 80 0 0', 'TCP[HOST_FORWARD] * 0 10.0.3.15 80 0 0'],
    );
    const removed = (rule: string): string => `host forwarding rule for ${rule} removed\n`;
    assert.equal(handle_hmp_command('hostfwd_remove tcp:[::1]:15611'), removed('tcp:[::1]:15611'));
    assert.equal(handle_hmp_command('hostfwd_remove b unix:/tmp/s'), removed('unix:/tmp/s'));
  });
});

describe('monitor: QEMU itself', () => {
  it('answers as recorded', async function () {
    this.timeout(60_000);
    if (!isRecordedQemu()) {
      this.skip();
    }
    const qemu = await Qemu.start('-M', 'pc', '-S', ...MACHINE);
    try {
      for (const { line, qemu: expected } of transcript() as Exchange[]) {
        const said = masked(await qemu.hmp(line));
        assert.equal(/^(help )?info$/.test(line) ? '' : said, expected, line);
      }
    } finally {
      await qemu.stop();
    }
  });
});
