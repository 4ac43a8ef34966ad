/** An engine without a machine: a fixed program, stack and memory, for tests of what the DAP session makes of them. */
import { EventEmitter } from 'node:events';
import type { DebugInfo, FunctionInfo, Variable } from '../../adapter/compiler/debug-info.ts';
import type {
  Breakpoint,
  BreakpointSpec,
  EngineApi,
  EngineEvents,
  Frame,
  GuestMemory,
  InferiorState,
  LaunchOptions,
  NamedValue,
  Stop,
  SymbolScope,
  Value,
} from '../../adapter/engine/api.ts';
import { EngineError } from '../../adapter/engine/api.ts';

const NIC_BASE = 0xfebc0000;

function fn(id: number, name: string, file: string, line: number, params: Variable[]): FunctionInfo {
  const rest = { returnType: 'void', doc: '', exported: true, nodebug: false, probes: [id * 2, id * 2 + 1] };
  return { id, name, file, line, endLine: line + 9, params, ...rest };
}

const FUNCTIONS: readonly FunctionInfo[] = [
  fn(0, 'main', 'softmmu/main.ts', 10, []),
  fn(1, 'e1000_receive_iov', 'hw/net/e1000.ts', 100, [
    { name: 's', type: 'E1000State' },
    { name: 'size', type: 'number' },
    { name: 'buf', type: 'Uint8Array' },
  ]),
];

const INFO: DebugInfo = {
  version: 1,
  buildId: 'fake',
  files: ['hw/net/e1000.ts', 'softmmu/main.ts'],
  functions: FUNCTIONS,
  probes: FUNCTIONS.flatMap((f) =>
    f.probes.map((id, i) => ({
      id,
      kind: 'statement' as const,
      fn: f.id,
      line: f.line + 2 + i * 2,
      column: 3,
      locals: [...f.params],
    })),
  ),
  structs: [
    {
      name: 'E1000State',
      file: 'hw/net/e1000.ts',
      line: 1,
      doc: '',
      kind: 'class',
      extends: '',
      fields: [{ name: 'big', type: 'Uint32Array', doc: '', line: 2 }],
    },
  ],
  globals: [],
};

export class FakeEngine extends EventEmitter<EngineEvents> implements EngineApi {
  readonly info = INFO;
  readonly sourceRoot = '/pktgdb/adapter/stack';
  state: InferiorState = 'none';
  stop: Stop | undefined;
  breakpoints: Breakpoint[] = [];
  readonly launches: LaunchOptions[] = [];
  /** Makes the next launch fail. */
  launchError: string | undefined;
  disposed = false;
  /** The objects of the program; `evaluate` and `assign` work on them. */
  readonly variables: Record<string, unknown> = {
    s: { big: Uint32Array.from({ length: 1000 }, (_, i) => i) },
    size: 60,
    buf: Uint8Array.from({ length: 60 }, (_, i) => i),
  };
  readonly shared = new Map<string, ArrayBufferLike>();
  readonly #objects: object[] = [];
  #nextId = 1;

  // ---- running ----

  async launch(options: LaunchOptions): Promise<void> {
    if (this.launchError !== undefined) {
      throw new EngineError(this.launchError);
    }
    this.launches.push(options);
    this.shared.set('ram', new SharedArrayBuffer(0x10000));
    this.shared.set('e1000.0/mac_reg', new SharedArrayBuffer(0x20000));
    this.state = 'running';
    if (options.stopOnEntry === true) {
      this.stopHere({ kind: 'entry' });
    }
  }

  /** The machine stops. */
  stopHere(reason: Stop): void {
    this.state = 'stopped';
    this.stop = reason;
    this.emit('stopped', reason);
  }

  async kill(): Promise<void> {
    if (this.state !== 'none' && this.state !== 'exited') {
      this.state = 'exited';
      this.emit('exited', 0, '');
    }
  }

  async dispose(): Promise<void> {
    await this.kill();
    this.disposed = true;
  }

  async resume(): Promise<void> {
    this.state = 'running';
    this.stop = undefined;
    this.emit('continued');
    // A stop that is there before the request is answered: the answer must come first all the same.
    const [bp] = this.breakpoints.filter((b) => b.verified && b.spec.log === undefined);
    if (bp !== undefined) {
      this.stopHere({ kind: 'breakpoint', breakpoints: [bp.id], hitTemporary: false });
    }
  }

  async interrupt(): Promise<void> {
    this.stopHere({ kind: 'pause' });
  }

  async step(): Promise<void> {
    this.emit('continued');
    this.stopHere({ kind: 'step' });
  }

  async runTo(): Promise<void> {
    await this.step();
  }

  // ---- breakpoints ----

