/** The picture of journeys: an editor with a lane for each part of the path, and a line for each packet. */
import * as vscode from 'vscode';
import type { JourneysBody } from '../../adapter/dap/custom.ts';
import type { Sessions } from '../session/sessions.ts';
import { showPage, stringsAttribute } from '../views/page.ts';
import { JOURNEY_STRINGS } from '../webview/strings.ts';
import { journeyRows } from './lanes.ts';
import type { FromPage, ToPage } from './messages.ts';

export function journeys(sessions: Sessions, extension: vscode.Uri): vscode.Disposable {
  return vscode.commands.registerCommand('pktgdb.showJourneys', () => show(sessions, extension));
}

async function show({ current }: Sessions, extension: vscode.Uri): Promise<void> {
  if (current?.state !== 'stopped') {
    void vscode.window.showInformationMessage(vscode.l10n.t('Pause the machine to see the journeys of its packets.'));
    return;
  }
  try {
    const title = vscode.l10n.t('Journeys of packets');
    const location = vscode.ProgressLocation.Notification;
    // Following packets executes history again, which takes as long as it was.
    const body = await vscode.window.withProgress({ location, title }, () =>
      current.request<JourneysBody>('pktgdb/journeys'),
    );
    const panel = vscode.window.createWebviewPanel('pktgdb.journeys', title, vscode.ViewColumn.Active, {
      retainContextWhenHidden: false,
    });
    panel.webview.onDidReceiveMessage((message: FromPage) => {
      if (message.type === 'ready') {
        const page: ToPage = { lanes: body.layers, rows: journeyRows(body) };
        void panel.webview.postMessage(page);
      } else {
        void Promise.resolve(current.request('pktgdb/goTo', { moment: message.moment })).catch((error: Error) =>
          vscode.window.showErrorMessage(error.message),
        );
      }
    });
    showPage(panel.webview, extension, {
      title,
      script: 'journeys.js',
      style: 'journeys.css',
      body: `<main id="journeys" ${stringsAttribute(JOURNEY_STRINGS)}></main>`,
    });
  } catch (error) {
    void vscode.window.showErrorMessage((error as Error).message);
  }
}
