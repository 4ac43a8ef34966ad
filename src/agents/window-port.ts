/** Debug sessions of this window for coding agents: the user sees what an agent does. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { DapPort, PortEvent, PortLaunch } from '../../adapter/agents/port.ts';
import { DEBUG_TYPE, type Sessions, type TrackedSession } from '../session/sessions.ts';

/** Attribute by which a session is found again once it has started. */
const MARK = 'agent';

let started = 0;

class WindowPort implements DapPort {
  readonly #tracked: TrackedSession;
  readonly #early: PortEvent[];
  readonly #sessions: Sessions;

  /** `early` are the events that have come already. */
  constructor(sessions: Sessions, tracked: TrackedSession, early: PortEvent[]) {
    this.#sessions = sessions;
    this.#tracked = tracked;
    this.#early = early;
  }

  request<T>(command: string, args: object = {}): Promise<T> {
    return this.#tracked.request<T>(command, args);
  }

  onEvent(listener: (event: PortEvent) => void): () => void {
    for (const event of this.#early.splice(0)) {
      listener(event);
    }
    const received = this.#sessions.onDidReceive(({ session, event, body }) => {
      if (session === this.#tracked) {
        listener({ event, body });
      }
    });
    const ended = this.#sessions.onDidEnd((session) => {
      if (session === this.#tracked) {
        listener({ event: 'terminated', body: {} });
      }
    });
    return () => vscode.Disposable.from(received, ended).dispose();
  }

  async end(): Promise<void> {
    await vscode.debug.stopDebugging(this.#tracked.session);
  }
}

/** Starts a session in the window. Rejects if VS Code does not start it; it has said why. */
export async function startInWindow(sessions: Sessions, launch: PortLaunch): Promise<DapPort> {
  const mark = `agent ${++started}`;
  const early: PortEvent[] = [];
  let tracked: TrackedSession | undefined;
  const listening = sessions.onDidReceive(({ session, event, body }) => {
    if (session.session.configuration[MARK] === mark) {
      tracked = session;
      early.push({ event, body });
    }
  });
  try {
    const { trace, traceGuest, args, guestCommands, stopOnEntry } = launch;
    const configuration = {
      type: DEBUG_TYPE,
      request: 'launch',
      name: trace === undefined ? vscode.l10n.t('Agent') : vscode.l10n.t('Agent: {0}', basename(trace)),
      ...{ trace, traceGuest, args, guestCommands, stopOnEntry },
      [MARK]: mark,
    };
    const folder = vscode.workspace.workspaceFolders?.[0];
    if (!(await vscode.debug.startDebugging(folder, configuration)) || tracked === undefined) {
      throw new Error('VS Code did not start the session; it has told the user why.');
    }
    return new WindowPort(sessions, tracked, early);
  } finally {
    listening.dispose();
  }
}
