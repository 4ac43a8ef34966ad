/** The view Registers: a tree that is read from shared memory, also while the machine runs. */
import * as vscode from 'vscode';
import type { RegisterLayout, RegisterRange, RegistersBody, SetRegisterArguments } from '../../adapter/dap/custom.ts';
import { fits } from '../../adapter/inspect/register-notation.ts';
import { parseNumber } from '../../adapter/packets/format.ts';
import type { WatchpointsView } from '../breaking/watchpoints.ts';
import { goToLastWrite } from '../history/last-write.ts';
import type { SessionChange, Sessions, TrackedSession } from '../session/sessions.ts';
import { Refresher } from './refresher.ts';
import { fieldMarkdown, formatRegister, type NumberFormat, nextFormat, registerMarkdown } from './register-format.ts';
import { PINNED, PINNED_FIRST, RegisterModel, type RegisterNode } from './register-model.ts';

/** Time between two readings while the machine runs: 4 Hz. */
const INTERVAL_MS = 250;
const FORMAT = 'pktgdb.registerFormat';
const PINS = 'pktgdb.pinnedRegisters';

export class RegistersView implements vscode.TreeDataProvider<RegisterNode>, vscode.Disposable {
  readonly #sessions: Sessions;
  /** What is remembered for all folders, and for this one. */
  readonly #state: vscode.Memento;
  readonly #workspace: vscode.Memento;
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

  constructor(sessions: Sessions, state: vscode.Memento, workspace: vscode.Memento, watchpoints: WatchpointsView) {
    this.#sessions = sessions;
    this.#state = state;
    this.#workspace = workspace;
    this.#model.pin(this.#pins);
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
      command('copyAll', () => vscode.env.clipboard.writeText(this.#model.allText(this.#format))),
      command('pin', (node) => node && this.#pin([...this.#pins, node.label])),
      command('unpin', (node) => node && this.#pin(this.#pins.filter((name) => name !== node.label))),
      command('find', () => this.#find()),
      command('lastWrite', (node) => node && goToLastWrite(sessions, `$${node.label}`)),
      command('breakOnChange', (node) => node && watchpoints.watch({ expression: `$${node.label}` })),
      vscode.commands.registerCommand('pktgdb.breakOnRegister', () => this.#breakOn(watchpoints)),
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
    const { None, Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
    const pins = node.kind === 'group' && node.label === PINNED;
    const item = new vscode.TreeItem(
      pins ? vscode.l10n.t('Pinned') : node.label,
      inner ? None : pins ? Expanded : Collapsed,
    );
    const changed = this.#model.isChanged(node);
    const text = this.#model.text(node, this.#format);
    item.id = node.id;
    item.description = text;
    item.contextValue = this.#contextOf(node);
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
      item.tooltip = new vscode.MarkdownString(fieldMarkdown(node.field, this.#model.value(node) ?? 0));
    } else if (node.kind === 'range') {
      item.tooltip = node.info.description;
    }
    return item;
  }

  /** What can be done with a row. */
  #contextOf(node: RegisterNode): string {
    if (node.kind === 'field') {
      return 'field settable';
    }
    if (node.kind !== 'register') {
      return node.kind;
    }
    const single = node.info.count === 1;
    const pin = !single ? '' : this.#model.isPinned(node) ? ' unpin' : ' pin';
    return `register settable${single ? ' watchable' : ''}${pin}`;
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
    this.#describe();
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
    const body = await this.#shown.request<RegistersBody>('pktgdb/registers', { ranges });
    this.#view.message = body.absent ?? '';
    return this.#model.update(body, ranges);
  }

  // ---- pins, finding ----

  get #pins(): readonly string[] {
    return this.#workspace.get<readonly string[]>(PINS) ?? PINNED_FIRST;
  }

  async #pin(names: readonly string[]): Promise<void> {
    await this.#workspace.update(PINS, names);
    this.#model.pin(names);
    this.#changes.fire(undefined);
  }

  /** Asks for a register or field by its name and shows it, wherever it is. */
  async #find(): Promise<void> {
    const node = await this.#ask(vscode.l10n.t('Register or Field'), () => true);
    if (node) {
      await this.#view.reveal(node, { select: true, focus: true, expand: true });
    }
  }

  /** Asks for a register, and stops when it is written. */
  async #breakOn(watchpoints: WatchpointsView): Promise<void> {
    await this.#read(); // the view may never have been open
    const title = vscode.l10n.t('Stop When a Register Is Written');
    const node = await this.#ask(title, ({ kind }) => kind === 'register');
    if (node) {
      await watchpoints.watch({ expression: `$${node.label}` });
    }
  }

  async #ask(title: string, wanted: (node: RegisterNode) => boolean): Promise<RegisterNode | undefined> {
    const all = this.#model.findable().filter(({ node }) => wanted(node));
    const items = all.map(({ name, group, description, node }) => ({
      label: name,
      description: group,
      detail: description,
      node,
    }));
    const picked = await vscode.window.showQuickPick(items, {
      title,
      matchOnDescription: true,
      matchOnDetail: true,
    });
    return picked?.node;
  }

  // ---- commands ----

  get #format(): NumberFormat {
    return this.#state.get<NumberFormat>(FORMAT) ?? 'hex';
  }

  /** The view's title says which format it is, unless it is the usual one. */
  #describe(): void {
    const format = this.#format === 'hex' ? '' : this.#format;
    this.#view.description = [this.#sessions.shownName, format].filter(Boolean).join(', ');
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
