/** What a saved recording consists of. */
import type { CheckpointRef } from '../mailbox/checkpoint-ref.ts';
import type { LogChunk, RecordingHeader } from '../mailbox/recorded.ts';

/** The format's version: another one is not read. */
export const VERSION = 3;

/** `shb_userappl` of files that have a recording. */
export const APPLICATION = 'pktgdb recording';

/** A saved recording cannot be read; the message says why, to the user. */
export class SavedError extends Error {
  override name = 'SavedError';
}

/** A moment, as front ends show it. */
export interface SavedMoment {
  readonly tick: number;
  readonly probe: number;
  readonly ns: number;
  readonly packets: number;
  readonly lastPacket: { readonly hex: string; readonly captured?: number } | null;
}

/** What the user has marked. */
export interface SavedMarks {
  readonly bookmarks: readonly (readonly [name: string, moment: SavedMoment])[];
  readonly checkpoints: readonly (readonly [number: number, moment: SavedMoment])[];
}

export const NO_MARKS: SavedMarks = { bookmarks: [], checkpoints: [] };

/** How a capture was replayed. */
export interface SavedReplay {
  /** Bytes of the capture's files. */
  readonly sizes: readonly number[];
  /** The host that plays the guest, if the user has chosen it. */
  readonly guest?: string;
  readonly checksums: 'repair' | 'keep';
}

/** The first block behind the packets. */
export interface SavedHead extends RecordingHeader {
  readonly version: number;
  /** When the machine began, in milliseconds since the epoch: its clock counts from there. */
  readonly begun: number;
  /** Ticks that it took until the machine was set up. */
  readonly startTick: number;
  /** Where the session stood. */
  readonly end: SavedMoment;
  readonly replay: SavedReplay | null;
}

/** What stands before a checkpoint's tree. */
export interface SavedCheckpoint extends Omit<CheckpointRef, 'bytes' | 'pages' | 'edge'> {
  /** In hexadecimal. */
  readonly edge: string;
  /** Numbers of the blocks of pages. */
  readonly pages: readonly number[];
}

/** The last block. */
export interface SavedEnd {
  /** Where in the file the first one is. */
  readonly headAt: number;
  readonly blocks: number;
  /** A sum over the sums of all blocks before. */
  readonly sum: string;
}

/** What was read. */
export interface SavedRecording {
  readonly head: SavedHead;
  readonly chunks: readonly LogChunk[];
  readonly checkpoints: readonly CheckpointRef[];
  readonly marks: SavedMarks;
  /** Where in the file pieces of the capture lie, one behind the other. */
  readonly capture: readonly Uint8Array[];
  /** How far the replay had come (see `ReplayPlan`): its shared memories. */
  readonly progress: readonly Uint8Array[];
}
