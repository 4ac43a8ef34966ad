/** Checkpoints of small trees: what comes back is the same, shared where it was, and says so where it cannot be. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { restoreCheckpoint } from '../../adapter/inferior/checkpoint-restore.ts';
import { SymbolTable } from '../../adapter/inferior/checkpoint-symbols.ts';
import { CheckpointTaker } from '../../adapter/inferior/checkpoint-take.ts';
import { hashState } from '../../adapter/inferior/state-hash.ts';
import type { SavedTree } from '../../adapter/mailbox/checkpoint-ref.ts';
import { scattered } from '../kit/random.ts';

class Node {
  next: Node | null = null;
  value: unknown = 0;
}
class Root {
  host: unknown = 'the world outside';
  held: unknown = null;
}
const callback = (): number => 1;
const TABLE = { ops: { receive: callback }, rows: [{ a: 1 }, { a: 2 }], map: new Map([['k', { b: 3 }]]) };
const ZERO = 'zero';

function symbolTable(): SymbolTable {
  const symbols = new SymbolTable();
  symbols.add('a.ts', { Node: [() => Node, null], Root: [() => Root, null] });
  symbols.add('b.ts', { callback: [() => callback, null], TABLE: [() => TABLE, null], ZERO: [() => ZERO, null] });
  return symbols;
}

const PAGE = 4096;
const root = (held: unknown): Root => Object.assign(new Root(), { held });
const taker = (r: Root, names = new Map<ArrayBufferLike, string>()): CheckpointTaker =>
  new CheckpointTaker(r, 'host', symbolTable(), (b) => names.get(b) ?? '');
const noNames = (name: string): never => assert.fail(`asked for ${name}`);

/** What was restored to where something else had been. */
function restored(saved: SavedTree, named: (name: string, size: number) => ArrayBufferLike = noNames): Root {
  const r = root('before');
  r.host = 'another world';
  restoreCheckpoint(r, saved, symbolTable(), named);
  assert.equal(r.host, 'another world');
  return r;
}
const again = (held: unknown): unknown => restored(taker(root(held)).take()).held;
const hash = (held: unknown): string => hashState(root(held), new Set(['host']));

