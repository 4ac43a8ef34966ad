/** `stepInTargets`: the calls of the statement that the machine stands at, each of which one can step into. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Frame } from '../engine/api.ts';
import type { Family } from './request.ts';
import { checkStopped } from './running.ts';
import type { PacketSession } from './session.ts';

/** A call in a text: the expression that is called, and where it begins. */
interface Call {
  readonly callee: string;
  readonly at: number;
}

/** A chain of names before a bracket: `qemu_send_packet(`, `nc.info!.receive_iov(`. */
const CALLEE = /(?<![\w$.])([A-Za-z_]\w*(?:!?\.[A-Za-z_]\w*|!?\[[\w. ]+\])*)!?\(/g;
const KEYWORDS = new Set(['if', 'for', 'while', 'switch', 'return', 'function', 'catch', 'typeof', 'new', 'throw']);

export const stepTargetRequests: Family = {
  stepInTargets: {
    capabilities: { supportsStepInTargetsRequest: true },
    handle: async (session, args): Promise<DebugProtocol.StepInTargetsResponse['body']> => {
      checkStopped(session);
      const index = await session.stopped.frameIndex(args.number('frameId'));
      const { frames } = await session.stopped.stack();
      const [frame] = frames;
      // A caller goes on in the call that it is in.
      return { targets: index === 0 && frame !== undefined ? await targetsOf(session, frame) : [] };
    },
  },
};

async function targetsOf(session: PacketSession, frame: Frame): Promise<DebugProtocol.StepInTarget[]> {
  const { engine, client } = session;
  const lines = (await readFile(join(engine.sourceRoot, frame.location.file), 'utf8')).split('\n');
  const { text, line, column } = statementOf(session, frame, lines);
  const targets: DebugProtocol.StepInTarget[] = [];
  for (const { callee, at } of callsIn(text)) {
    const name = await functionOf(session, callee);
    if (name !== undefined && !targets.some((target) => target.label === name)) {
      const before = text.slice(0, at).split('\n');
      targets.push({
        id: session.stopped.target(name),
        label: name,
        line: client.lineToClient(line + before.length - 1),
        column: client.columnToClient((before.length > 1 ? 1 : column) + (before.at(-1)?.length ?? 0)),
      });
    }
  }
  return targets;
}

/** The text of the statement at a frame: up to where the next one of the function begins. */
function statementOf(
  { engine }: PacketSession,
  { fn, location, probe }: Frame,
  lines: readonly string[],
): { readonly text: string; readonly line: number; readonly column: number } {
  const { line, column } = location;
  const own = fn.probes.map((id) => engine.info.probes[id]).filter((p) => p !== undefined);
  const at = own.findIndex((p) => p.id === probe);
  const next = own.slice(at + 1).find((p) => p.line > line || (p.line === line && p.column > column));
  const endLine = Math.max(line, at < 0 ? line : (next?.line ?? fn.endLine));
  const part = lines.slice(line - 1, endLine);
  if (at >= 0 && next !== undefined) {
    part[part.length - 1] = (part.at(-1) ?? '').slice(0, next.column - 1);
  }
  part[0] = (part[0] ?? '').slice(column - 1);
  return { text: part.join('\n'), line, column };
}

/** The calls of a text, in its order; comments and strings have none. */
export function callsIn(text: string): Call[] {
  const code = text.replace(/\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g, (found) =>
    found.replace(/[^\n]/g, ' '),
  );
  return [...code.matchAll(CALLEE)]
    .map((m) => ({ callee: m[1] ?? '', at: m.index }))
    .filter(({ callee }) => !KEYWORDS.has(callee));
}

/** The function that an expression calls, if it is one that the machine can stop in. */
async function functionOf({ engine }: PacketSession, callee: string): Promise<string | undefined> {
  const debuggable = (name: string): boolean =>
    engine.info.functions.some((fn) => fn.name === name && !fn.nodebug && fn.probes.length > 0);
  if (/^\w+$/.test(callee)) {
    return debuggable(callee) ? callee : undefined;
  }
  // A pointer to a function, as those of a table of operations: reading it changes nothing.
  const value = await engine.evaluate(callee.replaceAll('!', ''), 0).catch(() => undefined);
  const name = value?.kind === 'function' ? String(value.value) : '';
  return debuggable(name) ? name : undefined;
}
