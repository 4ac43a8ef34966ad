/**
 * The past: a second inferior that executes a recording again, up to any moment of it. The live one stands still
 * meanwhile.
 */
import type { BackRequest } from '../inferior/back-walk.ts';
import type { CallNotes } from '../inferior/call-trace.ts';
import type { StopReport, TimePosition } from '../inferior/stop.ts';
import type { NotedHit, TravelNotes, TravelOrder, TravelTarget } from '../inferior/travel.ts';
import type { CarriedWatch } from '../inferior/watches.ts';
import type { CheckpointRef } from '../mailbox/checkpoint-ref.ts';
import { IN_POLL } from '../mailbox/probes.ts';
import { type BreakpointSpec, EngineError } from './api.ts';
import { type BreakpointTable, SEEKER } from './breakpoints.ts';
import { type HistorySource, NOT_RUNNING, notKept } from './history-source.ts';
import type { Image } from './image.ts';
import { Inferior } from './inferior.ts';
import type { V8Paused } from './inspector.ts';
import { Installer } from './installer.ts';
import type { OpenedRecording } from './opening.ts';
import { redoAt } from './reexecute.ts';
import { StoppedState } from './stopped.ts';
import { mayRun, stretches } from './stretches.ts';

/** Where a run begins, and what is watched from there on. */
export interface Beginning {
  readonly checkpoint: CheckpointRef | null;
  readonly watches: readonly CarriedWatch[];
}

/** What watches of places have captured at a position. */
export interface HeldPlaces {
  readonly at: TimePosition;
  readonly places: readonly CarriedWatch[];
}

export interface FoundHit {
  readonly hit: NotedHit;
  /** From where it is found again. */
  readonly begin: Beginning;
}

/** Where a run through history ended. */
export interface Arrival {
  readonly paused: V8Paused;
  readonly report: StopReport;
}

/** How a run ended: a quiet one leaves the stack. */
interface RunEnd {
  readonly paused: V8Paused | null;
  readonly report: StopReport;
}

/** Ticks before here that a reverse step looks at first; then `WIDER` times as many, and so on. */
const NEAR = 2000;
const WIDER = 32;

/** Ticks before the end of a run at which it takes a checkpoint, so that the next one has a short way. */
const SAVE_BEFORE = 25_000;
/** Ticks between checkpoints where hits are looked for. */
const SAVE_EVERY = 200_000;
/** Checkpoints of its own that the past keeps. */
const MOST_SAVED = 48;

/** How often it is said how far a search is. */
const PROGRESS_MS = 100;

/** A reverse command was given up. */
export class TravelCancelled extends EngineError {}

export class Past {
  readonly inferior: Inferior;
  readonly installer: Installer;
  readonly #image: Image;
  readonly #live: () => HistorySource;
  /** Checkpoints that it has taken on its way, by tick. */
  #saved: CheckpointRef[] = [];
  /** Is told of stops that the user has to see. */
  stopped: (arrival: Arrival) => void;
  /** Is told when the past ends by itself while it goes on for the user. */
  ended: () => void = () => undefined;
  /** Takes the next stop, or end of a quiet run, instead of the user. */
  #expected: ((end: RunEnd) => void) | undefined;
  /** What is looked for is given up before its next part. */
  #givenUp = false;

