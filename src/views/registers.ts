/** The view Registers: a tree that is read from shared memory, also while the machine runs. */
import * as vscode from 'vscode';
import type { RegisterLayout, RegisterRange, RegistersBody, SetRegisterArguments } from '../../adapter/dap/custom.ts';
import { fits } from '../../adapter/inspect/register-notation.ts';
import { parseNumber } from '../../adapter/packets/format.ts';
import type { SessionChange, Sessions, TrackedSession } from '../session/sessions.ts';
import { Refresher } from './refresher.ts';
import { formatRegister, type NumberFormat, nextFormat, registerMarkdown } from './register-format.ts';
import { RegisterModel, type RegisterNode } from './register-model.ts';

/** Time between two readings while the machine runs: 4 Hz. */
const INTERVAL_MS = 250;
const FORMAT = 'pktgdb.registerFormat';

export class RegistersView implements vscode.TreeDataProvider<RegisterNode>, vscode.Disposable {
  readonly #sessions: Sessions;
  readonly #state: vscode.Memento;
  readonly #model = new RegisterModel();
  readonly #changes = new vscode.EventEmitter<RegisterNode | RegisterNode[] | undefined>();
  readonly onDidChangeTreeData = this.#changes.event;
  readonly #view: vscode.TreeView<RegisterNode>;
  readonly #refresher = new Refresher(() => this.#read(), INTERVAL_MS);
  /** Arrays that are open, by the node's id. */
  readonly #open = new Map<string, RegisterRange>();
  readonly #subscriptions: vscode.Disposable[];
  /** The session whose layout the model has. */
  #shown: TrackedSession | undefined;

  constructor(sessions: Sessions, state: vscode.Memento) {
    this.#sessions = sessions;
    this.#state = state;
    this.#view = vscode.window.createTreeView('pktgdb.registers', { treeDataProvider: this, showCollapseAll: true });
    this.#describe();
    const command = (name: string, run: (node?: RegisterNode) => unknown): vscode.Disposable =>
      vscode.commands.registerCommand(`pktgdb.registers.${name}`, (node?: RegisterNode) =>
        run(node ?? this.#view.selection[0]),
      );
    this.#subscriptions = [
      this.#view,
      this.#changes,
      this.#refresher,
      this.#view.onDidChangeVisibility(({ visible }) => this.#refresher.setVisible(visible)),
      this.#view.onDidCollapseElement(({ element }) => this.#open.delete(element.id)),
      sessions.onDidChange((change) => this.#sessionChanged(change)),
      command('toggleFormat', () => this.#toggleFormat()),
      command('setValue', (node) => this.#setValue(node)),
      command('copyValue', (node) => this.#copy(node, (n) => this.#number(n))),
      command('copyName', (node) => this.#copy(node, (n) => n.label)),
    ];
    this.#refresher.setVisible(this.#view.visible);
  }

  refresh(): void {
    this.#refresher.request();
  }

  // ---- tree ----

  async getChildren(node?: RegisterNode): Promise<RegisterNode[]> {
    if (node === undefined) {
      return this.#model.roots();
    }
    const range = this.#model.rangeOf(node);
    if (range !== undefined && !this.#open.has(node.id)) {
      this.#open.set(node.id, range);
      await this.#fetch();
    }
    return this.#model.children(node);
  }

  getParent(node: RegisterNode): RegisterNode | undefined {
    return node.parent;
  }

  getTreeItem(node: RegisterNode): vscode.TreeItem {
    const inner = node.kind === 'field' || (node.kind === 'register' && node.info.fields.length === 0);
    const item = new vscode.TreeItem(
      node.label,
      inner ? vscode.TreeItemCollapsibleState.None : vscode.TreeItemCollapsibleState.Collapsed,
    );
    const changed = this.#model.isChanged(node);
    const text = this.#model.text(node, this.#format);
    item.id = node.id;
    item.description = text;
    item.contextValue = node.kind === 'register' || node.kind === 'field' ? `${node.kind} settable` : node.kind;
    item.accessibilityInformation = {
      label: `${node.label} ${text}${changed ? `, ${vscode.l10n.t('changed')}` : ''}`,
    };
    if (changed) {
      item.iconPath = new vscode.ThemeIcon('diff-modified', new vscode.ThemeColor('charts.orange'));
    }
    return item;
  }

  resolveTreeItem(item: vscode.TreeItem, node: RegisterNode): vscode.TreeItem {
    if (node.kind === 'register') {
      const value = this.#model.value(node) ?? 0;
      item.tooltip = new vscode.MarkdownString(registerMarkdown(node.info, value, node.element));
    } else if (node.kind === 'field') {
      item.tooltip = node.field.description;
    } else if (node.kind === 'range') {
      item.tooltip = node.info.description;
    }
    return item;
  }

  // ---- reading ----

  #sessionChanged(change: SessionChange): void {
    const state = this.#sessions.current?.state ?? 'ended';
    if (change === 'state' && state === 'running') {
      const marked = this.#model.marked();
      this.#model.markBaseline();
      if (marked.length > 0) {
        this.#changes.fire(marked);
      }
    }
    this.#refresher.setState(state);
  }

  async #read(): Promise<void> {
    try {
      await this.#adopt();
      const changed = await this.#fetch();
      if (changed === 'all') {
        this.#changes.fire(undefined);
      } else if (changed.length > 0) {
        this.#changes.fire(changed);
      }
    } catch {
      // The session is ending or has not begun; the next change of it reads again.
    }
  }

  /** Makes the model that of the session which is shown now. */
  async #adopt(): Promise<void> {
    const { current } = this.#sessions;
    if (current !== undefined && current !== this.#shown) {
      const layout = await current.request<RegisterLayout>('pktgdb/registerLayout');
      this.#model.reset(layout);
      this.#open.clear();
      this.#shown = current;
    }
  }

  async #fetch(): Promise<'all' | RegisterNode[]> {
    if (this.#shown === undefined || this.#shown.state === 'ended') {
      return [];
    }
    const ranges = [...this.#open.values()];
    return this.#model.update(await this.#shown.request<RegistersBody>('pktgdb/registers', { ranges }), ranges);
  }

  // ---- commands ----

  get #format(): NumberFormat {
    return this.#state.get<NumberFormat>(FORMAT) ?? 'hex';
  }

  /** The view's title says which format it is, unless it is the usual one. */
  #describe(): void {
    const format = this.#format;
    this.#view.description = format === 'hex' ? '' : format;
  }

