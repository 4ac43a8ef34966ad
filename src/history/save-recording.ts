/** Saves a session with its whole past, in a file that any packet tool reads. */
import * as vscode from 'vscode';
import type { SaveBody } from '../../adapter/dap/custom.ts';
import type { Sessions } from '../session/sessions.ts';

/** Asks for a file and saves the session there; the debugger tells how far it is. */
export async function saveRecording({ current }: Sessions): Promise<void> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const uri = await vscode.window.showSaveDialog({
    title: vscode.l10n.t('Save Recording'),
    filters: { pcapng: ['pcapng'] },
    ...(folder ? { defaultUri: vscode.Uri.joinPath(folder, 'recording.pcapng') } : {}),
  });
  if (uri === undefined || current === undefined) {
    return;
  }
  try {
    const { packets } = await current.request<SaveBody>('pktgdb/saveRecording', { file: uri.fsPath });
    void vscode.window.showInformationMessage(vscode.l10n.t('{0} packets and their past were saved.', packets));
  } catch (e) {
    void vscode.window.showErrorMessage((e as Error).message);
  }
}
