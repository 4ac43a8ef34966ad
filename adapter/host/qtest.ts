/** The outside end of the test protocol (`-qtest`): a socket, or stdin and stdout, joined to a machine. */
import { connect, createServer, type Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { Input } from '../stack/util/host.ts';
import { isTooLong, MOST_PATH_BYTES } from './socket-paths.ts';

/** A `-qtest` or `-monitor` option is wrong, or what it names cannot be reached; the message says how. */
export class ChardevError extends Error {
  override name = 'ChardevError';
}

/** Where the test protocol or the monitor is. */
export interface Chardev {
  readonly kind: 'stdio' | 'none' | 'socket' | 'server';
  readonly path: string;
  readonly host: string;
  readonly port: number;
}

/** Parses `stdio`, `none`, `unix:PATH[,server=on][,wait=off]`, `tcp:HOST:PORT[,...]`. */
export function parseChardev(option: string, text: string): Chardev {
  const [address = '', ...flags] = text.split(',');
  const base = { kind: 'none', path: '', host: '', port: 0 } as const;
  if (address === 'stdio' || address === 'none' || address === 'null') {
    return { ...base, kind: address === 'stdio' ? 'stdio' : 'none' };
  }
  const kind = flags.some((f) => f === 'server' || f === 'server=on') ? 'server' : 'socket';
  const unix = /^unix:(.+)$/.exec(address);
  if (unix) {
    return { ...base, kind, path: unix[1]! };
  }
  const tcp = /^tcp:([^:]*):(\d+)$/.exec(address);
  if (tcp) {
    return { ...base, kind, host: tcp[1] || '127.0.0.1', port: Number(tcp[2]) };
  }
  throw new ChardevError(`${option} ${text}: expected unix:PATH, tcp:HOST:PORT, stdio or none`);
}

/** What the protocol needs of a machine. */
export interface QtestMachine {
  post(input: Input): void;
  /** Resolves when the connections that the machine has asked for are made or refused, as far as that takes no time. */
  settled(): Promise<void>;
  on(event: 'qtest', listener: (text: string) => void): unknown;
  once(event: 'exited', listener: () => void): unknown;
}

/** The value of the last option of this name, with one or two dashes. */
export function optionValue(argv: readonly string[], name: string): string | undefined {
  const i = argv.findLastIndex((w) => w === `-${name}` || w === `--${name}`);
  return i < 0 ? undefined : argv[i + 1];
}

/** Connects, or waits for the first connection, until `signal` gives it up. Throws `ChardevError`. */
export function openSocket(option: string, c: Chardev, signal?: AbortSignal): Promise<Socket> {
  const where = c.path === '' ? { host: c.host, port: c.port } : { path: c.path };
  return new Promise((resolve, reject) => {
    const failed = (e: Error): void => reject(new ChardevError(`${option}: ${e.message}`));
    if (isTooLong(c.path)) {
      failed(new Error(`the path of a Unix socket has ${MOST_PATH_BYTES} bytes at most: ${c.path}`));
      return;
    }
    if (c.kind === 'server') {
      const server = createServer((socket) => {
        server.close();
        resolve(socket);
      });
      signal?.addEventListener('abort', () => {
        server.close();
        failed(new Error('nobody has come'));
      });
      server.once('error', failed).listen(where);
    } else {
      const socket = connect(where, () => {
        socket.off('error', failed);
        resolve(socket);
      });
      socket.once('error', failed).setNoDelay(true);
    }
  });
}

/** Joins the test protocol's bytes to the machine. The end of the stream is the end of the machine only on stdio. */
export function serveQtest(machine: QtestMachine, input: Readable, output: Writable): void {
  input.setEncoding('latin1');
  // A command may come while what it depends on, a connection that the machine has just asked for, is still on its way.
  let order = Promise.resolve();
  input.on('data', (text: string) => {
    order = order.then(() => machine.settled()).then(() => machine.post({ type: 'qtest', text }));
  });
  machine.on('qtest', (text) => output.write(text, 'latin1'));
}

/**
 * Joins a machine under the debugger to the socket that `-qtest` in its options names, if there is one; it is closed
 * with the machine.
 */
export async function attachQtest(machine: QtestMachine, args: readonly string[]): Promise<void> {
  const text = optionValue(args, 'qtest');
  const chardev = parseChardev('-qtest', text ?? 'none');
  if (chardev.kind === 'stdio') {
    throw new ChardevError("-qtest stdio: stdin and stdout are the debugger's here; use -qtest unix:PATH");
  }
  if (chardev.kind === 'none') {
    return;
  }
  const socket = await openSocket('-qtest', chardev);
  socket.on('error', () => undefined);
  machine.once('exited', () => socket.destroy());
  serveQtest(machine, socket, socket);
}
