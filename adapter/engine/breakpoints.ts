/** The breakpoint table: resolves specs against the image and writes the functions that decide at probes. */
import type { ProbeInfo } from '../compiler/debug-info.ts';
import { globalsIn } from '../inferior/globals.ts';
import type { WatchOrder } from '../inferior/watches.ts';
import { ARMED } from '../mailbox/probes.ts';
import { errorText } from '../packets/span.ts';
import { type Breakpoint, type BreakpointSpec, EngineError, type ExpressionCompiler } from './api.ts';
import { placesOf } from './catch-events.ts';
import { type BreakLocation, type Image, packetExpression, packetLocal } from './image.ts';
import { call, edgeField, remembersPackets } from './link.ts';
import { carriedOrder, watchOrder } from './watch.ts';

/** A breakpoint and the probes it sits on. */
export interface Entry {
  bp: Breakpoint;
  /** Compiled condition by probe; no entry: unconditional. */
  conditions: Map<number, string>;
  /** JavaScript of the text that tells why a catchpoint stops, by probe. */
  says: Map<number, string>;
}

/** A statement by its number in a function, or where that returns. */
interface Place {
  readonly name: string;
  readonly at: number | 'return';
  readonly test: string;
  readonly say?: string;
}

interface Resolved {
  readonly locations: readonly BreakLocation[];
  readonly conditions: Map<number, string>;
  readonly says?: Map<number, string>;
  readonly message?: string;
}

/** Where the user network has sent a frame, and it is known how it compares with the capture. */
const DIVERGENCE_ENTRY = { name: 'slirp_output', at: -1 } as const;

/**
 * Where packets of a capture enter: frames of the guest when it transmits them, those of the user network when it has
 * told the host of them and passes them on (the last statement). `js` is the number of the packet there.
 */
const PACKET_ENTRIES = [
  { name: 'trace_xmit_frame', at: 0, js: 'number' },
  { name: 'slirp_output', at: -1, js: edgeField('sentNumber') },
] as const;

/** The number of a breakpoint that is no user's: theirs begin with 1. */
export const SEEKER = 0;

/** Stands for the probe of a watchpoint's condition, which is tested at many. */
const WATCHED = -1;

/** True for a watchpoint whose expressions have a meaning. */
function watches(bp: Breakpoint, conditions: ReadonlyMap<number, string>): boolean {
  return bp.spec.location.kind === 'watch' && conditions.has(WATCHED);
}

export class BreakpointTable {
  readonly #image: Image;
  readonly #entries = new Map<number, Entry>();
  #lastId = 0;

  constructor(image: Image) {
    this.#image = image;
  }

