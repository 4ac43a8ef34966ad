/** AES with keys of 128 bits (FIPS 197): blocks are encrypted, which is all that counter mode needs. */

const BLOCK = 16;
const ROUNDS = 10;

/** A byte times x in the field of AES. */
function doubled(x: number): number {
  return ((x << 1) ^ (x & 0x80 ? 0x11b : 0)) & 255;
}

/** The table of substitutions: inverses in the field, turned and mixed. */
function makeBox(): Uint8Array {
  const box = new Uint8Array(256);
  let [p, q] = [1, 1];
  do {
    // Three times p, and q divided by three.
    p = p ^ doubled(p);
    q ^= q << 1;
    q ^= q << 2;
    q ^= q << 4;
    q = (q ^ (q & 0x80 ? 0x09 : 0)) & 255;
    const turned = (n: number): number => ((q << n) | (q >> (8 - n))) & 255;
    box[p] = q ^ turned(1) ^ turned(2) ^ turned(3) ^ turned(4) ^ 0x63;
  } while (p !== 1);
  box[0] = 0x63;
  return box;
}

const BOX = makeBox();

function substituted(x: number): number {
  return BOX[x] ?? 0;
}

/** A key, ready for blocks. */
export class Aes128 {
  readonly #schedule = new Uint8Array(BLOCK * (ROUNDS + 1));

  constructor(key: Uint8Array) {
    const w = this.#schedule;
    w.set(key.subarray(0, BLOCK));
    let constant = 1;
    for (let at = BLOCK; at < w.length; at += 4) {
      let word = [w[at - 4] ?? 0, w[at - 3] ?? 0, w[at - 2] ?? 0, w[at - 1] ?? 0];
      if (at % BLOCK === 0) {
        const [a = 0, b = 0, c = 0, d = 0] = word;
        word = [substituted(b) ^ constant, substituted(c), substituted(d), substituted(a)];
        constant = doubled(constant);
      }
      word.forEach((x, i) => {
        w[at + i] = (w[at + i - BLOCK] ?? 0) ^ x;
      });
    }
  }

  encrypt(block: Uint8Array): Uint8Array {
    let state = this.#added(block, 0);
    for (let round = 1; round <= ROUNDS; round++) {
      // Substitution, and rows that move: byte i of a row comes from i columns further.
      const moved = Uint8Array.from({ length: BLOCK }, (_, i) => substituted(state[(i + 4 * (i & 3)) & 15] ?? 0));
      state = this.#added(round < ROUNDS ? mixed(moved) : moved, round);
    }
    return state;
  }

  /** Bytes in counter mode as GCM has it (NIST SP 800-38D): the first block has number 2. The tag is not looked at. */
  counterMode(nonce: Uint8Array, data: Uint8Array): Uint8Array {
    const out = new Uint8Array(data);
    const counter = new Uint8Array(BLOCK);
    counter.set(nonce.subarray(0, 12));
    for (let at = 0, n = 2; at < out.length; at += BLOCK, n++) {
      new DataView(counter.buffer).setUint32(12, n);
      const stream = this.encrypt(counter);
      for (let i = 0; i < BLOCK && at + i < out.length; i++) {
        out[at + i] = (out[at + i] ?? 0) ^ (stream[i] ?? 0);
      }
    }
    return out;
  }

  #added(state: Uint8Array, round: number): Uint8Array {
    return Uint8Array.from({ length: BLOCK }, (_, i) => (state[i] ?? 0) ^ (this.#schedule[round * BLOCK + i] ?? 0));
  }
}

/** Each column times a matrix. */
function mixed(state: Uint8Array): Uint8Array {
  const out = new Uint8Array(BLOCK);
  for (let column = 0; column < BLOCK; column += 4) {
    const [a = 0, b = 0, c = 0, d = 0] = state.subarray(column, column + 4);
    const all = a ^ b ^ c ^ d;
    out[column] = a ^ all ^ doubled(a ^ b);
    out[column + 1] = b ^ all ^ doubled(b ^ c);
    out[column + 2] = c ^ all ^ doubled(c ^ d);
    out[column + 3] = d ^ all ^ doubled(d ^ a);
  }
  return out;
}
