/** A debug session as tools see it: what state it is in, and what a request that lets the machine run leads to. */
import type { DapPort, PortEvent } from './port.ts';

/** Characters of the guest's console and the debugger's output that are kept for the next answer. */
const MAX_OUTPUT = 8000;

/** Where the machine is. */
export type AgentState =
  | { readonly state: 'stopped'; readonly reason: string; readonly description: string }
  | { readonly state: 'running' }
  | { readonly state: 'ended' };

/** A frame of the call stack, the innermost first. */
export interface AgentFrame {
  readonly id: number;
  readonly name: string;
  readonly line: number;
  readonly source?: { readonly path?: string; readonly name?: string };
}

export class AgentSession {
  readonly id: string;
  readonly port: DapPort;
  /** The user has allowed this session to change the machine. */
  readonly mayChange: boolean;
  #state: AgentState = { state: 'running' };
  #output = '';
  #listeners: (() => void)[] = [];

  constructor(id: string, port: DapPort, mayChange: boolean) {
    this.id = id;
    this.port = port;
    this.mayChange = mayChange;
    port.onEvent((event) => this.#event(event));
  }

  get state(): AgentState {
    return this.#state;
  }

  #event({ event, body }: PortEvent): void {
    if (event === 'stopped') {
      const { reason, description, text } = body as {
        readonly reason: string;
        readonly description?: string;
        readonly text?: string;
      };
      this.#enter({ state: 'stopped', reason, description: text ?? description ?? '' });
    } else if (event === 'continued' && this.#state.state !== 'ended') {
      this.#enter({ state: 'running' });
    } else if (event === 'terminated' || event === 'exited') {
      this.#enter({ state: 'ended' });
    } else if (event === 'output' || event === 'pktgdb/console') {
      const { output, text } = body as { readonly output?: string; readonly text?: string };
      this.#output = (this.#output + (output ?? text ?? '')).slice(-MAX_OUTPUT);
    }
  }

  #enter(state: AgentState): void {
    this.#state = state;
    for (const listener of this.#listeners.splice(0)) {
      listener();
    }
  }

  /** What has been printed since it was last taken. */
  takeOutput(): string {
    const text = this.#output;
    this.#output = '';
    return text;
  }

  /** Resolves when the machine stands or has ended, or after `ms`. */
  async settled(ms: number): Promise<AgentState> {
    const late = new Promise<'late'>((resolve) => setTimeout(resolve, ms, 'late').unref());
    while (this.#state.state === 'running') {
      const changed = new Promise<'changed'>((resolve) => this.#listeners.push(() => resolve('changed')));
      if ((await Promise.race([changed, late])) === 'late') {
        break;
      }
    }
    return this.#state;
  }

  /** Sends a request that lets the machine run, and waits until it stands again. */
  async run(command: string, args: object, ms: number): Promise<AgentState> {
    const before = this.#state;
    this.#state = { state: 'running' };
    try {
      await this.port.request(command, args);
    } catch (error) {
      // Who waits for the machine to stand hears that it does.
      if (this.#state.state === 'running') {
        this.#enter(before);
      }
      throw error;
    }
    return this.settled(ms);
  }

  /** Frames of the call stack. */
  async frames(levels: number): Promise<readonly AgentFrame[]> {
    if (this.#state.state !== 'stopped') {
      throw new Error(`The machine is ${this.#state.state}, not stopped.`);
    }
    const args = { threadId: 1, startFrame: 0, levels };
    return (await this.port.request<{ readonly stackFrames: readonly AgentFrame[] }>('stackTrace', args)).stackFrames;
  }

  /** The frame with a number, the innermost being 0. */
  async frame(number: number): Promise<AgentFrame> {
    const frame = (await this.frames(number + 1))[number];
    if (frame === undefined) {
      throw new Error(`There is no frame ${number}.`);
    }
    return frame;
  }
}
