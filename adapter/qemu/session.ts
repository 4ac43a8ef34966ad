/** A user network for real guests: the machine's options, what the user tells QEMU, and the guests once it runs. */
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TemporaryFolder, temporaryFolder } from '../temporary.ts';
import { QemuGuests } from './guests.ts';
import {
  type LinkAddress,
  LOOPBACK,
  machineArgs,
  parseQemu,
  type QemuLink,
  QemuOptionError,
  type QemuRequest,
  qemuLinks,
} from './link.ts';
import { olderThanStream } from './version.ts';
import { qemuNetdevs, qemuWords, socketNetdev, streamNetdev } from './words.ts';

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
  const old = command === undefined ? undefined : await olderThanStream(command);
  const links = await qemuLinks(old === undefined ? request : firstOverTcp(request, old), folder, freePort);
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
    sockets: { netdev: netdevFor(first.address, old), qmp, serial: join(folder(), 'serial.sock') },
  };
  return {
    links,
    args,
    words: others.length > 0 ? qemuWords(others, 1) : '',
    netdevs: qemuNetdevs(others, 1),
    guests: () => new QemuGuests([qmp, ...others.map((link) => link.qmp)], start),
  };
}

/** An old QEMU is given a port, as it cannot connect to a Unix socket. Throws `QemuOptionError` if it was to. */
function firstOverTcp({ user, links }: QemuRequest, version: string): QemuRequest {
  const [first, ...others] = links;
  if (first?.address?.kind === 'unix') {
    throw new QemuOptionError(`-qemu: QEMU ${version} cannot connect to a Unix socket (7.2 can); use link=tcp`);
  }
  const address = first?.address ?? { kind: 'tcp', host: LOOPBACK, port: 0 };
  return { user, links: [{ address, qmp: first?.qmp }, ...others] };
}

function netdevFor(address: LinkAddress, old: string | undefined): string {
  return old !== undefined && address.kind === 'tcp' ? socketNetdev(address) : streamNetdev(address);
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
