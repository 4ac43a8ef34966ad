/** What the debugger changes in a machine, as a recording keeps it, and where in the machine's time it did so. */
import type { Reader, Writer } from './codec.ts';

/** JavaScript of changes is over the names that the frame sees (see `ExpressionCompiler` of engine/api.ts). */
export type Change =
  /** `js` = `valueJs` in a frame (-1: none). Of a local variable `fn` is the frame's function. */
  | {
      readonly kind: 'assign';
      readonly frame: number;
      readonly js: string;
      readonly valueJs: string;
      readonly fn?: { readonly file: string; readonly line: number };
    }
  /** An expression that has effects. */
  | { readonly kind: 'evaluate'; readonly frame: number; readonly js: string }
  /** The innermost function returns this value, without its rest. */
  | { readonly kind: 'return'; readonly js: string }
  /** A monitor command that did not come as an input of a turn. */
  | { readonly kind: 'monitor'; readonly line: string }
  /** Bytes of the shared memory `name`. */
  | { readonly kind: 'memory'; readonly name: string; readonly offset: number; readonly base64: string };

/** A change that only somebody with V8's inspector can redo. */
export type FramedChange = Extract<Change, { kind: 'assign' | 'evaluate' | 'return' }>;

/** Commands of the monitor that change nothing. */
export const TELLING_COMMAND = /^\s*(?:info|help|\?)/;

export function isFramed(change: Change): change is FramedChange {
  return change.kind === 'assign' || change.kind === 'evaluate' || change.kind === 'return';
}

/** A place in the machine's time. No probe comes twice within one tick. */
export interface ChangePosition {
  /** Function entries and rounds of loops so far. */
  readonly tick: number;
  /** The probe at which the machine stood; -1: in the runtime's `tick` at that count, or in `poll`. */
  readonly probe: number;
  /** It stood, or was, in `Host.poll`. */
  readonly inPoll: boolean;
}

export function samePosition(a: ChangePosition, b: ChangePosition): boolean {
  return a.tick === b.tick && a.probe === b.probe && a.inPoll === b.inPoll;
}

/** Bytes that a change takes at most. */
export function changeRoom(change: Change): number {
  return 64 + 3 * JSON.stringify(change).length;
}

/** `nowNs` is the machine's clock, which a `poll` may have moved before it stood still. */
export function encodeChange(w: Writer, at: ChangePosition, nowNs: number, change: Change): void {
  w.f64(at.tick)
    .u32(at.probe + 1)
    .u8(at.inPoll ? 1 : 0)
    .f64(nowNs)
    .text(JSON.stringify(change));
}

export function decodePosition(r: Reader): ChangePosition {
  return { tick: r.f64(), probe: r.u32() - 1, inPoll: r.u8() === 1 };
}

/** What stands behind the position and the clock. */
export function decodeChange(r: Reader): Change {
  return JSON.parse(r.text()) as Change;
}
