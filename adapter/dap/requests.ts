/**
 * The table of requests. Each family declares the capability of a request beside its handler, and the answer to `initialize`
 * is made from the table, so that what is advertised is what is there.
 */
import { InitializedEvent } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Arguments } from './arguments.ts';
import { breakpointRequests } from './breakpoints.ts';
import { ClientConventions } from './client.ts';
import { evaluateRequests } from './evaluate.ts';
import { exceptionRequests } from './exceptions.ts';
import { stackRequests } from './frames.ts';
import { lifecycleRequests } from './lifecycle.ts';
import { memoryRequests } from './memory.ts';
import { runningRequests } from './running.ts';
import type { PacketSession } from './session.ts';
import { sourceRequests } from './sources.ts';
import { variableRequests } from './variables.ts';
import { viewRequests } from './views.ts';

/** How one request is answered. */
export interface RequestHandler {
  /** What `initialize` says because of this handler. */
  readonly capabilities?: DebugProtocol.Capabilities;
  /** Returns (a promise of) the response's body; an exception becomes an error response. */
  readonly handle: (session: PacketSession, args: Arguments) => unknown;
  /** Runs when the response has been sent; `ok` tells which one. */
  readonly after?: (session: PacketSession, ok: boolean) => void;
  /** Clients show errors of this request in a dialog. */
  readonly showErrors?: boolean;
}

/** Handlers by command. */
export type Family = Readonly<Record<string, RequestHandler>>;

const initializeRequests: Family = {
  initialize: {
    handle: (session, args): DebugProtocol.Capabilities => {
      session.client = new ClientConventions(args);
      return capabilities();
    },
    // Breakpoints can be set from here on: the debug information is loaded, whatever is launched later.
    after: (session, ok) => {
      if (ok) {
        session.sendEvent(new InitializedEvent());
      }
    },
    showErrors: true,
  },
  cancel: {
    // Nothing here takes long enough to be cut short; the protocol wants the request answered all the same.
    capabilities: { supportsCancelRequest: true },
    handle: (_session, args) => {
      args.optionalNumber('requestId');
      args.optionalString('progressId');
    },
  },
};

const handlers: ReadonlyMap<string, RequestHandler> = new Map(
  [
    initializeRequests,
    lifecycleRequests,
    breakpointRequests,
    exceptionRequests,
    runningRequests,
    stackRequests,
    variableRequests,
    evaluateRequests,
    memoryRequests,
    sourceRequests,
    viewRequests,
  ].flatMap((family) => Object.entries(family)),
);

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
