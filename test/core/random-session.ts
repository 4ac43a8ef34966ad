/**
 * Sessions by chance: traffic both ways, stops, steps, changes, the monitor, and what comes and goes while all that
 * happens. A seed says what is tried; real sockets say when.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { Stop, TimePosition } from '../../adapter/engine/api.ts';
import { nics } from '../../adapter/inspect/nics.ts';
import { capture } from '../kit/paths.ts';
import { Random, scattered } from '../kit/random.ts';
import { soon } from '../kit/until.ts';
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

/** How long the guest may take for one line. */
const PATIENCE_MS = 3000;

/** Ways back take longer than all else together. */
const MOST_PLACES = 3;

/** Somewhere in RAM that the guest does not use. */
const FREE = 0x00f0_0000;

/** A rule that came with `hostfwd_add`, as `hostfwd_remove` wants it. */
const FORWARD = /hostfwd (tcp|udp) \S*:(\d+) -> \S*:555[78]/;

/** What one machine goes through: a replay, or one random session after the other. */
export class RandomMachine {
  readonly #s: Session;
  #random: Random;
  /** It is the last session: what it breaks stays broken. */
  #last = false;
  #marks = 0;
  #linkUp = true;
  #port = 0;
  #places: TimePosition[] = [];
  #forwards: string[] = [];
  /** What was done, for the message of a failure. */
  readonly log: string[] = [];

  constructor(s: Session) {
    this.#s = s;
    this.#random = Random.spread(1);
  }

  /** Sessions from a seed on. At their end the machine can be switched off. */
  async live(seed: number, sessions: number): Promise<void> {
    const server = createServer((c) => {
      c.on('error', () => undefined);
      c.end(scattered(this.#random.next(200_000)));
    }).listen(0, '127.0.0.1');
    const forwarded = (_level: string, text: string): void => {
      const [, protocol, port] = FORWARD.exec(text) ?? [];
      if (port !== undefined) {
        this.#forwards.push(`${protocol}:127.0.0.1:${port}`);
      }
    };
    this.#s.engine.on('report', forwarded);
    try {
      await once(server, 'listening');
      this.#port = (server.address() as AddressInfo).port;
      await this.#start(Random.spread(seed));
      for (let n = 0; n < sessions; n++) {
        this.#last = n === sessions - 1;
        await this.#session(seed + n);
      }
    } finally {
      server.close();
      this.#s.engine.off('report', forwarded);
      this.#clear();
    }
  }

  /** Now and then a machine is left in the middle and started again. */
  async #start(random: Random): Promise<void> {
    for (const until of random.next(2) === 0 ? [random.pick(['', 'lease of']), 'lease of'] : ['lease of']) {
      this.log.push(`run until "${until}"`);
      this.#s.console = '';
      this.#s.port = 0;
      await this.#s.launch();
      await this.#s.printed(until);
    }
  }

  async #session(seed: number): Promise<void> {
    this.log.push(`seed ${seed}`);
    this.#random = Random.spread(seed);
    this.#s.console = '';
    for (let n = 1 + this.#random.next(3); n > 0; n--) {
      await this.#act();
    }
    if (!this.#last && !this.#linkUp) {
      await this.#command('set_link user.0 on');
    }
    this.#clear();
  }

  #clear(): void {
    for (const bp of [...this.#s.engine.breakpoints]) {
      this.#s.engine.deleteBreakpoint(bp.id);
    }
  }

  async replay(seed: number): Promise<void> {
    this.#random = Random.spread(seed);
    const name = this.#random.pick(CAPTURES);
    this.log.push(`seed ${seed}: replay ${name}`);
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
        this.#clear();
        return;
      }
      await this.#s.resume();
    }
  }

  async #act(): Promise<void> {
    switch (this.#random.next(8)) {
      case 0:
        return this.#download();
      case 1:
        return this.#upload();
      case 2:
        return this.#running();
      case 3:
        return this.#pause();
      case 4:
        return this.#places.length < MOST_PLACES ? this.#restart() : this.#pause();
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

  /** Waits until the guest is done, whatever stops the machine. What was changed may keep it: it is interrupted. */
  async #done(mark: string): Promise<void> {
    const { engine } = this.#s;
    while (!this.#s.console.includes(mark)) {
      if (!(await soon(() => engine.state === 'stopped' || this.#s.console.includes(mark), PATIENCE_MS))) {
        this.log.push('Ctrl-C');
        engine.guestInput(`\x03\necho ${mark.trim()}\n`);
      } else if (engine.state === 'stopped') {
        await this.#s.resume();
      }
    }
    this.#s.unseen();
  }

  async #download(): Promise<void> {
    if (this.#linkUp) {
      await this.#done(this.#guest(`nc 10.0.2.2 ${this.#port} > /dev/null`));
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
      await this.#done(mark);
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
    const mark = this.#guest('ping -c 1 -W 1 10.0.2.2');
    await this.#monitor();
    await this.#write();
    await this.#monitor();
    await this.#done(mark);
  }

  async #pause(): Promise<void> {
    const mark = this.#guest('ping -c 1 -W 1 10.0.2.2');
    await this.#s.halt();
    await this.#changes();
    await this.#s.resume();
    await this.#done(mark);
  }

  /** Back to a place where it stood before, on from there, through the present. */
  async #restart(): Promise<void> {
    await this.#s.halt();
    const { here } = this.#s.engine.history ?? {};
    const place = this.#places.length > 0 ? this.#random.pick(this.#places) : undefined;
    if (here) {
      this.#places.push({ tick: here.tick, probe: here.probe });
    }
    if (place) {
      this.log.push(`restart ${place.tick}:${place.probe}`);
      await this.#s.engine.goTo(place);
      await this.#s.stop();
      for (let n = this.#random.next(3); n > 0; n--) {
        await (this.#random.next(2) === 0 ? this.#s.engine.step('into') : this.#s.engine.reverse('into'));
        await this.#s.stop();
      }
      if (this.#random.next(2) === 0) {
        await this.#s.engine.goTo('present');
        await this.#s.stop();
        await this.#changes();
      }
    }
    await this.#s.resume();
    await this.#done(this.#guest('echo and on'));
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
          await this.#done(mark);
          return;
        }
        await this.#changes();
      }
      await this.#s.resume();
    }
    this.#s.engine.deleteBreakpoint(id);
    await this.#done(mark);
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
    // More would delay interrupts for minutes.
    await nic?.store(this.#random.pick(REGISTERS), this.#random.next(1000));
  }

  async #monitor(): Promise<void> {
    await this.#command(
      this.#random.pick([
        'hostfwd_add tcp:127.0.0.1:0-:5557',
        'hostfwd_add udp:127.0.0.1:0-:5558',
        `hostfwd_remove ${this.#forwards.pop() ?? 'tcp:127.0.0.1:0'}`,
        'info usernet',
        'info network',
        'announce_self',
        this.#linkUp ? 'set_link user.0 off' : 'set_link user.0 on',
        'set_link user.0 on',
        ...(this.#last && this.#random.next(4) === 0 ? ['netdev_del user.0'] : []),
      ]),
    );
  }

  async #command(line: string): Promise<void> {
    this.log.push(`monitor ${line}`);
    this.#linkUp = line.startsWith('set_link') ? line.endsWith('on') : this.#linkUp && !line.startsWith('netdev_del');
    await this.#s.engine.monitor(line);
  }
}
