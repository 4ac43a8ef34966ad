/** Starts QEMU for the user, with the words that link it to our network. */
import { type ChildProcess, spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { shellQuoted } from './words.ts';

/** What QEMU is given besides the user's words. */
export interface QemuSockets {
  /** `-netdev` of the link. */
  readonly netdev: string;
  /** Where it listens for QMP and for its serial port. */
  readonly qmp: string;
  readonly serial: string;
}

/** A QEMU that is started when the machine waits for it. */
export interface QemuStart {
  /** The user's command line. */
  readonly command: string;
  readonly sockets: QemuSockets;
  /** Runs the whole command line; without it a process of ours does. */
  readonly run?: ((line: string) => void) | undefined;
}

export interface QemuEvents {
  /** What its serial port prints. */
  console(text: string): void;
  /** What it says itself, a line each. */
  said(line: string): void;
  ended(what: string): void;
}

/** How often its serial port is tried until it is there, and for how long. */
const RETRY_MS = 50;
const RETRIES = 200;
/** Characters of a line without an end that are kept. */
const MOST_OF_A_LINE = 4096;

/** The user's command line with the words that it needs. */
export function qemuCommand(command: string, { netdev, qmp, serial }: QemuSockets): string {
  const words = ['-netdev', netdev];
  if (!/[=,]netdev=n0\b/.test(command)) {
    words.push('-device', 'e1000,netdev=n0');
  }
  words.push('-qmp', `unix:${qmp},server=on,wait=off`);
  if (ownSerial(command)) {
    words.push('-chardev', `socket,id=pktgdb-serial,path=${serial},server=on,wait=off`);
    words.push('-serial', 'chardev:pktgdb-serial');
  }
  return `${command} ${shellQuoted(words)}`;
}

/** The user did not say where the serial port goes. */
export function ownSerial(command: string): boolean {
  return !/(^|\s)-(serial|nographic)(\s|$)/.test(command);
}

/** `A=1 B='x y' ` in front of a command. */
const ASSIGNMENTS = /^(?:[A-Za-z_]\w*=(?:[^\s'"\\]|'[^']*'|"(?:\\.|[^"\\])*"|\\.)*\s+)*/;
/** What a shell takes for text whatever is in it, and redirections. */
const NO_SYNTAX = /'[^']*'|"(?:\\.|[^"\\])*"|\\.|[<>]&\S+|&>/g;

/**
 * The command line for a shell that becomes QEMU itself, so that it hears of its end. Where QEMU is only one of
 * several commands the shell stays.
 */
export function inPlaceOfShell(line: string): string {
  const text = line.trim();
  const [first = ''] = ASSIGNMENTS.exec(text) ?? [];
  const several = /[;&|\n(){}]|^(?:exec|!)\s/.test(text.slice(first.length).replaceAll(NO_SYNTAX, ''));
  return several ? text : `${first}exec ${text.slice(first.length)}`;
}

/** A QEMU that runs until `end`, or by itself. */
export class QemuProcess {
  readonly #child: ChildProcess | undefined;
  #serial: Socket | undefined;
  #ended = false;

  /** The command is the user's own word, and goes through a shell as any command line does. */
  constructor({ command, sockets, run }: QemuStart, events: QemuEvents) {
    const line = qemuCommand(command, sockets);
    const whole = process.platform === 'win32' ? line : inPlaceOfShell(line);
    if (run) {
      run(whole);
    } else {
      process.once('exit', this.#kill);
      try {
        this.#child = this.#spawn(whole, events);
      } catch (e) {
        // Some refusals of the system are thrown, others come as an event.
        process.nextTick(() => this.#over(events, e instanceof Error ? e.message : String(e)));
      }
    }
    if (ownSerial(command)) {
      void this.#openSerial(sockets.serial, events);
    }
  }

  #spawn(line: string, events: QemuEvents): ChildProcess {
    const child = spawn(line, { shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) {
      let rest = '';
      // Where the system refused to start it there are no streams, or such that cannot be read.
      stream?.on('error', () => undefined);
      stream?.setEncoding('utf8').on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = (lines.pop() ?? '').slice(-MOST_OF_A_LINE);
        lines.forEach((one) => void events.said(one));
      });
    }
    child.on('error', (e) => this.#over(events, e.message));
    child.on('exit', (code, signal) => this.#over(events, signal ? `signal ${signal}` : `status ${code ?? 0}`));
    return child;
  }

  /** Types on its serial port; false if that is not open. */
  type(text: string): boolean {
    const open = this.#serial?.writable === true;
    if (open) {
      this.#serial?.write(text);
    }
    return open;
  }

  end(): void {
    this.#kill();
  }

  readonly #kill = (): void => {
    this.#ended = true;
    this.#child?.kill('SIGTERM');
    this.#serial?.destroy();
  };

  #over(events: QemuEvents, how: string): void {
    process.off('exit', this.#kill);
    this.#serial?.destroy();
    if (!this.#ended) {
      this.#ended = true;
      events.ended(how);
    }
  }

  async #openSerial(path: string, events: QemuEvents): Promise<void> {
    for (let i = 0; i < RETRIES && !this.#ended; i++) {
      const socket = await opened(path);
      if (socket) {
        this.#serial = socket;
        socket.setEncoding('utf8').on('data', (text: string) => events.console(text));
        socket.on('error', () => undefined);
        return;
      }
      await sleep(RETRY_MS, undefined, { ref: false });
    }
  }
}

/** A connection, or undefined if nobody listens there. */
function opened(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path, () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}
