/**
 * An engine without a machine: a stopped program of three frames over real objects, for tests of the command language.
 */
import { EventEmitter } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DebugInfo, Variable } from '../../adapter/compiler/debug-info.ts';
import {
  type Breakpoint,
  type BreakpointSpec,
  type EngineApi,
  EngineError,
  type EngineEvents,
  type Frame,
  type InferiorState,
  type LaunchOptions,
  type NamedValue,
  type Position,
  type StepKind,
  type StopReason,
  type SymbolScope,
  type Value,
} from '../../adapter/engine/api.ts';
import { FIELDS, PacketView } from '../../adapter/packets/fields.ts';
import { tempFolder } from '../tools/temp.ts';

const SOURCE = `// line 1
export function add(so: socket, x: number, buf: Uint8Array): number {
  const y = x + 1;
  for (let i = 0; i < 3; i++) {
    total += i;
  }
  return y + so.so_state;
}

export function mid(z: number): number {
  return add(so1, z, bytes) * 2;
}

export function main(argc: number): number {
  const r = mid(3);
  return r;
}
`;

const v = (name: string, type: string): Variable => ({ name, type });
const ADD = [v('so', 'socket'), v('x', 'number'), v('buf', 'Uint8Array')];
const LOCALS = [
  ...ADD,
  v('y', 'number'),
  v('iov', 'iovec[]'),
  v('s', 'E1000State'),
  v('any', ''),
  v('ok', 'boolean'),
  v('none', 'socket | null'),
  v('size', 'number'),
  v('text', 'string'),
  v('big', 'bigint'),
];

const fn = (
  id: number,
  name: string,
  line: number,
  endLine: number,
  params: Variable[],
  probes: number[],
  doc = '',
) => ({
  id,
  name,
  file: 'util/t.ts',
  line,
  endLine,
  params,
  returnType: 'number',
  doc,
  exported: true,
  nodebug: false,
  probes,
});
const probe = (id: number, f: number, line: number, locals: Variable[]) => ({
  id,
  kind: 'statement' as const,
  fn: f,
  line,
  column: 3,
  locals,
});
const field = (name: string, type: string, doc = '') => ({ name, type, doc, line: 1 });
const struct = (name: string, fields: ReturnType<typeof field>[], base = '') => ({
  name,
  file: 'slirp/socket.ts',
  line: 1,
  doc: `A ${name}.`,
  kind: 'class' as const,
  extends: base,
  fields,
});

const INFO: DebugInfo = {
  version: 1,
  buildId: 'test',
  files: ['util/t.ts', 'slirp/socket.ts', 'hw/net/e1000.ts'],
  functions: [
    fn(0, 'add', 2, 8, ADD, [0, 1, 2, 3], 'Adds.\nSlowly.'),
    fn(1, 'mid', 10, 12, [v('z', 'number')], [4]),
    fn(2, 'main', 14, 17, [v('argc', 'number')], [5, 6]),
    { ...fn(3, 'e1000_receive', 1, 1, [], []), file: 'hw/net/e1000.ts' },
    { ...fn(4, 'e1000_receive_iov', 1, 1, [], []), file: 'hw/net/e1000.ts' },
  ],
  probes: [
    probe(0, 0, 3, LOCALS),
    probe(1, 0, 4, LOCALS),
    probe(2, 0, 5, LOCALS),
    probe(3, 0, 7, LOCALS),
    probe(4, 1, 11, [v('z', 'number')]),
    probe(5, 2, 15, [v('argc', 'number')]),
    probe(6, 2, 16, [v('argc', 'number'), v('r', 'number')]),
  ],
  structs: [
    struct('socket', [
      field('so_state', 'number', 'State bits.'),
      field('so_name', 'string'),
      field('so_next', 'socket | null'),
      field('so_data', 'Uint8Array'),
    ]),
    struct('iovec', [field('iov_base', 'Uint8Array'), field('iov_len', 'number')]),
    struct('E1000State', [field('mac_reg', 'Uint32Array')]),
    struct('MachineState', [field('nics', 'E1000State[]'), field('turns', 'number')]),
  ],
  globals: [
    { name: 'RDH', type: 'number', file: 'hw/net/e1000.ts', line: 3, doc: '', value: 0x2810 >> 2 },
    { name: 'SS_ISFCONNECTED', type: 'number', file: 'slirp/socket.ts', line: 3, doc: '', value: 4 },
    { name: 'total', type: 'number', file: 'util/t.ts', line: 1, doc: '' },
    { name: 'machine', type: 'MachineState', file: 'util/t.ts', line: 1, doc: '' },
  ],
};

