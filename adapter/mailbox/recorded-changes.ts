/** What the debugger changed while a recording was made. */
import { type Change, type ChangePosition, decodeChange, decodePosition } from './change.ts';
import { LOG, LogReader, type Recording } from './recorded.ts';

export interface RecordedChange {
  readonly at: ChangePosition;
  readonly change: Change;
}

/** The changes in the order of the log, from the record at byte `from` of it on. Throws RangeError for a damaged log. */
export function* recordedChanges(
  recording: Pick<Recording, 'chunks' | 'fd'>,
  from?: number,
): Generator<RecordedChange, void> {
  const log = new LogReader(recording, from);
  while (log.peek() !== 0) {
    if (log.take() === LOG.CHANGE) {
      const at = decodePosition(log.r);
      log.r.f64();
      yield { at, change: decodeChange(log.r) };
    }
  }
}
