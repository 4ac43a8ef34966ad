/** What a launch runs: the machine's options, and what it gets of a capture. */
import { randomInt } from 'node:crypto';
import { hostNameservers } from '../host/addresses.ts';
import type { ReplayData } from '../inferior/replay-data.ts';
import { visible } from '../packets/format.ts';
import { LinkLayer } from '../packets/link-layer.ts';
import { TcpIpView } from '../packets/tcp-ip-view.ts';
import { accountOf, connectionAccounts } from '../replay/account.ts';
import { replayArgs, TRACE_NAMESERVERS } from '../replay/args.ts';
import { capturedRelative } from '../replay/captured.ts';
import { describeGuest } from '../replay/describe.ts';
import { rankedHosts } from '../replay/guest.ts';
import { type OpenedCapture, openCapture } from '../replay/open.ts';
import { AT_GRADE, AT_SENT, NOT_PLAYED, REASONS } from '../replay/places.ts';
import type { ReplayPlan } from '../replay/plan.ts';
import { type PreparedCapture, planOf, prepareCaptures } from '../replay/prepare.ts';
import { inSlices, type Progress } from '../replay/slices.ts';
import type { sockaddr } from '../stack/util/host.ts';
import {
  DEFAULT_HISTORY_SIZE,
  type DivergenceReport,
  EngineError,
  GivenUpError,
  type LaunchOptions,
  type PacketBytes,
  type ReplayHost,
  type ReplayOptions,
  type ReplayState,
} from './api.ts';
import type { Image } from './image.ts';
import type { Inferior, InferiorOptions } from './inferior.ts';

/** Milliseconds that the machine runs between two checkpoints. */
const CHECKPOINT_MS = 250;

/** Options for tests and benchmarks that users have no need of. */
export interface EngineInternals {
  /** Keep a hash over all frames, for comparing executions. */
  readonly hashFrames?: boolean;
  /** Compare the whole state before each turn, for finding the first one that differs. */
  readonly hashTurns?: boolean;
  /** Have V8 describe each stop at once. */
  readonly hardStops?: boolean;
  /** Seed of the machine's random numbers (default: random). */
  readonly seed?: number;
  /** Name servers instead of this computer's. */
  readonly nameservers?: readonly sockaddr[];
  /** Milliseconds that the machine runs between two checkpoints; 0: one at each turn (default 250). */
  readonly checkpointMs?: number;
}

/** A capture that is replayed, as long as its machine is there. */
export interface Replay {
  /** The files, in the order in which the index takes their bytes. */
  readonly opened: readonly OpenedCapture[];
  readonly capture: PreparedCapture;
  readonly plan: ReplayPlan;
  /** The host that plays the guest, if the user has said so. */
  readonly guest: string | undefined;
  readonly checksums: 'repair' | 'keep';
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
      nameservers: internals.nameservers ?? (replay ? TRACE_NAMESERVERS : hostNameservers()),
    },
    ...(replay ? { replay: replayData(replay, options.replay ?? {}) } : {}),
    checkpointMs: internals.checkpointMs ?? CHECKPOINT_MS,
    historySize: options.historySize ?? DEFAULT_HISTORY_SIZE,
    stopOnEntry: options.stopOnEntry ?? false,
    hashFrames: internals.hashFrames ?? false,
    hashTurns: internals.hashTurns ?? false,
    hardStops: internals.hardStops ?? false,
    release: false,
  };
}

/** What the inferior gets of a replay. */
export function replayData({ opened, capture, plan }: Replay, options: ReplayOptions): ReplayData {
  const { count, columns, interfaces, format, comments } = capture.index;
  return {
    files: opened.map(({ source: { fd, size } }) => ({ fd, size })),
    index: { count, columns, interfaces, format, comments },
    plan,
    script: { repair: options.checksums !== 'keep' },
    stopAtEnd: options.atEnd !== 'exit',
  };
}

