/** A divergence in the diff editor: the captured packet on the left, what was sent on the right. */
import * as vscode from 'vscode';
import type { DivergenceBody } from '../../adapter/dap/custom.ts';
import type { TrackedSession } from '../session/sessions.ts';
import type { DivergenceRow } from './model.ts';

const SCHEME = 'pktgdb-divergence';

export class DivergenceEditor implements vscode.TextDocumentContentProvider, vscode.Disposable {
  /** Texts of the documents that are open. */
  readonly #texts = new Map<string, string>();
  readonly #subscriptions: readonly vscode.Disposable[];

  constructor() {
    this.#subscriptions = [
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#texts.delete(uri.toString())),
    ];
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.toString()) ?? vscode.l10n.t('The replay is over.');
  }

  async open(session: TrackedSession, { index, label }: DivergenceRow): Promise<void> {
    let both: DivergenceBody;
    try {
      both = await session.request<DivergenceBody>('pktgdb/divergence', { index });
    } catch (error) {
      await vscode.window.showErrorMessage((error as Error).message);
      return;
    }
    const document = (side: keyof DivergenceBody): vscode.Uri => {
      const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${session.session.id}/${index}/${side}.txt` });
      this.#texts.set(uri.toString(), both[side]);
      return uri;
    };
    const title = vscode.l10n.t('{0} (captured ↔ sent)', label);
    await vscode.commands.executeCommand('vscode.diff', document('captured'), document('sent'), title);
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }
}
