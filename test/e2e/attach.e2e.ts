/** A network that runs by itself, as under QEMU, which VS Code attaches to and leaves. */
import assert from 'node:assert/strict';
import { decode } from '../kit/decode.ts';
import { arp } from '../kit/frames.ts';
import { insist } from '../kit/until.ts';
import { PasstGuest } from '../passt/guest.ts';
import { scene } from './scene.ts';

const ATTACH = {
  type: 'pktgdb',
  request: 'attach',
  name: 'Attach',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: VS Code replaces it
  pid: '${command:pickMachine}',
};

describe('pktgdb-passt in VS Code', () => {
  scene(
    'is chosen from those that run, stops with its packet, and goes on without the debugger',
    () => ({ '.vscode/launch.json': JSON.stringify({ version: '0.2.0', configurations: [ATTACH] }) }),
    async (s) => {
      const { vscode } = s;
      const guest = await PasstGuest.start(['--address', '10.0.2.15'], process.env);
      try {
        await vscode.addFunctionBreakpoint('arp_input');
        await vscode.pressStart('Attach');
        await vscode.pick(String(guest.pid));
        await vscode.running();
        // The button is there before the breakpoints are.
        const ask = (): void => guest.send(arp(1, 0x0a00020f, 0x0a000202));
        await insist(ask, vscode.stoppedIn('arp_input'), 1000);
        await vscode.evaluate('$pkt.arp.dst.proto_ipv4', '10.0.2.2');
        await s.shot('attach');
        await vscode.endSession();
        assert.equal(decode(await guest.frame()).arp?.op, 2);
      } finally {
        guest.end();
      }
    },
  );
});
