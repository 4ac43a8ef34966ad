/** Questions about all that has been recorded: rows are told as they are found, and what asks can be cancelled. */
import { Event } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { queryRequest } from '../commands/query-text.ts';
import type { QueryRow } from '../engine/api.ts';
import { rowText } from '../inspect/queries.ts';
import { errorText, TextError } from '../packets/span.ts';
import { type Arguments, RequestError } from './arguments.ts';
import type { MomentScheme, QueryBody, QueryRowsEventBody } from './custom.ts';
import type { Family } from './request.ts';
import type { PacketSession } from './session.ts';
import { toSource } from './sources.ts';

/** A client that asks for no limit gets so many rows. */
const MOST_ROWS = 100_000;

const MOMENT_SCHEME: MomentScheme = 'pktgdb-moment';

const SEARCHING = 'Searching the history';

export const queryRequests: Family = {
  'pktgdb/query': { handle: query },
};

async function query(session: PacketSession, args: Arguments): Promise<QueryBody> {
  const { engine } = session;
  const id = args.optionalNumber('id') ?? 0;
  const limit = args.optionalNumber('limit') ?? MOST_ROWS;
  const request = asked(session, args.string('kind'), args.string('text'));
  const stop = new AbortController();
  const task = session.progress.task(() => stop.abort(), args.seq);
  const rows = (found: readonly QueryRow[]): void => {
    const body: QueryRowsEventBody = { id, rows: found.map((row) => ({ ...row, text: rowText(request, row) })) };
    session.sendEvent(new Event('pktgdb/queryRows', body));
  };
  try {
    return await engine.query(request, {
      rows,
      limit,
      signal: stop.signal,
      progress: (done, total) => task.told(SEARCHING, done, total),
    });
  } finally {
    session.progress.done(task);
  }
}

function asked(session: PacketSession, kind: string, text: string): ReturnType<typeof queryRequest> {
  try {
    return queryRequest(session.engine, session.evaluator, kind, text);
  } catch (error) {
    throw error instanceof TextError ? new RequestError(errorText(error)) : error;
  }
}

/** A row in the Debug Console. Views that show rows get it as that of query 0. */
export function printRow(session: PacketSession, text: string, row: QueryRow): void {
  const body: QueryRowsEventBody = { id: 0, rows: [{ ...row, text }] };
  session.sendEvent(new Event('pktgdb/queryRows', body));
  session.output('stdout', `${text}\n`, placeOf(session, row));
}

/** What a click on a row leads to: its line, and in VS Code, whose extension knows such paths, its moment. */
function placeOf({ client, engine }: PacketSession, row: QueryRow): { source?: DebugProtocol.Source; line?: number } {
  const { file, line, tick, probe } = row;
  if (file === '') {
    return {};
  }
  const source = toSource(engine, client, file);
  const travels = client.id === 'vscode' ? { path: `${MOMENT_SCHEME}:/${source.name}?${tick}:${probe}` } : {};
  return { source: { ...source, ...travels }, line: client.lineToClient(line) };
}
