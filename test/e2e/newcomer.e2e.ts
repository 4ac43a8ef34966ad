/** The newcomer's path from a capture to the answer, and what the Debug Console and the editor say on the way. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { scene } from './scene.ts';

const CAPTURE = '02-hello.pcap';
/** From the click on the capture to who wrote the register. */
const A_MINUTE = 60_000;

/** What the numbered steps of README name, in order: commands and choices in italics, words of code. */
function readmeSteps(): string[][] {
  const steps = readFileSync(new URL('../../README.md', import.meta.url), 'utf8').match(/^\d\. .*$/gm) ?? [];
  return steps.map((step) => [...step.matchAll(/(?<!\*)\*([^*]+)\*(?!\*)|`([^`]+)`/g)].map((m) => m[1] ?? m[2]!));
}

describe('newcomer', () => {
  scene(
    'clicks a capture, presses F5, breaks on a filter, sees the register and who wrote it, in less than a minute',
    () => ({}),
    async (s) => {
      const { vscode } = s;
      const { keyboard } = vscode.page;
      const started = Date.now();
      await vscode.openFromExplorer(CAPTURE);
      await vscode.listing.packet(6).waitFor();
      await keyboard.press('F5');
      await vscode.stoppedIn('e1000_receive_iov');
      await vscode.evaluate('catch packet tcp.len > 0 in nic', 'Catchpoint');
      await vscode.continue();
      await vscode.stoppedIn('e1000_receive_iov');
      await vscode.evaluate('$pkt.tcp.len', /^1[0-9]$/);
      await vscode.evaluate('last-write $RDH', /e1000_/);
      await vscode.showView('Registers');
      await vscode.row('Registers', 'RDH').waitFor();
      const took = Date.now() - started;
      await s.shot('newcomer');
      assert.ok(took < A_MINUTE, `it took ${took} ms`);

      // The Debug Console: a frame that was chosen stays chosen, and members are offered.
      await vscode.showPanes('Call Stack');
      await vscode
        .rowLike('Call Stack', /qemu_net_queue_deliver_iov/)
        .first()
        .click();
      await vscode.evaluate('info frame', 'qemu_net_queue_deliver_iov');
      await vscode.evaluate('frame', /^#2 /);
      await keyboard.insertText('p iov[0].iov_');
      await keyboard.press('Control+Space');
      await vscode.page.locator('.suggest-widget .monaco-list-row').filter({ hasText: 'iov_len' }).first().waitFor();
      await s.shot('console-completion');
      await keyboard.press('Escape');
      await keyboard.press('Control+A');
      await keyboard.press('Delete');

      // Values stand behind the lines that mention them last.
      await vscode
        .rowLike('Call Stack', /e1000_receive_iov/)
        .first()
        .click();
      await vscode.stepOver();
      await vscode.stepOver();
      await vscode.editorLine(/iovcnt\s=\s1/).waitFor();
      await s.shot('inline-values');

      // Journeys: lanes from the host to the guest's program; a click goes to the moment.
      await vscode.command('Packet Debugger: Show Journeys of Packets');
      const journeys = await vscode.journeys();
      await journeys.locator('thead').getByText('slirp').waitFor();
      await journeys.locator('tr[data-journey="1"] button').first().waitFor();
      await s.shot('journeys');
      await journeys.locator('tr[data-journey="1"] button').first().click();
      await vscode.statusItem(/Past/).waitFor();
    },
  );

  scene(
    'rests the mouse on a packet of a listing and sees its tree',
    () => ({}),
    async (s) => {
      const { vscode } = s;
      await vscode.openFromExplorer(CAPTURE);
      await vscode.listing.packet(6).locator('.info').hover();
      await vscode.listing.frame.locator('#hover').getByText('Transmission Control Protocol').waitFor();
      await vscode.page.screenshot({ path: s.path('hover') });
    },
  );

  scene(
    'follows the three steps of README word for word',
    () => ({}),
    async (s) => {
      const { vscode } = s;
      const [stop = [], send = [], look = []] = readmeSteps();
      const [breakOn, fn] = stop;
      await vscode.command(breakOn!);
      await vscode.answerPick(fn!, new RegExp(`^${fn}`));
      const [start, said, sending, how] = send;
      await vscode.command(start!);
      await (await vscode.showGuestConsole()).getByText(said!).waitFor();
      await vscode.command(sending!);
      await vscode.pick(how!);
      await vscode.page
        .getByText(/^Text for/)
        .first()
        .waitFor();
      await vscode.page.keyboard.press('Enter');
      await vscode.showDebug();
      await vscode.stoppedIn(look[0]!);
      for (const view of look.slice(1, 4)) {
        await vscode.page.locator('.pane-header .title').filter({ hasText: view }).first().waitFor();
      }
      await s.shot('readme-steps');
    },
  );

  scene(
    'follows the walkthrough, whose steps tick themselves',
    () => ({}),
    async (s) => {
      const { vscode } = s;
      const { page } = vscode;
      await vscode.command('Welcome: Open Walkthrough...');
      await vscode.pick(/packet/i);
      const steps = ['Run the machine', 'Break where packets pass', 'Look at the packet and the NIC'];
      const step = (n: number) => page.locator('.getting-started-step').filter({ hasText: steps[n]! }).first();
      const press = async (n: number, name: string): Promise<void> => {
        if (n > 0) {
          // A source that is opened takes its place.
          await vscode.command('Welcome: Open Walkthrough...');
          await vscode.pick(/packet/i);
          if (!(await step(n).getByRole('button', { name }).isVisible())) {
            await step(n).getByText(steps[n]!).first().click();
          }
        }
        await step(n).getByRole('button', { name }).click();
      };
      const ticked = (n: number) => step(n).locator('.codicon-getting-started-step-checked').waitFor();
      await s.shot('walkthrough');
      await press(0, 'Debug Packets');
      await (await vscode.showGuestConsole()).getByText('listening on').waitFor();
      await ticked(0);
      await press(1, 'Break on Function...');
      await vscode.answerPick('tcp_input', /^tcp_input/);
      await press(1, 'Send a Packet...');
      await vscode.pick('Connect and Send a Text...');
      await vscode.answer('Hello');
      await vscode.stopped.waitFor();
      await press(2, 'Show Registers and Rings');
      await vscode.row('Registers', 'RDH').waitFor();
      await vscode.command('Welcome: Open Walkthrough...');
      await vscode.pick(/packet/i);
      for (const n of [0, 1, 2]) {
        await ticked(n);
      }
      await s.shot('walkthrough-ticked');
    },
  );
});
