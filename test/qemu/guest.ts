/** A real guest on our user network, with its shell on the serial port. */
import { join } from 'node:path';
import type { Engine } from '../../adapter/engine/engine.ts';
import { type QemuSession, qemuSession } from '../../adapter/qemu/session.ts';
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

export class RealGuest {
  readonly #s: Session;
  #marks = 0;

  private constructor(s: Session) {
    this.#s = s;
  }

  /** Starts the machine and QEMU; resolves when the guest's shell is there. */
  static async start(
    s: Session,
    folder: string,
    options: readonly string[],
    engine: Engine = s.engine,
  ): Promise<RealGuest> {
    const session: QemuSession = await qemuSession(options, qemuCommandLine(folder));
    await engine.launch({ args: session.args, guests: session.guests() });
    const guest = new RealGuest(s);
    await guest.printed('guest is up');
    await guest.run('stty -echo');
    return guest;
  }

  printed(text: string): Promise<void> {
    return until(() => this.#s.console.includes(text), `${text}\n${this.#s.console.slice(-2000)}`, PATIENCE_MS);
  }

  /** Types a command; returns what it prints behind its last line. */
  type(line: string): string {
    const mark = `mark ${++this.#marks}`;
    this.#s.guest(`${line}; echo; echo ${mark}`);
    return `\n${mark}`;
  }

  /** Types a command, and resolves to what it prints until it is done. */
  async run(line: string): Promise<string> {
    const from = this.#s.console.length;
    const mark = this.type(line);
    await this.printed(mark);
    return this.#s.console.slice(from).split(mark)[0]?.replaceAll('\r', '') ?? '';
  }
}