export class socket {
  so_state = 4;
  so_name = 'hello';
  so_next: socket | null = null;
  so_data = new Uint8Array([1, 2, 3, ...new Array<number>(37).fill(0)]);
}

class iovec {
  iov_base: Uint8Array;
  iov_len: number;
  constructor(base: Uint8Array) {
    this.iov_base = base;
    this.iov_len = base.length;
  }
}

/** An Ethernet frame with a TCP SYN from 10.0.2.2:45678 to 10.0.2.15:5556. */
export const SYN = Uint8Array.from(
  Buffer.from(
    '525400123456525500000202080045000028000100004006000a0a0002020a00020fb26e15b4000000010000000050022238000000000000000000000000'.slice(
      0,
      120,
    ),
    'hex',
  ),
);

export class FakeEngine extends EventEmitter<EngineEvents> implements EngineApi {
  readonly info = INFO;
  readonly sourceRoot: string;
  state: InferiorState = 'none';
  stop: StopReason | undefined;
  breakpoints: Breakpoint[] = [];
  shared: ReadonlyMap<string, ArrayBufferLike> = new Map();
  /** What was asked of it, in order. */
  readonly calls: string[] = [];
  /** Stops to come: each resume or step takes the next; none left: the machine exits. */
  script: { reason: StopReason; depth?: number; line?: number }[] = [];
  localsOfAdd: Record<string, unknown>;
  readonly globals: Record<string, unknown>;
  #depth = 3;
  #line = 3;
  #last = 0;
  readonly #objects: object[] = [];
  readonly #addresses = new Map<object, number>();

  constructor() {
    super();
    this.sourceRoot = tempFolder();
    for (const [file, text] of [
      ['util/t.ts', SOURCE],
      ['slirp/socket.ts', '// one\n'],
    ] as const) {
      mkdirSync(dirname(join(this.sourceRoot, file)), { recursive: true });
      writeFileSync(join(this.sourceRoot, file), text);
    }
    const macReg = new Uint32Array(0x8000);
    macReg[0xc0 >> 2] = 0x83;
    macReg[0x2810 >> 2] = 3;
    const E1000State = class E1000State {
      mac_reg = macReg;
    };
    const MachineState = class MachineState {
      nics = [new E1000State()];
      turns = 7;
    };
    const machine = new MachineState();
    this.globals = { machine, total: 40, RDH: 0x2810 >> 2, SS_ISFCONNECTED: 4 };
    this.localsOfAdd = {
      so: new socket(),
      x: 3,
      buf: SYN,
      y: 0,
      iov: [new iovec(SYN), new iovec(new Uint8Array(4))],
      s: machine.nics[0],
      any: { deep: [10, 20, 30], map: new Map([['a', 1]]) },
      ok: true,
      none: null,
      size: SYN.length,
      text: 'listening on 5556',
      big: 2n ** 63n,
    };
  }

  /** The machine stands at the first statement of `add`. */
  stand(): this {
    this.state = 'stopped';
    this.stop = { kind: 'breakpoint', breakpoints: [1], hitTemporary: false };
    const { mac_reg: macReg } = (this.globals['machine'] as { nics: { mac_reg: Uint32Array }[] }).nics[0]!;
    this.shared = new Map([['e1000.0/mac_reg', macReg.buffer]]);
    return this;
  }

  async launch(options: LaunchOptions): Promise<void> {
    this.calls.push(`launch ${options.args.join(' ')}`);
    this.state = 'running';
    this.emit('report', 'info', 'hostfwd tcp 127.0.0.1:40123 -> 10.0.2.15:5556');
    this.#next();
  }
  async kill(): Promise<void> {
    this.state = 'exited';
    this.emit('exited', 0, '');
  }
  async dispose(): Promise<void> {
    this.removeAllListeners();
  }
  async resume(): Promise<void> {
    this.calls.push('resume');
    this.#next();
  }
  async interrupt(): Promise<void> {
    this.calls.push('interrupt');
  }
  async step(kind: StepKind, options: { frame?: number; count?: number } = {}): Promise<void> {
    this.calls.push(`step ${kind} ${options.count ?? options.frame ?? ''}`.trim());
    this.#next();
  }
  async runTo(location: BreakpointSpec['location']): Promise<void> {
    this.calls.push(
      `runTo ${location.kind === 'function' ? location.name : Object.values(location).slice(1).join(':')}`,
    );
    this.#next();
  }

