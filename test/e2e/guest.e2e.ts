/** The guest's console is a terminal. */
import { launchJson, scene } from './scene.ts';

describe('guest console', () => {
  scene(
    'a command typed at the prompt answers',
    (port) => ({ '.vscode/launch.json': launchJson(port, { guestCommands: [] }) }),
    async (s) => {
      const { vscode } = s;
      await vscode.startConfiguration('Debug packets');
      await vscode.typeToGuest('ifconfig');
      await vscode.command('View: Toggle Maximized Panel');
      await vscode.guestSays('inet addr:10.0.2.15');
      await s.shot('guest-console');
    },
  );
});
