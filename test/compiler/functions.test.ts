import assert from 'node:assert/strict';
import { compile } from '../../adapter/compiler/compile.ts';
import { at, compiled, fn, runAll } from './run.ts';

describe('probes in functions', () => {
  it('default parameters, rest and destructured ones', () => {
    const run = runAll(`function f({ a, b = a }: { a: number; b?: number }, c = () => a + b,
    [d, ...e] = [1, 2], ...rest: number[]) {
  return a + b + c() + d! + e.length + rest.length;
}
function main() {
  return f({ a: 1 }) + f({ a: 1, b: 2 }, () => 5, [7], 8, 9);
}`);
    assert.equal(run.armed.value, 6 + 17);
    assert.deepEqual(
      fn(run.info, 'f').params.map((p) => p.name),
      ['a', 'b', 'c', 'd', 'e', 'rest'],
    );
    assert.deepEqual(Object.keys(at(run, 3)[0]!.locals), ['a', 'b', 'c', 'd', 'e', 'rest']);
  });

  it('a closure in a default value sees only earlier parameters', () => {
    const run = runAll(`function f(g = () => b, a = tryIt(g), b = 2) {
  return [a, b, g()].join();
}
function tryIt(g: () => number) {
  try { return g(); } catch (e) { return (e as Error).name; }
}
function main() { return f(); }`);
    assert.equal(run.armed.value, 'ReferenceError,2,2');
  });

  it('a hoisted function may run before what surrounds it: it sees parameters only', () => {
    const run = runAll(`function outer(p: number) {
  const early = inner();
  const x = 5;
  return early + inner() + x;
  function inner(): number {
    try {
      return p + x;
    } catch {
      return p;
    }
  }
}
function main() { return outer(1); }`);
    assert.equal(run.armed.value, 1 + 6 + 5);
    assert.deepEqual(at(run, 7)[0]?.locals, { p: 1 });
  });

  it('arrow functions: what they use of earlier declarations, their own names first', () => {
    const run = runAll(`function main() {
  const used = 1;
  const unused = 2;
  const f = (n: number): number => n + used + later(n);
  const later = (n: number) => {
    const used = 10;
    return used * n;
  };
  return f(3) + unused;
}`);
    assert.equal(run.armed.value, 36);
    assert.deepEqual(Object.keys(at(run, 4).find((h) => run.info.functions[h.probe.fn]?.name === 'f')!.locals), [
      'n',
      'used',
    ]);
    assert.deepEqual(at(run, 7)[0]?.locals, { n: 3, used: 10 });
    assert.deepEqual(at(run, 4).at(-1)?.ret, 34);
  });

  it('closures made in loops keep their own variables', () => {
    const run = runAll(`function main() {
  const fs: (() => number)[] = [];
  for (let i = 0; i < 3; i++) {
    const sq = i * i;
    fs.push(() => sq + i);
  }
  return fs.map((f) => f()).join();
}`);
    assert.equal(run.armed.value, '0,2,6');
    assert.deepEqual(at(run, 5).at(-1)?.locals, { i: 2, sq: 4 });
  });

  it('classes: fields, constructors, super, methods, accessors, private and static members', () => {
    const run = runAll(`class Base {
  readonly id: number;
  cb = (n: number) => this.id + n;
  constructor(id: number) {
    this.id = id;
  }
  get double(): number {
    return this.id * 2;
  }
  static make(n: number) {
    return new Derived(n);
  }
}
class Derived extends Base {
  #secret = 7;
  constructor(id: number, extra = id + 1) {
    const sum = id + extra;
    super(sum);
    log(this.#secret);
  }
  override get double() {
    return super.double + this.#secret;
  }
  method = function named(this: Derived, n: number): number { return n ? named.call(this, n - 1) : this.id; };
}
function main() {
  const d = Base.make(1);
  return [d.double, d.cb(1), d.method(2)].join();
}`);
    assert.equal(run.armed.value, '13,4,3');
    assert.deepEqual(Object.keys(at(run, 18)[0]!.locals), ['id', 'extra', 'sum']);
    assert.deepEqual(Object.keys(at(run, 19)[0]!.locals), ['id', 'extra', 'this', 'sum']);
    assert.deepEqual(run.info.functions.map((f) => f.name).slice(0, 7), [
      'Base.cb',
      'Base.constructor',
      'Base.double',
      'Base.make',
      'Derived.constructor',
      'Derived.double',
      'named',
    ]);
  });

  it('objects with functions, and functions passed along', () => {
    const run = runAll(`const ops = {
  read(n: number) { return n + 1; },
  write: (n: number) => n + 2,
};
function main() {
  let assigned: (n: number) => number;
  assigned = (n) => n * 2;
  return [1, 2].map((n) => ops.read(n) + ops.write(n) + assigned(n)).join();
}`);
    assert.equal(run.armed.value, '7,11');
    assert.deepEqual(
      run.info.functions.map((f) => f.name),
      ['read', 'write', 'main', 'assigned', '<anonymous>'],
    );
  });

  it('counts a tick at each function entry and at each turn of a loop', () => {
    const run = runAll(`function f() {}
function main() {
  for (let i = 0; i < 3; i++) f();
  let n = 2;
  while (n--) {}
  do { n++; } while (n < 1);
  [1, 2].forEach((x) => x);
}`);
    assert.equal(run.armed.ticks, 1 + 3 + 3 + 2 + 2 + 2);
  });

  it('@nodebug leaves a function, those inside it and all methods of a class without probes and ticks', () => {
    const { debug, info } = runAll(`/**
 * Adds up.
 * @nodebug
 */
export function sum(a: number[]): number {
  const add = (x: number, y: number) => x + y;
  let s = 0;
  for (const x of a) s = add(s, x);
  return s;
}
/** Fast. @nodebug in the middle of a line does not count. */
function counted() {}
/** @nodebug */
class Leaf {
  n = 1;
  get() { return this.n; }
}
function main() { counted(); return sum([1, 2]) + new Leaf().get(); }`);
    assert.ok(!/\$(A|T)\[/.test(debug.split('\n').slice(4, 10).join('\n')));
    assert.deepEqual(
      info.functions.filter((f) => f.nodebug).map((f) => [f.name, f.probes.length]),
      [
        ['sum', 0],
        ['add', 0],
        ['Leaf.get', 0],
      ],
    );
    assert.equal(fn(info, 'sum').doc, 'Adds up.');
    assert.equal(fn(info, 'counted').probes.length, 1);
  });
});

describe('@packet', () => {
  /** What the debug info says of the packet of `f`. */
  const packetIn = (source: string): unknown => fn(compiled({ 'a.ts': source }).info, 'f').packet;

  it('is left out of the text and told in the debug info', () => {
    const { info } = runAll(`/**
 * Takes a frame.
 * @packet buf size
 */
function f(buf: Uint8Array, size: number) {}
function g(buf: Uint8Array, size: number) {}
function main() {}`);
    assert.equal(fn(info, 'f').doc, 'Takes a frame.');
    assert.deepEqual(fn(info, 'f').packet, { kind: 'buf', name: 'buf', extra: 'size', link: 'ethernet' });
    assert.equal(fn(info, 'g').packet, undefined);
  });

  for (const [words, types, packet] of [
    ['b', 'b: Uint8Array', { kind: 'buf', name: 'b', extra: '', link: 'ethernet' }],
    ['b n ip', 'b: Uint8Array<ArrayBuffer>, n: number', { kind: 'buf', name: 'b', extra: 'n', link: 'ip' }],
    ['b n l', 'b: Uint8Array, n: number, l: string', { kind: 'buf', name: 'b', extra: 'n', link: 'l' }],
    ['v n', 'v: readonly iovec[], n: number', { kind: 'iov', name: 'v', extra: 'n', link: 'ethernet' }],
    ['m', 'm: mbuf | null', { kind: 'mbuf', name: 'm', extra: '', link: 'ethernet' }],
    ['skb', 'skb: sk_buff', { kind: 'skb', name: 'skb', extra: '', link: 'ethernet' }],
  ] as const) {
    it(`takes '${words}' of (${types})`, () => {
      assert.deepEqual(packetIn(`/** @packet ${words} */\nfunction f(${types}) {}`), packet);
    });
  }

  it('may name a local, which functions inside see too', () => {
    const { info } = compiled({
      'a.ts': `/** @packet m */
function f() {
  const m: mbuf = make();
  return [1].find((x) => x === m.len);
}
`,
    });
    assert.deepEqual(
      info.functions.filter((g) => g.packet).map((g) => [g.name, g.packet?.kind, g.packet?.name]),
      [
        ['f', 'mbuf', 'm'],
        ['<anonymous>', 'mbuf', 'm'],
      ],
    );
  });

  for (const [words, message] of [
    ['buf size', /@packet names 'size', which is neither a parameter nor a local of the function/],
    ['pkt', /@packet names 'pkt'/],
    ['n', /@packet names 'n', a number: packets are Uint8Array, iovec\[\], mbuf and sk_buff/],
    ['buf n link', /@packet names 'link'/],
    ['m n', /@packet m: a struct knows its length/],
    ['', /'@packet NAME \[LENGTH \[LINK\]\]'/],
    ['a b c d', /'@packet NAME \[LENGTH \[LINK\]\]'/],
  ] as const) {
    it(`'${words}' is an error where it stands`, () => {
      const source = `\n/**\n * Wrong.\n * @packet ${words}\n */\nfunction f(buf: Uint8Array, n: number, m: mbuf) {}`;
      const { errors } = compile(new Map([['a.ts', source]]), { lib: false });
      assert.equal(errors.length, 1);
      assert.match(errors[0]?.message ?? '', message);
      assert.deepEqual([errors[0]?.file, errors[0]?.line, errors[0]?.column], ['a.ts', 4, 4]);
    });
  }
});

describe('what the stack may not contain', () => {
  for (const [what, source, message, line] of [
    ['an async function', '\nasync function f() {}', /async functions cannot be used in the stack/, 2],
    ['an async arrow', 'const f = async () => 1;', /async/, 1],
    ['a generator', 'function f() {\n  return function* () {};\n}', /generator functions/, 2],
    ['an async method', 'class C {\n\n  async m() {}\n}', /async/, 3],
    ['top-level await', 'const x = 1;\nawait x;', /await/, 2],
    ['var', 'function f() {\n  var x = 1;\n}', /'var' cannot be used.*let or const/, 2],
    ['a name of the debugger', 'function f($hit: number) {}', /rename '\$hit'/, 1],
    ['a module-level name of the debugger', 'export const x = 1,\n  { $T } = { $T: 1 };', /rename '\$T'/, 2],
    ['an enum', '\n\nenum E { A }', /only types that can be erased.*Enum/, 3],
    ['a parameter property', 'class C {\n  constructor(private x: number) {}\n}', /only types that can be erased/, 2],
    ['a syntax error', 'function f() {\n  let = ;\n}', /./, 2],
    ['an import from outside', "import fs from 'node:fs';\nfs;", /'node:fs' cannot be imported/, 1],
    ['a missing file', "\nimport { x } from './no.ts';\nx;", /'\.\/no\.ts' does not exist \(no\.ts\)/, 2],
  ] as const) {
    it(`${what} is an error with its place, and other files are compiled`, async () => {
      const { compile } = await import('../../adapter/compiler/compile.ts');
      const files = new Map([
        ['bad.ts', source],
        ['good.ts', 'export function good(): void {}'],
      ]);
      const result = compile(files, { lib: false });
      const e = result.errors[0];
      assert.match(e?.message ?? '', message);
      assert.deepEqual([e?.file, e?.line], ['bad.ts', line]);
      assert.ok(result.debug.has('good.js') && result.release.has('good.js'));
      assert.deepEqual(fn(result.info, 'good').probes, [0]);
    });
  }

  it('no files give no outputs', () => {
    assert.equal(compiled({}).debug.size, 0);
  });
});
