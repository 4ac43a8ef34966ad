/** Starts the debug adapter for a session. */
import { join } from 'node:path';
import * as vscode from 'vscode';
import { AdapterProcess, type Message } from './adapter-process.ts';
import { adapterEnvironment, checkRuntime, runtimeKey } from './runtime.ts';

const CHECKED = 'pktgdb.checkedRuntime';
const SETTING = 'pktgdb.nodePath';

/**
 * Runs the adapter as a process of its own, on VS Code's Node or the one of the setting.
 * Nothing it does there can block or end the extension host.
 */
export class AdapterFactory implements vscode.DebugAdapterDescriptorFactory {
  readonly #context: vscode.ExtensionContext;
  readonly #log: vscode.LogOutputChannel;

  constructor(context: vscode.ExtensionContext, log: vscode.LogOutputChannel) {
    this.#context = context;
    this.#log = log;
  }

  async createDebugAdapterDescriptor(): Promise<vscode.DebugAdapterDescriptor | undefined> {
    const program = join(this.#context.extensionPath, 'dist', 'pktgdb.js');
    const node = vscode.workspace.getConfiguration().get<string>(SETTING)?.trim() || process.execPath;
    const wrong = await this.#check(node, program);
    if (wrong !== undefined) {
      // An error here is shown by VS Code, in a dialog.
      throw new Error(
        vscode.l10n.t(
          '{0} cannot run the packet debugger. {1} Set "{2}" to the path of another Node, 20 or newer.',
          node,
          wrong,
          SETTING,
        ),
      );
    }
    return new vscode.DebugAdapterInlineImplementation(new Adapter(node, program, this.#log));
  }

  /** Checks a Node once for each version of it and of the extension. */
  async #check(node: string, program: string): Promise<string | undefined> {
    const { version } = this.#context.extension.packageJSON as { readonly version: string };
    const key = runtimeKey(node, version);
    if (key !== '' && this.#context.globalState.get(CHECKED) === key) {
      return undefined;
    }
    const wrong = await checkRuntime(node, program);
    this.#log.info(`runtime ${node}: ${wrong ?? 'ok'}`);
    if (wrong === undefined) {
      await this.#context.globalState.update(CHECKED, key);
    }
    return wrong;
  }
}

/** The adapter as VS Code talks to it. */
class Adapter implements vscode.DebugAdapter {
  readonly #messages = new vscode.EventEmitter<vscode.DebugProtocolMessage>();
  readonly onDidSendMessage = this.#messages.event;
  readonly #process: AdapterProcess;

  constructor(node: string, program: string, log: vscode.LogOutputChannel) {
    this.#process = new AdapterProcess({
      command: node,
      args: [program, '-i', 'dap'],
      env: adapterEnvironment(),
      receive: (message) => this.#messages.fire(message),
      log: (text) => log.warn(text.trimEnd()),
      crashed: (report) => void showCrash(report, log),
    });
    log.info(`adapter ${this.#process.pid ?? '?'}: ${node} ${program}`);
  }

  handleMessage(message: vscode.DebugProtocolMessage): void {
    this.#process.send(message as Message);
  }

  dispose(): void {
    this.#process.dispose();
    this.#messages.dispose();
  }
}

async function showCrash(report: string, log: vscode.LogOutputChannel): Promise<void> {
  log.error(report);
  const showLog = vscode.l10n.t('Show Log');
  if ((await vscode.window.showErrorMessage(report.split('\n').slice(0, 3).join(' '), showLog)) === showLog) {
    log.show();
  }
}
