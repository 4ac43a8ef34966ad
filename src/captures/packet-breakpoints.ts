/** Breakpoints on packets: those of VS Code whose file is a capture, where line N stands for packet N. */
import * as vscode from 'vscode';
import type { PacketBreakpoint } from './messages.ts';

/** The breakpoints on packets of a capture, in VS Code's order. */
export function packetBreakpoints(capture: vscode.Uri): PacketBreakpoint[] {
  return breakpointsOf(capture).map(({ location, enabled, condition, hitCondition, logMessage }) => ({
    packet: location.range.start.line + 1,
    enabled,
    condition: [condition, hitCondition, logMessage].filter(Boolean).join(', '),
  }));
}

/** Sets a breakpoint on a packet, or removes the one that is there. */
export function togglePacketBreakpoint(capture: vscode.Uri, packet: number): void {
  const there = breakpointsAt(capture, packet);
  if (there.length > 0) {
    vscode.debug.removeBreakpoints(there);
  } else {
    vscode.debug.addBreakpoints([breakpointAt(capture, packet)]);
  }
}

/** Asks for the condition of a packet's breakpoint, which is set if there is none. */
export async function editPacketBreakpoint(capture: vscode.Uri, packet: number): Promise<void> {
  const there = breakpointsAt(capture, packet);
  const [first] = there;
  const condition = await vscode.window.showInputBox({
    title: vscode.l10n.t('Condition of the Breakpoint on Packet {0}', packet),
    prompt: vscode.l10n.t('It stops only if this is true; without a condition it always does.'),
    placeHolder: '$pkt.tcp.len > 0',
    value: first?.condition ?? '',
  });
  if (condition === undefined) {
    return;
  }
  const { enabled = true, hitCondition, logMessage } = first ?? {};
  vscode.debug.removeBreakpoints(there);
  vscode.debug.addBreakpoints([
    breakpointAt(capture, packet, enabled, condition.trim() || undefined, hitCondition, logMessage),
  ]);
}

type Rest = ConstructorParameters<typeof vscode.SourceBreakpoint> extends [unknown, ...infer R] ? R : never;

function breakpointAt(capture: vscode.Uri, packet: number, ...rest: Rest): vscode.SourceBreakpoint {
  return new vscode.SourceBreakpoint(new vscode.Location(capture, new vscode.Position(packet - 1, 0)), ...rest);
}

function breakpointsAt(capture: vscode.Uri, packet: number): vscode.SourceBreakpoint[] {
  return breakpointsOf(capture).filter(({ location }) => location.range.start.line === packet - 1);
}

function breakpointsOf(capture: vscode.Uri): vscode.SourceBreakpoint[] {
  return vscode.debug.breakpoints.filter(
    (b): b is vscode.SourceBreakpoint =>
      b instanceof vscode.SourceBreakpoint && b.location.uri.toString() === capture.toString(),
  );
}
