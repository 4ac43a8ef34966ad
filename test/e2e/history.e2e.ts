/** Time travel: back from the end of a replay, in the past, and to the present again. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { capture } from '../kit/paths.ts';
import { replayJson, scene } from './scene.ts';

const HTTP = readFileSync(capture('foreign/veth-http-small.pcap'));

describe('history', () => {
  scene(
    'goes back from the end of a replay, says what is past, and comes back to the present',
    () => ({ 'page.pcap': HTTP, '.vscode/launch.json': replayJson('page.pcap') }),
    async (s) => {
      const { vscode } = s;
      await vscode.startConfiguration('Replay');
      await vscode.stoppedIn('main_loop_wait');
      await vscode.page.getByText('All packets have been played').first().waitFor();
      const past = vscode.statusItem(/Past: after packet \d+/);
      assert.equal(await past.count(), 0);
      await s.shot('history-present');

      await vscode.press('Step Back');
      await past.waitFor();
      await vscode.label('past: after packet ');
      await s.shot('history-step-back');

      await vscode.addFunctionBreakpoint('e1000_receive_iov');
      await vscode.setCondition('e1000_receive_iov', '$pkt.http.response.code == 200');
      await vscode.press('Reverse');
      await vscode.stoppedIn('e1000_receive_iov');
      await vscode.label('past: after packet ');
      await vscode.evaluate('print $pkt.ip.src', '192.168.77.2');
      await vscode.showPanes('Variables', 'Call Stack');
      await s.shot('history');

      await vscode.press('Reverse Step Out');
      await vscode.stoppedIn('qemu_deliver_packet_iov');
      await vscode.label('past: after packet ');
      await s.shot('history-step-out');
      await vscode.command('Packet Debugger: Go to Moment...');
      await vscode.item('packet N').waitFor();
      await s.shot('history-go-to');
      await vscode.answer('packet 3');
      await vscode.stoppedIn('trace_xmit_frame');
      await vscode.statusItem('Past: after packet 1').waitFor();
      await vscode.press('Go to the Next Packet');
      await vscode.statusItem('Past: after packet 2').waitFor();
      await vscode.press('Go Back to the Previous Packet');
      await vscode.statusItem('Past: after packet 1').click();
      await vscode.stoppedIn('main_loop_wait');
      await past.waitFor({ state: 'hidden' });
      await vscode.label('past', 'gone');
      await s.shot('history-back');
    },
  );
});
