/**
 * `attach` with `pid` for clients that have started an adapter of their own: from then on this one hands everything on
 * to the one in the process, which hears first what the client has said before.
 */
import type { Socket } from 'node:net';
import { cannotAttach, connectToMachine } from '../attach/place.ts';
import { Arguments, isObject } from './arguments.ts';
import type { MessageEndpoint } from './streams.ts';
import type { TokenLock } from './token.ts';
import { encodeMessage, MessageReader } from './transport.ts';

type Message = Readonly<Record<string, unknown>>;

/** A session of this process, until the client attaches to a machine of another one. */
export class Attaching implements MessageEndpoint {
  readonly #own: MessageEndpoint;
  readonly #lock: TokenLock | undefined;
  /** What the client has asked before it attached. */
  #before: Message[] = [];
  #remote: Socket | undefined;
  /** What comes while the connection to the other process is being made. */
  #meanwhile: object[] | undefined;
  #listener: (message: object) => void = () => undefined;
  /** Number of the last message that the client got. */
  #seq = 0;
  /** The client has heard that it may configure. */
  #initialized = false;
  #attached = false;
  /** The client has said that it goes. */
  #leaves = false;

  /** `lock` keeps out whoever does not know its token. */
  constructor(own: MessageEndpoint, lock: TokenLock | undefined) {
    this.#own = own;
    this.#lock = lock;
    own.onDidSendMessage((message) => this.#send(message as Message));
  }

  onDidSendMessage(listener: (message: object) => void): void {
    this.#listener = listener;
  }

  receive(message: unknown): void {
    if (this.#remote) {
      this.#leaves ||= isObject(message) && message['command'] === 'disconnect';
      this.#remote.write(encodeMessage(message as object));
      return;
    }
    if (this.#meanwhile) {
      this.#meanwhile.push(message as object);
      return;
    }
    const request = isObject(message) && message['type'] === 'request' ? message : undefined;
    const pid = isObject(request?.['arguments']) ? request['arguments']['pid'] : undefined;
    if (request?.['command'] === 'attach' && pid !== undefined && !this.#attached) {
      if (this.#admits(request)) {
        this.#attach(request, Number(pid));
      }
      return;
    }
    if (request && !this.#attached) {
      this.#before.push(request);
    }
    if (request?.['command'] === 'launch') {
      // What is launched here stays here.
      this.#attached = true;
      this.#before = [];
    }
    this.#own.receive(message);
  }

  malformed(problem: string): void {
    this.#own.malformed(problem);
  }

  clientClosed(): void {
    this.#remote?.destroy();
    this.#own.clientClosed();
  }

  #send(message: Message): void {
    this.#initialized ||= message['event'] === 'initialized';
    this.#seq = Math.max(this.#seq, Number(message['seq']));
    this.#listener(message);
  }

  /** A client of a port gets no further with another process than with this one. */
  #admits(request: Message): boolean {
    try {
      this.#lock?.admit('attach', new Arguments('attach', request['arguments']));
      return true;
    } catch (e) {
      this.#refuse(request, (e as Error).message);
      if (this.#lock?.exhausted) {
        this.#own.clientClosed();
      }
      return false;
    }
  }

  #attach(request: Message, pid: number): void {
    this.#attached = true;
    const meanwhile: object[] = [];
    this.#meanwhile = meanwhile;
    const remote = connectToMachine(pid);
    const failed = (error: Error): void => {
      this.#meanwhile = undefined;
      this.#refuse(request, cannotAttach(pid, error));
      this.#send({ seq: this.#seq + 1, type: 'event', event: 'terminated', body: {} });
      for (const message of meanwhile) {
        this.#own.receive(message);
      }
    };
    remote.once('error', failed);
    remote.once('connect', () => {
      remote.off('error', failed);
      remote.on('error', () => undefined);
      remote.once('close', () => this.#over(pid));
      const reader = new MessageReader(
        (message) => this.#fromRemote(message as Message),
        () => undefined,
      );
      remote.on('data', (chunk: Buffer) => reader.push(chunk));
      for (const message of [...this.#before, request, ...meanwhile]) {
        remote.write(encodeMessage(message));
      }
      this.#meanwhile = undefined;
      this.#remote = remote;
    });
  }

  /** What has been answered here is not answered again. */
  #fromRemote(message: Message): void {
    const answered = this.#before.some(({ seq }) => message['type'] === 'response' && message['request_seq'] === seq);
    if (answered || (message['event'] === 'initialized' && this.#initialized)) {
      return;
    }
    this.#send({ ...message, seq: this.#seq + 1 });
  }

  #refuse({ seq, command }: Message, message: string): void {
    const error = { id: 1, format: message, showUser: true };
    const body = {
      seq: this.#seq + 1,
      type: 'response',
      request_seq: seq,
      command,
      success: false,
      message,
      body: { error },
    };
    this.#send(body);
  }

  /** The process is gone, or has let go. This adapter stays for a client that has not said goodbye. */
  #over(pid: number): void {
    this.#remote = undefined;
    if (this.#leaves) {
      this.#own.clientClosed();
      return;
    }
    const body = {
      category: 'important',
      output: `Process ${pid} has gone, or does not want to be debugged any more.\n`,
    };
    this.#send({ seq: this.#seq + 1, type: 'event', event: 'output', body });
    this.#send({ seq: this.#seq + 1, type: 'event', event: 'terminated', body: {} });
  }
}
