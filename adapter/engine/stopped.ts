/** A stop of the inferior: its frames, and evaluation in them. Dead once the inferior runs again. */
import type { FunctionInfo, PacketInfo, Variable } from '../compiler/debug-info.ts';
import type { PacketCopy } from '../inferior/packet-copy.ts';
import type { Captured, WatchOrder } from '../inferior/watches.ts';
import type { FramedChange } from '../mailbox/change.ts';
import {
  EngineError,
  type Frame,
  type NamedValue,
  type PacketBytes,
  type Stop,
  type SymbolScope,
  type Value,
  type WatchLocation,
} from './api.ts';
import { type Image, packetExpression, packetLocal } from './image.ts';
import { EvaluationError, type InspectorChannel, type V8CallFrame, type V8Paused } from './inspector.ts';
import { call, field } from './link.ts';

interface StackFrame extends Frame {
  readonly callFrameId: string;
  /** Names in scope, parameters first. */
  readonly visible: readonly Variable[];
}

/** Placeholder for a local that is not initialised yet. */
const NOT_YET = '__pktgdb_not_yet';

export class StoppedState {
  /** The probe at which the innermost frame stands, or -1. */
  readonly #probe: number;
  readonly #image: Image;
  readonly #channel: InspectorChannel;
  #stack: readonly StackFrame[];
  /** True once the innermost frame has been left by the runtime so that its locals can be written. */
  materialised = false;

  constructor(image: Image, channel: InspectorChannel, paused: V8Paused, probe: number) {
    this.#image = image;
    this.#channel = channel;
    this.#probe = probe;
    this.#stack = this.#framesOf(paused.callFrames);
  }

  get frames(): readonly Frame[] {
    return this.#stack;
  }

  #framesOf(callFrames: readonly V8CallFrame[]): StackFrame[] {
    const out: StackFrame[] = [];
    const marker = '/stack/debug/';
    for (const f of callFrames) {
      const at = f.url.lastIndexOf(marker);
      const file = at < 0 ? undefined : this.#image.file(decodeURIComponent(f.url.slice(at + marker.length)));
      const line = f.location.lineNumber + 1;
      const fn = file === undefined ? undefined : this.#image.functionAt(file, line, f.functionName);
      if (fn && !fn.nodebug) {
        out.push(this.#frame(out.length, fn, line, f.callFrameId));
      }
    }
    return out;
  }

