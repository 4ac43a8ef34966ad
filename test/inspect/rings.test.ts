/** Descriptor rings as the registers and the guest's memory have them, without a front end. */
import assert from 'node:assert/strict';
import type { GuestMemory } from '../../adapter/engine/api.ts';
import { DESCRIPTOR_SIZE, decodeDescriptor, flagNames, isDone } from '../../adapter/inspect/descriptors.ts';
import { findRegister } from '../../adapter/inspect/registers.ts';
import {
  bufferLength,
  type DescriptorState,
  descriptorAddress,
  RING_NAMES,
  RingContents,
  type RingKind,
  readRing,
  ringMarks,
} from '../../adapter/inspect/rings.ts';

const BASE = 0x1000;
const DD = 1;

/** `mac_reg` with these registers, by name. */
function registers(values: Readonly<Record<string, number>>): Uint32Array {
  const mac = new Uint32Array(0x8000);
  for (const [name, value] of Object.entries(values)) {
    const found = findRegister(name);
    assert.ok(found, name);
    mac[found.offset >> 2] = value;
  }
  return mac;
}

/** A ring of `count` descriptors at BASE. */
function ringRegisters(kind: RingKind, count: number, head: number, tail: number): Uint32Array {
  const names = RING_NAMES[kind];
  return registers({
    [`${names.base}L`]: BASE,
    [names.length]: count * DESCRIPTOR_SIZE,
    [names.head]: head,
    [names.tail]: tail,
  });
}

class Ram implements GuestMemory {
  readonly bytes: Uint8Array;
  readonly view: DataView;

  constructor(size = 0x2000) {
    this.bytes = new Uint8Array(size);
    this.view = new DataView(this.bytes.buffer);
  }

  get regions(): GuestMemory['regions'] {
    return [{ name: 'ram', start: 0, length: this.bytes.length }];
  }

  read(address: number, length: number): Uint8Array {
    return this.bytes.slice(address, address + length);
  }

  async write(address: number, data: Uint8Array): Promise<number> {
    this.bytes.set(data, address);
    return data.length;
  }

  /** The NIC has written back these descriptors. */
  done(...indexes: number[]): this {
    for (const i of indexes) {
      this.bytes[BASE + i * DESCRIPTOR_SIZE + 12] = DD;
    }
    return this;
  }
}

function states(kind: RingKind, memory: GuestMemory, count: number, head: number, tail: number): DescriptorState[] {
  const ring = readRing(ringRegisters(kind, count, head, tail), kind);
  const contents = new RingContents(memory, ring);
  return Array.from({ length: count }, (_, i) => contents.state(i));
}

