/**
 * The client of the language server of command scripts.
 * It is a bundle of its own, loaded when the first script is opened.
 */
import { join } from 'node:path';
import type * as vscode from 'vscode';
import { LanguageClient, TransportKind } from 'vscode-languageclient/node';

/** Starts the server, on the Node that VS Code brings; disposing of the result stops it. */
export async function startClient(context: vscode.ExtensionContext): Promise<vscode.Disposable> {
  const run = { module: join(context.extensionPath, 'dist', 'server.js'), transport: TransportKind.ipc };
  const client = new LanguageClient(
    'pktgdb',
    'Packet Debugger scripts',
    { run, debug: { ...run, options: { execArgv: ['--nolazy', '--inspect=6009'] } } },
    { documentSelector: [{ language: 'pktgdb' }] },
  );
  await client.start();
  return { dispose: () => void client.dispose() };
}
