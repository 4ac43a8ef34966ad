import assert from 'node:assert/strict';
import { at, compiled, execute, fn, lines, runAll } from './run.ts';

describe('probes of statements', () => {
  it('stop before each statement and see what is initialised there', () => {
    const run = runAll(`function main(): number {
  let a: number = 1;
  const b = a + 1;
  a += b;
  return a;
}`);
    assert.deepEqual(lines(run), [2, 3, 4, 5, 5]);
    assert.deepEqual(
      run.armed.hits.map((h) => h.locals),
      [{}, { a: 1 }, { a: 1, b: 2 }, { a: 3, b: 2 }, { a: 3, b: 2 }],
    );
    assert.equal(run.armed.hits.at(-1)?.ret, 3);
  });

  it('leave declarations without code, blocks and functions alone', () => {
    const run = runAll(`function main() {
  let a: number;
  {
    a = 1;
  }
  ;
  interface T { x: number }
  type U = T;
  function inner(): void {}
  return a;
}`);
    assert.deepEqual(lines(run), [4, 10, 10]);
  });

  it('work in bodies without braces', () => {
    const run = runAll(`function main() {
  let a = 0;
  if (a === 0) a = 1;
  else a = 2;
  for (let i = 0; i < 2; i++) a += i;
  while (a < 5) a++;
  do a++; while (a < 8)
  for (const x of [1, 2]) if (x > 1) a += x; else a -= x
  if (a > 100) return 0
  return a
}`);
    assert.equal(run.armed.value, 9);
    assert.equal(at(run, 3).length, 2);
    assert.equal(at(run, 4).length, 0);
    assert.equal(at(run, 5).length, 3);
    assert.deepEqual(at(run, 5).at(-1)?.locals, { a: 1, i: 1 });
  });

  it('stop at each test of an else-if chain', () => {
    const run = runAll(`function main() {
  const k: number = 3;
  if (k === 1) {
    log('one');
  } else if (k === 2) {
    log('two');
  } else if (k === 3) log('three');
  else {
    log('other');
  }
}`);
    assert.deepEqual(run.armed.log, ['three']);
    assert.deepEqual(lines(run), [2, 3, 5, 7, 7, 11]);
  });

  it('stop at a for statement once, and in its body each time', () => {
    const run = runAll(`function main() {
  let sum = 0;
  for (let i = 0, j = 10; i < 3; i++, j--) {
    sum += i * j;
  }
  for (;;) {
    break;
  }
  for (let i = 0; i < 3; i++);
  return sum;
}`);
    assert.deepEqual(lines(run), [2, 3, 4, 4, 4, 6, 7, 9, 10, 10]);
    assert.deepEqual(at(run, 4)[2]?.locals, { sum: 9, i: 2, j: 8 });
    assert.equal(run.armed.ticks, 1 + 3 + 1 + 3);
  });

  it('handle for-in, for-of with destructuring, labels, break and continue', () => {
    const run = runAll(`function main() {
  const seen: unknown[] = [];
  outer: for (const [k, { v = 7 }] of [['a', {}], ['b', { v: 2 }], ['c', {}]] as [string, { v?: number }][]) {
    for (const name in { x: 1, y: 2 }) {
      if (k === 'b') continue outer;
      if (k === 'c') break outer;
      seen.push(k, v, name);
    }
  }
  block: {
    if (seen.length) break block;
    seen.push('no');
  }
  return seen.join();
}`);
    assert.equal(run.armed.value, 'a,7,x,a,7,y');
    assert.deepEqual(Object.keys(at(run, 7)[0]!.locals), ['seen', 'k', 'v', 'name']);
  });

  it('switch: no clause sees what another one declared', () => {
    const run = runAll(`function main() {
  const out: number[] = [];
  for (const k of [1, 2, 3, 4]) {
    const x = 100;
    switch (k) {
      case 1:
        let y = 5;
        out.push(y);
      case 2:
        out.push(k);
        break;
      case 3: {
        const y = 9;
        out.push(x + y);
        break;
      }
      default:
        out.push(-1);
    }
  }
  return out.join();
}`);
    assert.equal(run.armed.value, '5,1,2,109,-1');
    assert.ok(at(run, 10).every((h) => !('y' in h.locals)));
    assert.equal(at(run, 8)[0]?.locals.y, 5);
  });

  it('try, catch and finally; the return probe comes before finally', () => {
    const run = runAll(`function f(n: number) {
  try {
    if (n === 0) {
      throw new Error('zero');
    }
    return n;
  } catch (e) {
    return (e as Error).message;
  } finally {
    log(n);
  }
}
function main() {
  try {
    null!.x;
  } catch {
    log('caught');
  }
  try { throw { a: 1, b: [2] }; } catch ({ a, b: [c] }) { log(a + c); }
  return [f(0), f(1)].join();
}`);
    assert.equal(run.armed.value, 'zero,1');
    assert.deepEqual(run.armed.log, ['caught', 3, 0, 1]);
    assert.equal(at(run, 8)[1]?.ret, 'zero');
    assert.ok('e' in at(run, 8)[0]!.locals);
    const order = run.armed.hits.filter((h) => h.locals.n === 1).map((h) => [h.probe.line, h.probe.kind]);
    assert.deepEqual(order, [
      [3, 'statement'],
      [6, 'statement'],
      [6, 'return'],
      [10, 'statement'],
    ]);
  });

  it('destructuring passes every bound name', () => {
    const run = runAll(`function main() {
  const { a, b: { c = 3 }, ...rest } = { a: 1, b: {} as { c?: number }, d: 4, e: 5 };
  const [x, , y = 2, ...z] = [1, 0, undefined, 3, 4];
  return a + c + rest.d + x + y + z.length;
}`);
    const { rest, z, ...others } = at(run, 4)[0]!.locals;
    assert.deepEqual(others, { a: 1, c: 3, x: 1, y: 2 });
    assert.deepEqual([{ ...(rest as object) }, [...(z as number[])]], [{ d: 4, e: 5 }, [3, 4]]);
  });

  it('shadowed names: the innermost, and none before its declaration', () => {
    const run = runAll(`function main(p: number = 0) {
  const x = 1;
  {
    log('before');
    const x = 2;
    log(x);
    for (const x of [3]) {
      log(x);
    }
  }
  log(x);
}`);
    assert.deepEqual(
      [4, 6, 8, 11].map((line) => at(run, line)[0]?.locals),
      [{ p: 0 }, { p: 0, x: 2 }, { p: 0, x: 3 }, { p: 0, x: 1 }],
    );
  });

  it('template strings that hold braces, comments, regular expressions and code', () => {
    const run = runAll(`function main() {
  const n = 2;
  const s = \`{ \${n > 1 ? \`}\${[1, 2].map((x) => { return \`{\${x}}\`; }).join()}\` : '{'} // }
  second line { \${n} /* \` + '}';
  return s + /[{}/]+/.source + "}"; // } comment
}`);
    assert.equal(run.armed.value, '{ }{1},{2} // }\n  second line { 2 /* }[{}/]+}');
    assert.deepEqual([...new Set(lines(run))], [2, 3, 5]);
  });

  it('code without semicolons keeps its meaning', () => {
    const run = runAll(`function main() {
  const a = [1, 2, 3]
  let b = a as number[]
  const f = (x: unknown) => x as number
  b = b.filter((x) => x > 1)
  if (b.length) { log(b[0] as number) }
  do b.pop(); while (b.length > 1) log(b.length)
  return f(b[0]!) as unknown
}`);
    assert.equal(run.armed.value, 2);
  });
});

