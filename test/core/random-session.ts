/**
 * Sessions by chance: traffic both ways, stops, steps, changes, the monitor, and what comes and goes while all that
 * happens. A seed says what is tried; real sockets say when.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import type { Stop } from '../../adapter/engine/api.ts';
import { nics } from '../../adapter/inspect/nics.ts';
import { capture } from '../kit/paths.ts';
import { Random, scattered } from '../kit/random.ts';
import type { Session } from './session.ts';

/** Functions that a ping goes through, whatever the links are. */
const PLACES = [
  'e1000_send_packet',
  'qemu_net_queue_send',
  'slirp_input',
  'ip_input',
  'icmp_input',
  'slirp_output',
  'net_slirp_receive',
  'receive_filter',
  'e1000_receive_iov',
  'qemu_clock_run_timers',
  'main_loop_wait',
];

/** What is assigned to: without meaning for the stack, or with one that it has to bear. */
const FIELDS = [
  'machine->drops->total',
  '$RADV',
  '$RDTR',
  '$TIDV',
  '$GPTC',
  '$ITR',
  'machine->random->x',
  'machine->nics[0]->mac_reg[0x5200 >> 2]',
];

const REGISTERS = [0x2820 >> 2, 0x282c >> 2, 0x4080 >> 2, 0x5204 >> 2];

const CAPTURES = ['03-ping.pcap', '05-http.pcap', 'foreign/mtu-mixed.pcap', 'foreign/lo-tls.pcap'];

/** Somewhere in RAM that the guest does not use. */
const FREE = 0x00f0_0000;

export class RandomSession {
  readonly #s: Session;
  readonly #random: Random;
  readonly #servers: Server[] = [];
  #marks = 0;
  #linkUp = true;
  #port = 0;
  /** What was done, for the message of a failure. */
  readonly log: string[] = [];

  constructor(s: Session, seed: number) {
    this.#s = s;
    this.#random = Random.spread(seed);
  }

  /** Runs to a state in which the machine can be switched off. */
  async run(): Promise<void> {
    try {
      if (this.#random.next(5) === 0) {
        await this.#replay();
      } else {
        await this.#live();
      }
    } finally {
      for (const server of this.#servers) {
        server.close();
      }
      for (const bp of [...this.#s.engine.breakpoints]) {
        this.#s.engine.deleteBreakpoint(bp.id);
      }
    }
  }

  async #live(): Promise<void> {
    this.#s.console = '';
    this.#s.port = 0;
    await this.#s.launch();
    await this.#s.printed('lease of');
    const server = createServer((c) => {
      c.on('error', () => undefined);
      c.end(scattered(this.#random.next(200_000)));
    }).listen(0, '127.0.0.1');
    this.#servers.push(server);
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    for (let n = 2 + this.#random.next(3); n > 0; n--) {
      await this.#act();
    }
  }

  async #replay(): Promise<void> {
    const name = this.#random.pick(CAPTURES);
    this.log.push(`replay ${name}`);
    if (this.#random.next(2) === 0) {
      this.#s.break(this.#random.pick(PLACES), undefined, { temporary: true });
    }
    await this.#s.launch({ trace: capture(name), args: ['-nic', 'user'] });
    for (;;) {
      const { kind } = await this.#s.stop();
      await this.#changes();
      if (kind === 'replay-end') {
        const ended = once(this.#s.engine, 'exited');
        await this.#s.resume();
        await ended;
        return;
      }
      await this.#s.resume();
    }
  }

  async #act(): Promise<void> {
    switch (this.#random.next(7)) {
      case 0:
        return this.#download();
      case 1:
        return this.#upload();
      case 2:
        return this.#running();
      case 3:
        return this.#pause();
      default:
        return this.#breakpoint();
    }
  }

  /** Has the guest do something and say so at its end; resolves to what it says. */
  #guest(line: string): string {
    const mark = `mark ${++this.#marks}`;
    this.log.push(line);
    this.#s.guest(`${line}; echo ${mark}`);
    return `\n${mark}`;
  }

