/**
 * `pktgdb-machine`: the machine without the debugger. It takes QEMU's options, and with `-qtest` it is driven by QEMU's test
 * protocol, as QEMU is.
 */
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Image } from './engine/image.ts';
import { Inferior } from './engine/inferior.ts';
import { hostNameservers } from './host/addresses.ts';

const USAGE = `Usage: pktgdb-machine [QEMU OPTIONS]

Runs an emulated machine with QEMU's network devices: a user network, hubs and filters, e1000 NICs, a small guest.

  -netdev, -device e1000, -nic, -net, -object filter-*, -m   as in QEMU
  -monitor stdio     Read commands of the human monitor on stdin.
  -qtest CHARDEV     Speak QEMU's test protocol: unix:PATH connects to a socket, unix:PATH,server=on listens on one, tcp:HOST:PORT
                     connects, stdio uses stdin and stdout. No guest runs, the virtual clock moves only by clock_step and clock_set,
                     and -device links NIC and -netdev directly instead of by a hub, as QEMU does.
  -guest KIND        builtin, or none.
  --version, -h      Print the version, or this, and exit.

QEMU's options for display, accelerator, machine and firmware are accepted and ignored.
`;

/** The command line is wrong; the message says how. */
class UsageError extends Error {
  override name = 'UsageError';
}

/** Where the test protocol or the monitor is. */
interface Chardev {
  readonly kind: 'stdio' | 'none' | 'socket' | 'server';
  readonly path: string;
  readonly host: string;
  readonly port: number;
}

/** Parses `stdio`, `none`, `unix:PATH[,server=on][,wait=off]`, `tcp:HOST:PORT[,...]`. */
function parse_chardev(option: string, text: string): Chardev {
  const [address = '', ...flags] = text.split(',');
  const base = { kind: 'none', path: '', host: '', port: 0 } as const;
  if (address === 'stdio' || address === 'none' || address === 'null') {
    return { ...base, kind: address === 'stdio' ? 'stdio' : 'none' };
  }
  const kind = flags.some((f) => f === 'server' || f === 'server=on') ? 'server' : 'socket';
  const unix = /^unix:(.+)$/.exec(address);
  if (unix) {
    return { ...base, kind, path: unix[1]! };
  }
  const tcp = /^tcp:([^:]*):(\d+)$/.exec(address);
  if (tcp) {
    return { ...base, kind, host: tcp[1] || '127.0.0.1', port: Number(tcp[2]) };
  }
  throw new UsageError(`${option} ${text}: expected unix:PATH, tcp:HOST:PORT, stdio or none`);
}

/** The value of the last option of this name, with one or two dashes. */
function option_value(argv: readonly string[], name: string): string | undefined {
  const i = argv.findLastIndex((w) => w === `-${name}` || w === `--${name}`);
  return i < 0 ? undefined : argv[i + 1];
}

