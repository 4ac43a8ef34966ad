/**
 * The past: a second inferior that executes a recording again, up to any moment of it. The live one stands still
 * meanwhile.
 */
import type { CallNotes } from '../inferior/call-trace.ts';
import type { StopReport, TimePosition } from '../inferior/stop.ts';
import type { BackRequest, NotedHit, TravelOrder, TravelTarget } from '../inferior/travel.ts';
import type { CheckpointRef } from '../mailbox/checkpoint-ref.ts';
import { IN_POLL } from '../mailbox/probes.ts';
import { type BreakpointSpec, EngineError } from './api.ts';
import { type BreakpointTable, SEEKER } from './breakpoints.ts';
import type { HistorySource } from './history-source.ts';
import type { Image } from './image.ts';
import { Inferior } from './inferior.ts';
import type { V8Paused } from './inspector.ts';
import { Installer } from './installer.ts';
import { redoAt } from './reexecute.ts';
import { StoppedState } from './stopped.ts';

/** Where a run through history ended. */
export interface Arrival {
  readonly paused: V8Paused;
  readonly report: StopReport;
}

/** Ticks before here that a reverse step looks at first; then `WIDER` times as many, and so on. */
const NEAR = 2000;
const WIDER = 32;

/** A reverse command was given up. */
export class TravelCancelled extends EngineError {}

export class Past {
  readonly inferior: Inferior;
  readonly installer: Installer;
  readonly #live: () => HistorySource;
  /** Is told of stops that the user has to see. */
  stopped: (arrival: Arrival) => void;
  /** Takes the next stop instead of the user. */
  #expected: ((a: Arrival) => void) | undefined;

  private constructor(
    inferior: Inferior,
    installer: Installer,
    live: () => HistorySource,
    stopped: (arrival: Arrival) => void,
  ) {
    this.stopped = stopped;
    this.inferior = inferior;
    this.installer = installer;
    this.#live = live;
  }

  /**
   * Starts the thread. `stopped` is told of stops that the user has to see: those of `go`.
   */
  static async create(
    image: Image,
    table: BreakpointTable,
    live: () => HistorySource,
    stopped: (arrival: Arrival) => void,
    complain: (text: string) => void,
  ): Promise<Past> {
    const { recording: header, replay } = live();
    const inferior = await Inferior.create(image, {
      header,
      ...(replay ? { replay } : {}),
      past: true,
      historySize: 0,
      checkpointMs: null,
      stopOnEntry: false,
      hashFrames: false,
      release: false,
    });
    const installer = new Installer(table, inferior.runtime, complain);
    const past = new Past(inferior, installer, live, stopped);
    let redoing = false;
    inferior.on('paused', (paused) => {
      // What comes while a change is redone is its leaving of the innermost frame (see `StoppedState`).
      if (redoing) {
        return;
      }
      const report = inferior.stopReport();
      if (report.change) {
        redoing = true;
        const standing = new StoppedState(image, inferior.inspector, paused, report.position.probe);
        redoAt(inferior, standing)
          .catch((e) => complain(`a change cannot be made again: ${e instanceof Error ? e.message : String(e)}`))
          .then(() => {
            redoing = false;
            return inferior.inspector.send('Debugger.resume');
          })
          .catch(() => undefined);
        return;
      }
      const expected = past.#expected;
      past.#expected = undefined;
      (expected ?? past.stopped)({ paused, report });
    });
    await installer.all();
    return past;
  }

  /** The newest checkpoint from which a target can be reached. */
  #before({ target, noteFrom }: TravelOrder): CheckpointRef | null {
    const { checkpoints } = this.#live();
    if ('tick' in target) {
      return checkpoints.beforeTick(Math.min(target.tick - 1, noteFrom ?? target.tick)) ?? null;
    }
    return checkpoints.all.findLast((c) => ('ns' in target ? c.nowNs < target.ns : c.frames < target.packets)) ?? null;
  }

  /** Executes the recording from before `order.target` up to it. Throws `TravelCancelled` when it is interrupted. */
  async #run(order: TravelOrder, checkpoint = this.#before(order)): Promise<Arrival> {
    if (this.inferior.standing) {
      await this.inferior.leaveStack();
    }
    const arrived = new Promise<Arrival>((resolve) => {
      this.#expected = resolve;
    });
    this.inferior.travel({ recording: this.#live().recording, checkpoint, order });
    const arrival = await arrived;
    if (arrival.report.stop.kind === 'pause') {
      throw new TravelCancelled('Quit');
    }
    return arrival;
  }

  /** Goes to a moment. */
  to(target: TravelTarget): Promise<Arrival> {
    return this.#run({ target, breakpoints: 'silent' });
  }

  /** The calls after `from`, up to `end`; those of one block each. */
  async calls(from: TimePosition, end: TimePosition, block: number): Promise<CallNotes> {
    const before = this.#live().checkpoints.beforeTick(from.tick - 1) ?? null;
    const order: TravelOrder = { target: end, breakpoints: 'silent', trace: { after: from.tick, block } };
    const { stop } = (await this.#run(order, before)).report;
    return (stop.kind === 'arrived' ? stop.notes.calls : null) ?? { count: 0, perBlock: 1, sums: [], calls: [] };
  }

  /** Where a packet of the capture first passes before `end`, or at it; null: nowhere. */
  async packet(number: number, end: TimePosition): Promise<Arrival | null> {
    const from = this.#live().checkpoints.all.findLast((c) => c.captured < number && c.tick < end.tick) ?? null;
    const order: TravelOrder = { target: end, breakpoints: 'note', until: SEEKER };
    const arrival = await this.installer.seeking({ kind: 'packet', number }, () => this.#run(order, from));
    const { stop } = arrival.report;
    return stop.kind === 'arrived' && stop.notes.found ? arrival : null;
  }

  /** Where a step back from `from` leads; null: before history begins. */
  async back(from: TimePosition, request: BackRequest): Promise<TimePosition | null> {
    for (let near = NEAR; ; near *= WIDER) {
      const noteFrom = Math.max(0, from.tick - near);
      const { report } = await this.#run({ target: from, breakpoints: 'silent', noteFrom, back: request });
      const { stop } = report;
      const found = stop.kind === 'arrived' ? stop.notes.back : null;
      if (found || noteFrom === 0) {
        return found;
      }
    }
  }

  /** The last hit of a breakpoint before `from`; null if there is none. Looks into the latest stretch first. */
  async lastHit(from: TimePosition, only?: number): Promise<NotedHit | null> {
    const before = this.#live().checkpoints.all.filter((c) => c.tick < from.tick);
    let target = from;
    for (const checkpoint of [...before.reverse(), null]) {
      const { report } = await this.#run(
        { target, breakpoints: 'note', ...(only === undefined ? {} : { only }) },
        checkpoint,
      );
      const hit = report.stop.kind === 'arrived' ? report.stop.notes.lastHit : null;
      if (hit) {
        return hit;
      }
      target = { tick: checkpoint?.tick ?? 0, probe: IN_POLL };
    }
    return null;
  }

  /** Where a place of the program was passed last before `from`; null if it was not. */
  lastPassed(from: TimePosition, location: BreakpointSpec['location']): Promise<TimePosition | null> {
    return this.installer.seeking(location, () => this.lastHit(from, SEEKER));
  }

  /** Goes on forwards from where it stands; breakpoints stop, and so does `end`. */
  async go(end: TimePosition): Promise<void> {
    await this.inferior.runtime.startTravel({ target: end, breakpoints: 'stop' });
  }

  async dispose(): Promise<void> {
    await this.inferior.terminate();
  }
}
