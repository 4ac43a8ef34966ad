/**
 * Sums of 16-bit words by vector instructions, which JavaScript has not: a small WebAssembly module, put together here
 * from the names of its instructions (WebAssembly specification 2.0, section 5).
 */
import type { WordsSum } from '../stack/util/host.ts';

/** Bytes that can be summed at a time. */
const MEMORY = 1 << 17;
/** Bytes of a round. */
const ROUND = 32;
const PAGE = 1 << 16;

// Types.
const I32 = 0x7f;
const V128 = 0x7b;
const FUNCTION = 0x60;
const NO_RESULT = 0x40;

// Instructions.
const BLOCK = 0x02;
const LOOP = 0x03;
const END = 0x0b;
const BR = 0x0c;
const BR_IF = 0x0d;
const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const I32_CONST = 0x41;
const I32_GE_U = 0x4f;
const I32_ADD = 0x6a;

/** An unsigned number in groups of seven bits. */
function leb(n: number): number[] {
  return n < 0x80 ? [n] : [(n & 0x7f) | 0x80, ...leb(n >>> 7)];
}

/** An instruction for vectors. */
const vector = (number: number, ...immediates: readonly number[]): number[] => [0xfd, ...leb(number), ...immediates];
const I32X4_ADD = vector(0xae);
const I32X4_EXTADD_PAIRWISE_I16X8_U = vector(0x7f);
const v128Load = (offset: number): number[] => vector(0x00, 0, offset);
const i32x4ExtractLane = (lane: number): number[] => vector(0x1b, lane);

const get = (local: number): number[] => [LOCAL_GET, local];
const set = (local: number): number[] => [LOCAL_SET, local];

/** Locals of the function: where it reads; bytes, and then the end; two vectors of four sums. */
const [AT, BYTES, EVEN, ODD] = [0, 1, 2, 3];

/** Adds the words of 16 bytes at `AT` + `offset`, in pairs, to four sums. */
function addWords(sums: number, offset: number): number[] {
  const pairs = [...get(AT), ...v128Load(offset), ...I32X4_EXTADD_PAIRWISE_I16X8_U];
  return [...get(sums), ...pairs, ...I32X4_ADD, ...set(sums)];
}

const lane = (n: number): number[] => [...get(EVEN), ...i32x4ExtractLane(n)];

const SUM = [
  ...[...get(AT), ...get(BYTES), I32_ADD, ...set(BYTES)],
  ...[BLOCK, NO_RESULT, LOOP, NO_RESULT],
  ...[...get(AT), ...get(BYTES), I32_GE_U, BR_IF, 1],
  ...addWords(EVEN, 0),
  ...addWords(ODD, 16),
  ...[...get(AT), I32_CONST, ROUND, I32_ADD, ...set(AT), BR, 0],
  ...[END, END],
  ...[...get(EVEN), ...get(ODD), ...I32X4_ADD, ...set(EVEN)],
  ...[...lane(0), ...lane(1), I32_ADD, ...lane(2), I32_ADD, ...lane(3), I32_ADD],
  END,
];

const section = (id: number, ...content: readonly number[]): number[] => [id, ...leb(content.length), ...content];
const name = (text: string): number[] => [text.length, ...Buffer.from(text)];

function moduleBytes(): Uint8Array {
  // Two vectors are locals besides the parameters.
  const code = [1, 2, V128, ...SUM];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, 1, FUNCTION, 2, I32, I32, 1, I32),
    ...section(3, 1, 0),
    ...section(5, 1, 0, MEMORY / PAGE),
    ...section(7, 2, ...name('memory'), 2, 0, ...name('sum'), 0, 0),
    ...section(10, 1, ...leb(code.length), ...code),
  ]);
}

/** What is used of WebAssembly, which Node's types leave out. */
interface Wasm {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Exports };
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly sum: (at: number, len: number) => number;
}

/** All of `dat` is copied, as the copy of a part needs a view. Undefined where there are no vectors. */
function make(): WordsSum | undefined {
  try {
    const { Module, Instance } = (globalThis as unknown as { WebAssembly: Wasm }).WebAssembly;
    const { memory, sum } = new Instance(new Module(moduleBytes())).exports;
    const bytes = new Uint8Array(memory.buffer);
    return (dat, off, len) => {
      bytes.set(dat);
      return sum(off, len) >>> 0;
    };
  } catch {
    return undefined;
  }
}

/** For all hosts of this thread. */
export const wordsSum = make();
