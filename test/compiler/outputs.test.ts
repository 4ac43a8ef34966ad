import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildId, type CompileResult, PROBE_MODULE, PROBE_MODULE_SOURCE } from '../../adapter/compiler/compile.ts';
import { tempFolder } from '../kit/temp.ts';
import { compiled, fn, runAll } from './run.ts';

const MODULES = {
  'hw/regs.ts': `/** Registers. */
import type { Dev } from './dev.ts';
/** Head. */
export const RDH = 0x2810 >> 2;
export const RDT: number = RDH + (2 as number), NAME = 'e' + 1000, MASK = ~0xff >>> 0, NEG = -(1 << 4);
export const table: Uint32Array = new Uint32Array(RDH);
export let counter = 0;
export type Op = (d: Dev, v: number) => void;
export const ops = { read: (n: number) => n };
const EARLY = 4 ** 2 % 10, later = EARLY * 2;
export function count(): number { counter++; return counter + later * 0; }
`,
  'hw/dev.ts': `import { count, RDH, type Op } from './regs.ts';
import * as lib from '../lib.ts';
export { lib };
export * from '../lib.ts';
/** A device.
 * Has registers. */
export class Dev extends lib.Base implements lib.Named {
  /** Registers by index. */
  readonly mac_reg = new Uint32Array(RDH);
  size = 0;
  op: Op | null = null;
  list!: Dev[];
  static instances = 1;
  #hidden = lib.make();
  /** Reads. */
  read(n: number) { return this.mac_reg[n]! + count() + this.#hidden.n; }
}
export default 1;
`,
  'lib.ts': `export class Base { name = 'base'; }
export interface Named extends Object { readonly name: string;
/** Calls. */ call?(x: number,
  y: string): void }
export interface iovec { iov_base: Uint8Array; iov_len: number }
export type Pair = { a: number };
/** Makes one. */
export const make = () => ({ n: 1 });
export function use(iov: iovec[], { a, b = 1 }: { a: string; b?: number }, ...more: Base[]) {
  const x = iov[0], total = iov.length, all = more.map((m) => m.name);
  for (const [i, v] of iov.entries()) {
    return { x, total, all, a, b, i, v };
  }
  return null;
}
`,
};

describe('outputs of the compiler', () => {
  let result: CompileResult;
  before(() => {
    result = compiled(MODULES, { lib: true });
  });

  it('every line stays on its line, in both builds', () => {
    for (const [path, source] of Object.entries(MODULES)) {
      const js = path.replace('.ts', '.js');
      const count = source.split('\n').length;
      assert.equal(result.debug.get(js)?.split('\n').length, count, 'the registration goes on the last line');
      assert.equal(result.release.get(js)?.split('\n').length, count);
      const release = result.release.get(js) ?? '';
      assert.equal(release.slice(0, release.lastIndexOf(';globalThis')).length, source.length);
    }
  });

  it('a block that ends with a call seems to use its names after it, so that V8 keeps them for the frame', () => {
    const source = `export function main(xs: number[], log: (n: number) => void): void {
  for (const x of xs) {
    const y = x + 1;
    log(y);
  }
  for (const x of xs) { if (x) { log(x); } }
  for (const x of xs) { log(x); return; }
  for (const x of xs) { const a = x; log(0); xs = [a]; }
  for (const x of xs) log(x);
  { log(1); }
}
`;
    const js = compiled({ 'a.ts': source }).debug.get('a.js') ?? '';
    const kept = js.split('\n').map((line) => /<0&&\$tick\(([^)]*)\)/.exec(line)?.[1] ?? '');
    assert.deepEqual(kept, ['', '', '', '', 'x,y', 'x', '', '', 'x', '', '', '']);
  });

  it('an exception thrown on any line is reported for that line', () => {
    const body = Array.from({ length: 30 }, (_, i) =>
      [
        `  if (n === ${i}) throw new Error(\`{\${n}\`);`,
        `  for (const x of [n]) { if (x === ${i}) { throw new Error(); } }`,
        `  [n].forEach((v: number): void => { if (v === ${i}) throw new Error(); });`,
      ].at(i % 3),
    );
    for (let i = 0; i < body.length; i++) {
      const run = runAll(`function f(n: number) {\n${body.join('\n')}\n}\nfunction main() { f(${i}); }`);
      assert.equal(run.armed.error?.stack?.match(/test\.ts:(\d+)/)?.[1], String(i + 2));
    }
  });

  it('both builds load as modules and reach each other; names can be read and written from outside', async () => {
    const folder = tempFolder();
    const put = (path: string, text: string): void => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    };
    type Access = Record<string, readonly [() => unknown, ((v: unknown) => unknown) | null]>;
    const registered = new Map<string, Access>();
    const hits: number[] = [];
    const world = globalThis as { __pktgdb?: unknown };
    try {
      put('package.json', '{ "type": "module" }');
      put(`debug/${PROBE_MODULE}`, PROBE_MODULE_SOURCE);
      for (const kind of ['debug', 'release'] as const) {
        for (const [path, js] of result[kind]) {
          put(`${kind}/${path}`, js);
        }
      }
      world.__pktgdb = {
        A: new Uint8Array(result.info.probes.length).fill(1),
        E: new Uint8Array(result.info.functions.length),
        T: new Float64Array([0, Number.POSITIVE_INFINITY]),
        D: result.info.probes.map(
          ({ id }) =>
            () =>
              hits.push(id) < 0,
        ),
        tick: () => {},
        module: (path: string, names: Access) => registered.set(path, names),
      };
      for (const kind of ['release', 'debug']) {
        const { Dev } = await import(pathToFileURL(join(folder, kind, 'hw/dev.js')).href);
        assert.equal(new Dev().read(0), 2, kind);
      }
      assert.ok(hits.length > 0);
      assert.deepEqual([...registered.keys()].sort(), Object.keys(MODULES).sort());
      const regs = registered.get('hw/regs.ts')!;
      assert.deepEqual(Object.keys(regs), [
        'RDH',
        'RDT',
        'NAME',
        'MASK',
        'NEG',
        'table',
        'counter',
        'ops',
        'EARLY',
        'later',
        'count',
      ]);
      assert.equal(regs['RDH']![1], null);
      regs['counter']![1]!(41);
      assert.equal((regs['count']![0]() as () => number)(), 42);
    } finally {
      world.__pktgdb = undefined;
    }
  });

  it('says why it cannot load without a debugger', () => {
    assert.match(PROBE_MODULE_SOURCE, /needs globalThis\.__pktgdb/);
  });
});

