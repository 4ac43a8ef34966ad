/** "Open in Wireshark": packets that are shown, or that have passed in a session, in the other program. */
import { spawn } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { Sessions } from '../session/sessions.ts';
import type { CaptureEditors, Listing } from './capture-editor.ts';
import { findWireshark } from './wireshark-path.ts';

const SETTING = 'pktgdb.wiresharkPath';

export function openInWireshark(editors: CaptureEditors, sessions: Sessions): vscode.Disposable {
  return vscode.commands.registerCommand('pktgdb.openInWireshark', async () => {
    try {
      const file = editors.active ? await ofListing(editors.active) : await ofSession(sessions);
      if (file !== undefined) {
        await open(file);
      }
    } catch (error) {
      void vscode.window.showErrorMessage((error as Error).message);
    }
  });
}

/** The capture itself, or what its filter leaves of it. */
async function ofListing({ capture, document, shown }: Listing): Promise<string | undefined> {
  if (shown === undefined || document.model === undefined) {
    return capture.fsPath;
  }
  const file = await scratch();
  await writeFile(file, document.model.saved(shown));
  return file;
}

/** What has passed the user network so far. */
async function ofSession({ current }: Sessions): Promise<string | undefined> {
  if (current?.state !== 'stopped') {
    void vscode.window.showInformationMessage(vscode.l10n.t('Pause the machine first, or open a capture.'));
    return undefined;
  }
  const file = await scratch();
  await current.request('evaluate', { expression: `dump pcap ${file}`, context: 'repl' });
  return file;
}

async function scratch(): Promise<string> {
  return join(await mkdtemp(join(tmpdir(), 'pktgdb-')), 'packets.pcap');
}

/** Starts it; where it is not, or not on the user's own screen, offers to save the packets instead. */
async function open(file: string): Promise<void> {
  const named = vscode.workspace.getConfiguration().get<string>(SETTING)?.trim();
  const remote = vscode.env.remoteName !== undefined;
  const program = named || (remote ? undefined : findWireshark());
  if (program !== undefined) {
    const child = spawn(program, [file], { detached: true, stdio: 'ignore' });
    child.once('error', ({ message }) => void vscode.window.showErrorMessage(message));
    child.unref();
    return;
  }
  const why = remote
    ? vscode.l10n.t('This window is remote, and Wireshark would open on the other computer.')
    : vscode.l10n.t('Wireshark was not found.');
  const save = vscode.l10n.t('Save As...');
  const setting = vscode.l10n.t('Name Its Path');
  const answer = await vscode.window.showInformationMessage(why, save, setting);
  if (answer === setting) {
    await vscode.commands.executeCommand('workbench.action.openSettings', SETTING);
  } else if (answer === save) {
    const target = await vscode.window.showSaveDialog({ filters: { [vscode.l10n.t('Captures')]: ['pcap'] } });
    if (target !== undefined) {
      await vscode.workspace.fs.copy(vscode.Uri.file(file), target, { overwrite: true });
    }
  }
}
