/** Command scripts in the editor. */
import { scene } from './scene.ts';

const SCRIPT = `# Stop at the first packet for the guest's nc.
break e1000_receive_iov if $pkt.tcp.dstport == 5556
frobnicate 5
print $RDH

`;

describe('command scripts', () => {
  scene(
    'commands are completed, mistakes are marked',
    () => ({ 'script.pktgdb': SCRIPT }),
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
    },
  );
});
