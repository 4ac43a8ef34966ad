/** Captures in the editor: the packet listing and its commands. */
import * as vscode from 'vscode';
import type { PacketDetailsView } from '../packet/packet-view.ts';
import type { Sessions } from '../session/sessions.ts';
import { activeCapture } from './active.ts';
import { CAPTURE_EDITOR, CaptureEditors } from './capture-editor.ts';
import { CAPTURE_EXTENSIONS } from './names.ts';
import { editPacketBreakpoint, togglePacketBreakpoint } from './packet-breakpoints.ts';
import { packetCommands } from './packet-commands.ts';
import { StandingPacket } from './standing-packet.ts';
import { openInWireshark } from './wireshark.ts';

/** Registers the listing and its commands. */
export function captures(
  extension: vscode.Uri,
  sessions: Sessions,
  memory: vscode.Memento,
  details: PacketDetailsView,
): vscode.Disposable[] {
  const { registerCommand } = vscode.commands;
  const standing = new StandingPacket(sessions);
  const editors = new CaptureEditors(extension, standing, sessions);
  return [
    standing,
    openInWireshark(editors, sessions),
    editors,
    editors.onDidSelect(({ document, selected }) => details.select(document.model?.details(selected))),
    ...packetCommands(editors, sessions, memory),
    registerCommand('pktgdb.openPacketListing', openCommand),
    registerCommand('pktgdb.goToPacket', () => goToPacket(editors)),
    registerCommand('pktgdb.togglePacketBreakpoint', (where: unknown) =>
      atPacket(editors, where, togglePacketBreakpoint),
    ),
    registerCommand('pktgdb.editPacketBreakpoint', (where: unknown) => atPacket(editors, where, editPacketBreakpoint)),
  ];
}

/** From the explorer, an editor's menu, or the palette, which asks for a file. */
async function openCommand(given: unknown): Promise<void> {
  const capture = given instanceof vscode.Uri ? given : (activeCapture() ?? (await pick()));
  if (capture !== undefined) {
    await vscode.commands.executeCommand('vscode.openWith', capture, CAPTURE_EDITOR, { preview: false });
  }
}

async function pick(): Promise<vscode.Uri | undefined> {
  const found = await vscode.window.showOpenDialog({
    openLabel: vscode.l10n.t('Open Packet Listing'),
    filters: { [vscode.l10n.t('Captures')]: CAPTURE_EXTENSIONS },
  });
  return found?.[0];
}

async function goToPacket({ active }: CaptureEditors): Promise<void> {
  const answer = await vscode.window.showInputBox({
    title: vscode.l10n.t('Go to Packet'),
    prompt: vscode.l10n.t('The number of a packet.'),
    value: active && active.selected > 0 ? `${active.selected}` : '',
    validateInput: (text) => (/^\s*\d*\s*$/.test(text) ? undefined : vscode.l10n.t('That is no number.')),
  });
  const packet = Number(answer);
  if (packet > 0) {
    active?.reveal(packet);
  }
}

/** Does something with the packet that a context menu is about, or with the one that is selected. */
async function atPacket(
  { active }: CaptureEditors,
  where: unknown,
  action: (capture: vscode.Uri, packet: number) => void | Promise<void>,
): Promise<void> {
  const { packet = active?.selected ?? 0 } = (where ?? {}) as { readonly packet?: number };
  if (active !== undefined && packet > 0) {
    await action(active.capture, packet);
  }
}