  async #toggleFormat(): Promise<void> {
    await this.#state.update(FORMAT, nextFormat(this.#format));
    this.#describe();
    this.#changes.fire(undefined);
  }

  /** The value alone, without what it means. */
  #number(node: RegisterNode): string {
    const width = node.kind === 'field' ? node.field.width : 32;
    return formatRegister(this.#model.value(node) ?? 0, width, this.#format).replaceAll('_', '');
  }

  async #copy(node: RegisterNode | undefined, text: (node: RegisterNode) => string): Promise<void> {
    if (node !== undefined) {
      await vscode.env.clipboard.writeText(text(node));
    }
  }

  async #setValue(node: RegisterNode | undefined): Promise<void> {
    const session = this.#shown;
    if (session === undefined || (node?.kind !== 'register' && node?.kind !== 'field')) {
      return;
    }
    const width = node.kind === 'field' ? node.field.width : 32;
    const value = await vscode.window.showInputBox({
      title: node.kind === 'field' ? `${node.info.name}.${node.label}` : node.info.name,
      prompt: vscode.l10n.t('Stores the value; what a write of the guest sets off does not happen.'),
      value: this.#number(node),
      validateInput: (text) => problem(text, width),
    });
    if (value === undefined) {
      return;
    }
    const args: SetRegisterArguments = {
      nic: node.nic,
      offset: node.info.offset + node.element * node.info.stride,
      value: value.trim().replaceAll('_', ''),
      ...(node.kind === 'field' ? { lsb: node.field.lsb, width } : {}),
    };
    try {
      await session.request('pktgdb/setRegister', args);
      this.#refresher.request();
    } catch (error) {
      void vscode.window.showErrorMessage((error as Error).message);
    }
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }
}

/** What is wrong with a number that was typed. */
function problem(text: string, width: number): string | undefined {
  const number = parseNumber(text.trim().replaceAll('_', ''));
  if (number === undefined) {
    return vscode.l10n.t('Type a number such as 255, 0xff or 0b11111111.');
  }
  return fits(number, width) ? undefined : vscode.l10n.t('There are only {0} bits.', width);
}
