/** Breakpoints that are more than a line. */
import assert from 'node:assert/strict';
import { launchJson, scene, send } from './scene.ts';

const files = (port: number) => ({ '.vscode/launch.json': launchJson(port) });

describe('breakpoints', () => {
  scene('a function breakpoint of the Breakpoints view stops where the function begins', files, async (s) => {
    const { vscode } = s;
    await vscode.addFunctionBreakpoint('tcp_input');
    await vscode.startConfiguration('Debug packets');
    await vscode.guestSays('listening on');
    await send(s.port, 'Hello qemu Geust\n');
    await vscode.stoppedIn('tcp_input');
    await vscode.showPanes('Call Stack', 'Breakpoints');
    assert.deepEqual((await vscode.callStack()).slice(0, 3), ['tcp_input', 'ip_input', 'slirp_input']);
    await vscode.tab('tcp_input.ts').waitFor();
    await s.shot('function-breakpoint');
  });

  scene('a condition on $pkt lets other packets pass', files, async (s) => {
    const { vscode } = s;
    await vscode.addFunctionBreakpoint('e1000_receive_iov');
    await vscode.setCondition('e1000_receive_iov', '$pkt.tcp.dstport == 5556');
    await vscode.startConfiguration('Debug packets');
    // The guest has its address by now: DHCP's packets did not stop it.
    await vscode.guestSays('listening on');
    assert.equal(await vscode.stopped.isVisible(), false);
    await send(s.port, 'Hello qemu Geust\n');
    await vscode.stoppedIn('e1000_receive_iov');
    await vscode.evaluate('print $pkt.tcp.dstport', '= 5556');
    await s.shot('conditional-breakpoint');
  });
});
