/** Where a machine that runs by itself listens for debuggers: a socket of its own, in a folder of this user's. */
import { lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lives } from '../temporary.ts';

/** `$XDG_RUNTIME_DIR/pktgdb`, or where that is not set a folder of this user's among the temporary ones. */
export function runtimeFolder(): string {
  const runtime = process.env['XDG_RUNTIME_DIR'];
  return runtime ? join(runtime, 'pktgdb') : join(tmpdir(), `pktgdb-${process.getuid?.() ?? 'user'}`);
}

/** The socket of the machine in process `pid`. */
export function debugSocket(pid: number): string {
  return join(runtimeFolder(), `${pid}.sock`);
}

/** Makes the folder, which nobody else may look into, without what killed processes left. Throws a user's sentence. */
export function makeRuntimeFolder(): void {
  mkdirSync(runtimeFolder(), { recursive: true, mode: 0o700 });
  requireOwnFolder();
  for (const pid of known().filter((one) => !lives(one))) {
    rmSync(debugSocket(pid), { force: true });
  }
}

/** Somebody else could have made it, and listen there. Throws the system's errors, or a user's sentence. */
function requireOwnFolder(): void {
  const folder = runtimeFolder();
  const { mode, uid } = lstatSync(folder);
  const own = process.getuid === undefined || uid === process.getuid();
  if (!own || (process.getuid !== undefined && (mode & 0o170077) !== 0o040000)) {
    throw new Error(`${folder} is no folder of this user's alone (mode 0700)`);
  }
}

/** A connection to the machine of a process; it fails as sockets do. */
export function connectToMachine(pid: number): Socket {
  const socket = new Socket();
  try {
    requireOwnFolder();
    socket.connect({ path: debugSocket(pid) });
  } catch (e) {
    process.nextTick(() => socket.destroy(e as Error));
  }
  return socket;
}

/** Processes with a machine that one can attach to. */
export function attachable(): number[] {
  return known().filter(lives);
}

/** Processes that have, or had, a socket in the folder. */
function known(): number[] {
  try {
    return readdirSync(runtimeFolder()).flatMap((name) => {
      const pid = Number(/^([1-9]\d*)\.sock$/.exec(name)?.[1] ?? 0);
      return pid > 0 ? [pid] : [];
    });
  } catch {
    return [];
  }
}

/** What is wrong where a socket does not answer, in words for the user. */
export function cannotAttach(pid: number, error: NodeJS.ErrnoException): string {
  const others = attachable();
  const known = others.length > 0 ? `; there are ${others.join(', ')}` : '';
  return error.code === 'ENOENT' || error.code === 'ECONNREFUSED'
    ? `Process ${pid} has no machine to attach to${known}: it is pktgdb-passt that one attaches to.`
    : `Process ${pid} cannot be attached to: ${error.message}`;
}