  get all(): readonly Breakpoint[] {
    return [...this.#entries.values()].map((e) => e.bp);
  }

  get(id: number): Entry | undefined {
    return this.#entries.get(id);
  }

  add(spec: BreakpointSpec): Breakpoint {
    const id = this.#lastId + 1;
    const bp: Breakpoint = { id, spec, enabled: true, hits: 0, verified: false, locations: [] };
    const entry = this.#bind({ bp, conditions: new Map(), says: new Map() });
    if (spec.required && !entry.bp.verified) {
      throw new EngineError(entry.bp.message ?? 'The breakpoint can be nowhere.');
    }
    this.#lastId = id;
    this.#entries.set(id, entry);
    return entry.bp;
  }

  /** Notes how often a breakpoint has been hit; hits that were to be ignored are fewer by those that were. */
  noteHits(id: number, hits: number): void {
    const entry = this.#entries.get(id);
    if (entry && hits !== entry.bp.hits) {
      const { ignoreCount = 0 } = entry.bp.spec;
      const left = Math.max(0, ignoreCount - Math.max(0, hits - entry.bp.hits));
      const spec = ignoreCount > 0 ? { ...entry.bp.spec, ignoreCount: left } : entry.bp.spec;
      this.#entries.set(id, { ...entry, bp: { ...entry.bp, hits, spec } });
    }
  }

  /** Replaces parts of a breakpoint and binds it again. Throws `EngineError` when there is none with that number. */
  change(id: number, change: Partial<Pick<Breakpoint, 'enabled' | 'hits' | 'spec'>>): Breakpoint {
    const entry = this.#entries.get(id);
    if (!entry) {
      throw new EngineError(`No breakpoint number ${id}.`);
    }
    const { message: _, ...bp } = entry.bp;
    const next = { ...entry, bp: { ...bp, ...change } };
    this.#entries.set(id, change.spec ? this.#bind(next) : { ...entry, bp: { ...entry.bp, ...change } });
    return (this.#entries.get(id) as Entry).bp;
  }

  remove(id: number): Breakpoint | undefined {
    const entry = this.#entries.get(id);
    this.#entries.delete(id);
    return entry?.bp;
  }

  #bind(entry: Entry): Entry {
    let resolved: Resolved;
    try {
      resolved = this.#resolve(entry.bp.spec);
    } catch (e) {
      resolved = { locations: [], conditions: new Map(), message: errorText(e) };
    }
    const { locations, conditions, message, says = new Map<number, string>() } = resolved;
    const { location } = entry.bp.spec;
    // V8 tells of exceptions; nothing in the stack is armed for them.
    const told = location.kind === 'catch' && location.event.what === 'exception' && message === undefined;
    return {
      bp: {
        ...entry.bp,
        verified: locations.length > 0 || told || watches(entry.bp, conditions),
        locations,
        ...(message === undefined ? {} : { message }),
      },
      conditions,
      says,
    };
  }

  #resolve(spec: BreakpointSpec): Resolved {
    switch (spec.location.kind) {
      case 'function':
        return this.#resolveFunction(spec, spec.location.name);
      case 'line':
        return this.#resolveLine(spec, spec.location);
      case 'packet':
        return this.#resolvePacket(spec, spec.location.number);
      case 'catch':
        return this.#resolveEntries(spec, placesOf(spec.location.event));
      case 'divergence':
        return this.#resolveEntries(spec, [
          { ...DIVERGENCE_ENTRY, test: `${edgeField('sentGrade')}>=${spec.location.grade}` },
        ]);
      case 'watch': {
        const condition = spec.condition?.compile(spec.location.scope) ?? '';
        return { locations: [], conditions: new Map([[WATCHED, condition]]) };
      }
    }
  }

  #resolvePacket(spec: BreakpointSpec, number: number): Resolved {
    if (!Number.isSafeInteger(number) || number < 1) {
      throw new EngineError(`${number} is no packet number; the first packet of a capture is 1`);
    }
    return this.#resolveEntries(
      spec,
      PACKET_ENTRIES.map(({ name, at, js }) => ({ name, at, test: `${js}===${number}` })),
    );
  }

  /** Statements of functions by their index, where `test`, if any, has to hold besides the condition. */
  #resolveEntries(spec: BreakpointSpec, entries: readonly Place[]): Resolved {
    const conditions = new Map<number, string>();
    const says = new Map<number, string>();
    const locations = entries.map(({ name, at, test, say }) => {
      const fn = this.#image.functions(name)[0];
      const kind = at === 'return' ? 'return' : 'statement';
      const probes = (fn?.probes ?? []).map((id) => this.#image.probe(id)).filter((p) => p?.kind === kind);
      const probe = probes.at(at === 'return' ? -1 : at);
      if (!probe) {
        throw new EngineError(`This cannot be stopped at: there is no function "${name}".`);
      }
      this.#compileAt(spec, probe, conditions);
      const own = conditions.get(probe.id);
      const both = [test, own === undefined ? '' : `(${own})`].filter((t) => t !== '').join('&&');
      if (both !== '') {
        conditions.set(probe.id, both);
      }
      if (say !== undefined) {
        says.set(probe.id, say);
      }
      return this.#image.location(probe);
    });
    return { locations, conditions, says };
  }

  #resolveFunction(spec: BreakpointSpec, name: string): Resolved {
    const fns = this.#image.functions(name);
    if (fns.length === 0) {
      throw new EngineError(unknownFunction(this.#image, name));
    }
    const places = fns.flatMap((fn) => {
      const probes = fn.probes.map((id) => this.#image.probe(id)).filter((p) => p !== undefined && p.kind !== 'return');
      return probes.length > 0 ? [probes as ProbeInfo[]] : [];
    });
    if (places.length === 0) {
      throw new EngineError(
        `Function "${name}" is compiled without debug info (@nodebug); break in its callers instead.`,
      );
    }
    const conditions = new Map<number, string>();
    const notes: string[] = [];
    const locations = places.map((probes) => {
      const at = this.#firstWhere(spec, probes, conditions);
      const first = probes[0] as ProbeInfo;
      if (at !== first) {
        notes.push(`moved to line ${at.line}, where the names of the condition are in scope`);
      }
      return this.#image.location(at);
    });
    return { locations, conditions, ...(notes.length > 0 ? { message: notes.join('; ') } : {}) };
  }

  /** The first of a function's probes at which everything that the breakpoint evaluates is in scope. */
  #firstWhere(spec: BreakpointSpec, probes: readonly ProbeInfo[], conditions: Map<number, string>): ProbeInfo {
    let failure: unknown;
    for (const p of probes) {
      try {
        this.#compileAt(spec, p, conditions);
        return p;
      } catch (e) {
        failure ??= e;
      }
    }
    throw failure;
  }

  #resolveLine(
    spec: BreakpointSpec,
    at: {
      readonly file: string;
      readonly line: number;
      readonly column?: number;
      readonly also?: readonly string[];
    },
  ): Resolved {
    const [first, ...others] = [at.file, ...(at.also ?? [])].map((file) => this.#resolveLineOf(spec, { ...at, file }));
    const all = [first as Resolved, ...others];
    return {
      ...(first as Resolved),
      locations: all.flatMap((r) => r.locations),
      conditions: new Map(all.flatMap((r) => [...r.conditions])),
    };
  }

  #resolveLineOf(
    spec: BreakpointSpec,
    at: { readonly file: string; readonly line: number; readonly column?: number },
  ): Resolved {
    const file = this.#image.file(at.file);
    if (file === undefined) {
      const like = this.#image.filesLike(at.file);
      throw new EngineError(
        `No source file named ${at.file}.${like.length > 0 ? ` Did you mean ${like.join(', ')}?` : ''}`,
      );
    }
    const p = this.#image.lineLocation(file, at.line, at.column);
    if (!p) {
      throw new EngineError(`No line ${at.line} in file "${file}" has code at or after it.`);
    }
    const conditions = new Map<number, string>();
    this.#compileAt(spec, p, conditions);
    return {
      locations: [this.#image.location(p)],
      conditions,
      ...(p.line === at.line ? {} : { message: `moved to line ${p.line}, the next one with code` }),
    };
  }

  /** Compiles condition and log message for a probe; throws what the compiler throws. */
  #compileAt(spec: BreakpointSpec, p: ProbeInfo, conditions: Map<number, string>): void {
    const event = spec.location.kind === 'catch' ? spec.location.event : undefined;
    const layer = event?.what === 'packet' ? { layer: event.layer } : {};
    const scope = { ...this.#image.scopeAt(this.#image.fnOf(p), p.locals), ...layer };
    if (spec.condition) {
      conditions.set(p.id, spec.condition.compile(scope));
    }
    for (const part of spec.log ?? []) {
      if (typeof part !== 'string') {
        part.compile(scope);
      }
    }
  }

  /** A breakpoint that is no user's. */
  seeker(location: BreakpointSpec['location']): Entry {
    const spec: BreakpointSpec = { location };
    const bp = { id: SEEKER, spec, enabled: true, hits: 0, verified: false, locations: [] };
    return this.#bind({ bp, conditions: new Map(), says: new Map() });
  }

  /** Probes that a breakpoint sits on. */
  probesOf(bp: Breakpoint): number[] {
    return bp.locations.map((l) => l.probe);
  }

  /** Functions in which some breakpoint may stop; null: any, as a watchpoint is among them. */
  get functions(): readonly number[] | null {
    const enabled = this.all.filter((bp) => bp.enabled);
    if (enabled.some((bp) => bp.spec.location.kind === 'watch')) {
      return null;
    }
    const probes = enabled.flatMap((bp) => this.probesOf(bp));
    return [...new Set(probes.flatMap((id) => this.#image.probe(id)?.fn ?? []))];
  }

  /** Whether the condition of some breakpoint depends on the packets that it was shown before. */
  get remembers(): boolean {
    return [...this.#entries.values()].some(
      ({ bp, conditions }) => bp.enabled && [...conditions.values()].some(remembersPackets),
    );
  }

  /** What the runtime is told of a watchpoint; undefined for other breakpoints. */
  watch(bp: Breakpoint): WatchOrder | undefined {
    const { location } = bp.spec;
    const condition = this.#entries.get(bp.id)?.conditions.get(WATCHED);
    return location.kind === 'watch' ? watchOrder(this.#image, bp.id, location, condition || undefined) : undefined;
  }

  /** What the runtime is told of the place that a watchpoint means; undefined if it means none. */
  carried(bp: Breakpoint): WatchOrder | undefined {
    const { location, condition } = bp.spec;
    if (location.kind !== 'watch') {
      return undefined;
    }
    let js: string | undefined;
    try {
      js = condition?.compile({ ...location.scope, local: () => undefined });
    } catch {
      // It is about locals of the frame, which is not there.
    }
    return carriedOrder(this.#image, bp.id, location, js) ?? undefined;
  }

  /** Source of the function that decides at a probe, for `more` too; empty when nothing sits there. */
  decider(probe: number, ...more: Entry[]): string {
    const p = this.#image.probe(probe);
    const here = [...this.#entries.values(), ...more].filter(
      ({ bp }) =>
        bp.enabled && bp.locations.some((l, i) => l.probe === probe && !(bp.spec.disabledAt ?? []).includes(i)),
    );
    if (!p || here.length === 0) {
      return '';
    }
    const value = p.kind === 'return' ? '$ret' : 'undefined';
    const names = [...(p.kind === 'return' ? ['$ret'] : []), ...p.locals.map((l) => l.name)];
    const tests = here.map((e) => this.#test(e, p)).join('');
    // A step that has armed the probe too is asked after the breakpoints.
    const own = `stop?$here.call(${['this', ...names.filter((n) => n !== 'this')].join(',')}):null`;
    const decide = call('$R', 'decided', `${p.id}`, 'stop', value, own);
    const body = `let stop=false;${tests}return (stop||$A[${p.id}]!==${ARMED.BREAKPOINT})&&${decide};`;
    const globals = globalsOf(this.#image.fnOf(p).file, body);
    return `(()=>{const $G=${globals};${evaluatingFunction(names)}${decidingFunction(names, body)}})()`;
  }

  /** JavaScript that tests one breakpoint at a probe and sets `stop` if it stops. */
  #test(e: Entry, p: ProbeInfo): string {
    const { id, spec } = e.bp;
    const condition = e.conditions.get(p.id) ?? 'true';
    const log = spec.log?.map((part) =>
      typeof part === 'string' ? JSON.stringify(part) : `(${compileFor(part.compile, this.#image, p)})`,
    );
    const needsPacket = `${condition} ${log ?? ''}`.includes('$pkt');
    const packet = needsPacket
      ? `const $pkt=${packetExpression(packetLocal(this.#image.fnOf(p), p.locals), '$R')};`
      : '';
    const say = e.says.get(p.id) ?? 'null';
    const act = log ? call('$R', 'log', `${id}`, `${p.id}`, `[${log.join(',')}]`) : call('$R', 'stopFor', `${id}`, say);
    const stop = `if((${condition})&&${call('$R', 'count', `${id}`)})stop=${act}||stop;`;
    return `try{${packet}${stop}}catch(e){stop=${call('$R', 'failed', `${id}`, 'e')};}`;
  }
}

/**
 * A function that makes one which evaluates JavaScript with a probe's locals. Apart from the decider, as V8 keeps what
 * an `eval` may use.
 */
function evaluatingFunction(names: readonly string[]): string {
  return `const $here=function(${names.filter((n) => n !== 'this').join(',')}){return $js=>eval($js);};`;
}

/** Characters of an unknown name that a message repeats. */
const SHOWN_NAME = 200;

/** JavaScript for `$G` of a body that runs often, as seen from a file. */
export function globalsOf(file: string, body: string): string {
  return call('$R', 'globals', JSON.stringify(file), JSON.stringify(globalsIn(body)));
}

/**
 * Statements that return a function of a probe's locals. A method's `this` is handed over like the others, and is
 * `this` in `body`.
 */
export function decidingFunction(names: readonly string[], body: string): string {
  if (!names.includes('this')) {
    return `return function(${names.join(',')}){${body}};`;
  }
  const others = names.filter((n) => n !== 'this');
  const params = names.map((n) => (n === 'this' ? '$this' : n));
  const decide = `const $decide=function(${others.join(',')}){${body}};`;
  return `${decide}return function(${params.join(',')}){return $decide.call(${['$this', ...others].join(',')});};`;
}

function compileFor(compile: ExpressionCompiler, image: Image, p: ProbeInfo): string {
  return compile(image.scopeAt(image.fnOf(p), p.locals));
}

function unknownFunction(image: Image, name: string): string {
  const like = image.functionsLike(name);
  // Nobody reads a name of megabytes, which a client can send.
  const shown = name.length > SHOWN_NAME ? `${name.slice(0, SHOWN_NAME)}...` : name;
  return `Function "${shown}" not defined.${like.length > 0 ? ` Did you mean ${like.join(', ')}?` : ''}`;
}
