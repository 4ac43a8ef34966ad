/** What a request is to the session: the types that each family of handlers fills in. The table is in requests.ts. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Arguments } from './arguments.ts';
import type { PacketSession } from './session.ts';

/** How one request is answered. */
export interface RequestHandler {
  /** What `initialize` says because of this handler. */
  readonly capabilities?: DebugProtocol.Capabilities;
  /** Returns (a promise of) the response's body; an exception becomes an error response. */
  readonly handle: (session: PacketSession, args: Arguments) => unknown;
  /** Runs when the response has been sent; `ok` tells which one. */
  readonly after?: (session: PacketSession, ok: boolean) => void;
  /** A client that cancels it is answered at once, with an error: it changes nothing, or can be given up. */
  readonly cancellable?: boolean;
  /** It is about where the machine stands: what sets the machine going waits until it is answered. */
  readonly atStop?: boolean;
  /** It sets the machine going. */
  readonly resumes?: boolean;
  /** Clients show errors of this request in a dialog. */
  readonly showErrors?: boolean;
}

/** Handlers by command. */
export type Family = Readonly<Record<string, RequestHandler>>;
