/** Command scripts in the editor. */
import { launchJson, scene } from './scene.ts';

const SCRIPT = `# Stop at the first packet for the guest's nc.
break e1000_receive_iov if $pkt.tcp.dstport == 5556
frobnicate 5
print $RDH

`;

describe('command scripts', () => {
  scene(
    'commands are completed, mistakes are marked, also those of a launch.json, where a button leads to it',
    (port) => ({ 'script.pktgdb': SCRIPT, '.vscode/launch.json': launchJson(port, { cwd: '/nowhere' }) }),
    async (s) => {
      const { vscode } = s;
      await vscode.openFile('script.pktgdb');
      await vscode.page.getByText('Run this script').waitFor();
      await vscode.page.locator('.editor-instance .squiggly-error').first().waitFor();
      await vscode.command('Problems: Focus on Problems View');
      await vscode.page.locator('.markers-panel .monaco-list-row').filter({ hasText: 'frobnicate' }).first().waitFor();
      await vscode.goToLine(5);
      await vscode.page.keyboard.type('tbreak tcp_in');
      await vscode.page.keyboard.press('Control+Space');
      await vscode.page.locator('.suggest-widget .monaco-list-row').filter({ hasText: 'tcp_input' }).first().waitFor();
      await s.shot('script');

      // A configuration that cannot be is said, and the button leads to it.
      await vscode.page.keyboard.press('Escape');
      await vscode.pressStart('Debug packets');
      const dialog = vscode.page.locator('.monaco-dialog-box');
      await dialog.getByText('/nowhere').first().waitFor();
      await s.shot('launch-refused');
      await dialog.getByRole('button', { name: 'Open Configuration' }).click();
      await vscode.tab('launch.json').waitFor();
    },
  );
});
