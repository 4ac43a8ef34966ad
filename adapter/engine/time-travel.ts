/**
 * Moving in history: remembers the present while the past is shown, and goes from moment to moment with a second
 * inferior (past.ts).
 */
import type { EdgePacket, Stop, TimePosition } from '../inferior/stop.ts';
import type { NotedHit, TravelTarget } from '../inferior/travel.ts';
import { IN_POLL } from '../mailbox/probes.ts';
import {
  type Breakpoint,
  type BreakpointSpec,
  EngineError,
  type HistoryMoment,
  type HistoryState,
  type MomentTarget,
  type ReverseKind,
  type StepKind,
} from './api.ts';
import type { BreakpointTable } from './breakpoints.ts';
import type { Compared } from './compare.ts';
import { type HistorySource, RUNNING, startOf } from './history-source.ts';
import type { Image } from './image.ts';
import type { Inferior } from './inferior.ts';
import type { Installer } from './installer.ts';
import { backRequest, MovingWatches, samePosition } from './moving-watches.ts';
import { type Arrival, type Beginning, type HeldPlaces, Past, TravelCancelled } from './past.ts';
import { StoppedState } from './stopped.ts';

/** Where an inferior stands, and why. */
export interface Moment {
  readonly inferior: Inferior;
  readonly stopped: StoppedState;
  readonly position: TimePosition;
  /** The machine's clock, and packets that have passed the user network's edge. */
  readonly ns: number;
  readonly packets: number;
  readonly lastPacket: EdgePacket | null;
  /** In the past of a replay: its account in numbers. */
  readonly account?: readonly number[] | null;
  readonly stop: Stop;
}

/** What the engine does for it. */
export interface TimeTravelHooks {
  /** The live machine. */
  live(): HistorySource;
  /** Shows a moment to the user. */
  show(moment: Moment): void;
  /** The past has come to the present, where the machine goes on; `step`: in the middle of it. */
  goLive(present: Moment, step: PastStep | undefined): void;
  complain(text: string): void;
  /** So much of the history has been searched. */
  readonly searched: (done: number, total: number) => void;
}

/** A step that was begun in the past. */
export interface PastStep {
  readonly kind: StepKind;
  /** Frames of the stack where it ends at the latest: one fewer for 'out'. */
  readonly depth: number;
}

/** Where a reverse command leads. */
interface Found {
  readonly at: TimePosition;
  readonly stop: Stop;
  readonly begin?: Beginning;
}

/** There is no such moment before the present. */
class NotPassedError extends EngineError {}

export class TimeTravel {
  readonly #image: Image;
  readonly #table: BreakpointTable;
  readonly #hooks: TimeTravelHooks;
  #past: Past | undefined;
  /** So many things are being done in history, one within the other. */
  #guards = 0;
  #opening: Promise<Past> | undefined;
  /** So many times history is being executed for somebody. */
  #travels = 0;
  /** The live machine's stop, while the past is shown. */
  #present: Moment | undefined;
  #step: PastStep | undefined;
  /** What watches of places had captured where one went from. */
  #held: HeldPlaces | undefined;
  readonly #watches: MovingWatches;

  constructor(image: Image, table: BreakpointTable, hooks: TimeTravelHooks) {
    this.#image = image;
    this.#table = table;
    this.#watches = new MovingWatches(table);
    this.#hooks = hooks;
  }

  /** True while what is shown, or executed, is not the live machine. */
  get inPast(): boolean {
    return this.#present !== undefined;
  }

  /** The live machine's stop, while the past is shown. */
  get present(): Moment | undefined {
    return this.#present;
  }

  /** Executes history for `go`. */
  async during(go: () => Promise<void>): Promise<void> {
    this.#travels++;
    try {
      await go();
    } finally {
      this.#travels--;
    }
  }

  /** Throws `EngineError` while history is executed: the live machine stands still, and would do nothing it is told. */
  needLive(): void {
    if (this.#travels > 0 || this.inPast) {
      throw new EngineError(RUNNING);
    }
  }

  /** While something runs: interrupts what executes history, or gives up a search there; false if it is live. */
  interrupt(): boolean {
    const busy = this.#past !== undefined && (this.#guards > 0 || this.inPast);
    if (busy) {
      this.#past?.interrupt();
    }
    return busy;
  }

  /** What installs breakpoints in the past, if it exists. */
  get installer(): Installer | undefined {
    return this.#past?.installer;
  }

