/**
 * In the inferior: watched expressions. A watch is evaluated at the probes after statements that can change it, which
 * the debug info knows, and compared with what it was. The statement that was passed before is the one that wrote.
 */
import { ARMED } from '../mailbox/probes.ts';
import { globalsIn, withOwn } from './globals.ts';
import { follow, type ObjectPath, ObjectTree } from './object-paths.ts';
import type { TimePosition } from './stop.ts';

type Decider = (...locals: never[]) => boolean;

/** JavaScript that runs at a probe, over its locals. */
export interface ProbeCode {
  readonly probe: number;
  /** The probe's locals in order, with `$ret` first at a `return`. */
  readonly names: readonly string[];
  /** Statements; `$w` is the watch. */
  readonly body: string;
}

/** What to watch, as the engine tells the runtime. All of it crosses as JSON. */
export interface WatchOrder {
  readonly id: number;
  readonly access: 'write' | 'read' | 'access';
  /** JavaScript over the captured names and `$G`. */
  readonly js: string;
  readonly condition: string | null;
  /** JavaScript for the struct or array that it is in, and for an element's index. */
  readonly target: { readonly object: string; readonly index?: string } | null;
  /** Names that it captures of the frame in which it was set. */
  readonly names: readonly string[];
  /** The file whose globals it sees first. */
  readonly file: string;
  /** A struct's fields are compared, not which struct it is. */
  readonly contents: boolean;
  /** Statements that write; null: any may. */
  readonly writers: readonly number[] | null;
  /** Probes after them, by writer. */
  readonly after: readonly (readonly [writer: number, after: readonly number[]])[];
  /** What finds out whether a statement reads it, and what follows the locals of the frame. */
  readonly code: readonly ProbeCode[];
  /** It lives as long as a call of a function. */
  readonly frame: { readonly entry: number; readonly exits: readonly number[] } | null;
}

/** A captured value, as it crosses from one inferior to another. */
export type Captured =
  | { readonly value: string | number | boolean | null }
  /** The object that the path leads to. */
  | { readonly path: ObjectPath }
  /** The object that the statement at this position is about, which is younger than the beginning of the execution. */
  | { readonly at: TimePosition }
  | null;

/** Captured values by name. */
export type Captures = Readonly<Record<string, Captured>>;

/** A watch for an execution that begins elsewhere. */
export interface CarriedWatch {
  readonly order: WatchOrder;
  readonly captured: Captures;
}

/** What a watch has seen. */
export interface Sight {
  readonly id: number;
  /** Absent where it was read. */
  readonly old?: unknown;
  readonly now: unknown;
  /** The statement that did it. */
  readonly by: TimePosition;
}

/** The name under which a watch of a place captures the struct or array. */
export const OBJECT = '$o';

/** Elements and fields that are compared at most. */
const MOST = 1 << 16;

/** A watch at work. Code of probes writes to `locals` and `touched`. */
class Watch {
  readonly order: WatchOrder;
  readonly locals: Record<string, unknown>;
  readonly read: (locals: object) => unknown;
  readonly #holds: ((locals: object) => unknown) | null;
  readonly #object: (locals: object) => unknown;
  readonly #index: (locals: object) => unknown;
  readonly #ram: () => Uint8Array | undefined;
  readonly code = new Map<number, ((...locals: unknown[]) => void)[]>();
  /** Which statements come before a probe. */
  readonly before = new Map<number, number[]>();
  value: unknown;
  /** Whether `value` is a copy. */
  copied = false;
  /** Whether it is a value that can be compared as it is. */
  plain = false;
  /** The reading statement that was passed last; -1: none. */
  touched = -1;
  /** Calls of the function inside the frame's own one. */
  inside = 0;
  /** Objects that statements were about, and when first; only where that is asked. */
  readonly seen = new Map<unknown, TimePosition>();
  /** Where the statement is that is about the object to watch. */
  awaited: TimePosition | null = null;
  readonly #T: Float64Array;
  /** It is disabled: it follows what happens and says nothing. */
  muted = false;