  private constructor(
    image: Image,
    inferior: Inferior,
    installer: Installer,
    live: () => HistorySource,
    stopped: (arrival: Arrival) => void,
  ) {
    this.#image = image;
    this.stopped = stopped;
    this.inferior = inferior;
    this.installer = installer;
    this.#live = live;
    inferior.on('checkpoint', (checkpoint) => this.#keep(checkpoint));
  }

  #keep(checkpoint: CheckpointRef): void {
    this.#saved = this.#saved.filter((c) => c.tick !== checkpoint.tick);
    this.#saved.push(checkpoint);
    if (this.#saved.length > MOST_SAVED) {
      const oldest = Math.min(...this.#saved.map((c) => c.number));
      this.#saved = this.#saved.filter((c) => c.number !== oldest);
    }
    this.#saved.sort((a, b) => a.tick - b.tick);
  }

  /** All checkpoints there are, by tick: those of the recording, and its own. */
  get #checkpoints(): readonly CheckpointRef[] {
    const { checkpoints, oldest } = this.#live();
    const own = this.#saved.filter((c) => c.tick > (oldest?.tick ?? 0));
    return own.length === 0 ? checkpoints.all : [...checkpoints.all, ...own].sort((a, b) => a.tick - b.tick);
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
    const past = new Past(image, inferior, installer, live, stopped);
    let redoing = false;
    inferior.on('paused', (paused) => {
      // What comes while a change is redone is its leaving of the innermost frame (see `StoppedState`).
      if (redoing) {
        return;
      }
      if (paused.reason === 'exception' && !paused.callFrames[0]?.url.includes('/stack/debug/')) {
        // What conditions and watches throw is caught.
        inferior.inspector.send('Debugger.resume').catch(() => undefined);
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
    inferior.on('exited', () => {
      // Who waits for the end of a run hears of it there.
      if (inferior.failure !== '' && !past.#expected) {
        complain(`the history cannot be executed: ${inferior.failure}`);
        past.ended();
      }
    });
    inferior.on('left', () => {
      const expected = past.#expected;
      past.#expected = undefined;
      expected?.({ paused: null, report: inferior.stopReport() });
    });
    await installer.all();
    return past;
  }

  /** The newest checkpoint from which a target can be reached. Throws `EngineError` if it is no longer kept. */
  #before({ target, noteFrom }: TravelOrder): CheckpointRef | null {
    const { oldest } = this.#live();
    const reaches = (c: CheckpointRef): boolean => {
      if ('tick' in target) {
        return c.tick <= Math.min(target.tick - (c === oldest ? 0 : 1), noteFrom ?? target.tick);
      }
      return 'ns' in target ? c.nowNs < target.ns : c.frames < target.packets;
    };
    const found = this.#checkpoints.findLast(reaches) ?? null;
    if (found === null && oldest) {
      throw notKept(oldest);
    }
    return found;
  }

  /** Executes the recording from before `order.target` up to it. Throws `TravelCancelled` when it is interrupted. */
  async #run(order: TravelOrder, checkpoint = this.#before(order)): Promise<Arrival> {
    const save = order.save ? {} : savedOn(order, checkpoint);
    const { paused, report } = await this.#execute({ ...order, ...save }, checkpoint);
    if (!paused) {
      throw new EngineError('the past has left its stack');
    }
    return { paused, report };
  }

  /** The same for what is noted alone. */
  async #noted(order: TravelOrder, checkpoint: CheckpointRef | null): Promise<TravelNotes | null> {
    const { stop } = (await this.#execute({ ...order, quiet: true }, checkpoint)).report;
    return stop.kind === 'arrived' ? stop.notes : null;
  }

  async #execute(order: TravelOrder, checkpoint: CheckpointRef | null): Promise<RunEnd> {
    if (this.#givenUp) {
      throw new TravelCancelled('Quit');
    }
    if (this.inferior.standing) {
      await this.inferior.leaveStack();
    }
    const [end] = await Promise.all([
      this.#nextEnd(),
      this.inferior.travel({ recording: this.#live().recording, checkpoint, order }),
    ]);
    return end;
  }

  /** Goes to a moment, with watches that begin where it begins. */
  to(target: TravelTarget, begin?: Beginning): Promise<Arrival> {
    return begin
      ? this.#run({ target, breakpoints: 'silent', watches: begin.watches }, begin.checkpoint)
      : this.#run({ target, breakpoints: 'silent' });
  }

  /** Goes to a position with watches of places that are known at another one. */
  async toWith(target: TimePosition, { at, places }: HeldPlaces): Promise<Arrival> {
    const checkpoint = this.#before({ target: at.tick < target.tick ? at : target, breakpoints: 'silent' });
    const watches = await this.#origins(at, checkpoint, places);
    return this.to(target, { checkpoint, watches });
  }

  /** The last hit of a breakpoint from `entry`, where `prepare` is called, to `from`. */
  async lastHitSince(
    entry: TimePosition,
    from: TimePosition,
    prepare: (arrival: Arrival) => Promise<void>,
  ): Promise<NotedHit | null> {
    await prepare(await this.to(entry));
    const arrived = this.#nextEnd();
    arrived.catch(() => undefined); // it may end before it is waited for
    await this.inferior.runtime.startTravel({ target: from, breakpoints: 'note' });
    await this.inferior.inspector.send('Debugger.resume').catch(() => undefined);
    const { stop } = (await arrived).report;
    return stop.kind === 'arrived' ? stop.notes.lastHit : null;
  }

  /** Gives up what is looked for, of which a part may just have been done, or stops what goes on. */
  interrupt(): void {
    this.#givenUp = true;
    this.inferior.interrupt();
  }

  /** Something else is looked for. */
  begin(): void {
    this.#givenUp = false;
  }

  /** The next end of a run, which is not the user's. */
  async #nextEnd(): Promise<RunEnd> {
    const { inferior } = this;
    const end = await new Promise<RunEnd>((resolve, reject) => {
      const ended = (): void => reject(new EngineError(inferior.failure || NOT_RUNNING));
      if (inferior.exited) {
        ended();
        return;
      }
      inferior.once('exited', ended);
      this.#expected = (e) => {
        inferior.off('exited', ended);
        resolve(e);
      };
    });
    if (end.report.stop.kind === 'pause' || this.#givenUp) {
      throw new TravelCancelled('Quit');
    }
    return end;
  }

