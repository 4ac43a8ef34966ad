/** Which values stand behind which lines while the machine is stopped. Needs nothing of VS Code. */
import { variablesIn } from './expression-at.ts';

/** A variable of a frame as the debugger writes it. */
export interface FrameVariable {
  readonly name: string;
  readonly value: string;
  /** 0: there is nothing inside it. */
  readonly variablesReference: number;
}

export interface InlineText {
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Characters of a value at most. */
const MAX_VALUE = 60;

/** The values of a frame's variables: each name once, where it is mentioned last before the machine stands still. */
export function inlineTexts(
  lines: readonly { readonly line: number; readonly text: string }[],
  variables: readonly FrameVariable[],
): InlineText[] {
  const left = new Map(variables.map((v) => [v.name, shortValue(v)]));
  const found: InlineText[] = [];
  for (const { line, text } of [...lines].reverse()) {
    for (const { name, start } of variablesIn(text)) {
      const value = left.get(name);
      left.delete(name);
      if (value !== undefined) {
        found.push({ line, start, end: start + name.length, text: `${name} = ${value}` });
      }
    }
  }
  return found.reverse();
}

/** A scalar, or how many there are of what; undefined for a struct, whose type says nothing that the line does not. */
function shortValue({ value, variablesReference }: FrameVariable): string | undefined {
  const [, elements] = /^(.*\[\d+\]) @ 0x[0-9a-f]+$/.exec(value) ?? [];
  const text = variablesReference === 0 || !/ @ 0x[0-9a-f]+$/.test(value) ? value : elements;
  return text !== undefined && text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text;
}
