/** Values in the stack's sources while the machine is stopped: hovers and inline values. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import * as vscode from 'vscode';
import { expressionAt, functionStart, registersIn } from './expression-at.ts';
import { type FrameVariable, inlineTexts } from './inline-model.ts';

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

/** Arguments and locals of the frame, and registers, from the start of the function to where it stands. */
async function provideInlineValues(
  document: vscode.TextDocument,
  viewPort: vscode.Range,
  { stoppedLocation, frameId }: vscode.InlineValueContext,
): Promise<vscode.InlineValue[]> {
  const last = stoppedLocation.end.line;
  const start = functionStart((i) => document.lineAt(i).text, last);
  const first = Math.max(start, viewPort.start.line, last - MAX_LINES);
  const lines = Array.from({ length: Math.max(0, Math.min(last, viewPort.end.line) - first + 1) }, (_, i) => ({
    line: first + i,
    text: document.lineAt(first + i).text,
  }));
  const texts = inlineTexts(lines, await variablesOf(frameId));
  const values: vscode.InlineValue[] = texts.map(
    ({ line, start: from, end, text }) => new vscode.InlineValueText(new vscode.Range(line, from, line, end), text),
  );
  const seen = new Set<string>();
  for (const { line, text } of lines.reverse()) {
    for (const { start: from, end, text: expression } of registersIn(text)) {
      if (!seen.has(expression)) {
        seen.add(expression);
        values.push(new vscode.InlineValueEvaluatableExpression(new vscode.Range(line, from, line, end), expression));
      }
    }
  }
  return values;
}

/** Scopes whose names the source has; others have names of their own, such as the packet's layers. */
const SCOPES = new Set(['Arguments', 'Locals']);

async function variablesOf(frameId: number): Promise<FrameVariable[]> {
  const session = vscode.debug.activeDebugSession;
  if (session === undefined) {
    return [];
  }
  try {
    const { scopes } = (await session.customRequest('scopes', { frameId })) as DebugProtocol.ScopesResponse['body'];
    const wanted = scopes.filter(({ name }) => SCOPES.has(name));
    const answers = await Promise.all(
      wanted.map(async ({ variablesReference }) => {
        const body: unknown = await session.customRequest('variables', { variablesReference });
        return (body as DebugProtocol.VariablesResponse['body']).variables;
      }),
    );
    return answers.flat();
  } catch {
    return []; // it runs again
  }
}
