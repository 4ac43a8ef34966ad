/** Launch configurations: what F5 does without a launch.json, defaults, and checks before the adapter starts. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { attachable } from '../../adapter/attach/place.ts';
import { activeCapture, keepActiveCapture } from '../captures/active.ts';
import { CAPTURE_EXTENSIONS, CAPTURE_GLOB } from '../captures/names.ts';
import { tracePath } from '../replays/model.ts';
import { DEBUG_TYPE } from './sessions.ts';

/** The seed's session: every attribute at its default. */
function liveMachine(): vscode.DebugConfiguration {
  return { type: DEBUG_TYPE, request: 'launch', name: vscode.l10n.t('Debug packets') };
}

/** Fills in what a configuration leaves out. */
export class ConfigurationProvider implements vscode.DebugConfigurationProvider {
  provideDebugConfigurations(): vscode.DebugConfiguration[] {
    return [
      liveMachine(),
      // biome-ignore lint/suspicious/noTemplateCurlyInString: VS Code replaces it
      { ...liveMachine(), name: vscode.l10n.t('Replay a capture'), trace: '${command:pickCapture}' },
      { ...liveMachine(), name: vscode.l10n.t('Debug packets from the start'), stopOnEntry: true },
    ];
  }

  resolveDebugConfiguration(
    folder: vscode.WorkspaceFolder | undefined,
    configuration: vscode.DebugConfiguration,
  ): vscode.DebugConfiguration {
    // F5 without a launch.json arrives with nothing in it.
    const { type, request, name, ...rest } = configuration as Partial<vscode.DebugConfiguration>;
    const defaults = liveMachine();
    return {
      console: 'integratedTerminal',
      ...(folder === undefined ? {} : { cwd: folder.uri.fsPath }),
      ...rest,
      type: type || defaults.type,
      request: request || defaults.request,
      name: name || defaults.name,
    };
  }

  /** A capture that is not there is asked for again; cancelling ends it. */
  async resolveDebugConfigurationWithSubstitutedVariables(
    folder: vscode.WorkspaceFolder | undefined,
    configuration: vscode.DebugConfiguration,
  ): Promise<vscode.DebugConfiguration | undefined> {
    const cwd: unknown = configuration['cwd'] ?? folder?.uri.fsPath;
    const path = tracePath({ ...configuration, cwd });
    if (path === undefined) {
      return configuration;
    }
    // Where the capture leaves open who the guest is, the extension asks (replays.ts).
    const replay = { ...configuration, asksGuest: true };
    if (await isFile(path)) {
      return replay;
    }
    const choose = vscode.l10n.t('Choose a Capture...');
    const answer = await vscode.window.showErrorMessage(
      vscode.l10n.t('There is no capture {0}. The attribute "trace" names the pcap or pcapng file to replay.', path),
      { modal: true },
      choose,
    );
    const chosen = answer === choose ? await pickCapture() : undefined;
    return chosen === undefined ? undefined : { ...replay, trace: chosen };
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/**
 * The button of a launch that failed: opens the launch.json, which is made if there is none; in a window without a
 * folder, what there is to know about configurations.
 */
export async function openConfiguration(extension: vscode.Uri): Promise<void> {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  if (folder === undefined) {
    await vscode.commands.executeCommand('markdown.showPreview', vscode.Uri.joinPath(extension, 'README.md'));
    return;
  }
  const file = vscode.Uri.joinPath(folder.uri, '.vscode', 'launch.json');
  try {
    await vscode.window.showTextDocument(file);
  } catch {
    await vscode.commands.executeCommand('debug.addConfiguration');
  }
}

/** Starts the seed's session. */
export function debugPackets(): Thenable<boolean> {
  return vscode.debug.startDebugging(vscode.workspace.workspaceFolders?.[0], liveMachine());
}

/**
 * Replays a capture: the given one, that of the active editor, or one that is picked.
 * Without a breakpoint anywhere it stops at the first packet that reaches the NIC. `first` has commands to begin with.
 */
export async function replayCapture(capture: unknown, stackRoot: string, first: unknown): Promise<boolean> {
  const path = capture instanceof vscode.Uri ? capture.fsPath : (activeCapture()?.fsPath ?? (await pickCapture()));
  if (path === undefined) {
    return false;
  }
  await keepActiveCapture();
  const given = Array.isArray(first) && first.every((line) => typeof line === 'string') ? first : undefined;
  const initCommands = given ?? (hasBreakpoints(stackRoot, path) ? [] : ['tbreak e1000_receive_iov']);
  return vscode.debug.startDebugging(vscode.workspace.workspaceFolders?.[0], {
    ...liveMachine(),
    name: vscode.l10n.t('Replay {0}', basename(path)),
    trace: path,
    initCommands,
  });
}

/** True if a breakpoint may stop a replay: on a function, in the stack's sources, or in the capture's listing. */
function hasBreakpoints(stackRoot: string, capture: string): boolean {
  return vscode.debug.breakpoints.some((breakpoint) => {
    if (!(breakpoint instanceof vscode.SourceBreakpoint)) {
      return breakpoint.enabled;
    }
    const { fsPath } = breakpoint.location.uri;
    return breakpoint.enabled && (fsPath.startsWith(stackRoot) || fsPath === capture);
  });
}

/** Captures that are offered at most. */
const MAX_CAPTURES = 200;

/** Asks for a capture: those of the workspace, or any file. Undefined if the user gives up. */
export async function pickCapture(): Promise<string | undefined> {
  const files = await vscode.workspace.findFiles(CAPTURE_GLOB, '**/node_modules/**', MAX_CAPTURES);
  if (files.length === 0) {
    return browse();
  }
  const items: (vscode.QuickPickItem & { readonly path?: string })[] = files
    .map((uri) => ({
      label: basename(uri.fsPath),
      description: vscode.workspace.asRelativePath(uri),
      path: uri.fsPath,
    }))
    .sort((a, b) => a.description.localeCompare(b.description));
  const picked = await vscode.window.showQuickPick(
    [...items, { label: vscode.l10n.t('Browse...'), iconPath: new vscode.ThemeIcon('folder-opened') }],
    { title: vscode.l10n.t('Capture to Replay'), matchOnDescription: true },
  );
  return picked === undefined ? undefined : (picked.path ?? browse());
}

/** Asks for a machine that runs by itself. Undefined if there is none, or the user gives up. */
export async function pickMachine(): Promise<string | undefined> {
  const machines = attachable();
  if (machines.length === 0) {
    await vscode.window.showInformationMessage(
      vscode.l10n.t('No pktgdb-passt of yours runs. It is what QEMU starts with -netdev passt,path=pktgdb-passt.'),
    );
    return undefined;
  }
  const items = machines.map((pid) => ({ label: String(pid), description: 'pktgdb-passt' }));
  const picked = await vscode.window.showQuickPick(items, { title: vscode.l10n.t('Machine to Attach to') });
  return picked?.label;
}

async function browse(): Promise<string | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    title: vscode.l10n.t('Capture to Replay'),
    openLabel: vscode.l10n.t('Replay'),
    filters: { [vscode.l10n.t('Captures')]: CAPTURE_EXTENSIONS, [vscode.l10n.t('All Files')]: ['*'] },
  });
  return chosen?.[0]?.fsPath;
}
