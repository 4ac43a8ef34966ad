/**
 * Descriptors and states that hung, crashed or corrupted other models of this device. Each has to end, and stay within
 * its buffers.
 */
import assert from 'node:assert/strict';
import { e1000_receive_iov } from '../../adapter/stack/hw/net/e1000.ts';
import { putsum, TX_VLAN_ROOM } from '../../adapter/stack/hw/net/e1000_tx.ts';
import { qemu_get_queue } from '../../adapter/stack/net/net.ts';
import { machine } from '../../adapter/stack/softmmu/machine.ts';
import { address_space_stb, address_space_stw, cpu_outl } from '../../adapter/stack/softmmu/memory.ts';
import { WordMemory } from '../../adapter/stack/softmmu/ram_copy.ts';
import { iovec } from '../../adapter/stack/util/iov.ts';
import { Oracle, regoff, type Step } from './e1000_oracle.ts';
import { BAR0, BAR1, type BareMachine, bareMachine } from './harness.ts';

const R = (name: string): number => regoff(name);
const US = [0x52, 0x54, 0, 0x12, 0x34, 0x56];

function started(step: { [key: string]: unknown } = {}): { m: BareMachine; o: Oracle } {
  const m = bareMachine();
  const o = new Oracle(m);
  o.setupRings({ op: 'setup_rings', ...step } as Step);
  return { m, o };
}

/** A descriptor: address, command word, upper word. */
function desc(addr: number, lower: number, upper = 0): Uint8Array {
  const d = new DataView(new ArrayBuffer(16));
  d.setUint32(0, addr, true);
  d.setUint32(4, Math.floor(addr / 0x100000000), true);
  d.setUint32(8, lower >>> 0, true);
  d.setUint32(12, upper >>> 0, true);
  return new Uint8Array(d.buffer);
}

/** A context with segmentation: TCP over IPv4, checksums from 14 and 34. */
function tsoContext(hdrLen: number, mss: number, paylen: number): Uint8Array {
  const d = new DataView(desc(0, 0x27000000 | paylen, ((mss << 16) | (hdrLen << 8)) >>> 0).buffer);
  d.setUint32(0, 14 | (24 << 8) | (33 << 16), true);
  d.setUint32(4, 34 | (50 << 8), true);
  return new Uint8Array(d.buffer);
}

const unicast = (size: number): Uint8Array => {
  const f = new Uint8Array(size);
  f.set(US);
  return f;
};

/** Where RAM differs from `before`. */
function changed(before: Uint8Array): number[] {
  const out: number[] = [];
  machine.ram.forEach((b, i) => {
    if (b !== before[i]) {
      out.push(i);
    }
  });
  return out;
}

