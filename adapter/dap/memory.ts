/**
 * Memory requests: guest physical memory, the NIC's MMIO window and byte arrays of the stack.
 * The window is read raw, never with a side effect.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { GuestMemory } from '../engine/api.ts';
import { hex } from '../packets/format.ts';
import { type Arguments, RequestError } from './arguments.ts';
import type { Family } from './request.ts';
import type { PacketSession } from './session.ts';

/** More than this is answered in part, which the protocol allows. */
const MAX_READ = 16 * 1024 * 1024;

/**
 * Prefix of references to byte arrays of the stack; the engine's handle follows.
 * They can be read until the machine runs.
 */
const BYTES_PREFIX = 'bytes:';

/** `memoryReference` of a guest physical address. */
export function physicalReference(address: number): string {
  return hex(address, 8);
}

/** `memoryReference` of a byte array in the stack's own memory. */
export function bytesReference(handle: string): string {
  return BYTES_PREFIX + handle;
}

export const memoryRequests: Family = {
  readMemory: {
    atStop: true,
    cancellable: true,
    capabilities: { supportsReadMemoryRequest: true },
    handle: async (session, args): Promise<DebugProtocol.ReadMemoryResponse['body']> => {
      const reference = args.string('memoryReference');
      const offset = args.optionalNumber('offset') ?? 0;
      const count = Math.min(args.count('count', 0), MAX_READ);
      if (reference.startsWith(BYTES_PREFIX)) {
        return readBytes(session, reference.slice(BYTES_PREFIX.length), offset, count);
      }
      const address = parseAddress(reference) + offset;
      return answer(
        address,
        address < 0 ? new Uint8Array(0) : session.engine.memory.read(address, count),
        count,
        (at) => nextMapped(session.engine.memory, at),
      );
    },
  },
  writeMemory: {
    atStop: true,
    capabilities: { supportsWriteMemoryRequest: true },
    handle: (session, args): Promise<DebugProtocol.WriteMemoryResponse['body']> => writeMemory(session, args),
  },
};

/** A guest physical address as a client writes it: `0x1000` or decimal. */
function parseAddress(reference: string): number {
  const address = /^(0x[0-9a-f]+|\d+)$/i.test(reference) ? Number(reference) : Number.NaN;
  if (!Number.isSafeInteger(address)) {
    throw new RequestError(
      `"${reference}" is not a memory reference; a guest physical address such as 0x00100000 is expected`,
    );
  }
  return address;
}

/** Elements of a Uint8Array of the stack. */
async function readBytes(
  session: PacketSession,
  handle: string,
  offset: number,
  count: number,
): Promise<DebugProtocol.ReadMemoryResponse['body']> {
  if (offset < 0 || count === 0) {
    return answer(offset, new Uint8Array(0), count, () => undefined);
  }
  const bytes = await session.engine.readBytes(handle, offset, count);
  if (bytes === undefined) {
    throw new RequestError('These bytes are gone: the machine has run since. Evaluate the expression again.');
  }
  return answer(offset, bytes, count, () => undefined);
}

/** `nextReadable` tells where memory starts again after an address, so that a client can skip the hole. */
function answer(
  address: number,
  data: Uint8Array,
  count: number,
  nextReadable: (address: number) => number | undefined,
): DebugProtocol.ReadMemoryResponse['body'] {
  const body = { address: address < 0 ? `-${hex(-address)}` : physicalReference(address) };
  const missing = count - data.length;
  if (missing === 0) {
    return { ...body, data: Buffer.from(data).toString('base64') };
  }
  const end = address + data.length;
  const next = nextReadable(end) ?? Number.POSITIVE_INFINITY;
  const unreadable = { unreadableBytes: Math.min(missing, next - end) };
  return data.length === 0
    ? { ...body, ...unreadable }
    : { ...body, ...unreadable, data: Buffer.from(data).toString('base64') };
}

/** The first mapped address at or after `address`. */
function nextMapped(memory: GuestMemory, address: number): number | undefined {
  let next: number | undefined;
  for (const { start, length } of memory.regions) {
    const candidate = Math.max(start, address);
    if (candidate < start + length && (next === undefined || candidate < next)) {
      next = candidate;
    }
  }
  return next;
}

async function writeMemory(
  session: PacketSession,
  args: Arguments,
): Promise<NonNullable<DebugProtocol.WriteMemoryResponse['body']>> {
  const reference = args.string('memoryReference');
  if (reference.startsWith(BYTES_PREFIX)) {
    return writeBytes(session, args, reference);
  }
  const address = parseAddress(reference) + (args.optionalNumber('offset') ?? 0);
  const data = dataOf(args);
  const written = address < 0 ? 0 : await session.engine.memory.write(address, data);
  if (written < data.length && args.optionalBoolean('allowPartial') !== true) {
    throw new RequestError(
      `Only ${written} of ${data.length} bytes at ${physicalReference(Math.max(0, address))} are mapped.`,
    );
  }
  session.invalidate('variables');
  session.memoryChanged({ memoryReference: reference, offset: args.optionalNumber('offset') ?? 0, count: written });
  return { offset: 0, bytesWritten: written };
}

function dataOf(args: Arguments): Uint8Array {
  const text = args.string('data');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
    throw new RequestError('writeMemory: data must be base64');
  }
  return Buffer.from(text, 'base64');
}

/** Writes to an array of bytes of the stack by assignments to its elements, which history has as the user's own. */
async function writeBytes(
  session: PacketSession,
  args: Arguments,
  reference: string,
): Promise<NonNullable<DebugProtocol.WriteMemoryResponse['body']>> {
  const handle = reference.slice(BYTES_PREFIX.length);
  const name = session.stopped.nameOf(handle);
  const offset = args.optionalNumber('offset') ?? 0;
  const data = dataOf(args);
  const there = offset < 0 ? undefined : await session.engine.readBytes(handle, offset, data.length);
  if (name === undefined || there === undefined) {
    throw new RequestError('These bytes are gone: the machine has run since. Evaluate the expression again.');
  }
  if (there.length < data.length && args.optionalBoolean('allowPartial') !== true) {
    throw new RequestError(`Only ${there.length} of ${data.length} bytes at ${offset} are in the array.`);
  }
  const array = session.evaluator.valueCode(name.path, name.frame);
  for (const [i, now] of there.entries()) {
    if (data[i] !== now) {
      await session.engine.assign(`(${array})[${offset + i}]`, String(data[i]), name.frame);
    }
  }
  session.invalidate('variables');
  session.memoryChanged({ memoryReference: reference, offset, count: there.length });
  return { offset: 0, bytesWritten: there.length };
}
