/** A folder that is not trusted: its captures and scripts can be read, and nothing of it runs. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fakeProgram, replayJson, restricted } from './scene.ts';

const CAPTURE = '02-hello.pcap';

restricted(
  'lists captures and checks scripts, starts no session, and no program that the folder names',
  (_port, folder) => ({
    'script.pktgdb': 'frobnicate 5\n',
    '.vscode/launch.json': replayJson(CAPTURE, { initCommands: [`shell touch ${join(folder, 'ran')}`] }),
    '.vscode/settings.json': JSON.stringify({
      'pktgdb.nodePath': fakeProgram(folder, 'node').path,
      'pktgdb.wiresharkPath': fakeProgram(folder, 'wireshark').path,
    }),
  }),
  async (s) => {
    const { vscode } = s;
    const { page } = vscode;
    await vscode.openFile('script.pktgdb');
    await page.locator('.editor-instance .squiggly-error').first().waitFor();
    await vscode.openFromExplorer(CAPTURE);
    await vscode.listing.packet(6).waitFor();
    await s.shot('restricted');

    // Both ways in ask for trust first; without it nothing begins.
    const question = page.locator('.monaco-dialog-box');
    for (const start of [
      () => page.keyboard.press('F5'),
      () => vscode.command('Packet Debugger: Debug Packets'),
      () => vscode.command('Debug: Start Debugging'),
    ]) {
      await start();
      await question.getByText('trust').first().waitFor();
      await s.shot('restricted-asks');
      await question.getByRole('button', { name: 'Cancel' }).click();
      await question.waitFor({ state: 'hidden' });
    }
    assert.equal(await page.locator('.debug-toolbar').isVisible(), false);

    await vscode.tab(CAPTURE).click();
    await vscode.command('Packet Debugger: Open in Wireshark');
    await page.getByText('Wireshark would open on the other computer').first().waitFor();
    const ran = ['ran', 'node.said', 'wireshark.said'].filter((name) => existsSync(join(s.folder, name)));
    assert.deepEqual(ran, []);
  },
);
