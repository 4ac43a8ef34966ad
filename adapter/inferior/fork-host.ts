/**
 * The host of a machine that has left what was recorded: somebody has changed its past. It goes on with the recorded
 * inputs as long as they apply, and nothing of what it does reaches the outside.
 *
 * As long as it takes as many ticks to each turn as when that was recorded, it gets the recorded turns. From then on
 * it has turns of its own wherever it wants to be woken before the next recorded one.
 */
import { decodeInput, getInline } from '../mailbox/codec.ts';
import { LOG, type LogReader } from '../mailbox/recorded.ts';
import type { FrameDirection, Host, Input, sockaddr } from '../stack/util/host.ts';
import type { RecordedHost, RecordedHostHooks } from './recorded-host.ts';
import type { ServedPiece } from './served-files.ts';
import { SilentHost } from './silent-host.ts';

/** What an own turn takes at least, so that a machine that only looks finds time passing. */
const LEAST_NS = 1000;

/** What there is to know of a host socket of the stack. */
export interface OpenSocket {
  readonly type: number;
  readonly listening: boolean;
  readonly connecting: boolean;
  readonly tx_inflight: number;
}

const STREAM = 1;
const NO_CHANGES: readonly number[] = [];

interface RecordedTurn {
  readonly tick: number;
  readonly ns: number;
  readonly inputs: readonly Input[];
  readonly changes: readonly number[];
}

export class ForkHost extends SilentHost implements Host {
  now_ns: number;
  readonly seed: number;
  readonly nameservers: readonly sockaddr[];
  readonly #data: RecordedHost['data'];
  readonly #log: LogReader;
  readonly #hooks: RecordedHostHooks;
  readonly #sockets: () => ReadonlyMap<number, OpenSocket>;
  /** Where time ends. */
  readonly #until: number;
  #next: RecordedTurn | null = null;
  /** The machine has done something else than when it was recorded. */
  #left = false;

  /** `log` stands where the machine does. */
  constructor(
    from: Pick<RecordedHost, 'now_ns' | 'seed' | 'nameservers' | 'data'>,
    log: LogReader,
    hooks: RecordedHostHooks,
    sockets: () => ReadonlyMap<number, OpenSocket>,
    until: number,
  ) {
    super();
    this.now_ns = from.now_ns;
    this.seed = from.seed;
    this.nameservers = from.nameservers;
    this.#data = from.data;
    this.#log = log;
    this.#hooks = hooks;
    this.#sockets = sockets;
    this.#until = until;
  }

  /** The next recorded turn. What lies before it, such as changes and answers, belongs to what was left. */
  #recorded(): RecordedTurn | null {
    while (this.#next === null && this.#log.peek() !== 0) {
      if (this.#log.take() !== LOG.TURN) {
        continue;
      }
      const { r } = this.#log;
      const tick = r.f64();
      const ns = r.f64();
      r.u32();
      const inputs: Input[] = [];
      for (let n = r.u32(); n > 0; n--) {
        inputs.push(decodeInput(r, this.#data.read));
      }
      this.#next = { tick, ns, inputs, changes: this.#flows() };
    }
    return this.#next;
  }

  #flows(): readonly number[] {
    if (this.#log.peek() !== LOG.FLOWS) {
      return NO_CHANGES;
    }
    this.#log.take();
    const { r } = this.#log;
    const changes: number[] = [];
    while (r.pos < r.end) {
      changes.push(r.u32());
    }
    return changes;
  }

  poll(timeoutNs: number): readonly Input[] {
    this.known.changes = NO_CHANGES;
    const next = this.#recorded();
    this.#left ||= next !== null && next.tick !== this.#hooks.ticks();
    if (next !== null && !this.#left) {
      return this.#give(
        next,
        next.inputs.filter((input) => input.type !== 'quit'),
      );
    }
    const wanted = timeoutNs < 0 ? Number.POSITIVE_INFINITY : this.now_ns + Math.max(timeoutNs, LEAST_NS);
    if (next !== null && next.ns <= wanted) {
      return this.#give(next, [...this.#written(), ...next.inputs.filter((input) => this.#applies(input))]);
    }
    while (!(wanted <= this.#until)) {
      this.#hooks.ends();
    }
    this.now_ns = wanted;
    return this.#written();
  }

  #give(turn: RecordedTurn, inputs: readonly Input[]): readonly Input[] {
    this.#next = null;
    this.now_ns = Math.max(this.now_ns, turn.ns);
    this.known.changes = turn.changes;
    this.#hooks.replayed(inputs, turn.changes);
    return inputs;
  }

  /** True if the socket that an input is for is there, and in a state in which it can be. */
  #applies(input: Input): boolean {
    if (input.type === 'quit' || input.type === 'written') {
      return false;
    }
    if (!('fd' in input)) {
      return true;
    }
    const sockets = this.#sockets();
    const s = sockets.get(input.fd);
    switch (input.type) {
      case 'accepted':
        return s === undefined && sockets.get(input.listener)?.listening === true;
      case 'connected':
        return s?.connecting === true;
      case 'data':
      case 'eof':
        return s?.type === STREAM && !s.connecting && !s.listening;
      case 'datagram':
        return s !== undefined && s.type !== STREAM;
      default:
        return s !== undefined;
    }
  }

  /** The outside takes all that is sent, at once. */
  #written(): Input[] {
    const inputs: Input[] = [];
    for (const [fd, { tx_inflight: bytes }] of this.#sockets()) {
      if (bytes > 0) {
        inputs.push({ type: 'written', fd, bytes });
      }
    }
    return inputs;
  }

  listen(_fd: number, _type: number, addr: sockaddr): { errno: string; port: number } {
    if (this.#next === null && this.#log.peek() === LOG.LISTEN) {
      this.#log.take();
      return { errno: this.#log.r.text(), port: this.#log.r.u32() };
    }
    return { errno: '', port: addr.sin_port || 1 };
  }

  read_file(): ServedPiece {
    if (this.#next === null && this.#log.peek() === LOG.READ_FILE) {
      this.#log.take();
      const { r } = this.#log;
      return { errno: r.text(), size: r.f64(), data: getInline(r) };
    }
    return { errno: 'ENOENT', size: 0, data: new Uint8Array(0) };
  }

  alloc_shared(name: string, bytes: number): ArrayBufferLike {
    return this.#hooks.allocShared(name, bytes);
  }

  /** Which packet of a capture a frame is, is known as long as frames are as they were. */
  frame(dir: FrameDirection, buf: Uint8Array, size: number): void {
    const known = dir === 1 && !this.#left && this.#next === null && this.#log.peek() === LOG.SENT;
    if (known) {
      this.#log.take();
    }
    const { r } = this.#log;
    this.sentPacket = known ? r.u32() : 0;
    this.sentGrade = known ? r.u8() : 0;
    this.#hooks.frame(dir, buf, size, this.sentPacket, this.sentGrade);
  }

  /** Of the last frame of the user network's (see `ReplayFacts`). */
  sentPacket = 0;
  sentGrade = 0;
  readonly known = { changes: NO_CHANGES, numbers: new Float64Array(0) };

  qtest_send(): void {}
  write_file(): void {}
  report(): void {}
}
