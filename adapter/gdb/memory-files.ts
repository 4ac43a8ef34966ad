/** Guest memory to files and back, and what is searched for in it: `dump`, `append`, `restore`, `find`. */
import { CommandError } from '../commands/command.ts';
import { parseArgument } from '../inspect/expression/parser.ts';
import { hex } from '../packets/format.ts';
import { within } from '../packets/span.ts';
import { writeWhole } from '../written-file.ts';
import type { GdbInterpreter } from './interpreter.ts';
import { sourceOf } from './memory.ts';
import { fileError } from './output.ts';
import { readWhole } from './read-file.ts';

async function numberOf(gdb: GdbInterpreter, text: string): Promise<number> {
  const { value } = await gdb.evaluator.evaluate(text, gdb.expressionFrame());
  const n = Number(value.value);
  if ((value.kind !== 'number' && value.kind !== 'bigint') || !Number.isSafeInteger(n)) {
    throw new CommandError(`"${text.trim()}" is no number.`);
  }
  return n;
}

function readMemory(gdb: GdbInterpreter, from: number, length: number): Uint8Array {
  const bytes = gdb.engine.memory.read(from, length);
  if (bytes.length < length) {
    throw new CommandError(`Cannot access memory at address ${hex(from + bytes.length)}`);
  }
  return bytes;
}

async function inFile<T>(gdb: GdbInterpreter, name: string, action: () => T): Promise<Awaited<T>> {
  try {
    return await action();
  } catch (e) {
    gdb.interrupts.check();
    throw new CommandError(`Failed to open ${name}: ${fileError(e)}`);
  }
}

/** `dump [binary] memory FILE START STOP`, `dump [binary] value FILE EXPR`; `append` adds to the file. */
export async function dump(
  gdb: GdbInterpreter,
  what: 'memory' | 'value',
  args: string,
  append: boolean,
): Promise<void> {
  const [, file = '', rest = ''] = /^(\S+)\s+(.*)$/s.exec(args.trim()) ?? [];
  if (file === '') {
    throw new CommandError('Missing filename.');
  }
  const bytes = what === 'memory' ? await memoryOf(gdb, rest) : await valueBytes(gdb, rest);
  await inFile(gdb, file, () => writeWhole(file, bytes, { append, signal: gdb.interruptible() }));
}

async function memoryOf(gdb: GdbInterpreter, text: string): Promise<Uint8Array> {
  const [start, stop] = text.trim().split(/\s+/);
  if (start === undefined || stop === undefined) {
    throw new CommandError('Missing start and stop address.');
  }
  const [from, to] = [await numberOf(gdb, start), await numberOf(gdb, stop)];
  if (to <= from) {
    throw new CommandError('Invalid memory address range (start >= end).');
  }
  return readMemory(gdb, from, to - from);
}

async function valueBytes(gdb: GdbInterpreter, text: string): Promise<Uint8Array> {
  const { value } = await gdb.evaluator.evaluate(text, gdb.expressionFrame());
  if (value.kind !== 'bytes' || value.handle === undefined) {
    throw new CommandError('Only arrays of bytes can be written as values.');
  }
  return (await gdb.engine.readBytes(value.handle, 0, value.length ?? 0)) ?? new Uint8Array(0);
}

/** `restore FILE binary OFFSET`: bytes of a file to guest memory. */
export async function restore(gdb: GdbInterpreter, args: string): Promise<void> {
  const [, file = '', rest = ''] = /^(\S+)\s+(?:binary\s+)?(.*)$/s.exec(args.trim()) ?? [];
  if (file === '' || rest === '') {
    throw new CommandError('Usage: restore FILE binary OFFSET');
  }
  const bytes = await inFile(gdb, file, () => readWhole(file, gdb.interruptible()));
  const at = await numberOf(gdb, rest);
  const end = at + bytes.length;
  gdb.out(`Restoring binary file ${file} into memory (${hex(at)} to ${hex(end)})\n`);
  const written = await gdb.engine.memory.write(at, bytes);
  if (written < bytes.length) {
    throw new CommandError(`Cannot access memory at address ${hex(at + written)}`);
  }
}

const SIZES = { b: 1, h: 2, w: 4, g: 8 } as const;

/** `find [/SIZE] [/N] START, +LEN|END, VALUE...`. */
export async function find(gdb: GdbInterpreter, args: string): Promise<void> {
  const [option = '', size = '', most = ''] = /^\/([bhwg]?)(\d*)\s+/.exec(args) ?? [];
  const parts = splitList(args.slice(option.length));
  const [start, stop, ...values] = parts;
  if (start === undefined || stop === undefined || values.length === 0) {
    throw new CommandError('Missing search parameters.');
  }
  const source = await sourceOf(gdb, start);
  const from = source.address;
  const length = stop.trim().startsWith('+')
    ? await numberOf(gdb, stop.trim().slice(1))
    : (await sourceOf(gdb, stop)).address - from + 1;
  if (length <= 0) {
    throw new CommandError('Empty search range.');
  }
  const pattern = Buffer.concat(await Promise.all(values.map((v) => patternOf(gdb, v, size))));
  const read = await source.read(from, length);
  if (read.length < length) {
    throw new CommandError(
      `Unable to access ${length - read.length} bytes of target memory at ${hex(from + read.length)}, halting search.`,
    );
  }
  const memory = Buffer.from(read);
  const limit = most === '' ? Number.POSITIVE_INFINITY : Number(most);
  let found = 0;
  for (let at = memory.indexOf(pattern); at >= 0 && found < limit; at = memory.indexOf(pattern, at + 1)) {
    await gdb.interrupts.breathe();
    gdb.out(`${hex(from + at)}\n`);
    gdb.evaluator.setExamined(from + at, undefined, 'int8_t');
    found++;
  }
  gdb.evaluator.setVariable('numfound', found);
  gdb.out(found === 0 ? 'Pattern not found.\n' : `${found} pattern${found === 1 ? '' : 's'} found.\n`);
}

/** Expressions with commas between them. */
function splitList(text: string): string[] {
  const parts: string[] = [];
  for (let at = 0; at < text.length; ) {
    const from = text[at] === '+' || /^\s*\+/.test(text.slice(at)) ? text.indexOf('+', at) + 1 : at;
    const { end } = within(text.slice(from), from, parseArgument);
    parts.push(text.slice(at, from + end));
    at = from + end + 1;
  }
  return parts;
}

async function patternOf(gdb: GdbInterpreter, text: string, size: string): Promise<Buffer> {
  const { value, code } = await gdb.evaluator.evaluate(text, gdb.expressionFrame());
  if (value.kind === 'string') {
    return Buffer.from(String(value.value), 'latin1');
  }
  const width = size === '' ? (code?.scalar?.bits ?? 32) / 8 : SIZES[size as keyof typeof SIZES];
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value.value ?? 0)));
  return bytes.subarray(0, width);
}
