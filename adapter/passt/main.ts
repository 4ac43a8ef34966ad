/**
 * `pktgdb-passt`: passt's face on our user network, for what starts passt today: QEMU's `-netdev passt,path=`, libvirt,
 * scripts. A debugger may attach to it at any time (`pktgdb -p PID`).
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fstatSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { visible } from '../packets/format.ts';
import { endAtErrors } from '../temporary.ts';
import { PasstOptionError } from './error.ts';
import { runNetwork } from './network.ts';
import { type PasstRequest, parsePasst } from './options.ts';

const USAGE = `Usage: pktgdb-passt [OPTION]...

A user network for a virtual machine, with the options of passt. "pktgdb -p PID" debugs it while it runs.

  -s, --socket PATH      Wait for the virtual machine on this Unix socket (default: /tmp/passt_N.socket).
  -F, --fd FD            It is at this open socket; ends with it.
  -1, --one-off          End when it has gone.
  -f, --foreground       Do not go into the background.
  -P, --pid FILE         Write the number of the process there.
  -l, --log-file FILE    Write messages there.
  -p, --pcap FILE        Write its packets there.
  -q, --quiet            Do not say how QEMU connects.
  -m, --mtu BYTES        The largest packet.
  -a, --address ADDR     The address that DHCP gives to the guest (default 10.0.2.15).
  -n, --netmask MASK     Of its network (default 24).
  -g, --gateway ADDR     The address of the host as the guest sees it (default 10.0.2.2).
  -D, --dns ADDR, --dns-forward ADDR   The name server that the guest is told (default 10.0.2.3); queries go to those \
of the host.
  -S, --search DOMAIN, -H, --hostname NAME, --fqdn NAME   What DHCP tells besides.
  -t, --tcp-ports SPEC, -u, --udp-ports SPEC   Ports of the host that lead to the guest: none, or [ADDRESS/]PORT[-LAST]\
[:PORT[-LAST]],..., and ~PORT[-LAST] for those left out.
  -4, --ipv4-only, -6, --ipv6-only
  -h, --help, --version

Options of passt that mean nothing here, such as --vhost-user and --no-dhcp, are refused by their name.
`;

/** What a process in the background tells the one that has started it. */
export interface Started {
  readonly ready?: true;
  readonly failed?: string;
}

function version(): string {
  const text = readFileSync(join(dirname(fileURLToPath(import.meta.url)), '../package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** Number of the guest's socket in the background: the first that is free behind the standard ones. */
const CHILD_FD = 3;

/** Starts the same in the background; resolves when it waits for its guest, or has failed. */
function goToBackground(argv: readonly string[], { fd, stderr }: PasstRequest): Promise<number> {
  const moved = fd === undefined ? [] : ['--fd', String(CHILD_FD)];
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), [...argv, ...moved, '--foreground'], {
    detached: true,
    stdio: ['ignore', 'ignore', stderr ? 2 : 'ignore', ...(fd === undefined ? [] : [fd]), 'ipc'],
  });
  return new Promise((resolve) => {
    const failed = (why: string): void => {
      say(why);
      resolve(1);
    };
    child.once('error', (e) => failed(e.message));
    child.once('exit', (code, signal) => failed(`the process in the background ended with ${signal ?? code}`));
    child.once('message', ({ failed: why }: Started) => {
      child.removeAllListeners('exit');
      child.disconnect();
      child.unref();
      if (why === undefined) {
        resolve(0);
      } else {
        failed(why);
      }
    });
  });
}

/** Throws `PasstOptionError` if what a guest is said to be at is no socket. */
function checkSocket({ fd }: PasstRequest): void {
  if (fd === undefined) {
    return;
  }
  try {
    if (fstatSync(fd).isSocket()) {
      return;
    }
  } catch {
    throw new PasstOptionError(`--fd ${fd}: it is not open`);
  }
  throw new PasstOptionError(`--fd ${fd}: it is no socket`);
}

function say(text: string): void {
  process.stderr.write(`pktgdb-passt: ${visible(text)}\n`);
}

async function main(argv: readonly string[]): Promise<number> {
  if (argv.includes('-h') || argv.includes('--help')) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (argv.includes('--version')) {
    process.stdout.write(`pktgdb-passt ${version()}\n`);
    return 0;
  }
  const request = parsePasst(argv);
  checkSocket(request);
  if (!request.foreground) {
    return goToBackground(argv, request);
  }
  const starter = process.send?.bind(process);
  try {
    return await runNetwork(request, {
      version: version(),
      say: starter === undefined || request.stderr ? say : () => undefined,
      ready: () => starter?.({ ready: true } satisfies Started),
    });
  } catch (e) {
    const why = (e as Error).message;
    if (starter?.({ failed: why } satisfies Started) === undefined) {
      say(why);
    }
    return 1;
  }
}

endAtErrors('pktgdb-passt');
main(process.argv.slice(2)).then(
  (status) => process.exit(status),
  (e: unknown) => {
    say(e instanceof PasstOptionError ? e.message : ((e as Error).stack ?? String(e)));
    process.exit(1);
  },
);
