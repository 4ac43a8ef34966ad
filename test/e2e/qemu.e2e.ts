/** A real guest in QEMU, which the launch configuration starts: its SYN stops on its way. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { qemuCommandLine } from '../qemu/guest.ts';
import { PARTS } from '../qemu/initramfs.ts';
import { scene } from './scene.ts';

function launchJson(folder: string): string {
  return JSON.stringify({
    version: '0.2.0',
    configurations: [
      {
        type: 'pktgdb',
        request: 'launch',
        name: 'Debug my VM',
        qemuCommand: qemuCommandLine(folder),
        initCommands: ['break tcp_input if m && $pkt.tcp.flags.syn == 1'],
      },
    ],
  });
}

describe('a guest in QEMU', function () {
  this.timeout(300_000);
  before(function () {
    if (!existsSync(join(PARTS, 'vmlinuz')) || spawnSync('qemu-system-x86_64', ['--version']).status !== 0) {
      this.skip(); // .ci/qemu gets both
    }
  });

  scene(
    'boots, and stops with its SYN in our network',
    (_port, folder) => ({ '.vscode/launch.json': launchJson(folder) }),
    async (s) => {
      const { vscode } = s;
      await vscode.startConfiguration('Debug my VM');
      await vscode.showTerminal('Guest Console');
      await vscode.guestSays('guest is up');
      await vscode.typeToGuest('udhcpc -i eth0 -s /lease -q -n');
      await vscode.guestSays('lease of 10.0.2.15 from 10.0.2.2');
      await vscode.typeToGuest('wget http://10.0.2.2/');
      await vscode.stoppedIn('tcp_input');
      await vscode.showPanes('Call Stack');
      const frames = await vscode.callStack();
      assert.deepEqual(frames.slice(0, 3), ['tcp_input', 'ip_input', 'slirp_input']);
      assert.ok(frames.includes('net_socket_send'), frames.join());
      await vscode.showTerminal('Guest Console');
      await s.shot('qemu-guest');
      await vscode.showView('Registers');
      await vscode.page.getByText("There is no e1000 here: the NIC is QEMU's").first().waitFor();
      await s.shot('qemu-registers');
    },
  );
});
