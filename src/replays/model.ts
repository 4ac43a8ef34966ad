/** What replays look like in lists and messages. Needs nothing of VS Code. */
import { isAbsolute, join } from 'node:path';
import type { DivergencesBody, GuestsEventBody, ReplayBody } from '../../adapter/dap/custom.ts';

/** The path of the capture that a launch configuration replays, or undefined. */
export function tracePath(configuration: Readonly<Record<string, unknown>>): string | undefined {
  const { trace, cwd } = configuration;
  if (typeof trace !== 'string' || trace === '') {
    return undefined;
  }
  return isAbsolute(trace) || typeof cwd !== 'string' ? trace : join(cwd, trace);
}

/** The guest to take without a question: the one that was chosen for this capture before, if it has that host still. */
export function rememberedGuest(
  chosen: Readonly<Record<string, string>>,
  path: string | undefined,
  hosts: GuestsEventBody['hosts'],
): string | undefined {
  const address = path === undefined ? undefined : chosen[path];
  return hosts.some((host) => host.address === address) ? address : undefined;
}

/** A divergence in a list; `index` is its number for `pktgdb/divergence`. */
export interface DivergenceRow {
  readonly index: number;
  readonly label: string;
  readonly description: string;
  readonly detail: string;
}

/** Grades, what matters most first. */
const ORDER = ['different answer', 'missing', 'extra', 'same bytes, other form', 'same'];

/** Divergences as rows: the worst grades first, within a grade in the order of sending. */
export function divergenceRows({ divergences }: DivergencesBody): DivergenceRow[] {
  return divergences
    .map(({ grade, packet, stream, summary, fields }, index) => ({
      index,
      grade,
      label: packet > 0 ? `${packet}: ${summary}` : summary,
      description: stream < 0 ? grade : `${grade}, tcp.stream ${stream}`,
      detail: fields.map(({ field, captured, sent }) => `${field}: ${captured} → ${sent}`).join(', '),
    }))
    .sort((a, b) => ORDER.indexOf(a.grade) - ORDER.indexOf(b.grade))
    .map(({ grade: _grade, ...row }) => row);
}

/** The account in a sentence, for a message; all of it is in the Debug Console. */
export function accountText({ text }: ReplayBody): string {
  const [first = ''] = text.split('\n');
  return first;
}

/** True for the stop at the end of a replay. */
export function isReplayEnd(event: string, body: unknown): boolean {
  return event === 'stopped' && (body as { readonly reason?: unknown } | undefined)?.reason === 'replay end';
}
