/** A user network for real guests: the machine's options, what the user tells QEMU, and the guests once it runs. */
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TemporaryFolder, temporaryFolder } from '../temporary.ts';
import { QemuGuests } from './guests.ts';
import { machineArgs, parseQemu, type QemuLink, qemuLinks } from './link.ts';
import { qemuNetdevs, qemuWords, streamNetdev } from './words.ts';

export interface QemuSession {
  readonly links: readonly QemuLink[];
  /** The machine's options. */
  readonly args: readonly string[];
  /** What to add to QEMU's command line; empty where we start it. */
  readonly words: string;
  /** The same for 7.2 and newer alone, a command line a guest. */
  readonly netdevs: readonly string[];
  /** The guests of a machine that is about to start. */
  guests(): QemuGuests;
}

/**
 * `options`: those of each `-qemu`, one a guest. `command` is the command line of a QEMU that is started with the
 * machine, by `run` if that is given; it is the first guest. Throws `QemuOptionError`.
 */
export async function qemuSession(
  options: readonly string[],
  command?: string,
  run?: (line: string) => void,
): Promise<QemuSession> {
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
    const guests = (): QemuGuests => new QemuGuests(links.map((link) => link.qmp));
    return { links, args, words: qemuWords(links), netdevs: qemuNetdevs(links), guests };
  }
  const qmp = join(folder(), 'qmp.sock');
  const start = {
    command,
    run,
    sockets: { netdev: streamNetdev(first.address), qmp, serial: join(folder(), 'serial.sock') },
  };
  return {
    links,
    args,
    words: others.length > 0 ? qemuWords(others, 1) : '',
    netdevs: qemuNetdevs(others, 1),
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
