/** Completion of scripts, by the engine that the prompt has too. */
import type { CandidateKind } from '../commands/candidates.ts';
import { complete as completeLine } from '../commands/complete.ts';
import type { Analysis } from './analysis.ts';
import { commandText } from './docs.ts';
import { nameHover } from './hover.ts';
import { type Position, type Range, rangeOf, type Script } from './script.ts';

export interface Completion {
  readonly label: string;
  readonly kind: CandidateKind;
  /** One line beside the label. */
  readonly detail: string;
  /** What it replaces. */
  readonly range: Range;
  /** Markdown; without it `describe` finds one later. */
  readonly documentation?: string;
}

/** Items of one answer; as many say that there may be more. */
export const MAX_ITEMS = 1000;

/** Completions at a position. `folder` is where relative file names start. */
export function complete(analysis: Analysis, script: Script, position: Position, folder: string): Completion[] {
  const at = script.at(position);
  if (!at || at.line.kind === 'comment' || at.line.kind === 'text') {
    return [];
  }
  const before = at.line.text.slice(0, at.offset);
  const { from, candidates } = completeLine(analysis.surroundings(script, folder), before);
  const range = rangeOf(at.line, from, at.offset);
  const word = before.slice(from).toLowerCase().replace(/^\$/, '');
  return candidates
    .filter((c) => c.text.toLowerCase().includes(word))
    .slice(0, MAX_ITEMS)
    .map(({ text: label, kind, detail, command }) => ({
      label,
      kind,
      detail,
      range,
      ...(command ? { documentation: commandText(command.command, command.path) } : {}),
    }));
}

/** Markdown about a completion, looked up when it is shown. */
export function describe(analysis: Analysis, label: string): string {
  return nameHover(analysis, label);
}
