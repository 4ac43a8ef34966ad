/** Plays captures on the machine, in this process: what came of each. */
import assert from 'node:assert/strict';
import { TraceHost } from '../../adapter/inferior/trace-host.ts';
import { Reader, Writer } from '../../adapter/mailbox/codec.ts';
import type { ByteSource } from '../../adapter/packets/byte-source.ts';
import { type Account, accountOf, type ConnectionAccount, connectionAccounts } from '../../adapter/replay/account.ts';
import { replayArgs } from '../../adapter/replay/args.ts';
import { RecordedData } from '../../adapter/replay/references.ts';
import type { ScriptOptions } from '../../adapter/replay/script-context.ts';
import { MachineState, machine } from '../../adapter/stack/softmmu/machine.ts';
import { main } from '../../adapter/stack/softmmu/main.ts';
import { Outside, type Planned, planned } from './replay.ts';

export interface PlayOptions {
  /** QEMU's options. */
  readonly args?: readonly string[];
  /** The user's word. */
  readonly guest?: string;
  readonly script?: ScriptOptions;
}

/** Both directions of a connection as they came out of the stack. */
export interface Streams {
  toHost: Uint8Array;
  toGuest: Uint8Array;
}

export interface Played extends Planned {
  readonly code: number;
  readonly turns: number;
  /** Machine time at the end, in nanoseconds. */
  readonly endedAt: number;
  readonly drops: readonly (readonly [reason: string, count: number])[];
  readonly outside: Outside;
  /** Frames that the user network sent, and for each the packet of the capture that it is (0: none), and its grade. */
  readonly sent: readonly Uint8Array[];
  readonly numbers: readonly number[];
  readonly grades: readonly number[];
  readonly host: TraceHost;
  /** Bytes of its inputs, and those of them that a recording keeps by reference. */
  readonly referred: { all: number; bytes: number };
  readonly account: Account;
  readonly connections: readonly ConnectionAccount[];
  readonly streams: ReadonlyMap<number, Streams>;
}

/** Bytes that are put where they belong, in memory that grows by doubling. */
class Growing {
  #room = new Uint8Array(1024);
  #length = 0;

  put(at: number, more: Uint8Array): void {
    const end = at + more.length;
    if (end > this.#room.length) {
      const room = new Uint8Array(2 * end);
      room.set(this.bytes);
      this.#room = room;
    }
    this.#room.set(more, at);
    this.#length = Math.max(this.#length, end);
  }

  get length(): number {
    return this.#length;
  }

  get bytes(): Uint8Array {
    return this.#room.subarray(0, this.#length);
  }
}

/** Whatever is played: what a recording keeps as a reference into the capture is what the machine gets. */
function checkReferences(host: TraceHost, source: ByteSource): Played['referred'] {
  const referred = { all: 0, bytes: 0 };
  const recorded = new RecordedData(source);
  const poll = host.poll.bind(host);
  host.poll = (timeoutNs) => {
    const inputs = poll(timeoutNs);
    for (const input of inputs) {
      if ('data' in input) {
        const { data } = input;
        const w = new Writer();
        const known = host.refer(w, data, input);
        referred.all += data.length;
        referred.bytes += known ? data.length : 0;
        assert.ok(!known || Buffer.compare(recorded.read(new Reader(w.data)), data) === 0);
      }
    }
    return inputs;
  };
  return referred;
}

/** Plays a capture to its end on a machine that is made for it. */
export function play(capture: Uint8Array | ByteSource, options: PlayOptions = {}): Played {
  const all = planned(capture, options.guest);
  const argv = ['pktgdb', ...replayArgs(all.plan, options.args ?? [])];
  const outside = new Outside();
  const streams = new Map<number, { toHost: Growing; toGuest: Growing }>();
  const of = (id: number): { toHost: Growing; toGuest: Growing } => {
    const known = streams.get(id) ?? { toHost: new Growing(), toGuest: new Growing() };
    streams.set(id, known);
    return known;
  };
  const host = new TraceHost({
    ...all,
    outside,
    argv,
    ...(options.script ? { script: options.script } : {}),
    sink: {
      toHost: ({ id }, bytes) => of(id).toHost.put(of(id).toHost.length, bytes),
      toGuest: ({ id }, from, bytes) => of(id).toGuest.put(from - 1, bytes),
    },
  });
  const numbers: number[] = [];
  const grades: number[] = [];
  outside.onFrame = (dir) => {
    if (dir === 1) {
      numbers.push(host.sentPacket);
      grades.push(host.sentGrade);
    }
  };
  Object.assign(machine, new MachineState());
  const referred = checkReferences(host, all.source);
  const code = main(argv.length, argv, host);
  return {
    ...all,
    code,
    turns: machine.turns,
    endedAt: host.now_ns,
    drops: [...machine.drops.by_reason],
    outside,
    sent: outside.frames.filter((f) => f.dir === 1).map((f) => f.data),
    numbers,
    grades,
    host,
    referred,
    account: accountOf(all.plan),
    connections: [...connectionAccounts(all.plan)],
    streams: new Map([...streams].map(([id, s]) => [id, { toHost: s.toHost.bytes, toGuest: s.toGuest.bytes }])),
  };
}
