/** A real QEMU and its monitor, for tests that compare; `QEMU` is null where there is none. */
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

export const QEMU: string | null =
  ['qemu-system-x86_64', 'qemu-system-i386'].find((name) => spawnSync(name, ['--version']).status === 0) ?? null;

/** Whether it is the version that the recorded answers are of. */
export const isRecordedQemu = (): boolean =>
  QEMU !== null && /version 7\.2\./.test(spawnSync(QEMU, ['--version']).stdout.toString());

interface Reply {
  readonly return?: unknown;
}

/** A QEMU without a machine, driven by its monitor. */
export class Qemu {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #waiting: ((reply: Reply) => void)[] = [];

  private constructor(args: readonly string[]) {
    this.#child = spawn(QEMU ?? '', ['-M', 'none', '-nodefaults', '-display', 'none', '-qmp', 'stdio', ...args], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      if (line.startsWith('{') && !/^\{"(QMP|timestamp)"/.test(line)) {
        this.#waiting.shift()?.(JSON.parse(line) as Reply);
      }
    });
  }

  static async start(...args: string[]): Promise<Qemu> {
    const q = new Qemu(args);
    await q.#execute('qmp_capabilities', {});
    return q;
  }

  #execute(command: string, args: object): Promise<Reply> {
    const reply = new Promise<Reply>((resolve) => this.#waiting.push(resolve));
    this.#child.stdin.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
    return reply;
  }

  /** What the human monitor prints. */
  async hmp(line: string): Promise<string> {
    const reply = await this.#execute('human-monitor-command', { 'command-line': line });
    return String(reply.return).replaceAll('\r\n', '\n');
  }

  async stop(): Promise<void> {
    const closed = once(this.#child, 'close');
    this.#child.stdin.write('{"execute":"quit"}\n');
    await closed;
  }
}
