/**
 * A machine on real sockets, for tests that use it as a black box: its guest's console, its monitor, its forwarded
 * ports.
 */
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { toSockaddr } from '../../adapter/host/addresses.ts';
import { Pump } from '../../adapter/host/pump.ts';
import { createMailbox } from '../../adapter/mailbox/mailbox.ts';
import { bundle } from '../tools/bundle.ts';
import type { LiveMachineData, LiveMachineMessage } from './machine-worker.ts';

const root = join(import.meta.dirname, '../..');
const PROMPT = '~ # ';

export interface LiveMachineOptions {
  /** Of `-netdev user`, behind the id. */
  readonly user?: string;
  /** Options besides. */
  readonly argv?: readonly string[];
  /** A resolver on 127.0.0.1 instead of this computer's. */
  readonly dnsPort?: number;
  readonly faultRate?: number;
  readonly seed?: number;
}

export class LiveMachine {
  console = '';
  reports = '';
  faults = 0;
  readonly #events = new EventEmitter();
  readonly #mailbox = createMailbox();
  readonly #pump: Pump;
  readonly #worker: Worker;
  readonly #exited: Promise<unknown>;
  #nextId = 1;

  private constructor(program: string, o: LiveMachineOptions) {
    this.#pump = new Pump(this.#mailbox, {
      console: (text) => {
        this.console += text;
        this.#events.emit('change');
      },
      monitorReply: (id, text) => this.#events.emit(`reply ${id}`, text),
      report: (_level, text) => {
        this.reports += `${text}\n`;
        this.#events.emit('change');
      },
      log: () => undefined,
    });
    const user = o.user ? `,${o.user}` : '';
    const workerData: LiveMachineData = {
      stackDir: join(root, 'dist/stack/release'),
      mailbox: this.#mailbox,
      argv: ['pktgdb', '-m', '256', '-netdev', `user,id=n0${user}`, '-device', 'e1000,netdev=n0', ...(o.argv ?? [])],
      nameservers: [toSockaddr('127.0.0.1', o.dnsPort ?? 53)],
      seed: o.seed ?? 1,
      faultRate: o.faultRate ?? 0,
    };
    this.#worker = new Worker(program, { workerData });
    this.#worker.on('message', (m: LiveMachineMessage) => {
      this.#pump.drain();
      if (m.type === 'exit') {
        this.faults = m.faults;
      }
    });
    this.#worker.on('error', (e) => this.#events.emit('error', e));
    this.#exited = once(this.#worker, 'exit');
  }

  /** Starts a machine; resolves when its shell is there. */
  static async start(options: LiveMachineOptions = {}): Promise<LiveMachine> {
    const [program = ''] = await bundle([join(import.meta.dirname, 'machine-worker.ts')], 'live');
    const m = new LiveMachine(program, options);
    const ended = m.#exited.then(() => {
      throw new Error(`the machine has ended: ${m.reports}`);
    });
    await Promise.race([m.printed(PROMPT), ended]);
    ended.catch(() => undefined);
    return m;
  }

  /** Resolves when the guest has printed `text`. */
  async printed(text: string): Promise<void> {
    while (!this.console.includes(text)) {
      await once(this.#events, 'change');
    }
  }

  /** Types a command, and resolves to what it prints when the prompt comes again. */
  async run(line: string): Promise<string> {
    this.type(line);
    while (!this.console.endsWith(`\n${PROMPT}`)) {
      await once(this.#events, 'change');
    }
    return this.console.slice(this.console.indexOf('\n') + 1, -PROMPT.length);
  }

  /** Types a command that goes on. */
  type(line: string): void {
    this.console = '';
    this.press(`${line}\n`);
  }

  /** Types as it is. */
  press(text: string): void {
    this.#pump.post({ type: 'console', text });
  }

  async monitor(line: string): Promise<string> {
    const id = this.#nextId++;
    const reply = once(this.#events, `reply ${id}`);
    this.#pump.post({ type: 'monitor', id, line });
    return String((await reply)[0]);
  }

  /** Port of the host that is forwarded to a port of the guest. */
  port(guest: number, proto = 'tcp'): number {
    return Number(new RegExp(`hostfwd ${proto} \\S*:(\\d+) -> \\S*:${guest}\\n`).exec(this.reports)?.[1]);
  }

  async stop(): Promise<void> {
    this.#pump.post({ type: 'quit' });
    await this.#exited;
    this.#pump.dispose();
  }
}
