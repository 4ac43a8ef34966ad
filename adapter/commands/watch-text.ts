/** What `watch` and its kin are given: `-l s->mac_reg[RDT] if $RDT == 0`. */
import { splitBreakpoint } from './linespec.ts';

export interface WatchText {
  /** The place that the expression means now is watched. */
  readonly location: boolean;
  readonly expression: string;
  /** Offset of the expression in the text. */
  readonly at: number;
  readonly condition: { readonly text: string; readonly at: number } | undefined;
}

export function splitWatch(text: string): WatchText {
  const option = /^\s*-(?:l|location)(?=\s|$)/.exec(text)?.[0] ?? '';
  const { location, at, condition } = splitBreakpoint(text.slice(option.length));
  return {
    location: option !== '',
    expression: location,
    at: option.length + at,
    condition: condition && { ...condition, at: condition.at + option.length },
  };
}