describe('ways out of a function', () => {
  it('each has its probe: return with a value, plain return, end', () => {
    const run = runAll(`function f(n: number): number | undefined {
  if (n === 1) return;
  if (n === 2) {
    return n * 2;
  }
}
function main() {
  f(1);
  f(2);
  f(3);
}`);
    const out = run.armed.hits
      .filter((h) => h.probe.kind !== 'statement')
      .map((h) => [h.probe.kind, h.probe.line, h.ret]);
    assert.deepEqual(out, [
      ['return', 2, undefined],
      ['return', 4, 4],
      ['end', 6, undefined],
      ['end', 11, undefined],
    ]);
  });

  it('no end probe where the end cannot be reached', () => {
    const { info } = runAll(`function a() { for (;;) { if (log.length) return 1; } }
function b(x: number) { if (x) { return 1; } else { throw new Error('no'); } }
function c(x: number) { switch (x) { case 1: return 1; default: return 2; } }
function d(x: number) { while (x) { return 1; } }
function main() { return [a(), b(1), c(1), d(1)].join(); }`);
    const ends = info.probes.filter((p) => p.kind === 'end').map((p) => info.functions[p.fn]?.name);
    assert.deepEqual(ends, ['d']);
  });

  it('return values: objects, sequences, arrow functions, types after the value', () => {
    const run = runAll(`function o() { return { a: 1 } as { a: number }; }
function s() { return (1, 2); }
function g() { return (x: number): number => x + 1; }
function t() { return [1, 2]!.length satisfies number }
function main() { return [o().a, s(), g()(1), t()].join(); }`);
    assert.equal(run.armed.value, '1,2,2,2');
  });

  it('an exception leaves without a probe and is thrown from the same line', () => {
    const run = runAll(`function f(n: number): number {
  if (n > 2)
    throw new RangeError('deep');
  return f(n + 1);
}
function main() { return f(0); }`);
    assert.equal(run.armed.error?.name, 'RangeError');
    assert.match(run.armed.error?.stack ?? '', /test\.ts:3[\s\S]*test\.ts:4[\s\S]*test\.ts:4/);
    assert.ok(run.armed.hits.every((h) => h.probe.kind === 'statement'));
    assert.equal(fn(run.info, 'f').probes.length, 4);
  });
});

