/** Bytes of a file that are read piece by piece, so that a capture need not fit into memory. */

export interface ByteSource {
  /** Length of the file in bytes. */
  readonly size: number;
  /** A view of up to `length` bytes at `at`, shorter at the file's end. It is valid until the next call. */
  read(at: number, length: number): Uint8Array;
  /** The same for a look at something far away, which is not worth reading what lies around it. */
  glance(at: number, length: number): Uint8Array;
}

/** A source over bytes that are in memory already; its views stay valid. */
export function memorySource(bytes: Uint8Array): ByteSource {
  const read = (at: number, length: number): Uint8Array => bytes.subarray(at, Math.min(bytes.length, at + length));
  return { size: bytes.length, read, glance: read };
}
