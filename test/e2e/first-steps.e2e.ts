/** From an empty folder to a packet: what a newcomer does. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { SEED_FRAMES } from '../kit/seed.ts';
import { scene, send } from './scene.ts';

const SOURCE = readFileSync(new URL('../../adapter/stack/hw/net/e1000.ts', import.meta.url), 'utf8').split('\n');
/** The line of the first statement of e1000_receive_iov. */
const LINE = SOURCE.findIndex((text) => text.startsWith('export function e1000_receive_iov')) + 2;

describe('first steps', () => {
  scene(
    'without a launch.json: a click in the gutter, F5, and a packet stops there',
    () => ({}),
    async (s) => {
      const { vscode } = s;
      await vscode.command('Packet Debugger: Show Stack Sources');
      await vscode.showPanes('Stack Sources');
      await vscode.expand(vscode.row('Stack Sources', 'hw/net'));
      await vscode.row('Stack Sources', 'e1000.ts').dblclick();
      await vscode.tab('e1000.ts').waitFor();
      await vscode.clickGutter(LINE);
      await vscode.breakpoints.waitFor();
      await s.shot('breakpoint');

      await vscode.page.keyboard.press('F5');
      await vscode.pick(/^Packet Debugger/);
      const port = vscode.hintedPort();
      // The guest's own traffic comes first: the DHCP server's answers pass the same line.
      while (!(await vscode.guestSaid('listening on'))) {
        if (await vscode.stopped.isVisible()) {
          await vscode.continue();
          await vscode.ranOn();
        }
      }
      await send(await port, 'Hello qemu Geust\n');
      await vscode.stoppedIn('e1000_receive_iov');
      await vscode.showPanes('Call Stack');
      assert.deepEqual(await vscode.callStack(), SEED_FRAMES);
      await s.shot('call-stack');

      // What matters most is pinned.
      await vscode.showView('Registers');
      await vscode
        .row('Registers', 'RDH')
        .getByText(/0x[0-9a-f]+/)
        .waitFor();
      await s.shot('stopped');

      await vscode.stepOver();
      await vscode.stoppedAtLine(LINE + 1);
      await vscode.find('RDTR');
      await vscode.setRegister('RDTR', '0x10');
      await vscode
        .row('Registers', 'RDTR')
        .getByText(/0x0*10/)
        .waitFor();
      await s.shot('register-changed');

      await vscode.clickGutter(LINE);
      await vscode.breakpoints.waitFor({ state: 'hidden' });
      await vscode.continue();
      await vscode.running();
      await vscode.typeToGuest('cat hello.txt');
      await vscode.guestSays('Hello qemu Geust');
      await s.shot('continued');
    },
  );
});
