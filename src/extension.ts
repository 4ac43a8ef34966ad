/** The VS Code extension: starts the debug adapter, and makes F5 work in a folder without a launch.json. */
import { join } from 'node:path';
import * as vscode from 'vscode';

const DEBUG_TYPE = 'pktgdb';

/** The seed's session: every attribute at its default. */
const DEFAULT_CONFIGURATION: vscode.DebugConfiguration = {
  type: DEBUG_TYPE,
  request: 'launch',
  name: 'Debug packets',
};

export function activate(context: vscode.ExtensionContext): void {
  context.subscriptions.push(
    vscode.debug.registerDebugConfigurationProvider(DEBUG_TYPE, new ConfigurationProvider()),
    vscode.debug.registerDebugConfigurationProvider(
      DEBUG_TYPE,
      new ConfigurationProvider(),
      vscode.DebugConfigurationProviderTriggerKind.Dynamic,
    ),
    vscode.debug.registerDebugAdapterDescriptorFactory(DEBUG_TYPE, new AdapterFactory(context.extensionPath)),
  );
}

/** Fills in what a configuration leaves out. */
class ConfigurationProvider implements vscode.DebugConfigurationProvider {
  provideDebugConfigurations(): vscode.DebugConfiguration[] {
    return [{ ...DEFAULT_CONFIGURATION }];
  }

  resolveDebugConfiguration(
    folder: vscode.WorkspaceFolder | undefined,
    configuration: vscode.DebugConfiguration,
  ): vscode.DebugConfiguration {
    // F5 without a launch.json arrives with nothing in it.
    const { type, request, name, ...rest } = configuration as Partial<vscode.DebugConfiguration>;
    return {
      ...rest,
      type: type || DEFAULT_CONFIGURATION.type,
      request: request || DEFAULT_CONFIGURATION.request,
      name: name || DEFAULT_CONFIGURATION.name,
      ...(rest['cwd'] === undefined && folder !== undefined ? { cwd: folder.uri.fsPath } : {}),
    };
  }
}

/** Runs the adapter as a process of its own, on the Node that VS Code brings: a busy machine cannot block the extension host. */
class AdapterFactory implements vscode.DebugAdapterDescriptorFactory {
  readonly #program: string;

  constructor(extensionPath: string) {
    this.#program = join(extensionPath, 'dist', 'pktgdb.js');
  }

  createDebugAdapterDescriptor(): vscode.DebugAdapterDescriptor {
    return new vscode.DebugAdapterExecutable(process.execPath, [this.#program, '-i', 'dap'], {
      env: { ELECTRON_RUN_AS_NODE: '1' },
    });
  }
}
