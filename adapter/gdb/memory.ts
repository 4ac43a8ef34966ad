/** `x`: guest physical memory, an array of bytes of the stack, or the packet of the frame (`x/14xb $pkt`). */

import { CommandError } from '../commands/command.ts';
import type { Value } from '../engine/api.ts';
import { OBJECT_ADDRESSES, objectAt } from '../inspect/expression/pointers.ts';
import { packetBytesOf } from '../inspect/packets.ts';
import { bytesText, type FormatLetter, formatNumber, quoteString, splitFormat } from '../inspect/values.ts';
import { hex } from '../packets/format.ts';
import type { GdbInterpreter } from './interpreter.ts';

const SIZES = { b: 1, h: 2, w: 4, g: 8 } as const;
type Size = keyof typeof SIZES;

/** Where `x` goes on, and how. */
export interface ExamineState {
  address: number;
  letter: FormatLetter;
  size: Size;
}

/** Items on a line by size and format, as gdb lays them out. */
function perLine(size: Size, letter: FormatLetter): number {
  if (letter === 't') {
    return size === 'b' ? 8 : size === 'h' ? 8 : size === 'w' ? 2 : 1;
  }
  return letter === 'o' && size !== 'b' ? (size === 'h' ? 8 : size === 'w' ? 4 : 2) : { b: 8, h: 8, w: 4, g: 2 }[size];
}

/** Most bytes that one command shows. */
const MAX_BYTES = 1 << 20;

/** Memory to look at: where it starts, and its bytes as far as they are there. */
export interface Source {
  readonly address: number;
  read(address: number, length: number): Promise<Uint8Array>;
}

export async function examine(gdb: GdbInterpreter, args: string): Promise<void> {
  const { format, rest } = splitFormat(args);
  const state = gdb.examine;
  if (format && format.letter !== '') {
    state.letter = format.letter;
  }
  if (format && format.size !== '') {
    state.size = format.size;
  } else if (format?.letter === 'a') {
    state.size = 'g';
  } else if (format?.letter === 'c') {
    state.size = 'b';
  }
  const source = rest.trim() === '' ? await at(gdb, state.address) : await sourceOf(gdb, rest);
  const count = format?.count ?? 1;
  const { letter, size } = state;
  if (letter === 's') {
    return strings(gdb, source, count);
  }
  if (Math.abs(count) * SIZES[size] > MAX_BYTES) {
    throw new CommandError(`The count must be from 0 to ${MAX_BYTES / SIZES[size]}.`);
  }
  if (count >= 0) {
    return items(gdb, source, count, size, letter);
  }
  const before = { ...source, address: source.address + count * SIZES[size] };
  await items(gdb, before, -count, size, letter);
  // One more `x` goes on backwards.
  state.address = before.address;
}

function noMemory(address: number | bigint): CommandError {
  return new CommandError(`Cannot access memory at address ${hex(address)}`);
}

/** Guest memory, or an array of the stack that was printed with such an address. */
async function at(gdb: GdbInterpreter, address: number): Promise<Source> {
  if (address >= OBJECT_ADDRESSES) {
    const value = await gdb.engine.evaluate(objectAt(String(address)), gdb.expressionFrame());
    return bytesOf(gdb, { ...value, address });
  }
  return { address, read: async (from, length) => gdb.engine.memory.read(from, length) };
}

/** What an expression points at: a number is a guest physical address. */
export async function sourceOf(gdb: GdbInterpreter, text: string): Promise<Source> {
  const [whole, from = '0'] = /^\s*\$pkt(?:\s*\+\s*(\d+|0x[\da-f]+))?\s*$/i.exec(text) ?? [];
  if (whole !== undefined) {
    const { bytes } = await packetBytesOf(gdb.engine, await gdb.selected());
    return { address: Number(from), read: async (at, length) => bytes.slice(at, at + length) };
  }
  const { value } = await gdb.evaluator.evaluate(text, gdb.expressionFrame());
  if (value.kind === 'number' || value.kind === 'bigint') {
    const address = Number(value.value);
    if (address < 0 || !Number.isSafeInteger(address)) {
      throw noMemory(BigInt.asUintN(64, BigInt(value.value ?? 0)));
    }
    return at(gdb, address);
  }
  return bytesOf(gdb, value);
}

