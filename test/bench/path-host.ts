/**
 * The world around a machine that is measured: a forwarded connection brings bytes that travel slirp -> queues -> hub
 * -> e1000 -> ring -> guest driver -> TCP -> nc, and the guest's acknowledgments go back. It costs next to nothing, so
 * the figure is the stack's.
 */
import { readFileSync } from 'node:fs';
import { wordsSum } from '../../adapter/inferior/words-sum.ts';
import type { FrameDirection, Host, Input, sockaddr } from '../../adapter/stack/util/host.ts';

/** The machine that it is around. */
export const BENCH_ARGV: readonly string[] = [
  'pktgdb',
  '-netdev',
  'user,id=user.0,hostfwd=tcp:127.0.0.1:5555-:5556',
  '-device',
  'e1000,netdev=user.0',
];

const CHUNK = new Uint8Array(65536).fill(0x2e);
const PEER: sockaddr = { sa_family: 2, sin_addr: 0x7f000001, sin_port: 40000, sin6_addr: null, sun_path: '' };
const FD = 11;

/** Seconds of processor time that this thread has had; 0 where the system does not say. */
function threadSeconds(): number {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e9;
  } catch {
    return 0;
  }
}

export class BenchHost implements Host {
  readonly words_sum = wordsSum;
  now_ns = 0;
  readonly seed = 1;
  readonly nameservers: readonly sockaddr[] = [];
  frames = 0;
  started = 0;
  startedFrames = 0;
  seconds = 0;
  /** Seconds of processor time of the same span; other programs do not count, V8's other threads do. */
  cpuSeconds = 0;
  /** What this thread had of it. */
  threadSeconds = 0;
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
      this.threadSeconds = -threadSeconds();
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
      this.threadSeconds += threadSeconds();
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
