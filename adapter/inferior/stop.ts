/** What the main thread and the runtime tell each other of breakpoints, steps and stops; all of it crosses as JSON. */
import type { FramedChange } from '../mailbox/change.ts';
import type { TravelNotes } from './travel.ts';
import type { Value } from './value.ts';

/** Which hits of a breakpoint stop: those whose number compares so with `operand`, or is a multiple of it. */
export interface HitCondition {
  readonly op: '==' | '>' | '>=' | '<' | '<=' | '%';
  readonly operand: number;
}

/** How a breakpoint counts. The runtime does it, so that a hit that does not stop costs no message. */
export interface Counting {
  /** Hits to skip first. */
  readonly ignore: number;
  readonly hitCondition: HitCondition | null;
  readonly temporary: boolean;
}

/** A step to begin from a stop. */
export interface StepRequest {
  readonly kind: 'into' | 'over' | 'out' | 'to';
  /** The frame that 'out' leaves, counted from the innermost; 0 for the others. */
  readonly up: number;
  /** Frames inside that one whose functions are among `fns`. */
  readonly nested: number;
  /** Function and line that the step begins in; -1 stands for none. */
  readonly fn: number;
  readonly name: string;
  readonly line: number;
  /** How many steps to take. */
  readonly count: number;
  /** Each statement ends a step, also one on the same line. */
  readonly statements?: boolean;
  /** Functions whose probes may end it: that of the frame and its callers; null: all. */
  readonly fns: readonly number[] | null;
  /** Probes that 'to' runs to. */
  readonly targets: readonly number[];
}

/** A moment: ticks so far, and the probe that is passed, or where else (see travel.ts). */
export interface TimePosition {
  readonly tick: number;
  readonly probe: number;
}

/** What a watchpoint has seen. */
export interface WatchChange {
  readonly id: number;
  /** What it was; absent where it was only read. */
  readonly old?: Value;
  readonly now: Value;
  /** The statement that wrote or read it. */
  readonly by: TimePosition;
  /** The debugger wrote it, there. */
  readonly debugger?: true;
}

/** Why the inferior stopped. */
export type Stop =
  | {
      readonly kind: 'breakpoint';
      readonly breakpoints: readonly number[];
      readonly hitTemporary: boolean;
      /** What those of them saw that are watchpoints. */
      readonly changes?: readonly WatchChange[];
      /** What the first of them that is a catchpoint has caught. */
      readonly caught?: string;
    }
  /** The call has ended in which the expressions of watchpoints had a meaning; they are gone. */
  | { readonly kind: 'watchpoint-scope'; readonly breakpoints: readonly number[] }
  | { readonly kind: 'step' }
  /** After `finish`: `from` was left; `value` is what it returned, absent for a function without a return value. */
  | { readonly kind: 'finish'; readonly from: string; readonly value?: Value }
  | { readonly kind: 'pause' }
  /** All packets of the capture have been played. */
  | { readonly kind: 'replay-end' }
  /** The user went to this moment of history. */
  | { readonly kind: 'goto' }
  /** A reverse command came to where history begins. */
  | { readonly kind: 'history-start' }
  /** Execution in the past came to the present and stays there. */
  | { readonly kind: 'history-end' }
  /** All that was recorded has been done again, and nobody is there who goes on. */
  | { readonly kind: 'recording-end' }
  | { readonly kind: 'entry' }
  /** Nothing catches an exception of the stack; the frames are those of the throw. V8 tells of it, not the runtime. */
  | { readonly kind: 'exception'; readonly name: string; readonly message: string; readonly stack: string }
  /** A breakpoint's condition threw; gdb words: "Error in testing condition for breakpoint N". It stops there. */
  | { readonly kind: 'condition-error'; readonly breakpoint: number; readonly message: string };

/** A run through recorded stretches is at its end. */
export interface Arrived {
  readonly kind: 'arrived';
  readonly notes: TravelNotes;
}

/** A packet that has passed the user network's edge. */
export interface EdgePacket {
  /** Its headers. */
  readonly hex: string;
  /** In a replay: its number in the capture, 0 if it is none of it. */
  readonly captured?: number;
}

/** What the runtime leaves for the main thread before it stands still. */
export interface StopReport {
  readonly stop: Stop | Arrived;
  /** Where in time: the innermost frame stands at the position's probe, if that is one. */
  readonly position: TimePosition;
  /** The machine's clock, and how many packets have passed the user network's edge. */
  readonly ns: number;
  readonly packets: number;
  /** The last of these; null: none. */
  readonly lastPacket: EdgePacket | null;
  /** In the past of a replay: its account in numbers (see replay/numbers.ts); null: the present's is the one. */
  readonly account: readonly number[] | null;
  /** Hits of all breakpoints so far, by number. */
  readonly hitCounts: Readonly<Record<number, number>>;
  /** In a re-execution: what the engine has to do here, before it asks for the next change. */
  readonly change?: FramedChange;
}
