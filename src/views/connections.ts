/** The view Connections: what the monitor's `info usernet` and `info neighbors` know. */
import * as vscode from 'vscode';
import type { ConnectionsBody, ConnectionView } from '../../adapter/dap/custom.ts';
import { addBreakpoints } from '../breaking/breaking.ts';
import { closeCommand, connectionBreakpoints } from '../breaking/conditions.ts';
import type { Sessions } from '../session/sessions.ts';
import { type ConnectionNode, connectionContext, connectionTree } from './connection-model.ts';
import { Refresher } from './refresher.ts';
import { StreamDocuments } from './stream-documents.ts';

/** The machine itself answers, so it is asked less often than its memory is read. */
const INTERVAL_MS = 1000;

const ICONS = { forwards: 'arrow-swap', sockets: 'plug', neighbors: 'list-flat' } as const;

export class ConnectionsView implements vscode.TreeDataProvider<ConnectionNode>, vscode.Disposable {
  readonly #sessions: Sessions;
  readonly #changes = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.#changes.event;
  readonly #view: vscode.TreeView<ConnectionNode>;
  readonly #streams: StreamDocuments;
  readonly #refresher = new Refresher(() => this.#read(), INTERVAL_MS);
  readonly #subscriptions: vscode.Disposable[];
  #roots: readonly ConnectionNode[] = [];
  #shown = '';

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
    this.#view = vscode.window.createTreeView('pktgdb.connections', { treeDataProvider: this, showCollapseAll: true });
    this.#streams = new StreamDocuments(sessions);
    const command = (name: string, run: (connection: ConnectionView) => unknown): vscode.Disposable =>
      vscode.commands.registerCommand(`pktgdb.connections.${name}`, ({ connection }: ConnectionNode) =>
        connection ? run(connection) : undefined,
      );
    this.#subscriptions = [
      this.#view,
      this.#streams,
      command('break', (connection) => addBreakpoints(connectionBreakpoints(connection) ?? [])),
      command('follow', (connection) => this.#streams.show(connection)),
      command('close', (connection) => this.#close(connection)),
      this.#changes,
      this.#refresher,
      this.#view.onDidChangeVisibility(({ visible }) => this.#refresher.setVisible(visible)),
      sessions.onDidChange(() => this.#refresher.setState(sessions.current?.state ?? 'ended')),
    ];
    this.#refresher.setVisible(this.#view.visible);
  }

  refresh(): void {
    this.#refresher.request();
  }

  getChildren(node?: ConnectionNode): ConnectionNode[] {
    return [...(node?.children ?? this.#roots)];
  }

  getTreeItem(node: ConnectionNode): vscode.TreeItem {
    const { None, Expanded } = vscode.TreeItemCollapsibleState;
    const item = new vscode.TreeItem(node.label, node.children.length > 0 ? Expanded : None);
    item.id = node.id;
    item.description = node.text;
    item.tooltip = node.tooltip;
    item.contextValue = connectionContext(node);
    item.accessibilityInformation = { label: `${node.label} ${node.text}` };
    if (node.section !== undefined) {
      item.iconPath = new vscode.ThemeIcon(ICONS[node.section]);
    }
    return item;
  }

  async #close(connection: ConnectionView): Promise<void> {
    const command = closeCommand(connection);
    try {
      await this.#sessions.current?.request('evaluate', { expression: `monitor ${command}`, context: 'repl' });
      this.refresh();
    } catch (error) {
      void vscode.window.showErrorMessage((error as Error).message);
    }
  }

  async #read(): Promise<void> {
    const { current } = this.#sessions;
    let body: ConnectionsBody = { networks: [] };
    try {
      if (current !== undefined && current.state !== 'ended') {
        body = await current.request<ConnectionsBody>('pktgdb/connections');
      }
    } catch {
      return; // the session is ending; the next change reads again
    }
    this.#view.description = this.#sessions.shownName;
    const text = JSON.stringify(body);
    if (text !== this.#shown) {
      this.#shown = text;
      this.#roots = connectionTree(body, {
        forwards: vscode.l10n.t('Forwards'),
        sockets: vscode.l10n.t('Sockets'),
        neighbors: vscode.l10n.t('ARP table'),
      });
      this.#changes.fire(undefined);
    }
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }
}
