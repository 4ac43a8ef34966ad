/** Guests in QEMU: a notification has the words for their command lines, to be copied. */
import * as vscode from 'vscode';
import type { QemuEventBody } from '../../adapter/dap/custom.ts';
import type { Sessions } from '../session/sessions.ts';

/** Offers the words when a machine waits for its guests. */
export function offerQemuWords(sessions: Sessions): vscode.Disposable {
  return sessions.onDidReceive(({ event, body }) => {
    if (event === 'pktgdb/qemu') {
      (body as QemuEventBody).words.forEach((words, i, all) => void offer(words, all.length > 1 ? ` ${i + 1}` : ''));
    }
  });
}

async function offer(words: string, guest: string): Promise<void> {
  const copy = vscode.l10n.t('Copy');
  const text = vscode.l10n.t("Add to the command line of the guest's QEMU{0}: {1}", guest, words);
  if ((await vscode.window.showInformationMessage(text, copy)) === copy) {
    await vscode.env.clipboard.writeText(words);
  }
}
