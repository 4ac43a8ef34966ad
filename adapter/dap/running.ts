/** Requests that set the machine going or hold it. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { StepKind } from '../engine/api.ts';
import { RequestError } from './arguments.ts';
import type { Family } from './request.ts';
import type { PacketSession } from './session.ts';
import { stateName } from './stop-state.ts';
import { checkThread, THREAD_ID } from './thread.ts';

export const runningRequests: Family = {
  threads: {
    handle: (): DebugProtocol.ThreadsResponse['body'] => ({ threads: [{ id: THREAD_ID, name: 'machine' }] }),
  },
  continue: {
    resumes: true,
    handle: async (session, args): Promise<DebugProtocol.ContinueResponse['body']> => {
      checkThread(args);
      checkStopped(session);
      await session.running(() => session.engine.resume());
      return { allThreadsContinued: true };
    },
    after: (session) => session.releaseStops(),
  },
  // An instruction is a statement: a probe.
  next: { ...step('over'), capabilities: { supportsSteppingGranularity: true } },
  stepIn: step('into'),
  stepOut: step('out'),
  pause: {
    handle: async (session, args) => {
      checkThread(args);
      const { engine } = session;
      if (engine.state === 'none' || engine.state === 'exited') {
        throw new RequestError(`There is nothing to pause: the machine is ${stateName(engine.state)}.`);
      }
      // Commands that let the machine run again and again, or never, end too.
      session.repl.interrupt();
      if (engine.state !== 'stopped') {
        await session.running(() => engine.interrupt());
      }
    },
    after: (session) => session.releaseStops(),
  },
};

function step(kind: StepKind): Family[string] {
  return {
    resumes: true,
    handle: async (session, args) => {
      checkThread(args);
      checkStopped(session);
      const targetId = kind === 'into' ? args.optionalNumber('targetId') : undefined;
      if (targetId !== undefined) {
        await stepInto(session, targetId);
        return;
      }
      const statements = args.optionalString('granularity') === 'instruction';
      await session.running(() => session.engine.step(kind, statements ? { statements } : {}));
    },
    after: (session) => session.releaseStops(),
  };
}

/** Runs to the beginning of a function that the statement calls; if it is not called, the function is left. */
async function stepInto(session: PacketSession, targetId: number): Promise<void> {
  const name = session.stopped.targetName(targetId);
  if (name === undefined) {
    throw new RequestError(`There is no target ${targetId} to step into: the machine has run since, or it never was.`);
  }
  await session.running(() => session.engine.runTo({ kind: 'function', name }));
}

/** Throws unless the machine stands still. */
export function checkStopped(session: PacketSession): void {
  if (session.engine.state !== 'stopped') {
    throw new RequestError(`The machine is not stopped (it is ${stateName(session.engine.state)}).`, 'notStopped');
  }
}
