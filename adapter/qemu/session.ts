/** A user network for real guests: the machine's options, what the user tells QEMU, and the guests once it runs. */
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TemporaryFolder, temporaryFolder } from '../temporary.ts';
import { QemuGuests } from './guests.ts';
import { machineArgs, parseQemu, qemuLinks } from './link.ts';
import { qemuWords, streamNetdev } from './words.ts';

export interface QemuSession {
  /** The machine's options. */
  readonly args: readonly string[];
  /** What to add to QEMU's command line; empty where we start it. */
  readonly words: string;
  /** The guests of a machine that is about to start. */
  guests(): QemuGuests;
}

/**
 * `options`: those of each `-qemu`, one a guest. `command` is the command line of a QEMU that is started with the
 * machine; it is the first guest. Throws `QemuOptionError`.
 */
export async function qemuSession(options: readonly string[], command?: string): Promise<QemuSession> {
  const request = parseQemu(options.length > 0 ? options : ['']);
  let made: TemporaryFolder | undefined;
  const folder = (): string => {
    made ??= temporaryFolder();
    return made.path;
  };
  const links = await qemuLinks(request, folder, freePort);
  const [first, ...others] = links;
  const args = machineArgs(request, links);
  if (command === undefined || first === undefined) {
    return { args, words: qemuWords(links), guests: () => new QemuGuests(links.map((link) => link.qmp)) };
  }
  const qmp = join(folder(), 'qmp.sock');
  const start = {
    command,
    sockets: { netdev: streamNetdev(first.address), qmp, serial: join(folder(), 'serial.sock') },
  };
  return {
    args,
    words: others.length > 0 ? qemuWords(others) : '',
    guests: () => new QemuGuests([qmp, ...others.map((link) => link.qmp)], start),
  };
}

/** A port of the loopback interface that nobody listens on. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