describe('a checkpoint', () => {
  it('has numbers, texts and the rest as they were', () => {
    const numbers = [0, -0, 1, 199, 200, -1, 32767, -32769, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 2 ** 53, 0.1, Number.NaN];
    const others = [
      '',
      'a',
      'a',
      'ä\ud800',
      true,
      false,
      null,
      undefined,
      12345678901234567890n,
      Number.NEGATIVE_INFINITY,
    ];
    const got = again([...numbers, ...others]) as unknown[];
    assert.deepEqual(got, [...numbers, ...others]);
    assert.ok(Object.is(got[1], -0));
  });

  it('has any tree of data', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withMap: true, withSet: true, withTypedArray: true }), (held) => {
        assert.equal(hash(again(held)), hash(held));
      }),
    );
  });

  it('keeps classes, circles and the order of fields', () => {
    const a = new Node();
    const b = new Node();
    a.next = b;
    b.next = a;
    b.value = Object.assign(Object.create(null), { z: 1, a: 2 });
    const got = again([a, b, a]) as Node[];
    assert.ok(got[0] instanceof Node && got[0] === got[2] && got[0].next === got[1] && got[1]?.next === got[0]);
    assert.deepEqual(Object.keys(got[1]?.value as object), ['z', 'a']);
    assert.equal(Object.getPrototypeOf(got[1]?.value), null);
    const other = new Node() as Node & { added?: number };
    other.added = 5;
    assert.deepEqual(again([new Node(), other, new Node()]), [new Node(), other, new Node()]);
  });

  it('speaks of functions and of what constants hold by their names', () => {
    const held = [callback, TABLE.ops, TABLE.rows[1], TABLE.map.get('k'), Node];
    const got = again(held) as unknown[];
    assert.ok(held.every((v, i) => v === got[i]));
  });

  it('keeps what views have in common, and their alignment', () => {
    const memory = new SharedArrayBuffer(100);
    const all = new Uint8Array(memory);
    all.set(scattered(100));
    const got = again([all, new Uint16Array(memory, 6, 4), new DataView(memory, 3, 9), memory]) as [
      Uint8Array,
      Uint16Array,
      DataView,
      SharedArrayBuffer,
    ];
    assert.deepEqual([...got[0]], [...all]);
    assert.ok(got[3] instanceof SharedArrayBuffer);
    assert.ok([got[0], got[1], got[2]].every((v) => v.buffer === got[3]));
    assert.deepEqual([got[1].byteOffset, got[1].length, got[2].byteOffset, got[2].byteLength], [6, 4, 3, 9]);
  });

  it('has of a large buffer only what views look at', () => {
    const pool = new Uint8Array(new SharedArrayBuffer(1 << 24));
    pool.fill(7);
    pool.set(scattered(5000), 1_000_003);
    const [a, b] = [pool.subarray(1_000_003, 1_005_003), pool.subarray(9_000_000, 9_000_010)];
    const saved = taker(root([a, b])).take();
    assert.ok(saved.bytes.byteLength + (saved.pages[0]?.byteLength ?? 0) < 30_000);
    pool.fill(9);
    const got = restored(saved).held as Uint8Array[];
    assert.deepEqual([...(got[0] ?? [])], [...scattered(5000)]);
    assert.deepEqual([...(got[1] ?? [])], Array(10).fill(7));
    assert.equal((got[0]?.byteOffset ?? 0) % 8, a.byteOffset % 8);
  });

  it('writes memory that has a name in its place, zeroes too', () => {
    const ram = new SharedArrayBuffer(300 * PAGE);
    const bytes = new Uint8Array(ram);
    bytes.set(scattered(3 * PAGE), 10 * PAGE);
    const saved = taker(root(bytes), new Map([[ram, 'ram']])).take();
    const other = new SharedArrayBuffer(300 * PAGE);
    new Uint8Array(other).fill(0xee);
    const got = restored(saved, (name, size) => {
      assert.deepEqual([name, size], ['ram', 300 * PAGE]);
      return other;
    }).held as Uint8Array;
    assert.equal(got.buffer, other);
    assert.equal(Buffer.compare(got, bytes), 0);
  });

  it('says where something is that it cannot have', () => {
    class Stranger {}
    const bad: readonly [unknown, RegExp][] = [
      [
        new Map([['k', [0, { cb: (): number => 2 }]]]),
        /: \.held\.get\(k\)\[1\]\.cb is a function that is no top-level/,
      ],
      [{ n: Object.assign(new Node(), { value: Symbol('s') }) }, /: \.held\.n\.value is a symbol/],
      [[1, new Stranger()], /: \.held\[1\] is an object of an unknown class \(Stranger\)/],
      [{ at: new Date(0) }, /: \.held\.at is an object of an unknown class \(Date\)/],
    ];
    for (const [held, message] of bad) {
      assert.throws(() => taker(root(held)).take(), message);
    }
  });

  it('of another program is refused', () => {
    const saved = taker(root(new Node())).take();
    const empty = new SymbolTable();
    assert.throws(
      () => restoreCheckpoint(root(null), saved, empty, noNames),
      /does not belong to this program: no a\.ts/,
    );
  });
});

describe('checkpoints of one run', () => {
  it('share the pages that have not changed, and each is as it was', () => {
    const bytes = new Uint8Array(200 * PAGE);
    const r = root(bytes);
    const t = taker(r);
    const saved: SavedTree[] = [];
    const were: Buffer[] = [];
    for (let i = 0; i < 60; i++) {
      bytes.set(scattered(100, i), ((i * 37) % 200) * PAGE + 50);
      bytes.fill(0, ((i * 11) % 200) * PAGE, (((i * 11) % 200) + 1) * PAGE);
      saved.push(t.take());
      were.push(Buffer.from(bytes));
    }
    for (const [i, one] of saved.entries()) {
      assert.equal(Buffer.compare(restored(one).held as Uint8Array, were[i] as Buffer), 0, `checkpoint ${i}`);
    }
    const fresh = new Set(saved.flatMap((one) => one.pages));
    const total = [...fresh].reduce((n, b) => n + b.byteLength, 0);
    assert.ok(total < 60 * 4 * PAGE, `${total / PAGE} pages for 60 checkpoints that change two pages each`);
    for (const { pages } of saved) {
      const kept = pages.reduce((n, b) => n + b.byteLength, 0);
      assert.ok(kept <= 2 * 60 * PAGE && pages.length <= 33, `${kept / PAGE} pages in ${pages.length} blocks`);
    }
  });
});
