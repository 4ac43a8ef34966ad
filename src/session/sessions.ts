/** The debug sessions of this window: which one the views show, and what it is doing. */
import * as vscode from 'vscode';
import {
  distinctName,
  eventOf,
  isConsoleEvent,
  nextState,
  type SessionState,
  valuesMayHaveChanged,
} from './session-state.ts';

export const DEBUG_TYPE = 'pktgdb';

/** One session. */
export class TrackedSession {
  readonly session: vscode.DebugSession;
  state: SessionState = 'starting';

  constructor(session: vscode.DebugSession) {
    this.session = session;
  }

  /** A custom request (adapter/dap/custom.ts). Rejects with the adapter's message. */
  request<T>(command: string, args: object = {}): Promise<T> {
    return Promise.resolve(this.session.customRequest(command, args)) as Promise<T>;
  }
}

/** An event of an adapter. */
export interface SessionEvent {
  readonly session: TrackedSession;
  readonly event: string;
  readonly body: unknown;
}

/** `switched`: another session is shown, or none. `values`: registers or memory may have changed while it stands. */
export type SessionChange = 'switched' | 'state' | 'values';

export class Sessions implements vscode.DebugAdapterTrackerFactory, vscode.Disposable {
  readonly #all = new Map<string, TrackedSession>();
  readonly #changes = new vscode.EventEmitter<SessionChange>();
  readonly #console = new vscode.EventEmitter<{ readonly session: TrackedSession; readonly text: string }>();
  readonly #received = new vscode.EventEmitter<SessionEvent>();
  readonly #ended = new vscode.EventEmitter<TrackedSession>();
  readonly #subscriptions: vscode.Disposable[];
  #shown: TrackedSession | undefined;
  /** Something happened to the session that `current` is, or was. */
  readonly onDidChange = this.#changes.event;
  /** A guest has printed. */
  readonly onDidPrint = this.#console.event;
  /** An adapter has sent an event, other than what its guest has printed. The session's state is that before it. */
  readonly onDidReceive = this.#received.event;
  readonly onDidEnd = this.#ended.event;

  constructor() {
    this.#subscriptions = [
      vscode.debug.registerDebugAdapterTrackerFactory(DEBUG_TYPE, this),
      vscode.debug.onDidChangeActiveDebugSession(() => this.#choose()),
      vscode.debug.onDidTerminateDebugSession((session) => this.#end(session)),
      this.#changes,
      this.#console,
      this.#received,
      this.#ended,
    ];
  }

  /** What the views say of whose machine they show: nothing while there is one session. */
  get shownName(): string {
    return this.#all.size > 1 ? (this.#shown?.session.name ?? '') : '';
  }

  /** The session that the views show: the active one, or another one of ours. */
  get current(): TrackedSession | undefined {
    return this.#shown;
  }

  createDebugAdapterTracker(session: vscode.DebugSession): vscode.DebugAdapterTracker {
    const others = [...this.#all.values()].map((one) => one.session.name);
    session.name = distinctName(session.name, others);
    const tracked = new TrackedSession(session);
    this.#all.set(session.id, tracked);
    this.#choose();
    return { onDidSendMessage: (message: unknown) => this.#sent(tracked, message) };
  }

  #sent(tracked: TrackedSession, message: unknown): void {
    if (isConsoleEvent(message)) {
      this.#console.fire({ session: tracked, text: message.body.text });
      return;
    }
    const event = eventOf(message);
    if (event !== undefined) {
      this.#received.fire({ session: tracked, ...event });
    }
    const next = nextState(tracked.state, message);
    const changed = next !== tracked.state || (next === 'stopped' && valuesMayHaveChanged(message));
    const kind = next !== tracked.state ? 'state' : 'values';
    tracked.state = next;
    if (changed && tracked === this.#shown) {
      this.#changes.fire(kind);
    }
  }

  #choose(): void {
    const active = vscode.debug.activeDebugSession;
    const shown = (active && this.#all.get(active.id)) ?? [...this.#all.values()].at(-1);
    if (shown !== this.#shown) {
      this.#shown = shown;
      this.#changes.fire('switched');
    }
  }

  #end(session: vscode.DebugSession): void {
    const tracked = this.#all.get(session.id);
    if (tracked !== undefined) {
      tracked.state = 'ended';
      this.#all.delete(session.id);
      this.#ended.fire(tracked);
      this.#choose();
    }
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }
}
