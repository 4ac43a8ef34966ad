/** The timeline in the panel: what it shows, and that it leads there. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { capture } from '../kit/paths.ts';
import { replayJson, scene } from './scene.ts';

const HTTP = readFileSync(capture('foreign/veth-http-small.pcap'));

describe('timeline', () => {
  scene(
    'shows a replay from its beginning, and a click leads there',
    () => ({ 'page.pcap': HTTP, '.vscode/launch.json': replayJson('page.pcap') }),
    async (s) => {
      const { vscode } = s;
      const { keyboard } = vscode.page;
      await vscode.addFunctionBreakpoint('tcp_input');
      await vscode.startConfiguration('Replay');
      await vscode.stoppedIn('tcp_input');
      await vscode.evaluate('bookmark syn', 'Bookmark syn');
      await vscode.showPanes('Call Stack', 'Breakpoints');
      await vscode.row('Breakpoints', 'tcp_input').locator('input[type="checkbox"], .monaco-checkbox').first().click();
      await vscode.continue();
      await vscode.page.getByText('All packets have been played').first().waitFor();

      await vscode.command('Packet Debugger: Focus on Timeline View');
      await vscode.closePanes('Registers', 'Packet', 'Rings');
      const timeline = await vscode.timeline();
      await timeline.text('the present').waitFor();
      await timeline.mark('bookmark').waitFor({ state: 'attached' });
      await timeline.mark('stop').first().waitFor({ state: 'attached' });
      await s.shot('timeline');

      const past = vscode.statusItem(/Past: after packet \d+/);
      await vscode.command('Packet Debugger: Timeline by Time or by Packets');
      await timeline.axis('11');
      await timeline.click(0.5);
      await past.waitFor();
      await timeline.text('past').waitFor();
      await s.shot('timeline-past');

      await timeline.drag(0.5, 0.8);
      await vscode.statusItem('Past: after packet 12').waitFor();
      await timeline.wheel(0.5, -600);
      await timeline.axis('6');
      await timeline.wheel(0.5, 600);
      await timeline.focus();
      await keyboard.press('Home');
      await keyboard.press('PageDown');
      await timeline.text(/bookmark syn|stopped on function breakpoint/).waitFor();
      await keyboard.press('+');
      await keyboard.press('+');
      await keyboard.press('Enter');
      await vscode.stoppedIn('tcp_input');
      await past.waitFor();
      await s.shot('timeline-keys');
      assert.match(await timeline.words(), /From.*To guest.*Drops/s);

      await vscode.command('Packet Debugger: Ask History...');
      await vscode.answer('plot tp->snd_nxt');
      await timeline.plot(/snd_nxt/).waitFor({ state: 'attached' });
      await vscode.command('Packet Debugger: Ask History...');
      await vscode.answer('calls ip_output');
      await timeline.mark('row').first().waitFor({ state: 'attached' });
      await timeline.focus();
      await keyboard.press('0');
      await s.shot('timeline-plot');
      await keyboard.press('End');
      await keyboard.press('Enter');
      await past.waitFor({ state: 'hidden' });
      await timeline.text('the present').waitFor();
      await s.shot('timeline-back');
    },
  );

  for (const [name, theme] of [
    ['light', 'Default Light Modern'],
    ['contrast', 'Default High Contrast'],
  ]) {
    scene(
      `has the colours of a theme: ${name}`,
      () => ({
        'page.pcap': HTTP,
        '.vscode/launch.json': replayJson('page.pcap'),
        '.vscode/settings.json': JSON.stringify({ 'workbench.colorTheme': theme }),
      }),
      async (s) => {
        const { vscode } = s;
        await vscode.startConfiguration('Replay');
        await vscode.page.getByText('All packets have been played').first().waitFor();
        await vscode.evaluate('bookmark done', 'Bookmark done');
        await vscode.command('Packet Debugger: Focus on Timeline View');
        await vscode.command('Packet Debugger: Timeline by Time or by Packets');
        const timeline = await vscode.timeline();
        await timeline.axis('11');
        await timeline.click(0.6);
        await timeline.text('past').waitFor();
        await timeline.focus();
        await s.shot(`timeline-${name}`);
      },
    );
  }
});
