/** Puts the table's breakpoints into one run of the machine. */
import type { Breakpoint, BreakpointSpec } from './api.ts';
import type { BreakpointTable } from './breakpoints.ts';
import type { RuntimeProxy } from './link.ts';

export class Installer {
  readonly #table: BreakpointTable;
  readonly #runtime: RuntimeProxy;
  readonly #complain: (text: string) => void;
  /** Probes whose deciders are out of date. */
  readonly #stale = new Set<number>();

  /** `complain` is told what the inferior did not take. */
  constructor(table: BreakpointTable, runtime: RuntimeProxy, complain: (text: string) => void) {
    this.#table = table;
    this.#runtime = runtime;
    this.#complain = complain;
  }

  /** Functions in which some breakpoint may stop; null: any. */
  get functions(): readonly number[] | null {
    return this.#table.functions;
  }

  /** Whether hits depend on the packets that passed before. */
  get remembers(): boolean {
    return this.#table.remembers;
  }

  /** Installs all breakpoints; resolves when the machine may begin. */
  async all(): Promise<void> {
    const probes = new Set<number>();
    for (const bp of this.#table.all) {
      this.#count(bp);
      this.#watch(bp);
      for (const p of this.#table.probesOf(bp)) {
        probes.add(p);
      }
    }
    await Promise.all([...probes].map((p) => this.#decide(p)));
  }

  /** Brings a breakpoint up to date, and the probes that it sits on or has left. */
  update(bp: Breakpoint, probes: readonly number[]): void {
    this.#count(bp);
    this.#watch(bp);
    this.#outdate(probes);
  }

  /** Takes a breakpoint away that the table holds no more. */
  remove(bp: Breakpoint): void {
    this.#runtime.deleteBreakpoint(bp.id).catch(() => undefined);
    this.#outdate(this.#table.probesOf(bp));
  }

  /** Thousands of breakpoints that are set at once on a line make one decider. */
  #outdate(probes: readonly number[]): void {
    if (this.#stale.size === 0 && probes.length > 0) {
      queueMicrotask(() => this.flush());
    }
    for (const p of probes) {
      this.#stale.add(p);
    }
  }

  /** Brings deciders up to date that are not: before the machine goes on, and when all changes have been made. */
  flush(): void {
    const probes = [...this.#stale];
    this.#stale.clear();
    for (const p of probes) {
      void this.#decide(p);
    }
  }

  /** Has a place be hit by `SEEKER` while `go` runs. */
  async seeking<T>(location: BreakpointSpec['location'], go: () => Promise<T>): Promise<T> {
    const seeker = this.#table.seeker(location);
    const probes = this.#table.probesOf(seeker.bp);
    this.#count(seeker.bp);
    await Promise.all(probes.map((p) => this.#runtime.setDecider(p, this.#table.decider(p, seeker))));
    try {
      return await go();
    } finally {
      await Promise.all(probes.map((p) => this.#decide(p)));
    }
  }

  /** Has the runtime watch an expression, over what it has captured of a frame before (see `StoppedState.watch`). */
  #watch(bp: Breakpoint): void {
    const order = this.#table.watch(bp);
    if (order) {
      this.#runtime.setWatch(order, null).catch((e: unknown) => {
        this.#complain(`a watchpoint cannot be installed: ${e instanceof Error ? e.message : String(e)}`);
      });
      this.#runtime.muteWatch(bp.id, !bp.enabled).catch(() => undefined);
    }
  }

  #count(bp: Breakpoint): void {
    const { hitCondition = null, ignoreCount: ignore = 0, temporary = false } = bp.spec;
    this.#runtime.setBreakpoint(bp.id, { ignore, hitCondition, temporary }).catch(() => undefined);
  }

  async #decide(probe: number): Promise<void> {
    await this.#runtime.setDecider(probe, this.#table.decider(probe)).catch((e: unknown) => {
      this.#complain(`a breakpoint cannot be installed: ${e instanceof Error ? e.message : String(e)}`);
    });
  }
}
