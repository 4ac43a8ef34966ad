/** Time travel in VS Code: commands, context keys, and marks that say what is past. */
import * as vscode from 'vscode';
import type { Sessions } from '../session/sessions.ts';
import { askMoment } from './go-to-moment.ts';
import { neighbour } from './history-model.ts';
import { MomentLinks } from './moment-links.ts';
import { PastMarks } from './past-marks.ts';
import { saveRecording } from './save-recording.ts';
import { ShownMoment } from './shown-moment.ts';

export function history(sessions: Sessions): vscode.Disposable[] {
  const { registerCommand } = vscode.commands;
  const moment = new ShownMoment(sessions);
  const ask = (command: string, args: object): Promise<void> => travel(sessions, command, args);
  const goTo = (text: string): Promise<void> => ask('pktgdb/goTo', { moment: text });
  return [
    moment,
    new PastMarks(moment),
    new MomentLinks(goTo),
    moment.onDidChange(() => setContext(moment)),
    registerCommand('pktgdb.reverseStepInto', () => ask('pktgdb/reverse', { kind: 'into' })),
    registerCommand('pktgdb.reverseStepOut', () => ask('pktgdb/reverse', { kind: 'out' })),
    registerCommand('pktgdb.previousPacket', () => goToPacket(moment, -1, goTo)),
    registerCommand('pktgdb.nextPacket', () => goToPacket(moment, 1, goTo)),
    registerCommand('pktgdb.goToMoment', () => goToMoment(moment, goTo)),
    registerCommand('pktgdb.backToPresent', () => goTo('end')),
    registerCommand('pktgdb.endWhatIf', () => ask('evaluate', { expression: 'what-if off', context: 'repl' })),
    registerCommand('pktgdb.saveRecording', () => saveRecording(sessions)),
  ];
}

function setContext({ shown: { history: now } }: ShownMoment): void {
  void vscode.commands.executeCommand('setContext', 'pktgdb.history', now.recorded);
  void vscode.commands.executeCommand('setContext', 'pktgdb.inPast', now.inPast);
}

/** Asks the adapter to go somewhere. The stop there is told by an event, and an error to the user. */
async function travel({ current }: Sessions, command: string, args: object): Promise<void> {
  try {
    await current?.request(command, args);
  } catch (e) {
    void vscode.window.showErrorMessage((e as Error).message);
  }
}

async function goToPacket(
  { shown: { history: now } }: ShownMoment,
  by: -1 | 1,
  goTo: (text: string) => Promise<void>,
): Promise<void> {
  const target = now.moments && neighbour(now.moments, by);
  if (target !== undefined) {
    await goTo(target);
  } else if (now.recorded) {
    void vscode.window.showInformationMessage(vscode.l10n.t('This is the present: there is no next packet yet.'));
  }
}

async function goToMoment(
  { shown: { history: now } }: ShownMoment,
  goTo: (text: string) => Promise<void>,
): Promise<void> {
  const target =
    now.moments &&
    (await askMoment(
      now.moments,
      (now.bookmarks ?? []).map(([name]) => name),
    ));
  if (target !== undefined) {
    await goTo(target);
  }
}
