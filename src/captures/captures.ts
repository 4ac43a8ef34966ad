/** Captures in the editor: their packet listings, read-only text in which breakpoints can be set. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { listing } from './listing.ts';
import { CAPTURE_EXTENSIONS, isCaptureName } from './names.ts';

/** Scheme of listings; their path is the capture's with `.packets` after it. */
const SCHEME = 'pktgdb-capture';
const SUFFIX = '.packets';

export function activateCaptures(context: vscode.ExtensionContext): void {
  context.subscriptions.push(
    vscode.workspace.registerFileSystemProvider(SCHEME, new Listings(), { isReadonly: true, isCaseSensitive: true }),
    vscode.window.registerCustomEditorProvider('pktgdb.capture', new ListingOpener()),
    vscode.commands.registerCommand('pktgdb.openPacketListing', openCommand),
  );
}

/** The URI of a capture's listing. */
function listingUri(capture: vscode.Uri): vscode.Uri {
  return capture.with({ scheme: SCHEME, path: `${capture.path}${SUFFIX}` });
}

function captureUri(uri: vscode.Uri): vscode.Uri {
  return uri.with({ scheme: 'file', path: uri.path.endsWith(SUFFIX) ? uri.path.slice(0, -SUFFIX.length) : uri.path });
}

/** From the explorer, an editor's menu, or the palette, which asks for a file. */
async function openCommand(given: unknown): Promise<void> {
  const capture = given instanceof vscode.Uri ? given : (activeCapture() ?? (await pick()));
  if (capture !== undefined) {
    await openListing(capture);
  }
}

async function openListing(capture: vscode.Uri): Promise<void> {
  if (capture.scheme !== 'file') {
    const text = vscode.l10n.t('Only captures that are files on disk can be listed, not {0}', capture.toString());
    await vscode.window.showErrorMessage(text);
    return;
  }
  await vscode.window.showTextDocument(listingUri(capture), { preview: false });
}

/** The capture in the active editor, whichever shows it. */
function activeCapture(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  const uri = input instanceof vscode.TabInputText || input instanceof vscode.TabInputCustom ? input.uri : undefined;
  return uri !== undefined && isCaptureName(uri.path) ? uri : undefined;
}

async function pick(): Promise<vscode.Uri | undefined> {
  const found = await vscode.window.showOpenDialog({
    openLabel: vscode.l10n.t('Open Packet Listing'),
    filters: { [vscode.l10n.t('Captures')]: CAPTURE_EXTENSIONS },
  });
  return found?.[0];
}

/** Listings as files, so that they are there again when a window is reloaded. */
class Listings implements vscode.FileSystemProvider {
  readonly #changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.#changed.event;

  watch(uri: vscode.Uri): vscode.Disposable {
    const capture = captureUri(uri);
    const folder = vscode.Uri.joinPath(capture, '..');
    const watcher = vscode.workspace.createFileSystemWatcher(
      new vscode.RelativePattern(folder, basename(capture.path)),
    );
    const changed = (): void => this.#changed.fire([{ type: vscode.FileChangeType.Changed, uri }]);
    const listeners = [watcher.onDidChange(changed), watcher.onDidCreate(changed)];
    return vscode.Disposable.from(watcher, ...listeners);
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const stat = await vscode.workspace.fs.stat(captureUri(uri));
    return { ...stat, permissions: vscode.FilePermission.Readonly };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const bytes = await vscode.workspace.fs.readFile(captureUri(uri));
    return new TextEncoder().encode(listing(bytes));
  }

  readDirectory(): [string, vscode.FileType][] {
    return [];
  }

  createDirectory(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  writeFile(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  delete(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  rename(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }
}

/** The choice "Packet Listing" of "Open With...": opens the text in place of itself. */
class ListingOpener implements vscode.CustomReadonlyEditorProvider {
  openCustomDocument(uri: vscode.Uri): vscode.CustomDocument {
    return { uri, dispose: () => {} };
  }

  async resolveCustomEditor({ uri }: vscode.CustomDocument, panel: vscode.WebviewPanel): Promise<void> {
    panel.webview.html = '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'">';
    await openListing(uri);
    panel.dispose();
  }
}
