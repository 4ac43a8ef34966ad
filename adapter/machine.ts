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
import { type Chardev, ChardevError, openSocket, optionValue, parseChardev, serveQtest } from './host/qtest.ts';
import { sweepTemporaryFolders } from './temporary.ts';

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

/** The program's name and version. */
function title(): string {
  const text = readFileSync(join(dirname(fileURLToPath(import.meta.url)), '../package.json'), 'utf8');
  return `pktgdb-machine ${(JSON.parse(text) as { version: string }).version}`;
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

/** Tells the user on stderr. */
function say(text: string): void {
  process.stderr.write(`pktgdb-machine: ${text}\n`);
}

/** What is printed instead of a machine being run, if the options ask for that. */
function answerTo(argv: readonly string[]): string | null {
  if (argv.includes('-h') || argv.includes('-help') || argv.includes('--help')) {
    return USAGE;
  }
  const help = netdevHelp(argv);
  if (help !== null) {
    return help;
  }
  return argv.includes('-version') || argv.includes('--version') ? `${title()}\n` : null;
}

/** Where the test protocol and the monitor are. */
interface Channels {
  readonly qtest: Chardev;
  readonly monitor: Chardev;
}

function parseChannels(argv: readonly string[]): Channels {
  const qtest = parseChardev('-qtest', optionValue(argv, 'qtest') ?? 'none');
  const monitor = parseChardev('-monitor', optionValue(argv, 'monitor') ?? 'none');
  if (qtest.kind === 'stdio' && monitor.kind === 'stdio') {
    throw new ChardevError('-qtest stdio and -monitor stdio: only one can have stdin and stdout');
  }
  return { qtest, monitor };
}

/** Makes the machine, whose `main` begins with `go`. */
function createMachine(argv: readonly string[]): Promise<Inferior> {
  const image = Image.load();
  return Inferior.create(image, {
    header: {
      buildId: image.info.buildId,
      argv: ['pktgdb-machine', ...(optionValue(argv, 'rtc') === undefined ? now() : []), ...argv],
      seed: randomInt(2 ** 32),
      nameservers: hostNameservers(),
    },
    historySize: 0,
    checkpointMs: null,
    stopOnEntry: false,
    hashFrames: false,
    release: true,
  });
}

/** Resolves with the machine's status when it has ended. */
function exitOf(inferior: Inferior): Promise<number> {
  return new Promise((resolve) => {
    inferior.on('exited', (code, message) => {
      if (message !== '') {
        say(message);
      }
      resolve(code);
    });
  });
}

/** Gives the test protocol its socket or stdin; stdin that nothing else has is the machine's console. */
async function attachInput(inferior: Inferior, { qtest, monitor }: Channels, end: MachineEnd): Promise<void> {
  const { quit } = end;
  if (qtest.kind === 'stdio') {
    serveQtest(inferior, process.stdin, process.stdout);
    process.stdin.once('end', quit);
  } else if (qtest.kind !== 'none') {
    const socket = await openSocket('-qtest', qtest, end.signal);
    socket.on('error', quit).once('close', quit);
    serveQtest(inferior, socket, socket);
  } else if (monitor.kind !== 'stdio') {
    process.stdin.setEncoding('utf8').on('data', (text: string) => inferior.post({ type: 'console', text }));
  }
}

async function attachMonitor(inferior: Inferior, monitor: Chardev, end: MachineEnd): Promise<void> {
  if (monitor.kind === 'stdio') {
    serveMonitor(inferior, title(), process.stdin, process.stdout);
  } else if (monitor.kind !== 'none') {
    const opened = openSocket('-monitor', monitor, end.signal).then((socket) => {
      socket.on('error', () => undefined);
      serveMonitor(inferior, title(), socket, socket);
    });
    if (monitor.kind === 'server') {
      // Its client may come when it likes.
      opened.catch((e: unknown) => {
        if (!end.signal.aborted) {
          say(e instanceof Error ? e.message : String(e));
        }
        end.quit();
      });
    } else {
      await opened;
    }
  }
}

async function main(argv: readonly string[]): Promise<number> {
  const answer = answerTo(argv);
  if (answer !== null) {
    process.stdout.write(answer);
    return 0;
  }
  const channels = parseChannels(argv);
  const inferior = await createMachine(argv);
  // Information too: it tells the port that a rule with port 0 got.
  inferior.on('report', (level, text) => say(`${level === 'warning' ? 'warning: ' : ''}${text}`));
  const exited = exitOf(inferior);
  const end = endOf(inferior);
  // Sockets that listen are closed with the machine: their files go with them.
  void exited.finally(end.close);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.once(signal, end.quit);
  }
  try {
    await attachInput(inferior, channels, end);
    await attachMonitor(inferior, channels.monitor, end);
  } catch (e) {
    if (!end.signal.aborted) {
      throw e;
    }
  }
  inferior.on('console', (text) => process.stdout.write(text));
  if (end.signal.aborted) {
    await inferior.terminate();
  } else {
    inferior.go();
  }
  return exited;
}

/** How a machine is ended, and what says that it was. */
interface MachineEnd {
  readonly quit: () => void;
  /** Closes what still waits for a client. */
  readonly close: () => void;
  readonly signal: AbortSignal;
}

function endOf(inferior: Inferior): MachineEnd {
  const ended = new AbortController();
  const quit = (): void => {
    if (!ended.signal.aborted) {
      ended.abort();
      inferior.post({ type: 'quit' });
      // One that is busy for long does not look: then it is ended.
      setTimeout(() => void inferior.terminate(), QUIT_MS).unref();
    }
  };
  return { quit, close: () => ended.abort(), signal: ended.signal };
}

sweepTemporaryFolders();
main(process.argv.slice(2)).then(
  // Output to a pipe is still on its way; exit when it is out.
  (code) => process.stdout.write('', () => process.exit(code)),
  (e: unknown) => {
    say(String(e instanceof ChardevError ? e.message : e instanceof Error ? e.stack : e));
    process.exit(1);
  },
);
