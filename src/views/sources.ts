/** The view Stack Sources, and the command that opens a file or function of the stack by name. */
import { join } from 'node:path';
import * as vscode from 'vscode';
import {
  fileDescription,
  type SourceFolder,
  type SourceFunction,
  sourceFolders,
  sourceFunctions,
} from './source-model.ts';

type SourceNode =
  | { readonly kind: 'folder'; readonly folder: SourceFolder }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'function'; readonly fn: SourceFunction };

const USED = 'pktgdb.used';

export class SourcesView implements vscode.TreeDataProvider<SourceNode>, vscode.Disposable {
  readonly #root: string;
  readonly #dist: string;
  readonly #subscriptions: vscode.Disposable[];
  #functions: Promise<SourceFunction[]> | undefined;

  /** `root` is the folder of the stack's sources, `dist` that of the build. */
  constructor(root: string, dist: string) {
    this.#root = root;
    this.#dist = dist;
    this.#subscriptions = [
      vscode.window.createTreeView('pktgdb.sources', { treeDataProvider: this, showCollapseAll: true }),
      vscode.commands.registerCommand('pktgdb.showSources', () => this.#focus()),
      vscode.commands.registerCommand('pktgdb.openSource', (name?: unknown) => this.#pick(name)),
    ];
  }

  async getChildren(node?: SourceNode): Promise<SourceNode[]> {
    if (node === undefined) {
      return (await sourceFolders(this.#root)).map((folder) => ({ kind: 'folder', folder }));
    }
    if (node.kind === 'folder') {
      return node.folder.files.map((file) => ({ kind: 'file', path: `${node.folder.name}/${file}` }));
    }
    if (node.kind === 'file') {
      const all = await this.#loadFunctions();
      return all.filter(({ file }) => file === node.path).map((fn) => ({ kind: 'function', fn }));
    }
    return [];
  }

  getTreeItem(node: SourceNode): vscode.TreeItem {
    const { None, Collapsed } = vscode.TreeItemCollapsibleState;
    switch (node.kind) {
      case 'folder': {
        const item = new vscode.TreeItem(node.folder.name, Collapsed);
        item.id = node.folder.name;
        item.description = node.folder.words;
        item.iconPath = vscode.ThemeIcon.Folder;
        return item;
      }
      case 'file': {
        const item = new vscode.TreeItem(vscode.Uri.file(join(this.#root, node.path)), Collapsed);
        item.id = node.path;
        item.label = node.path.slice(node.path.lastIndexOf('/') + 1);
        item.iconPath = vscode.ThemeIcon.File;
        item.command = this.#open(node.path, 1);
        return item;
      }
      case 'function': {
        const { name, file, line, doc } = node.fn;
        const item = new vscode.TreeItem(name, None);
        item.id = `${file}#${name}:${line}`;
        item.description = String(line);
        item.tooltip = doc;
        item.iconPath = new vscode.ThemeIcon('symbol-function');
        item.command = this.#open(file, line);
        return item;
      }
    }
  }

  async resolveTreeItem(item: vscode.TreeItem, node: SourceNode): Promise<vscode.TreeItem> {
    if (node.kind === 'file') {
      item.tooltip = await fileDescription(join(this.#root, node.path));
    }
    return item;
  }

  #loadFunctions(): Promise<SourceFunction[]> {
    this.#functions ??= sourceFunctions(this.#dist).catch((error: unknown) => {
      this.#functions = undefined;
      throw error;
    });
    return this.#functions;
  }

  /** A command that shows a line of a file. */
  #open(file: string, line: number): vscode.Command {
    const uri = vscode.Uri.file(join(this.#root, file));
    const selection = new vscode.Range(line - 1, 0, line - 1, 0);
    return { command: 'vscode.open', title: vscode.l10n.t('Open'), arguments: [uri, { selection, preview: true }] };
  }

  /** The view is there once its context key is set, which the activation may just have done. */
  async #focus(): Promise<void> {
    await vscode.commands.executeCommand('setContext', USED, true);
    await vscode.commands.executeCommand('pktgdb.sources.focus');
  }

  /** Opens the function or file that is named, or asks for one. */
  async #pick(name: unknown): Promise<void> {
    const functions = await this.#loadFunctions();
    const named = functions.find((fn) => fn.name === name);
    const place = named ?? (await this.#ask(functions));
    if (place !== undefined) {
      const { command, arguments: args = [] } = this.#open(place.file, place.line);
      await vscode.commands.executeCommand(command, ...args);
    }
  }

  async #ask(functions: readonly SourceFunction[]): Promise<{ file: string; line: number } | undefined> {
    const folders = await sourceFolders(this.#root);
    const files = folders.flatMap(({ name, files: names }) => names.map((file) => `${name}/${file}`));
    const items = [
      ...files.map((file) => ({ label: `$(file) ${file}`, description: '', file, line: 1 })),
      ...functions.map(({ name, file, line }) => ({
        label: `$(symbol-function) ${name}`,
        description: `${file}:${line}`,
        file,
        line,
      })),
    ];
    return vscode.window.showQuickPick(items, {
      title: vscode.l10n.t('File or Function of the Stack'),
      matchOnDescription: true,
    });
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }
}