describe('debug info', () => {
  const { info } = compiled(MODULES, { lib: true });

  it('functions: place, parameters, return type, doc, export', () => {
    const { id, probes, ...use } = fn(info, 'use');
    assert.equal(info.functions[id]?.name, 'use');
    assert.ok(probes.length > 0);
    assert.deepEqual(use, {
      name: 'use',
      file: 'lib.ts',
      line: 9,
      endLine: 15,
      params: [
        { name: 'iov', type: 'iovec[]' },
        { name: 'a', type: 'string' },
        { name: 'b', type: 'number' },
        { name: 'more', type: 'Base[]' },
      ],
      returnType:
        '{ x: iovec | undefined; total: number; all: string[]; a: string; b: number; i: number; v: iovec; } | null',
      doc: '',
      exported: true,
      nodebug: false,
    });
    assert.deepEqual([fn(info, 'make').doc, fn(info, 'make').exported], ['Makes one.', true]);
    assert.deepEqual([fn(info, 'Dev.read').returnType, fn(info, 'Dev.read').doc], ['number', 'Reads.']);
  });

  it('probes: ids in source order, place, locals with inferred types', () => {
    assert.deepEqual(
      info.probes.map((p) => p.id),
      info.probes.map((_, i) => i),
    );
    const probe = info.probes.find((p) => p.fn === fn(info, 'use').id && p.line === 12)!;
    assert.equal(probe.column, 5);
    assert.deepEqual(
      probe.locals.map((v) => `${v.name}: ${v.type}`),
      [
        'iov: iovec[]',
        'a: string',
        'b: number',
        'more: Base[]',
        'x: iovec | undefined',
        'total: number',
        'all: string[]',
        'i: number',
        'v: iovec',
      ],
    );
    for (const f of info.functions) {
      for (const id of f.probes) {
        assert.equal(info.probes[id]?.fn, f.id);
      }
    }
  });

  it('structs: base, fields with types written or inferred, docs', () => {
    const struct = (name: string) => info.structs.find((s) => s.name === name)!;
    const { fields, ...dev } = struct('Dev');
    assert.deepEqual(dev, {
      name: 'Dev',
      file: 'hw/dev.ts',
      line: 7,
      doc: 'A device.\nHas registers.',
      kind: 'class',
      extends: 'lib.Base',
    });
    assert.deepEqual(
      fields.map((f) => [f.name, f.type, f.doc, f.line]),
      [
        ['mac_reg', 'Uint32Array', 'Registers by index.', 9],
        ['size', 'number', '', 10],
        ['op', 'Op | null', '', 11],
        ['list', 'Dev[]', '', 12],
        ['#hidden', '{ n: number; }', '', 14],
      ],
    );
    assert.deepEqual(
      struct('Named').fields.map((f) => [f.name, f.type, f.doc]),
      [
        ['name', 'string', ''],
        ['call', '(x: number, y: string) => void', 'Calls.'],
      ],
    );
    assert.deepEqual([struct('Pair').kind, struct('Pair').fields[0]?.type], ['type', 'number']);
    assert.deepEqual([struct('Op').kind, struct('Op').extends], ['type', '(d: Dev, v: number) => void']);
  });

  it('globals: types, docs and values of constant expressions', () => {
    const values = info.globals.filter((g) => g.file === 'hw/regs.ts').map((g) => [g.name, g.type, g.value]);
    assert.deepEqual(values, [
      ['RDH', 'number', 2564],
      ['RDT', 'number', 2566],
      ['NAME', 'string', 'e1000'],
      ['MASK', 'number', 0xffffff00],
      ['NEG', 'number', -16],
      ['table', 'Uint32Array', undefined],
      ['counter', 'number', undefined],
      ['ops', '{ read: (n: number) => number; }', undefined],
      ['EARLY', 'number', 6],
      ['later', 'number', 12],
    ]);
    assert.equal(info.globals.find((g) => g.name === 'RDH')?.doc, 'Head.');
  });

  it('the build id depends on every path and text, and on nothing else', () => {
    const files = Object.entries(MODULES);
    assert.equal(info.buildId, buildId(new Map(files.toReversed())));
    assert.match(info.buildId, /^[0-9a-f]{64}$/);
    assert.notEqual(buildId(new Map([['a.ts', 'b']])), buildId(new Map([['a.t', 'sb']])));
    assert.notEqual(buildId(new Map([...files, ['x.ts', '']])), info.buildId);
  });
});
