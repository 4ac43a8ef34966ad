/**
 * `pktgdb-machine`: the machine without the debugger. It takes QEMU's options.
 * With `-qtest` it is driven by QEMU's test protocol, as QEMU is.
 */
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { netdevHelp } from './commands/netdev-help.ts';
import { Image } from './engine/image.ts';
import { Inferior } from './engine/inferior.ts';
import { hostNameservers } from './host/addresses.ts';
import { ChardevError, openSocket, optionValue, parseChardev, serveQtest } from './host/qtest.ts';

/** Milliseconds that a machine has to end by itself when it is told to. */
const QUIT_MS = 2000;

const USAGE = `Usage: pktgdb-machine [QEMU OPTIONS]

Runs an emulated machine with QEMU's network devices: a user network, hubs and filters, e1000 NICs, a small guest.

  -netdev, -device e1000, -nic, -net, -object filter-*, -m   as in QEMU
  -netdev help       List the kinds of networks; -netdev user,help the parameters of one.
  -monitor CHARDEV   Read commands of the human monitor: stdio, or a socket as for -qtest.
  -qtest CHARDEV     Speak QEMU's test protocol: unix:PATH connects to a socket, unix:PATH,server=on listens on one, \
tcp:HOST:PORT
                     connects, stdio uses stdin and stdout. No guest runs, the virtual clock moves only by \
clock_step and clock_set,
                     and -device links NIC and -netdev directly instead of by a hub, as QEMU does.
  -guest KIND        builtin, or none.
  --version, -h      Print the version, or this, and exit.

QEMU's options for display, accelerator, machine and firmware are accepted and ignored.
`;

function version(): string {
  const text = readFileSync(join(dirname(fileURLToPath(import.meta.url)), '../package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** The option that starts the machine's clock at the time it is. */
function now(): string[] {
  return ['-rtc', `base=${new Date().toISOString().slice(0, 19)}`];
}

/** Joins the monitor to two streams: a prompt, lines, answers. */
function serveMonitor(inferior: Inferior, name: string, input: Readable, output: Writable): void {
  let pending = '';
  let order = Promise.resolve();
  output.write(`${name}\n(qemu) `);
  input.setEncoding('utf8').on('data', (text: string) => {
    const lines = (pending + text).split('\n');
    pending = lines.pop()!;
    for (const line of lines) {
      order = order.then(async () => {
        output.write(`${await inferior.monitor(line)}(qemu) `);
      });
    }
  });
}

async function main(argv: readonly string[]): Promise<number> {
  if (argv.includes('-h') || argv.includes('-help') || argv.includes('--help')) {
    process.stdout.write(USAGE);
    return 0;
  }
  const help = netdevHelp(argv);
  if (help !== null) {
    process.stdout.write(help);
    return 0;
  }
  const title = `pktgdb-machine ${version()}`;
  if (argv.includes('-version') || argv.includes('--version')) {
    process.stdout.write(`${title}\n`);
    return 0;
  }
  const qtest = parseChardev('-qtest', optionValue(argv, 'qtest') ?? 'none');
  const monitor = parseChardev('-monitor', optionValue(argv, 'monitor') ?? 'none');
  if (qtest.kind === 'stdio' && monitor.kind === 'stdio') {
    throw new ChardevError('-qtest stdio and -monitor stdio: only one can have stdin and stdout');
  }
  const image = Image.load();
  const inferior = await Inferior.create(image, {
    header: {
      buildId: image.info.buildId,
      argv: ['pktgdb-machine', ...(optionValue(argv, 'rtc') === undefined ? now() : []), ...argv],
      seed: randomInt(2 ** 32),
      nameservers: hostNameservers(),
    },
    recordLimit: 0,
    stopOnEntry: false,
    hashFrames: false,
    release: true,
  });
  inferior.on('report', (level, text) => {
    // Information too: it tells the port that a rule with port 0 got.
    process.stderr.write(`pktgdb-machine: ${level === 'warning' ? 'warning: ' : ''}${text}\n`);
  });
  const exited = new Promise<number>((resolve) => {
    inferior.on('exited', (code, message) => {
      if (message !== '') {
        process.stderr.write(`pktgdb-machine: ${message}\n`);
      }
      resolve(code);
    });
  });
  const quit = (): void => {
    inferior.post({ type: 'quit' });
    // One that is busy for long does not look: then it is ended.
    setTimeout(() => void inferior.terminate(), QUIT_MS).unref();
  };
  process.once('SIGTERM', quit).once('SIGINT', quit);
  if (qtest.kind === 'stdio') {
    serveQtest(inferior, process.stdin, process.stdout);
    process.stdin.once('end', quit);
  } else if (qtest.kind !== 'none') {
    const socket = await openSocket('-qtest', qtest);
    socket.on('error', quit).once('close', quit);
    serveQtest(inferior, socket, socket);
  } else if (monitor.kind !== 'stdio') {
    process.stdin.setEncoding('utf8').on('data', (text: string) => inferior.post({ type: 'console', text }));
  }
  if (monitor.kind === 'stdio') {
    serveMonitor(inferior, title, process.stdin, process.stdout);
  } else if (monitor.kind !== 'none') {
    const opened = openSocket('-monitor', monitor).then((socket) => {
      socket.on('error', () => undefined);
      serveMonitor(inferior, title, socket, socket);
    });
    if (monitor.kind === 'server') {
      // Its client may come when it likes.
      opened.catch((e: unknown) => {
        process.stderr.write(`pktgdb-machine: ${e instanceof Error ? e.message : String(e)}\n`);
        quit();
      });
    } else {
      await opened;
    }
  }
  inferior.on('console', (text) => process.stdout.write(text));
  inferior.go();
  return exited;
}

main(process.argv.slice(2)).then(
  // Output to a pipe is still on its way; exit when it is out.
  (code) => process.stdout.write('', () => process.exit(code)),
  (e: unknown) => {
    const text = e instanceof ChardevError ? e.message : e instanceof Error ? e.stack : String(e);
    process.stderr.write(`pktgdb-machine: ${text}\n`);
    process.exit(1);
  },
);
