/** The handlers of all commands, by their full names. */

import { CommandError, type Found } from '../commands/command.ts';
import { BREAKPOINT_HANDLERS } from './breakpoints.ts';
import { DATA_HANDLERS } from './data.ts';
import { FRAME_HANDLERS } from './frames.ts';
import type { Handler } from './handler.ts';
import { HISTORY_HANDLERS } from './history.ts';
import { INFO_HANDLERS } from './info.ts';
import { MISC_HANDLERS } from './misc.ts';
import { PACKET_HANDLERS } from './packet-commands.ts';
import { PEER_HANDLERS } from './peers.ts';
import { QUERY_HANDLERS } from './queries.ts';
import { RUNNING_HANDLERS } from './running.ts';
import { SCRIPT_HANDLERS } from './script.ts';
import { prefixHandler, SETTING_HANDLERS, settingHandler } from './settings.ts';
import { SOURCE_HANDLERS } from './source.ts';
import { WATCH_HANDLERS } from './watch.ts';

/** Commands that follow `set exec-direction`, and what they do in reverse. */
const DIRECTED = [
  ['continue', 'reverse-continue'],
  ['step', 'reverse-step'],
  ['next', 'reverse-next'],
  ['finish', 'reverse-finish'],
] as const;

const DIRECTED_HANDLERS: Readonly<Record<string, Handler>> = Object.fromEntries(
  DIRECTED.flatMap(([forward, back]): [string, Handler][] => [
    [
      forward,
      (gdb, args) =>
        (gdb.settings.execDirection === 'reverse' ? HISTORY_HANDLERS[back] : RUNNING_HANDLERS[forward])(gdb, args),
    ],
    [
      back,
      (gdb, args) => {
        if (gdb.settings.execDirection === 'reverse') {
          throw new CommandError(`Already in reverse mode.  Use '${forward}' or 'set exec-direction forward'.`);
        }
        return HISTORY_HANDLERS[back](gdb, args);
      },
    ],
  ]),
);

const HANDLERS: Readonly<Record<string, Handler>> = {
  ...BREAKPOINT_HANDLERS,
  ...WATCH_HANDLERS,
  ...RUNNING_HANDLERS,
  ...HISTORY_HANDLERS,
  ...DIRECTED_HANDLERS,
  ...QUERY_HANDLERS,
  ...FRAME_HANDLERS,
  ...DATA_HANDLERS,
  ...SOURCE_HANDLERS,
  ...PEER_HANDLERS,
  ...PACKET_HANDLERS,
  ...SETTING_HANDLERS,
  ...SCRIPT_HANDLERS,
  ...MISC_HANDLERS,
  ...INFO_HANDLERS,
};

/** What a command does. Those that begin a block do nothing by themselves. */
export function handlerOf({ command, path }: Found): Handler | undefined {
  const { why } = command;
  if (why !== undefined) {
    return () => {
      throw new CommandError(why);
    };
  }
  if (command.setting) {
    return settingHandler(command.setting, path);
  }
  return HANDLERS[path] ?? (command.subcommands ? prefixHandler(command, path) : undefined);
}
