/**
 * Watches of calls and of places, as one moves in history. Each inferior has objects of its own, and each run begins
 * with new ones, so what a watch has captured has to be found again.
 */

import type { BackRequest } from '../inferior/back-walk.ts';
import type { TimePosition } from '../inferior/stop.ts';
import type { CarriedWatch, WatchOrder } from '../inferior/watches.ts';
import { type Breakpoint, EngineError, type WatchLocation } from './api.ts';
import type { BreakpointTable } from './breakpoints.ts';
import type { Inferior } from './inferior.ts';
import type { HeldPlaces, Past } from './past.ts';
import type { StoppedState } from './stopped.ts';
import type { Moment } from './time-travel.ts';

/** What goes back to where a call of the past began, in which a watch was set. */
interface Call {
  readonly at: TimePosition;
  readonly entry: BackRequest;
}

interface Watch {
  readonly bp: Breakpoint;
  readonly location: WatchLocation;
}

export class MovingWatches {
  readonly #table: BreakpointTable;
  /** Those that were set in the past, by their numbers; null: of a place. */
  readonly #setInPast = new Map<number, Call | null>();

  constructor(table: BreakpointTable) {
    this.#table = table;
  }

  get #all(): Watch[] {
    return this.#table.all.flatMap((bp) => {
      const { location } = bp.spec;
      return location.kind === 'watch' && location.frame && bp.enabled ? [{ bp, location }] : [];
    });
  }

  /** A watch of a frame is set at a moment of the past. */
  setInPast({ id, spec: { location } }: Breakpoint, { stopped, position }: Moment): void {
    if (location.kind === 'watch' && location.frame) {
      const entry = (): BackRequest => backRequest(stopped, 'entry', frameIndex(stopped, location), 1);
      this.#setInPast.set(id, location.frame.scoped ? { at: position, entry: entry() } : null);
    }
  }

  forget(): void {
    this.#setInPast.clear();
  }

  /** What watches of places have captured, where an inferior stands. */
  async held(inferior: Inferior, at: TimePosition): Promise<HeldPlaces> {
    const places: CarriedWatch[] = [];
    for (const { bp, location } of this.#all) {
      const order = location.frame?.scoped ? undefined : this.#table.carried(bp);
      if (order) {
        places.push({ order, captured: await inferior.runtime.carry(bp.id) });
      }
    }
    return { at, places };
  }

  /** Places that are watched, those of the locals of a moment's frames too. */
  async places(from: Moment, places: readonly CarriedWatch[]): Promise<readonly CarriedWatch[]> {
    const scoped: CarriedWatch[] = [];
    for (const { bp, location } of this.#all) {
      const order = this.#table.carried(bp);
      const index = frameIndex(from.stopped, location);
      if (order && location.place && location.frame?.scoped && index >= 0) {
        scoped.push({ order, captured: await from.stopped.carry(location.place.captures, index) });
      }
    }
    return [...places, ...scoped];
  }

  /** Watches of the locals of frames that are there at a moment. */
  locals(from: Moment): { order: WatchOrder; location: WatchLocation; index: number }[] {
    return this.#all.flatMap(({ bp, location }) => {
      const index = frameIndex(from.stopped, location);
      const order = this.#table.watch(bp);
      return order && !location.place && index >= 0 ? [{ order, location, index }] : [];
    });
  }

  /** Watches of frames go on from a moment of the past, where its frames are there. */
  async rearm({ stopped }: Moment): Promise<void> {
    for (const { bp, location } of this.#all) {
      const order = this.#table.watch(bp);
      const index = frameIndex(stopped, location);
      if (order && location.frame?.scoped && index >= 0) {
        await stopped.watch(order, location.captures, index);
      }
    }
  }

  /** Sets watches of the past in the present; those whose call has ended there, or whose place is gone. */
  async carryOn(past: Past, present: Moment, held: HeldPlaces): Promise<number[]> {
    const all = this.#all.filter(({ bp }) => this.#setInPast.has(bp.id));
    const ended: number[] = [];
    for (const { bp, location } of all) {
      const call = this.#setInPast.get(bp.id);
      const order = this.#table.watch(bp);
      const goesOn = order && call && (await this.#inSameCall(past, order, location, present, call));
      if (call && !goesOn) {
        ended.push(bp.id);
      }
    }
    const places = all.filter(({ bp }) => this.#setInPast.get(bp.id) === null);
    if (places.length > 0) {
      ended.push(...(await this.#toPlaces(past, places, present, held)));
    }
    this.forget();
    return ended;
  }

  /** Sets a watch in the present where it is in the call of the past. */
  async #inSameCall(
    past: Past,
    order: WatchOrder,
    location: WatchLocation,
    { stopped, position }: Moment,
    call: Call,
  ): Promise<boolean> {
    const index = frameIndex(stopped, location);
    const find = async (): Promise<boolean> => {
      const now = await past.back(position, backRequest(stopped, 'entry', index, 1));
      const began = now && (await past.back(call.at, call.entry));
      return began !== null && now !== null && samePosition(began, now);
    };
    const same = index >= 0 && (await unlessGivenUp(find())) === true;
    if (same) {
      await stopped.watch(order, location.captures, index);
    }
    return same;
  }

  /** Sets watches in the present on the places that they have in the past; those that have none. */
  async #toPlaces(past: Past, all: readonly Watch[], present: Moment, held: HeldPlaces): Promise<number[]> {
    const { position } = present;
    const find = async (): Promise<HeldPlaces> => {
      await past.toWith(position, held);
      return this.held(past.inferior, position);
    };
    const there = samePosition(held.at, position) ? held : await unlessGivenUp(find());
    const ended: number[] = [];
    for (const { bp } of all) {
      const captured = there?.places.find(({ order }) => order.id === bp.id)?.captured;
      const order = this.#table.watch(bp);
      if (order && captured && Object.values(captured).every((c) => c !== null)) {
        await present.inferior.runtime.setWatch(order, null, captured);
      } else {
        ended.push(bp.id);
      }
    }
    return ended;
  }
}

/** Undefined where a search is given up. */
async function unlessGivenUp<T>(search: Promise<T>): Promise<T | undefined> {
  try {
    return await search;
  } catch (e) {
    if (e instanceof EngineError) {
      return undefined;
    }
    throw e;
  }
}

/** The frame that a watch belongs to, at a stop; -1: it is not there. */
function frameIndex({ frames }: StoppedState, { frame }: WatchLocation): number {
  const index = frame ? frames.length - frame.depth : -1;
  return frames[index]?.fn.id === frame?.fn ? index : -1;
}

export function backRequest(stopped: StoppedState, kind: BackRequest['kind'], up: number, count: number): BackRequest {
  const { frames } = stopped;
  if (kind === 'out' && up + 1 >= frames.length) {
    throw new EngineError('"finish" not meaningful in the outermost frame.');
  }
  const all = kind === 'into' || kind === 'instruction';
  return { kind, up, count, fns: all ? null : [...new Set(frames.map((f) => f.fn.id))] };
}

export function samePosition(a: TimePosition, b: TimePosition): boolean {
  return a.tick === b.tick && a.probe === b.probe;
}
