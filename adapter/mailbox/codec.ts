/** Binary form of inputs and outputs: the same records travel through the mailbox and fill a recording. */
import { AF_INET, AF_INET6, type Input, type sockaddr } from '../stack/util/host.ts';
import { copyShared, WORD } from './shared-copy.ts';

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
  'inject',
  'link',
] as const;

/** First byte of a record that is no input of the machine: the debugger asks for a change (mailbox/change.ts). */
export const CHANGE_REQUEST = 255;

/** Stands for no address at all. */
const NO_FAMILY = 255;
const NO_BYTES = new Uint8Array(16);

/** A little-endian byte buffer that grows; or memory of somebody else's, of which enough has to be free. */
export class Writer {
  bytes: Uint8Array;
  #view: DataView;
  length = 0;

  constructor(bytes: Uint8Array = new Uint8Array(4096)) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  reset(): this {
    this.length = 0;
    return this;
  }

  /** Reserves `n` bytes; `bytes` and `view` are new ones if that made it grow, so take them after. */
  #room(n: number): number {
    const at = this.length;
    this.length += n;
    if (this.length > this.bytes.length) {
      const bigger = new Uint8Array(Math.max(this.length, this.bytes.length * 2));
      bigger.set(this.bytes);
      this.bytes = bigger;
      this.#view = new DataView(bigger.buffer);
    }
    return at;
  }

  u8(v: number): this {
    const at = this.#room(1);
    this.#view.setUint8(at, v);
    return this;
  }

  u32(v: number): this {
    const at = this.#room(4);
    this.#view.setUint32(at, v, true);
    return this;
  }

  f64(v: number): this {
    const at = this.#room(8);
    this.#view.setFloat64(at, v, true);
    return this;
  }

  /** Overwrites a u32 that was written before. */
  patch(at: number, v: number): void {
    this.#view.setUint32(at, v, true);
  }

  /** Leaves `n` bytes as they are. */
  skip(n: number): this {
    this.#room(n);
    return this;
  }

  /** `len` bytes of `data` from `off`, without their count. */
  raw(data: Uint8Array, off: number, len: number): this {
    const at = this.#room(len);
    copyShared(this.bytes, at, data, off, len);
    return this;
  }

  blob(data: Uint8Array): this {
    return this.u32(data.length).raw(data, 0, data.length);
  }

  text(s: string): this {
    return this.blob(Buffer.from(s, 'utf8'));
  }

  sockaddr(a: sockaddr | null): this {
    if (!a) {
      return this.u8(NO_FAMILY);
    }
    this.u8(a.sa_family);
    switch (a.sa_family) {
      case AF_INET:
        return this.u32(a.sin_addr).u32(a.sin_port);
      case AF_INET6:
        return this.raw(a.sin6_addr ?? NO_BYTES, 0, 16).u32(a.sin_port);
      default:
        return this.text(a.sun_path);
    }
  }

  /** What was written, as a view that the next write may change. */
  get data(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}

/** Reads what `Writer` wrote, from `pos` up to `end`. Throws RangeError past the end. */
export class Reader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  pos: number;
  end: number;

  constructor(bytes: Uint8Array, pos = 0, end = bytes.length) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.pos = pos;
    this.end = end;
  }

  #take(n: number): number {
    const at = this.pos;
    if (at + n > this.end) {
      throw new RangeError(`record ends at byte ${this.end}, ${n} more expected at ${at}`);
    }
    this.pos += n;
    return at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  /** A view of the bytes, valid as long as the buffer's content is. */
  blob(): Uint8Array {
    return this.raw(this.u32());
  }

  text(): string {
    return Buffer.from(this.blob()).toString('utf8');
  }

  skip(n: number): void {
    this.#take(n);
  }

  /** A view of `n` bytes. */
  raw(n: number): Uint8Array {
    const at = this.#take(n);
    return this.bytes.subarray(at, at + n);
  }

  /** All that is left, as a view. */
  rest(): Uint8Array {
    const at = this.pos;
    this.pos = this.end;
    return this.bytes.subarray(at, this.end);
  }

  sockaddr(): sockaddr | null {
    const saFamily = this.u8();
    switch (saFamily) {
      case NO_FAMILY:
        return null;
      case AF_INET:
        return { sa_family: saFamily, sin_addr: this.u32(), sin_port: this.u32(), sin6_addr: null, sun_path: '' };
      case AF_INET6: {
        const at = this.#take(16);
        const sin6Addr = this.bytes.slice(at, at + 16);
        return { sa_family: saFamily, sin_addr: 0, sin_port: this.u32(), sin6_addr: sin6Addr, sun_path: '' };
      }
      default:
        return { sa_family: saFamily, sin_addr: 0, sin_port: 0, sin6_addr: null, sun_path: this.text() };
    }
  }
}

const NO_ADDR: sockaddr = { sa_family: 0, sin_addr: 0, sin_port: 0, sin6_addr: null, sun_path: '' };

/**
 * Writes an input; `putData` writes the bytes of 'data', 'datagram' and 'frame' (inline, or a reference into a pool).
 */
export function encodeInput(
  w: Writer,
  input: Input,
  putData: (w: Writer, data: Uint8Array, input: Input) => void,
): void {
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
      putData(w, input.data, input);
      break;
    case 'datagram':
      w.u32(input.fd).sockaddr(input.from);
      putData(w, input.data, input);
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
      putData(w, input.data, input);
      break;
    case 'qtest':
      w.text(input.text);
      break;
    case 'inject':
      w.text(input.edge).text(input.hex);
      break;
    case 'link':
      w.text(input.name);
      input.faults.forEach((fault) => void w.f64(fault));
      break;
    case 'quit':
      break;
  }
}

/** Bytes that an input needs at most in a record where its data is inline. */
export function inlineRoom(input: Input): number {
  return inputRoom(input) + ('data' in input ? input.data.length + WORD : 0);
}

/** Bytes that an input's record needs at most in the mailbox, where data is a reference. */
export function inputRoom(input: Input): number {
  const text =
    input.type === 'console' || input.type === 'qtest'
      ? input.text
      : input.type === 'monitor'
        ? input.line
        : input.type === 'accepted'
          ? input.peer.sun_path
          : input.type === 'inject'
            ? input.hex
            : input.type === 'link'
              ? input.name
              : '';
  return 128 + 3 * text.length;
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
    case 'inject':
      return { type, edge: r.text() as 'slirp', hex: r.text() };
    case 'link':
      return { type, name: r.text(), faults: [r.f64(), r.f64(), r.f64(), r.f64()] };
    case 'quit':
      return { type };
    default:
      throw new RangeError(`unknown input record ${kind}`);
  }
}

/** Data inline in the record, at the same place in a word as it has now, so that it can be copied by words. */
export const putInline = (w: Writer, data: Uint8Array): void => {
  beginInline(w, data);
  w.raw(data, 0, data.length);
};

/** What stands before data inline: its length, and as much as gives it the offset in a word that it has. */
export function beginInline(w: Writer, data: Uint8Array): void {
  const pad = (data.byteOffset - w.bytes.byteOffset - w.length - 5) & (WORD - 1);
  w.u32(data.length).u8(pad).skip(pad);
}

/** Data inline in the record, copied out. */
export const getInline = (r: Reader): Uint8Array => {
  const n = r.u32();
  r.skip(r.u8());
  return r.raw(n).slice();
};
