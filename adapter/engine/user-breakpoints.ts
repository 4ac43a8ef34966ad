/** The breakpoints of the user: the table, told to every inferior that is there and to who listens. */
import { type Breakpoint, type BreakpointSpec, type EngineApi, EngineError } from './api.ts';
import type { BreakpointTable } from './breakpoints.ts';
import type { Installer } from './installer.ts';
import type { Moment } from './time-travel.ts';

type BreakpointChange = Parameters<EngineApi['updateBreakpoint']>[1];

interface BreakpointHooks {
  /** Of the inferiors that are there. */
  installers(): readonly Installer[];
  /** Where the inferior stands that is shown. */
  moment(): Moment | undefined;
  /** A watch of a frame has been set where the inferior stands that is shown. */
  watched(bp: Breakpoint, moment: Moment): void;
  told(what: 'new' | 'changed' | 'removed', bp: Breakpoint): void;
  complain(text: string): void;
}

export class UserBreakpoints {
  readonly #table: BreakpointTable;
  readonly #hooks: BreakpointHooks;

  constructor(table: BreakpointTable, hooks: BreakpointHooks) {
    this.#table = table;
    this.#hooks = hooks;
  }

  add(spec: BreakpointSpec): Breakpoint {
    const bp = this.#table.add(spec);
    this.#capture(bp);
    this.#install(bp, this.#table.probesOf(bp));
    this.#hooks.told('new', bp);
    return bp;
  }

  /** A watchpoint of a frame gets its locals; those who do not stand in the frame do not know it. */
  #capture(bp: Breakpoint): void {
    const order = this.#table.watch(bp);
    const { location } = bp.spec;
    const moment = this.#hooks.moment();
    if (order && location.kind === 'watch' && location.frame && moment) {
      const complain = (e: Error): void => this.#hooks.complain(`Watchpoint ${bp.id}: ${e.message}`);
      moment.stopped.watch(order, location.captures, location.frame.index).catch(complain);
      this.#hooks.watched(bp, moment);
    }
  }

  #install(bp: Breakpoint, probes: readonly number[]): void {
    for (const installer of this.#hooks.installers()) {
      installer.update(bp, probes);
    }
  }

  /** Throws `EngineError` if there is none, or its new condition is wrong. */
  update(id: number, change: BreakpointChange): Breakpoint {
    const before = this.#table.get(id)?.bp;
    if (!before) {
      throw new EngineError(`No breakpoint number ${id}.`);
    }
    const spec = changedSpec(before.spec, change);
    const bp = this.#table.change(id, { spec, enabled: change.enabled ?? before.enabled });
    if (spec.condition && !bp.verified && before.verified) {
      this.#table.change(id, { spec: before.spec, enabled: before.enabled });
      throw new EngineError(bp.message ?? 'the condition is wrong');
    }
    this.#install(bp, [...new Set([...this.#table.probesOf(before), ...this.#table.probesOf(bp)])]);
    this.#hooks.told('changed', bp);
    return bp;
  }

  /** False if there is none. */
  remove(id: number): boolean {
    const bp = this.#table.remove(id);
    if (!bp) {
      return false;
    }
    for (const installer of this.#hooks.installers()) {
      installer.remove(bp);
    }
    this.#hooks.told('removed', bp);
    return true;
  }

  /** Watchpoints of frames end with the machine. */
  forgetWatches(): void {
    for (const { id, spec } of this.#table.all) {
      if (spec.location.kind === 'watch' && spec.location.frame) {
        this.remove(id);
      }
    }
  }

  /** A breakpoint has stopped: it may have been the last time. */
  spend(id: number): void {
    const spec = this.#table.get(id)?.bp.spec;
    if (spec?.temporary) {
      this.remove(id);
    } else if (spec?.stopsLeft !== undefined) {
      const left = spec.stopsLeft - 1;
      this.update(id, { stopsLeft: left > 0 ? left : null, ...(left > 0 ? {} : { enabled: false }) });
    }
  }

  /** A run begins. */
  forgetHits(): void {
    for (const bp of this.#table.all) {
      this.#table.change(bp.id, { hits: 0 });
    }
  }

  noteHits(counts: Readonly<Record<string, number>>): void {
    for (const [id, hits] of Object.entries(counts)) {
      this.#table.noteHits(Number(id), hits);
    }
  }

  /** Counts an exception for the catchpoints that are for them. */
  countExceptions(): void {
    for (const { id, enabled, hits, spec } of this.#table.all) {
      if (enabled && spec.location.kind === 'catch' && spec.location.event.what === 'exception') {
        this.#table.change(id, { hits: hits + 1 });
      }
    }
  }
}

/** `before` with what a change says; null takes a property away. */
function changedSpec(before: BreakpointSpec, change: BreakpointChange): BreakpointSpec {
  const { condition: oldCondition, ignoreCount: oldIgnore, stopsLeft: oldStops, ...rest } = before;
  const stopsLeft = change.stopsLeft === undefined ? oldStops : (change.stopsLeft ?? undefined);
  const condition = change.condition === undefined ? oldCondition : (change.condition ?? undefined);
  const ignoreCount = change.ignoreCount ?? oldIgnore;
  return {
    ...rest,
    ...(condition ? { condition } : {}),
    ...(ignoreCount === undefined ? {} : { ignoreCount }),
    ...(stopsLeft === undefined ? {} : { stopsLeft }),
    ...(change.temporary === undefined ? {} : { temporary: change.temporary }),
    ...(change.disabledAt === undefined ? {} : { disabledAt: change.disabledAt }),
  };
}
