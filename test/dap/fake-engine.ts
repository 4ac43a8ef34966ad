/** The fake engine with a fixed program, stack and memory, for tests of what the DAP session makes of them. */
import type { DebugInfo, FunctionInfo, Variable } from '../../adapter/compiler/debug-info.ts';
import {
  EngineError,
  type GuestMemory,
  type LaunchOptions,
  type NamedValue,
  type SymbolScope,
  type Value,
} from '../../adapter/engine/api.ts';
import { FakeEngine, fakeFunction, fakeProbe } from '../kit/fake-engine.ts';

const NIC_BASE = 0xfebc0000;

function fn(id: number, name: string, file: string, line: number, params: Variable[]): FunctionInfo {
  return fakeFunction({ id, name, file, line, params, probes: [id * 2, id * 2 + 1] });
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
  probes: FUNCTIONS.flatMap((f) => f.probes.map((id, i) => fakeProbe(id, f.id, f.line + 2 + i * 2, [...f.params]))),
  accesses: [],
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

/** Its NIC's E1000State; the name is what is shown as its type. */
class E1000State {
  big = Uint32Array.from({ length: 1000 }, (_, i) => i);
}

export class DapEngine extends FakeEngine {
  readonly info = INFO;
  readonly sourceRoot = '/pktgdb/adapter/stack';
  readonly launches: LaunchOptions[] = [];
  /** Makes the next launch fail. */
  launchError: string | undefined;
  /** The objects of the program; `evaluate` and `assign` work on them. */
  readonly variables: Record<string, unknown> = {
    s: new E1000State(),
    size: 60,
    buf: Uint8Array.from({ length: 60 }, (_, i) => i),
  };
  override readonly shared = new Map<string, ArrayBufferLike>();
  protected override readonly undefinedFunction = 'Function not defined. Did you mean e1000_receive_iov?';

  async launch(options: LaunchOptions): Promise<void> {
    if (this.launchError !== undefined) {
      throw new EngineError(this.launchError);
    }
    this.launches.push(options);
    this.guests = options.guests;
    this.shared.set('ram', new SharedArrayBuffer(0x10000));
    this.shared.set('e1000.0/mac_reg', new SharedArrayBuffer(0x20000));
    this.state = 'running';
    if (options.stopOnEntry === true) {
      this.stopHere({ kind: 'entry' });
    }
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

  protected stack() {
    return [...FUNCTIONS].reverse().map((f) => ({ fn: f, line: f.line + 2, probe: 2 }));
  }

  protected values(frame: number): Record<string, unknown> {
    return frame === 0 ? this.variables : {};
  }

  async locals(): Promise<readonly NamedValue[]> {
    return [];
  }

  scope(frame: number): SymbolScope {
    const params = frame === 0 ? FUNCTIONS[1]!.params : [];
    return {
      local: (name) => params.find((p) => p.name === name),
      global: () => undefined,
      hasPacket: frame === 0,
    };
  }

  run(js: string): unknown {
    const names = Object.keys(this.variables);
    return new Function(...names, `return (${js})`)(...names.map((n) => this.variables[n]));
  }

  async assign(js: string, valueJs: string): Promise<Value> {
    this.emit('changing');
    const value: unknown = new Function('L', `with (L) { return (${js} = (${valueJs})) }`)(this.variables);
    return this.describe(value);
  }

  protected bytes(): Uint8Array {
    return this.variables['buf'] as Uint8Array;
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
      write: async (address, data) => {
        const r = find(address);
        const bytes = r === undefined ? undefined : r.bytes.subarray(address - r.start);
        const n = Math.min(bytes?.length ?? 0, data.length);
        bytes?.set(data.subarray(0, n));
        return n;
      },
    };
  }
}
