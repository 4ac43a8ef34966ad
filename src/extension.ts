/**
 * The VS Code extension. A session, a command or a view of ours activates it, and nothing else does.
 * What it registers here reads nothing and starts nothing until it is used.
 */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { agents } from './agents/agents.ts';
import { breaking } from './breaking/breaking.ts';
import { WatchpointsView } from './breaking/watchpoints.ts';
import { captures } from './captures/captures.ts';
import { GuestConsoles } from './console/guest-console.ts';
import { registerValues } from './editor/values.ts';
import { history } from './history/history.ts';
import { journeys } from './journeys/journeys.ts';
import { activateLanguage } from './language/language.ts';
import { PacketDetailsView } from './packet/packet-view.ts';
import { offerQemuWords } from './qemu/qemu.ts';
import { Replays } from './replays/replays.ts';
import { sending } from './sending/send.ts';
import { AdapterFactory } from './session/adapter.ts';
import {
  ConfigurationProvider,
  debugPackets,
  openConfiguration,
  pickCapture,
  pickMachine,
  replayCapture,
} from './session/configurations.ts';
import { FirstStop } from './session/first-stop.ts';
import { DEBUG_TYPE, Sessions } from './session/sessions.ts';
import { TimelineView } from './timeline/timeline.ts';
import { ConnectionsView } from './views/connections.ts';
import { DropsView } from './views/drops.ts';
import { numbers } from './views/numbers.ts';
import { RegistersView } from './views/registers.ts';
import { RingsView } from './views/rings.ts';
import { SourcesView } from './views/sources.ts';

export function activate(context: vscode.ExtensionContext): void {
  const started = performance.now();
  const log = vscode.window.createOutputChannel('Packet Debugger', { log: true });
  // The adapter's sources have real paths, also where the extension's folder is a link.
  const folder = realpathSync(context.extensionPath);
  const stackRoot = join(folder, 'adapter', 'stack');
  context.subscriptions.push(log, ...debugging(context, log, stackRoot), ...views(context, folder, stackRoot));
  activateLanguage(context);
  log.info(`activated in ${(performance.now() - started).toFixed(1)} ms`);
}

function debugging(
  context: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
  stackRoot: string,
): vscode.Disposable[] {
  const { debug, commands } = vscode;
  const configurations = new ConfigurationProvider();
  const dynamic = { provideDebugConfigurations: () => configurations.provideDebugConfigurations() };
  return [
    debug.registerDebugConfigurationProvider(DEBUG_TYPE, configurations),
    debug.registerDebugConfigurationProvider(DEBUG_TYPE, dynamic, vscode.DebugConfigurationProviderTriggerKind.Dynamic),
    debug.registerDebugAdapterDescriptorFactory(DEBUG_TYPE, new AdapterFactory(context, log)),
    commands.registerCommand('pktgdb.debugPackets', debugPackets),
    commands.registerCommand('pktgdb.openConfiguration', () => openConfiguration(context.extensionUri)),
    commands.registerCommand('pktgdb.replayCapture', (capture: unknown, first: unknown) =>
      replayCapture(capture, stackRoot, first),
    ),
    commands.registerCommand('pktgdb.pickCapture', pickCapture),
    commands.registerCommand('pktgdb.pickMachine', pickMachine),
    registerValues(stackRoot),
  ];
}

function views(context: vscode.ExtensionContext, folder: string, stackRoot: string): vscode.Disposable[] {
  void vscode.commands.executeCommand('setContext', 'pktgdb.used', true);
  const sessions = new Sessions();
  const watchpoints = new WatchpointsView(sessions);
  const registers = new RegistersView(sessions, context.globalState, context.workspaceState, watchpoints);
  const rings = new RingsView(sessions, context.extensionUri);
  const connections = new ConnectionsView(sessions);
  const drops = new DropsView(sessions);
  const details = new PacketDetailsView(sessions, context.extensionUri);
  const timeline = new TimelineView(sessions, context.extensionUri);
  const refresh = (): void => {
    for (const view of [registers, rings, connections, drops, timeline]) {
      view.refresh();
    }
  };
  return [
    sessions,
    watchpoints,
    registers,
    rings,
    connections,
    drops,
    timeline,
    new FirstStop(sessions, context.globalState),
    sending(sessions),
    ...breaking(join(folder, 'dist')),
    new GuestConsoles(sessions),
    new Replays(sessions, context.workspaceState),
    offerQemuWords(sessions),
    details,
    ...captures(context.extensionUri, sessions, context.globalState, details),
    numbers(sessions),
    ...history(sessions),
    journeys(sessions, context.extensionUri),
    ...agents(context, sessions),
    new SourcesView(stackRoot, join(folder, 'dist')),
    vscode.commands.registerCommand('pktgdb.refreshViews', refresh),
  ];
}
