/** Colours for clients that show escape sequences: gdb's own, for what gdb has a style for. */
import type { ClientConventions } from './client.ts';

const END = '\x1b[m';
const ADDRESS = '\x1b[34m';
const LEVELS = { info: '', warning: '\x1b[33m', error: '\x1b[31m' } as const;

/** The value of a row: where its object is stands back behind what it is. */
export function styledValue(client: ClientConventions, value: string): string {
  return client.supportsANSIStyling ? value.replace(/ @ 0x[0-9a-f]+$/, (at) => `${ADDRESS}${at}${END}`) : value;
}

/** A line about the machine or the debugger. */
export function styledReport(client: ClientConventions, level: keyof typeof LEVELS, text: string): string {
  const colour = client.supportsANSIStyling ? LEVELS[level] : '';
  return colour === '' ? text : `${colour}${text}${END}`;
}
