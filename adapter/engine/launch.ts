/** What a launch runs: the machine's options, and what it gets of a capture. */
import { randomInt } from 'node:crypto';
import { hostNameservers } from '../host/addresses.ts';
import type { ReplayData } from '../inferior/replay-data.ts';
import { LinkLayer } from '../packets/link-layer.ts';
import { ETHERTYPE_IP, ETHERTYPE_IPV6 } from '../packets/protocols/numbers.ts';
import { accountOf, connectionAccounts } from '../replay/account.ts';
import { replayArgs, TRACE_NAMESERVERS } from '../replay/args.ts';
import { rankedHosts } from '../replay/guest.ts';
import { type OpenedCapture, openCapture } from '../replay/open.ts';
import type { ReplayPlan } from '../replay/plan.ts';
import { type PreparedCapture, planOf, prepareCapture } from '../replay/prepare.ts';
import {
  EngineError,
  type LaunchOptions,
  type PacketBytes,
  type ReplayHost,
  type ReplayOptions,
  type ReplayState,
} from './api.ts';
import type { Image } from './image.ts';
import type { InferiorOptions } from './inferior.ts';

/** Default bound of a recording in bytes. */
export const DEFAULT_RECORD_LIMIT = 64 << 20;

/** Options for tests and benchmarks that users have no need of. */
export interface EngineInternals {
  /** Keep a hash over all frames, for comparing executions. */
  readonly hashFrames?: boolean;
  /** Seed of the machine's random numbers (default: random). */
  readonly seed?: number;
}

/** A capture that is replayed, as long as its machine is there. */
export interface Replay {
  readonly opened: OpenedCapture;
  readonly capture: PreparedCapture;
  readonly plan: ReplayPlan;
}

/** Who wants to know how far reading a capture is, and may put an end to it. */
export interface Progress {
  /** `done` of `total` bytes have been read; false gives up. */
  readonly told: (done: number, total: number) => boolean;
}

/** The options of a run. */
export function inferiorOptions(
  image: Image,
  options: LaunchOptions,
  internals: EngineInternals,
  replay: Replay | undefined,
): InferiorOptions {
  const args = replay ? replayArgs(replay.plan, options.args) : options.args;
  return {
    header: {
      buildId: image.info.buildId,
      argv: ['pktgdb', ...args],
      seed: internals.seed ?? (replay ? 1 : randomInt(1, 0xffffffff)),
      nameservers: replay ? TRACE_NAMESERVERS : hostNameservers(),
    },
    ...(replay ? { replay: replayData(replay, options.replay ?? {}) } : {}),
    recordLimit: options.recordLimit ?? DEFAULT_RECORD_LIMIT,
    stopOnEntry: options.stopOnEntry ?? false,
    hashFrames: internals.hashFrames ?? false,
    release: false,
  };
}

function replayData({ opened, capture, plan }: Replay, options: ReplayOptions): ReplayData {
  const { count, columns, interfaces } = capture.index;
  return {
    path: opened.path,
    index: { count, columns, interfaces },
    plan,
    script: { repair: options.checksums !== 'keep' },
    stopAtEnd: options.atEnd !== 'exit',
  };
}

/** Milliseconds that reading a capture may take before others have their turn. */
const SLICE_MS = 20;

const INTERRUPTED = 'reading it was interrupted';

/** Reads a capture and plans its replay. Throws `EngineError` when that cannot be done, or is given up. */
export async function loadReplay(path: string, options: ReplayOptions, progress: Progress): Promise<Replay> {
  let opened: OpenedCapture | undefined;
  try {
    opened = await openCapture(path);
    const { size } = opened.source;
    const capture = await inSlices(prepareCapture(opened.source), size, progress);
    const guest = options.guest ?? (await askForGuest(capture, options));
    if (!progress.told(size, size)) {
      throw new Error(INTERRUPTED);
    }
    return { opened, capture, plan: planOf(capture, guest) };
  } catch (e) {
    opened?.close();
    throw new EngineError(`${path}: ${e instanceof Error ? e.message : String(e)}`);
  }
}

/**
 * The user's word on who the guest is, where the capture leaves it open: no host opens all connections, or has captured
 * them.
 */
async function askForGuest({ analysis }: PreparedCapture, { choose }: ReplayOptions): Promise<string | undefined> {
  const [first, second] = rankedHosts(analysis);
  const connections = analysis.connections.count;
  const open = first && second && analysis.slirpMacs.size === 0 && first.local === 0 && first.opens < connections;
  return open ? choose?.(hostsOf(analysis), connections) : undefined;
}

function hostsOf(analysis: PreparedCapture['analysis']): ReplayHost[] {
  return rankedHosts(analysis).map((h) => ({ address: h.text, opens: h.opens, packets: h.packets }));
}

/** Packet `number` of the capture from its Ethernet or IP header on. */
export function capturedPacket({ opened, capture }: Replay, number: number): PacketBytes | undefined {
  const { index } = capture;
  if (!(number >= 1 && number <= index.count)) {
    return undefined;
  }
  const data = index.bytes(opened.source, number - 1);
  const { eth, type, l3 } = new LinkLayer().find(index.linktype(number - 1), data);
  if (eth >= 0) {
    return { bytes: data.slice(eth), linktype: 'ethernet' };
  }
  const isIp = type === ETHERTYPE_IP || type === ETHERTYPE_IPV6;
  return isIp ? { bytes: data.slice(l3), linktype: 'ip' } : undefined;
}

/** A replay for those who show it. */
export function replayState({ capture, plan }: Replay): ReplayState {
  return {
    plan,
    hosts: hostsOf(capture.analysis),
    account: () => accountOf(plan),
    connections: () => connectionAccounts(plan),
  };
}

async function inSlices<T>(steps: Generator<number, T>, total: number, progress: Progress): Promise<T> {
  let since = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done) {
      return step.value;
    }
    if (performance.now() - since > SLICE_MS) {
      if (!progress.told(step.value, total)) {
        throw new Error(INTERRUPTED);
      }
      await new Promise((resolve) => setImmediate(resolve));
      since = performance.now();
    }
  }
}
