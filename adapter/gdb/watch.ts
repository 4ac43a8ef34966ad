/** Watchpoints: commands, and what is printed when one stops. */
import { CommandError } from '../commands/command.ts';
import type { WATCH_COMMANDS } from '../commands/table/watch.ts';
import { splitWatch } from '../commands/watch-text.ts';
import type { Stop, WatchChange, WatchLocation } from '../engine/api.ts';
import { changedValues, watchLocation, watchTitle, writerText } from '../inspect/watch.ts';
import { within } from '../packets/span.ts';
import type { Handlers } from './handler.ts';
import type { GdbInterpreter } from './interpreter.ts';

async function watch(gdb: GdbInterpreter, access: WatchLocation['access'], args: string): Promise<void> {
  const { location, expression, condition } = splitWatch(args);
  if (expression === '') {
    throw new CommandError('Argument required (expression to compute).');
  }
  const at = await watchLocation(gdb.evaluator, expression, gdb.expressionFrame(), {
    access,
    location,
    text: location ? `-location ${expression}` : expression,
    ...(condition ? { condition: condition.text } : {}),
  });
  const compiled = condition && within(condition.text, condition.at, (text) => gdb.evaluator.condition(text));
  const bp = gdb.engine.setBreakpoint({ location: at, ...(compiled ? { condition: compiled } : {}) });
  if (!bp.verified) {
    gdb.engine.deleteBreakpoint(bp.id);
    throw new CommandError(bp.message ?? `Cannot watch ${expression}.`);
  }
  gdb.out(`${watchTitle(at)} ${bp.id}: ${at.text}\n`);
}

/** What a watchpoint's stop says first; undefined if the breakpoint that stopped is none. */
export async function watchHeadline(gdb: GdbInterpreter, stop: Stop): Promise<string | undefined> {
  if (stop.kind === 'watchpoint-scope') {
    return stop.breakpoints
      .map(
        (id) =>
          `\nWatchpoint ${id} deleted because the program has left the block in\nwhich its expression is valid.\n`,
      )
      .join('');
  }
  if (stop.kind !== 'breakpoint') {
    return undefined;
  }
  const texts: string[] = [];
  for (const change of stop.changes ?? []) {
    const bp = gdb.engine.breakpoints.find((b) => b.id === change.id);
    if (bp?.spec.location.kind === 'watch') {
      texts.push(await changeText(gdb, bp.id, bp.spec.location, change));
    }
  }
  return texts.length > 0 ? texts.join('') : undefined;
}

async function changeText(
  gdb: GdbInterpreter,
  id: number,
  location: WatchLocation,
  change: WatchChange,
): Promise<string> {
  const { old, now } = await changedValues(gdb.engine, gdb.settings.print, change, location);
  const values = old === undefined ? `Value = ${now}` : `Old value = ${old}\nNew value = ${now}`;
  const did = old === undefined ? 'Read' : 'Written';
  const writer = writerText(gdb.engine, change);
  return `\n${watchTitle(location)} ${id}: ${location.text}\n\n${values}\n${did} by ${writer}\n`;
}

/** What `info breakpoints` calls a watchpoint. */
export function watchKind({ access, places }: WatchLocation): string {
  const kinds = { read: 'read watchpoint', access: 'acc watchpoint', write: places ? 'hw watchpoint' : 'watchpoint' };
  return kinds[access];
}

export const WATCH_HANDLERS: Handlers<typeof WATCH_COMMANDS> = {
  watch: (gdb, args) => watch(gdb, 'write', args),
  rwatch: (gdb, args) => watch(gdb, 'read', args),
  awatch: (gdb, args) => watch(gdb, 'access', args),
};
