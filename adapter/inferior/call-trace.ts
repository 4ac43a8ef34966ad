/**
 * Notes the calls of a stretch so that two executions can be compared: a sum over each thousand of them, and of one
 * thousand each call with its arguments.
 */
import { ARMED, type ProbeTables } from '../mailbox/probes.ts';
import type { TimePosition } from './stop.ts';

/** Calls that have a sum together. */
const CALLS_A_BLOCK = 1024;
/** Bytes of a packet that are looked at, and characters of a text that are told. */
const BYTES = 256;
const TEXT = 40;

/** What to note. */
export interface TraceOrder {
  /** From this tick on. */
  readonly after: number;
  /** The block whose calls are noted each; -1: none. */
  readonly block: number;
}

/** A call: where its first statement is, and its arguments as far as they are plain. */
export interface TracedCall extends TimePosition {
  readonly sum: number;
  readonly args: readonly string[];
}

export interface CallNotes {
  readonly count: number;
  /** Calls that have a sum together. */
  readonly perBlock: number;
  readonly sums: readonly number[];
  readonly calls: readonly TracedCall[];
}

export class CallTrace {
  readonly #order: TraceOrder;
  #count = 0;
  #sum = 0;
  readonly #sums: number[] = [];
  readonly #calls: TracedCall[] = [];

  constructor(order: TraceOrder) {
    this.#order = order;
  }

  /** Arms what functions begin with; `D` is what decides at probes. */
  arm(A: Uint8Array, tables: ProbeTables, arm: (probe: number, bit: number) => void): number[] {
    const probes: number[] = [];
    for (let id = 0; id < A.length; id++) {
      if (tables.entry[id] === 1) {
        arm(id, ARMED.TRAVEL);
        probes.push(id);
      }
    }
    return probes;
  }

  /** A function is entered. */
  call(tick: number, probe: number, args: readonly unknown[]): void {
    if (tick <= this.#order.after) {
      return;
    }
    let sum = probe;
    for (const arg of args) {
      sum = (Math.imul(sum, 0x01000193) ^ sumOf(arg)) >>> 0;
    }
    if (Math.floor(this.#count / CALLS_A_BLOCK) === this.#order.block) {
      this.#calls.push({ tick, probe, sum, args: args.map(textOf) });
    }
    this.#sum = (Math.imul(this.#sum, 0x01000193) ^ sum) >>> 0;
    if (++this.#count % CALLS_A_BLOCK === 0) {
      this.#sums.push(this.#sum);
    }
  }

  get notes(): CallNotes {
    return { count: this.#count, perBlock: CALLS_A_BLOCK, sums: [...this.#sums, this.#sum], calls: this.#calls };
  }
}

function sumOf(v: unknown): number {
  if (typeof v === 'number' && Number.isInteger(v)) {
    return v | 0;
  }
  if (v instanceof Uint8Array) {
    let h = v.length;
    for (let i = 0; i < v.length && i < BYTES; i++) {
      h = Math.imul(h, 0x01000193) ^ (v[i] as number);
    }
    return h;
  }
  const text = textOf(v);
  let h = text.length;
  for (let i = 0; i < text.length; i++) {
    h = Math.imul(h, 0x01000193) ^ text.charCodeAt(i);
  }
  return h;
}

/** Nothing of it says where an object lies. */
function textOf(v: unknown): string {
  switch (typeof v) {
    case 'string':
      return JSON.stringify(v.length > TEXT ? `${v.slice(0, TEXT)}...` : v);
    case 'function':
      return v.name;
    case 'object':
      return v === null
        ? '0x0'
        : ArrayBuffer.isView(v)
          ? `<${v.byteLength} bytes>`
          : `<${v.constructor?.name ?? 'struct'}>`;
    default:
      return String(v);
  }
}
