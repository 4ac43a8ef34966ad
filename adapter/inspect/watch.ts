/** Expressions to watch: what the engine is told of one, and how its values are shown. */
import {
  type EngineApi,
  EngineError,
  type SymbolScope,
  type Variable,
  type WatchChange,
  type WatchLocation,
  type WatchPlace,
} from '../engine/api.ts';
import type { Evaluator } from './evaluator.ts';
import { numberOf } from './expression/arithmetic.ts';
import { type Expression, ExpressionError } from './expression/ast.ts';
import { type Code, compile } from './expression/compile.ts';
import { type GuestMemory, guestMemory } from './expression/guest-memory.ts';
import { element } from './expression/helpers.ts';
import { parseExpression } from './expression/parser.ts';
import { placesOf } from './expression/places.ts';
import { formatResult, type PrintSettings } from './values.ts';

export interface WatchOptions {
  readonly access: WatchLocation['access'];
  /** The place that the expression means now, not the expression. */
  readonly location: boolean;
  /** How the user wrote it, if not as the expression. */
  readonly text?: string;
  /** A condition, whose locals are captured too. */
  readonly condition?: string;
}

/** Names that a watch of a place captures. */
const OBJECT = '$o';
const INDEX = '$i';

/** What an expression means in a frame (-1: none). Throws `ExpressionError` or `EngineError`. */
export async function watchLocation(
  evaluator: Evaluator,
  text: string,
  frame: number,
  options: WatchOptions,
): Promise<WatchLocation> {
  const { engine } = evaluator;
  const frames = frame >= 0 ? await engine.frames() : [];
  const at = frames[frame];
  const location = watchedPlace(evaluator, text, frame, options);
  if (location.captures.length === 0 || !at) {
    return { ...location, captures: [], file: at?.fn.file ?? '' };
  }
  const { value } = await evaluator.evaluate(text, frame); // complains where there is nothing to watch
  if (value.kind === 'undefined') {
    throw new EngineError(`There is nothing to watch: "${text}" has no value here.`);
  }
  const scoped = !(options.location && location.place);
  const watchFrame = { index: frame, depth: frames.length - frame, fn: at.fn.id, scoped };
  return { ...location, file: at.fn.file, frame: watchFrame };
}

/** The same without the frame that it belongs to, for those who only ask. */
export function watchedPlace(evaluator: Evaluator, text: string, frame: number, options: WatchOptions): WatchLocation {
  const e = parseExpression(text);
  const { engine } = evaluator;
  const memory = guestMemory(e, evaluator, frame);
  const scope = recording(engine.scope(frame));
  const context = evaluator.context(frame);
  const code = memory?.code ?? compile(e, scope, context);
  if (code.constant) {
    throw new ExpressionError(`Cannot watch constant value \`${text}'.`);
  }
  if (options.access !== 'write' && !memory && code.lvalue === undefined) {
    throw new ExpressionError('Expression cannot be implemented with read/access watchpoint.');
  }
  const places = memory ? [memoryPlace(memory)] : placesOf(e, scope, context);
  if (options.condition !== undefined) {
    evaluator.condition(options.condition).compile(scope);
  }
  const used = [...scope.used.values()];
  const place = used.length > 0 ? ownPlace(e, evaluator, frame) : undefined;
  const own = options.location ? place : undefined;
  const target = own?.target ?? targetOf(e, scope, context);
  return {
    kind: 'watch',
    access: options.access,
    text: options.text ?? text,
    js: own?.js ?? numberOf(code),
    ...(target ? { target } : {}),
    ...(place ? { place } : {}),
    contents: code.contents === true,
    captures: own?.captures ?? used.map((v): [string, string] => [v.name, v.name]),
    places: own && places ? places.slice(0, 1) : places,
    frame: null,
    file: '',
    scope: { ...engine.scope(-1), local: (name) => (own ? undefined : scope.used.get(name)) },
    code,
  };
}

function memoryPlace({ address, bytes }: GuestMemory): WatchPlace {
  return { kind: 'memory', address, bytes };
}

/** A scope that remembers which locals it was asked for. */
function recording(scope: SymbolScope): SymbolScope & { readonly used: Map<string, Variable> } {
  const used = new Map<string, Variable>();
  const local = (name: string): Variable | undefined => {
    const v = scope.local(name);
    if (v) {
      used.set(name, v);
    }
    return v;
  };
  return { ...scope, local, used };
}

interface OwnPlace {
  readonly js: string;
  readonly captures: readonly [string, string][];
  readonly target: NonNullable<WatchLocation['target']>;
}

/** The place that an lvalue means now, whatever becomes of the pointers that led there; undefined for a local. */
function ownPlace(e: Expression, evaluator: Evaluator, frame: number): OwnPlace | undefined {
  const scope = evaluator.engine.scope(frame);
  const code = (of: Expression): Code => compile(of, scope, evaluator.context(frame));
  if (e.kind === 'member') {
    const object = code(e.object);
    const js = object.type.kind === 'array' && e.name !== 'length' ? `${object.js}[0]` : object.js;
    return { js: `${OBJECT}.${e.name}`, captures: [[OBJECT, js]], target: { object: OBJECT } };
  }
  if (e.kind === 'index') {
    const object = code(e.object);
    const captures: [string, string][] = [
      [OBJECT, object.js],
      [INDEX, code(e.index).js],
    ];
    const js = object.type.kind === 'array' ? `${OBJECT}[${INDEX}]` : element(OBJECT, INDEX);
    return { js, captures, target: { object: OBJECT, index: INDEX } };
  }
  if (e.kind === 'unary' && e.op === '*') {
    return { js: OBJECT, captures: [[OBJECT, code(e).js]], target: { object: OBJECT } };
  }
  return undefined;
}

/** The struct or array that an lvalue is in, for those who look whether it is read. */
function targetOf(
  e: Expression,
  scope: SymbolScope,
  context: ReturnType<Evaluator['context']>,
): WatchLocation['target'] | undefined {
  if (e.kind === 'member') {
    return { object: compile(e.object, scope, context).js };
  }
  if (e.kind === 'index') {
    return { object: compile(e.object, scope, context).js, index: compile(e.index, scope, context).js };
  }
  const register = e.kind === 'dollar' ? context.register(e.name) : undefined;
  return register === undefined ? undefined : { object: '$G.machine.nics[0]?.mac_reg', index: String(register) };
}

/** `Hardware watchpoint`, or what else gdb calls one. */
export function watchTitle({ access, places }: WatchLocation): string {
  switch (access) {
    case 'read':
      return 'Hardware read watchpoint';
    case 'access':
      return 'Hardware access (read/write) watchpoint';
    default:
      return places ? 'Hardware watchpoint' : 'Watchpoint';
  }
}

/** Values of a change as they are printed: what it was, absent for a read, and what it is. */
export async function changedValues(
  engine: EngineApi,
  settings: PrintSettings,
  change: WatchChange,
  location: WatchLocation,
): Promise<{ readonly old?: string; readonly now: string }> {
  const code = location.code as Code;
  const text = (value: WatchChange['now']): Promise<string> => formatResult(engine, settings, { value, code }, '');
  const now = await text(change.now);
  return change.old ? { old: await text(change.old), now } : { now };
}

/** `set_rdt () at hw/net/e1000.ts:187`: the statement that wrote or read; the debugger where there is none. */
export function writerText(engine: EngineApi, { by }: WatchChange): string {
  const probe = engine.info.probes[by.probe];
  const fn = probe && engine.info.functions[probe.fn];
  return fn ? `${fn.name} () at ${fn.file}:${probe.line}` : 'the debugger';
}