  #frame(index: number, fn: FunctionInfo, line: number, callFrameId: string): StackFrame {
    const probe = index === 0 ? this.#probe : -1;
    const p = probe >= 0 ? this.#image.probe(probe) : undefined;
    const visible = p?.locals ?? this.#image.localsAt(fn, line);
    return {
      index,
      fn,
      location: { file: fn.file, line: p?.line ?? line, column: p?.column ?? 1 },
      probe,
      callFrameId,
      visible,
    };
  }

  at(index: number): StackFrame {
    const f = this.#stack[index];
    if (!f) {
      throw new EngineError(this.#stack.length === 0 ? 'No stack.' : `No frame at level ${index}.`);
    }
    return f;
  }

  scope(index: number): SymbolScope {
    const own = this.#image.scopeAt(this.at(index).fn, this.at(index).visible);
    return { ...own, hasPacket: this.#packetFrame(index) !== undefined };
  }

  /** The frame itself or the nearest caller that handles a packet. */
  #packetFrame(index: number): { frame: StackFrame; local: PacketInfo } | undefined {
    for (const frame of this.#stack.slice(index)) {
      const local = packetLocal(frame.fn, frame.visible);
      if (local) {
        return { frame, local };
      }
    }
    return undefined;
  }

  async values(index: number, which: 'args' | 'locals'): Promise<NamedValue[]> {
    const frame = this.at(index);
    const params = new Set(frame.fn.params.map((p) => p.name));
    const wanted = frame.visible.filter((v) => params.has(v.name) === (which === 'args'));
    const all = which === 'args' ? frame.fn.params.map((p) => wanted.find((v) => v.name === p.name) ?? p) : wanted;
    if (all.length === 0) {
      return [];
    }
    const parts = all.map((v) => {
      const described = call('$R', 'describe', v.name, JSON.stringify(v.type));
      return `(()=>{try{return ${described}}catch{return ${JSON.stringify(NOT_YET)}}})()`;
    });
    const values = await this.#channel.evaluate<(Value | string)[]>(
      `(($R)=>[${parts.join(',')}])(__pktgdb)`,
      frame.callFrameId,
    );
    return all.flatMap((v, i) => {
      const value = values[i];
      return value === undefined || typeof value === 'string' ? [] : [{ name: v.name, value }];
    });
  }

  /** Has the runtime watch an expression over what it captures of a frame. */
  async watch(order: WatchOrder, captures: WatchLocation['captures'], index: number): Promise<void> {
    const { fn, callFrameId } = this.at(index);
    const globals = call('__pktgdb', 'globals', JSON.stringify(fn.file));
    const set = call('$R', 'setWatch', JSON.stringify(order), capturing(captures));
    await guard(this.#channel.evaluate(`(($R,$G)=>void ${set})(__pktgdb,${globals})`, callFrameId));
  }

  /** What a watch captures of a frame, as another inferior at the same moment can find it. */
  async carry(captures: WatchLocation['captures'], index: number): Promise<Record<string, Captured>> {
    const { fn, callFrameId } = this.at(index);
    const globals = call('__pktgdb', 'globals', JSON.stringify(fn.file));
    const carried = call('$R', 'carry', capturing(captures));
    return this.#channel.evaluate(`(($R,$G)=>${carried})(__pktgdb,${globals})`, callFrameId);
  }

  async evaluate(js: string, index: number): Promise<Value> {
    const frame = index < 0 ? undefined : this.at(index);
    const packet = js.includes('$pkt') ? await this.#viewPacket(index) : 'undefined';
    const file = JSON.stringify(frame?.fn.file ?? '');
    const fields = js.includes('$F') ? field('__pktgdb', 'F') : 'undefined';
    const around = ['__pktgdb', call('__pktgdb', 'globals', file), fields, packet];
    const code = `(($R,$G,$F,$pkt)=>${call('$R', 'describe', `(${js})`)})(${around.join(',')})`;
    return guard(this.#channel.evaluate<Value>(code, frame?.callFrameId));
  }

  /** Makes the packet of a frame the runtime's current one; returns the JavaScript that names it. */
  async #viewPacket(index: number): Promise<string> {
    const found = index < 0 ? undefined : this.#packetFrame(index);
    if (!found) {
      return 'undefined';
    }
    await this.#channel.evaluate(`void ${packetExpression(found.local, '__pktgdb')}`, found.frame.callFrameId);
    return field('__pktgdb', 'currentPacket');
  }

  async packet(index: number): Promise<PacketBytes | undefined> {
    const found = this.#packetFrame(index);
    if (!found) {
      return undefined;
    }
    const code = packetExpression(found.local, '__pktgdb', 'packetCopy');
    const copy = await this.#channel.evaluate<PacketCopy | null>(code, found.frame.callFrameId);
    if (!copy) {
      return undefined;
    }
    const { hex, linktype, ...known } = copy;
    return { bytes: Uint8Array.from(Buffer.from(hex, 'hex')), linktype, known };
  }

  /** Throws `EngineError` where the innermost function cannot be made to return. */
  checkReturn(): void {
    if (this.materialised) {
      throw new EngineError('a local variable was assigned here, and this statement has begun: step once, then return');
    }
    if (this.#probe < 0) {
      throw new EngineError('no statement begins here, so the function cannot be left: step once, then return');
    }
  }

  /** What it takes to assign `valueJs` to `js`. A local variable gets a literal. */
  async assignment(js: string, valueJs: string, index: number): Promise<FramedChange> {
    const frame = index >= 0 ? this.at(index) : undefined;
    if (!frame?.visible.some((v) => v.name === js)) {
      return { kind: 'assign', frame: index, js, valueJs };
    }
    const wanted = await this.evaluate(valueJs, index);
    const primitive = wanted.kind === 'null' ? null : wanted.value;
    if (wanted.handle !== undefined || primitive === undefined) {
      throw new EngineError('only numbers, strings, booleans and null can be assigned to a local variable');
    }
    const literal = wanted.kind === 'bigint' ? `${primitive}n` : JSON.stringify(primitive);
    const { file, line } = frame.fn;
    return { kind: 'assign', frame: index, js, valueJs: literal, fn: { file, line } };
  }

  /** Does what changes the program here; resolves to the new value. */
  async perform(change: FramedChange): Promise<Value> {
    switch (change.kind) {
      case 'evaluate':
        return this.evaluate(change.js, change.frame);
      case 'return':
        this.checkReturn();
        return this.evaluate(call('$R', 'returnFrom', `(${change.js})`), 0);
      case 'assign':
        if (!change.fn) {
          return this.evaluate(`${change.js}=(${change.valueJs})`, change.frame);
        }
        await this.#assignLocal(change.js, change.valueJs, change.frame);
        return this.evaluate(change.js, change.frame);
    }
  }

  /**
   * V8 cannot write to the locals of an optimised frame. For the innermost one the runtime's own frames are left first,
   * which makes V8 continue in an unoptimised frame at the same statement.
   */
  async #assignLocal(name: string, literal: string, index: number): Promise<void> {
    await this.#channel.harden();
    const holds = async (): Promise<boolean> => {
      const { callFrameId } = this.at(index);
      await guard(this.#channel.evaluate(`(()=>{${name}=${literal}})()`, callFrameId));
      return this.#channel.evaluate<boolean>(`Object.is(${name},${literal})`, callFrameId);
    };
    if (await holds()) {
      return;
    }
    if (index === 0 && !this.materialised && this.at(0).probe >= 0) {
      await this.#materialise();
      if (await holds()) {
        return;
      }
    }
    throw new EngineError(
      `"${name}" is optimised in this frame and cannot be written; ` +
        'assign in the innermost frame, or to a field of a struct',
    );
  }

  async #materialise(): Promise<void> {
    this.materialised = true;
    for (;;) {
      const paused = new Promise<V8Paused>((resolve) => this.#channel.once('paused', resolve));
      await this.#channel.send('Debugger.stepOut');
      const { callFrames } = await paused;
      if (callFrames[0]?.url.includes('/stack/debug/')) {
        this.#stack = this.#framesOf(callFrames);
        return;
      }
    }
  }
}

