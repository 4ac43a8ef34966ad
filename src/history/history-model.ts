/** Moments of history as the extension shows and offers them. Needs nothing of VS Code. */
import type { HistoryBody, HistoryMoment } from '../../adapter/dap/custom.ts';

export type Moments = NonNullable<HistoryBody['moments']>;

const NS = 1e9;

/** What a debugger without a recording knows, and all that is known while the machine runs. */
export const NO_HISTORY: HistoryBody = { recorded: false, inPast: false, here: '', after: '' };

/** What somebody could take for now: a moment of the past, or of what would have been. Undefined for the present. */
export function notNow({ inPast, whatIf }: HistoryBody): 'past' | 'what-if' | undefined {
  return inPast ? 'past' : whatIf === undefined ? undefined : 'what-if';
}

/** The machine's time as `goto time` takes it, without zeros at its end. */
export function secondsOf({ ns }: HistoryMoment): string {
  return (ns / NS).toFixed(9).replace(/\.?0+$/, '');
}

/** How far the present is from here. */
export function untilPresent({ here, present }: Moments): { readonly packets: number; readonly seconds: string } {
  const ns = Math.max(0, present.ns - here.ns);
  return { packets: present.packets - here.packets, seconds: secondsOf({ ...here, ns }) };
}

/**
 * The moment to go to for the previous packet (`by` is -1) or the next one (1), in `pktgdb/goTo`'s words: packets are
 * counted as they pass the user network's edge, also in a replay. Undefined if the present has no next one. Before the
 * first packet is the beginning.
 */
export function neighbour({ here, present }: Moments, by: -1 | 1): string | undefined {
  const packet = here.packets + by;
  if (packet < 1) {
    return 'start';
  }
  if (packet <= present.packets) {
    return `edge ${packet}`;
  }
  return samePosition(here, present) ? undefined : 'end';
}

function samePosition(a: HistoryMoment, b: HistoryMoment): boolean {
  return a.tick === b.tick && a.probe === b.probe;
}

// ---- Completion of moments ----

/** What kinds of moments there are. */
export type MomentKind = 'start' | 'end' | 'packet' | 'time' | 'percent' | 'tick' | 'bookmark';

/** A moment that is offered. */
export interface MomentHint {
  readonly kind: MomentKind;
  /** The moment in `pktgdb/goTo`'s words; or what it begins with, where a number is still to come. */
  readonly text: string;
  /** True if `text` is a moment as it stands. */
  readonly whole: boolean;
  /** The first and last one of this kind. */
  readonly from: string;
  readonly to: string;
}

interface Offer {
  readonly kind: MomentKind;
  /** Before and after the number, of which a moment of this kind consists. */
  readonly before: string;
  readonly after: string;
  readonly number: RegExp;
  readonly from: number;
  readonly to: number;
}

function offersOf({ start, present }: Moments): readonly Offer[] {
  const count = /^\d+$/;
  const decimal = /^\d+(\.\d*)?$/;
  return [
    { kind: 'packet', before: 'packet ', after: '', number: count, from: 1, to: present.packets },
    { kind: 'time', before: 'time ', after: '', number: decimal, from: start.ns / NS, to: present.ns / NS },
    { kind: 'percent', before: '', after: '%', number: decimal, from: 0, to: 100 },
    { kind: 'tick', before: '', after: '', number: /^\d+(:\d+)?$/, from: start.tick, to: present.tick },
  ];
}

/** What can be meant by what the user has typed so far, the likeliest first. A number alone can be of any kind. */
export function momentHints(typed: string, moments: Moments, bookmarks: readonly string[] = []): MomentHint[] {
  const text = typed.trim().toLowerCase();
  const names = bookmarks.filter((name) => name.toLowerCase().startsWith(text));
  const words = (['start', 'end'] as const).filter((word) => word.startsWith(text));
  return [
    ...words.map((kind) => ({ kind, text: kind, whole: true, from: '', to: '' })),
    ...names.map((name) => ({ kind: 'bookmark' as const, text: name, whole: true, from: '', to: '' })),
    ...offersOf(moments).flatMap((offer) => hintOf(offer, text)),
  ];
}

/** The hint of one kind, none if it does not fit. */
function hintOf({ kind, before, after, number, from, to }: Offer, text: string): MomentHint[] {
  const range = { from: `${from}`, to: `${to}` };
  const word = before.trim();
  if (text === '' || (word.startsWith(text) && word !== '')) {
    return [{ kind, text: before, whole: false, ...range }];
  }
  const rest = text.startsWith(word) ? text.slice(word.length).trim() : text;
  const digits = after !== '' && rest.endsWith(after) ? rest.slice(0, -after.length).trim() : rest;
  const [main = ''] = digits.split(':');
  const fits = number.test(digits) && Number(main) >= from && Number(main) <= to;
  return fits ? [{ kind, text: `${before}${digits}${after}`, whole: true, ...range }] : [];
}

// ---- Marks in the editor ----

/** A frame of the call stack with a place in a file. */
export interface FramePlace {
  readonly path: string;
  readonly line: number;
}

/** Lines of a file that are marked as past: where the machine stands, and where its callers do. */
export interface PastLines {
  readonly here: readonly number[];
  readonly callers: readonly number[];
}

/** What to mark in which file, for a call stack with the innermost frame first. Each line is marked once. */
export function pastLines(frames: readonly FramePlace[]): Map<string, PastLines> {
  const marks = new Map<string, PastLines>();
  for (const [depth, { path, line }] of frames.entries()) {
    const { here, callers } = marks.get(path) ?? { here: [], callers: [] };
    if (![...here, ...callers].includes(line)) {
      marks.set(path, depth === 0 ? { here: [line], callers } : { here, callers: [...callers, line] });
    }
  }
  return marks;
}

/** True for `file:///a` and `vscode-remote://host/a`, false for `/a` and `c:\\a`. */
export function isUriText(path: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(path);
}
