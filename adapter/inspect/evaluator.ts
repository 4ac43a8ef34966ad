/**
 * Evaluates expressions against the engine, with gdb's value history and convenience variables. Free of commands and
 * output, so that the DAP session uses it too.
 */
import { type Context, createContext, runInContext } from 'node:vm';
import type { BreakpointSpec, EngineApi, ExpressionCompiler, Value } from '../engine/api.ts';
import { remembers } from '../packets/filter/remembers.ts';
import { assignMemory, fitting } from './assignment.ts';
import { programCounter } from './code-addresses.ts';
import { numberOf } from './expression/arithmetic.ts';
import { type Expression, ExpressionError } from './expression/ast.ts';
import {
  type Code,
  type CompileContext,
  compile,
  compileAssignment,
  compileCondition,
  type DollarValue,
} from './expression/compile.ts';
import { fieldText, logFieldText, placeText, printfText, tried } from './expression/log.ts';
import { parseExpression } from './expression/parser.ts';
import { objectAt } from './expression/pointers.ts';
import { ANY, INT, NUMBER, SCALAR_TYPES, STRING, type StaticType, TypeTable } from './expression/types.ts';
import { FilterWords } from './filter-words.ts';
import { nicElsewhere, noNicText } from './nics.ts';
import { registerIndex } from './registers.ts';
import { remembered } from './remembered.ts';

/** A value with what is known of where it came from. */
export interface Result {
  readonly value: Value;
  /** Absent for values kept from before. */
  readonly code?: Code;
}

/** A value of the history or a convenience variable. An aggregate can be used as long as the machine has not run on. */
interface Stored extends Result {
  readonly epoch: number;
  readonly frame: number;
}

/** A part of a log message that is evaluated. */
interface LogPart {
  readonly text: string;
  readonly compile: ExpressionCompiler;
}

const VOID: Value = { kind: 'undefined', type: 'void' };

