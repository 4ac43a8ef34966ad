/**
 * In the inferior: turns values into `Value`s that can cross to the front ends, and keeps the handles of aggregates.
 */
import { Addresses } from './addresses.ts';
import type { Births } from './births.ts';
import { ObjectTree } from './object-paths.ts';
import type { NamedValue, Value } from './value.ts';

/** Objects that an address leads back to, however they hang together. */
const MAX_RECENT = 4096;

/** Elements a single `children` answer holds at most. */
const MAX_CHILDREN = 10_000;

/** Declared types of fields by struct. */
export type FieldTypes = Readonly<Record<string, Readonly<Record<string, string>>>>;

export class Describer {
  #handles: object[] = [];
  /** Number of the first handle that is valid: they are never given twice, so that an old one means nothing else. */
  #first = 0;
  /** The objects that were described last, by address: an address leads back to them. */
  readonly #recent = new Map<number, object>();
  readonly #addresses: Addresses;

  constructor(births: Births | null = null, root: () => object | null = () => null) {
    this.#addresses = new Addresses(births, root);
  }

  /** The same, for one who asks while the inferior stands still. */
  get standing(): this {
    this.#addresses.standing = true;
    return this;
  }

  /** Handles are valid while the inferior stands still. */
  forget(): void {
    this.#addresses.forget();
    this.#first += this.#handles.length;
    this.#handles = [];
  }

  /** Bytes `start` .. `start + count` of a handle's array of numbers. */
  bytes(handle: string, start: number, count: number): Uint8Array | null {
    const o = this.#handles[Number(handle) - this.#first];
    if (!ArrayBuffer.isView(o)) {
      return null;
    }
    // What is before the first element is there too, as it is behind a pointer into an array.
    const from = o.byteOffset + start;
    const end = Math.min(from + count, o.byteOffset + o.byteLength);
    return from < 0 ? null : end < from ? new Uint8Array() : new Uint8Array(o.buffer, from, end - from);
  }

  /** Nothing was described yet: the machine begins again. */
  forgetAddresses(): void {
    this.forget();
    this.#addresses.restart();
    this.#recent.clear();
  }

  #addressOf(o: object): number {
    const a = this.#addresses.of(o);
    this.#recent.delete(a);
    this.#recent.set(a, o);
    if (this.#recent.size > MAX_RECENT) {
      const [oldest] = this.#recent.keys();
      this.#recent.delete(oldest!);
    }
    return a;
  }

  /**
   * The object at an address that was given: one that was described lately, or hangs off `root`. In an array, what is
   * there from that place on.
   */
  objectAt(address: number, root: object | undefined): object | undefined {
    const exact = this.#recent.get(address);
    if (exact) {
      return exact;
    }
    for (const [from, o] of this.#recent) {
      if (ArrayBuffer.isView(o) && from < address && address < from + o.byteLength) {
        return new Uint8Array(o.buffer, o.byteOffset + (address - from), o.byteLength - (address - from));
      }
    }
    return root && new ObjectTree(root).find((o) => this.#addresses.of(o) === address);
  }

  #handleOf(o: object): string {
    this.#handles.push(o);
    return String(this.#first + this.#handles.length - 1);
  }

  /** A value with the type known from the source, or '' to go by the value alone. */
  describe(v: unknown, declared = ''): Value {
    return this.#describe(v, declared, true);
  }

  #describe(v: unknown, declared: string, handled: boolean): Value {
    switch (typeof v) {
      case 'number':
      case 'bigint':
      case 'boolean':
      case 'string':
        return {
          kind: typeof v as 'number',
          type: declared || typeof v,
          value: typeof v === 'bigint' ? v.toString() : (v as number),
        };
      case 'undefined':
        return { kind: 'undefined', type: declared };
      case 'function':
        return { kind: 'function', type: declared, value: v.name };
      case 'object':
        return v === null ? { kind: 'null', type: declared } : this.#aggregate(v, declared, handled);
      default:
        return { kind: 'string', type: declared, value: String(v) };
    }
  }

  /** A value that nobody will look into: without a handle. */
  plain(v: unknown, declared = ''): Value {
    return this.#describe(v, declared, false);
  }

  #aggregate(o: object, declared: string, handled: boolean): Value {
    const address = this.#addressOf(o);
    const common = handled ? { handle: this.#handleOf(o), address } : { address };
    const name = o.constructor?.name ?? '';
    if (o instanceof Uint8Array) {
      return { kind: 'bytes', type: name, length: o.length, bits: 8, ...common };
    }
    if (ArrayBuffer.isView(o) && !(o instanceof DataView)) {
      const a = o as Uint32Array;
      return { kind: 'array', type: name, length: a.length, bits: a.BYTES_PER_ELEMENT * 8, ...common };
    }
    if (Array.isArray(o)) {
      return { kind: 'array', type: declared || 'array', length: o.length, ...common };
    }
    if (o instanceof Map || o instanceof Set) {
      return { kind: 'map', type: declared || name, length: o.size, ...common };
    }
    const plain = name === 'Object' || name === '';
    return { kind: 'struct', type: plain ? bareType(declared) : name, length: Object.keys(o).length, ...common };
  }

  /** Elements or fields `start` .. `start + count` of a handle's object. */
  children(
    handle: string,
    start: number,
    count: number,
    types: Readonly<Record<string, Readonly<Record<string, string>>>>,
  ): NamedValue[] {
    const o = this.#handles[Number(handle) - this.#first];
    if (o === undefined) {
      return [];
    }
    const end = start + Math.min(count, MAX_CHILDREN);
    const out: NamedValue[] = [];
    if (ArrayBuffer.isView(o) || Array.isArray(o)) {
      const a = o as unknown as ArrayLike<unknown>;
      for (let i = start; i < Math.min(end, a.length); i++) {
        out.push({ name: `[${i}]`, value: this.describe(a[i]) });
      }
    } else if (o instanceof Map || o instanceof Set) {
      let i = 0;
      for (const [k, v] of o.entries()) {
        if (i >= start && i < end) {
          out.push({ name: `[${typeof k === 'object' ? i : String(k)}]`, value: this.describe(v) });
        }
        i++;
      }
    } else {
      const fields = types[o.constructor?.name ?? ''] ?? {};
      for (const [k, v] of Object.entries(o).slice(start, end)) {
        out.push({ name: k, value: this.describe(v, fields[k]) });
      }
    }
    return out;
  }
}

/** `socket | null` -> `socket`: what an object of a declared type is called. */
function bareType(declared: string): string {
  return declared
    .split('|')
    .map((t) => t.trim())
    .filter((t) => t !== 'null' && t !== 'undefined')
    .join(' | ');
}
