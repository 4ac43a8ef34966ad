/** Time travel: back from the end of a replay, in the past, and to the present again. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { capture } from '../kit/paths.ts';
import { scattered } from '../kit/random.ts';
import { launchJson, replayJson, scene } from './scene.ts';

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
      // Numbers are the capture's: what has passed the edge before is the guest's ARP.
      const before = vscode.statusItem('Past: after a packet that is not in the capture');
      await before.waitFor();
      await vscode.press('Go to the Next Packet');
      await vscode.statusItem('Past: after packet 3').waitFor();
      await vscode.press('Go Back to the Previous Packet');
      await before.click();
      await vscode.stoppedIn('main_loop_wait');
      await past.waitFor({ state: 'hidden' });
      await vscode.label('past', 'gone');
      await s.shot('history-back');
    },
  );

  scene(
    'tells at a drop who wrote a register, goes there, and comes back to a connection that is intact',
    (port) => ({ '.vscode/launch.json': downloadJson(port) }),
    async (s) => {
      const { vscode } = s;
      const bytes = scattered(300_000);
      const server = createServer({ allowHalfOpen: true }).listen(s.port, '127.0.0.1');
      const echoed = echoOf(server, bytes);
      await vscode.addFunctionBreakpoint('e1000_receive_iov');
      await vscode.setCondition('e1000_receive_iov', '$pkt.tcp.len > 0');
      await vscode.startConfiguration('Debug packets');
      await vscode.stoppedIn('e1000_receive_iov');
      await vscode.evaluate('monitor set_link user.0 off', 'monitor set_link user.0 off');
      await vscode.removeBreakpoint('e1000_receive_iov');
      await vscode.addFunctionBreakpoint('drop');
      await vscode.showPanes('Call Stack', 'Breakpoints');
      await vscode.continue();
      await vscode.stoppedIn('drop');
      const past = vscode.statusItem(/Past: after packet \d+/);

      // A row of the Debug Console: one click goes to its moment.
      await vscode.evaluate('last-write $RDT', /in set_rdt \(\)/);
      await s.shot('who-wrote-it-row');
      await vscode.consoleSource(/in set_rdt \(\)/).click();
      await vscode.stoppedIn('set_rdt');
      await past.waitFor();
      await vscode.label('past: after packet ');
      assert.equal(await vscode.tab('Going to').count(), 0);
      await s.shot('who-wrote-it');
      await vscode.press('Step Back');
      await vscode.stoppedIn('e1000_mmio_write');
      await past.waitFor();
      await vscode.press('Step Into');
      await vscode.stoppedIn('set_rdt');
      await vscode.press('Back to the Present');
      await vscode.stoppedIn('drop');
      await past.waitFor({ state: 'hidden' });

      // The same by the row of a register.
      await vscode.showView('Registers');
      await vscode.contextMenu(vscode.row('Registers', 'RDT'), 'Go Back to the Last Write');
      await vscode.stoppedIn('set_rdt');
      await past.waitFor();
      await s.shot('who-wrote-it-register');
      await vscode.press('Back to the Present');
      await vscode.stoppedIn('drop');

      await vscode.evaluate('monitor set_link user.0 on', 'monitor set_link user.0 on');
      await vscode.removeBreakpoint('drop');
      await vscode.continue();
      assert.ok((await echoed).equals(bytes));
      server.close();
    },
  );

  scene(
    'stops where a value changes: a register of its view, and a variable',
    () => ({ 'page.pcap': HTTP, '.vscode/launch.json': replayJson('page.pcap') }),
    async (s) => {
      const { vscode } = s;
      await vscode.addFunctionBreakpoint('tcp_output');
      await vscode.startConfiguration('Replay');
      await vscode.stoppedIn('tcp_output');
      await vscode.removeBreakpoint('tcp_output');
      await vscode.showView('Registers');
      await vscode.contextMenu(vscode.row('Registers', 'RDH'), 'Break on Value Change');
      await vscode.showPanes('Variables', 'Call Stack', 'Watchpoints');
      await vscode.row('Watchpoints', '$RDH').waitFor();
      await vscode.expand(vscode.variable('tp'));
      await vscode.contextMenu(vscode.variable('t_state'), 'Break on Value Change');
      const paused = (where: RegExp): Promise<void> => vscode.page.getByText(where).first().waitFor();
      await vscode.continue();
      await paused(/Paused on data breakpoint, \$RDH: \d+ -> \d+/);
      await s.shot('value-change-register');
      await vscode.continue();
      await paused(/Paused on data breakpoint, .*t_state: \d+ -> \d+/);
      await s.shot('value-change-variable');
      // Back to before this write, then to who wrote the other: no hit is counted on the way.
      await vscode.press('Reverse');
      await paused(/Paused on data breakpoint, .*t_state: 4 -> 3/);
      await vscode.press('Reverse');
      await paused(/Paused on data breakpoint, \$RDH/);
      await vscode.statusItem(/Past: after packet \d+/).waitFor();
      await s.shot('value-change-reverse');
    },
  );
});

/** The launch.json of a machine whose guest downloads from a port of the host, and sends back what it got. */
function downloadJson(port: number): string {
  const args = ['-netdev', 'user,id=user.0', '-device', 'e1000,netdev=user.0'];
  return launchJson(port, { args, guestCommands: [`nc 10.0.2.2 ${port} > got; nc 10.0.2.2 ${port} < got`] });
}

/** What a server gets with its second connection, when it has answered the first one. */
async function echoOf(server: Server, bytes: Buffer): Promise<Buffer> {
  const [first] = await once(server, 'connection');
  (first as Socket).end(bytes);
  const [second] = await once(server, 'connection');
  return buffer(second as Socket);
}
