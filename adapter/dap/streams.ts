/** Sessions over byte streams. A client may send garbage, vanish, and read slowly or not at all. */
import type { Readable, Writable } from 'node:stream';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { encodeMessage, MessageReader } from './transport.ts';

/** Unread bytes above which output is left out: a client that reads at all is never that far behind. */
const OUTPUT_BYTES = 8 << 20;
/** Unread bytes above which no more requests are taken: their answers may not be left out. */
const ANSWER_BYTES = 64 << 20;

/** Sends messages; remembers what it could not. */
class Outgoing {
  readonly #stream: Writable;
  #leftOut = 0;
  #bytes = 0;
  #last: DebugProtocol.OutputEvent | undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on('drain', () => this.#tell());
  }

  send(message: object): void {
    if (!this.#stream.writable) {
      return;
    }
    if (isOutput(message) && (this.#leftOut > 0 || this.#stream.writableLength > OUTPUT_BYTES)) {
      this.#leftOut++;
      this.#bytes += Buffer.byteLength(message.body.output);
      this.#last = message;
      return;
    }
    this.#stream.write(encodeMessage(message));
  }

  /** True while no more should be asked for. */
  get full(): boolean {
    return this.#stream.writableLength > ANSWER_BYTES;
  }

  /** The client has read: it hears how much of the output it has missed. */
  #tell(): void {
    const { seq } = this.#last ?? { seq: 0 };
    if (this.#leftOut > 0) {
      const output = `[${this.#leftOut} outputs of ${this.#bytes} bytes were left out: the client did not read]\n`;
      this.#leftOut = 0;
      this.#bytes = 0;
      this.send({ seq, type: 'event', event: 'output', body: { category: 'important', output } });
    }
  }
}

function isOutput(message: object): message is DebugProtocol.OutputEvent {
  return 'event' in message && message.event === 'output';
}

/** What a session is to a transport (the shape of VS Code's `DebugAdapter`). */
export interface MessageEndpoint {
  /** Takes one decoded message, whatever it is. */
  receive(message: unknown): void;
  /** Has `listener` called with each message to send. */
  onDidSendMessage(listener: (message: object) => void): unknown;
  /** Something came that is no message. */
  malformed(problem: string): void;
  /** The client is gone. */
  clientClosed(): void;
}

/** Connects a session to a pair of byte streams. */
export function connectStreams(
  session: MessageEndpoint,
  input: Readable,
  output: Writable,
  log: (text: string) => void,
): void {
  const reader = new MessageReader(
    (message) => session.receive(message),
    (problem) => session.malformed(problem),
  );
  const outgoing = new Outgoing(output);
  session.onDidSendMessage((message) => outgoing.send(message));
  input.on('data', (chunk: Buffer) => {
    reader.push(chunk);
    if (outgoing.full) {
      input.pause();
      output.once('drain', () => input.resume());
    }
  });
  input.once('end', () => {
    reader.end();
    session.clientClosed();
  });
  // A client may have vanished before it was listened to, or without an end.
  input.once('close', () => session.clientClosed());
  if (input.destroyed) {
    session.clientClosed();
  }
  input.on('error', (error) => {
    log(`DAP input: ${error.message}`);
    session.clientClosed();
  });
  output.on('error', (error) => {
    log(`DAP output: ${error.message}`);
    session.clientClosed();
  });
}
