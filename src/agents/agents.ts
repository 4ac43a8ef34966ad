/** Coding agents: the language model tools of this window, and the MCP server for agents that start one. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { ToolCaller } from '../../adapter/agents/window.ts';
import { adapterEnvironment } from '../session/runtime.ts';
import type { Sessions } from '../session/sessions.ts';
import { startInWindow } from './window-port.ts';

const PREFIX = 'pktgdb_';
const ALLOW_CHANGES = 'pktgdb.agents.allowChanges';

/** The tool that may change the machine: the user is asked each time. */
const CHANGING = `${PREFIX}command`;

const mayChange = (): boolean => vscode.workspace.getConfiguration().get<boolean>(ALLOW_CHANGES) === true;

/** Offers the tools of the manifest; what they do is loaded when the first one is called. */
export function agents(context: vscode.ExtensionContext, sessions: Sessions): vscode.Disposable[] {
  const { contributes } = context.extension.packageJSON as {
    readonly contributes?: { readonly languageModelTools?: readonly { readonly name: string }[] };
  };
  let caller: ToolCaller | undefined;
  const load = (): ToolCaller => {
    const require = createRequire(join(context.extensionPath, 'package.json'));
    const bundle = require('./dist/agents.cjs') as { readonly ToolCaller: typeof ToolCaller };
    caller ??= new bundle.ToolCaller((launch) => startInWindow(sessions, launch), mayChange);
    return caller;
  };
  const tools = (contributes?.languageModelTools ?? []).map(({ name }) =>
    vscode.lm.registerTool<object>(name, {
      prepareInvocation: ({ input }) => (name === CHANGING ? confirmation(input) : undefined),
      invoke: async ({ input }) => {
        const { ok, answer } = await load().call(name.slice(PREFIX.length), input);
        if (!ok) {
          throw new Error(String(answer['error']));
        }
        return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(JSON.stringify(answer))]);
      },
    }),
  );
  const servers = vscode.lm.registerMcpServerDefinitionProvider('pktgdb', {
    provideMcpServerDefinitions: () => [server(context)],
  });
  return [...tools, servers];
}

function confirmation(input: object): vscode.PreparedToolInvocation {
  const { line } = input as { readonly line?: unknown };
  return {
    confirmationMessages: {
      title: vscode.l10n.t('Change the machine'),
      message: vscode.l10n.t('The agent wants to execute "{0}" in the packet debugger.', String(line)),
    },
  };
}

/** `pktgdb -i mcp` on the Node that runs sessions. */
function server(context: vscode.ExtensionContext): vscode.McpStdioServerDefinition {
  const node = vscode.workspace.getConfiguration().get<string>('pktgdb.nodePath')?.trim() || process.execPath;
  const program = join(context.extensionPath, 'dist', 'pktgdb.js');
  const { ELECTRON_RUN_AS_NODE = '1' } = adapterEnvironment();
  const { version } = context.extension.packageJSON as { readonly version: string };
  const args = [program, '-i', 'mcp', ...(mayChange() ? ['--allow-changes'] : [])];
  return new vscode.McpStdioServerDefinition('Packet Debugger', node, args, { ELECTRON_RUN_AS_NODE }, version);
}
