/** Plays captures on the machine, in this process: what came of each. */
import { TraceHost } from '../../adapter/inferior/trace-host.ts';
import type { ByteSource } from '../../adapter/packets/byte-source.ts';
import { type Account, accountOf, type ConnectionAccount, connectionAccounts } from '../../adapter/replay/account.ts';
import { replayArgs } from '../../adapter/replay/args.ts';
import type { ScriptOptions } from '../../adapter/replay/script.ts';
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
  readonly account: Account;
  readonly connections: readonly ConnectionAccount[];
  readonly streams: ReadonlyMap<number, Streams>;
}

/** `bytes` with `more` at `at`, made longer if need be. */
function placed(bytes: Uint8Array, at: number, more: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.max(bytes.length, at + more.length));
  out.set(bytes);
  out.set(more, at);
  return out;
}

/** Plays a capture to its end on a machine that is made for it. */
export function play(capture: Uint8Array | ByteSource, options: PlayOptions = {}): Played {
  const all = planned(capture, options.guest);
  const argv = ['pktgdb', ...replayArgs(all.plan, options.args ?? [])];
  const outside = new Outside();
  const streams = new Map<number, Streams>();
  const of = (id: number): Streams => {
    const known = streams.get(id) ?? { toHost: new Uint8Array(0), toGuest: new Uint8Array(0) };
    streams.set(id, known);
    return known;
  };
  const host = new TraceHost({
    ...all,
    outside,
    argv,
    ...(options.script ? { script: options.script } : {}),
    sink: {
      toHost: (flow, bytes) => {
        const s = of(flow.id);
        s.toHost = placed(s.toHost, s.toHost.length, bytes);
      },
      toGuest: (flow, from, bytes) => {
        const s = of(flow.id);
        s.toGuest = placed(s.toGuest, from - 1, bytes);
      },
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
    account: accountOf(all.plan),
    connections: [...connectionAccounts(all.plan)],
    streams,
  };
}
