/** `-qemu`: what is asked for, the machine's options, and the words for QEMU's command line. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { machineArgs, parseQemu, type QemuLink, qemuLinks } from '../../adapter/qemu/link.ts';
import { inPlaceOfShell, qemuCommand } from '../../adapter/qemu/run.ts';
import { qemuSession } from '../../adapter/qemu/session.ts';
import { qemuProgram } from '../../adapter/qemu/version.ts';
import { qemuWords } from '../../adapter/qemu/words.ts';
import { tempFolder } from '../kit/temp.ts';

function links(...texts: string[]): Promise<QemuLink[]> {
  return qemuLinks(
    parseQemu(texts),
    () => '/run/it',
    async () => 4711,
  );
}

describe('-qemu', () => {
  it('is a user network, a hub, and a link for each guest', async () => {
    const texts = ['hostfwd=tcp::5555-:22,restrict=on', 'link=tcp', 'link=tcp:99,net=10.1.0.0/16'];
    assert.deepEqual(machineArgs(parseQemu(texts), await links(...texts)), [
      ...['-guest', 'none'],
      ...['-netdev', 'user,id=user.0,hostfwd=tcp::5555-:22,restrict=on,net=10.1.0.0/16'],
      ...['-netdev', 'hubport,id=port.user.0,hubid=0,netdev=user.0'],
      ...['-netdev', 'stream,id=qemu.0,server=on,addr.type=unix,addr.path=/run/it/net.sock'],
      ...['-netdev', 'hubport,id=port.qemu.0,hubid=0,netdev=qemu.0'],
      ...['-netdev', 'stream,id=qemu.1,server=on,addr.type=inet,addr.host=127.0.0.1,addr.port=4711'],
      ...['-netdev', 'hubport,id=port.qemu.1,hubid=0,netdev=qemu.1'],
      ...['-netdev', 'stream,id=qemu.2,server=on,addr.type=inet,addr.host=127.0.0.1,addr.port=99'],
      ...['-netdev', 'hubport,id=port.qemu.2,hubid=0,netdev=qemu.2'],
    ]);
  });

  it('keeps commas of values, doubled as in QEMU', async () => {
    const request = parseQemu(['tftp=/a,,b,link=unix:/c,,d,qmp=unix:/e,,f']);
    assert.deepEqual(request.user, ['tftp=/a,,b']);
    const [link] = await links('link=unix:/c,,d,qmp=unix:/e,,f');
    assert.deepEqual(link, { address: { kind: 'unix', path: '/c,d' }, qmp: '/e,f' });
    assert.match(machineArgs(request, [link as QemuLink]).join(' '), /addr\.path=\/c,,d/);
  });

  it('says what is wrong', () => {
    assert.throws(() => parseQemu(['link=udp']), /link takes unix, unix:PATH, tcp or tcp:PORT, not "udp"/);
    assert.throws(() => parseQemu(['link=tcp:70000']), /a port up to 65535, not "70000"/);
    assert.throws(() => parseQemu(['qmp=tcp:1']), /qmp takes unix:PATH/);
    assert.throws(() => parseQemu(['id=x']), /leave "id" out/);
  });

  it('tells the words for QEMU, for older ones and for libvirt', async () => {
    const unix = qemuWords(await links(''));
    assert.match(
      unix,
      /^ {2}-netdev stream,id=n0,server=off,addr\.type=unix,addr\.path=\/run\/it\/net\.sock -device e1000,netdev=n0$/m,
    );
    assert.match(unix, /older ones\n {2}need TCP: start with "-qemu link=tcp"/);
    assert.match(unix, /<qemu:arg value='stream,id=n0,[^']*net\.sock'\/>/);
    const tcp = qemuWords(await links('link=tcp:99'));
    assert.match(tcp, /^ {2}-netdev socket,id=n0,connect=127\.0\.0\.1:99 -device e1000,netdev=n0$/m);
    const two = qemuWords(await links("link=unix:/it's", 'link=tcp:99'));
    assert.match(
      two,
      /Guest 1: [\s\S]*'stream,id=n0,server=off,addr\.type=unix,addr\.path=\/it'\\''s'[\s\S]*Guest 2: /,
    );
    assert.match(two, /addr\.path=\/it&#39;s'\/>/);
    assert.match(two, /Guest 2: [\s\S]* -device e1000,netdev=n0,mac=52:54:00:12:34:57$/m);
  });

  it('has a QEMU before 7.2 connect to a port, with the words it knows', async () => {
    const folder = tempFolder();
    const commandFor = async (version: string, option = ''): Promise<string> => {
      const program = join(folder, 'qemu-system-fake');
      writeFileSync(program, `#!/bin/sh\necho "QEMU emulator version ${version} (Debian)"\n`, { mode: 0o755 });
      const lines: string[] = [];
      const session = await qemuSession([option], `${program} -m 1G`, (line) => void lines.push(line));
      const guests = session.guests();
      guests.up({ console: () => undefined, report: () => undefined });
      guests.end();
      return lines.join();
    };
    assert.match(await commandFor('6.2.0'), / -netdev socket,id=n0,connect=127\.0\.0\.1:\d+ -device e1000,netdev=n0 /);
    assert.match(await commandFor('7.1.90', 'link=tcp:99'), / -netdev socket,id=n0,connect=127\.0\.0\.1:99 /);
    await assert.rejects(commandFor('7.0.0', 'link=unix:/x'), /QEMU 7\.0 cannot connect to a Unix socket .*link=tcp/);
    assert.match(await commandFor('7.2.22'), / -netdev stream,id=n0,server=off,addr\.type=unix,/);
    assert.match(await commandFor('10.1.0'), / -netdev stream,id=n0,server=off,addr\.type=unix,/);
  });

  it('finds the program in a command line', () => {
    for (const line of ['qemu-system-x86_64 -m 1G', 'sudo -E qemu-system-x86_64 -m 1G']) {
      assert.equal(qemuProgram(line), 'qemu-system-x86_64');
    }
    assert.equal(qemuProgram('/opt/q/bin/qemu-system-riscv64'), '/opt/q/bin/qemu-system-riscv64');
    assert.equal(qemuProgram('./start.sh --vm qemu.img'), undefined);
  });

  it('is a command line as shells take them', () => {
    assert.equal(inPlaceOfShell('qemu -m 1G'), 'exec qemu -m 1G');
    assert.equal(inPlaceOfShell(' A=1 B="x y"\\ z qemu'), 'A=1 B="x y"\\ z exec qemu');
    assert.equal(inPlaceOfShell("qemu -append 'a;b' 2>&1 -x a\\&b"), "exec qemu -append 'a;b' 2>&1 -x a\\&b");
    for (const line of ['cd vm && qemu', './prepare; qemu', '(qemu)', 'exec qemu', 'A=1 cd x && qemu']) {
      assert.equal(inPlaceOfShell(line), line);
    }
  });

  it('adds to a command line what it lacks', () => {
    const sockets = { netdev: 'stream,id=n0', qmp: '/q', serial: '/s' };
    assert.equal(
      qemuCommand('qemu-system-x86_64 -m 1G', sockets),
      'qemu-system-x86_64 -m 1G -netdev stream,id=n0 -device e1000,netdev=n0 -qmp unix:/q,server=on,wait=off ' +
        '-chardev socket,id=pktgdb-serial,path=/s,server=on,wait=off -serial chardev:pktgdb-serial',
    );
    assert.equal(
      qemuCommand('qemu -device virtio-net-pci,netdev=n0 -serial null', sockets),
      'qemu -device virtio-net-pci,netdev=n0 -serial null -netdev stream,id=n0 -qmp unix:/q,server=on,wait=off',
    );
  });
});
