/** The panel "Packet Debugger": registers, rings, connections, drops, and what their rows offer; in three themes. */
import { launchJson, scene, send } from './scene.ts';

describe('panel', () => {
  scene(
    'comes forward at the first stop, and its rows and buttons do what they say',
    (port) => ({ '.vscode/launch.json': launchJson(port, { initCommands: ['tbreak tcp_input'] }) }),
    async (s) => {
      const { vscode } = s;
      await vscode.startConfiguration('Debug packets');
      // The hint after the start names the port, whichever it is, and what to do.
      await vscode.page.getByText(`then send something to 127.0.0.1:${s.port}`).first().waitFor();
      await s.shot('hint');
      await vscode.guestSays('listening on');

      // Send a packet: the connection of README.
      await vscode.command('Packet Debugger: Send a Packet...');
      await s.shot('send');
      await vscode.pick('Connect and Send a Text...');
      await vscode.answer('Hello qemu Geust');
      await vscode.stoppedIn('tcp_input');
      await vscode.row('Registers', 'RDH').waitFor();
      await s.shot('panel-dark');

      // A register that is in a closed group is found, pinned, and stops the machine when it is written.
      await vscode.find('RADV');
      await vscode.hoverAction('Registers', 'RADV', 'Pin');
      await vscode.command('Packet Debugger: Break on Register Change...');
      await vscode.answerPick('RDH', /^RDH/);
      await vscode.showPanes('Call Stack', 'Watchpoints');
      await vscode.row('Watchpoints', '$RDH').waitFor();
      await vscode.continue();
      await vscode.page
        .getByText(/Paused on data breakpoint, \$RDH: \d+ -> \d+/)
        .first()
        .waitFor();
      await vscode
        .row('Registers', 'RDH')
        .getByText(/^0x. → 0x./)
        .waitFor();
      await s.shot('panel-changed');
      await vscode.hoverAction('Watchpoints', '$RDH', 'Remove Watchpoint');

      // A connection's row: break on it, follow it.
      await vscode.showView('Connections');
      const row = vscode
        .rowLike('Connections', /→ 10\.0\.2\.15:5556/)
        .filter({ hasText: /ESTABLISHED|SYN/ })
        .first();
      await row.hover();
      await row.locator('a.action-label[aria-label="Break on This Connection"]').click();
      await vscode.showPanes('Call Stack', 'Breakpoints');
      await vscode
        .rowLike('Breakpoints', /slirp_output/)
        .first()
        .waitFor();
      await s.shot('connections');
      await vscode.continue();
      await vscode.stoppedIn('slirp_output');
      await vscode.showView('Connections');
      await row.hover();
      await row.locator('a.action-label[aria-label="Follow"]').click();
      await vscode.tab('tcp stream 0.txt').waitFor();
      await s.shot('followed');
      await row.hover();
      await row.locator('a.action-label[aria-label="Close"]').click();
      await row.waitFor({ state: 'hidden' });

      // Function and drop, from pickers.
      await vscode.command('Packet Debugger: Break on Drop...');
      await vscode.pick(/^RX_FILTER/);
      await vscode.command('Packet Debugger: Break on Function...');
      await vscode.answerPick('e1000_send_packet', /^e1000_send_packet/);
      await vscode.showPanes('Breakpoints');
      await vscode
        .rowLike('Breakpoints', /e1000_send_packet/)
        .first()
        .waitFor();
      await s.shot('pickers');
    },
  );

  scene(
    'two sessions have names that tell them apart, and the second one a port of its own',
    () => ({}),
    async (s) => {
      const { vscode } = s;
      await vscode.command('Packet Debugger: Debug Packets');
      await vscode.guestSays('listening on');
      await vscode.command('Packet Debugger: Debug Packets');
      await vscode.showDebug();
      await vscode
        .rowLike('Call Stack', /Debug packets 2/)
        .first()
        .waitFor();
      await s.shot('two-sessions');
      await vscode.command('Debug: Stop');
    },
  );

  for (const [name, theme] of [
    ['light', 'Default Light Modern'],
    ['contrast', 'Default High Contrast'],
  ]) {
    scene(
      `has the colours of a theme: ${name}`,
      (port) => ({
        '.vscode/launch.json': launchJson(port, { initCommands: ['tbreak tcp_input'] }),
        '.vscode/settings.json': JSON.stringify({ 'workbench.colorTheme': theme }),
      }),
      async (s) => {
        const { vscode } = s;
        await vscode.openFromExplorer('02-hello.pcap');
        await vscode.listing.filter('tcp.flags.syn == 1 &&');
        await vscode.listing.frame.locator('.refused #filter-says').waitFor();
        await vscode.listing.clickMargin(5);
        await vscode.listing.packet(6).click();
        await vscode.command('Packet Debugger: Focus on Packet View');
        await (await vscode.packet()).line('Transmission Control Protocol').click();
        await s.shot(`packets-${name}`);
        await vscode.listing.packet(2).locator('.info').hover();
        await vscode.listing.frame.locator('#hover').getByText('Address Resolution Protocol').first().waitFor();
        await vscode.page.screenshot({ path: s.path(`hover-${name}`) });
        await vscode.command('View: Close All Editors');
        await vscode.startConfiguration('Debug packets');
        await vscode.guestSays('listening on');
        await send(s.port, 'Hello qemu Geust\n');
        await vscode.stoppedIn('tcp_input');
        await vscode.row('Registers', 'RDH').waitFor();
        const rings = await vscode.rings();
        await rings.locator('svg[data-ring="tx"]').waitFor();
        await s.shot(`panel-${name}`);
        await vscode.evaluate('print $pkt.tcp.dstport', '= ');
        await vscode.evaluate('iov', /No symbol "iov"/);
        await s.shot(`console-${name}`);
        await vscode.showView('Connections');
        await vscode.showView('Drops');
        await s.shot(`views-${name}`);
      },
    );
  }
});
