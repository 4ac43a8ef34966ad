/** How a recording refers to bytes of a capture, and the sum by which they are known again. */

/** Stands where inline data says how much it is padded, which is less; the low bits are the data's place in a word. */
export const REFERENCE = 0x80;
/** The place of bytes that the capture has not: they are 0. */
export const NOWHERE = 2 ** 40 - 1;

/** A sum over bytes that begin at any place in a word; both sides have to have them at the same one. */
export function sumOf(data: Uint8Array, words: Int32Array): number {
  const end = data.byteOffset + data.length;
  const [first, last] = [(data.byteOffset + 3) >> 2, end >> 2];
  let a = data.length;
  let b = 0;
  for (let i = first; i < last; i++) {
    a = (a + (words[i] as number)) | 0;
    b = (b + a) | 0;
  }
  for (let i = 0; i < first * 4 - data.byteOffset; i++) {
    a = (a + (data[i] as number)) | 0;
    b = (b + a) | 0;
  }
  for (let i = last * 4 - data.byteOffset; i < data.length; i++) {
    a = (a + (data[i] as number)) | 0;
    b = (b + a) | 0;
  }
  return (a ^ Math.imul(b, 0x9e3779b1)) >>> 0;
}

export const wordsOf = (buffer: ArrayBufferLike): Int32Array => new Int32Array(buffer, 0, buffer.byteLength >> 2);
