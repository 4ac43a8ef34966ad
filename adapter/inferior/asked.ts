/**
 * In an inferior that executes a recording again for a query: what is asked at which probes, and the rows that answer
 * it. Rows leave in the order in which they began; one of a call waits for the value returned.
 */
import { reason } from './log-text.ts';
import type { TimePosition, WatchChange } from './stop.ts';
import type { NamedValue, Value } from './value.ts';
import type { CarriedWatch } from './watches.ts';

/** What a query has compiled. */
export interface QueryOrder {
  /** Numbers the queries of a thread: the same one may be asked of several stretches. */
  readonly id: number;
  /** What decides at probes, as for breakpoints: function expressions of the locals, with `$R`, `$F` and `$A`. */
  readonly deciders: readonly (readonly [probe: number, source: string])[];
  /** JavaScript that runs as each turn ends, with `$R` and `$G`; empty for none. */
  readonly eachTurn: string;
  /** The run ends here. */
  readonly until: TimePosition;
  /** What is watched: each change is a row. */
  readonly watches?: readonly CarriedWatch[];
  /** What is known of captured values at the end: where they come from is a part of the result. */
  readonly known?: readonly CarriedWatch[];
  /** Only the last row is wanted. */
  readonly last?: boolean;
  /** Where what the user drops and edits is noted (see `Notes.byHand`). */
  readonly byHand?: { readonly drops: number; readonly edits: number };
}

/** What a run has come to, besides its rows. */
export interface QueryResult {
  /** What went wrong first in an expression; empty if nothing did. */
  readonly failure: string;
  readonly origins?: readonly CarriedWatch[];
}

/** A packet that passes an edge, as the packet list shows it. */
export interface PassedPacket {
  readonly source: string;
  readonly destination: string;
  readonly protocol: string;
  readonly length: number;
  readonly info: string;
}

/** What is found at a moment; what there is depends on what was asked. */
export interface RowFields {
  readonly args?: readonly NamedValue[];
  /** Values of what was to be shown, in order. */
  readonly shown?: readonly Value[];
  /** What an expression is now, and what it was before. */
  readonly value?: Value;
  readonly old?: Value;
  /** The debugger wrote it. */
  readonly debugger?: true;
  /** Of several values under one name, which: a struct's type and number. */
  readonly series?: string;
  readonly packet?: PassedPacket;
}

/** A row as it leaves the inferior. */
export interface RowData extends TimePosition, RowFields {
  /** The machine's clock in nanoseconds. */
  readonly ns: number;
  /** Packets that had passed the user network's edge. */
  readonly packets: number;
  /** In a replay: number in the capture of the last of them, 0 if it is none of it. */
  readonly captured?: number | undefined;
  /** Who called, innermost first: `file:line:name` of V8's frames, a line each. */
  readonly callers: string;
  returned?: Value;
}

/** Rows as they are sent: as JSON, which is made and read faster than a copy, where that can say all. */
export type Rows = string | readonly RowData[];

/** What it needs of the runtime. */
export interface AskedHooks {
  /** Where the machine is. */
  now(): { tick: number; ns: number; packets: number; captured: number | undefined };
  /** Calls from outside the probe's function (see `RowData`). */
  callers(probe: number): string;
  /** A value that can cross, without a handle. */
  plain(v: unknown, declared?: string): Value;
  /** The packet that was viewed last, as the packet list shows it. */
  passed(): PassedPacket | undefined;
  post(rows: Rows): void;
}

/** So many rows are sent together. */
const BATCH = 128;
/** A call whose row is not wanted, and one that has not met its condition yet. */
const NOT_YET = null;

function isUnlikeJson(v: unknown): boolean {
  return typeof v === 'number' && (!Number.isFinite(v) || Object.is(v, -0));
}

interface Series {
  readonly name: string;
  last: unknown;
}

export class Asked {
  readonly order: QueryOrder;
  readonly #hooks: AskedHooks;
  #rows: RowData[] = [];
  /** They have a number that JSON does not know. */
  #unlikeJson = false;
  /** Rows of calls that have not returned. */
  readonly #open = new Set<RowData>();
  /** Calls of each function that go on. */
  readonly #calls = new Map<number, (RowData | typeof NOT_YET)[]>();
  readonly #series = new Map<unknown, Series>();
  readonly #seriesCounts = new Map<string, number>();
  /** What went wrong first in an expression. */
  failure = '';