/** Reads captures and plans their replay. Throws `EngineError` when that cannot be done, or is given up. */
export async function loadReplay(
  paths: readonly string[],
  options: ReplayOptions,
  progress: Progress,
): Promise<Replay> {
  const opened: OpenedCapture[] = [];
  let path = paths.join(', ');
  try {
    for (path of paths) {
      opened.push(await openCapture(path, (bytes) => progress.told(bytes, 0), progress.signal));
    }
    path = paths.join(', ');
    const sources = opened.map((o) => o.source);
    const total = sources.reduce((n, s) => n + s.size, 0);
    const capture = await inSlices(prepareCaptures(sources), total, progress);
    const guest = options.guest ?? (await askForGuest(capture, options));
    progress.signal.throwIfAborted();
    return { opened, capture, plan: planOf(capture, guest), guest, checksums: options.checksums ?? 'repair' };
  } catch (e) {
    for (const o of opened) {
      o.close();
    }
    if (progress.signal.aborted) {
      throw new GivenUpError(`Reading ${visible(path)} was interrupted; nothing is replayed.`);
    }
    if (e instanceof GivenUpError) {
      throw e;
    }
    throw new EngineError(`${visible(path)}: ${e instanceof Error ? visible(e.message) : String(e)}`);
  }
}

/** Replays what has been read once more, for another guest or with other options. */
export function replayAgain({ opened, capture }: Replay, options: ReplayOptions): Replay {
  try {
    const { guest, checksums = 'repair' } = options;
    return { opened, capture, plan: planOf(capture, guest), guest, checksums };
  } catch (e) {
    throw new EngineError(e instanceof Error ? e.message : String(e));
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

/** A replay for those who show it; `past` is its account in numbers, where that is not the present's. */
export function replayState({ capture, plan }: Replay, past?: readonly number[]): ReplayState {
  return {
    plan,
    guest: describeGuest(plan),
    hosts: hostsOf(capture.analysis),
    account: () => accountOf(plan, past),
    connections: () => connectionAccounts(plan),
    packet: (number) => ({
      packets: plan.roles.length,
      reason: REASONS[(plan.roles[number - 1] ?? 0) - NOT_PLAYED] ?? '',
    }),
    sent: () => ({ packet: plan.position[AT_SENT] ?? 0, grade: plan.position[AT_GRADE] ?? 0 }),
  };
}

/** Packet `number` of a capture: with its Ethernet header if it has one, else from its IP header on. */
export function capturedPacket({ capture, plan }: Replay, number: number): PacketBytes | undefined {
  const { index } = capture;
  const i = number - 1;
  if (!Number.isSafeInteger(i) || i < 0 || i >= index.count) {
    return undefined;
  }
  const data = index.bytes(capture.source, i);
  const { eth, l3 } = new LinkLayer().find(index.linktype(i), data);
  const bytes = data.slice(eth >= 0 ? eth : Math.max(0, l3));
  const linktype = eth >= 0 ? 'ethernet' : 'ip';
  const relative = capturedRelative(plan, i, new TcpIpView(bytes, linktype).find()) ?? null;
  return { bytes, linktype, known: { number, seconds: index.secondsOf(i), record: index.recordOf(i), relative } };
}

/** How a replay compares with its capture so far, from a divergence on. Throws `EngineError` if there is none. */
export async function divergencesOf(
  inferior: Inferior | undefined,
  start: number,
  count: number,
): Promise<DivergenceReport> {
  const report = await inferior?.runtime.divergenceReport(start, count);
  if (!report) {
    throw new EngineError('Nothing is being replayed.');
  }
  return report;
}

/** What was sent at a divergence. */
export async function divergentFrameOf(
  inferior: Inferior | undefined,
  index: number,
): Promise<PacketBytes | undefined> {
  const hex = await inferior?.runtime.divergentFrame(index);
  return hex ? { bytes: Uint8Array.from(Buffer.from(hex, 'hex')), linktype: 'ethernet' } : undefined;
}
