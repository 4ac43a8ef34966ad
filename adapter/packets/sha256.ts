/** SHA-256 (FIPS 180-4), HMAC (RFC 2104) and the expansion of keys (RFC 5869) with it, for a browser too. */

const BLOCK = 64;
const SIZE = 32;

function isPrime(n: number): boolean {
  for (let d = 2; d * d <= n; d++) {
    if (n % d === 0) {
      return false;
    }
  }
  return true;
}

/** The first 64 primes, whose roots the constants are made of. */
const PRIMES: readonly number[] = Array.from({ length: 312 }, (_, i) => i).filter((n) => n >= 2 && isPrime(n));

/** The first 32 bits of the fraction of a root. */
function fraction(root: number): number {
  return Math.floor((root - Math.floor(root)) * 2 ** 32) | 0;
}

const START = Int32Array.from(PRIMES.slice(0, 8), (n) => fraction(Math.sqrt(n)));
const ROUNDS = Int32Array.from(PRIMES, (n) => fraction(Math.cbrt(n)));

function rotated(x: number, n: number): number {
  return (x >>> n) | (x << (32 - n));
}

function compress(state: Int32Array, words: Int32Array): void {
  for (let i = 16; i < 64; i++) {
    const [x, y] = [words[i - 15] ?? 0, words[i - 2] ?? 0];
    const low = rotated(x, 7) ^ rotated(x, 18) ^ (x >>> 3);
    const high = rotated(y, 17) ^ rotated(y, 19) ^ (y >>> 10);
    words[i] = (words[i - 16] ?? 0) + low + (words[i - 7] ?? 0) + high;
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let i = 0; i < 64; i++) {
    const sum = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
    const first = (h + sum + ((e & f) ^ (~e & g)) + (ROUNDS[i] ?? 0) + (words[i] ?? 0)) | 0;
    const second = ((rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((x, i) => {
    state[i] = (state[i] ?? 0) + x;
  });
}

export function sha256(data: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil((data.length + 9) / BLOCK) * BLOCK);
  padded.set(data);
  padded[data.length] = 0x80;
  new DataView(padded.buffer).setUint32(padded.length - 4, data.length * 8);
  const view = new DataView(padded.buffer);
  const state = START.slice();
  const words = new Int32Array(64);
  for (let at = 0; at < padded.length; at += BLOCK) {
    for (let i = 0; i < 16; i++) {
      words[i] = view.getInt32(at + 4 * i);
    }
    compress(state, words);
  }
  const out = new Uint8Array(SIZE);
  state.forEach((x, i) => {
    new DataView(out.buffer).setInt32(4 * i, x);
  });
  return out;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

/** The key has at most a block's length. */
export function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array {
  const pad = (byte: number): Uint8Array => Uint8Array.from({ length: BLOCK }, (_, i) => (key[i] ?? 0) ^ byte);
  return sha256(joined(pad(0x5c), sha256(joined(pad(0x36), data))));
}

/** Up to 32 bytes of a secret for a label (TLS 1.3's `HKDF-Expand-Label` without a context, RFC 8446, section 7.1). */
export function expandLabel(secret: Uint8Array, label: string, length: number): Uint8Array {
  const name = `tls13 ${label}`;
  const info = Uint8Array.from([0, length, name.length, ...Array.from(name, (c) => c.charCodeAt(0)), 0, 1]);
  return hmacSha256(secret, info).subarray(0, length);
}
