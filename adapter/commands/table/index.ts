/** The command table: all commands there are, by what they are about. */
import type { Command } from '../command.ts';
import { BREAKPOINT_COMMANDS } from './breakpoints.ts';
import { DATA_COMMANDS } from './data.ts';
import { FRAME_COMMANDS } from './frames.ts';
import { HISTORY_COMMANDS } from './history.ts';
import { INFO_COMMANDS } from './info.ts';
import { MISC_COMMANDS } from './misc.ts';
import { PACKET_COMMANDS } from './packets.ts';
import { PEER_COMMANDS } from './peers.ts';
import { QUERY_COMMANDS } from './queries.ts';
import { RUNNING_COMMANDS } from './running.ts';
import { SCRIPT_COMMANDS } from './script.ts';
import { SETTING_COMMANDS } from './settings.ts';
import { SOURCE_COMMANDS } from './source.ts';
import { UNSUPPORTED_COMMANDS, UNSUPPORTED_INFO } from './unsupported.ts';
import { WATCH_COMMANDS } from './watch.ts';

export const COMMANDS: readonly Command[] = [
  ...BREAKPOINT_COMMANDS,
  ...WATCH_COMMANDS,
  ...RUNNING_COMMANDS,
  ...HISTORY_COMMANDS,
  ...QUERY_COMMANDS,
  ...FRAME_COMMANDS,
  ...DATA_COMMANDS,
  ...SOURCE_COMMANDS,
  ...PEER_COMMANDS,
  ...PACKET_COMMANDS,
  ...SETTING_COMMANDS,
  ...SCRIPT_COMMANDS,
  ...MISC_COMMANDS,
  ...INFO_COMMANDS.map((c): Command => ({ ...c, subcommands: [...c.subcommands, ...UNSUPPORTED_INFO] })),
  ...UNSUPPORTED_COMMANDS,
];

/**
 * Full names of the commands of a table that a handler executes: all but those that begin a block. Those of settings
 * have one handler for all.
 */
export type CommandPath<T extends readonly Command[]> = PathOf<T[number], ''>;

type PathOf<C, Prefix extends string> = C extends { readonly block: string }
  ? never
  : C extends { readonly name: infer N extends string }
    ? string extends N
      ? never
      : `${Prefix}${N}` | SubcommandPath<C, `${Prefix}${N} `>
    : never;

type SubcommandPath<C, Prefix extends string> = C extends { readonly subcommands: readonly (infer S)[] }
  ? PathOf<S, Prefix>
  : never;
