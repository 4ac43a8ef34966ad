/** A client of the human monitor of `pktgdb-machine` or of real QEMU, which connects to a socket of ours. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';

const PROMPT = '(qemu) ';

export class Monitor {
  #text = '';
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('utf8').on('data', (text: string) => {
      this.#text += text;
    });
  }

  /** Options that have a machine connect, and the client once it has. */
  static async listen(dir: string): Promise<{ readonly args: readonly string[]; readonly client: Promise<Monitor> }> {
    const path = join(dir, 'monitor');
    const server = createServer().listen(path);
    await once(server, 'listening');
    const client = (once(server, 'connection') as Promise<[Socket]>).then(async ([socket]) => {
      server.close();
      const monitor = new Monitor(socket);
      await monitor.#prompt();
      return monitor;
    });
    return { args: ['-monitor', `unix:${path}`], client };
  }

  async #prompt(): Promise<string> {
    while (!this.#text.endsWith(PROMPT)) {
      await once(this.#socket, 'data');
    }
    const text = this.#text.slice(0, -PROMPT.length);
    this.#text = '';
    return text;
  }

  /** Runs a command. Returns what it prints; QEMU's echo of the line, which has escape sequences, is left out. */
  async command(line: string): Promise<string> {
    this.#socket.write(`${line}\n`);
    const text = (await this.#prompt()).replaceAll('\r', '');
    return text.includes('\u001b') ? text.slice(text.indexOf('\n') + 1) : text;
  }

  close(): void {
    this.#socket.destroy();
  }
}
