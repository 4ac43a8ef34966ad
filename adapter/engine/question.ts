/** Compiles what a query asks: the functions that decide at probes. */
import type { FunctionInfo, ProbeInfo } from '../compiler/debug-info.ts';
import { ARMED } from '../mailbox/probes.ts';
import { EngineError, type ExpressionCompiler, PACKET_LAYERS, type PacketLayer, type SymbolScope } from './api.ts';
import { decidingFunction, globalsOf } from './breakpoints.ts';
import { type Image, packetExpression, packetLocal } from './image.ts';
import { ask, call, packetFilter, remembersPackets } from './link.ts';
import type { QueryExpression, QueryRequest } from './query.ts';

/** A query as the inferior is asked it. */
export interface Question {
  /** By probe. */
  readonly deciders: ReadonlyMap<number, string>;
  /** JavaScript that runs as each turn ends. */
  readonly eachTurn: string;
  /** Functions without which nothing can be found; null: any stretch of the recording may hold something. */
  readonly functions: readonly number[] | null;
}

/** Throws what the compilers of its expressions throw, or `EngineError`. */
export function questionOf(image: Image, request: QueryRequest): Question {
  const question = questionIn(image, request);
  // What is remembered is lost where a part of the recording is left out.
  const remembers = [...question.deciders.values()].some(remembersPackets);
  return remembers ? { ...question, functions: null } : question;
}

function questionIn(image: Image, request: QueryRequest): Question {
  switch (request.kind) {
    case 'calls':
      return callsQuestion(image, request.functions, request.condition, request.show ?? []);
    case 'packets':
      return packetsQuestion(image, request.layers, request.condition);
    case 'plot':
      return plotQuestion(image, request.expression.compile);
    case 'writes':
    case 'last-write':
      return { deciders: new Map(), eachTurn: '', functions: null };
  }
}

/** The source of what decides at a probe: `body` does the query's work there. */
export function askingDecider(image: Image, p: ProbeInfo, body: string): string {
  const value = p.kind === 'return' ? '$ret' : 'undefined';
  const names = [...(p.kind === 'return' ? ['$ret'] : []), ...p.locals.map((l) => l.name)];
  const packet = body.includes('$pkt')
    ? `const $pkt=${packetExpression(packetLocal(image.fnOf(p), p.locals), '$R')};`
    : '';
  const guarded = `try{${packet}${body}}catch(e){${ask('failed', 'e')};}`;
  // The end of the run may be armed at the probe too.
  const decided = `$A[${p.id}]!==${ARMED.BREAKPOINT}&&${call('$R', 'decided', `${p.id}`, 'false', value)}`;
  const globals = globalsOf(image.fnOf(p).file, guarded);
  return `(()=>{const $G=${globals};${decidingFunction(names, `${guarded}return ${decided};`)}})()`;
}

/** Pieces of deciders by probe. */
export class Bodies {
  readonly #image: Image;
  readonly #bodies = new Map<number, string>();

  constructor(image: Image) {
    this.#image = image;
  }

  add(p: ProbeInfo, body: string): void {
    this.#bodies.set(p.id, (this.#bodies.get(p.id) ?? '') + body);
  }