  setBreakpoint(spec: BreakpointSpec): Breakpoint {
    const at = spec.location;
    const functions = at.kind === 'function' ? FUNCTIONS.filter((f) => f.name === at.name) : [];
    const lines =
      at.kind === 'line'
        ? INFO.probes.filter((p) => FUNCTIONS[p.fn]?.file === at.file && p.line >= at.line).slice(0, 1)
        : INFO.probes.filter((p) => functions.some((f) => f.probes[0] === p.id));
    const bp: Breakpoint = {
      id: this.#nextId++,
      spec,
      enabled: true,
      hits: 0,
      verified: lines.length > 0,
      ...(lines.length > 0 ? {} : { message: 'Function not defined. Did you mean e1000_receive_iov?' }),
      locations: lines.map((p) => {
        const f = FUNCTIONS[p.fn]!;
        return { file: f.file, line: p.line, column: p.column, function: f.name, probe: p.id };
      }),
    };
    this.breakpoints.push(bp);
    this.emit('breakpoint', 'new', bp);
    return bp;
  }

  updateBreakpoint(id: number, change: { readonly enabled?: boolean }): Breakpoint {
    const index = this.breakpoints.findIndex((b) => b.id === id);
    const next = { ...this.breakpoints[index]!, ...(change.enabled === undefined ? {} : { enabled: change.enabled }) };
    this.breakpoints[index] = next;
    this.emit('breakpoint', 'changed', next);
    return next;
  }

  deleteBreakpoint(id: number): boolean {
    const bp = this.breakpoints.find((b) => b.id === id);
    this.breakpoints = this.breakpoints.filter((b) => b.id !== id);
    if (bp !== undefined) {
      this.emit('breakpoint', 'removed', bp);
    }
    return bp !== undefined;
  }

  // ---- state ----

  async frames(): Promise<readonly Frame[]> {
    return [...FUNCTIONS].reverse().map((f, index) => {
      return { index, fn: f, location: { file: f.file, line: f.line + 2, column: 3 }, probe: index === 0 ? 2 : -1 };
    });
  }

  async args(frame: number): Promise<readonly NamedValue[]> {
    const params = frame === 0 ? FUNCTIONS[1]!.params : [];
    return params.map(({ name }) => ({ name, value: this.#describe(this.variables[name]) }));
  }

  async locals(): Promise<readonly NamedValue[]> {
    return [];
  }

  async children(handle: string, start = 0, count = Number.POSITIVE_INFINITY): Promise<readonly NamedValue[]> {
    const object = this.#objects[Number(handle)]!;
    const entries = ArrayBuffer.isView(object)
      ? Array.from(object as unknown as ArrayLike<number>, (v, i): [string, unknown] => [`[${i}]`, v])
      : Object.entries(object);
    return entries.slice(start, start + count).map(([name, v]) => ({ name, value: this.#describe(v) }));
  }

  scope(frame: number): SymbolScope {
    const params = frame === 0 ? FUNCTIONS[1]!.params : [];
    return {
      local: (name) => params.find((p) => p.name === name),
      global: () => undefined,
      hasPacket: frame === 0,
    };
  }

  async evaluate(js: string): Promise<Value> {
    const names = Object.keys(this.variables);
    try {
      return this.#describe(new Function(...names, `return (${js})`)(...names.map((n) => this.variables[n])));
    } catch (error) {
      throw new EngineError((error as Error).message);
    }
  }

  async assign(js: string, valueJs: string): Promise<Value> {
    const variables = this.variables;
    const value: unknown = new Function('L', `with (L) { return (${js} = (${valueJs})) }`)(variables);
    return this.#describe(value);
  }

  async packet(frame: number): Promise<{ readonly bytes: Uint8Array; readonly linktype: 'ethernet' } | undefined> {
    return frame === 0 ? { bytes: this.variables['buf'] as Uint8Array, linktype: 'ethernet' } : undefined;
  }

  #describe(v: unknown): Value {
    if (typeof v === 'number' || typeof v === 'boolean' || typeof v === 'string') {
      return { kind: typeof v as 'number', type: typeof v, value: v };
    }
    if (typeof v !== 'object' || v === null) {
      return { kind: 'undefined', type: '' };
    }
    const handle = String(this.#objects.push(v) - 1);
    if (ArrayBuffer.isView(v)) {
      const { length, BYTES_PER_ELEMENT: size } = v as Uint8Array;
      return { kind: size === 1 ? 'bytes' : 'array', type: v.constructor.name, length, bits: size * 8, handle };
    }
    return { kind: 'struct', type: 'E1000State', length: Object.keys(v).length, handle };
  }

  get memory(): GuestMemory {
    const regions = [...this.shared].map(([name, buffer]) => ({
      name: name === 'ram' ? name : 'e1000.0',
      start: name === 'ram' ? 0 : NIC_BASE,
      length: buffer.byteLength,
      bytes: new Uint8Array(buffer),
    }));
    const find = (address: number) => regions.find((r) => address >= r.start && address < r.start + r.length);
    return {
      regions,
      read: (address, length) => {
        const r = find(address);
        return r === undefined ? new Uint8Array(0) : r.bytes.slice(address - r.start, address - r.start + length);
      },
      write: (address, data) => {
        const r = find(address);
        const bytes = r === undefined ? undefined : r.bytes.subarray(address - r.start);
        const n = Math.min(bytes?.length ?? 0, data.length);
        bytes?.set(data.subarray(0, n));
        return n;
      },
    };
  }

  guestInput(): void {}

  async monitor(): Promise<string> {
    return '';
  }

  async position() {
    return { tick: 0, probe: -1, location: undefined };
  }
}
