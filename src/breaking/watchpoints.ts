/**
 * Watchpoints of the session, which VS Code does not let extensions add to its own list: the view that lists them, and
 * the ways to set one, on a register or on what the cursor of the editor is at.
 */
import * as vscode from 'vscode';
import type { WatchArguments, WatchpointsBody, WatchpointView } from '../../adapter/dap/custom.ts';
import { expressionAt } from '../editor/expression-at.ts';
import type { Sessions } from '../session/sessions.ts';

const CONTEXT = 'pktgdb.watchpoints';

export class WatchpointsView implements vscode.TreeDataProvider<WatchpointView>, vscode.Disposable {
  readonly #sessions: Sessions;
  readonly #changes = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.#changes.event;
  readonly #subscriptions: vscode.Disposable[];
  #watchpoints: readonly WatchpointView[] = [];

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
    this.#subscriptions = [
      vscode.window.registerTreeDataProvider('pktgdb.watchpoints', this),
      this.#changes,
      sessions.onDidChange(() => void this.#read()),
      vscode.commands.registerCommand('pktgdb.watchpoints.remove', (one: WatchpointView) => this.#remove(one)),
      vscode.commands.registerCommand('pktgdb.watchExpression', () => this.#watchSelected()),
    ];
  }

  /** Stops when the value of an expression changes; says why where it cannot. */
  async watch(args: WatchArguments): Promise<void> {
    const { current } = this.#sessions;
    try {
      const set = await current?.request<WatchpointView>('pktgdb/watch', args);
      await this.#read();
      if (set) {
        const text = vscode.l10n.t('The machine stops when {0} is written.', set.expression);
        vscode.window.setStatusBarMessage(`$(eye) ${text}`, 5000);
      }
    } catch (error) {
      void vscode.window.showErrorMessage((error as Error).message);
    }
  }

  getChildren(node?: WatchpointView): WatchpointView[] {
    return node === undefined ? [...this.#watchpoints] : [];
  }

  getTreeItem({ id, expression, access, condition, hits }: WatchpointView): vscode.TreeItem {
    const item = new vscode.TreeItem(expression);
    item.id = String(id);
    const words = {
      write: vscode.l10n.t('when it is written'),
      read: vscode.l10n.t('when it is read'),
      readWrite: vscode.l10n.t('when it is read or written'),
    };
    const more = [condition === '' ? '' : `if ${condition}`, hits === 0 ? '' : vscode.l10n.t('hits: {0}', hits)];
    item.description = [words[access], ...more].filter(Boolean).join(', ');
    item.iconPath = new vscode.ThemeIcon('eye');
    return item;
  }

  async #watchSelected(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (editor === undefined) {
      return;
    }
    const { document, selection } = editor;
    const line = document.lineAt(selection.active.line).text;
    const selected = document.getText(selection).trim();
    const expression = selected || expressionAt(line, selection.active.character)?.text;
    const frame = vscode.debug.activeStackItem;
    if (expression) {
      const frameId = frame instanceof vscode.DebugStackFrame ? { frameId: frame.frameId } : {};
      await this.watch({ expression, ...frameId });
    }
  }

  async #remove({ id }: WatchpointView): Promise<void> {
    await this.#sessions.current?.request('pktgdb/unwatch', { id }).catch(() => undefined);
    await this.#read();
  }

  async #read(): Promise<void> {
    const { current } = this.#sessions;
    try {
      const body = current && (await current.request<WatchpointsBody>('pktgdb/watchpoints'));
      this.#watchpoints = body?.watchpoints ?? [];
    } catch {
      this.#watchpoints = []; // the session has not begun, or is over
    }
    await vscode.commands.executeCommand('setContext', CONTEXT, this.#watchpoints.length > 0);
    this.#changes.fire(undefined);
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }
}
