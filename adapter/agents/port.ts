/** What the tools of agents need of a debug session: it is a client of the Debug Adapter Protocol like any other. */

/** An event of the adapter. */
export interface PortEvent {
  readonly event: string;
  readonly body: unknown;
}

/** A debug session that a client talks to. */
export interface DapPort {
  /** Sends a request. Resolves to the body of its answer; rejects with the adapter's sentence. */
  request<T>(command: string, args?: object): Promise<T>;
  /** Has `listener` called with each event, until the function that it returns is called. */
  onEvent(listener: (event: PortEvent) => void): () => void;
  /** Ends the session. */
  end(): Promise<void>;
}

/** What a session is started with: attributes of a launch configuration. */
export interface PortLaunch {
  readonly trace?: string;
  readonly traceGuest?: string;
  readonly args?: readonly string[];
  readonly guestCommands?: readonly string[];
  readonly stopOnEntry: boolean;
}

/** Starts sessions, in this process or in VS Code's window. The machine stands, or is about to. */
export type StartPort = (launch: PortLaunch) => Promise<DapPort>;
