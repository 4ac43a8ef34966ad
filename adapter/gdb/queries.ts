/** Commands that ask about all that has been recorded. */
import { CommandError } from '../commands/command.ts';
import { queryRequest } from '../commands/query-text.ts';
import type { QUERY_COMMANDS } from '../commands/table/queries.ts';
import type { QueryRow, TimePosition } from '../engine/api.ts';
import { endText, rowText } from '../inspect/queries.ts';
import type { Handlers } from './handler.ts';
import type { GdbInterpreter } from './interpreter.ts';

const WHAT = 'Searching the history';

/** Prints a row for each answer. It has printed everything when it returns; Ctrl-C gives it up. */
async function ask(gdb: GdbInterpreter, kind: string, text: string): Promise<void> {
  gdb.requireStopped();
  const request = queryRequest(gdb.engine, gdb.evaluator, kind, text, gdb.expressionFrame());
  const found: TimePosition[] = [];
  gdb.moments.rows = found;
  const rows = (more: readonly QueryRow[]): void => {
    for (const row of more) {
      found.push({ tick: row.tick, probe: row.probe });
      gdb.row(rowText(request, row), row);
    }
  };
  const signal = gdb.interruptible();
  const end = await gdb.engine.query(request, {
    rows,
    signal,
    progress: (done, total) => gdb.options.progress?.(WHAT, done, total),
  });
  if (signal.aborted) {
    throw new CommandError('Quit');
  }
  gdb.out(endText(end));
}

export const QUERY_HANDLERS: Handlers<typeof QUERY_COMMANDS> = {
  calls: (gdb, args) => ask(gdb, 'calls', args),
  packets: (gdb, args) => ask(gdb, 'packets', args),
  plot: (gdb, args) => ask(gdb, 'plot', args),
  writes: (gdb, args) => ask(gdb, 'writes', args),
  'last-write': (gdb, args) => ask(gdb, 'last-write', args),
};
