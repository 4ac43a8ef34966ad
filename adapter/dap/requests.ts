/**
 * The table of requests. Each family declares the capability of a request beside its handler.
 * The answer to `initialize` is made from the table, so that what is advertised is what is there.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { breakpointRequests } from './breakpoints.ts';
import { ClientConventions } from './client.ts';
import { dataBreakpointRequests } from './data-breakpoints.ts';
import { evaluateRequests } from './evaluate.ts';
import { exceptionRequests } from './exceptions.ts';
import { stackRequests } from './frames.ts';
import { historyRequests } from './history.ts';
import { lifecycleRequests } from './lifecycle.ts';
import { locationRequests } from './locations.ts';
import { memoryRequests } from './memory.ts';
import { packetRequests } from './packets.ts';
import { queryRequests } from './queries.ts';
import { replayRequests } from './replay.ts';
import type { Family, RequestHandler } from './request.ts';
import { runningRequests } from './running.ts';
import { sourceRequests } from './sources.ts';
import { stepTargetRequests } from './step-targets.ts';
import { timelineRequests } from './timeline.ts';
import { variableRequests } from './variables.ts';
import { viewRequests } from './views.ts';
import { watchpointRequests } from './watchpoints.ts';

const initializeRequests: Family = {
  initialize: {
    capabilities: { supportsANSIStyling: true },
    handle: (session, args): DebugProtocol.Capabilities => {
      session.client = new ClientConventions(args);
      return capabilities();
    },
    // Breakpoints can be set from here on: the debug information is loaded, whatever is launched later.
    after: (session, ok) => {
      if (ok) {
        session.greeted();
      }
    },
    showErrors: true,
  },
  cancel: {
    capabilities: { supportsCancelRequest: true },
    handle: (session, args) => {
      const seq = args.optionalNumber('requestId');
      if (seq !== undefined) {
        session.cancel(seq);
      }
      session.progress.cancel(args.optionalString('progressId'), seq);
    },
  },
};

const handlers: ReadonlyMap<string, RequestHandler> = new Map(
  [
    initializeRequests,
    lifecycleRequests,
    breakpointRequests,
    dataBreakpointRequests,
    watchpointRequests,
    exceptionRequests,
    runningRequests,
    historyRequests,
    queryRequests,
    timelineRequests,
    stackRequests,
    variableRequests,
    evaluateRequests,
    memoryRequests,
    locationRequests,
    stepTargetRequests,
    sourceRequests,
    viewRequests,
    packetRequests,
    replayRequests,
  ].flatMap((family) => Object.entries(family)),
);

/** Commands of the requests that are answered. */
export function requestNames(): string[] {
  return [...handlers.keys()];
}

export function findRequest(command: string): RequestHandler | undefined {
  return handlers.get(command);
}

/** What the table can do, as `initialize` reports it. */
export function capabilities(): DebugProtocol.Capabilities {
  const all: DebugProtocol.Capabilities = {};
  for (const { capabilities: own } of handlers.values()) {
    Object.assign(all, own);
  }
  return all;
}
