/** A user network in this thread whose sockets are real: `NodeSockets` without the mailbox. */
import { setImmediate as turn } from 'node:timers/promises';
import { NodeSockets } from '../../adapter/host/sockets.ts';
import {
  type Slirp,
  SlirpConfig,
  slirp_cleanup,
  slirp_input,
  slirp_new,
  slirp_pollfds_fill,
  slirp_pollfds_poll,
} from '../../adapter/stack/slirp/slirp.ts';
import { machine } from '../../adapter/stack/softmmu/machine.ts';
import type { Input, sockaddr } from '../../adapter/stack/util/host.ts';
import { socket_input } from '../../adapter/stack/util/sockets.ts';
import { resetMachine, SimHost } from '../tools/sim-host.ts';

class DirectHost extends SimHost {
  readonly sockets = new NodeSockets({
    post: (input: Input) => {
      const copied = 'data' in input ? { ...input, data: Uint8Array.from(input.data) } : input;
      this.inputs.push(copied);
      return input.type === 'data' ? input.data.length : 1;
    },
    released: () => undefined,
    reserve: () => null,
    unreserve: () => undefined,
    scarce: () => false,
    wait: () => undefined,
    warn: (text) => this.reports.push(text),
  });
  constructor() {
    super();
    // Real sockets of Node have no urgent data.
    Object.assign(this, { send_oob: undefined });
  }

  /** Of sockets that listen already. */
  readonly answers = new Map<number, { errno: string; port: number }>();
  override listen(fd: number): { errno: string; port: number } {
    return this.answers.get(fd) ?? { errno: 'EINVAL', port: 0 };
  }
  override connect(fd: number, addr: sockaddr, bind: sockaddr | null): void {
    this.sockets.connect(fd, addr, bind);
  }
  override open(fd: number, type: number, family: number, bind: sockaddr | null): void {
    this.sockets.datagrams.open(fd, type, family, bind);
  }
  override send(fd: number, buf: Uint8Array, off: number, len: number): void {
    this.sockets.send(fd, buf.subarray(off, off + len));
  }
  override sendto(fd: number, buf: Uint8Array, off: number, len: number, to: sockaddr, ttl: number): void {
    this.sockets.datagrams.sendto(fd, buf.slice(off, off + len), to, ttl);
  }
  override consumed(fd: number, bytes: number): void {
    this.sockets.consumed(fd, bytes);
  }
  override shutdown(fd: number): void {
    this.sockets.shutdown(fd);
  }
  override close(fd: number, reset: boolean): void {
    this.inputs = this.inputs.filter((i) => !('fd' in i) || i.fd !== fd);
    this.sockets.close(fd, reset);
  }
}

export class DirectNet {
  readonly slirp: Slirp;
  readonly #host = new DirectHost();
  readonly #started = performance.now();
  readonly #fresh: Uint8Array[] = [];

  constructor(setup: (config: SlirpConfig) => void = () => undefined) {
    resetMachine(this.#host);
    const config = new SlirpConfig();
    setup(config);
    const sendPacket = (_o: object, buf: Uint8Array, size: number): void => {
      this.#fresh.push(buf.slice(0, size));
    };
    this.slirp = slirp_new(config, { send_packet: sendPacket }, {})!;
    machine.slirps.push(this.slirp);
  }

  /** The guest sends a frame. */
  send(frame: Uint8Array): void {
    slirp_input(this.slirp, frame, frame.length);
  }

  /** Turns the main loop until a frame to the guest is one that `take` wants; returns what `take` makes of it. */
  async until<T>(take: (frame: Uint8Array) => T | undefined): Promise<T> {
    for (;;) {
      for (let f = this.#fresh.shift(); f; f = this.#fresh.shift()) {
        const taken = take(f);
        if (taken !== undefined) {
          return taken;
        }
      }
      await this.#turn();
    }
  }

  /** Turns the main loop until `end` is settled; frames to the guest go to `deliver`. Resolves as `end` does. */
  async during<T>(end: Promise<T>, deliver: (frame: Uint8Array) => void): Promise<T> {
    let ended = false;
    const settled = (): void => {
      ended = true;
    };
    end.then(settled, settled);
    while (!ended) {
      this.#fresh.splice(0).forEach(deliver);
      await this.#turn();
    }
    return end;
  }

  async #turn(): Promise<void> {
    await turn();
    this.#host.now_ns = 10_000e9 + (performance.now() - this.#started) * 1e6;
    slirp_pollfds_fill(this.slirp);
    for (const input of this.#host.poll()) {
      socket_input(machine.sockets, this.#host, input);
    }
    slirp_pollfds_poll(this.slirp);
  }

  /**
   * Forwards a port of the host: listens first, then has the network ask for what is there already. Returns the port.
   */
  async forward(
    type: number,
    addr: sockaddr,
    add: (slirp: Slirp) => { readonly errno: string; readonly port: number },
  ): Promise<number> {
    const fd = machine.sockets.next_fd;
    this.#host.answers.set(fd, await this.#host.sockets.listen(fd, type, addr));
    const r = add(this.slirp);
    if (r.errno !== '') {
      throw new Error(r.errno);
    }
    return r.port;
  }

  stop(): void {
    slirp_cleanup(this.slirp);
    this.#host.sockets.dispose();
  }
}
