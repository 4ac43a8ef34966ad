/** "Send a Packet...": a connection to the guest, a ping, a question for an address, a file. */
import { createReadStream } from 'node:fs';
import { connect } from 'node:net';
import { pipeline } from 'node:stream/promises';
import * as vscode from 'vscode';
import type { ConnectionsBody } from '../../adapter/dap/custom.ts';
import { isCaptureName } from '../captures/names.ts';
import type { Sessions, TrackedSession } from '../session/sessions.ts';
import { captureFrames, dnsQuery, type Forward, firstForward, PING } from './packets.ts';

interface Offer extends vscode.QuickPickItem {
  readonly send: () => Promise<void>;
}

export function sending(sessions: Sessions): vscode.Disposable {
  return vscode.commands.registerCommand('pktgdb.sendPacket', async () => {
    const { current } = sessions;
    if (current === undefined) {
      const start = vscode.l10n.t('Debug Packets');
      const text = vscode.l10n.t('There is no machine to send anything to.');
      if ((await vscode.window.showInformationMessage(text, start)) === start) {
        await vscode.commands.executeCommand('pktgdb.debugPackets');
      }
      return;
    }
    try {
      const forward = firstForward(await current.request<ConnectionsBody>('pktgdb/connections'));
      const picked = await vscode.window.showQuickPick(offers(current, forward), {
        title: vscode.l10n.t('Send a Packet'),
      });
      await picked?.send();
    } catch (error) {
      void vscode.window.showErrorMessage((error as Error).message);
    }
  });
}

function offers(session: TrackedSession, forward: Forward | undefined): Offer[] {
  const command = (expression: string) => async () => {
    await session.request('evaluate', { expression, context: 'repl' });
  };
  const text: Offer[] =
    forward === undefined
      ? []
      : [
          {
            label: `$(plug) ${vscode.l10n.t('Connect and Send a Text...')}`,
            description: `${forward.host}:${forward.port}`,
            detail: vscode.l10n.t('A TCP connection of this computer to the port that leads to the guest'),
            send: () => sendText(forward),
          },
        ];
  return [
    ...text,
    {
      label: `$(pulse) ${vscode.l10n.t('Ping the Guest')}`,
      detail: vscode.l10n.t('An ICMP echo request from the router to the NIC'),
      send: command(PING),
    },
    {
      label: `$(search) ${vscode.l10n.t('Query a Name...')}`,
      detail: vscode.l10n.t('A DNS query of the guest to the name server of the user network'),
      send: async () => {
        const title = vscode.l10n.t('Name to Ask For');
        const name = await vscode.window.showInputBox({ title, value: 'localhost' });
        if (name) {
          await command(dnsQuery(name))();
        }
      },
    },
    {
      label: `$(file) ${vscode.l10n.t('Send a File...')}`,
      detail: vscode.l10n.t('Its bytes over a connection; of a capture, its frames to the NIC'),
      send: () => sendFile(command, forward),
    },
  ];
}

async function sendText({ host, port }: Forward): Promise<void> {
  const value = 'Hello qemu Geust';
  const text = await vscode.window.showInputBox({ title: vscode.l10n.t('Text for {0}:{1}', host, port), value });
  if (text !== undefined) {
    // What a paused machine does not take yet waits in the socket.
    const socket = connect(port, host);
    socket.on('error', ({ message }) => void vscode.window.showErrorMessage(message));
    socket.resume();
    socket.end(`${text}\n`);
  }
}

async function sendFile(command: (line: string) => () => Promise<void>, forward: Forward | undefined): Promise<void> {
  const [file] = (await vscode.window.showOpenDialog({ openLabel: vscode.l10n.t('Send') })) ?? [];
  if (file === undefined) {
    return;
  }
  if (isCaptureName(file.path)) {
    await command(captureFrames(file.fsPath))();
  } else if (forward === undefined) {
    throw new Error(vscode.l10n.t('No port leads to the guest: the machine has no hostfwd.'));
  } else {
    await pipeline(createReadStream(file.fsPath), connect(forward.port, forward.host));
  }
}