  #next(): void {
    this.state = 'running';
    this.emit('continued');
    setImmediate(() => {
      const s = this.script.shift();
      if (!s) {
        this.state = 'exited';
        this.emit('exited', 0, '');
        return;
      }
      this.stand();
      this.stop = s.reason;
      this.#depth = s.depth ?? 3;
      this.#line = s.line ?? 3;
      this.emit('stopped', s.reason);
    });
  }

  setBreakpoint(spec: BreakpointSpec): Breakpoint {
    const id = ++this.#last;
    const { location } = spec;
    const places = INFO.probes.filter((p) => {
      const f = INFO.functions[p.fn]!;
      return location.kind === 'function'
        ? f.name === location.name && f.probes[0] === p.id
        : location.kind === 'line' && f.file === location.file && p.line >= location.line;
    });
    let message: string | undefined;
    try {
      spec.condition?.compile(this.scope(places[0]?.fn === 0 ? 0 : 1));
    } catch (e) {
      message = (e as Error).message;
    }
    const p = places[0];
    const bp: Breakpoint = {
      id,
      spec,
      enabled: true,
      verified: p !== undefined && message === undefined,
      ...(message === undefined ? {} : { message }),
      locations: p
        ? [{ file: 'util/t.ts', line: p.line, column: 3, function: INFO.functions[p.fn]!.name, probe: p.id }]
        : [],
      hits: 0,
    };
    this.breakpoints.push(bp);
    this.emit('breakpoint', 'new', bp);
    return bp;
  }
  updateBreakpoint(id: number, change: Parameters<EngineApi['updateBreakpoint']>[1]): Breakpoint {
    const i = this.breakpoints.findIndex((b) => b.id === id);
    const b = this.breakpoints[i]!;
    const { condition: _c, ignoreCount: _i, ...rest } = b.spec;
    const condition = change.condition === undefined ? b.spec.condition : (change.condition ?? undefined);
    const ignoreCount = change.ignoreCount ?? b.spec.ignoreCount;
    const spec = {
      ...rest,
      ...(condition ? { condition } : {}),
      ...(ignoreCount === undefined ? {} : { ignoreCount }),
    };
    this.breakpoints[i] = { ...b, spec, enabled: change.enabled ?? b.enabled };
    return this.breakpoints[i]!;
  }
  deleteBreakpoint(id: number): boolean {
    const b = this.breakpoints.find((x) => x.id === id);
    this.breakpoints = this.breakpoints.filter((x) => x.id !== id);
    if (b) {
      this.emit('breakpoint', 'removed', b);
    }
    return b !== undefined;
  }

  async frames(): Promise<readonly Frame[]> {
    const all = [
      { fn: INFO.functions[0]!, line: this.#line },
      { fn: INFO.functions[1]!, line: 11 },
      { fn: INFO.functions[2]!, line: 15 },
    ].slice(3 - this.#depth);
    return all.map((f, index) => ({
      index,
      fn: f.fn,
      location: { file: 'util/t.ts', line: f.line, column: 3 },
      probe: index === 0 ? 0 : -1,
    }));
  }
  #values(frame: number): Record<string, unknown> {
    const level = frame + 3 - this.#depth;
    return level === 0 ? this.localsOfAdd : level === 1 ? { z: 3 } : { argc: 1 };
  }
  async args(frame: number): Promise<readonly NamedValue[]> {
    const f = (await this.frames())[frame]!;
    return f.fn.params.map((p) => ({ name: p.name, value: this.#describe(this.#values(frame)[p.name]) }));
  }
  async locals(frame: number): Promise<readonly NamedValue[]> {
    return frame === 0 ? [{ name: 'y', value: this.#describe(this.localsOfAdd['y']) }] : [];
  }

  #describe(x: unknown): Value {
    if (x === null || x === undefined) {
      return { kind: x === null ? 'null' : 'undefined', type: '' };
    }
    if (typeof x === 'bigint') {
      return { kind: 'bigint', type: 'bigint', value: x };
    }
    if (typeof x === 'function') {
      return { kind: 'function', type: '', value: x.name };
    }
    if (typeof x !== 'object') {
      return { kind: typeof x as 'number', type: typeof x, value: x as number };
    }
    const handle = String(this.#objects.push(x) - 1);
    const address = this.#addresses.get(x) ?? 0x7f0000001000 + this.#addresses.size * 0x40;
    this.#addresses.set(x, address);
    const type = x.constructor.name;
    if (ArrayBuffer.isView(x) || Array.isArray(x)) {
      const a = x as unknown as Uint8Array;
      const kind = x instanceof Uint8Array ? 'bytes' : 'array';
      return {
        kind,
        type,
        length: a.length,
        handle,
        address,
        ...(Array.isArray(x) ? {} : { bits: a.BYTES_PER_ELEMENT * 8 }),
      };
    }
    if (x instanceof Map) {
      return { kind: 'map', type, length: x.size, handle, address };
    }
    return { kind: 'struct', type, length: Object.keys(x).length, handle, address };
  }
  async children(handle: string, start = 0, count = 10000): Promise<readonly NamedValue[]> {
    const o = this.#objects[Number(handle)]!;
    const entries: [string, unknown][] =
      o instanceof Map
        ? [...o].map(([k, x]) => [`[${k}]`, x])
        : ArrayBuffer.isView(o) || Array.isArray(o)
          ? [...(o as unknown as ArrayLike<unknown>[])].map((x, i) => [`[${i}]`, x])
          : Object.entries(o);
    return entries.slice(start, start + count).map(([name, x]) => ({ name, value: this.#describe(x) }));
  }
  scope(frame: number): SymbolScope {
    const names = frame < 0 ? [] : frame === 0 ? LOCALS : frame === 1 ? [v('z', 'number')] : [v('argc', 'number')];
    return {
      local: (name) => names.find((n) => n.name === name),
      global: (name) =>
        INFO.globals.find((g) => g.name === name) ??
        (INFO.functions.some((f) => f.name === name) ? v(name, 'function') : undefined),
      hasPacket: frame === 0,
    };
  }

  /** Runs compiled code as the real engine would: locals by name, $G, $pkt, $F. */
  run(js: string, frame: number): unknown {
    const values = frame < 0 ? {} : this.#values(frame);
    const names = [...Object.keys(values), '$G', '$pkt', '$F'];
    const globals = { ...this.globals, add: function add() {} };
    const pkt = frame === 0 ? new PacketView(SYN) : undefined;
    return new Function(...names, `return (${js})`)(...Object.values(values), globals, pkt, FIELDS);
  }
  async evaluate(js: string, frame: number): Promise<Value> {
    if (frame < 0 && this.state !== 'stopped') {
      throw new EngineError('The program is not being run.');
    }
    return this.#describe(this.run(js, frame));
  }
  async assign(js: string, valueJs: string, frame: number): Promise<Value> {
    const value = this.run(valueJs, frame);
    const m = /^\w+$/.exec(js);
    if (m) {
      this.localsOfAdd[js] = value;
    } else {
      (this.run(`(v)=>{${js}=v}`, frame) as (v: unknown) => void)(value);
    }
    return this.#describe(value);
  }
  async packet(frame: number) {
    return frame === 0 ? { bytes: SYN, linktype: 'ethernet' as const } : undefined;
  }
  readonly memory = {
    read: (address: number, length: number): Uint8Array =>
      address >= 0x100000
        ? new Uint8Array(0)
        : Uint8Array.from({ length: Math.min(length, 0x100000 - address) }, (_, i) => (address + i) & 0xff),
    write: () => 0,
    regions: [{ name: 'ram', start: 0, length: 0x100000 }],
  };
  guestInput(text: string): void {
    this.calls.push(`guest ${text.trim()}`);
  }
  async monitor(line: string): Promise<string> {
    return `monitor says: ${line}\n`;
  }
  async position(): Promise<Position> {
    return { tick: 12, probe: 0, location: { file: 'util/t.ts', line: 3, column: 3 } };
  }
}
