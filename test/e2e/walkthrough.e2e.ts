/** The walkthrough of the Welcome page. */
import { scene } from './scene.ts';

describe('walkthrough', () => {
  scene(
    'has three steps with a button each',
    () => ({}),
    async (s) => {
      const { vscode } = s;
      await vscode.command('Welcome: Open Walkthrough...');
      await vscode.pick(/packet/i);
      for (const step of ['Run the machine', 'Break where packets pass', 'Look at the packet and the NIC']) {
        await vscode.page.getByText(step, { exact: true }).first().waitFor();
      }
      await vscode.page.getByRole('button', { name: 'Debug Packets' }).waitFor();
      await s.shot('walkthrough');
    },
  );
});