  async #open(): Promise<Past> {
    const { live, complain } = this.#hooks;
    this.#opening ??= Past.create(this.#image, this.#table, live, (a) => this.#stoppedInPast(a), complain);
    const past = await this.#opening;
    past.ended = () => this.#ended(past);
    this.#past = past;
    return past;
  }

  /** The past has ended while it went on for the user, who has the present. */
  #ended(past: Past): void {
    if (this.#past === past && this.#guards === 0) {
      this.#lost();
    }
  }

  #momentOf(arrival: Arrival, inferior: Inferior, stop: Stop): Moment {
    return momentOf(this.#image, arrival, inferior, stop);
  }

  /** Shows the present again. */
  async #toPresent(from: Moment, stop: Stop): Promise<void> {
    const present = this.#present ?? from;
    const ended = this.inPast ? await this.#carryOn(from, present) : [];
    this.#present = undefined;
    const shown: Stop = ended.length > 0 ? { kind: 'watchpoint-scope', breakpoints: ended } : stop;
    // Whatever led here, a machine whose stack has thrown does not go on.
    this.#hooks.show(present.stop.kind === 'exception' ? present : { ...present, stop: shown });
  }

  /** A watch of a frame is set at a moment: one of the past goes on in the present, if what it is about does. */
  watched(bp: Breakpoint, moment: Moment): void {
    if (this.inPast) {
      this.#watches.setInPast(bp, moment);
    }
  }

  /** Watches of the past go on in the present; those of which nothing is there. */
  async #carryOn(from: Moment, present: Moment): Promise<number[]> {
    const past = this.#past;
    const held = this.#held ?? (await this.#watches.held(from.inferior, from.position));
    // An interrupt of what went on before is none of this.
    past?.begin();
    return past ? this.#watches.carryOn(past, present, held) : [];
  }

  /** Where history begins: with the machine, or at the oldest checkpoint that is kept. */
  get #start(): TimePosition {
    return { tick: this.#hooks.live().oldest?.tick ?? 0, probe: IN_POLL };
  }

  /** Nothing of that tick is kept but what comes behind its checkpoint. */
  #isStart(target: MomentTarget): boolean {
    const oldest = this.#hooks.live().oldest;
    return typeof target === 'object' && 'tick' in target && target.probe < 0 && target.tick === oldest?.tick;
  }

  /** The machine was being built at that tick, which nothing stops at. */
  #precedes(target: MomentTarget): boolean {
    const { oldest, startTick } = this.#hooks.live();
    return oldest === null && typeof target === 'object' && 'tick' in target && target.tick < startTick;
  }

  /** Goes to `target` and shows it, or the present if that is it. */
  async goTo(from: Moment, to: MomentTarget, why: Stop, begin?: Beginning): Promise<void> {
    const present = this.#present ?? from;
    const tooEarly = this.#precedes(to);
    const target = to === 'start' || this.#isStart(to) || tooEarly ? this.#start : to;
    const stop: Stop = tooEarly && why.kind === 'goto' ? { kind: 'history-start' } : why;
    // What an answer to a query says of the capture is no target: it has a position.
    if (typeof target === 'object' && !('tick' in target) && 'captured' in target) {
      await this.#guarded(from, (past) => this.#goToPacket(past, from, target.captured, stop));
      return;
    }
    const atEnd: Stop = stop.kind === 'goto' ? { kind: 'history-end' } : stop;
    if (target === 'present' || comesAfter(target, present)) {
      await this.#toPresent(from, atEnd);
      return;
    }
    await this.#guarded(from, async (past) => {
      const arrival = await past.to(target, begin);
      const { position, stop: end } = arrival.report;
      if ('probe' in target && end.kind === 'arrived' && end.notes.missed) {
        throw new NotPassedError(`There is no moment ${target.tick}:${target.probe} in the history.`);
      }
      // A machine that is being built has no start to stand at.
      if (position.tick > present.position.tick || samePosition(position, present.position)) {
        await this.#toPresent(from, atEnd);
      } else {
        await this.#show(past, present, arrival, stop, begin);
      }
    });
  }

  /** Shows a moment of the past, with its watches. */
  async #show(past: Past, present: Moment, arrival: Arrival, stop: Stop, begin?: Beginning): Promise<void> {
    const held = this.#held;
    const carries = begin || !held || held.places.length === 0;
    const there = carries ? arrival : await past.toWith(arrival.report.position, held);
    const moment = this.#momentOf(there, past.inferior, stop);
    await this.#watches.rearm(moment);
    this.#present = present;
    this.#hooks.show(moment);
  }

  /** Goes to where packet `number` of the capture passes first. Throws `EngineError` if it has not. */
  async #goToPacket(past: Past, from: Moment, number: number, stop: Stop): Promise<void> {
    const present = this.#present ?? from;
    const arrival = await past.packet(number, present.position);
    if (!arrival) {
      throw new NotPassedError(`Packet ${number} of the capture has not passed the user network's edge.`);
    }
    if (samePosition(arrival.report.position, present.position)) {
      await this.#toPresent(from, stop.kind === 'goto' ? { kind: 'history-end' } : stop);
      return;
    }
    await this.#show(past, present, arrival, stop);
  }

  /** Goes back as a reverse command says. */
  async reverse(from: Moment, kind: ReverseKind, up: number, count: number): Promise<void> {
    await this.#guarded(from, async (past) => {
      const found = await this.#before(past, from, kind, up, count);
      await this.goTo(from, found?.at ?? 'start', found?.stop ?? { kind: 'history-start' }, found?.begin);
    });
  }

  /** The last hit before a moment. Watches of locals are looked at from where their call began. */
  async #lastHit(past: Past, from: Moment): Promise<Found | null> {
    const places = await this.#watches.places(from, this.#held?.places ?? []);
    const found = await past.lastHit(from.position, this.#hooks.searched, places);
    const before = found && { at: found.hit, stop: hitStop(found.hit), begin: found.begin };
    const scoped = this.#watches.locals(from);
    if (scoped.length === 0) {
      return before;
    }
    const up = Math.min(...scoped.map((w) => w.index));
    const entry = await past.back(from.position, backRequest(from.stopped, 'entry', up, 1));
    if (!entry || (before && comesBefore(entry, before.at))) {
      return before;
    }
    const ended = scoped.filter((w) => w.index === up);
    const hit = await past.lastHitSince(entry, from.position, async ({ paused, report }) => {
      const at = new StoppedState(this.#image, past.inferior.inspector, paused, report.position.probe);
      for (const { order, location } of ended) {
        await at.watch(order, location.captures, 0);
      }
    });
    if (hit) {
      return { at: hit, stop: hitStop(hit) };
    }
    return { at: entry, stop: { kind: 'watchpoint-scope', breakpoints: ended.map((w) => w.order.id) } };
  }

  async #before(past: Past, from: Moment, kind: ReverseKind, up: number, count: number): Promise<Found | null> {
    if (kind === 'continue') {
      return this.#lastHit(past, from);
    }
    const at = await past.back(from.position, backRequest(from.stopped, kind, up, count));
    return at && { at, stop: { kind: 'step' } };
  }

  /** Goes to where a place of the program was passed last. Throws `EngineError` if it was not. */
  async toPassed(from: Moment, location: BreakpointSpec['location']): Promise<void> {
    await this.#guarded(from, async (past) => {
      const at = await past.lastPassed(from.position, location);
      if (!at) {
        throw new NotPassedError('This line was not executed before here.');
      }
      await this.goTo(from, { tick: at.tick, probe: at.probe }, { kind: 'goto' });
    });
  }

  /** What executes the history, and where the present is; nothing may be shown of the past. */
  async compared(here: Moment): Promise<Compared> {
    const end = (this.#present ?? here).position;
    const past = await this.#open();
    past.begin();
    return { past, end };
  }

  /** Gives away the inferior that stands at `from`, which another one takes the place of when it is needed. */
  async release(from: Moment): Promise<{ readonly past: Past; readonly moment: Moment }> {
    const past = await this.#open();
    past.begin();
    const moment =
      from.inferior === past.inferior ? from : this.#momentOf(await past.to(from.position), past.inferior, from.stop);
    this.#present ??= from;
    this.#past = undefined;
    this.#opening = undefined;
    return { past, moment };
  }

  /** Runs `go`; if that is given up, shows `from` again. */
  async #guarded(from: Moment, go: (past: Past) => Promise<void>): Promise<void> {
    const inPast = this.inPast;
    const past = await this.#open();
    const outermost = this.#guards++ === 0;
    try {
      if (outermost) {
        past.begin();
        this.#held = await this.#watches.held(from.inferior, from.position);
      }
      await go(past);
    } catch (e) {
      this.#past?.begin();
      if (this.#past?.inferior.exited) {
        this.#lost();
        throw e;
      }
      const shows = e instanceof TravelCancelled || (e instanceof NotPassedError && inPast);
      if (!shows) {
        throw e;
      }
      if (inPast && this.#past) {
        const arrival = await this.#past.to(from.position);
        await this.#show(this.#past, this.#present ?? from, arrival, { kind: 'pause' });
      } else {
        this.#hooks.show({ ...from, stop: { kind: 'pause' } });
      }
      if (e instanceof NotPassedError) {
        throw e;
      }
    } finally {
      if (--this.#guards === 0) {
        this.#held = undefined;
      }
    }
  }

  /** What executed the history is gone, and the moment of it that was shown: the present is there. */
  #lost(): void {
    this.#past = undefined;
    this.#opening = undefined;
    const present = this.#present;
    this.#present = undefined;
    if (present) {
      this.#hooks.show({ ...present, stop: { kind: 'pause' } });
    }
  }

  /**
   * Prepares the past to run on from `here`, to a breakpoint, the end of a step or the present. False if that was given
   * up, and `here` is shown.
   */
  async forward(here: Moment, step: PastStep | undefined): Promise<boolean> {
    if (!this.#present || !this.#past) {
      throw new EngineError('the past is not shown');
    }
    let ready = step !== undefined || !this.#past.installer.remembers;
    if (!ready) {
      await this.#guarded(here, async (past) => {
        const arrival = await past.remember(here.position, this.#held);
        await this.#watches.rearm(this.#momentOf(arrival, past.inferior, here.stop));
        ready = true;
      });
    }
    this.#step = step;
    if (ready) {
      await this.#past.go(this.#present.position);
    }
    return ready;
  }

  #stoppedInPast(arrival: Arrival): void {
    const past = this.#past;
    const present = this.#present;
    if (!past || !present) {
      return;
    }
    const { stop } = arrival.report;
    const here = this.#momentOf(arrival, past.inferior, stop.kind === 'arrived' ? present.stop : stop);
    if (stop.kind !== 'arrived') {
      this.#hooks.show(here);
      return;
    }
    const { lastHit } = stop.notes;
    if (lastHit || present.stop.kind === 'exception') {
      void this.#toPresent(here, lastHit ? hitStop(lastHit) : present.stop);
      return;
    }
    void this.#goLive(here, present);
  }

  /** The past has become the present, and goes on as that, unless a watch has ended on the way. */
  async #goLive(here: Moment, present: Moment): Promise<void> {
    const ended = await this.#carryOn(here, present);
    this.#present = undefined;
    if (ended.length > 0) {
      this.#hooks.show({ ...present, stop: { kind: 'watchpoint-scope', breakpoints: ended } });
    } else {
      this.#hooks.goLive(present, this.#step);
    }
  }

  /** The live machine is gone, or goes on: the past has to be told anew what happened. */
  async dispose(): Promise<void> {
    this.#present = undefined;
    this.#watches.forget();
    const past = await this.#opening?.catch(() => undefined);
    this.#past = undefined;
    this.#opening = undefined;
    await past?.dispose();
  }
}