  constructor(order: QueryOrder, hooks: AskedHooks) {
    this.order = order;
    this.#hooks = hooks;
  }

  /** Something was found at a probe. */
  row(probe: number, fields: RowFields): RowData {
    const row = Object.assign(fields, this.#hooks.now(), { probe, callers: this.#hooks.callers(probe) });
    this.#rows.push(row);
    if (this.#rows.length >= BATCH && this.#open.size === 0) {
      this.flush();
    }
    return row;
  }

  /** An expression has thrown. */
  failed(error: unknown): void {
    this.failure ||= reason(error);
  }

  /** The value of an expression; one that cannot be evaluated here is undefined. */
  show(value: () => unknown): Value {
    try {
      return this.plain(value());
    } catch (e) {
      this.failed(e);
      return this.plain(undefined);
    }
  }

  plain(v: unknown, declared?: string): Value {
    this.#unlikeJson ||= isUnlikeJson(v);
    return this.#hooks.plain(v, declared);
  }

  // ---- calls ----

  /** A function is entered. */
  enter(fn: number): void {
    const calls = this.#calls.get(fn);
    if (calls) {
      calls.push(NOT_YET);
    } else {
      this.#calls.set(fn, [NOT_YET]);
    }
  }

  /** True if the call has no row yet. */
  asks(fn: number): boolean {
    const calls = this.#calls.get(fn);
    return calls !== undefined && calls.length > 0 && calls[calls.length - 1] === NOT_YET;
  }

  /** The innermost call of `fn` is one that is wanted. */
  met(fn: number, probe: number, fields: RowFields): void {
    const calls = this.#calls.get(fn);
    if (calls) {
      const row = this.row(probe, fields);
      this.#open.add(row);
      calls[calls.length - 1] = row;
    }
  }

  /** A function is left. */
  leave(fn: number, returned: unknown, declared: string): void {
    const row = this.#calls.get(fn)?.pop();
    if (row) {
      if (returned !== undefined) {
        row.returned = this.plain(returned, declared);
      }
      this.#open.delete(row);
      if (this.#rows.length >= BATCH && this.#open.size === 0) {
        this.flush();
      }
    }
  }

  // ---- values over time ----

  /** An expression has this value now; `of` is the struct that it is of, if any. It is a row when it has changed. */
  sample(probe: number, value: unknown, of: object | null): void {
    let series = this.#series.get(of);
    if (series === undefined) {
      const type = of === null ? '' : of.constructor?.name || 'struct';
      const number = (this.#seriesCounts.get(type) ?? 0) + 1;
      this.#seriesCounts.set(type, number);
      series = { name: type === '' ? '' : `${type} ${number}`, last: undefined };
      this.#series.set(of, series);
    } else if (Object.is(series.last, value)) {
      return;
    }
    const old = series.last === undefined ? {} : { old: this.plain(series.last) };
    series.last = value;
    this.row(probe, { value: this.plain(value), ...old, series: series.name });
  }

  // ---- watches ----

  /** A watched expression was written: the row is where that was. */
  written({ old, now, by, debugger: debug }: WatchChange): void {
    if (this.order.last) {
      this.#rows = [];
    }
    this.#unlikeJson ||= [old, now].some((v) => v && isUnlikeJson(v.value));
    const row: RowData = {
      ...this.#hooks.now(),
      ...by,
      callers: '',
      value: now,
      ...(old ? { old } : {}),
      ...(debug ? { debugger: debug } : {}),
    };
    this.#rows.push(row);
    if (this.#rows.length >= BATCH) {
      this.flush();
    }
  }

  // ---- packets ----

  /** The packet that is being looked at passes an edge. */
  passes(probe: number): void {
    const packet = this.#hooks.passed();
    if (packet) {
      this.row(probe, { packet });
    }
  }

  /** A turn has ended: calls that still go on are those of the main loop. */
  turn(): void {
    if (this.#rows.length > 0 && !this.order.last) {
      this.#open.clear();
      this.flush();
    }
  }

  flush(): void {
    if (this.#rows.length > 0) {
      this.#hooks.post(this.#unlikeJson ? this.#rows : JSON.stringify(this.#rows));
      this.#rows = [];
      this.#unlikeJson = false;
    }
  }
}
