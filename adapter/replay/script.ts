/**
 * The script of a replay: reads a capture packet by packet and says what is to be done, in order, for `TraceHost`. The
 * guest's packets become frames; of the host's, what their sender's sockets must have done. Nothing is kept of what has
 * been played.
 */
import type { ByteSource } from '../packets/byte-source.ts';
import type { PacketIndex } from '../packets/capture-index.ts';
import type { Flow } from './flow.ts';
import { GuestPackets } from './guest-packets.ts';
import { HostPackets } from './host-packets.ts';
import { HostStreams } from './host-streams.ts';
import { type ReplayPlan, ROLE_GUEST, ROLE_HOST } from './plan.ts';
import { ScriptContext, type ScriptOptions } from './script-context.ts';
import type { Step } from './step.ts';
import { StreamBuffers } from './stream-buffers.ts';

/** Connections without further packets that are remembered. */
const MAX_FINISHED = 1024;

export class Script {
  /** Packets read so far. */
  packet = 0;
  readonly #c: ScriptContext;
  readonly #guest: GuestPackets;
  readonly #host: HostPackets;
  /** Place in the queue of the next step. */
  #head = 0;
  /** Connections whose last packet has been read; the oldest are forgotten. */
  readonly #finished: Flow[] = [];

  /** What its streams bring is in memory of `buffers`. */
  constructor(
    source: ByteSource,
    index: PacketIndex,
    plan: ReplayPlan,
    options: ScriptOptions = { repair: true },
    buffers = new StreamBuffers(),
  ) {
    this.#c = new ScriptContext(source, index, plan, options, buffers);
    const streams = new HostStreams(this.#c);
    this.#guest = new GuestPackets(this.#c, streams);
    this.#host = new HostPackets(this.#c, streams);
  }

  /** The next step, without taking it; undefined at the end. */
  peek(): Step | undefined {
    while (this.#head === this.#c.queue.length && this.packet < this.#c.index.count) {
      if (this.#head > 0) {
        this.#c.queue = [];
        this.#head = 0;
      }
      this.#read(this.packet++);
      if (this.packet === this.#c.index.count) {
        this.#c.reassembly.finish();
      }
    }
    return this.#c.queue[this.#head];
  }

  /** Takes the next step. */
  shift(): Step | undefined {
    const step = this.peek();
    this.#head++;
    return step;
  }

  /** Time of the last packet that was read. */
  get time(): number {
    return this.#c.time;
  }

  #read(i: number): void {
    const role = this.#c.plan.roles[i] ?? 0;
    // Time stamps that run backwards (two interfaces, clock steps) are held at the latest.
    this.#c.time = Math.max(this.#c.time, this.#c.timeOf(i));
    if (role === ROLE_GUEST) {
      this.#guest.fromGuest(i);
    } else if (role === ROLE_HOST) {
      this.#host.fromHost(i);
    }
    const id = (this.#c.plan.packets.conv[i] ?? 0) - 1;
    if (id >= 0 && this.#c.plan.connections.last[id] === i + 1) {
      this.#finish(id);
    }
  }

  /** The connection has no more packets; errors that quote it may still come. */
  #finish(id: number): void {
    const flow = this.#c.flows.get(id);
    if (flow) {
      this.#guest.playLate(flow);
      this.#finished.push(flow);
      if (this.#finished.length > MAX_FINISHED) {
        for (const old of this.#finished.splice(0, MAX_FINISHED / 2)) {
          this.#c.flows.delete(old.id);
        }
      }
    }
  }
}