describe('rings', () => {
  it('are where their registers say', () => {
    for (const [kind, letter] of [
      ['rx', 'R'],
      ['tx', 'T'],
    ] as const) {
      const mac = registers({
        [`${letter}DBAL`]: 0xfffff00f,
        [`${letter}DBAH`]: 1,
        [`${letter}DLEN`]: 256,
        [`${letter}DH`]: 3,
        [`${letter}DT`]: 9,
        [`${letter}CTL`]: 2,
      });
      const ring = readRing(mac, kind);
      assert.deepEqual(
        { ...ring, bufferSize: 0 },
        { kind, base: 0x1fffff000, count: 16, head: 3, tail: 9, enabled: true, bufferSize: 0 },
      );
      assert.equal(descriptorAddress(ring, 2), 0x1fffff020);
      assert.deepEqual([ringMarks(ring, 3), ringMarks(ring, 9), ringMarks(ring, 4)], [['head'], ['tail'], []]);
      assert.equal(readRing(registers({}), kind).enabled, false);
    }
  });

  it('have a length in units of 128 bytes; without one there is no descriptor', () => {
    for (const kind of ['rx', 'tx'] as const) {
      const count = (bytes: number): number => readRing(registers({ [RING_NAMES[kind].length]: bytes }), kind).count;
      assert.deepEqual([0, 127, 128, 255, 0xfff80, 0xffffffff].map(count), [0, 0, 8, 8, 65528, 65528]);
    }
    const empty = new RingContents(new Ram(), readRing(ringRegisters('rx', 0, 3, 5), 'rx'));
    assert.deepEqual([...empty.filled()], []);
    assert.equal(empty.descriptor(0), undefined);
  });

  it('have receive buffers of the size that RCTL says', () => {
    const size = (bsize: number, bsex: number): number =>
      readRing(registers({ RCTL: (bsize << 16) | (bsex << 25) }), 'rx').bufferSize;
    assert.deepEqual(
      [0, 1, 2, 3].map((bsize) => size(bsize, 0)),
      [2048, 1024, 512, 256],
    );
    assert.deepEqual(
      [1, 2, 3].map((bsize) => size(bsize, 1)),
      [16384, 8192, 4096],
    );
  });

  it('belong to the NIC from head to tail, also across the end', () => {
    const memory = new Ram().done(0, 1, 6);
    assert.deepEqual(states('rx', memory, 8, 2, 6), [
      'packet',
      'packet',
      'empty',
      'empty',
      'empty',
      'empty',
      'packet',
      'free',
    ]);
    assert.deepEqual(states('rx', memory, 8, 6, 1), [
      'empty',
      'packet',
      'free',
      'free',
      'free',
      'free',
      'empty',
      'empty',
    ]);
    assert.deepEqual(states('tx', memory, 8, 7, 1), [
      'pending',
      'done',
      'free',
      'free',
      'free',
      'free',
      'done',
      'pending',
    ]);
    // Equal pointers: nothing is the NIC's.
    assert.deepEqual(new Set(states('rx', memory, 8, 5, 5)), new Set(['packet', 'free']));
  });

  it('hold packets, the newest first, around the start', () => {
    const memory = new Ram().done(0, 1, 3, 6, 7);
    for (const i of [0, 1, 2, 3, 6]) {
      memory.view.setUint16(BASE + i * DESCRIPTOR_SIZE + 8, 60 + i, true);
    }
    const filled = (kind: RingKind, head: number, tail: number): number[] => {
      const contents = new RingContents(memory, readRing(ringRegisters(kind, 8, head, tail), kind));
      return [...contents.filled()].map(({ index, descriptor }) => {
        assert.equal(descriptor.length, 60 + index);
        return index;
      });
    };
    // 3 is the NIC's again, 7 is done, but without a length.
    assert.deepEqual(filled('rx', 2, 5), [1, 0, 6]);
    assert.deepEqual(filled('rx', 0, 0), [6, 3, 1, 0]);
    // In a transmit ring 2 and 3 wait.
    assert.deepEqual(filled('tx', 2, 5), [1, 0, 6, 3, 2]);
  });

  it('end where memory ends', () => {
    const memory = new Ram(BASE + 2 * DESCRIPTOR_SIZE + 8);
    assert.deepEqual(states('tx', memory, 8, 0, 0), ['free', 'free', ...Array(6).fill('unmapped')]);
    const contents = new RingContents(memory, readRing(ringRegisters('tx', 8, 0, 0), 'tx'));
    assert.equal(contents.descriptor(1)?.kind, 'tx legacy');
    assert.equal(contents.descriptor(2), undefined);
    assert.deepEqual([contents.isUnused(1), contents.isUnused(2)], [true, false]);
  });

  it('can be read in part', () => {
    const memory = new Ram().done(5);
    const ring = readRing(ringRegisters('rx', 8, 0, 0), 'rx');
    const page = new RingContents(memory, ring, 5, 2);
    assert.deepEqual([page.descriptor(5)?.done, page.descriptor(6)?.done], [true, false]);
    assert.deepEqual([page.descriptor(4), page.descriptor(7)], [undefined, undefined]);
  });

  it('have unused descriptors, of which only the address is set', () => {
    const memory = new Ram().done(1);
    memory.view.setUint32(BASE, 0x5000, true);
    const contents = new RingContents(memory, readRing(ringRegisters('rx', 8, 0, 0), 'rx'));
    assert.deepEqual([contents.isUnused(0), contents.isUnused(1)], [true, false]);
  });
});

