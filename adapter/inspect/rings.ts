/**
 * The e1000's descriptor rings: where they are by its registers (8254x manual, sections 13.4.25 ff.), and what is in
 * them.
 */
import type { GuestMemory } from '../engine/api.ts';
import { DESCRIPTOR_SIZE, type Descriptor, decodeDescriptor, isDone } from './descriptors.ts';
import { fieldBits } from './register-notation.ts';
import { findRegister, type RegisterField } from './registers.ts';

export type RingKind = 'rx' | 'tx';

/** Names of a ring's registers; `base` is the pair of its low and high half. */
export interface RingNames {
  readonly base: string;
  readonly length: string;
  readonly head: string;
  readonly tail: string;
  readonly control: string;
}

function ringNames(letter: 'R' | 'T'): RingNames {
  const register = (name: string): string => `${letter}D${name}`;
  return {
    base: register('BA'),
    length: register('LEN'),
    head: register('H'),
    tail: register('T'),
    control: `${letter}CTL`,
  };
}

export const RING_NAMES: Readonly<Record<RingKind, RingNames>> = { rx: ringNames('R'), tx: ringNames('T') };

/** A register's value. */
function read(mac: Uint32Array, name: string): number {
  return mac[(findRegister(name)?.offset ?? missing(name)) >> 2] ?? 0;
}

/** The bits of a register's field. */
function readField(mac: Uint32Array, register: string, field: RegisterField['name']): number {
  const found = findRegister(register)?.fields.find(({ name }) => name === field);
  return fieldBits(read(mac, register), found ?? missing(`${register}.${field}`));
}

function missing(name: string): never {
  throw new Error(`The register table has no ${name}.`);
}

/** Where a ring is now. */
export interface Ring {
  readonly kind: RingKind;
  readonly base: number;
  readonly count: number;
  readonly head: number;
  readonly tail: number;
  /** RCTL.EN or TCTL.EN. */
  readonly enabled: boolean;
  /** Size of a receive buffer (RCTL.BSIZE and BSEX). */
  readonly bufferSize: number;
}

/** Units of a ring's length (RDLEN.LEN). */
const LENGTH_UNIT = 128;
/** The low bits of a ring's address are ignored. */
const ALIGNMENT = 16;

/** Reads it from `mac_reg`. */
export function readRing(mac: Uint32Array, kind: RingKind): Ring {
  const names = RING_NAMES[kind];
  const low = read(mac, `${names.base}L`);
  const size = 2048 >> readField(mac, 'RCTL', 'BSIZE');
  return {
    kind,
    base: read(mac, `${names.base}H`) * 2 ** 32 + low - (low % ALIGNMENT),
    count: (readField(mac, names.length, 'LEN') * LENGTH_UNIT) / DESCRIPTOR_SIZE,
    head: read(mac, names.head),
    tail: read(mac, names.tail),
    enabled: readField(mac, names.control, 'EN') === 1,
    bufferSize: readField(mac, 'RCTL', 'BSEX') === 1 ? size * 16 : size,
  };
}

/** Where descriptor `index` of a ring is. */
export function descriptorAddress({ base }: Ring, index: number): number {
  return base + index * DESCRIPTOR_SIZE;
}

/** Which of head and tail point at a descriptor. */
export function ringMarks({ head, tail }: Ring, index: number): readonly ('head' | 'tail')[] {
  return [...(index === head ? (['head'] as const) : []), ...(index === tail ? (['tail'] as const) : [])];
}

/** Bytes of a descriptor's buffer: what a packet has of it, or what an empty one has room for. */
export function bufferLength({ kind, bufferSize }: Ring, { length }: Descriptor): number {
  return kind === 'rx' && length === 0 ? bufferSize : length;
}

/**
 * What a descriptor is. Rx: `empty` is the NIC's to fill, `packet` one for the driver, `free` the driver's and not in
 * use. Tx: `pending` waits to be sent by the NIC, `done` was sent, `free` is unused. `unmapped`: there is no memory.
 */
export type DescriptorState = 'empty' | 'packet' | 'free' | 'pending' | 'done' | 'unmapped';

const FILLED: ReadonlySet<DescriptorState> = new Set(['packet', 'pending', 'done']);

/** Descriptors of a ring as they are in memory at one moment: all, or `count` from number `first`. */
export class RingContents {
  readonly ring: Ring;
  readonly #first: number;
  readonly #bytes: Uint8Array;

  constructor(memory: GuestMemory, ring: Ring, first = 0, count = ring.count) {
    this.ring = ring;
    this.#first = first;
    this.#bytes = memory.read(descriptorAddress(ring, first), count * DESCRIPTOR_SIZE);
  }

  #view(index: number): DataView | undefined {
    const at = (index - this.#first) * DESCRIPTOR_SIZE;
    return at < 0 || at + DESCRIPTOR_SIZE > this.#bytes.length
      ? undefined
      : new DataView(this.#bytes.buffer, this.#bytes.byteOffset + at, DESCRIPTOR_SIZE);
  }

  /** Undefined where there is no memory. */
  descriptor(index: number): Descriptor | undefined {
    const view = this.#view(index);
    return view && decodeDescriptor(this.ring.kind, view);
  }

  state(index: number): DescriptorState {
    const { kind, head, tail, count } = this.ring;
    const view = this.#view(index);
    if (view === undefined) {
      return 'unmapped';
    }
    // The NIC's are those from head up to, but not including, tail (8254x manual, sections 3.2.6 and 3.4).
    if ((index - head + count) % count < (tail - head + count) % count) {
      return kind === 'rx' ? 'empty' : 'pending';
    }
    return isDone(kind, view) ? (kind === 'rx' ? 'packet' : 'done') : 'free';
  }

  /** True if everything but the buffer's address is zero: set up by the driver at most, never written by the NIC. */
  isUnused(index: number): boolean {
    const view = this.#view(index);
    return view !== undefined && view.getBigUint64(8) === 0n;
  }

  /**
   * Descriptors that hold something, backwards from the head: what came or was sent last is first, and what waits in a
   * transmit ring, as it is on the tail's side, last.
   */
  *filled(): Generator<{ readonly index: number; readonly descriptor: Descriptor }> {
    const { head, count } = this.ring;
    for (let i = 0; i < count; i++) {
      const index = (head - 1 - i + 2 * count) % count;
      const descriptor = FILLED.has(this.state(index)) ? this.descriptor(index) : undefined;
      if (descriptor?.address !== undefined && descriptor.length > 0) {
        yield { index, descriptor };
      }
    }
  }
}
