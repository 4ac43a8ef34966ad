/** Command scripts (`*.pktgdb`): starts the language client when the first one is open, and runs scripts. */
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import type { startClient } from './client.ts';

const LANGUAGE = 'pktgdb';

export function activateLanguage(context: vscode.ExtensionContext): void {
  context.subscriptions.push(vscode.commands.registerCommand('pktgdb.runScript', runScript));
  if (vscode.workspace.textDocuments.some(isScript)) {
    void start(context);
    return;
  }
  const opened = vscode.workspace.onDidOpenTextDocument((document) => {
    if (isScript(document)) {
      opened.dispose();
      void start(context);
    }
  });
  context.subscriptions.push(opened);
}

function isScript(document: vscode.TextDocument): boolean {
  return document.languageId === LANGUAGE;
}

/** The client is a bundle of its own, many times the size of the rest. */
async function start(context: vscode.ExtensionContext): Promise<void> {
  const load = createRequire(join(context.extensionPath, 'package.json'));
  const client = load('./dist/language.cjs') as { readonly startClient: typeof startClient };
  context.subscriptions.push(await client.startClient(context));
}

/** Starts a session that sources a script: `given` is its URI, else it is the one in the active editor. */
async function runScript(given: unknown): Promise<void> {
  const uri =
    typeof given === 'string'
      ? vscode.Uri.parse(given)
      : given instanceof vscode.Uri
        ? given
        : vscode.window.activeTextEditor?.document.uri;
  const document = uri && vscode.workspace.textDocuments.find((d) => d.uri.toString() === uri.toString());
  if (uri?.scheme !== 'file') {
    await vscode.window.showErrorMessage(
      vscode.l10n.t('Save the script as a file first; the debugger reads it from disk.'),
    );
    return;
  }
  if (document?.isDirty && !(await document.save())) {
    return;
  }
  const folder = vscode.workspace.getWorkspaceFolder(uri);
  await vscode.debug.startDebugging(folder, {
    type: 'pktgdb',
    request: 'launch',
    name: basename(uri.fsPath),
    initCommands: [`source ${uri.fsPath}`],
  });
}
