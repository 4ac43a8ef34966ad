/** The view Drops: packets that were given up, by reason; below each its packets, which history is searched for. */
import * as vscode from 'vscode';
import type { DropsBody } from '../../adapter/dap/custom.ts';
import { addBreakpoints } from '../breaking/breaking.ts';
import { dropBreakpoint } from '../breaking/conditions.ts';
import type { Sessions } from '../session/sessions.ts';
import { Refresher } from './refresher.ts';

const INTERVAL_MS = 1000;

type Reason = DropsBody['reasons'][number];
type DropNode =
  | { readonly kind: 'reason'; readonly reason: Reason }
  | { readonly kind: 'packet'; readonly reason: string; readonly drop: DropsBody['packets'][number] };

export class DropsView implements vscode.TreeDataProvider<DropNode>, vscode.Disposable {
  readonly #sessions: Sessions;
  readonly #changes = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.#changes.event;
  readonly #refresher = new Refresher(() => this.#read(), INTERVAL_MS);
  readonly #view: vscode.TreeView<DropNode>;
  readonly #subscriptions: vscode.Disposable[];
  #reasons: readonly Reason[] = [];
  #shown = '';

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
    this.#view = vscode.window.createTreeView('pktgdb.drops', { treeDataProvider: this, showCollapseAll: true });
    this.#subscriptions = [
      this.#view,
      this.#changes,
      this.#refresher,
      this.#view.onDidChangeVisibility(({ visible }) => this.#refresher.setVisible(visible)),
      sessions.onDidChange(() => this.#refresher.setState(sessions.current?.state ?? 'ended')),
      vscode.commands.registerCommand('pktgdb.drops.break', (node: DropNode) => {
        addBreakpoints([dropBreakpoint(node.kind === 'reason' ? node.reason.reason : node.reason)]);
      }),
      vscode.commands.registerCommand('pktgdb.drops.show', (node: DropNode) => this.#goTo(node)),
    ];
    this.#refresher.setVisible(this.#view.visible);
  }

  refresh(): void {
    this.#refresher.request();
  }

  async getChildren(node?: DropNode): Promise<DropNode[]> {
    if (node === undefined) {
      return this.#reasons.map((reason) => ({ kind: 'reason', reason }));
    }
    if (node.kind === 'packet') {
      return [];
    }
    const { reason } = node.reason;
    const body = await this.#sessions.current?.request<DropsBody>('pktgdb/drops', { reason }).catch(() => undefined);
    return (body?.packets ?? []).map((drop) => ({ kind: 'packet', reason, drop }));
  }

  getTreeItem(node: DropNode): vscode.TreeItem {
    const { None, Collapsed } = vscode.TreeItemCollapsibleState;
    if (node.kind === 'packet') {
      const { summary, ns } = node.drop;
      const item = new vscode.TreeItem(summary || vscode.l10n.t('no bytes'), None);
      item.description = `${(ns / 1e9).toFixed(6)} s`;
      item.contextValue = 'packet';
      return item;
    }
    const { reason, count, meaning, advice } = node.reason;
    const stopped = this.#sessions.current?.state === 'stopped';
    const item = new vscode.TreeItem(reason, stopped ? Collapsed : None);
    item.id = `${reason} ${stopped}`;
    item.description = `${count}  ${meaning}`;
    item.tooltip = [meaning, advice].filter(Boolean).join('\n\n');
    item.contextValue = 'reason';
    item.accessibilityInformation = { label: `${reason} ${count} ${meaning}` };
    return item;
  }

  async #goTo(node: DropNode): Promise<void> {
    if (node.kind === 'packet') {
      try {
        await this.#sessions.current?.request('pktgdb/goTo', { moment: `${node.drop.tick}:${node.drop.probe}` });
      } catch (error) {
        void vscode.window.showErrorMessage((error as Error).message);
      }
    }
  }

  async #read(): Promise<void> {
    const { current } = this.#sessions;
    let reasons: readonly Reason[] = [];
    try {
      if (current !== undefined && current.state !== 'ended') {
        ({ reasons } = await current.request<DropsBody>('pktgdb/drops', { countsOnly: true }));
      }
    } catch {
      return; // the session is ending; the next change reads again
    }
    const text = JSON.stringify([reasons, current?.state, this.#sessions.shownName]);
    if (text !== this.#shown) {
      this.#shown = text;
      this.#reasons = reasons;
      this.#view.message = reasons.length > 0 ? '' : vscode.l10n.t('No packet was dropped.');
      this.#view.description = this.#sessions.shownName;
      this.#changes.fire(undefined);
    }
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }
}