  constructor(order: WatchOrder, locals: Record<string, unknown>, globals: object, runtime: object, T: Float64Array) {
    this.order = order;
    this.#T = T;
    this.locals = locals;
    const names = order.names.filter((n) => n !== 'this');
    const compiled = (js: string): ((l: object) => unknown) =>
      new Function(
        '$G',
        '$R',
        `const f=function($l){const{${names.join(',')}}=$l;return (${js});};` +
          `return ${order.names.includes('this') ? '$l=>f.call($l.this,$l)' : 'f'};`,
      )(withOwn(globals, globalsIn(js)), runtime) as (l: object) => unknown;
    this.read = compiled(order.js);
    this.#holds = order.condition === null ? null : compiled(order.condition);
    this.#object = compiled(order.target?.object ?? 'undefined');
    this.#index = compiled(order.target?.index ?? 'undefined');
    this.#ram = () => (globals as { machine?: { ram?: Uint8Array } }).machine?.ram;
    for (const [writer, after] of order.after) {
      for (const probe of after) {
        this.before.set(probe, [...(this.before.get(probe) ?? []), writer]);
      }
    }
    for (const { probe, names: all, body } of order.code) {
      const params = all.map((n) => (n === 'this' ? '$this' : n)).join(',');
      const make = new Function('$w', '$G', `return function(${params}){try{${body}}catch{}}`);
      this.code.set(probe, [...(this.code.get(probe) ?? []), make(this, globals) as (...l: unknown[]) => void]);
    }
    this.sync();
  }

