/** What can be executed again: the history of a live machine, or one that was saved. */
import { Edge } from '../inferior/edge.ts';
import type { ReplayData } from '../inferior/replay-data.ts';
import type { CheckpointRef } from '../mailbox/checkpoint-ref.ts';
import { IN_POLL } from '../mailbox/probes.ts';
import type { Recording } from '../mailbox/recorded.ts';
import { PacketIndex } from '../packets/capture-index.ts';
import { KnownPackets } from '../replay/known-packets.ts';
import { EngineError, type HistoryMoment } from './api.ts';
import type { CheckpointStore } from './checkpoint-store.ts';
import type { Inferior } from './inferior.ts';

export interface HistorySource {
  readonly recording: Recording;
  readonly checkpoints: CheckpointStore;
  /** Where what is kept begins, if the beginning has left; null: with the machine. */
  readonly oldest: CheckpointRef | null;
  /** Ticks that it took until the machine was set up. */
  readonly startTick: number;
  /** The capture that was replayed. */
  readonly replay: ReplayData | undefined;
  /** Functions entered since the newest checkpoint, a byte each; undefined: unknown. */
  readonly entered?: Uint8Array | undefined;
}

export const NOT_RUNNING = 'The program is not being run.';
export const RUNNING = 'Cannot execute this command while the machine is running.';

/** The history of what is there: a machine, or a saved recording. Throws `EngineError` if there is neither. */
export function sourceOf(inferior: Inferior | undefined): HistorySource {
  if (!inferior) {
    throw new EngineError(NOT_RUNNING);
  }
  return inferior.opened ?? inferior;
}

/** The first moment that one can go to. */
export function startOf({ oldest, startTick, replay }: HistorySource): HistoryMoment {
  if (oldest === null) {
    return { tick: startTick, probe: IN_POLL, ns: 0, packets: 0, lastPacket: null };
  }
  const edge = new Edge();
  edge.begin(replay ? new KnownPackets(new PacketIndex(replay.index), replay.plan) : null, oldest.edge);
  return { tick: oldest.tick, probe: IN_POLL, ns: oldest.nowNs, packets: oldest.frames, lastPacket: edge.last };
}

/** A moment was asked for of which nothing is kept any more. */
export function notKept({ tick }: CheckpointRef): EngineError {
  return new EngineError(`That moment is no longer kept: the history begins at tick ${tick}.`);
}
