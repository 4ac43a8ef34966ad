/** In the inferior: what becomes of what watches see. They stop, or are noted, or answer a query. */
import type { TimePosition, WatchChange } from './stop.ts';
import type { TravelNotes, TravelOrder } from './travel.ts';
import type { Value } from './value.ts';
import {
  type Captured,
  type Captures,
  type CarriedWatch,
  carried,
  found,
  type Sight,
  Watches,
  type WatchOrder,
} from './watches.ts';

/** What it needs of the runtime. */
export interface WatchHooks {
  /** The root of the state. */
  machine(): object;
  /** Globals as a file sees them. */
  globals(file: string): object;
  /** A probe has to ask the watches from now on, or no longer. */
  arm(probe: number): void;
  /** The next probe stops: the call in which watches had a meaning is over. */
  left(ids: readonly number[]): void;
  /** Counts a hit; true if it stops. */
  count(id: number): boolean;
  stopFor(id: number): true;
  failed(id: number, error: unknown): true;
  describe(v: unknown): Value;
  /** True while hits are not counted, and go nowhere but here. */
  searching(): boolean;
  noted(change: WatchChange): void;
  /** The debugger wrote what is watched. */
  debugged(change: WatchChange): void;
}

/** `$R` of watched expressions. */
type Runtime = object;

export class WatchStops {
  readonly watches: Watches;
  readonly #hooks: WatchHooks;
  readonly #runtime: Runtime;
  /** What watchpoints of the stop at hand saw. */
  changes: WatchChange[] = [];
  /** Those whose call has ended. */
  scopeLeft: number[] = [];

  constructor(probes: number, T: Float64Array, runtime: Runtime, hooks: WatchHooks) {
    this.watches = new Watches(probes, T);
    this.#runtime = runtime;
    this.#hooks = hooks;
  }

  /** `captured`: what it has captured elsewhere. */
  set(order: WatchOrder, locals: Record<string, unknown> | null, captured?: Captures): void {
    const globals = this.#hooks.globals(order.file);
    const own = captured ? found(captured, this.#hooks.machine()) : locals;
    this.watches.add(order, own, globals, this.#runtime).forEach(this.#hooks.arm);
  }

  remove(id: number): void {
    this.watches.remove(id).forEach(this.#hooks.arm);
  }

  /** At a probe: true if a watch stops. */
  at(probe: number): boolean {
    const { sights, left } = this.watches.at(probe);
    if (left.length > 0 && !this.#hooks.searching()) {
      this.scopeLeft.push(...left);
      this.#hooks.left(left);
    }
    return sights.filter((sight) => this.#sees(sight)).length > 0;
  }

  #sees({ id, old, now, by }: Sight): boolean {
    const { count, describe, failed, noted, searching, stopFor } = this.#hooks;
    try {
      if (!this.watches.holds(id) || !count(id)) {
        return false;
      }
    } catch (e) {
      return failed(id, e);
    }
    const change = { id, ...(old === undefined ? {} : { old: describe(old) }), now: describe(now), by };
    if (searching()) {
      noted(change);
      return false;
    }
    this.changes.push(change);
    return stopFor(id);
  }

  /** The debugger has changed things. */
  debugged(by: TimePosition): void {
    for (const { id, old, now } of this.watches.changedAt(by)) {
      const { describe, debugged } = this.#hooks;
      debugged({ id, ...(old === undefined ? {} : { old: describe(old) }), now: describe(now), by, debugger: true });
    }
  }

  /** An execution begins: sets the watches that it carries. */
  begin({ watches = [], known = [] }: TravelOrder): void {
    for (const [{ order, captured }, locals] of this.watches.begin(this.#hooks.machine(), [...watches, ...known])) {
      this.set(order, locals);
      for (const c of Object.values(captured)) {
        if (c && 'at' in c) {
          this.watches.await(order.id, c.at);
        }
      }
    }
    for (const { order } of known) {
      this.watches.mute(order.id, true);
    }
  }

  /** A query ends: the next one watches other things. */
  end({ watches = [], known = [] }: Pick<TravelOrder, 'watches' | 'known'>): Pick<TravelNotes, 'origins'> {
    const origins = this.origins(known.length > 0 ? known : undefined);
    for (const { order } of [...watches, ...known]) {
      this.remove(order.id);
    }
    return origins;
  }

  /** An execution ends: where what is known here came from. */
  origins(known: readonly CarriedWatch[] | undefined): Pick<TravelNotes, 'origins'> {
    const machine = this.#hooks.machine();
    const origins = known?.map(({ order, captured }) => ({
      order,
      captured: this.watches.originsOf(order.id, captured, machine),
    }));
    return origins ? { origins } : {};
  }

  /** Values as another inferior at the same moment can find them: those that a watch has captured, or others. */
  carry(of: number | Readonly<Record<string, unknown>>): Record<string, Captured> {
    const machine = this.#hooks.machine();
    return typeof of === 'number' ? this.watches.captured(of, machine) : carried(of, machine);
  }
}