function bytesOf(gdb: GdbInterpreter, value: Value): Source {
  const { address: start = 0, handle, bits = 0, length = 0 } = value;
  if (value.kind === 'undefined') {
    throw new CommandError("Value can't be converted to integer.");
  }
  if (handle === undefined || bits === 0) {
    throw new CommandError('x needs a guest physical address, an array of numbers, or $pkt.');
  }
  return {
    address: start,
    read: async (from, count) => {
      const offset = from - start;
      const have = Math.min(count, (length * bits) / 8 - offset);
      const bytes = have <= 0 ? undefined : await gdb.engine.readBytes(handle, offset, have);
      return bytes ?? new Uint8Array(0);
    },
  };
}

async function items(
  gdb: GdbInterpreter,
  source: Source,
  count: number,
  size: Size,
  letter: FormatLetter,
): Promise<void> {
  const width = SIZES[size];
  const line = perLine(size, letter);
  for (let i = 0; i < count; i += line) {
    await gdb.interrupts.breathe();
    const at = source.address + i * width;
    const n = Math.min(line, count - i);
    const bytes = await source.read(at, n * width);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const whole = Math.floor(bytes.length / width);
    const texts: string[] = [];
    for (let k = 0; k < whole; k++) {
      texts.push(item(view, k * width, size, letter));
    }
    if (texts.length > 0) {
      gdb.out(`${hex(at)}:\t${texts.join('\t')}\n`);
    }
    gdb.examine.address = at + whole * width;
    if (whole > 0) {
      const last = (whole - 1) * width;
      gdb.evaluator.setExamined(at + last, unitAt(view, last, size), C_TYPES[size]);
    }
    if (whole < n) {
      throw noMemory(at + whole * width);
    }
  }
}

/** What `$_` points to after `x`. */
const C_TYPES = { b: 'int8_t', h: 'int16_t', w: 'int32_t', g: 'int64_t' } as const;

function unitAt(view: DataView, at: number, size: Size): number | bigint {
  switch (size) {
    case 'b':
      return view.getUint8(at);
    case 'h':
      return view.getUint16(at, true);
    case 'w':
      return view.getUint32(at, true);
    case 'g':
      return view.getBigUint64(at, true);
  }
}

function item(view: DataView, at: number, size: Size, letter: FormatLetter): string {
  const bits = SIZES[size] * 8;
  const n = unitAt(view, at, size);
  if (letter === 'f' && bits >= 32) {
    const real = bits === 32 ? view.getFloat32(at, true) : view.getFloat64(at, true);
    return formatNumber(real, 'f', { bits, float: true });
  }
  if (letter === 'x') {
    return formatNumber(n, 'z', { bits });
  }
  if (letter === 't') {
    return BigInt(n).toString(2).padStart(bits, '0');
  }
  if (letter === 'o') {
    return n === 0
      ? '0'
      : `0${BigInt(n)
          .toString(8)
          .padStart(Math.ceil(bits / 3), '0')}`;
  }
  return formatNumber(n, letter, { bits, signed: true });
}

/** `x/s`: NUL-terminated strings, one a line. */
async function strings(gdb: GdbInterpreter, source: Source, count: number): Promise<void> {
  let at = source.address;
  const limit = gdb.settings.print.elements || MAX_BYTES;
  for (let i = 0; i < count; i++) {
    gdb.evaluator.setExamined(at, undefined, 'int8_t');
    const bytes = await source.read(at, limit + 1);
    if (bytes.length === 0) {
      throw noMemory(at);
    }
    const end = bytes.indexOf(0);
    const text = bytesText([...bytes.subarray(0, end < 0 ? Math.min(bytes.length, limit) : end)]);
    const quoted = quoteString(text, limit, gdb.settings.print.repeats);
    gdb.out(`${hex(at)}:\t${quoted}${end < 0 && bytes.length > limit ? '...' : ''}\n`);
    at += text.length + (end < 0 ? 0 : 1);
  }
  gdb.examine.address = at;
}
