/** The fake engine with a stopped program of three frames over real objects, for tests of the command language. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DebugInfo, FunctionInfo, Variable } from '../../adapter/compiler/debug-info.ts';
import {
  type BreakpointSpec,
  EngineError,
  type LaunchOptions,
  type NamedValue,
  type Position,
  type StepKind,
  type SymbolScope,
  type Value,
} from '../../adapter/engine/api.ts';
import { FIELDS, PacketView } from '../../adapter/packets/fields.ts';
import { compileFilter } from '../../adapter/packets/filter/filter.ts';
import { FakeEngine, fakeFunction, fakeProbe, type Reason } from '../kit/fake-engine.ts';
import { SYN as SYN_FLAG, TO_GUEST, tcp } from '../kit/frames.ts';
import { tempFolder } from '../kit/temp.ts';

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
): FunctionInfo =>
  fakeFunction({ id, name, file: 'util/t.ts', line, endLine, params, probes, doc, returnType: 'number' });
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
    { ...fn(1, 'mid', 10, 12, [v('z', 'number')], [4]), pure: true },
    fn(2, 'main', 14, 17, [v('argc', 'number')], [5, 6]),
    { ...fn(3, 'e1000_receive', 1, 1, [], []), file: 'hw/net/e1000.ts' },
    { ...fn(4, 'e1000_receive_iov', 1, 1, [], []), file: 'hw/net/e1000.ts' },
  ],
  probes: [
    fakeProbe(0, 0, 3, LOCALS),
    fakeProbe(1, 0, 4, LOCALS),
    fakeProbe(2, 0, 5, LOCALS),
    fakeProbe(3, 0, 7, LOCALS),
    fakeProbe(4, 1, 11, [v('z', 'number')]),
    fakeProbe(5, 2, 15, [v('argc', 'number')]),
    fakeProbe(6, 2, 16, [v('argc', 'number'), v('r', 'number')]),
  ],
  accesses: [],
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

/** A frame with a TCP SYN from 10.0.2.2:45678 to 10.0.2.15:5556. */
export const SYN = tcp(45678, 5556, SYN_FLAG, 1, 0, { ...TO_GUEST, id: 1, win: 0x2238, min: 60 });

export class GdbEngine extends FakeEngine {
  readonly info = INFO;
  readonly sourceRoot: string;
  /** What was asked of it, in order. */
  readonly calls: string[] = [];
  /** Stops to come: each resume or step takes the next; none left: the machine exits. */
  script: { reason: Reason; depth?: number; line?: number }[] = [];
  localsOfAdd: Record<string, unknown>;
  readonly globals: Record<string, unknown>;
  protected override readonly addressed = true;
  #depth = 3;
  #line = 3;

  /** `sources` is where another one has put the program's sources. */
  constructor(sources?: string) {
    super();
    this.sourceRoot = sources ?? tempFolder();
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
  override async dispose(): Promise<void> {
    await super.dispose();
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

  protected stack() {
    return [
      { fn: INFO.functions[0]!, line: this.#line, probe: 0 },
      { fn: INFO.functions[1]!, line: 11, probe: 0 },
      { fn: INFO.functions[2]!, line: 15, probe: 0 },
    ].slice(3 - this.#depth);
  }
  protected values(frame: number): Record<string, unknown> {
    const level = frame + 3 - this.#depth;
    return level === 0 ? this.localsOfAdd : level === 1 ? { z: 3 } : { argc: 1 };
  }
  async locals(frame: number): Promise<readonly NamedValue[]> {
    return frame === 0 ? [{ name: 'y', value: this.describe(this.localsOfAdd['y']) }] : [];
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

  /** Runs compiled code as the real engine would: locals by name, $G, $pkt, $F, $R. */
  run(js: string, frame: number): unknown {
    const values = frame < 0 ? {} : this.values(frame);
    const names = [...Object.keys(values), '$G', '$pkt', '$F', '$R'];
    const globals = { ...this.globals, add: function add() {}, mid: (z: number) => 2 * z };
    // What compiled expressions ask of the runtime.
    const runtime = {
      filter: (text: string) => compileFilter(text).matches,
      objectAt: (address: number) => this.objectAt(address),
      aside: (act: () => unknown) => act(),
    };
    const pkt = frame === 0 ? new PacketView(SYN) : undefined;
    return new Function(...names, `return (${js})`)(...Object.values(values), globals, pkt, FIELDS, runtime);
  }
  override async evaluate(js: string, frame: number): Promise<Value> {
    if (frame < 0 && this.state !== 'stopped') {
      throw new EngineError('The program is not being run.');
    }
    return super.evaluate(js, frame);
  }
  async assign(js: string, valueJs: string, frame: number): Promise<Value> {
    const value = this.run(valueJs, frame);
    const m = /^\w+$/.exec(js);
    if (m) {
      this.localsOfAdd[js] = value;
    } else {
      (this.run(`(v)=>{${js}=v}`, frame) as (v: unknown) => void)(value);
    }
    return this.describe(value);
  }
  protected bytes(): Uint8Array {
    return SYN;
  }
  readonly memory = {
    read: (address: number, length: number): Uint8Array =>
      address >= 0x100000
        ? new Uint8Array(0)
        : Uint8Array.from({ length: Math.min(length, 0x100000 - address) }, (_, i) => (address + i) & 0xff),
    write: async () => 0,
    regions: [{ name: 'ram', start: 0, length: 0x100000 }],
  };
  override guestInput(text: string): void {
    this.calls.push(`guest ${text.trim()}`);
  }
  override async monitor(line: string): Promise<string> {
    return `monitor says: ${line}\n`;
  }
  override async position(): Promise<Position> {
    return { tick: 12, probe: 0, location: { file: 'util/t.ts', line: 3, column: 3 } };
  }
}