/** JavaScript for an object of captured values; what has no value yet is undefined. */
function capturing(captures: WatchLocation['captures']): string {
  const fields = captures.map(([name, js]) => `${JSON.stringify(name)}:(()=>{try{return ${js}}catch{}})()`);
  return `{${fields.join(',')}}`;
}

/** An assignment with what it came to instead of how: a saved recording is trusted with constants only. */
export function withResult(change: FramedChange, { kind, value }: Value): FramedChange {
  if (change.kind !== 'assign' || value === undefined || typeof value !== kind) {
    return change;
  }
  return {
    ...change,
    valueJs: kind === 'string' ? JSON.stringify(value) : Object.is(value, -0) ? '-0' : String(value),
  };
}

/** Turns what an expression threw into an `EngineError`. */
async function guard<T>(value: Promise<T>): Promise<T> {
  try {
    return await value;
  } catch (e) {
    if (e instanceof EvaluationError) {
      throw new EngineError(e.message);
    }
    throw e;
  }
}

/** The stop at an exception that nothing catches, as V8 tells of it. */
export function exceptionStop(paused: V8Paused): Stop {
  const description = paused.data?.description ?? 'unknown';
  const [first = ''] = description.split('\n');
  const m = /^(\w+): (.*)$/.exec(first);
  return {
    kind: 'exception',
    name: m?.[1] ?? paused.data?.className ?? 'Error',
    message: m?.[2] ?? first,
    stack: description,
  };
}
