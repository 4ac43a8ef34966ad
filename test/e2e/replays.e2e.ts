/** Replays of captures of any two hosts: who is the guest, what the replay comes to, and where it differs. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCapture } from '../../adapter/packets/capture.ts';
import { concat, pcapHeader, pcapPacket, writePcap } from '../../adapter/packets/pcap.ts';
import { capture } from '../kit/paths.ts';
import { until } from '../kit/until.ts';
import { replayJson, said, scene } from './scene.ts';

/** Ethernet between 192.168.77.1, which opens a connection, and .2, a web server. */
const HTTP = readFileSync(capture('foreign/veth-http-small.pcap'));
const packets = readCapture(HTTP).packets;

/** Where a frame has its addresses: Ethernet's, IPv4's. */
const ADDRESSES = [
  [0, 6],
  [26, 4],
] as const;

/** A frame the other way round: who asked answers now. Checksums stay right. */
function reversed(frame: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(frame);
  for (const [at, length] of ADDRESSES) {
    copy.copyWithin(at, at + length, at + 2 * length);
    copy.set(frame.subarray(at, at + length), at + length);
  }
  return copy;
}

/** A capture in which each of two hosts opens one connection: it leaves open who the guest is. */
function bothOpen(): Uint8Array {
  const ip = packets.filter(({ data }) => data[12] === 8 && data[13] === 0);
  return writePcap([
    ...ip.map(({ tsSec, tsNsec, data }) => ({ tsSec, tsNsec, data })),
    ...ip.map(({ tsSec, tsNsec, data }) => ({ tsSec: tsSec + 2, tsNsec, data: reversed(data) })),
  ]);
}

/** A capture that takes a while to be read: one packet again and again. */
function long(): Uint8Array {
  const record = pcapPacket({ tsSec: 1, tsNsec: 0, data: packets.at(-1)!.data });
  return concat([pcapHeader(), Buffer.alloc(record.length * 15_000_000, record)]);
}

const LAUNCH = '.vscode/launch.json';

describe('replays', () => {
  scene(
    'ask who is the guest where the capture leaves it open, and again when another is to be chosen',
    () => ({ 'two.pcap': bothOpen(), [LAUNCH]: replayJson('two.pcap') }),
    async (s) => {
      const { vscode } = s;
      await vscode.pressStart('Replay');
      const first = vscode.item('192.168.77.1');
      await first.getByText('opens 1 of 2 connections, 24 packets').waitFor();
      await vscode.item('192.168.77.2').waitFor();
      await s.shot('guest-pick');
      await vscode.pick('192.168.77.2');
      await vscode.stoppedIn('main_loop_wait');
      await vscode.command('Debug Console: Focus on Debug Console View');
      await vscode.consoleLine('guest is 192.168.77.2 (chosen)').waitFor();
      await vscode.consoleLine('24 of 24 packets played').waitFor();
      await s.shot('replay-end');

      await vscode.command('Packet Debugger: Choose the Guest...');
      await vscode.item('is the guest now').waitFor();
      await s.shot('guest-again');
      await vscode.pick('192.168.77.1');
      await vscode.consoleLine('guest is 192.168.77.1 (chosen)').waitFor();
      await vscode.stoppedIn('main_loop_wait');
    },
  );

  scene(
    'stop at a function with the packet of a foreign capture, and stay at their end with the account',
    () => ({ 'page.pcap': HTTP, [LAUNCH]: replayJson('page.pcap') }),
    async (s) => {
      const { vscode } = s;
      await vscode.addFunctionBreakpoint('e1000_receive_iov');
      await vscode.setCondition('e1000_receive_iov', '$pkt.http.response.code == 200');
      await vscode.startConfiguration('Replay');
      await vscode.stoppedIn('e1000_receive_iov');
      await vscode.evaluate('print $pkt.ip.src', '192.168.77.2');
      await s.shot('replay-foreign');

      await vscode.continue();
      await vscode.stoppedIn('main_loop_wait');
      // The frames of the stop before stand there until VS Code has asked for these.
      const frames = vscode.page.locator('.debug-call-stack .monaco-list-row');
      await until(async () => (await frames.count()) === 3, 'the call stack is that of the end');
      assert.deepEqual(await vscode.callStack(), ['main_loop_wait', 'main_loop', 'main']);
      await vscode.consoleLine('12 of 14 packets played; 2 not played: 2 ARP of another network').waitFor();
      await vscode.evaluate('info replay', 'ARP of another network');
      await s.shot('replay-account');
      // Without a Wireshark on this screen, what has passed is saved.
      await vscode.command('Packet Debugger: Open in Wireshark');
      await vscode.answerNotification('Save As...');
      await vscode.saveAs(join(s.folder, 'passed.pcap'));
      const passed = await said(s.folder, 'passed.pcap', 'latin1');
      assert.ok(readCapture(Buffer.from(passed, 'latin1')).packets.length >= 12);
      await vscode.continue();
      await vscode.page.locator('.debug-toolbar').waitFor({ state: 'hidden' });
    },
  );

  scene(
    'stop where what is sent differs, show the captured packet, and open the difference at the end',
    () => ({
      'page.pcap': HTTP,
      [LAUNCH]: replayJson('page.pcap', { initCommands: ['break divergence form'] }),
    }),
    async (s) => {
      const { vscode } = s;
      await vscode.startConfiguration('Replay');
      await vscode.stoppedIn('slirp_output');
      await vscode.page.getByText('Paused: differs from packet 4').first().waitFor();
      await vscode.showPanes('Variables', 'Call Stack');
      await vscode.scrollTo('Variables', 'Captured packet');
      await vscode.page.keyboard.press('ArrowRight');
      await vscode.scrollTo('Variables', 'tcp =');
      await s.shot('captured-packet');

      await vscode.evaluate('info divergence', 'same bytes, other form');
      await vscode.command('Debug Console: Focus on Debug Console View');
      await vscode.page.keyboard.insertText('delete');
      await vscode.page.keyboard.press('Enter');
      await vscode.continue();
      await vscode.stoppedIn('main_loop_wait');
      await s.shot('divergences-offered');
      await vscode.page.locator('.notification-toast a').filter({ hasText: 'Divergences' }).click();
      await s.shot('divergences');
      await vscode.pick('185 bytes');
      await vscode.page.locator('.monaco-diff-editor .line-delete').first().waitFor();
      await s.shot('divergence-diff');
    },
  );

  scene(
    'show how far the capture is read, and can be given up',
    () => ({ 'long.pcap': long(), [LAUNCH]: replayJson('long.pcap') }),
    async (s) => {
      const { vscode } = s;
      await vscode.pressStart('Replay');
      const cancel = vscode.page.locator('.notification-toast a').filter({ hasText: 'Cancel' });
      // VS Code may not come to show it before all has been read; then it is the question that is given up.
      const question = vscode.item('192.168.77.1');
      await cancel.or(question).first().waitFor();
      if (await question.isVisible()) {
        await vscode.endSession();
        return;
      }
      // At once, as the reading may be over before a picture is taken.
      await cancel.click();
      await cancel.waitFor({ state: 'hidden' });
      await vscode.page.locator('.part.sidebar .monaco-progress-container.active').waitFor({ state: 'hidden' });
      await s.shot('reading-cancelled');
      assert.equal(await vscode.page.locator('.monaco-dialog-box').isVisible(), false);
    },
  );
});
