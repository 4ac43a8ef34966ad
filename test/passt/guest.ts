/** QEMU's part of `-netdev passt,path=PROGRAM`: it starts the program with a socket, and is one guest behind that. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { ROOT } from '../kit/paths.ts';
import { tempFolder } from '../kit/temp.ts';
import { until } from '../kit/until.ts';

export const PASST = join(ROOT, 'dist/pktgdb-passt.js');

/** Starts the program and waits until that process has ended, as QEMU does. */
export async function runPasst(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  socket?: Socket,
): Promise<{ status: number; errors: string }> {
  const child = spawn(process.execPath, [PASST, ...args], {
    env,
    stdio: ['ignore', 'ignore', 'pipe', ...(socket ? [socket] : [])],
  });
  let errors = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const [status] = (await once(child, 'close')) as [number];
  return { status, errors };
}

/** Two ends of a connection. */
async function socketPair(): Promise<[Socket, Socket]> {
  const path = join(tempFolder(), 's');
  const server = createServer();
  server.listen(path);
  await once(server, 'listening');
  const near = connect(path);
  const [far] = (await once(server, 'connection')) as [Socket];
  server.close();
  return [near, far];
}

export class PasstGuest {
  readonly pid: number;
  readonly pidFile: string;
  readonly socket: Socket;
  #received = Buffer.alloc(0);
  #arrived: () => void = () => undefined;

  private constructor(socket: Socket, pidFile: string) {
    this.socket = socket;
    this.pidFile = pidFile;
    this.pid = Number(readFileSync(pidFile, 'utf8'));
    socket.on('data', (data) => {
      this.#received = Buffer.concat([this.#received, data]);
      this.#arrived();
    });
  }

  static async start(args: readonly string[], env: NodeJS.ProcessEnv): Promise<PasstGuest> {
    const [near, far] = await socketPair();
    const pidFile = join(tempFolder(), 'passt.pid');
    const { status, errors } = await runPasst(['--quiet', ...args, '--pid', pidFile, '--fd', '3'], env, far);
    far.destroy();
    assert.deepEqual({ status, errors }, { status: 0, errors: '' });
    return new PasstGuest(near, pidFile);
  }

  send(frame: Uint8Array): void {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(frame.length);
    this.socket.write(Buffer.concat([length, frame]));
  }

  /** The next frame that comes. */
  async frame(): Promise<Uint8Array> {
    for (;;) {
      const length = this.#received.length < 4 ? Number.POSITIVE_INFINITY : this.#received.readUInt32BE(0);
      if (this.#received.length >= 4 + length) {
        const frame = this.#received.subarray(4, 4 + length);
        this.#received = this.#received.subarray(4 + length);
        return frame;
      }
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
  }

  /** Resolves when the process has ended, and left nothing. */
  async gone(): Promise<void> {
    await until(() => !lives(this.pid), 'the process has ended');
    assert.equal(existsSync(this.pidFile), false);
  }

  end(): void {
    if (lives(this.pid)) {
      process.kill(this.pid, 'SIGKILL');
    }
    this.socket.destroy();
  }
}

/** A process that has ended may wait for its parent to look. */
function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch (e) {
    return (e as NodeJS.ErrnoException).code === 'EPERM';
  }
}