  async #download(): Promise<void> {
    if (this.#linkUp) {
      await this.#s.printed(this.#guest(`nc 10.0.2.2 ${this.#port} > /dev/null`));
    }
  }

  async #upload(): Promise<void> {
    if (this.#linkUp) {
      const mark = this.#guest('nc -l -p 5556 > got.txt');
      const client = this.#s.connect();
      client.end(scattered(this.#random.next(100_000)));
      client.resume();
      // A client that was there before nc has been refused by the guest, and another one has to come.
      client.once('close', () => this.#again(mark));
      await this.#s.printed(mark);
    }
  }

  #again(mark: string): void {
    if (!this.#s.console.includes(mark) && this.#s.engine.state === 'running') {
      this.#s
        .connect()
        .once('close', () => this.#again(mark))
        .end('again');
    }
  }

  /** What can be asked of a machine that runs. */
  async #running(): Promise<void> {
    this.#guest('ping -c 1 -W 1 10.0.2.2');
    await this.#monitor();
    await this.#write();
    await this.#monitor();
  }

  async #pause(): Promise<void> {
    const mark = this.#guest('ping -c 1 -W 1 10.0.2.2');
    await this.#s.engine.interrupt();
    await this.#s.stop();
    await this.#changes();
    await this.#s.resume();
    await this.#s.printed(mark);
  }

  async #breakpoint(): Promise<void> {
    const place = this.#random.pick(PLACES);
    this.log.push(`break ${place}`);
    const id = this.#s.break(place, undefined, { temporary: true, ignoreCount: this.#random.next(4) });
    const mark = this.#guest('ping -c 1 -W 1 10.0.2.2');
    while (await this.#stopOr(mark)) {
      await this.#changes();
      for (let n = this.#random.next(3); n > 0; n--) {
        const kind = this.#random.pick(['into', 'over', 'out'] as const);
        this.log.push(`step ${kind}`);
        await this.#s.engine.step(kind);
        // A step out of the main loop does not end.
        if (!(await this.#stopOr(mark))) {
          this.#s.engine.deleteBreakpoint(id);
          return;
        }
        await this.#changes();
      }
      await this.#s.resume();
    }
    this.#s.engine.deleteBreakpoint(id);
  }

  /** The next stop, or null when the guest has said `mark`. */
  async #stopOr(mark: string): Promise<Stop | null> {
    for (;;) {
      if (this.#s.engine.state === 'stopped') {
        return this.#s.stop();
      }
      if (this.#s.console.includes(mark)) {
        return null;
      }
      const either = new AbortController();
      const { signal } = either;
      await Promise.race([once(this.#s.engine, 'stopped', { signal }), once(this.#s.engine, 'console', { signal })]);
      either.abort();
    }
  }

  /** Some changes at a stop. */
  async #changes(): Promise<void> {
    for (let n = this.#random.next(4); n > 0; n--) {
      switch (this.#random.next(6)) {
        case 0:
          await this.#monitor();
          break;
        case 1:
          await this.#write();
          break;
        case 2:
          await this.#local();
          break;
        default: {
          const text = `${this.#random.pick(FIELDS)} = ${1 + this.#random.next(1000)}`;
          this.log.push(text);
          await this.#s.evaluator.evaluate(text, -1, true);
        }
      }
    }
  }

  /** Assigns to a number that is a local variable, if there is one and V8 can write it. */
  async #local(): Promise<void> {
    const frames = await this.#s.engine.frames();
    const frame = this.#random.next(Math.min(3, frames.length));
    const all = [...(await this.#s.engine.args(frame)), ...(await this.#s.engine.locals(frame))];
    const size = all.find(({ name }) => name === 'size' || name === 'hlen');
    if (size) {
      const text = `${size.name} = ${Number(size.value.value) + this.#random.next(2)}`;
      this.log.push(`${text} in frame ${frame}`);
      await this.#s.evaluator.evaluate(text, frame, true).catch((e: Error) => {
        if (!/is optimised/.test(e.message)) {
          throw e;
        }
      });
    }
  }

  async #write(): Promise<void> {
    const at = FREE + this.#random.next(1000);
    this.log.push(`write ${at}`);
    await this.#s.engine.memory.write(at, scattered(1 + this.#random.next(50_000), at));
    const [nic] = nics(this.#s.engine);
    await nic?.store(this.#random.pick(REGISTERS), this.#random.next(2 ** 31));
  }

  async #monitor(): Promise<void> {
    const line = this.#random.pick([
      'hostfwd_add tcp:127.0.0.1:0-:5557',
      'hostfwd_add udp:127.0.0.1:0-:5558',
      'hostfwd_remove tcp:127.0.0.1:0',
      'info usernet',
      'info network',
      'announce_self',
      this.#linkUp ? 'set_link user.0 off' : 'set_link user.0 on',
      'set_link user.0 on',
      ...(this.#random.next(8) === 0 ? ['netdev_del user.0'] : []),
    ]);
    this.log.push(`monitor ${line}`);
    this.#linkUp = line.startsWith('set_link') ? line.endsWith('on') : this.#linkUp && !line.startsWith('netdev_del');
    await this.#s.engine.monitor(line);
  }
}