  /** Called by code of probes: the statement is about an object. */
  see(object: unknown, probe: number): void {
    if (typeof object === 'object' && object !== null && !this.seen.has(object)) {
      this.seen.set(object, { tick: this.#T[0] ?? 0, probe });
    }
    if (this.awaited?.probe === probe && this.awaited.tick === this.#T[0]) {
      this.awaited = null;
      this.locals[OBJECT] = object;
      this.sync();
    }
  }

  /** Its value now; undefined where it has none. */
  now(): unknown {
    if (this.order.names.some((n) => this.locals[n] === undefined)) {
      return undefined; // an exception would be noticed by V8's inspector, even one that is caught here
    }
    try {
      return this.read(this.locals);
    } catch {
      return undefined;
    }
  }

  /** The struct or array that it is in, for code of probes. */
  object(): unknown {
    return this.#object(this.locals);
  }

  index(): unknown {
    return this.#index(this.locals);
  }

  /** True if the element is one of so many from an index on. */
  isAmong(at: number, length: number): boolean {
    const index = Number(this.index());
    return index >= at && index < at + length;
  }

  /** True if elements of an array are among some bytes of guest RAM. */
  overlaps(array: unknown, at: number, length: number, address: number, bytes: number): boolean {
    const ram = this.#ram();
    if (!ram || !ArrayBuffer.isView(array) || array.buffer !== ram.buffer) {
      return false;
    }
    const unit = 'BYTES_PER_ELEMENT' in array ? Number(array.BYTES_PER_ELEMENT) : 1;
    const start = array.byteOffset - ram.byteOffset + at * unit;
    return start < address + bytes && start + length * unit > address;
  }

  /** True if the condition, if any, holds. Throws what the condition throws. */
  holds(): boolean {
    return this.#holds === null || Boolean(this.#holds(this.locals));
  }

  /** What is there now is what it was. */
  sync(): void {
    const now = this.now();
    const copy = snapshot(now, this.order.contents);
    this.value = copy;
    this.copied = copy !== now;
    this.plain = now !== undefined && !this.copied;
    this.touched = -1;
  }

  /** True for a change that the condition does not want. */
  passesOver(now: unknown): boolean {
    if (this.#holds === null || typeof now !== 'number' || this.order.access === 'read') {
      return false;
    }
    try {
      if (this.#holds(this.locals)) {
        return false;
      }
    } catch {
      return false;
    }
    this.value = now;
    return true;
  }

  same(now: unknown): boolean {
    return Object.is(now, this.value) || (this.copied && sameContents(now, this.value));
  }
}

export class Watches {
  readonly #all = new Map<number, Watch>();
  /** Watches by probe; and those that look everywhere. */
  readonly #at: (Watch[] | undefined)[] = [];
  #everywhere: Watch[] = [];
  /** When statements were passed: in what order, and at which tick. */
  readonly #order: Float64Array;
  readonly #ticks: Float64Array;
  readonly #T: Float64Array;
  readonly #passed = new Float64Array(1);
  #last = -1;

  constructor(probes: number, T: Float64Array) {
    this.#order = new Float64Array(probes);
    this.#ticks = new Float64Array(probes);
    this.#T = T;
  }

  /** Adds a watch or replaces it; without `locals` it keeps those that it has. Returns the probes to arm. */
  add(order: WatchOrder, locals: Record<string, unknown> | null, globals: object, runtime: object): number[] {
    const before = this.#all.get(order.id);
    const probes = this.remove(order.id);
    const watch = new Watch(order, locals ?? before?.locals ?? {}, globals, runtime, this.#T);
    watch.inside = before && locals === null ? before.inside : 0;
    this.#all.set(order.id, watch);
    if (order.writers === null) {
      this.#everywhere.push(watch);
    }
    const frame = order.frame ? [order.frame.entry, ...order.frame.exits] : [];
    const own = new Set([...(order.writers ?? []), ...watch.before.keys(), ...watch.code.keys(), ...frame]);
    for (const probe of own) {
      this.#at[probe] = [...(this.#at[probe] ?? []), watch];
    }
    return order.writers === null ? [...this.#order.keys()] : [...new Set([...probes, ...own])];
  }

  mute(id: number, on: boolean): void {
    const watch = this.#all.get(id);
    if (watch) {
      watch.muted = on;
      watch.sync();
    }
  }

  /** Returns the probes that it was at. */
  remove(id: number): number[] {
    const watch = this.#all.get(id);
    if (!watch) {
      return [];
    }
    this.#all.delete(id);
    this.#everywhere = this.#everywhere.filter((w) => w !== watch);
    const probes: number[] = [];
    for (const [probe, list] of this.#at.entries()) {
      if (list?.includes(watch)) {
        const left = list.filter((w) => w !== watch);
        this.#at[probe] = left.length > 0 ? left : undefined;
        probes.push(probe);
      }
    }
    return watch.order.writers === null ? [...this.#order.keys()] : probes;
  }

  /** Values that a watch has captured, for another inferior. */
  captured(id: number, machine: object): Record<string, Captured> {
    return carried(this.#all.get(id)?.locals ?? {}, machine);
  }

  /** Objects at the beginning of an execution. */
  #origins: ObjectTree | undefined;

  /** An execution begins; the watches of before are those of other objects. */
  begin(machine: object, carried: readonly CarriedWatch[]): Map<CarriedWatch, Record<string, unknown>> {
    this.#origins = carried.length > 0 ? new ObjectTree(machine) : undefined;
    return new Map(carried.map((w) => [w, found(w.captured, machine)]));
  }

  /** Waits for the statement that is about the object. */
  await(id: number, at: TimePosition): void {
    const watch = this.#all.get(id);
    if (watch) {
      watch.awaited = at;
    }
  }

  /** What values that are known at the end of an execution were at its beginning, or from where on they are there. */
  originsOf(id: number, captured: Captures, machine: object): Record<string, Captured> {
    const origin = (c: Captured): Captured => {
      if (!c || !('path' in c)) {
        return c;
      }
      const object = follow(machine, c.path);
      const path = this.#origins?.pathOf(object) ?? null;
      const at = this.#all.get(id)?.seen.get(object);
      return path ? { path } : at ? { at } : null;
    };
    return Object.fromEntries(Object.entries(captured).map(([name, c]) => [name, origin(c)]));
  }

  /** True if a watch looks at a probe. */
  looksAt(probe: number): boolean {
    return this.#everywhere.length > 0 || this.#at[probe] !== undefined;
  }

  /**
   * What decides at a probe that it looks at: `rest` at last, but not at a `plain` probe where nothing happens. `armed`
   * says who else looks there.
   */
  decider(probe: number, rest: Decider, plain: boolean, armed: Uint8Array): Decider {
    const code = [...this.#all.values()].flatMap((w) => w.code.get(probe) ?? []);
    const ask: Decider = plain
      ? (ret) => (armed[probe] !== ARMED.WATCH || !this.quiet(probe)) && rest(ret as never)
      : rest;
    if (code.length === 0) {
      const [watch, ...more] = [...(this.#at[probe] ?? []), ...this.#everywhere];
      const alone = watch && more.length === 0 && watch.order.frame === null;
      return alone && plain ? this.#quick(watch, probe, ask, armed) : ask;
    }
    return (...locals) => {
      for (const look of code) {
        look(...locals);
      }
      return ask(...locals);
    };
  }

  /** What decides where one watch looks, without code of its own: it costs a few nanoseconds. */
  #quick(watch: Watch, probe: number, ask: Decider, armed: Uint8Array): Decider {
    const [order, ticks, T, passed] = [this.#order, this.#ticks, this.#T, this.#passed];
    const everywhere = watch.order.writers === null;
    const writes = everywhere || watch.order.writers?.includes(probe);
    const { read, locals } = watch;
    if (!everywhere && watch.order.access === 'write' && !watch.before.has(probe)) {
      return (ret) => {
        if (armed[probe] !== ARMED.WATCH) {
          return ask(ret);
        }
        order[probe] = passed[0] = (passed[0] ?? 0) + 1;
        ticks[probe] = T[0] ?? 0;
        return false;
      };
    }
    return (ret) => {
      if (armed[probe] === ARMED.WATCH && watch.plain && watch.touched < 0) {
        try {
          const now = read(locals);
          if (now === watch.value || watch.passesOver(now)) {
            if (writes) {
              order[probe] = passed[0] = (passed[0] ?? 0) + 1;
              ticks[probe] = T[0] ?? 0;
              this.#last = probe;
            }
            return false;
          }
        } catch {
          // It has no value now.
        }
      }
      return ask(ret);
    };
  }

  /** What is there now is what it was. */
  sync(): void {
    for (const watch of this.#all.values()) {
      watch.sync();
    }
  }

  /** The same after the debugger's own changes, which are no hits. Says what they were. */
  changedAt(by: TimePosition): Sight[] {
    const sights: Sight[] = [];
    for (const watch of this.#all.values()) {
      const now = watch.now();
      if (!watch.same(now)) {
        sights.push({ id: watch.order.id, old: watch.value, now, by });
      }
      watch.sync();
    }
    return sights;
  }

  #pass(probe: number): void {
    this.#order[probe] = this.#passed[0] = (this.#passed[0] ?? 0) + 1;
    this.#ticks[probe] = this.#T[0] ?? 0;
    this.#last = probe;
  }

  /** Passes a probe; true if no watch has anything to say there. */
  quiet(probe: number): boolean {
    const here = this.#at[probe];
    const watch = here?.[0] ?? this.#everywhere[0];
    if (watch === undefined || (here?.length ?? 0) + this.#everywhere.length !== 1) {
      return false;
    }
    if (!watch.plain || watch.touched >= 0 || watch.order.frame !== null) {
      return false;
    }
    let now: unknown;
    try {
      now = watch.read(watch.locals);
    } catch {
      now = undefined;
    }
    if (now !== watch.value && !watch.passesOver(now)) {
      return false;
    }
    this.#pass(probe);
    return true;
  }

  /** At a probe: what watches have seen, and whose frame is left here. */
  at(probe: number): { readonly sights: readonly Sight[]; readonly left: readonly number[] } {
    const sights: Sight[] = [];
    const left: number[] = [];
    const here = this.#at[probe] ?? [];
    for (const watch of [...here, ...this.#everywhere.filter((w) => !here.includes(w))]) {
      const { frame } = watch.order;
      if (frame && probe === frame.entry) {
        watch.inside++;
      }
      const sight = this.#look(watch, probe);
      if (sight) {
        sights.push(sight);
      }
      if (frame?.exits.includes(probe) && --watch.inside < 0) {
        left.push(watch.order.id);
      }
    }
    this.#pass(probe);
    return { sights, left };
  }

  #look(watch: Watch, probe: number): Sight | undefined {
    const { id, access } = watch.order;
    const touched = watch.touched;
    const now = watch.now();
    if (!watch.same(now)) {
      const old = watch.value;
      watch.sync();
      const silent = access === 'read' || watch.muted || old === undefined || now === undefined;
      return silent ? undefined : { id, old, now: watch.value, by: this.#writer(watch, probe) };
    }
    if (touched >= 0 && touched !== probe) {
      watch.touched = -1;
      return watch.muted ? undefined : { id, now: watch.value, by: this.#positionOf(touched) };
    }
    return undefined;
  }

  /** The statement that was passed last of those after which the probe comes. */
  #writer(watch: Watch, probe: number): TimePosition {
    let best = -1;
    for (const p of watch.before.get(probe) ?? []) {
      if (best < 0 || (this.#order[p] ?? 0) > (this.#order[best] ?? 0)) {
        best = p;
      }
    }
    return this.#positionOf(best < 0 ? this.#last : best);
  }

  #positionOf(probe: number): TimePosition {
    return { tick: this.#ticks[probe] ?? 0, probe };
  }

  /** True if a condition, if there is one, holds. Throws what it throws. */
  holds(id: number): boolean {
    return this.#all.get(id)?.holds() ?? false;
  }
}

/** Values as they cross to another inferior that stands at the same moment. */
export function carried(values: Readonly<Record<string, unknown>>, machine: object): Record<string, Captured> {
  const tree = new ObjectTree(machine);
  return Object.fromEntries(Object.entries(values).map(([name, v]) => [name, carry(v, tree)]));
}

function carry(v: unknown, tree: ObjectTree): Captured {
  if (typeof v === 'object' && v !== null) {
    const path = tree.pathOf(v);
    return path && { path };
  }
  return { value: (v ?? null) as string | number | boolean | null };
}

/** Captured values of another inferior that stands at the same moment. */
export function found(captured: Captures, machine: object): Record<string, unknown> {
  const value = (c: Captured): unknown => c && ('path' in c ? follow(machine, c.path) : valueIn(c));
  return Object.fromEntries(Object.entries(captured).map(([name, c]) => [name, value(c)]));
}

function valueIn(c: NonNullable<Captured>): unknown {
  return 'value' in c ? c.value : undefined;
}

/** Something to compare with later: a copy of what can change in place. */
function snapshot(v: unknown, contents: boolean): unknown {
  if (ArrayBuffer.isView(v) && !(v instanceof DataView)) {
    return (v as Uint8Array).slice(0, MOST);
  }
  if (Array.isArray(v)) {
    return v.slice(0, MOST);
  }
  return contents && typeof v === 'object' && v !== null
    ? Object.assign(Object.create(Object.getPrototypeOf(v) as object), v)
    : v;
}

function sameContents(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return false;
  }
  if (ArrayBuffer.isView(a) || Array.isArray(a)) {
    const [x, y] = [a as unknown as ArrayLike<unknown>, b as unknown as ArrayLike<unknown>];
    const length = Math.min(x.length, MOST);
    if (length !== y.length) {
      return false;
    }
    for (let i = 0; i < length; i++) {
      if (!Object.is(x[i], y[i])) {
        return false;
      }
    }
    return true;
  }
  const other = b as Record<string, unknown>;
  return Object.entries(a).every(([name, v]) => Object.is(v, other[name]));
}
