/** A text that one thread leaves for the other in shared memory: its length in the first 4 bytes, then UTF-8. */

const HEADER = 4;
const encoder = new TextEncoder();

/** Makes room for a text of at most `bytes` bytes. */
export function createNote(bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(HEADER + bytes);
}

/** Replaces the text. Throws RangeError when it is too long. */
export function writeNote(note: SharedArrayBuffer, text: string): void {
  const bytes = encoder.encode(text);
  new Uint8Array(note, HEADER).set(bytes);
  new Int32Array(note, 0, 1)[0] = bytes.length;
}

export function readNote(note: SharedArrayBuffer): string {
  const [length = 0] = new Int32Array(note, 0, 1);
  return Buffer.from(new Uint8Array(note, HEADER, length)).toString('utf8');
}
