/** What can be done with a packet of a listing: run or go there, show its stream, copy a filter, save what is shown. */
import { writeFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import { tracePath } from '../replays/model.ts';
import type { Sessions, TrackedSession } from '../session/sessions.ts';
import type { CaptureEditors, Listing } from './capture-editor.ts';
import type { TimeFormat } from './messages.ts';

/** Where the format of times is kept. */
const TIME_FORMAT = 'listing.timeFormat';

export function packetCommands(
  editors: CaptureEditors,
  sessions: Sessions,
  memory: vscode.Memento,
): vscode.Disposable[] {
  const { registerCommand } = vscode.commands;
  const at = (action: (listing: Listing, packet: number) => unknown) => async (where: unknown) => {
    const { packet = editors.active?.selected ?? 0 } = (where ?? {}) as { readonly packet?: number };
    if (editors.active !== undefined && packet > 0) {
      await action(editors.active, packet);
    }
  };
  editors.timeFormat = memory.get<TimeFormat>(TIME_FORMAT, 'first');
  return [
    registerCommand(
      'pktgdb.runToPacket',
      at(({ capture }, packet) => runTo(sessions, capture, packet)),
    ),
    registerCommand(
      'pktgdb.goToPacketInHistory',
      at(({ capture }, packet) => goTo(sessions, capture, packet)),
    ),
    registerCommand(
      'pktgdb.followStream',
      at((listing, packet) => listing.useFilter(listing.document.model?.streamFilter(packet) ?? '')),
    ),
    registerCommand(
      'pktgdb.copyAsFilter',
      at(({ document }, packet) => vscode.env.clipboard.writeText(document.model?.conversationFilter(packet) ?? '')),
    ),
    registerCommand('pktgdb.savePackets', () => editors.active && save(editors.active)),
    registerCommand('pktgdb.listing.timeFormat', () => askTimeFormat(editors, memory)),
  ];
}

/** The session that replays a capture, if it stands still; says what is missing. */
function standing({ current }: Sessions, capture: vscode.Uri): TrackedSession | undefined {
  const replays = current && tracePath(current.session.configuration) === capture.fsPath;
  if (replays && current.state === 'stopped') {
    return current;
  }
  void vscode.window.showInformationMessage(
    replays
      ? vscode.l10n.t('Pause the replay first.')
      : vscode.l10n.t('Replay this capture first: press F5 in its listing.'),
  );
  return undefined;
}

/** Runs on until the packet enters the machine; starts the replay if there is none. */
async function runTo(sessions: Sessions, capture: vscode.Uri, packet: number): Promise<void> {
  const { current } = sessions;
  const command = `tbreak -packet ${packet}`;
  if (current === undefined) {
    const initCommands = [command];
    await vscode.commands.executeCommand('pktgdb.replayCapture', capture, initCommands);
    return;
  }
  const session = standing(sessions, capture);
  await guarded(async () => {
    await session?.request('evaluate', { expression: command, context: 'repl' });
    await session?.request('continue', { threadId: 1 });
  });
}

async function goTo(sessions: Sessions, capture: vscode.Uri, packet: number): Promise<void> {
  const session = standing(sessions, capture);
  await guarded(() => session?.request('pktgdb/goTo', { moment: `packet ${packet}` }));
}

async function guarded(action: () => Promise<unknown> | undefined): Promise<void> {
  try {
    await action();
  } catch (error) {
    void vscode.window.showErrorMessage((error as Error).message);
  }
}

/** Writes the packets that are shown to a file. */
async function save({ document, shown }: Listing): Promise<void> {
  const target = await vscode.window.showSaveDialog({
    saveLabel: vscode.l10n.t('Save Packets'),
    filters: { [vscode.l10n.t('Captures')]: ['pcap'] },
  });
  if (target && document.model) {
    await guarded(() => writeFile(target.fsPath, document.model?.saved(shown) ?? ''));
  }
}

async function askTimeFormat(editors: CaptureEditors, memory: vscode.Memento): Promise<void> {
  const items: (vscode.QuickPickItem & { readonly format: TimeFormat })[] = [
    { format: 'first', label: vscode.l10n.t('Seconds Since the First Packet') },
    { format: 'previous', label: vscode.l10n.t('Seconds Since the Packet Before') },
    { format: 'day', label: vscode.l10n.t('Time of Day') },
    { format: 'date', label: vscode.l10n.t('Date and Time of Day') },
  ];
  const picked = await vscode.window.showQuickPick(items, { title: vscode.l10n.t('Time Column') });
  if (picked) {
    editors.timeFormat = picked.format;
    await memory.update(TIME_FORMAT, picked.format);
  }
}
