/**
 * Says "past", or "what-if", where somebody could take what is shown for now: at the lines of the call stack, and in
 * the status bar, where a click leads back.
 */
import * as vscode from 'vscode';
import { type Moments, notNow, pastLines, untilPresent } from './history-model.ts';
import type { ShownMoment } from './shown-moment.ts';

export class PastMarks implements vscode.Disposable {
  readonly #moment: ShownMoment;
  readonly #here = decorationType('statusBarItem.warningForeground', 'statusBarItem.warningBackground');
  readonly #caller = decorationType('statusBarItem.prominentForeground', 'statusBarItem.prominentBackground');
  readonly #status = vscode.window.createStatusBarItem('pktgdb.past', vscode.StatusBarAlignment.Left, 100);
  readonly #subscriptions: readonly vscode.Disposable[];

  constructor(moment: ShownMoment) {
    this.#moment = moment;
    this.#status.name = vscode.l10n.t('Packet Debugger: Past');
    this.#status.backgroundColor = new vscode.ThemeColor('statusBarItem.warningBackground');
    this.#subscriptions = [
      this.#here,
      this.#caller,
      this.#status,
      moment.onDidChange(() => this.#show()),
      vscode.window.onDidChangeVisibleTextEditors(() => this.#mark()),
    ];
  }

  #show(): void {
    const { history } = this.#moment.shown;
    const { here, after, moments, whatIf = '' } = history;
    const kind = notNow(history);
    if (kind === 'past' && moments) {
      this.#status.text = `$(history) ${vscode.l10n.t('Past: after {0}', after)}`;
      this.#status.tooltip = tooltip(here, moments);
      this.#status.command = 'pktgdb.backToPresent';
      this.#status.show();
    } else if (kind === 'what-if') {
      this.#status.text = `$(git-branch) ${vscode.l10n.t('What-if: left the past after {0}', whatIf)}`;
      this.#status.tooltip = `${here}\n${vscode.l10n.t('Click to end it and go back to where the past was left.')}`;
      this.#status.command = 'pktgdb.endWhatIf';
      this.#status.show();
    } else {
      this.#status.hide();
    }
    this.#mark();
  }

  #mark(): void {
    const { frames, history } = this.#moment.shown;
    const marks = pastLines(frames);
    const whatIf = notNow(history) === 'what-if';
    const at = [history.after, history.moments?.here.tick ?? 0];
    const position = whatIf
      ? vscode.l10n.t('what-if: after {0}, tick {1}', ...at)
      : vscode.l10n.t('past: after {0}, tick {1}', ...at);
    const before = whatIf ? vscode.l10n.t('what-if') : vscode.l10n.t('past');
    for (const editor of vscode.window.visibleTextEditors) {
      const { here = [], callers = [] } = marks.get(editor.document.uri.fsPath) ?? {};
      editor.setDecorations(this.#here, labels(editor.document, here, position));
      editor.setDecorations(this.#caller, labels(editor.document, callers, before));
    }
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }
}

/**
 * Text before what stands in a line, as a label that looks like an item of the status bar, and a mark in the overview.
 * Behind the line, values of variables would push it out of sight.
 */
function decorationType(text: string, background: string): vscode.TextEditorDecorationType {
  const color = new vscode.ThemeColor(text);
  const backgroundColor = new vscode.ThemeColor(background);
  return vscode.window.createTextEditorDecorationType({
    overviewRulerColor: backgroundColor,
    overviewRulerLane: vscode.OverviewRulerLane.Full,
    before: { color, backgroundColor, margin: '0 1em 0 0' },
  });
}

function labels(document: vscode.TextDocument, lines: readonly number[], text: string): vscode.DecorationOptions[] {
  // No-break spaces at the ends keep the label's edge off the text.
  const renderOptions = { before: { contentText: `\u00a0${text}\u00a0` } };
  return lines.map((line) => {
    const { range, firstNonWhitespaceCharacterIndex: indent } = document.lineAt(Math.min(line, document.lineCount) - 1);
    const begin = range.start.with({ character: indent });
    return { range: new vscode.Range(begin, begin), renderOptions };
  });
}

function tooltip(here: string, moments: Moments): string {
  const { packets, seconds } = untilPresent(moments);
  const distance = vscode.l10n.t('The present is {0} packets and {1} s later.', packets, seconds);
  return `${here}\n${distance}\n${vscode.l10n.t('Click to go back to the present.')}`;
}
