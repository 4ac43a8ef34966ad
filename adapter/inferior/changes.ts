/** What the debugger changes in the machine: told to the recording, and done again when that is executed. */
import { type Change, type ChangePosition, type FramedChange, isFramed, TELLING_COMMAND } from '../mailbox/change.ts';
import { IN_POLL } from '../mailbox/probes.ts';
import type { Appointments } from './appointments.ts';
import type { TimePosition } from './stop.ts';

/** Keeps what the debugger changes while the machine stands at `probe` (-1: at none). */
export type ChangeRecorder = (probe: number, change: Change) => void;

/** In a re-execution: the next change, if it was made at this position. */
export type NextChange = (here: ChangePosition) => Change | null;

/** What it needs of the runtime. */
interface ChangeHooks {
  ticks(): number;
  /** The probe at which the inferior stands. */
  standsAt(): number;
  /** Runs a monitor command that is no part of the machine's time. */
  command(line: string): string;
  /** Runs one that changes nothing, and makes no struct that anything would be counted from. */
  tell(line: string): string;
  /** Stands still for the engine to do a change. */
  stand(probe: number, change: FramedChange): void;
  /** Something may have been written there. */
  debugged(at: TimePosition): void;
}

export class Changes {
  /** Memory that the debugger writes, by name. */
  readonly shared = new Map<string, ArrayBufferLike>();
  /** Set if a recording is made. */
  record: ChangeRecorder | undefined;
  /** Set if a recording is executed again: leaves it where the machine stands. */
  leaveRecording: (() => number) | undefined;
  /** Set if a recording is executed again. */
  nextRecorded: NextChange | undefined;
  readonly #hooks: ChangeHooks;
  readonly #appointments: Appointments;
  /** The position at which recorded changes are being carried out. */
  #position: ChangePosition = { tick: 0, probe: -1, inPoll: false };
  /** Requests of changes that were met at a stop. */
  readonly #met = new Set<number>();

  constructor(appointments: Appointments, hooks: ChangeHooks) {
    this.#appointments = appointments;
    this.#hooks = hooks;
  }

  /** The engine is about to change something at this stop, or has just done so. */
  made(change: Change): void {
    this.record?.(this.#hooks.standsAt(), change);
  }

  /** Runs a monitor command while the inferior stands still. */
  monitor(line: string): string {
    if (TELLING_COMMAND.test(line)) {
      return this.#hooks.tell(line);
    }
    this.made({ kind: 'monitor', line });
    return this.#hooks.command(line);
  }

  /** Writes to shared memory while the inferior stands still. */
  writeShared(name: string, offset: number, base64: string): void {
    this.made({ kind: 'memory', name, offset, base64 });
    this.#write(name, offset, base64);
  }

  #write(name: string, offset: number, base64: string): void {
    const memory = this.shared.get(name);
    if (memory) {
      new Uint8Array(memory).set(Buffer.from(base64, 'base64'), offset);
    }
  }

  /** Request `id`, which still waits for a poll, is met at this stop. */
  meet(id: number, change: Change): void {
    this.#met.add(id);
    this.made(change);
    this.#carryOut(change);
  }

  /** In `poll`: request `id`, of a change that was asked for while the machine ran. */
  inPoll(id: number, change: Change): void {
    if (!this.#met.delete(id)) {
      this.record?.(-1, change);
      this.#carryOut(change);
      this.#hooks.debugged({ tick: this.#hooks.ticks(), probe: IN_POLL });
    }
  }

  /** True if that was all that there is to do; the engine has to do the rest. */
  #carryOut(change: Change): boolean {
    switch (change.kind) {
      case 'monitor':
        try {
          this.#hooks.command(change.line);
        } catch {
          // It was told to the user when it was recorded.
        }
        return true;
      case 'memory':
        this.#write(change.name, change.offset, change.base64);
        return true;
      default:
        return false;
    }
  }

  // ---- executed again

  /** The machine goes on without the recording from here. Returns where in the log that is. */
  leave(): number {
    this.#appointments.cancel();
    return this.leaveRecording?.() ?? -1;
  }

  /** Does again what was done at a position outside `poll` that is still to come. */
  redoAt(at: ChangePosition): void {
    this.#appointments.make(at, () => this.redo(at.probe, false));
  }

  /** Carries out the changes that were made here, and stands still for the engine if it has to do one. */
  redo(probe: number, inPoll: boolean): void {
    this.#position = { tick: this.#hooks.ticks(), probe, inPoll };
    const change = this.next();
    if (change) {
      this.#hooks.stand(probe, change);
    }
    this.#hooks.debugged({ tick: this.#position.tick, probe: inPoll ? IN_POLL : probe });
  }

  /** The next change of this position that the engine has to do; those before it are done. */
  next(): FramedChange | null {
    for (;;) {
      const change = this.nextRecorded?.(this.#position) ?? null;
      if (change === null || isFramed(change)) {
        return change;
      }
      this.#carryOut(change);
    }
  }
}
