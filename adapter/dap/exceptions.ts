/** Exceptions inside the stack: the session always stops at one that nothing catches. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { RequestError } from './arguments.ts';
import type { Family } from './request.ts';
import { checkThread } from './thread.ts';

export const exceptionRequests: Family = {
  setExceptionBreakpoints: {
    // No filter is offered: an exception in the stack is a bug, and the machine cannot go on after it.
    capabilities: { exceptionBreakpointFilters: [] },
    handle: (_session, args): DebugProtocol.SetExceptionBreakpointsResponse['body'] => {
      const filters = [
        ...(args.optionalStrings('filters') ?? []),
        ...args.objects('filterOptions').map((option) => option.string('filterId')),
      ];
      return {
        breakpoints: filters.map((filter) => ({
          verified: false,
          message: `There is no exception filter "${filter}"; uncaught exceptions of the stack always stop.`,
        })),
      };
    },
  },
  exceptionInfo: {
    capabilities: { supportsExceptionInfoRequest: true },
    handle: (session, args): DebugProtocol.ExceptionInfoResponse['body'] => {
      checkThread(args);
      const { stop } = session.engine;
      if (session.engine.state !== 'stopped' || stop?.kind !== 'exception') {
        throw new RequestError('The machine is not stopped at an exception.');
      }
      return {
        exceptionId: stop.name,
        description: stop.message,
        breakMode: 'unhandled',
        details: { message: stop.message, typeName: stop.name, stackTrace: stop.stack },
      };
    },
  },
};