function version(): string {
  const text = readFileSync(join(dirname(fileURLToPath(import.meta.url)), '../package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** The option that starts the machine's clock at the time it is. */
function now(): string[] {
  return ['-rtc', `base=${new Date().toISOString().slice(0, 19)}`];
}

/** Connects, or waits for the first connection. */
function open_socket(option: string, c: Chardev): Promise<Socket> {
  const where = c.path === '' ? { host: c.host, port: c.port } : { path: c.path };
  return new Promise((resolve, reject) => {
    const failed = (e: Error): void => reject(new UsageError(`${option}: ${e.message}`));
    if (c.kind === 'server') {
      const server = createServer((socket) => {
        server.close();
        resolve(socket);
      });
      server.once('error', failed).listen(where);
    } else {
      const socket = connect(where, () => {
        socket.off('error', failed);
        resolve(socket);
      });
      socket.once('error', failed).setNoDelay(true);
    }
  });
}

/** Joins the test protocol's bytes to the machine. The end of the stream is the end of the machine only on stdio. */
function serve_qtest(inferior: Inferior, input: Readable, output: Writable): void {
  input.setEncoding('latin1');
  // A command may come while what it depends on, a connection that the machine has just asked for, is still on its way.
  let order = Promise.resolve();
  input.on('data', (text: string) => {
    order = order.then(() => inferior.settled()).then(() => inferior.post({ type: 'qtest', text }));
  });
  inferior.on('qtest', (text) => output.write(text, 'latin1'));
}

/** Joins the monitor to stdin and stdout: a prompt, lines, answers. */
function serve_monitor(inferior: Inferior, name: string): void {
  let pending = '';
  let order = Promise.resolve();
  process.stdout.write(`${name}\n(qemu) `);
  process.stdin.setEncoding('utf8').on('data', (text: string) => {
    const lines = (pending + text).split('\n');
    pending = lines.pop()!;
    for (const line of lines) {
      order = order.then(async () => {
        process.stdout.write(`${await inferior.monitor(line)}(qemu) `);
      });
    }
  });
}

async function main(argv: readonly string[]): Promise<number> {
  if (argv.includes('-h') || argv.includes('-help') || argv.includes('--help')) {
    process.stdout.write(USAGE);
    return 0;
  }
  const title = `pktgdb-machine ${version()}`;
  if (argv.includes('-version') || argv.includes('--version')) {
    process.stdout.write(`${title}\n`);
    return 0;
  }
  const qtest = parse_chardev('-qtest', option_value(argv, 'qtest') ?? 'none');
  const monitor = parse_chardev('-monitor', option_value(argv, 'monitor') ?? 'none');
  if (qtest.kind === 'stdio' && monitor.kind === 'stdio') {
    throw new UsageError('-qtest stdio and -monitor stdio: only one can have stdin and stdout');
  }
  const image = Image.load();
  const inferior = await Inferior.create(image, {
    header: {
      buildId: image.info.buildId,
      argv: ['pktgdb-machine', ...(option_value(argv, 'rtc') === undefined ? now() : []), ...argv],
      seed: randomInt(2 ** 32),
      nameservers: hostNameservers(),
    },
    recordLimit: 0,
    stopOnEntry: false,
    hashFrames: false,
    release: true,
  });
  inferior.on('report', (level, text) => {
    if (level !== 'info') {
      process.stderr.write(`pktgdb-machine: ${level === 'warning' ? 'warning: ' : ''}${text}\n`);
    }
  });
  const exited = new Promise<number>((resolve) => {
    inferior.on('exited', (code, message) => {
      if (message !== '') {
        process.stderr.write(`pktgdb-machine: ${message}\n`);
      }
      resolve(code);
    });
  });
  const quit = (): void => inferior.post({ type: 'quit' });
  process.once('SIGTERM', quit).once('SIGINT', quit);
  if (qtest.kind === 'stdio') {
    serve_qtest(inferior, process.stdin, process.stdout);
    process.stdin.once('end', quit);
  } else if (qtest.kind !== 'none') {
    const socket = await open_socket('-qtest', qtest);
    socket.on('error', quit).once('close', quit);
    serve_qtest(inferior, socket, socket);
  } else if (monitor.kind !== 'stdio') {
    process.stdin.setEncoding('utf8').on('data', (text: string) => inferior.post({ type: 'console', text }));
  }
  if (monitor.kind === 'stdio') {
    serve_monitor(inferior, title);
  }
  inferior.on('console', (text) => process.stdout.write(text));
  inferior.go();
  return exited;
}

main(process.argv.slice(2)).then(
  // Output to a pipe is still on its way; exit when it is out.
  (code) => process.stdout.write('', () => process.exit(code)),
  (e: unknown) => {
    const text = e instanceof UsageError ? e.message : e instanceof Error ? e.stack : String(e);
    process.stderr.write(`pktgdb-machine: ${text}\n`);
    process.exit(1);
  },
);