  get deciders(): ReadonlyMap<number, string> {
    const entry = ([id, body]: [number, string]): [number, string] => [
      id,
      askingDecider(this.#image, this.#image.probe(id) as ProbeInfo, body),
    ];
    return new Map([...this.#bodies].map(entry));
  }
}

function probesOf(image: Image, fn: FunctionInfo): ProbeInfo[] {
  return fn.probes.map((id) => image.probe(id)).filter((p) => p !== undefined);
}

// ---- calls ----

function callsQuestion(
  image: Image,
  functions: readonly number[],
  condition: QueryExpression | undefined,
  show: readonly QueryExpression[],
): Question {
  const bodies = new Bodies(image);
  let failure: unknown;
  const asked: number[] = [];
  for (const id of functions) {
    const fn = image.info.functions[id];
    try {
      if (fn && addCalls(image, bodies, fn, condition, show)) {
        asked.push(id);
      }
    } catch (e) {
      failure ??= e;
    }
  }
  if (asked.length === 0) {
    throw failure ?? new EngineError('These functions are compiled without debug info (@nodebug).');
  }
  return { deciders: bodies.deciders, eachTurn: '', functions: asked };
}

/** False for a function without probes. Throws where the expressions name what it never knows. */
function addCalls(
  image: Image,
  bodies: Bodies,
  fn: FunctionInfo,
  condition: QueryExpression | undefined,
  show: readonly QueryExpression[],
): boolean {
  const probes = probesOf(image, fn);
  const [entry] = probes;
  if (!entry) {
    return false;
  }
  const { probe, wanted, shown } = firstWhere(image, fn, probes, condition, show);
  const params = new Set(fn.params.map((p) => p.name));
  const args = probe.locals
    .filter((l) => params.has(l.name))
    .map((l) => `{name:${JSON.stringify(l.name)},value:${ask('plain', l.name, JSON.stringify(l.type))}}`);
  const fields = `{args:[${args.join(',')}]${show.length > 0 ? `,shown:[${shown.join(',')}]` : ''}}`;
  bodies.add(entry, `${ask('enter', `${fn.id}`)};`);
  bodies.add(probe, `if(${ask('asks', `${fn.id}`)}&&(${wanted}))${ask('met', `${fn.id}`, `${probe.id}`, fields)};`);
  for (const p of probes) {
    if (p.kind !== 'statement') {
      const value = p.kind === 'return' ? '$ret' : 'undefined';
      bodies.add(p, `${ask('leave', `${fn.id}`, value, JSON.stringify(fn.returnType))};`);
    }
  }
  return true;
}

/** The first of a function's probes at which everything that is asked can be evaluated, with the JavaScript there. */
function firstWhere(
  image: Image,
  fn: FunctionInfo,
  probes: readonly ProbeInfo[],
  condition: QueryExpression | undefined,
  show: readonly QueryExpression[],
): { probe: ProbeInfo; wanted: string; shown: string[] } {
  let failure: unknown;
  for (const probe of probes.filter((p, i) => i === 0 || p.kind === 'statement')) {
    try {
      const scope = image.scopeAt(fn, probe.locals);
      const wanted = condition?.compile(scope) ?? 'true';
      return { probe, wanted, shown: show.map((e) => ask('show', `()=>(${e.compile(scope)})`)) };
    } catch (e) {
      failure ??= e;
    }
  }
  throw failure;
}

// ---- packets ----

/** The layer of which a probe is, if packets pass there. */
export function layerOf(image: Image, probe: number): PacketLayer | undefined {
  const p = image.probe(probe);
  const name = p && image.fnOf(p).name;
  const layers = Object.keys(PACKET_LAYERS) as PacketLayer[];
  return layers.find((layer) => PACKET_LAYERS[layer].some((f) => f === name));
}

function packetsQuestion(
  image: Image,
  layers: readonly PacketLayer[],
  condition: QueryExpression | undefined,
): Question {
  const bodies = new Bodies(image);
  const functions: number[] = [];
  const places = layers.flatMap((layer) => PACKET_LAYERS[layer].map((name) => ({ layer, name })));
  for (const { layer, name } of places) {
    const [fn] = image.functions(name);
    const [entry] = fn ? probesOf(image, fn) : [];
    if (!fn || !entry) {
      throw new EngineError(`There is no function "${name}".`);
    }
    const wanted = condition?.compile({ ...image.scopeAt(fn, entry.locals), layer }) ?? 'true';
    // The list says of a packet what those before it say of it, whatever the condition looks at.
    const among = packetFilter(
      'tcp.stream',
      ['tcp.stream', '', `packets in ${layer}`].map((w) => JSON.stringify(w)).join(),
    );
    bodies.add(entry, `if($pkt){${among};if(${wanted})${ask('passes', `${entry.id}`)};}`);
    functions.push(fn.id);
  }
  return { deciders: bodies.deciders, eachTurn: '', functions };
}

// ---- values over time ----

function plotQuestion(image: Image, compile: ExpressionCompiler): Question {
  const everywhere = image.scopeAt(undefined, []);
  const global = tried(() => compile(everywhere));
  return 'value' in global ? globalPlot(image, global.value) : localPlot(image, compile, global.failure);
}

/** An expression without locals: its value is looked at when packets pass layers, and as each turn ends. */
function globalPlot(image: Image, js: string): Question {
  const bodies = new Bodies(image);
  for (const name of Object.values(PACKET_LAYERS).flat()) {
    const fn = image.functions(name)[0];
    for (const p of fn ? probesOf(image, fn) : []) {
      if (p.kind !== 'statement' || p.id === fn?.probes[0]) {
        bodies.add(p, `${ask('sample', `${p.id}`, `(${js})`, 'null')};`);
      }
    }
  }
  return { deciders: bodies.deciders, eachTurn: `${ask('sample', '$probe', `(${js})`, 'null')};`, functions: null };
}

/** An expression with locals: at entries and exits of the functions that have them as parameters. */
function localPlot(image: Image, compile: ExpressionCompiler, failure: unknown): Question {
  const bodies = new Bodies(image);
  let found = false;
  for (const fn of image.info.functions) {
    for (const p of probesOf(image, fn)) {
      const entry = p.id === fn.probes[0];
      if (entry || (found && p.kind !== 'statement')) {
        const names: string[] = [];
        const params = p.locals.filter((l) => fn.params.some((x) => x.name === l.name));
        const code = tried(() => compile(noting(image.scopeAt(fn, params), names)));
        if ('value' in code) {
          found = true;
          // What hangs off a null pointer has no value there.
          const there = names.filter((name) => name !== code.value).map((name) => `${name}!=null&&`);
          const of = names[0] ?? 'null';
          bodies.add(p, `${[...new Set(there)].join('')}${ask('sample', `${p.id}`, `(${code.value})`, of)};`);
        }
      }
    }
  }
  if (!found) {
    throw failure;
  }
  return { deciders: bodies.deciders, eachTurn: '', functions: null };
}

/** A scope that notes the locals which an expression names. */
function noting(scope: SymbolScope, names: string[]): SymbolScope {
  return {
    ...scope,
    local: (name) => {
      const found = scope.local(name);
      if (found) {
        names.push(name);
      }
      return found;
    },
  };
}

function tried<T>(make: () => T): { readonly value: T } | { readonly failure: unknown } {
  try {
    return { value: make() };
  } catch (failure) {
    return { failure };
  }
}
