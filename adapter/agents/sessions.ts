/** The sessions that an agent has started, by ids that it has to name. */
import { AgentSession } from './agent-session.ts';
import type { PortLaunch, StartPort } from './port.ts';
import { type SessionBook, ToolError } from './tool.ts';

/** Each session is a machine with threads of its own. */
const MAX_SESSIONS = 8;

/** Milliseconds that a machine has to reach its first statement. */
const START_MS = 30_000;

export class Sessions implements SessionBook {
  readonly #start: StartPort;
  readonly #mayChange: () => boolean;
  readonly #sessions = new Map<string, AgentSession>();
  #started = 0;

  /** `mayChange`: whether the user allows sessions that change the machine. */
  constructor(start: StartPort, mayChange: () => boolean) {
    this.#start = start;
    this.#mayChange = mayChange;
  }

  get all(): readonly AgentSession[] {
    return [...this.#sessions.values()];
  }

  async start(launch: PortLaunch, mayChange: boolean): Promise<AgentSession> {
    if (mayChange && !this.#mayChange()) {
      throw new ToolError(
        'Changes are not allowed. The user can allow them: "pktgdb -i mcp --allow-changes", in VS Code the setting ' +
          '"pktgdb.agents.allowChanges".',
      );
    }
    if (this.#sessions.size >= MAX_SESSIONS) {
      throw new ToolError(`There are ${MAX_SESSIONS} sessions already; end one of them: ${this.#ids()}.`);
    }
    const id = `s${++this.#started}`;
    const session = new AgentSession(id, await this.#start(launch), mayChange);
    this.#sessions.set(id, session);
    await session.settled(START_MS);
    return session;
  }

  get(id: string): AgentSession {
    const session = this.#sessions.get(id);
    if (session === undefined) {
      throw new ToolError(
        this.#sessions.size === 0
          ? `There is no session "${id}"; begin one with "start".`
          : `There is no session "${id}"; there are ${this.#ids()}.`,
      );
    }
    return session;
  }

  async end(id: string): Promise<void> {
    const session = this.get(id);
    this.#sessions.delete(id);
    await session.port.end();
  }

  async endAll(): Promise<void> {
    await Promise.all([...this.#sessions.keys()].map((id) => this.end(id)));
  }

  #ids(): string {
    return [...this.#sessions.keys()].join(', ');
  }
}
