/** Who wrote it last: history is asked, and the machine goes there. */
import * as vscode from 'vscode';
import type { QueryBody, QueryRowsEventBody, QueryRowView } from '../../adapter/dap/custom.ts';
import type { Sessions } from '../session/sessions.ts';
import { QUESTIONS } from './questions.ts';

/** Goes to the last write of an expression before the moment that is shown, or says that there is none. */
export async function goToLastWrite(sessions: Sessions, expression: string): Promise<void> {
  const { current } = sessions;
  let found: QueryRowView | undefined;
  const rows = sessions.onDidReceive(({ session, event, body }) => {
    if (session === current && event === 'pktgdb/queryRows') {
      const {
        id,
        rows: [row],
      } = body as QueryRowsEventBody;
      found = id === QUESTIONS.lastWrite ? row : found;
    }
  });
  try {
    const { failure } =
      (await current?.request<QueryBody>('pktgdb/query', {
        kind: 'last-write',
        text: expression,
        id: QUESTIONS.lastWrite,
      })) ?? {};
    if (found) {
      await current?.request('pktgdb/goTo', { moment: `${found.tick}:${found.probe}` });
    } else {
      const none = vscode.l10n.t('Nothing has written {0} before this moment.', expression);
      void vscode.window.showInformationMessage(failure || none);
    }
  } catch (error) {
    void vscode.window.showErrorMessage((error as Error).message);
  } finally {
    rows.dispose();
  }
}
