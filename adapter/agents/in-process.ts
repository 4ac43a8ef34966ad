/** Debug sessions within this process, without bytes in between. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { type SessionFactories, startSession } from '../dap/server.ts';
import type { MessageEndpoint } from '../dap/streams.ts';
import type { DapPort, PortEvent, PortLaunch } from './port.ts';

interface Waiting {
  readonly resolve: (body: never) => void;
  readonly reject: (error: Error) => void;
}

class InProcessPort implements DapPort {
  readonly #session: MessageEndpoint;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(event: PortEvent) => void>();
  /** Events that came before anybody listened. */
  readonly #early: PortEvent[] = [];
  /** Resolves when breakpoints may be set. */
  readonly initialized: Promise<void>;
  #initialize = (): void => undefined;
  readonly #over: Promise<void>;
  #seq = 0;

  constructor(session: MessageEndpoint, over: Promise<void>) {
    this.#session = session;
    this.#over = over;
    this.initialized = new Promise((resolve) => {
      this.#initialize = resolve;
    });
    session.onDidSendMessage((message) => this.#received(message as DebugProtocol.ProtocolMessage));
    void over.then(() => this.#giveUp());
  }

  request<T>(command: string, args: object = {}): Promise<T> {
    const seq = ++this.#seq;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(seq, { resolve, reject });
      this.#session.receive({ type: 'request', seq, command, arguments: args });
    });
  }

  onEvent(listener: (event: PortEvent) => void): () => void {
    this.#listeners.add(listener);
    for (const event of this.#early.splice(0)) {
      listener(event);
    }
    return () => this.#listeners.delete(listener);
  }

  async end(): Promise<void> {
    await this.request('disconnect', { terminateDebuggee: true }).catch(() => undefined);
    await this.#over;
  }

  #received(message: DebugProtocol.ProtocolMessage): void {
    if (message.type === 'event') {
      const { event, body } = message as DebugProtocol.Event;
      this.#heard({ event, body });
      return;
    }
    const answer = message as DebugProtocol.Response;
    const waiting = this.#waiting.get(answer.request_seq);
    this.#waiting.delete(answer.request_seq);
    if (answer.success) {
      waiting?.resolve(answer.body as never);
    } else {
      const { error } = (answer.body ?? {}) as { readonly error?: DebugProtocol.Message };
      waiting?.reject(new Error(error?.format ?? answer.message ?? 'failed'));
    }
  }

  #heard({ event, body }: PortEvent): void {
    if (event === 'initialized') {
      this.#initialize();
    } else if (this.#listeners.size === 0) {
      this.#early.push({ event, body });
    }
    for (const listener of this.#listeners) {
      listener({ event, body });
    }
  }

  /** Nothing is answered any more. */
  #giveUp(): void {
    for (const { reject } of this.#waiting.values()) {
      reject(new Error('The session is over.'));
    }
    this.#waiting.clear();
  }
}

/** Starts a session and its machine, which stands before its first statement. */
export async function startInProcess(factories: SessionFactories, launch: PortLaunch): Promise<DapPort> {
  const { session, over } = await startSession(factories);
  const port = new InProcessPort(session, over);
  await port.request('initialize', { adapterID: 'pktgdb', clientID: 'agent', pathFormat: 'path' });
  const launched = port.request('launch', launch);
  try {
    await Promise.race([port.initialized, launched]);
    await Promise.all([port.request('configurationDone'), launched]);
  } catch (error) {
    await port.end();
    throw error;
  }
  return port;
}
