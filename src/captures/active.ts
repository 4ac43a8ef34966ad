/** The capture that the user looks at. */
import * as vscode from 'vscode';
import { isCaptureName } from './names.ts';

/** The capture in the active editor, whichever shows it. */
export function activeCapture(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  const uri = input instanceof vscode.TabInputText || input instanceof vscode.TabInputCustom ? input.uri : undefined;
  return uri !== undefined && isCaptureName(uri.path) ? uri : undefined;
}

/** Keeps the active listing open, if a file that is opened would take its place: somebody works with it. */
export async function keepActiveCapture(): Promise<void> {
  const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
  if (tab?.isPreview && tab.input instanceof vscode.TabInputCustom && isCaptureName(tab.input.uri.path)) {
    await vscode.commands.executeCommand('workbench.action.keepEditor');
  }
}
