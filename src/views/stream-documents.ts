/** Read-only documents with what a connection has said: both directions as text, as of when they were opened. */
import * as vscode from 'vscode';
import type { ConnectionView, ConversationsBody, StreamBody } from '../../adapter/dap/custom.ts';
import { streamOf } from '../breaking/conditions.ts';
import type { Sessions } from '../session/sessions.ts';
import { streamText } from './connection-model.ts';

const SCHEME = 'pktgdb-stream';

export class StreamDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #sessions: Sessions;
  readonly #changes = new vscode.EventEmitter<vscode.Uri>();
  readonly #texts = new Map<string, string>();
  readonly #registration: vscode.Disposable;
  readonly onDidChange = this.#changes.event;

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
    this.#registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.toString()) ?? '';
  }

  /** Opens what a connection of the session has said so far. */
  async show(connection: ConnectionView): Promise<void> {
    const { current } = this.#sessions;
    if (current?.state !== 'stopped') {
      void vscode.window.showInformationMessage(vscode.l10n.t('Pause the machine to follow a connection.'));
      return;
    }
    const title = vscode.l10n.t('Following the connection');
    const location = vscode.ProgressLocation.Window;
    try {
      await vscode.window.withProgress({ location, title }, async () => {
        const { conversations } = await current.request<ConversationsBody>('pktgdb/conversations');
        const stream = streamOf(connection, conversations);
        if (stream === undefined) {
          throw new Error(vscode.l10n.t('No packet of this connection has been seen.'));
        }
        const protocol = connection.protocol.toLowerCase();
        const body = await current.request<StreamBody>('pktgdb/stream', { protocol, stream });
        const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${protocol} stream ${stream}.txt` });
        this.#texts.set(uri.toString(), streamText(body));
        this.#changes.fire(uri);
        await vscode.window.showTextDocument(uri, { preview: true });
      });
    } catch (error) {
      void vscode.window.showErrorMessage((error as Error).message);
    }
  }

  dispose(): void {
    this.#registration.dispose();
    this.#changes.dispose();
  }
}
