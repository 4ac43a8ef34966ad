/**
 * A client of the test protocol: starts `pktgdb-machine`, which connects to a socket of ours, and sends it commands.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tempFolder } from '../kit/temp.ts';
import { realTime } from '../kit/until.ts';

export const MACHINE = fileURLToPath(new URL('../../dist/pktgdb-machine.js', import.meta.url));

/** Real QEMU, which is compared with where it is installed. */
const QEMU = 'qemu-system-x86_64';

/** Options that both programs get. */
function options(socket: string): readonly string[] {
  return [
    ...['-machine', 'pc', '-m', '64', '-display', 'none', '-nodefaults', '-L', '/nowhere'],
    ...['-qtest', `unix:${socket}`, '-qtest-log', '/dev/null'],
  ];
}

export class QTest {
  /** `raise 10` and `lower 10`, as they came. */
  readonly irqs: string[] = [];
  readonly #process: ChildProcess | undefined;
  readonly #socket: Socket;
  readonly #real: boolean;
  #buffer = '';
  #waiting: ((line: string) => void) | undefined;

  private constructor(process: ChildProcess | undefined, socket: Socket) {
    this.#real = process?.spawnfile === QEMU;
    this.#process = process;
    this.#socket = socket;
    socket.setEncoding('latin1').on('data', (text: string) => this.#received(text));
    socket.on('error', () => undefined);
  }

  /** Starts a machine with the options that real QEMU was started with. */
  static start(args: readonly string[]): Promise<QTest> {
    return QTest.#spawn(process.execPath, (socket) => [MACHINE, '-accel', 'qtest', ...options(socket), ...args]);
  }

  /** True when there is a real QEMU to compare with. */
  static hasReal(): boolean {
    return spawnSync(QEMU, ['--version']).status === 0;
  }

  /** Starts real QEMU. Its processor runs firmware that does nothing, so that the virtual clock moves. */
  static real(args: readonly string[]): Promise<QTest> {
    return QTest.#spawn(QEMU, (socket) => {
      const bios = join(dirname(socket), 'bios');
      // cli; hlt; jmp to the hlt, at the reset vector, 16 bytes before the end.
      const image = Buffer.alloc(65536);
      image.set([0xfa, 0xf4, 0xeb, 0xfd], image.length - 16);
      writeFileSync(bios, image);
      return ['-accel', 'tcg', '-bios', bios, ...options(socket), ...args];
    });
  }

  /** Starts a program whose command line `argv` makes from the path of a socket, and waits until it has connected. */
  static async #spawn(program: string, argv: (socket: string) => readonly string[]): Promise<QTest> {
    const dir = tempFolder();
    const server = createServer().listen(join(dir, 'q'));
    const child = spawn(program, argv(join(dir, 'q')), { stdio: ['ignore', 'ignore', 'pipe'] });
    let complaint = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
    });
    const [first] = await Promise.race([
      once(server, 'connection') as Promise<[Socket]>,
      once(child, 'close').then(() => Promise.reject(new Error(`the machine did not start: ${complaint}`))),
    ]);
    server.close();
    return new QTest(child, first);
  }

  /** A socket that a machine can be told to connect to, and the client once it has. */
  static async listen(): Promise<{ readonly args: readonly string[]; readonly client: Promise<QTest> }> {
    const dir = tempFolder();
    const server = createServer().listen(join(dir, 'q'));
    await once(server, 'listening');
    const client = (once(server, 'connection') as Promise<[Socket]>).then(([socket]) => {
      server.close();
      return new QTest(undefined, socket);
    });
    return { args: ['-qtest', `unix:${join(dir, 'q')}`], client };
  }

  #received(text: string): void {
    const lines = (this.#buffer + text).split('\n');
    this.#buffer = lines.pop()!;
    for (const line of lines) {
      if (line.startsWith('IRQ ')) {
        // Line 0 is the interval timer, which ticks under clock_step.
        if (!line.endsWith(' 0')) {
          this.irqs.push(line.slice(4));
        }
      } else {
        this.#waiting?.(line);
      }
    }
  }

  /** Sends a command. Returns its answer, whole. */
  send(command: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const closed = (): void => reject(new Error(`the machine went away after: ${command.slice(0, 80)}`));
      this.#socket.once('close', closed);
      this.#waiting = (line) => {
        this.#socket.off('close', closed);
        resolve(line);
      };
      this.#socket.write(`${command}\n`);
    });
  }

  /** Sends a command. Returns what follows OK. Throws for any other answer. */
  async command(command: string): Promise<string> {
    const step = /^clock_step (\d+)$/.exec(command);
    if (this.#real && step) {
      // The clock of a real QEMU that has a processor cannot be moved, but it moves.
      await realTime(Number(step[1]) / 1e6);
      return '0';
    }
    const line = await this.send(command);
    if (!line.startsWith('OK')) {
      throw new Error(`${command} -> ${line}`);
    }
    return line.slice(3);
  }

  async outl(port: number, v: number): Promise<void> {
    await this.command(`outl 0x${port.toString(16)} 0x${(v >>> 0).toString(16)}`);
  }
  async inl(port: number): Promise<number> {
    return Number(await this.command(`inl 0x${port.toString(16)}`));
  }
  async readl(addr: number): Promise<number> {
    return Number(await this.command(`readl 0x${addr.toString(16)}`));
  }
  async writel(addr: number, v: number): Promise<void> {
    await this.command(`writel 0x${addr.toString(16)} 0x${(v >>> 0).toString(16)}`);
  }
  async read(addr: number, len: number): Promise<Buffer> {
    return Buffer.from((await this.command(`read 0x${addr.toString(16)} 0x${len.toString(16)}`)).slice(2), 'hex');
  }
  async write(addr: number, b: Buffer): Promise<void> {
    await this.command(`write 0x${addr.toString(16)} 0x${b.length.toString(16)} 0x${b.toString('hex')}`);
  }

  /** Ends the machine as a user would, so that captures are complete. */
  async close(): Promise<void> {
    if (this.#process?.exitCode === null) {
      const gone = once(this.#process, 'close');
      this.#process.kill('SIGTERM');
      await gone;
    }
    this.#socket.destroy();
  }
}