describe('a probe that makes its function return', () => {
  const source = `class Box {
  n: number;
  constructor(n: number) {
    this.n = n;
  }
  twice(): number {
    log(this.n);
    return this.n * 2;
  }
}
const add = (a: number, b: number): number => a + b;
function note(x: number): void {
  log(x);
}
function first(list: number[]): number {
  for (const x of list) {
    try {
      if (x > 0) {
        return x;
      }
    } finally {
      log('finally');
    }
  }
  return -1;
}
function main() {
  note(7);
  return [new Box(1).twice(), add(1, 2), first([0, 3])].join();
}`;
  const { debug, info } = compiled({ 'test.ts': source });
  const js = debug.get('test.js') ?? '';

  /** Runs the program with the first probe of that kind on a line returning 42. */
  function returning(line: number, kind: 'statement' | 'return' | 'end'): [unknown, readonly unknown[]] {
    const probe = info.probes.find((p) => p.line === line && p.kind === kind)?.id ?? assert.fail();
    const { value, error, log } = execute(js, info, true, { makeReturn: { probe, value: 42 } });
    assert.equal(error, undefined);
    return [value, log];
  }

  it('leaves its statement and the rest undone', () => {
    assert.deepEqual(returning(7, 'statement'), ['42,3,3', [7, 'finally', 'finally']]);
    assert.deepEqual(returning(13, 'statement'), ['2,3,3', [1, 'finally', 'finally']]);
  });

  it('replaces the value of a return, and that of an expression', () => {
    assert.deepEqual(returning(8, 'return'), ['42,3,3', [7, 1, 'finally', 'finally']]);
    assert.deepEqual(returning(11, 'statement'), ['2,42,3', [7, 1, 'finally', 'finally']]);
    assert.deepEqual(returning(11, 'return'), ['2,42,3', [7, 1, 'finally', 'finally']]);
  });

  it('leaves loops, and finally has its turn', () => {
    assert.deepEqual(returning(18, 'statement'), ['2,3,42', [7, 1, 'finally']]);
  });

  it('does nothing in a constructor, which has to return its object', () => {
    assert.deepEqual(returning(4, 'statement'), ['2,3,3', [7, 1, 'finally', 'finally']]);
    assert.deepEqual(
      info.functions.filter((f) => f.isConstructor).map((f) => f.name),
      ['Box.constructor'],
    );
  });
});
