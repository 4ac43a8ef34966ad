/**
 * One run of the whole path in a process of its own: a forwarded connection brings bytes that travel slirp -> queues ->
 * hub -> e1000 -> ring -> guest driver -> TCP -> nc, and the guest's acknowledgments go back. The host side is in this
 * process and costs next to nothing, so the figure is the stack's. Arguments: debug|release, megabytes[, heap].
 * PKTGDB_DECIDERS holds what to arm, as JSON: pairs of a probe and its function. Prints one JSON line; with `heap`,
 * what is allocated too.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Image } from '../../adapter/engine/image.ts';
import { Runtime } from '../../adapter/inferior/runtime.ts';
import { createTicks } from '../../adapter/mailbox/ticks.ts';
import type { FrameDirection, Host, Input, sockaddr } from '../../adapter/stack/util/host.ts';
import { type AllocationSite, allocations } from './heap.ts';

const CHUNK = new Uint8Array(65536).fill(0x2e);
const PEER: sockaddr = { sa_family: 2, sin_addr: 0x7f000001, sin_port: 40000, sin6_addr: null, sun_path: '' };
const FD = 11;

class BenchHost implements Host {
  now_ns = 0;
  readonly seed = 1;
  readonly nameservers: readonly sockaddr[] = [];
  frames = 0;
  started = 0;
  startedFrames = 0;
  seconds = 0;
  /** Seconds of processor time of the same span; other programs do not count, V8's other threads do. */
  cpuSeconds = 0;
  #startedCpu = process.cpuUsage();
  readonly #total: number;
  #posted = 0;
  #consumedBytes = 0;
  #listener = 0;
  #console = '';
  #phase: 'boot' | 'shell' | 'run' | 'end' = 'boot';

  constructor(total: number) {
    this.#total = total;
  }

  poll(timeoutNs: number): readonly Input[] {
    this.now_ns += timeoutNs < 0 ? 1e6 : Math.max(1000, timeoutNs);
    if (this.#phase === 'boot' && this.#console.endsWith('~ # ')) {
      this.#phase = 'shell';
      return [{ type: 'console', text: 'nc -l -v -p 5556 > /dev/null\n' }];
    }
    if (this.#phase === 'shell' && this.#console.includes('listening on')) {
      this.#phase = 'run';
      this.started = performance.now();
      this.#startedCpu = process.cpuUsage();
      this.startedFrames = this.frames;
      return [{ type: 'accepted', fd: FD, listener: this.#listener, peer: PEER }];
    }
    if (this.#phase === 'run') {
      return this.#feed();
    }
    return this.#phase === 'end' ? [{ type: 'quit' }] : [];
  }

  #feed(): readonly Input[] {
    if (this.#consumedBytes >= this.#total) {
      this.#phase = 'end';
      this.seconds = (performance.now() - this.started) / 1000;
      const cpu = process.cpuUsage(this.#startedCpu);
      this.cpuSeconds = (cpu.user + cpu.system) / 1e6;
      this.frames -= this.startedFrames;
      return [];
    }
    if (this.#posted - this.#consumedBytes < CHUNK.length && this.#posted < this.#total) {
      this.#posted += CHUNK.length;
      return [{ type: 'data', fd: FD, data: CHUNK }];
    }
    return [];
  }

  alloc_shared(_name: string, bytes: number): ArrayBufferLike {
    return new SharedArrayBuffer(bytes);
  }

  listen(fd: number, _type: number, addr: sockaddr): { errno: string; port: number } {
    this.#listener = fd;
    return { errno: '', port: addr.sin_port };
  }

  consumed(_fd: number, bytes: number): void {
    this.#consumedBytes += bytes;
  }

  console_write(text: string): void {
    this.#console = (this.#console + text).slice(-4096);
  }

  frame(_dir: FrameDirection, _buf: Uint8Array, _size: number): void {
    this.frames++;
  }

  connect(): void {}
  open(): void {}
  send(): void {}
  sendto(): void {}
  shutdown(): void {}
  close(): void {}
  monitor_reply(): void {}
  report(): void {}
}

const [build = 'release', megabytes = '50', heap = ''] = process.argv.slice(2);
const image = Image.load();
const runtime = new Runtime({
  A: new Uint8Array(new SharedArrayBuffer(image.info.probes.length)),
  T: new Float64Array(createTicks()),
  tables: image.probeTables(),
  stackUrl: '',
  takePause: () => false,
  sendLog: () => undefined,
  tellStop: () => undefined,
});
Object.defineProperty(globalThis, '__pktgdb', { value: runtime });
const root = join(import.meta.dirname, '../../dist/stack', build);
type Main = (argc: number, argv: readonly string[], host: Host) => number;
const { main } = (await import(pathToFileURL(join(root, 'softmmu/main.js')).href)) as { main: Main };
const deciders = JSON.parse(process.env['PKTGDB_DECIDERS'] ?? '[]') as [probe: number, source: string][];
for (const [probe, source] of deciders) {
  runtime.setDecider(probe, source);
}
const host = new BenchHost(Number(megabytes) * 1e6);
const argv = ['pktgdb', '-netdev', 'user,id=user.0,hostfwd=tcp:127.0.0.1:5555-:5556', '-device', 'e1000,netdev=user.0'];
const run = (): void => {
  main(argv.length, argv, host);
};
let sites: readonly AllocationSite[] = [];
if (heap === 'heap') {
  sites = await allocations(run);
} else {
  run();
}
console.log(
  JSON.stringify({
    build,
    megabytes: Number(megabytes),
    seconds: host.seconds,
    frames: host.frames,
    cpuSeconds: host.cpuSeconds,
    sites,
  }),
);