export class Evaluator {
  readonly engine: EngineApi;
  readonly types: TypeTable;
  readonly #variables = new Map<string, Stored>();
  readonly #history: Stored[] = [];
  /** What settings are called and set to, for `$_gdb_setting`. */
  setting: ((name: string) => string | undefined) | undefined;
  /** Counts the times the machine ran on. */
  #epoch = 0;
  readonly #ran = (): void => {
    this.#epoch++;
  };

  constructor(engine: EngineApi) {
    this.engine = engine;
    this.types = new TypeTable(engine.info);
    engine.on('continued', this.#ran);
    engine.on('exited', this.#ran);
  }

  /** Display filters in expressions and commands. */
  readonly filters = new FilterWords(() => nicElsewhere(this.engine));
  #conditions = 0;

  dispose(): void {
    this.engine.off('continued', this.#ran);
    this.engine.off('exited', this.#ran);
  }

  /**
   * A breakpoint's condition. Throws `ExpressionError` at once when it does not parse; `compile` throws it for names
   * that the place does not know. Convenience variables count with the value they have when it is compiled.
   */
  condition(text: string): NonNullable<BreakpointSpec['condition']> {
    return { text, compile: this.#conditionOf(parseExpression(text)) };
  }

  /** Filters remember the packets that they are shown: in all functions of a layer together, or in one alone. */
  #conditionOf(e: Expression): ExpressionCompiler {
    const own = ++this.#conditions;
    return (scope) => {
      const context = this.context();
      if (scope.layer === undefined) {
        return compileCondition(e, scope, context);
      }
      let filters = 0;
      const filter = (text: string): string =>
        this.filters.source(text, `condition ${own}.${++filters} in ${scope.layer}`);
      return compileCondition(e, scope, { ...context, filter });
    };
  }

  /** The condition that a display filter means the packet. Throws `FilterError`. */
  packetCondition(filter: string): NonNullable<BreakpointSpec['condition']> {
    this.filters.compile(filter);
    const e: Expression = { kind: 'call', name: 'pkt', args: [{ kind: 'string', value: filter }] };
    return { text: filter, compile: this.#conditionOf(e) };
  }

  /** An expression of a log message: as `condition`, but for its value. */
  expression(text: string): { readonly text: string; readonly compile: ExpressionCompiler } {
    const e = parseExpression(text);
    return { text, compile: (scope) => numberOf(compile(e, scope, this.context())) };
  }

  /** The same for a text that shows the value: fields of packets are in their own notation, and nothing throws. */
  shownExpression(text: string): LogPart {
    if (text.trim() === '#') {
      return { text, compile: ({ hasPacket }) => tried(placeText(hasPacket)) };
    }
    const e = parseExpression(text);
    return { text, compile: (scope) => logged(compile(e, scope, this.context())) };
  }

  /** An expression that is followed: as `condition`, but for its value. */
  value(text: string): { readonly text: string; readonly compile: ExpressionCompiler } {
    const e = parseExpression(text);
    return { text, compile: (scope) => numberOf(compile(e, scope, this.context())) };
  }

  /** An expression that is shown: as `value`, but a field of a packet is in its own notation. */
  shown(text: string): { readonly text: string; readonly compile: ExpressionCompiler } {
    const e = parseExpression(text);
    return { text, compile: (scope) => notated(compile(e, scope, this.context())) };
  }

  /** What `dprintf` prints: `letters` are those of the format's conversions, one for each value. */
  printf(format: string, letters: readonly string[], values: readonly Expression[]): LogPart {
    const compileAll: ExpressionCompiler = (scope) => {
      const codes = values.map((e) => compile(e, scope, this.context()));
      return tried(
        printfText(
          format,
          codes.map((code, i) => {
            const { type } = code;
            const field = letters[i] === 's' && (type.kind === 'field' || type.kind === 'multi');
            return field ? fieldText(type.field.name, code.js) : numberOf(code);
          }),
        ),
      );
    };
    return { text: format, compile: compileAll };
  }

  /** JavaScript of the value of an expression in a frame. Throws `ExpressionError`. */
  valueCode(text: string, frame: number): string {
    return numberOf(compile(parseExpression(text), this.engine.scope(frame), this.context(frame)));
  }

  /**
   * Evaluates in a frame (-1: none). With `assign`, an assignment at the top is done; without, it is an error, and
   * nothing can change. Throws `ExpressionError` or `EngineError`.
   */
  async evaluate(text: string | Expression, frame: number, assign = false): Promise<Result> {
    const e = typeof text === 'string' ? parseExpression(text) : text;
    try {
      return assign ? await this.#perform(e, frame) : await this.#read(e, frame);
    } catch (error) {
      throw inGdbWords(error);
    }
  }

  async #perform(e: Expression, frame: number): Promise<Result> {
    if (e.kind === 'comma') {
      await this.#perform(e.left, frame);
      return this.#perform(e.right, frame);
    }
    if (e.kind !== 'assign') {
      return this.#read(e, frame);
    }
    if (e.target.kind === 'dollar' && registerIndex(e.target.name) === undefined) {
      return this.#assignVariable(e, e.target.name, frame);
    }
    // `a = b = 3`: the inner one first.
    const inner = e.value.kind === 'assign' ? constantOf((await this.#perform(e.value, frame)).value) : e.value;
    const before = e.postfix ? await this.#read(e.target, frame) : undefined;
    const { target, lvalue, value } = compileAssignment(
      { ...e, value: inner },
      this.engine.scope(frame),
      this.context(),
    );
    if (target.memory) {
      await assignMemory(this.engine, target.memory, value, frame);
    } else {
      await this.engine.assign(lvalue, await fitting(this.engine, target, value, frame), frame);
    }
    // What is stored may be less than what was assigned: an element of 8 bits keeps 8.
    return before ?? (await this.#valueOf(target, frame));
  }

  async #assignVariable(e: Expression & { kind: 'assign' }, name: string, frame: number): Promise<Result> {
    if (name === 'pkt' || name === 'pc' || name === '' || /^[$0-9]/.test(name)) {
      throw new ExpressionError('Left operand of assignment is not an lvalue.');
    }
    const before = this.#variables.get(name);
    const value: Expression = e.op === '' ? e.value : { kind: 'binary', op: e.op, left: e.target, right: e.value };
    const result = await this.#perform(value, frame);
    this.#variables.set(name, { ...result, epoch: this.#epoch, frame });
    return e.postfix && before ? before : result;
  }

  async #read(e: Expression, frame: number): Promise<Result> {
    const wantsPc = mentions(e, '"dollar","name":"pc"');
    const pc = wantsPc ? await programCounter(this.engine, frame) : undefined;
    if (wantsPc && !pc) {
      throw new ExpressionError('No registers.');
    }
    const kept = e.kind === 'dollar' && e.name === 'pc' && pc ? pc : this.#kept(e);
    if (kept) {
      return kept;
    }
    const frames = frame >= 0 && mentions(e, 'caller_') ? await this.engine.frames() : undefined;
    const callers = frames && { callers: frames.slice(frame).map((f) => f.fn.name) };
    const context = { ...this.context(frame, pc), ...callers };
    const scope = this.engine.scope(frame);
    let asked = frame < 0 ? null : false;
    const ask: CompileContext['remembered'] = (what, text) => {
      asked ||= what === 'field' || remembers(this.filters.compile(text).fieldsUsed);
      return undefined;
    };
    const code = compile(e, scope, { ...context, ...(asked === null ? {} : { remembered: ask }) });
    const [at] = asked ? (await this.engine.frames()).slice(frame) : [];
    if (at === undefined) {
      return this.#valueOf(code, frame);
    }
    // What the packets before say takes an execution of history, so it is found out for those who ask.
    const answer = await remembered(this.engine, at, this.filters);
    return this.#valueOf(compile(e, scope, { ...context, remembered: answer }), frame);
  }

  async #valueOf(code: Code, frame: number): Promise<Result> {
    const text = numberOf(code);
    const found = code.constant ? constantValue(text) : await this.engine.evaluate(text, frame);
    const value = found.kind === 'undefined' && frame < 0 ? (this.#known(text) ?? found) : found;
    if (value.kind === 'null' && code.contents && code.type.kind === 'struct') {
      throw new ExpressionError('Cannot access memory at address 0x0');
    }
    if (value.kind === 'undefined' && code.origin === 'element') {
      throw new ExpressionError('Cannot access memory: the index is outside of the array.');
    }
    if (value.kind === 'undefined' && code.origin === 'register') {
      throw new ExpressionError(noNicText(this.engine));
    }
    return { value: typed(value, code), code };
  }

  /** A function: without a machine it is not there, but its name and type are. */
  #known(text: string): Value | undefined {
    const [, name] = /^\$G\.(\w+)$/.exec(text) ?? [];
    const known = this.engine.info.functions.some((f) => f.name === name);
    return known && name !== undefined ? { kind: 'function', type: 'function', value: name } : undefined;
  }

  /** A value of the history or a variable by itself, which needs no evaluation. */
  #kept(e: Expression): Result | undefined {
    if (e.kind !== 'dollar' || e.name === 'pkt' || registerIndex(e.name) !== undefined) {
      return undefined;
    }
    const stored = this.#stored(e.name);
    if (!stored) {
      return { value: VOID };
    }
    const { value, code } = stored;
    if (value.handle === undefined || stored.epoch === this.#epoch) {
      return stored;
    }
    // Without a machine a pointer is an address still, and nothing can be read there.
    const ended = this.engine.state === 'none' || this.engine.state === 'exited';
    return ended && !code?.contents && (value.kind === 'struct' || code?.pointer) ? stored : undefined;
  }

  /** Puts a value in the history and returns its number. */
  record(result: Result, frame: number): number {
    return this.#history.push({ ...result, epoch: this.#epoch, frame });
  }

  /** Sets a convenience variable from the debugger's side (`$_`, `$_exitcode`, `$_hostfwd`). */
  setVariable(name: string, value: number | string): void {
    const kind = typeof value === 'number' ? 'number' : 'string';
    this.#variables.set(name, { value: { kind, type: kind, value }, epoch: this.#epoch, frame: -1 });
  }

  /** `$_` and `$__`: the address that was examined last, and what is there. */
  setExamined(address: number, content: number | bigint | undefined, type: string): void {
    const to = { ...SCALAR_TYPES.get(type)!, name: type };
    const kept = { epoch: this.#epoch, frame: -1 };
    const value: Value = { kind: 'number', type: 'number', value: address };
    const code: Code = { js: String(address), type: { kind: 'guest', to }, constant: true };
    this.#variables.set('_', { value, code, ...kept });
    if (content === undefined) {
      this.#variables.delete('__');
      return;
    }
    const signed = to.bits > 32 ? BigInt.asIntN(64, BigInt(content)) : Number(BigInt.asIntN(to.bits, BigInt(content)));
    const kind = typeof signed === 'bigint' ? 'bigint' : 'number';
    const there: Value = { kind, type: kind, value: signed };
    this.#variables.set('__', { value: there, ...kept });
  }

  /** Convenience variables by name, newest first, as `show convenience` lists them. */
  variableEntries(): [string, Result][] {
    return [...this.#variables].reverse();
  }

  historyLength(): number {
    return this.#history.length;
  }

  #stored(name: string): Stored | undefined {
    const size = this.#history.length;
    if (name === '' || name === '$' || /^\$?[0-9]+$/.test(name)) {
      const back = name === '' ? 0 : name === '$' ? 1 : Number(name.slice(1));
      const at = /^[0-9]/.test(name) ? Number(name) : size - back;
      if (at > size) {
        throw new ExpressionError(`History has not yet reached $${name}.`);
      }
      return this.#history[Math.max(at, 0) - 1];
    }
    const threads: Readonly<Record<string, number>> = { _thread: this.#thread, _gthread: this.#thread, _inferior: 1 };
    const number = Object.hasOwn(threads, name) ? threads[name] : undefined;
    return number === undefined
      ? this.#variables.get(name)
      : { value: { kind: 'number', type: 'number', value: number }, epoch: this.#epoch, frame: -1 };
  }

  /** The number of the machine's only thread; 0 without a machine. */
  get #thread(): number {
    return this.engine.state === 'stopped' || this.engine.state === 'running' ? 1 : 0;
  }

  /** What expressions mean in a frame; `pc` is where that stands, if it is asked for. */
  context(frame = -1, pc?: Result): CompileContext {
    return {
      types: this.types,
      register: registerIndex,
      setting: this.setting,
      filter: (text) => this.filters.source(text, `condition ${++this.#conditions}`),
      dollar: (name) => {
        const stored = name === 'pc' && pc ? { ...pc, epoch: this.#epoch, frame } : this.#stored(name);
        return stored && this.#dollarValue(stored, name, frame);
      },
    };
  }

  #dollarValue(stored: Stored, name: string, frame: number): DollarValue | undefined {
    const { value, code } = stored;
    switch (value.kind) {
      case 'undefined':
        return undefined;
      case 'number':
        return {
          js: `(${value.value})`,
          type: numberType(value, code),
          constant: true,
          ...scalarsOf(code),
        };
      case 'bigint':
        return { js: `(${value.value}n)`, type: { kind: 'bigint' }, constant: true, ...scalarsOf(code) };
      case 'string':
        return { js: JSON.stringify(value.value), type: STRING, constant: true };
      case 'boolean':
        return { js: String(value.value), type: { kind: 'boolean' }, constant: true };
      case 'null':
        return { js: 'null', type: ANY, constant: true };
      default:
        if (code && stored.epoch === this.#epoch && stored.frame === frame) {
          return { js: code.js, type: code.type, constant: false };
        }
        // Its address leads back to it, from any frame and for as long as it is there.
        if (value.address === undefined) {
          throw new ExpressionError(`$${name} is gone: the machine has run on since; print it again.`);
        }
        return { js: objectAt(String(value.address)), type: code?.type ?? ANY, constant: false };
    }
  }
}

/** The type of a number that is kept: what it was read as, of one from elsewhere an int where it is small. */
function numberType(value: Value, code: Code | undefined): StaticType {
  const n = Number(value.value);
  if (code && code.type.kind !== 'any') {
    return code.type.kind === 'field' || code.type.kind === 'multi' ? NUMBER : code.type;
  }
  return Number.isInteger(n) && Math.abs(n) <= 0x7fffffff ? INT : NUMBER;
}

function scalarsOf(code: Code | undefined): Pick<DollarValue, 'scalar'> {
  return code?.scalar ? { scalar: code.scalar } : {};
}

/** Whether a syntax tree, as JSON, has the text in it. */
function mentions(e: unknown, text: string): boolean {
  return JSON.stringify(e, (_, v) => (typeof v === 'bigint' ? String(v) : v)).includes(text);
}

/** A value in a log: a field of a packet in its own notation, and what cannot be had as why. */
function logged(code: Code): string {
  const { type } = code;
  const js = numberOf(code);
  return tried(type.kind === 'field' || type.kind === 'multi' ? logFieldText(type.field.name, js) : js);
}

/** A value, of a field of a packet in its own notation. */
function notated(code: Code): string {
  const { type } = code;
  const js = numberOf(code);
  return type.kind === 'field' || type.kind === 'multi' ? fieldText(type.field.name, js) : js;
}

/** A value whose object does not know its type has that of the expression. */
function typed(value: Value, { type }: Code): Value {
  if (value.kind === 'struct' && value.type === '' && type.kind === 'struct') {
    return { ...value, type: type.struct.name };
  }
  if (value.kind === 'array' && value.type === 'array' && type.kind === 'array' && type.element.kind === 'struct') {
    return { ...value, type: `${type.element.struct.name}[]` };
  }
  return value;
}

/** A constant expression from a scalar value. */
function constantOf(value: Value): Expression {
  switch (value.kind) {
    case 'number':
      return { kind: 'number', value: Number(value.value), type: 'long' };
    case 'bigint':
      return { kind: 'number', value: BigInt(value.value ?? 0), type: 'long' };
    case 'string':
      return { kind: 'string', value: String(value.value) };
    case 'boolean':
      return { kind: 'name', name: String(value.value) };
    default:
      throw new ExpressionError('Only scalars can be assigned in a chain.');
  }
}

/** Time a constant expression may take; only a regular expression can use it up. */
const CONSTANT_TIMEOUT_MS = 1000;

/** Where constant expressions are evaluated; none of them can leave anything there. */
let constants: Context | undefined;

/** A number as it is: what loops of scripts are full of, for which a context of V8's would take a millisecond. */
const PLAIN_NUMBER = /^\(?(0|[1-9]\d{0,14})\)?$/;

/** The value of code that needs no program. */
function constantValue(js: string): Value {
  const [, digits] = PLAIN_NUMBER.exec(js) ?? [];
  constants ??= createContext(Object.create(null) as Context);
  const v: unknown =
    digits === undefined ? runInContext(`(${js})`, constants, { timeout: CONSTANT_TIMEOUT_MS }) : Number(digits);
  switch (typeof v) {
    case 'number':
    case 'string':
    case 'boolean':
      return { kind: typeof v as 'number', type: typeof v === 'number' ? 'int' : typeof v, value: v };
    case 'bigint':
      return { kind: 'bigint', type: 'long', value: v };
    default:
      return v === null ? { kind: 'null', type: 'null' } : VOID;
  }
}

/** What JavaScript says about a failed evaluation, in gdb's words. */
function inGdbWords(error: unknown): Error {
  const e = error instanceof Error ? error : new Error(String(error));
  if (e instanceof ExpressionError) {
    return e;
  }
  const message = e.message.replace(/^(?:\w*Error: )+/, '');
  if (/^Cannot (?:read|set) propert/.test(message)) {
    return new ExpressionError('Cannot access memory at address 0x0');
  }
  if (message === '$R is not defined') {
    return new ExpressionError('Cannot access memory: the program is not being run.');
  }
  const unknown = /^(\w+) is not defined/.exec(message);
  if (unknown) {
    return new ExpressionError(`No symbol "${unknown[1]}" in current context.`);
  }
  const early = /^Cannot access '(\w+)' before initialization/.exec(message);
  if (early) {
    return new ExpressionError(`"${early[1]}" has no value yet here.`);
  }
  return new ExpressionError(message);
}
