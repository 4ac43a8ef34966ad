/** "Break on Function..." and "Break on Drop...": breakpoints without a line to click at. */
import * as vscode from 'vscode';
import { DROP_REASONS } from '../../adapter/stack/util/drop_reasons.ts';
import { type SourceFunction, SUBSYSTEMS, sourceFunctions } from '../views/source-model.ts';
import { dropBreakpoint, type OfferedBreakpoint } from './conditions.ts';

/** The commands; `dist` is the folder of the build. */
export function breaking(dist: string): vscode.Disposable[] {
  let functions: Promise<SourceFunction[]> | undefined;
  const { registerCommand } = vscode.commands;
  return [
    registerCommand('pktgdb.breakOnFunction', () => {
      functions ??= sourceFunctions(dist);
      return breakOnFunction(functions);
    }),
    registerCommand('pktgdb.breakOnDrop', () => breakOnDrop()),
  ];
}

/** Sets function breakpoints that are not there yet, and says so. */
export function addBreakpoints(wanted: readonly OfferedBreakpoint[]): void {
  const there = vscode.debug.breakpoints.filter((b) => b instanceof vscode.FunctionBreakpoint);
  const missing = wanted.filter(
    ({ name, condition }) => !there.some((b) => b.functionName === name && b.condition === condition),
  );
  vscode.debug.addBreakpoints(
    missing.map(({ name, condition }) => new vscode.FunctionBreakpoint(name, true, condition)),
  );
}

async function breakOnFunction(functions: Promise<readonly SourceFunction[]>): Promise<void> {
  const all = await functions;
  const { Separator } = vscode.QuickPickItemKind;
  const items = SUBSYSTEMS.flatMap(([folder, words]) => {
    const here = all.filter(({ file }) => file.slice(0, file.lastIndexOf('/')) === folder);
    return [
      { label: `${folder}: ${words}`, kind: Separator },
      ...here.map(({ name, file, line, doc }) => ({
        label: name,
        description: `${file}:${line}`,
        detail: firstSentence(doc),
      })),
    ];
  });
  const picked = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Function to Stop At'),
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (picked) {
    addBreakpoints([{ name: picked.label }]);
  }
}

function firstSentence(doc: string): string {
  const text = doc.replace(/\s+/g, ' ').trim();
  return /^.*?[.](?=\s|$)/.exec(text)?.[0] ?? text;
}

async function breakOnDrop(): Promise<void> {
  const items = [
    { label: vscode.l10n.t('Any Reason'), reason: '' },
    ...Object.entries(DROP_REASONS).map(([reason, detail]) => ({ label: reason, detail, reason })),
  ];
  const picked = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Stop Where a Packet Is Given Up'),
    matchOnDetail: true,
  });
  if (picked) {
    addBreakpoints([dropBreakpoint(picked.reason)]);
  }
}
