/** How the debugger writes numbers in variables, watches and hovers of a session. */
import * as vscode from 'vscode';
import type { NumbersArguments } from '../../adapter/dap/custom.ts';
import type { Sessions } from '../session/sessions.ts';

/** The command that asks for it. */
export function numbers(sessions: Sessions): vscode.Disposable {
  return vscode.commands.registerCommand('pktgdb.numbers', () => choose(sessions));
}

async function choose({ current }: Sessions): Promise<void> {
  const items: (vscode.QuickPickItem & NumbersArguments)[] = [
    {
      notation: 'kind',
      label: vscode.l10n.t('As It Suits'),
      detail: vscode.l10n.t('Counts, ports and sizes in decimal; registers, flags, addresses and bytes in hexadecimal'),
    },
    { notation: 'hex', label: vscode.l10n.t('Hexadecimal') },
    { notation: 'decimal', label: vscode.l10n.t('Decimal') },
  ];
  const picked = await vscode.window.showQuickPick(items, { title: vscode.l10n.t('Numbers in This Session') });
  if (picked && current) {
    await current.request('pktgdb/numbers', { notation: picked.notation });
  }
}
