/** Values in the stack's sources while the machine is stopped: hovers and inline values. */
import * as vscode from 'vscode';
import { expressionAt, functionStart, registersIn, variablesIn } from './expression-at.ts';

/** Lines above the stop that get inline values at most. */
const MAX_LINES = 200;

/** Registers both for the files below `stackRoot`. */
export function registerValues(stackRoot: string): vscode.Disposable {
  const pattern = new vscode.RelativePattern(vscode.Uri.file(stackRoot), '**/*.ts');
  const selector: vscode.DocumentSelector = { language: 'typescript', scheme: 'file', pattern };
  return vscode.Disposable.from(
    vscode.languages.registerEvaluatableExpressionProvider(selector, { provideEvaluatableExpression }),
    vscode.languages.registerInlineValuesProvider(selector, { provideInlineValues }),
  );
}

function provideEvaluatableExpression(
  document: vscode.TextDocument,
  { line, character }: vscode.Position,
): vscode.EvaluatableExpression | undefined {
  const found = expressionAt(document.lineAt(line).text, character);
  return found && new vscode.EvaluatableExpression(new vscode.Range(line, found.start, line, found.end), found.text);
}

/** Locals, looked up in the frame's scopes, and registers, from the start of the function to where it stands. */
function provideInlineValues(
  document: vscode.TextDocument,
  viewPort: vscode.Range,
  { stoppedLocation }: vscode.InlineValueContext,
): vscode.InlineValue[] {
  const last = stoppedLocation.end.line;
  const start = functionStart((i) => document.lineAt(i).text, last);
  const first = Math.max(start, viewPort.start.line, last - MAX_LINES);
  const values: vscode.InlineValue[] = [];
  for (let line = first; line <= Math.min(last, viewPort.end.line); line++) {
    const { text } = document.lineAt(line);
    const seen = new Set<string>();
    for (const { name, start: column } of variablesIn(text)) {
      if (!seen.has(name)) {
        seen.add(name);
        const range = new vscode.Range(line, column, line, column + name.length);
        values.push(new vscode.InlineValueVariableLookup(range, name, true));
      }
    }
    for (const { start: from, end, text: expression } of registersIn(text)) {
      values.push(new vscode.InlineValueEvaluatableExpression(new vscode.Range(line, from, line, end), expression));
    }
  }
  return values;
}
