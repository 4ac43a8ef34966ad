/** Replays of captures, and what can be looked at while they are stopped. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCapture } from '../../adapter/packets/capture.ts';
import { concat, pcapHeader, pcapPacket, writePcap } from '../../adapter/packets/pcap.ts';
import { capture } from '../kit/paths.ts';
import { fakeProgram, replayJson, said, scene } from './scene.ts';

const CAPTURE = '02-hello.pcap';

const REPLAY = { '.vscode/launch.json': replayJson(CAPTURE) };

/** Pings, one of which has a wrong checksum: the replay drops it, and sends no answer to it. */
function brokenPing(): Uint8Array {
  const packets = readCapture(readFileSync(capture('03-ping.pcap'))).packets.map((p) => ({
    ...p,
    data: p.data.slice(),
  }));
  packets[6]!.data[50]! ^= 0xff;
  return writePcap(packets);
}

const MANY = 1_000_000;

/** A capture of one connection with very many segments. */
function manyPackets(): Uint8Array {
  const [first, ...others] = readCapture(readFileSync(capture(CAPTURE))).packets.filter(({ data }) => data[23] === 6);
  const record = pcapPacket(others.at(-1)!);
  return concat([pcapHeader(), pcapPacket(first!), Buffer.alloc(record.length * (MANY - 1), record)]);
}

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
      const rings = await vscode.rings();
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
    'a click on a capture lists its packets, and F5 stops the replay at the one whose margin was clicked',
    () => ({}),
    async (s) => {
      const { vscode } = s;
      await vscode.openFromExplorer(CAPTURE);
      const listing = vscode.listing;
      await listing.packet(6).getByText('58676 → 5556 [PSH, ACK] Seq=1 Ack=1').waitFor();
      await listing.clickMargin(5);
      await listing.breakpoint(5).waitFor();
      await s.shot('packets');
      await vscode.command('View: Reopen Editor With...');
      await vscode.item('Text Editor').waitFor();
      await vscode.item('Packet Listing').waitFor();
      await vscode.page.keyboard.press('Escape');

      await vscode.tab(CAPTURE).click();
      await vscode.page.keyboard.press('F5');
      await vscode.page.getByText('Paused on packet 5 of the capture').first().waitFor();
      await vscode.stoppedIn('slirp_output');
      await vscode.tab(CAPTURE).click();
      await listing.stopped(5).getByText('58676 → 5556 [ACK]').waitFor();
      await s.shot('packets-stopped');

      await listing.clickMargin(5);
      await listing.breakpoint(5).waitFor({ state: 'hidden' });
      await vscode.continue();
      await vscode.page.getByText('All packets have been played').first().waitFor();
      await listing.stopped(5).waitFor({ state: 'detached' });
    },
  );

  scene(
    'the keyboard moves through the listing, sets breakpoints, and goes to a packet',
    () => ({ 'long.pcap': manyPackets() }),
    async (s) => {
      const { vscode } = s;
      await vscode.openFromExplorer('long.pcap');
      const listing = vscode.listing;
      await listing.packet(1).click();
      await vscode.page.keyboard.press('End');
      await listing.selected(MANY).getByText('Seq=19 Ack=1').waitFor();
      await vscode.page.keyboard.press('PageUp');
      await vscode.page.keyboard.press('F9');
      await s.shot('packets-end');

      await vscode.page.keyboard.press('Control+G');
      await vscode.answer('700000');
      await listing.selected(700_000).getByText('Seq=19 Ack=1').waitFor();
      await listing.menu(700_000, 'Edit Condition of Breakpoint...');
      await vscode.answer('$pkt.tcp.len > 0');
      await listing.breakpoint(700_000).waitFor();
      await s.shot('packets-condition');
    },
  );

  scene(
    'a damaged capture says so above its packets, and a file that is none in their place',
    () => ({ 'cut.pcap': readFileSync(capture(CAPTURE)).subarray(0, 300), 'text.pcap': 'hello, this is text' }),
    async (s) => {
      const { vscode } = s;
      await vscode.openFromExplorer('cut.pcap');
      await vscode.listing.frame.getByText('truncated capture: it ends at byte 300').waitFor();
      await vscode.listing.packet(3).waitFor();
      await s.shot('packets-damaged');
      await vscode.openFromExplorer('text.pcap');
      await vscode.listing.frame.getByText('not a capture').waitFor();
      await s.shot('packets-none');
    },
  );

  scene(
    'a filter shows the packets that match, or what is wrong about it, and the view Packet shows what is selected',
    () => ({ 'page.pcap': readFileSync(capture('foreign/veth-http-small.pcap')) }),
    async (s) => {
      const { vscode } = s;
      await vscode.openFromExplorer('page.pcap');
      const { listing } = vscode;
      await listing.packet(1).waitFor();
      await listing.filter('tcp.flags.syn == 1 &&');
      await listing.frame.locator('.refused #filter-says').waitFor();
      await s.shot('packets-filter-wrong');
      await listing.filter('http || arp');
      await listing.frame.getByText(/^\d+ of 14 packets$/).waitFor();
      await s.shot('packets-filter');

      await listing.filter('');
      await listing.menu(6, 'Format of Times...');
      await vscode.pick('Time of Day');
      await listing
        .packet(6)
        .getByText(/^\d\d:\d\d:\d\d\.\d+$/)
        .waitFor();
      await listing.menu(6, 'Follow Stream');
      await listing.frame.getByText(/^\d+ of 14 packets$/).waitFor();
      await listing.packet(6).click();
      await vscode.command('Packet Debugger: Focus on Packet View');
      const packet = await vscode.packet();
      await packet.line('Transmission Control Protocol').click();
      await packet.marked('Transmission Control Protocol').waitFor();
      await vscode.page.keyboard.press('ArrowRight');
      await packet.line('Source Port').waitFor();
      await packet.byte(14).click();
      await packet.marked('0100 .... = Version: 4').waitFor();
      await s.shot('packet-view');

      await listing.packet(7).click();
      await packet.title(/^7: /).waitFor();
    },
  );

  scene(
    'the margin says what the replay dropped and did not send, and menus run, go back, copy, save and open elsewhere',
    (_port, folder) => ({
      'ping.pcap': brokenPing(),
      '.vscode/settings.json': JSON.stringify({ 'pktgdb.wiresharkPath': fakeProgram(folder, 'wireshark').path }),
    }),
    async (s) => {
      const { vscode } = s;
      const { listing } = vscode;
      await vscode.openFromExplorer('ping.pcap');
      await listing.packet(9).waitFor();
      await vscode.editorAction('Replay a Capture...');
      await vscode.stoppedIn('e1000_receive_iov');
      await vscode.tab('ping.pcap').click();
      await listing.menu(9, 'Run to This Packet');
      await vscode.stoppedIn('trace_xmit_frame');
      await vscode.tab('ping.pcap').click();
      await listing.stopped(9).waitFor();
      await vscode.continue();
      await vscode.page.getByText('All packets have been played').first().waitFor();
      await vscode.tab('ping.pcap').click();
      for (const [number, kind] of [
        [7, 'drop'],
        [8, 'divergence'],
        [19, 'drop'],
      ] as const) {
        await listing.mark(number, kind).waitFor();
      }
      await s.shot('packets-marks');

      await listing.menu(3, 'Go to This Packet in History');
      await vscode.statusItem(/Past: after (a )?packet/).waitFor();
      await vscode.stoppedIn('trace_xmit_frame');
      await vscode.tab('ping.pcap').click();
      await listing.stopped(3).waitFor();
      await listing.mark(7, 'drop').waitFor();
      await listing.menu(3, 'Copy as Filter');
      await listing.filterField.focus();
      await listing.filterField.press('Control+V');
      await listing.filterField.press('Enter');
      await listing.frame.getByText('18 of 20 packets').waitFor();
      await listing.menu(3, 'Open in Wireshark');
      assert.equal(readCapture(readFileSync((await said(s.folder, 'wireshark.said')).trim())).packets.length, 18);
      await listing.menu(3, 'Save Shown Packets...');
      await vscode.saveAs(join(s.folder, 'shown.pcap'));
      assert.equal(readCapture(Buffer.from(await said(s.folder, 'shown.pcap', 'latin1'), 'latin1')).packets.length, 18);
    },
  );
});
