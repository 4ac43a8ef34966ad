/** The capture that the user looks at. */
import * as vscode from 'vscode';
import { isCaptureName } from './names.ts';

/** The capture in the active editor, whichever shows it. */
export function activeCapture(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  const uri = input instanceof vscode.TabInputText || input instanceof vscode.TabInputCustom ? input.uri : undefined;
  return uri !== undefined && isCaptureName(uri.path) ? uri : undefined;
}
