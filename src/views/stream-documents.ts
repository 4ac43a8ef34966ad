/** Read-only documents with what a connection has said: both directions as text, as of when they were opened. */
import * as vscode from 'vscode';
import type { ConnectionView, ConversationsBody, StreamBody } from '../../adapter/dap/custom.ts';
import { streamOf } from '../breaking/conditions.ts';
import type { Sessions } from '../session/sessions.ts';
import { streamText } from './connection-model.ts';
import { TextDocuments } from './text-documents.ts';

export class StreamDocuments implements vscode.Disposable {
  readonly #sessions: Sessions;
  readonly #documents = new TextDocuments('pktgdb-stream');

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
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
        await this.#documents.show(`/${protocol} stream ${stream}.txt`, streamText(body));
      });
    } catch (error) {
      void vscode.window.showErrorMessage((error as Error).message);
    }
  }

  dispose(): void {
    this.#documents.dispose();
  }
}