/** The stop at a hit that was noted on the way back: there, a change goes from the new value to the old one. */
function hitStop({ breakpoints, changes, caught }: NotedHit): Stop {
  const more = caught === undefined ? {} : { caught };
  const back = changes?.map((c) => (c.old ? { ...c, old: c.now, now: c.old } : c));
  return { kind: 'breakpoint', breakpoints, hitTemporary: false, ...(back ? { changes: back } : {}), ...more };
}

function comesBefore(a: TimePosition, b: TimePosition): boolean {
  return a.tick < b.tick;
}

/** Where an inferior has arrived. */
export function momentOf(image: Image, { paused, report }: Arrival, inferior: Inferior, stop: Stop): Moment {
  const { position, ns, packets, lastPacket, account } = report;
  const stopped = new StoppedState(image, inferior.inspector, paused, position.probe);
  return { inferior, stopped, position, ns, packets, lastPacket, account, stop };
}

/** A moment for those who show it. */
export function historyMoment({ position, ns, packets, lastPacket }: Moment): HistoryMoment {
  return { ...position, ns, packets, lastPacket };
}

/** Where one is in the history of a machine; undefined without one. */
export function historyState(
  here: Moment,
  time: TimeTravel,
  inferior: Inferior,
  whatIf: Moment | undefined,
): HistoryState | undefined {
  const { history, opened, replay } = inferior;
  const bytes = history?.bytes ?? opened?.bytes;
  const source = opened ?? inferior;
  const { checkpoints } = source;
  if (bytes === undefined) {
    return undefined;
  }
  return {
    start: startOf(source),
    present: historyMoment(time.present ?? here),
    here: historyMoment(here),
    inPast: time.inPast,
    replays: replay !== undefined,
    checkpoints: { count: checkpoints.all.length, bytes: checkpoints.bytes },
    saved: opened !== undefined,
    whatIf: whatIf && historyMoment(whatIf),
    bytes,
  };
}

/** True if a target is the present, or never was. */
function comesAfter(target: TravelTarget, { position, ns, packets }: Moment): boolean {
  if ('tick' in target) {
    return target.tick > position.tick || samePosition(target, position);
  }
  return 'ns' in target ? target.ns > ns : target.packets > packets;
}