describe('e1000: states that must do no harm', () => {
  it('CVE-2012-6075: an oversized frame without LPE and SBP writes nothing', () => {
    const { m } = started();
    const before = machine.ram.slice();
    m.send(unicast(9000));
    assert.deepEqual(changed(before), []);
  });

  it('a transport header beyond the segment: its length has 16 bits, as observed with QEMU 7.2', () => {
    const { m, o } = started();
    machine.ram.set(
      Uint8Array.from({ length: 100 }, (_, i) => i + 1),
      0x300000,
    );
    machine.ram.set([1, 0], 0x300000 + 43);
    const [ipcss, ipcso, tucss, tucso, tucse] = [0x1c, 0x10, 0x34, 0x2b, 0x19] as const;
    const context = desc(0, 0x25000000 | 2000, 46 << 8);
    context.set([ipcss, ipcso, 0, 0, tucss, tucso, tucse, 0]);
    o.queueDesc(context);
    o.queueDesc(desc(0x300000, 0x2c100000 | 0x117a, 0x200));
    m.wr(R('TDT'), o.tx!.next);
    assert.deepEqual([...m.peer.received[0]!.subarray(43, 45)], [0, 0xfb]);
  });

  it('CVE-2015-6815 and friends: segmentation without progress ends', () => {
    for (const [hdrLen, mss, paylen, len] of [
      [54, 0, 0, 100],
      [0, 0, 0, 100],
      [255, 1, 65535, 65535],
      [54, 1460, 4000, 0],
      [200, 100, 50, 60],
      [0, 65535, 0xfffff, 0xffff],
    ] as const) {
      const { m, o } = started();
      o.queueDesc(tsoContext(hdrLen, mss, paylen));
      o.queueDesc(desc(0x400000, 0x2f100000 | len, 0x300));
      m.wr(R('TDT'), o.tx!.next);
      assert.equal(m.rr(R('TDH')), 2, `hdr_len ${hdrLen}, mss ${mss}`);
      assert.equal(m.s.tx.size, 0);
    }
  });

  it('CVE-2016-1981, CVE-2017-9310: TDH or RDH outside the ring stops after a lap', () => {
    for (const tdh of [16, 0xffff, 0x1000]) {
      const { m } = started();
      m.wr(R('TDH'), tdh);
      m.wr(R('TDT'), 3);
      assert.ok(m.rr(R('TDH')) <= 16);
      assert.equal(machine.drops.by_reason.get('TX_BAD_DESC'), 1);
    }
    for (const rdh of [16, 0xffff]) {
      const { m } = started({ rctl: 0x30022, rx: { bufsize: 256 } });
      m.wr(R('RDH'), rdh);
      m.send(unicast(3000));
      m.send(unicast(60));
      assert.ok(m.rr(R('RDH')) < 0x10000);
    }
  });

  it('a tail outside the ring is bounded by a lap, too', () => {
    const { m } = started();
    m.wr(R('TDT'), 0xffff);
    assert.ok(m.rr(R('TDH')) < 16);
  });

  it('CVE-2020-28916: receive descriptors without a buffer end after a lap, with RXO', () => {
    const { m } = started();
    machine.ram.fill(0, 0x100000, 0x100100);
    const before = machine.ram.slice();
    assert.equal(m.send(unicast(60)), -1);
    assert.equal(m.rr(R('ICR')) & 0x40, 0x40);
    assert.ok(changed(before).every((a) => a >= 0x100000 && a < 0x100100));
  });

  it('CVE-2021-20257: data that already fills a segment sends nothing endless', () => {
    const { m, o } = started();
    o.queueDesc(desc(0x400000, 0x22100000 | 3000));
    o.queueDesc(tsoContext(54, 100, 4000));
    o.queueDesc(desc(0x400000, 0x2f100000 | 3000, 0x300));
    m.wr(R('TDT'), o.tx!.next);
    assert.equal(m.rr(R('TDH')), 3);
    assert.ok(m.peer.received.length <= 1);
  });

  it('CVE-2021-3416: a frame sent while one is received (loopback, answers) does not recurse', () => {
    const { m, o } = started();
    let depth = 0;
    let deepest = 0;
    m.peer.onReceive = () => {
      depth++;
      deepest = Math.max(deepest, depth);
      o.queueTx(unicast(60), 0x0b000000, 0);
      m.wr(R('TDT'), o.tx!.next);
      depth--;
    };
    o.queueTx(unicast(60), 0x0b000000, 0);
    m.wr(R('TDT'), o.tx!.next);
    assert.equal(deepest, 1);
    m.peer.onReceive = null;
    m.wr(R('MDIC'), (1 << 26) | (1 << 21) | 0x5140);
    o.queueTx(unicast(60), 0x0b000000, 0);
    m.wr(R('TDT'), o.tx!.next);
    assert.ok(o.scanRx().length <= 16, 'one lap at most');
  });

  it("CVE-2020-15859, CVE-2023-3019: DMA to and from the device's own registers does not happen", () => {
    const { m, o } = started({ rx: { refill: false } });
    const d = desc(BAR0 + R('TDT'), 0);
    for (let i = 0; i < 16; i++) {
      o.write(0x100000 + 16 * i, d);
    }
    const regs = m.s.mac_reg.slice();
    m.send(unicast(60));
    assert.equal(m.s.mac_reg[R('TDT') >> 2], regs[R('TDT') >> 2]);
    assert.equal(m.peer.received.length, 0);
    o.queueDesc(desc(BAR0 + R('STATUS'), 0x0b000000 | 60));
    m.wr(R('TDT'), o.tx!.next);
    assert.deepEqual(m.peer.received[0], new Uint8Array(60), 'what is not memory reads as zeros');
    m.wr(R('RDBAL'), BAR0);
    m.wr(R('TDBAL'), BAR0);
    m.send(unicast(60));
    m.wr(R('TDT'), 9);
    m.wr(R('RDBAH'), 0xffffffff);
    m.wr(R('TDBAH'), 0xffffffff);
    m.send(unicast(60));
    m.wr(R('TDT'), 3);
  });

  it('rings of length 0, or at an odd or absent address', () => {
    for (const [reg, val] of [
      ['TDLEN', 0],
      ['RDLEN', 0],
      ['TDBAL', 0x11000f],
      ['RDBAL', 0x10000f],
      ['TDBAL', 0x7ffffff0],
      ['RDBAL', 0x7ffffff0],
    ] as const) {
      const { m, o } = started();
      m.wr(R(reg), val);
      m.send(unicast(60));
      o.queueTx(unicast(60), 0x0b000000, 0);
      m.wr(R('TDT'), 5);
      assert.ok(m.rr(R('TDH')) < 16, reg);
    }
  });

  it('TCTL.EN clear: nothing is sent, until it is set', () => {
    const { m, o } = started({ tctl: 0 });
    o.queueTx(unicast(60), 0x0b000000, 0);
    m.wr(R('TDT'), o.tx!.next);
    assert.equal(m.peer.received.length, 0);
    m.wr(R('TCTL'), 2);
    assert.equal(m.peer.received.length, 1);
  });

  it('checksum offsets beyond the packet change nothing outside it', () => {
    const mem = new WordMemory(TX_VLAN_ROOM + 128);
    const data = mem.bytes.subarray(TX_VLAN_ROOM).fill(0xaa);
    for (const [n, sloc, css, cse] of [
      [60, 59, 14, 0],
      [60, 60, 14, 0],
      [60, 200, 14, 0],
      [60, 24, 14, 5],
      [1, 0, 0, 0],
    ] as const) {
      putsum(mem, n, sloc, css, cse);
      assert.ok(data.every((b, i) => b === 0xaa || (i === sloc && i + 1 < n) || (i === sloc + 1 && i < n)));
    }
    putsum(mem, 0, 30, 0, 0);
    assert.ok(
      data.every((b, i) => b === 0xaa || i === 30 || i === 31),
      'an empty packet: within the buffer',
    );
    data.fill(0);
    putsum(mem, 60, 24, 100, 0);
    assert.equal((data[24]! << 8) | data[25]!, 0xffff, 'nothing to sum');
  });

  it('data that never ends stays within 64 KiB', () => {
    const { m, o } = started();
    const add = (lower: number): void => {
      o.queueDesc(desc(0x400000, lower));
      m.wr(R('TDT'), o.tx!.next);
    };
    for (let i = 0; i < 40; i++) {
      add(0x22100000 | 0xffff);
      // As in QEMU, where the size has 16 bits: a full buffer counts as an empty one.
      assert.equal(m.s.tx.size, i % 2 === 0 ? 0xffff : 0);
    }
    add(0x0b000000 | 100);
    assert.equal(m.peer.received.at(-1)?.length, 100);
    for (const lower of [0x22100000 | 0xffff, 0x2b100000 | 1]) {
      add(lower);
    }
    assert.equal(m.peer.received.length, 1, 'a packet of no length is dropped');
    assert.equal(m.rr(R('TPT')), 2);
  });

  it('legacy and extended descriptors mixed in one packet', () => {
    const { m, o } = started();
    o.queueTx(unicast(30), 0x02000000, 0);
    o.queueTx(new Uint8Array(30), 0x2b100000, 0x300);
    m.wr(R('TDT'), o.tx!.next);
    assert.deepEqual(
      m.peer.received.map((p) => p.length),
      [60],
    );
  });

  it('a ring that runs out in the middle of a frame raises RXO and stays usable', () => {
    const { m, o } = started({ rctl: 0x30022, rx: { count: 8, bufsize: 256, refill: false } });
    machine.ram.fill(0, 0x100010, 0x100060);
    assert.equal(m.send(unicast(1500)), -1);
    assert.ok(m.rr(R('RDH')) < 8);
    o.setupRings({ op: 'setup_rings' });
    m.send(unicast(60));
    assert.equal(o.scanRx().length, 1);
  });

  it('a reset through the I/O window between the pieces of a packet forgets the first ones', () => {
    const { m, o } = started();
    o.queueTx(unicast(30), 0x02000000, 0);
    m.wr(R('TDT'), o.tx!.next);
    cpu_outl(BAR1, R('CTRL'));
    cpu_outl(BAR1 + 4, 0x04000000);
    o.setupRings({ op: 'setup_rings' });
    o.queueTx(unicast(60), 0x0b000000, 0);
    m.wr(R('TDT'), o.tx!.next);
    assert.deepEqual(
      m.peer.received.map((p) => p.length),
      [60],
    );
    assert.equal(machine.cpu.interrupt_request, 0);
  });

  it('CTRL.RST in memory space clears itself and resets nothing, also in mid transmission', () => {
    const { m, o } = started();
    o.queueTx(unicast(30), 0x02000000, 0);
    m.wr(R('TDT'), o.tx!.next);
    m.wr(R('CTRL'), 0x04000041);
    assert.equal(m.rr(R('CTRL')), 0x41);
    o.queueTx(unicast(60), 0x0b000000, 0);
    m.wr(R('TDT'), o.tx!.next);
    assert.deepEqual(
      m.peer.received.map((p) => p.length),
      [90],
    );
  });

  it('CVE-2018-17963: a frame of more than INT_MAX bytes is given up', () => {
    for (const rctl of [0x8002, 0x8022, 0x8006, 0x8026]) {
      const { m } = started({ rctl });
      const piece = unicast(0x10000);
      const iov = Array.from({ length: 0x8001 }, () => new iovec(piece, piece.length));
      const before = machine.ram.slice();
      e1000_receive_iov(qemu_get_queue(m.s.nic), iov, iov.length);
      assert.deepEqual(changed(before), []);
      assert.equal(machine.drops.total, 1);
      assert.equal(m.rr(R('TPR')), 0);
    }
  });

  it('CVE-2017-5973: descriptors that move nothing end after a lap of the ring', () => {
    for (const [lower, upper] of [
      [0, 0],
      [0x20000000, 0],
      [0x22100000, 0],
      [0x26100000, 0x300],
      [0x2f100000, 0x300],
    ] as const) {
      const { m, o } = started();
      for (let i = 0; i < 16; i++) {
        o.write(0x110000 + 16 * i, desc(0x400000, lower, upper));
      }
      m.wr(R('TDT'), 0xffff);
      assert.equal(machine.drops.by_reason.get('TX_BAD_DESC')! - m.rr(R('TPT')), 1, `command ${lower.toString(16)}`);
      assert.equal(m.rr(R('TDH')), 0, 'one lap');
    }
  });

  it('TDT == TDH: nothing is sent, and the queue is reported empty', () => {
    const { m } = started();
    m.wr(R('TDT'), 0);
    assert.equal(m.peer.received.length, 0);
    assert.equal(m.rr(R('ICR')), 2);
  });

  it('RCTL.EN clear: frames are given up, and nothing is written', () => {
    const { m } = started({ rctl: 0x8000 });
    const before = machine.ram.slice();
    m.send(unicast(60));
    assert.deepEqual(changed(before), []);
  });

  it('RDT == RDH: frames stay queued and are counted nowhere until buffers come', () => {
    const { m, o } = started({ rx: { refill: false } });
    m.wr(R('RDT'), 0);
    assert.equal(m.send(unicast(60)), 0);
    assert.deepEqual([m.rr(R('RNBC')), m.rr(R('MPC')), m.rr(R('ICR')) & 0x40], [0, 0, 0]);
    m.wr(R('RDT'), 3);
    assert.equal(o.scanRx().length, 1);
  });

  it('VLAN insertion into fewer than 12 bytes stays within the buffer', () => {
    const { m, o } = started();
    m.wr(R('CTRL'), 0x40000041);
    for (let n = 1; n < 12; n++) {
      o.queueTx(unicast(12).subarray(0, n), 0x4b000000, 0x20640000);
      m.wr(R('TDT'), o.tx!.next);
      assert.equal(m.peer.received.at(-1)!.length, n + 4);
    }
  });

  it('a received frame of 59 bytes, of exactly one buffer, and of one byte more', () => {
    for (const [size, sizes] of [
      [59, [64]],
      [252, [256]],
      [253, [256, 1]],
    ] as const) {
      const { m } = started({ rctl: 0x38002, rx: { refill: false } });
      m.send(unicast(size));
      const rdh = m.rr(R('RDH'));
      const lengths = Array.from(
        { length: rdh },
        (_, i) => machine.ram[0x100008 + 16 * i]! | (machine.ram[0x100009 + 16 * i]! << 8),
      );
      assert.deepEqual(lengths, sizes);
    }
  });

  it('ICR read races: a cause that comes while ICR is handled raises the line again, one that is masked waits', () => {
    const { m } = started({ ims: 0x80 });
    m.send(unicast(60));
    assert.equal(machine.cpu.interrupt_request !== 0, true);
    assert.equal(m.rr(R('ICR')) & 0x80, 0x80);
    assert.equal(machine.cpu.interrupt_request, 0);
    m.step(1e6);
    m.wr(R('IMC'), 0x80);
    m.send(unicast(60));
    assert.equal(machine.cpu.interrupt_request, 0);
    m.wr(R('IMS'), 0x80);
    assert.equal(machine.cpu.interrupt_request !== 0, true, 'nothing is lost between the read and the mask');
    assert.equal(m.rr(R('ICR')) & 0x80, 0x80);
    assert.equal(m.rr(R('ICR')), 0);
  });

  it('writes to read-only registers, and writes of 1, 2 and 8 bytes', () => {
    const { m, o } = started();
    for (const reg of ['STATUS', 'TPR', 'MANC', 'MPC']) {
      const was = m.s.mac_reg[R(reg) >> 2]!;
      m.wr(R(reg), ~was >>> 0);
      address_space_stb(BAR0 + R(reg), 0x55);
      address_space_stw(BAR0 + R(reg), 0x5555);
      o.write(BAR0 + R(reg), new Uint8Array(8).fill(0x55));
      assert.equal(m.s.mac_reg[R(reg) >> 2], was, reg);
    }
  });

  it('EERD address > 63 reads no word, MDIC to PHY != 1 or an unknown register sets the error bit', () => {
    const { m } = started();
    m.wr(R('EERD'), (64 << 8) | 1);
    assert.equal(m.rr(R('EERD')), (64 << 8) | 0x10);
    m.wr(R('MDIC'), (2 << 26) | (2 << 21));
    assert.equal(m.rr(R('MDIC')) & 0x50000000, 0x50000000);
    m.wr(R('MDIC'), (2 << 26) | (1 << 21) | (31 << 16));
    assert.equal(m.rr(R('MDIC')) & 0x50000000, 0x50000000);
  });

  it('an RCTL write holds reception for a second: frames wait and are not lost', () => {
    const { m, o } = started();
    m.wr(R('RCTL'), 0x8002);
    assert.equal(m.send(unicast(60)), 0);
    m.step(999_999_999);
    assert.equal(o.scanRx().length, 0);
    m.step(1);
    assert.equal(o.scanRx().length, 1);
  });

  it('every register takes every kind of write without harm', () => {
    const m = bareMachine();
    for (const val of [0xffffffff, 0x80000001, 0]) {
      for (let off = 0; off < 0x20000; off += 4) {
        if (off < 0x10000 || off > 0x1ff00) {
          m.wr(off, val);
          m.rr(off);
        }
      }
      m.send(unicast(60));
      m.step(2e9);
    }
  });
});