describe('descriptors', () => {
  /** 16 bytes of four words. */
  function words(...values: [number, number, number, number]): DataView {
    const view = new DataView(new ArrayBuffer(DESCRIPTOR_SIZE));
    for (const [i, value] of values.entries()) {
      view.setUint32(i * 4, value, true);
    }
    return view;
  }

  /** Names and values, flags by their names. */
  function fields(kind: RingKind, view: DataView): Record<string, number | string> {
    const { fields: all } = decodeDescriptor(kind, view);
    return Object.fromEntries(all.map(({ name, value, flags }) => [name, flags ? flagNames(value, flags) : value]));
  }

  it('of a receive ring', () => {
    const view = words(0x89abcdef, 0x1, 0x1234_05dc, 0xbeef_8107);
    const d = decodeDescriptor('rx', view);
    assert.deepEqual([d.kind, d.address, d.length, d.done], ['rx', 0x1_89abcdef, 0x5dc, true]);
    assert.deepEqual(fields('rx', view), {
      length: 0x5dc,
      csum: 0x1234,
      status: 'DD|EOP|IXSM',
      errors: 'CE|RXE',
      special: 0xbeef,
    });
    assert.equal(decodeDescriptor('rx', words(0, 0, 0, 0)).done, false);
  });

  it('of a transmit ring: legacy', () => {
    const view = words(0x5000, 0, 0x0b22_002a, 0x0007_1001);
    const d = decodeDescriptor('tx', view);
    assert.deepEqual([d.kind, d.address, d.length, d.done], ['tx legacy', 0x5000, 42, true]);
    assert.deepEqual(fields('tx', view), {
      length: 42,
      cso: 0x22,
      cmd: 'EOP|IFCS|RS',
      status: 'DD',
      css: 0x10,
      special: 7,
    });
  });

  it('of a transmit ring: context, which has no buffer', () => {
    const view = words(0x0021_180e, 0x0000_3222, 0x2700_05a0, 0x05b4_3601);
    const d = decodeDescriptor('tx', view);
    assert.deepEqual([d.kind, d.address, d.length, d.done], ['tx context', undefined, 0, true]);
    assert.equal('address' in d, false);
    assert.deepEqual(fields('tx', view), {
      ipcss: 0x0e,
      ipcso: 0x18,
      ipcse: 0x21,
      tucss: 0x22,
      tucso: 0x32,
      tucse: 0,
      paylen: 0x5a0,
      cmd: 'TCP|IP|TSE|DEXT',
      status: 'DD',
      hdrlen: 0x36,
      mss: 0x5b4,
    });
  });

  it('of a transmit ring: data, with a length of 20 bits', () => {
    const view = words(0x6000, 0x2, 0x2b1f_ffff, 0x0000_0300);
    const d = decodeDescriptor('tx', view);
    assert.deepEqual([d.kind, d.address, d.length, d.done], ['tx data', 0x2_00006000, 0xfffff, false]);
    assert.deepEqual(fields('tx', view), {
      length: 0xfffff,
      cmd: 'EOP|IFCS|RS|DEXT',
      status: '-',
      popts: 'IXSM|TXSM',
      special: 0,
    });
  });

  it('are done when DD is set, in every layout', () => {
    for (const [kind, command] of [
      ['rx', 0],
      ['tx', 0],
      ['tx', 0x2000_0000],
      ['tx', 0x2010_0000],
    ] as const) {
      for (const status of [0, DD, 0xfe, 0xff]) {
        const view = words(0, 0, command, status);
        assert.equal(isDone(kind, view), (status & DD) !== 0);
        assert.equal(decodeDescriptor(kind, view).done, isDone(kind, view));
      }
    }
  });

  it('name reserved bits by their number', () => {
    assert.equal(flagNames(0b1001, ['DD', 'EOP']), 'DD|bit 3');
    assert.equal(flagNames(0, ['DD']), '-');
  });

  it('have a buffer as long as the packet, or as an empty one of the ring', () => {
    const rx = readRing(ringRegisters('rx', 8, 0, 0), 'rx');
    const tx = readRing(ringRegisters('tx', 8, 0, 0), 'tx');
    const empty = words(0, 0, 0, 0);
    assert.equal(bufferLength(rx, decodeDescriptor('rx', words(0, 0, 60, 0))), 60);
    assert.equal(bufferLength(rx, decodeDescriptor('rx', empty)), 2048);
    assert.equal(bufferLength(tx, decodeDescriptor('tx', empty)), 0);
  });
});
