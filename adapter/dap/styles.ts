/** Colours for clients that show escape sequences. Values have none, as clients copy those. */
import type { ClientConventions } from './client.ts';

const END = '\x1b[m';
const LEVELS = { info: '', warning: '\x1b[33m', error: '\x1b[31m' } as const;

/** A line about the machine or the debugger. */
export function styledReport(client: ClientConventions, level: keyof typeof LEVELS, text: string): string {
  const colour = client.supportsANSIStyling ? LEVELS[level] : '';
  return colour === '' ? text : `${colour}${text}${END}`;
}
