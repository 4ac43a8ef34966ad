/**
 * Requests that go back in what has been recorded. Whether there is anything to go back in depends on the launch, so a
 * `capabilities` event says so before the first stop.
 */
import { ContinuedEvent } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { BreakpointSpec, ReverseKind } from '../engine/api.ts';
import { marksOf, momentTarget, momentText, packetText } from '../inspect/history.ts';
import { type Arguments, RequestError } from './arguments.ts';
import type { HistoryBody, SaveBody } from './custom.ts';
import type { Family } from './request.ts';
import { checkStopped } from './running.ts';
import type { PacketSession } from './session.ts';
import { stackFile } from './sources.ts';
import { checkThread, THREAD_ID } from './thread.ts';

/** What a session with a recording can do. */
export const HISTORY_CAPABILITIES: DebugProtocol.Capabilities = { supportsStepBack: true };

/** Steps back, by the argument of `pktgdb/reverse`. */
const KINDS: Readonly<Record<string, ReverseKind>> = {
  into: 'into',
  over: 'over',
  out: 'out',
  instruction: 'instruction',
};

export const historyRequests: Family = {
  stepBack: {
    resumes: true,
    handle: (session, args) => {
      checkThread(args);
      const instruction = args.optionalString('granularity') === 'instruction';
      return reverse(session, instruction ? 'instruction' : 'over', 0);
    },
    after: (session) => session.releaseStops(),
  },
  reverseContinue: {
    resumes: true,
    handle: (session, args) => {
      checkThread(args);
      return reverse(session, 'continue', 0);
    },
    after: (session) => session.releaseStops(),
  },
  restartFrame: {
    resumes: true,
    capabilities: { supportsRestartFrame: true },
    handle: async (session, args) => {
      checkStopped(session);
      await reverse(session, 'entry', await session.stopped.frameIndex(args.number('frameId')));
    },
    after: (session) => session.releaseStops(),
  },
  gotoTargets: {
    capabilities: { supportsGotoTargetsRequest: true },
    handle: (session, args) => ({ targets: gotoTargets(session, args) }),
  },
  goto: {
    resumes: true,
    handle: async (session, args) => {
      checkThread(args);
      checkStopped(session);
      const place = targets.get(session)?.[args.number('targetId')];
      if (place === undefined) {
        throw new RequestError('There is no such place to go to; ask for "gotoTargets" first.');
      }
      await session.running(() => session.engine.goToPassed(place));
    },
    after: resumed,
  },
  'pktgdb/reverse': {
    resumes: true,
    handle: (session, args) => {
      const kind = KINDS[args.string('kind')];
      if (kind === undefined) {
        throw new RequestError(`There is no step back of kind ${JSON.stringify(args.string('kind'))}.`);
      }
      return reverse(session, kind, 0);
    },
    after: resumed,
  },
  'pktgdb/goTo': {
    resumes: true,
    handle: (session, args) => goTo(session, args),
    after: resumed,
  },
  'pktgdb/saveRecording': { handle: (session, args) => save(session, args.string('file')) },
  'pktgdb/history': { handle: (session) => historyBody(session) },
};

/** Places that a session was offered, by their numbers. */
const targets = new WeakMap<PacketSession, BreakpointSpec['location'][]>();

/** A line that a statement begins on: to go there is to travel to where it was executed last. */
function gotoTargets(session: PacketSession, args: Arguments): DebugProtocol.GotoTarget[] {
  const { engine, client } = session;
  const file = stackFile(engine, client, args.object('source'));
  const line = client.lineFromClient(args.number('line'));
  const { probes, functions } = engine.info;
  if (file === undefined || !probes.some((p) => p.line === line && functions[p.fn]?.file === file)) {
    return [];
  }
  const known = targets.get(session) ?? [];
  targets.set(session, known);
  const id = known.push({ kind: 'line', file, line }) - 1;
  return [{ id, label: `where ${file}:${line} was executed last`, line: client.lineToClient(line) }];
}

/** A client cannot know that requests of our own let the machine run: without this it keeps the last stop's words. */
function resumed(session: PacketSession, succeeded: boolean): void {
  if (succeeded) {
    session.sendEvent(new ContinuedEvent(THREAD_ID, true));
  }
  session.releaseStops();
}

async function reverse(session: PacketSession, kind: ReverseKind, frame: number): Promise<void> {
  checkStopped(session);
  await session.running(() => session.engine.reverse(kind, { frame }));
}

async function goTo(session: PacketSession, args: Arguments): Promise<void> {
  checkStopped(session);
  const { history } = session.engine;
  if (history === undefined) {
    throw new RequestError('Nothing is recorded: history is off.');
  }
  const text = args.string('moment').trim();
  const target = session.repl.interpreter.moments.bookmarks.get(text) ?? momentTarget(history, text);
  await session.running(() => session.engine.goTo(target));
}

/** Takes a while for a long session; the client is told how far it is. */
async function save(session: PacketSession, file: string): Promise<SaveBody> {
  checkStopped(session);
  try {
    return await session.engine.saveRecording(file, marksOf(session.repl.interpreter.moments));
  } finally {
    session.progress.end();
  }
}

function historyBody({ engine, repl }: PacketSession): HistoryBody {
  const { history } = engine;
  if (history === undefined) {
    return { recorded: false, inPast: false, here: '', after: '' };
  }
  const { start, here, present, inPast, whatIf } = history;
  const bookmarks = [...repl.interpreter.moments.bookmarks];
  const words = { here: momentText(here), after: packetText(here) };
  const left = whatIf ? { whatIf: packetText(whatIf) } : {};
  return { recorded: true, inPast, ...words, ...left, moments: { start, here, present }, bookmarks };
}