  /** The calls after `from`, up to `end`; those of one block each. */
  async calls(from: TimePosition, end: TimePosition, block: number): Promise<CallNotes> {
    const { checkpoints, oldest } = this.#live();
    const before = checkpoints.beforeTick(from.tick - 1) ?? oldest;
    const order: TravelOrder = { target: end, breakpoints: 'silent', trace: { after: from.tick, block } };
    return (await this.#noted(order, before))?.calls ?? { count: 0, perBlock: 1, sums: [], calls: [] };
  }

  /** Where a packet of the capture first passes before `end`, or at it; null: nowhere. */
  async packet(number: number, end: TimePosition): Promise<Arrival | null> {
    const { checkpoints, oldest } = this.#live();
    const from = checkpoints.all.findLast((c) => c.captured < number && c.tick < end.tick) ?? null;
    if (from === null && oldest) {
      throw notKept(oldest);
    }
    const order: TravelOrder = { target: end, breakpoints: 'note', until: SEEKER };
    const arrival = await this.installer.seeking({ kind: 'packet', number }, () => this.#run(order, from));
    const { stop } = arrival.report;
    return stop.kind === 'arrived' && stop.notes.found ? arrival : null;
  }

  /** Where a step back from `from` leads; null: before history begins. */
  async back(from: TimePosition, request: BackRequest): Promise<TimePosition | null> {
    const first = this.#live().oldest?.tick ?? 0;
    const further = await this.inferior.runtime.furtherBack(request, from);
    if (further && further.tick > first) {
      return further;
    }
    for (let near = NEAR; ; near *= WIDER) {
      const noteFrom = Math.max(first, from.tick - near);
      const order: TravelOrder = { target: from, breakpoints: 'silent', noteFrom, back: request };
      const checkpoint = this.#before(order);
      const notes = await this.#noted({ ...order, ...savedOn(order, checkpoint) }, checkpoint);
      const found = notes?.back ?? null;
      if (found || noteFrom === first) {
        return found;
      }
    }
  }

  /**
   * The last hit of a breakpoint before `from`; null if there is none. Looks into the latest stretch first, and into
   * none in which no function of a breakpoint ran. `told` hears how much has been looked at; `known` are watches of
   * places with what they have captured at `from`; `only` is the breakpoint that counts.
   */
  async lastHit(
    from: TimePosition,
    told: (done: number, total: number) => void,
    known: readonly CarriedWatch[] = [],
    only?: number,
  ): Promise<FoundHit | null> {
    let done = 0;
    let at = known;
    const { oldest, startTick } = this.#live();
    const total = from.tick - (oldest?.tick ?? startTick);
    const one = only === undefined ? {} : { only };
    const timer = setInterval(() => told(done, total), PROGRESS_MS);
    try {
      for (const { checkpoint, end } of this.#searched(from, only)) {
        const watches = await this.#origins(end, checkpoint, at);
        // Hits come in groups: the next search is likely to begin where this one ends.
        const save = end === from ? { save: { from: (checkpoint?.tick ?? 0) + SAVE_EVERY, every: SAVE_EVERY } } : {};
        const order: TravelOrder = { target: end, breakpoints: 'note', watches, ...save, ...one };
        const hit = (await this.#noted(order, checkpoint))?.lastHit;
        if (hit) {
          return { hit, begin: { checkpoint, watches } };
        }
        done = from.tick - end.tick;
        at = watches.filter(({ captured }) => Object.values(captured).every((c) => c !== null && !('at' in c)));
      }
      return null;
    } finally {
      clearInterval(timer);
      told(1, 1);
    }
  }

  /** Where searches backwards from a position begin, one after the other, with where each ends. */
  #searched(
    from: TimePosition,
    only?: number,
  ): { readonly checkpoint: CheckpointRef | null; readonly end: TimePosition }[] {
    if (only === undefined && this.installer.remembers) {
      return [{ checkpoint: this.#live().oldest ?? null, end: from }];
    }
    // The functions of a place that is looked for are not among those of the breakpoints.
    const functions = only === undefined ? this.installer.functions : null;
    const ran = functions ? mayRun(this.#image, functions) : () => true;
    const live = this.#live();
    const all = stretches(live);
    const kept = live.checkpoints.all.filter((c) => c.tick < from.tick);
    const last = kept.at(-1)?.tick ?? 0;
    // Its own checkpoints divide the first stretch alone: one more part takes longer than some 100,000 ticks.
    const own = this.#saved.filter((c) => c.tick > last && c.tick < from.tick);
    const starts = [...(live.oldest ? [] : [null]), ...kept, ...own];
    return starts
      .map((checkpoint, i) => {
        const next = starts[i + 1];
        return { checkpoint, end: next ? { tick: next.tick, probe: IN_POLL } : from };
      })
      .filter(({ checkpoint }) => {
        const tick = checkpoint?.tick ?? 0;
        const stretch = all.find((s) => s.tick <= tick && tick < s.end);
        return stretch !== undefined && ran(stretch);
      })
      .reverse();
  }

  /** What watches have captured at a checkpoint, or where from there on it is found, by what is known at `target`. */
  async #origins(
    target: TimePosition,
    checkpoint: CheckpointRef | null,
    known: readonly CarriedWatch[],
  ): Promise<readonly CarriedWatch[]> {
    if (known.length === 0) {
      return [];
    }
    return (await this.#noted({ target, breakpoints: 'silent', known }, checkpoint))?.origins ?? [];
  }

  /** Where a place of the program was passed last before `from`; null if it was not. */
  lastPassed(from: TimePosition, location: BreakpointSpec['location']): Promise<TimePosition | null> {
    return this.installer.seeking(location, async () => {
      const found = await this.lastHit(from, () => undefined, [], SEEKER);
      return found?.hit ?? null;
    });
  }

  /** Goes to where it stands once more, from the beginning, so that conditions are shown all packets before. */
  async remember(here: TimePosition, held: HeldPlaces | undefined): Promise<Arrival> {
    const checkpoint = this.#live().oldest ?? null;
    const watches = held ? await this.#origins(held.at, checkpoint, held.places) : [];
    return this.#run({ target: here, breakpoints: 'note', watches }, checkpoint);
  }

  /** Goes on forwards from where it stands; breakpoints stop, and so does `end`. */
  async go(end: TimePosition): Promise<void> {
    await this.inferior.runtime.startTravel({ target: end, breakpoints: 'stop' });
  }

  async dispose(): Promise<void> {
    await this.inferior.terminate();
  }
}

/** The checkpoint that a run to a position takes near its end, unless it begins near it. */
function savedOn({ target, noteFrom }: TravelOrder, checkpoint: CheckpointRef | null): Pick<TravelOrder, 'save'> {
  if (!('tick' in target)) {
    return {};
  }
  const from = Math.min(target.tick, noteFrom ?? target.tick) - SAVE_BEFORE;
  return from > (checkpoint?.tick ?? 0) + SAVE_BEFORE ? { save: { from, every: Number.POSITIVE_INFINITY } } : {};
}

/** A past of a saved recording, at its end. */
export async function pastAtEnd(
  image: Image,
  table: BreakpointTable,
  opened: OpenedRecording,
  complain: (text: string) => void,
  wanted: () => void,
): Promise<{ readonly past: Past; readonly arrival: Arrival }> {
  const past = await Past.create(
    image,
    table,
    () => opened,
    () => undefined,
    complain,
  );
  try {
    const arrival = await past.to(opened.head.end);
    wanted();
    past.inferior.opened = opened;
    return { past, arrival };
  } catch (e) {
    await past.dispose();
    throw e;
  }
}
