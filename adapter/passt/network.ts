/** The user network of one guest, which runs by itself until its guest has gone or somebody ends it. */
import { existsSync, rmSync } from 'node:fs';
import { serveDebuggers } from '../attach/server.ts';
import { Engine } from '../engine/engine.ts';
import { GdbInterpreter } from '../gdb/interpreter.ts';
import { visible } from '../packets/format.ts';
import { type LinkAddress, machineArgs } from '../qemu/link.ts';
import { streamNetdev } from '../qemu/words.ts';
import { sweepTemporaryFolders } from '../temporary.ts';
import { WrittenFile, writeWhole } from '../written-file.ts';
import { PasstOptionError } from './error.ts';
import type { PasstRequest } from './options.ts';

export interface NetworkHost {
  readonly version: string;
  /** A line for whoever looks. */
  readonly say: (text: string) => void;
  /** The guest may come. */
  readonly ready: () => void;
}

/** How long a pipe that the number of the process goes to may remain unread, in milliseconds. */
const PID_READ_MS = 5000;
/** Paths that are tried where none was chosen, as passt's. */
const PATHS = 100;
/** What the machine says of the link to its guest, but that it waits for one: that the guest has gone. */
const GUEST_GONE = /^netdev qemu\.0: (?!listening )/;

/** Where the guest is, or comes to. */
function addressOf({ fd, socket }: PasstRequest): LinkAddress {
  if (fd !== undefined) {
    return { kind: 'fd', fd };
  }
  const free = Array.from({ length: PATHS }, (_, i) => `/tmp/passt_${i + 1}.socket`).find((path) => !existsSync(path));
  const path = socket ?? free;
  if (path === undefined) {
    throw new PasstOptionError('--socket: name one, as all of /tmp/passt_1.socket and so on are there');
  }
  return { kind: 'unix', path };
}

function pcapArgs(pcap: string | undefined): string[] {
  return pcap === undefined ? [] : ['-object', `filter-dump,id=pcap,netdev=user.0,file=${pcap.replaceAll(',', ',,')}`];
}

/** Resolves to the status when it is over. Rejects with a sentence for the user if it cannot begin. */
export async function runNetwork(request: PasstRequest, { version, say, ready }: NetworkHost): Promise<number> {
  sweepTemporaryFolders();
  const { pid } = process;
  const owner = 'pktgdb-passt';
  const { logFile, pidFile, oneOff, quiet } = request;
  const logged = logFile === undefined ? undefined : new WrittenFile(logFile, { append: true, mode: 0o600 });
  const log = (text: string): void => {
    say(text);
    if (logged !== undefined) {
      logTo(logged, text);
    }
  };
  const address = addressOf(request);
  const args = [...machineArgs(request, [{ address, qmp: undefined }]), ...pcapArgs(request.pcap)];
  // The machine opens it later, when nobody can be told any more that it cannot be written.
  const captured = request.pcap === undefined ? undefined : new WrittenFile(request.pcap);
  const engine = await Engine.create();
  const over = new Promise<number>((resolve) => {
    engine.on('report', (level, text) => {
      log(`${level === 'info' ? '' : `${level}: `}${text}`);
      if (oneOff && GUEST_GONE.test(text)) {
        resolve(0);
      }
    });
    engine.on('exited', (code, message) => {
      if (message !== '') {
        log(message);
      }
      resolve(code);
    });
    engine.on('stopped', (reason) => {
      if (reason.kind === 'exception') {
        log(`the network has stopped at an error; "pktgdb -p ${process.pid}" shows where`);
      }
    });
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.once(signal, () => resolve(0));
    }
  });
  // Files that are removed at the end: those of others stay.
  const made: string[] = [];
  try {
    await engine.launch({ args });
    if (address.kind === 'unix') {
      made.push(address.path);
    }
    const debuggers = await serveDebuggers(engine, {
      owner,
      version,
      args,
      createInterpreter: (own, write, row) =>
        new GdbInterpreter(own, { write, row, waitForStops: false, javascript: true, attached: { pid, owner } }),
      log,
    });
    if (pidFile !== undefined) {
      await writeWhole(pidFile, `${process.pid}\n`, { signal: AbortSignal.timeout(PID_READ_MS) });
      made.push(pidFile);
    }
    if (!quiet && address.kind === 'unix') {
      say(`UNIX domain socket bound at ${address.path}`);
      say(`You can now start QEMU with -netdev ${streamNetdev(address)} -device e1000,netdev=n0`);
    }
    ready();
    const status = await over;
    debuggers.close();
    return status;
  } finally {
    await engine.dispose();
    captured?.close();
    // Whoever waits for the end looks for the first of them.
    for (const file of made) {
      rmSync(file, { force: true });
    }
  }
}

/** Appends a line with the time. A log that cannot be written is no reason to end the guest's network. */
function logTo(file: WrittenFile, text: string): void {
  try {
    file.write(Buffer.from(`${new Date().toISOString()} ${visible(text)}\n`));
  } catch {
    // The user hears of it nowhere: this is where the user would.
  }
}
