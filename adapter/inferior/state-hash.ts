/**
 * Hash of a state tree: objects by class and fields, maps and arrays in order, typed arrays by content, functions by
 * name. Shared and cyclic references are hashed by the order in which they are first met, so equal trees give equal
 * hashes.
 */

/** Memory is mostly zero, which a native compare finds many times faster than it could be hashed. */
const STRETCH = 1 << 14;
const ZEROES = Buffer.alloc(STRETCH);

/** Two 32-bit lanes of FNV-1a with different bases, together 64 bits. */
class Hasher {
  a = 0x811c9dc5;
  b = 0x01000193;

  word(v: number): void {
    this.a = Math.imul(this.a ^ v, 0x01000193);
    this.b = Math.imul(this.b ^ ((v >>> 16) | (v << 16)), 0x85ebca6b) ^ (this.b >>> 13);
  }

  readonly #f = new Float64Array(1);
  readonly #w = new Int32Array(this.#f.buffer);

  number(v: number): void {
    this.#f[0] = v;
    this.word(this.#w[0] as number);
    this.word(this.#w[1] as number);
  }

  text(s: string): void {
    this.word(s.length);
    for (let i = 0; i < s.length; i++) {
      this.word(s.charCodeAt(i));
    }
  }

  /** By words, wherever in its buffer the array lies. Of stretches that are zero only their absence counts. */
  bytes(u: Uint8Array): void {
    this.word(u.length);
    const all = Buffer.from(u.buffer, u.byteOffset, u.length);
    for (let at = 0; at < u.length; at += STRETCH) {
      const end = Math.min(at + STRETCH, u.length);
      if (all.compare(ZEROES, 0, end - at, at, end) !== 0) {
        this.word(at);
        this.#words(u.subarray(at, end));
      }
    }
  }

  #words(u: Uint8Array): void {
    const aligned = u.byteOffset % 4 === 0 ? u : u.slice();
    const words = new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length >>> 2);
    for (let k = 0; k < words.length; k++) {
      this.word(words[k] as number);
    }
    for (let i = words.length * 4; i < u.length; i++) {
      this.word(u[i] as number);
    }
  }

  get hex(): string {
    const h = (v: number): string => (v >>> 0).toString(16).padStart(8, '0');
    return h(this.a) + h(this.b);
  }
}

/** Hashes everything reachable from `root`, except what hangs off the fields named in `leaveOut`. */
export function hashState(root: object, leaveOut: ReadonlySet<string>): string {
  const h = new Hasher();
  const seen = new Map<object, number>();
  const stack: unknown[] = [root];
  while (stack.length > 0) {
    const v = stack.pop();
    switch (typeof v) {
      case 'number':
        h.number(v);
        break;
      case 'string':
        h.text(v);
        break;
      case 'boolean':
        h.word(v ? 0x71 : 0x70);
        break;
      case 'bigint':
        h.text(v.toString());
        break;
      case 'function':
        h.text(v.name);
        break;
      case 'object':
        if (v === null) {
          h.word(0x6e);
        } else {
          hashObject(h, v, seen, stack, leaveOut);
        }
        break;
      default:
        h.word(0x75);
    }
  }
  return h.hex;
}

function hashObject(
  h: Hasher,
  v: object,
  seen: Map<object, number>,
  stack: unknown[],
  leaveOut: ReadonlySet<string>,
): void {
  const known = seen.get(v);
  if (known !== undefined) {
    h.word(known);
    return;
  }
  seen.set(v, seen.size + 1);
  h.text(v.constructor?.name ?? '');
  if (ArrayBuffer.isView(v)) {
    h.bytes(new Uint8Array(v.buffer, v.byteOffset, v.byteLength));
  } else if (Array.isArray(v)) {
    h.word(v.length);
    for (let i = v.length - 1; i >= 0; i--) {
      stack.push(v[i]);
    }
  } else if (v instanceof Map) {
    h.word(v.size);
    for (const [k, value] of v) {
      stack.push(value, k);
    }
  } else if (v instanceof Set) {
    h.word(v.size);
    stack.push(...v);
  } else {
    for (const [k, value] of Object.entries(v)) {
      if (!leaveOut.has(k)) {
        h.text(k);
        stack.push(value);
      }
    }
  }
}
