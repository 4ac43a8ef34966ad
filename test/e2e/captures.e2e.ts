/** Replays of captures, and what can be looked at while they are stopped. */
import assert from 'node:assert/strict';
import { replayJson, scene } from './scene.ts';

const CAPTURE = '02-hello.pcap';
const LISTING = `${CAPTURE}.packets`;

const REPLAY = { '.vscode/launch.json': replayJson(CAPTURE) };

describe('captures', () => {
  scene(
    'a replay stops at a breakpoint with the packet in its hands',
    () => REPLAY,
    async (s) => {
      const { vscode } = s;
      await vscode.addFunctionBreakpoint('e1000_receive_iov');
      await vscode.setCondition('e1000_receive_iov', '$pkt.tcp.len > 0');
      await vscode.startConfiguration('Replay');
      await vscode.stoppedIn('e1000_receive_iov');
      await vscode.evaluate('print $pkt.tcp.payload', '{0x48, 0x65, 0x6c, 0x6c, 0x6f,');
      await s.shot('replay');
    },
  );

  scene(
    'the rings are a picture that the keyboard reaches',
    () => REPLAY,
    async (s) => {
      const { vscode } = s;
      // The NIC has written the packet; the driver has not seen it yet.
      await vscode.addFunctionBreakpoint('e1000_rx_causes');
      await vscode.startConfiguration('Replay');
      await vscode.stoppedIn('e1000_rx_causes');
      await vscode.showPanes('Rings');
      const rings = vscode.page.frameLocator('iframe.webview').frameLocator('#active-frame').locator('#rings');
      const rx = rings.locator('svg[data-ring="rx"]');
      await rx.waitFor();
      await rings.locator('svg[data-ring="tx"]').waitFor();
      await rx.locator('[data-pointer="head"]').waitFor();
      const head = Number(/\d+/.exec((await rx.locator('[data-field="head"]').textContent()) ?? ''));
      assert.ok(head > 0, `a packet has been received, so the head is not ${head}`);
      assert.equal(await rx.locator(`[data-index="${head}"]`).getAttribute('data-owner'), 'nic');

      await rx.locator('[tabindex="0"]').focus();
      for (const key of ['h', 'ArrowLeft']) {
        await vscode.page.keyboard.press(key);
      }
      await s.shot('rings-selected');
      await vscode.page.keyboard.press('Enter');
      await vscode.tab(`Rx ${head - 1}.packet`).waitFor();
      await vscode.editorLine('Internet Protocol Version 4, Src: 10.0.2.2, Dst: 10.0.2.15').waitFor();
      await s.shot('rings');
    },
  );

  scene(
    'a breakpoint in the packet listing stops the replay at that packet',
    () => REPLAY,
    async (s) => {
      const { vscode } = s;
      await vscode.explorerMenu(CAPTURE, 'Open Packet Listing');
      await vscode.tab(LISTING).waitFor();
      await vscode.editorLine('10.0.2.2 10.0.2.15 TCP 58676 → 5556 [PSH, ACK] Seq=1 Ack=1').waitFor();
      await vscode.clickGutter(5);
      await vscode.breakpoints.waitFor();
      await s.shot('packets');
      await vscode.startConfiguration('Replay');
      await vscode.page.getByText('Paused on packet 5 of the capture').first().waitFor();
      await vscode.evaluate('print $pkt.tcp.ack', /\$1 = \d+/);
      await s.shot('packets-stopped');
    },
  );
});
