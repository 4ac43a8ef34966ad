/** A real guest on our user network, with its shell on the serial port. */
import { join } from 'node:path';
import { QemuProcess } from '../../adapter/qemu/run.ts';
import { type QemuSession, qemuSession } from '../../adapter/qemu/session.ts';
import { nicDevice, streamNetdev } from '../../adapter/qemu/words.ts';
import type { Session } from '../core/session.ts';
import { until } from '../kit/until.ts';
import { PARTS, writeInitramfs } from './initramfs.ts';

/** The guest's computer may be slow: it is emulated, on a machine that does other things. */
const PATIENCE_MS = 120_000;

/** The command line of a QEMU without a network. */
export function qemuCommandLine(folder: string): string {
  const initrd = writeInitramfs(folder);
  return (
    'qemu-system-x86_64 -m 512 -display none -no-reboot -nodefaults ' +
    `-kernel ${join(PARTS, 'vmlinuz')} -initrd ${initrd} -append 'console=ttyS0 quiet panic=-1'`
  );
}

/** Where what a guest prints is, and where it is typed. */
interface SerialPort {
  text(): string;
  type(text: string): unknown;
}

export class RealGuest {
  readonly #serial: SerialPort;
  #marks = 0;

  private constructor(serial: SerialPort) {
    this.#serial = serial;
  }

  /** Starts the machine and the first guest; resolves when that one's shell is there. */
  static async start(s: Session, folder: string, options: readonly string[]): Promise<[RealGuest, QemuSession]> {
    const session = await qemuSession(options, qemuCommandLine(folder));
    await s.engine.launch({ args: session.args, guests: session.guests() });
    const guest = new RealGuest({ text: () => s.console, type: (text) => s.engine.guestInput(text) });
    await guest.#boots();
    return [guest, session];
  }

  /** Starts another guest on a link of that machine. */
  static join({ links }: QemuSession, folder: string, link: number): Promise<[RealGuest, QemuProcess]> {
    const address = links[link]?.address;
    if (!address) {
      throw new Error(`no link ${link}`);
    }
    return RealGuest.on(streamNetdev(address), nicDevice(link), folder);
  }

  /** Starts a guest on any network, with the words of `-netdev` and `-device`. */
  static async on(netdev: string, device: string, folder: string): Promise<[RealGuest, QemuProcess]> {
    let console = '';
    const sockets = { netdev, qmp: join(folder, 'qmp.sock'), serial: join(folder, 'serial.sock') };
    const command = `${qemuCommandLine(folder)} -device ${device}`;
    const process = new QemuProcess(
      { command, sockets },
      {
        console: (text) => {
          console += text;
        },
        said: (line) => {
          console += `QEMU: ${line}\n`;
        },
        ended: (how) => {
          console += `QEMU ended: ${how}\n`;
        },
      },
    );
    const guest = new RealGuest({ text: () => console, type: (text) => process.type(text) });
    await guest.#boots();
    return [guest, process];
  }

  async #boots(): Promise<void> {
    await this.printed('guest is up');
    await this.run('stty -echo');
  }

  async printed(text: string): Promise<void> {
    const there = (): boolean => {
      const printed = this.#serial.text();
      if (printed.includes('Kernel panic')) {
        throw new Error(`the guest's kernel panics while ${text} is awaited`);
      }
      return printed.includes(text);
    };
    await until(there, text, PATIENCE_MS).catch((e: Error) => {
      throw new Error(`${e.message}; it printed:\n${this.#serial.text().slice(-2000)}`);
    });
  }

  /** Types a command; returns what it prints when it is done. */
  type(line: string): string {
    const mark = `mark ${++this.#marks}`;
    this.#serial.type(`${line}; echo; echo ${mark}\n`);
    return `\n${mark}`;
  }

  /** Types a command, and resolves to what it prints until it is done. */
  async run(line: string): Promise<string> {
    const from = this.#serial.text().length;
    const mark = this.type(line);
    await this.printed(mark);
    return this.#serial.text().slice(from).split(mark)[0]?.replaceAll('\r', '') ?? '';
  }

  /** Asks for a lease. */
  lease(): Promise<string> {
    return this.run('ip addr flush dev eth0; udhcpc -i eth0 -s /lease -q -n');
  }
}
