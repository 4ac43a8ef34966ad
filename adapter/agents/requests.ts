/** Questions that several tools ask of a session, and what its answers are in short. */
import type { QueryRowsEventBody } from '../dap/custom.ts';
import type { AgentFrame, AgentSession } from './agent-session.ts';
import { ToolError } from './tool.ts';

/** Longest text of a value, and most children, in an answer: an agent's context is small. */
const MAX_TEXT = 400;
const MAX_CHILDREN = 64;

interface DapVariable {
  readonly name: string;
  readonly value: string;
  readonly type?: string;
  readonly variablesReference: number;
}

/** A value, with its children down to some depth. */
export interface ShownValue {
  readonly value: string;
  readonly type?: string;
  readonly children?: Readonly<Record<string, ShownValue>>;
  readonly more?: string;
}

const clip = (text: string): string => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}...` : text);

/** One line of text that may be part of a command: nobody smuggles in a second one. */
export function oneLine(what: string, text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
  if (/[\x00-\x1f\x7f]/.test(text)) {
    throw new ToolError(`${what} must be one line, without control characters.`);
  }
  return text.trim();
}

/** A line of the Debug Console. Returns what it printed. */
export async function command(session: AgentSession, line: string): Promise<string> {
  session.takeOutput();
  const { result } = await session.port.request<{ readonly result: string }>('evaluate', {
    expression: line,
    context: 'repl',
  });
  return (session.takeOutput() + result).trim();
}

/** A value and its children, `depth` deep. */
export async function shown(session: AgentSession, v: Omit<DapVariable, 'name'>, depth: number): Promise<ShownValue> {
  const own = { value: clip(v.value), ...(v.type ? { type: v.type } : {}) };
  if (v.variablesReference === 0 || depth === 0) {
    return own;
  }
  return { ...own, ...(await childrenOf(session, v.variablesReference, depth - 1)) };
}

/** What a scope or a value holds. */
export async function childrenOf(
  session: AgentSession,
  variablesReference: number,
  depth: number,
): Promise<{ readonly children: Record<string, ShownValue>; readonly more?: string }> {
  const { variables } = await session.port.request<{ readonly variables: readonly DapVariable[] }>('variables', {
    variablesReference,
    start: 0,
    count: MAX_CHILDREN + 1,
  });
  const children: Record<string, ShownValue> = {};
  for (const v of variables.slice(0, MAX_CHILDREN)) {
    children[v.name] = await shown(session, v, depth);
  }
  const more = variables.length > MAX_CHILDREN ? { more: `only the first ${MAX_CHILDREN} are shown` } : {};
  return { children, ...more };
}

/** A frame as answers show it, its file as breakpoints name it. */
export function frameText({ name, line, source }: AgentFrame, number: number): Readonly<Record<string, unknown>> {
  const file = (source?.path ?? source?.name ?? '').replace(/^.*\/adapter\/stack\//, '');
  return { frame: number, function: name, at: file === '' ? '' : `${file}:${line}` };
}

let queries = 0;

/** Asks about the whole history. Returns at most `limit` rows. */
export async function query(
  session: AgentSession,
  kind: string,
  text: string,
  limit: number,
): Promise<Readonly<Record<string, unknown>>> {
  const id = ++queries;
  const rows: Record<string, unknown>[] = [];
  const stop = session.port.onEvent(({ event, body }) => {
    const { id: of, rows: found } = (body ?? {}) as QueryRowsEventBody;
    if (event === 'pktgdb/queryRows' && of === id) {
      rows.push(...found.map((row) => ({ text: clip(row.text), position: `${row.tick}:${row.probe}` })));
    }
  });
  try {
    const args = { kind, text: oneLine('The question', text), id, limit };
    const { complete, failure } = await session.port.request<{ readonly complete: boolean; readonly failure: string }>(
      'pktgdb/query',
      args,
    );
    return { rows, complete, ...(failure === '' ? {} : { failure }) };
  } finally {
    stop();
  }
}
