/** A checkpoint as both threads have it. */

/** A state tree as bytes. `bytes` speaks of `pages` by their place in the list; other checkpoints may have them too. */
export interface SavedTree {
  readonly bytes: SharedArrayBuffer;
  readonly pages: readonly SharedArrayBuffer[];
}

/** The state at the start of a turn: the machine is about to ask for its inputs. */
export interface CheckpointRef extends SavedTree {
  /** How many were taken before it in this run. */
  readonly number: number;
  /** Turns that are done. */
  readonly turn: number;
  /** Ticks so far. */
  readonly tick: number;
  /** The machine's time, which is that of the turn before. */
  readonly nowNs: number;
  /** Where the records that follow begin in the recording. */
  readonly logAt: number;
  /** Frames so far, and the hash over them if one is kept. */
  readonly frames: number;
  readonly frameHash: number;
  /** What is known at the user network's edge (see `Edge.save`). */
  readonly edge: Uint8Array;
  /** In a replay: no packet of the capture with a higher number has passed so far. */
  readonly captured: number;
  /**
   * A byte for each function of the debug info: 1 if it has been entered since the checkpoint before. Absent: unknown.
   */
  readonly entered?: Uint8Array;
}
