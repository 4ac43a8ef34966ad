/** The prompt of somebody who sits elsewhere, as streams that the command line takes for a terminal. */
import { type Duplex, PassThrough, Writable } from 'node:stream';
import type { AttachedMachine } from '../dap/server.ts';
import type { EngineApi } from '../engine/api.ts';
import { runCli } from '../gdb/cli.ts';
import { type FromPrompt, type Hello, readMessages, sendMessage, type ToPrompt } from './messages.ts';

/** Output that a prompt has not read above which it is taken for gone: the machine does not keep more for it. */
const UNREAD_BYTES = 64 << 20;

/** Keys that come over the connection. */
class RemoteInput extends PassThrough {
  readonly isTTY: boolean;
  readonly #socket: Duplex;

  constructor(socket: Duplex, isTTY: boolean) {
    super();
    this.#socket = socket;
    this.isTTY = isTTY;
  }

  setRawMode(raw: boolean): this {
    sendMessage<ToPrompt>(this.#socket, { raw });
    return this;
  }
}

/** A screen at the other end of the connection. */
class RemoteOutput extends Writable {
  readonly isTTY: boolean;
  columns: number;
  rows: number;

  constructor(socket: Duplex, kind: 'out' | 'err', hello: Hello['hello']) {
    super({
      decodeStrings: false,
      write: (chunk: string | Buffer, _encoding, done) => {
        const text = String(chunk);
        if (socket.writableLength > UNREAD_BYTES) {
          socket.destroy();
        }
        sendMessage<ToPrompt>(socket, kind === 'out' ? { out: text } : { err: text });
        done();
      },
    });
    this.isTTY = hello.output;
    this.columns = hello.columns;
    this.rows = hello.rows;
  }

  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    this.emit('resize');
  }
}

/** Serves one prompt, from its first message to its end. */
export async function servePrompt(
  engine: EngineApi,
  socket: Duplex,
  { pid, owner, args, version }: AttachedMachine & { readonly version: string },
): Promise<void> {
  let greeted = (_hello: Hello['hello'] | undefined): void => undefined;
  const first = new Promise<Hello['hello'] | undefined>((resolve) => {
    greeted = resolve;
  });
  let input: RemoteInput | undefined;
  let output: RemoteOutput | undefined;
  let interrupt = (): void => undefined;
  readMessages<FromPrompt>(socket, (message) => {
    if ('hello' in message) {
      input = new RemoteInput(socket, message.hello.input);
      output = new RemoteOutput(socket, 'out', message.hello);
      greeted(message.hello);
    } else if ('keys' in message) {
      input?.write(message.keys);
    } else if ('size' in message) {
      output?.resize(...message.size);
    } else if ('interrupt' in message) {
      interrupt();
    } else if ('end' in message) {
      input?.end();
    }
  });
  socket.once('close', () => {
    greeted(undefined);
    input?.end();
  });
  const hello = await first;
  if (!hello || !input || !output) {
    return;
  }
  try {
    process.chdir(hello.cwd);
  } catch (e) {
    sendMessage<ToPrompt>(socket, { err: `warning: ${(e as Error).message}\n` });
  }
  const status = await runCli(engine, {
    ...hello,
    input,
    output,
    errors: new RemoteOutput(socket, 'err', hello),
    args,
    version,
    attached: {
      pid,
      owner,
      gone: socket,
      onInterrupt: (heard) => {
        interrupt = heard;
      },
    },
  });
  sendMessage<ToPrompt>(socket, { exit: status });
  socket.end();
}
