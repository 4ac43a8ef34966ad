/** Binary form of inputs and outputs: the same records travel through the mailbox and fill a recording. */
import type { Input, sockaddr } from '../stack/util/host.ts';

const INPUT_KINDS = [
  'accepted',
  'connected',
  'data',
  'datagram',
  'eof',
  'error',
  'written',
  'console',
  'monitor',
  'frame',
  'quit',
  'qtest',
] as const;

/** A growing little-endian byte buffer. */
export class Writer {
  bytes: Uint8Array = new Uint8Array(4096);
  view: DataView = new DataView(this.bytes.buffer);
  length = 0;

  reset(): this {
    this.length = 0;
    return this;
  }

  /** Reserves `n` bytes; `bytes` and `view` are new ones if that made it grow, so take them after. */
  private room(n: number): number {
    const at = this.length;
    this.length += n;
    if (this.length > this.bytes.length) {
      const bigger = new Uint8Array(Math.max(this.length, this.bytes.length * 2));
      bigger.set(this.bytes);
      this.bytes = bigger;
      this.view = new DataView(bigger.buffer);
    }
    return at;
  }

  u8(v: number): this {
    const at = this.room(1);
    this.view.setUint8(at, v);
    return this;
  }

  u32(v: number): this {
    const at = this.room(4);
    this.view.setUint32(at, v, true);
    return this;
  }

  f64(v: number): this {
    const at = this.room(8);
    this.view.setFloat64(at, v, true);
    return this;
  }

  blob(data: Uint8Array): this {
    this.u32(data.length);
    const at = this.room(data.length);
    this.bytes.set(data, at);
    return this;
  }

  text(s: string): this {
    return this.blob(Buffer.from(s, 'utf8'));
  }

  sockaddr(a: sockaddr | null): this {
    if (!a) {
      return this.u8(255);
    }
    this.u8(a.sa_family).u32(a.sin_addr).u32(a.sin_port);
    this.blob(a.sin6_addr ?? new Uint8Array(0));
    return this.text(a.sun_path);
  }

  /** What was written, as a view that the next write may change. */
  get data(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}

/** Reads what `Writer` wrote. Throws RangeError past the end. */
export class Reader {
  readonly bytes: Uint8Array;
  private readonly view: DataView;
  pos: number;
  readonly end: number;

  constructor(bytes: Uint8Array, pos = 0, end = bytes.length) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.pos = pos;
    this.end = end;
  }

  private take(n: number): number {
    const at = this.pos;
    if (at + n > this.end) {
      throw new RangeError(`record ends at byte ${this.end}, ${n} more expected at ${at}`);
    }
    this.pos += n;
    return at;
  }

  u8(): number {
    return this.view.getUint8(this.take(1));
  }

  u32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  f64(): number {
    return this.view.getFloat64(this.take(8), true);
  }

  /** A view of the bytes, valid as long as the buffer's content is. */
  blob(): Uint8Array {
    const n = this.u32();
    const at = this.take(n);
    return this.bytes.subarray(at, at + n);
  }

  text(): string {
    return Buffer.from(this.blob()).toString('utf8');
  }

  sockaddr(): sockaddr | null {
    const sa_family = this.u8();
    if (sa_family === 255) {
      return null;
    }
    const sin_addr = this.u32();
    const sin_port = this.u32();
    const sin6 = this.blob();
    return { sa_family, sin_addr, sin_port, sin6_addr: sin6.length ? sin6.slice() : null, sun_path: this.text() };
  }
}

const NO_ADDR: sockaddr = { sa_family: 0, sin_addr: 0, sin_port: 0, sin6_addr: null, sun_path: '' };

/** Writes an input; `putData` writes the bytes of 'data', 'datagram' and 'frame' (inline, or a reference into a pool). */
export function encodeInput(w: Writer, input: Input, putData: (w: Writer, data: Uint8Array) => void): void {
  w.u8(INPUT_KINDS.indexOf(input.type));
  switch (input.type) {
    case 'accepted':
      w.u32(input.fd).u32(input.listener).sockaddr(input.peer);
      break;
    case 'connected':
      w.u32(input.fd).sockaddr(input.local);
      break;
    case 'data':
      w.u32(input.fd);
      putData(w, input.data);
      break;
    case 'datagram':
      w.u32(input.fd).sockaddr(input.from);
      putData(w, input.data);
      break;
    case 'eof':
      w.u32(input.fd);
      break;
    case 'error':
      w.u32(input.fd).text(input.errno).sockaddr(input.from);
      break;
    case 'written':
      w.u32(input.fd).u32(input.bytes);
      break;
    case 'console':
      w.text(input.text);
      break;
    case 'monitor':
      w.u32(input.id).text(input.line);
      break;
    case 'frame':
      w.u32(input.number);
      putData(w, input.data);
      break;
    case 'qtest':
      w.text(input.text);
      break;
    case 'quit':
      break;
  }
}

/** Reads an input; `getData` is the counterpart of `putData`. */
export function decodeInput(r: Reader, getData: (r: Reader) => Uint8Array): Input {
  const kind = r.u8();
  const type = INPUT_KINDS[kind];
  switch (type) {
    case 'accepted':
      return { type, fd: r.u32(), listener: r.u32(), peer: r.sockaddr() ?? NO_ADDR };
    case 'connected':
      return { type, fd: r.u32(), local: r.sockaddr() ?? NO_ADDR };
    case 'data':
      return { type, fd: r.u32(), data: getData(r) };
    case 'datagram': {
      const fd = r.u32();
      const from = r.sockaddr() ?? NO_ADDR;
      return { type, fd, from, data: getData(r) };
    }
    case 'eof':
      return { type, fd: r.u32() };
    case 'error':
      return { type, fd: r.u32(), errno: r.text(), from: r.sockaddr() };
    case 'written':
      return { type, fd: r.u32(), bytes: r.u32() };
    case 'console':
      return { type, text: r.text() };
    case 'monitor':
      return { type, id: r.u32(), line: r.text() };
    case 'frame':
      return { type, number: r.u32(), data: getData(r) };
    case 'qtest':
      return { type, text: r.text() };
    case 'quit':
      return { type };
    default:
      throw new RangeError(`unknown input record ${kind}`);
  }
}

/** Data inline in the record. */
export const putInline = (w: Writer, data: Uint8Array): void => {
  w.blob(data);
};

/** Data inline in the record, copied out. */
export const getInline = (r: Reader): Uint8Array => r.blob().slice();
