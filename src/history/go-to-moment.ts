/** The input box of "Go to Moment...". */
import * as vscode from 'vscode';
import { type MomentHint, type MomentKind, type Moments, momentHints } from './history-model.ts';

interface Item extends vscode.QuickPickItem {
  readonly hint: MomentHint;
}

/** Asks for a moment; undefined if the user gives up. A hint that wants a number puts its words into the input. */
export function askMoment(moments: Moments, bookmarks: readonly string[]): Promise<string | undefined> {
  const box = vscode.window.createQuickPick<Item>();
  box.title = vscode.l10n.t('Go to Moment');
  box.placeholder = vscode.l10n.t('A packet, a time, a tick, a percentage, a bookmark, start or end');
  const offer = (): void => {
    box.items = momentHints(box.value, moments, bookmarks).map(itemOf);
  };
  offer();
  return new Promise((resolve) => {
    box.onDidChangeValue(offer);
    box.onDidAccept(() => {
      const hint = box.selectedItems[0]?.hint;
      if (hint?.whole === true) {
        resolve(hint.text);
        box.hide();
      } else if (hint !== undefined && hint.text !== '') {
        box.value = hint.text;
        offer();
      }
    });
    box.onDidHide(() => {
      resolve(undefined);
      box.dispose();
    });
    box.show();
  });
}

/** Shown whatever is typed: the hints fit already. */
function itemOf(hint: MomentHint): Item {
  return { hint, label: labelOf(hint), description: descriptionOf(hint), alwaysShow: true };
}

function labelOf({ kind, text, whole }: MomentHint): string {
  return whole ? text : PATTERNS[kind];
}

const PATTERNS: Readonly<Record<MomentKind, string>> = {
  start: 'start',
  end: 'end',
  packet: 'packet N',
  time: 'time SECONDS',
  percent: 'N%',
  tick: 'TICK[:PROBE]',
  bookmark: '',
};

function descriptionOf({ kind, from, to }: MomentHint): string {
  switch (kind) {
    case 'start':
      return vscode.l10n.t('where history begins');
    case 'end':
      return vscode.l10n.t('the present');
    case 'packet':
      return vscode.l10n.t('after a packet at the edge of the user network, {0} to {1}', from, to);
    case 'time':
      return vscode.l10n.t("the machine's time, {0} to {1}", from, to);
    case 'percent':
      return vscode.l10n.t('of all that is recorded');
    case 'bookmark':
      return vscode.l10n.t('a bookmark');
    case 'tick':
      return vscode.l10n.t('a position, {0} to {1}', from, to);
  }
}
