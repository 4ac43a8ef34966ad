/**
 * Rows of queries in the Debug Console lead to their moments. VS Code lets a line of output name a source, and no more:
 * it is a document of our own, which is closed as soon as it is shown, as the stop there shows the line.
 */
import * as vscode from 'vscode';
import type { MomentScheme } from '../../adapter/dap/custom.ts';

const MOMENT_SCHEME: MomentScheme = 'pktgdb-moment';

export class MomentLinks implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #goTo: (moment: string) => Promise<void>;
  readonly #subscriptions: readonly vscode.Disposable[];

  constructor(goTo: (moment: string) => Promise<void>) {
    this.#goTo = goTo;
    this.#subscriptions = [
      vscode.workspace.registerTextDocumentContentProvider(MOMENT_SCHEME, this),
      vscode.window.onDidChangeActiveTextEditor((editor) => void this.#shown(editor?.document.uri)),
    ];
  }

  provideTextDocumentContent({ query }: vscode.Uri): string {
    return vscode.l10n.t('Going to tick {0}...', query);
  }

  async #shown(uri: vscode.Uri | undefined): Promise<void> {
    if (uri?.scheme === MOMENT_SCHEME) {
      await vscode.window.tabGroups.close(tabsOf(MOMENT_SCHEME));
      await this.#goTo(uri.query);
    }
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }
}

function tabsOf(scheme: string): vscode.Tab[] {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  return tabs.filter(({ input }) => input instanceof vscode.TabInputText && input.uri.scheme === scheme);
}
