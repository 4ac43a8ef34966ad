/** `pktgdb -p PID`: this terminal as the prompt of a machine in another process. */
import type { Socket } from 'node:net';
import { type FromPrompt, type Hello, readMessages, sendMessage, type ToPrompt } from './messages.ts';
import { cannotAttach, connectToMachine } from './place.ts';

/** Ctrl-Z stops this process, not the one that is debugged. */
const SUSPEND = '\x1a';

/** Runs until the prompt ends. Resolves to its status; rejects with a sentence for the user if there is no machine. */
export async function runPrompt(
  pid: number,
  hello: Pick<Hello['hello'], 'quiet' | 'batch' | 'silent' | 'early' | 'actions' | 'init'>,
): Promise<number> {
  const socket = await connected(pid);
  const { stdin, stdout, stderr } = process;
  const send = (message: FromPrompt): void => sendMessage(socket, message);
  let raw = false;
  const setRaw = (mode: boolean): void => {
    raw = mode;
    stdin.setRawMode?.(mode);
  };
  const size = (): readonly [number, number] => [stdout.columns ?? 0, stdout.rows ?? 0];
  const [columns, rows] = size();
  const tty = { input: stdin.isTTY === true && !hello.batch, output: stdout.isTTY === true };
  const styled = tty.output && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';
  send({ hello: { ...hello, ...tty, styled, columns, rows, cwd: process.cwd() } });
  const status = new Promise<number>((resolve, reject) => {
    readMessages<ToPrompt>(socket, (message) => {
      if ('out' in message) {
        stdout.write(message.out);
      } else if ('err' in message) {
        stderr.write(message.err);
      } else if ('raw' in message) {
        setRaw(message.raw);
      } else if ('refused' in message) {
        reject(new Error(message.refused));
      } else {
        resolve(message.exit);
      }
    });
    socket.once('close', () => reject(new Error(`Process ${pid} is gone.`)));
  });
  const interrupted = (): void => send({ interrupt: true });
  const resized = (): void => send({ size: size() });
  /** `fg`: the shell has set the terminal as it likes it, though nothing has changed for Node. */
  const continued = (): void => {
    stdin.setRawMode?.(false);
    setRaw(raw);
    resized();
  };
  process.on('SIGINT', interrupted).on('SIGCONT', continued);
  stdout.on('resize', resized).on('error', () => socket.destroy());
  if (!hello.batch) {
    stdin.setEncoding('utf8').on('data', (keys: string) => type(keys, send));
    stdin.once('end', () => send({ end: true }));
  }
  try {
    return await status;
  } finally {
    process.off('SIGINT', interrupted).off('SIGCONT', continued);
    setRaw(false);
    stdin.pause();
    socket.destroy();
  }
}

function type(keys: string, send: (message: FromPrompt) => void): void {
  if (keys.includes(SUSPEND) && process.stdin.isTTY) {
    process.stdin.setRawMode(false);
    process.kill(0, 'SIGTSTP');
    return;
  }
  send({ keys });
}

function connected(pid: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectToMachine(pid);
    socket.once('connect', () => resolve(socket));
    socket.once('error', (e) => reject(new Error(cannotAttach(pid, e))));
  });
}
