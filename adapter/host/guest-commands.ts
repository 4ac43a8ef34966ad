/** Commands that the machine starts for connections of its guest (`guestfwd=...-cmd:COMMAND`). */
import { spawn } from 'node:child_process';
import { createServer, Socket } from 'node:net';
import { join } from 'node:path';
import { temporaryFolder } from '../temporary.ts';

/** What the stack puts before a command line in the path of a Unix socket (slirp's EXEC_PREFIX). */
const EXEC_PREFIX = 'exec:';

/** The command line in a Unix socket's path, or null if it is a path. */
export function commandOf(path: string): string | null {
  return path.startsWith(EXEC_PREFIX) ? path.slice(EXEC_PREFIX.length) : null;
}

/**
 * The words of a command line, split as a shell does (blanks, quotes, backslashes) but without expansions: QEMU starts
 * no shell either. Throws for a quote without end and for an empty line, with the code `EINVAL`.
 */
export function splitCommand(line: string): string[] {
  const words: string[] = [];
  const piece = /\s+|'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^\s'"\\]+)|(.)/gsy;
  let word: string | undefined;
  for (const [text, single, double, escaped, plain, rest] of line.matchAll(piece)) {
    if (rest !== undefined) {
      throw Object.assign(new Error(`${rest} without its end in '${line}'`), { code: 'EINVAL' });
    }
    const part = single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? plain;
    if (part !== undefined) {
      word = (word ?? '') + part;
    } else if (text !== '' && word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  if (word !== undefined) {
    words.push(word);
  }
  if (words.length === 0) {
    throw Object.assign(new Error('the command is empty'), { code: 'EINVAL' });
  }
  return words;
}

/** As `startProgram`, with the words of a command line. */
export function startCommand(line: string): Socket {
  try {
    const [program = '', ...args] = splitCommand(line);
    return startProgram(program, args);
  } catch (e) {
    return failed(e);
  }
}

/** A socket that fails at once. */
function failed(e: unknown): Socket {
  const socket = new Socket();
  process.nextTick(() => socket.destroy(e instanceof Error ? e : new Error(String(e))));
  return socket;
}

/**
 * Runs a program with `far` as its standard input, output and error, in a session of its own: some end by killing their
 * process group.
 */
function run(program: string, args: readonly string[], far: Socket, near: Socket): void {
  try {
    const child = spawn(program, args, { stdio: [far, far, far], detached: true });
    child.on('error', (e) => near.destroy(e));
    child.unref();
  } catch (e) {
    near.destroy(e instanceof Error ? e : new Error(String(e)));
  }
  far.destroy();
}

/**
 * Starts a program with a connection as its standard input, output and error. Returns our end, to which may be written
 * at once; it fails if the program cannot be started.
 */
export function startProgram(program: string, args: readonly string[]): Socket {
  try {
    const near = new Socket({ allowHalfOpen: true });
    const folder = temporaryFolder();
    const path = join(folder.path, 's');
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    server.on('error', (e) => {
      near.destroy(e);
      folder.remove();
    });
    server.on('close', () => folder.remove());
    // Also if the connection to it could not be made.
    near.once('close', () => server.close());
    server.once('connection', (far) => {
      server.close();
      run(program, args, far, near);
    });
    server.listen(path);
    near.connect({ path });
    return near;
  } catch (e) {
    return failed(e);
  }
}

/**
 * As `startProgram`, over TCP, for programs that ask who is at the other end. The only connection that is taken is
 * ours.
 */
export function startNetworkProgram(program: string, args: readonly string[]): Socket {
  const near = new Socket({ allowHalfOpen: true });
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  server.on('error', (e) => near.destroy(e));
  near.once('close', () => server.close());
  server.on('connection', (far) => {
    const start = (): void => {
      if (far.remotePort !== near.localPort) {
        far.destroy();
        return;
      }
      server.close();
      run(program, args, far, near);
    };
    if (near.connecting) {
      near.once('connect', start);
    } else {
      start();
    }
  });
  server.listen(0, '127.0.0.1', () => {
    const bound = server.address();
    near.connect({ host: '127.0.0.1', port: bound !== null && typeof bound === 'object' ? bound.port : 0 });
  });
  return near;
}
