/** The e1000 beyond the transcripts: accesses, filters, offloads, throttling, and states that broke other models. */
import assert from 'node:assert/strict';
import {
  E1000_RX_DESC,
  E1000_TX_CONTEXT_DESC,
  E1000_TX_DATA_DESC,
  E1000_TX_LEGACY_DESC,
} from '../../adapter/stack/hw/net/e1000_desc.ts';
import { MII_BMSR } from '../../adapter/stack/hw/net/e1000_hw.ts';
import { PHY_REGISTERS } from '../../adapter/stack/hw/net/e1000_phy_regs.ts';
import { E1000_REGISTERS } from '../../adapter/stack/hw/net/e1000_regs.ts';
import { putsum, TX_VLAN_ROOM } from '../../adapter/stack/hw/net/e1000_tx.ts';
import { PCI_COMMAND, pci_config_read, pci_config_write } from '../../adapter/stack/hw/pci/pci.ts';
import { qmp_set_link } from '../../adapter/stack/net/net.ts';
import { machine } from '../../adapter/stack/softmmu/machine.ts';
import {
  address_space_ldl,
  address_space_ldub,
  address_space_lduw,
  address_space_read,
  address_space_stb,
  address_space_stw,
  address_space_write,
  cpu_inb,
} from '../../adapter/stack/softmmu/memory.ts';
import { WordMemory } from '../../adapter/stack/softmmu/ram_copy.ts';
import { Oracle, regoff, type Step } from './e1000_oracle.ts';
import { BAR0, type BareMachine, bareMachine } from './harness.ts';

const R = (name: string): number => regoff(name);
const BROADCAST = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
const US = [0x52, 0x54, 0, 0x12, 0x34, 0x56];
const OTHER = [0x52, 0x54, 0, 0x12, 0x34, 0x57];

/** A frame to `dst` of `size` bytes, numbered so that cuts show. */
function frame(dst: readonly number[], size: number): Uint8Array {
  const f = Uint8Array.from({ length: size }, (_, i) => (i * 7) & 0xff);
  f.set(dst.slice(0, Math.min(6, size)));
  if (size >= 14) {
    f.set([0x88, 0xb5], 12);
  }
  return f;
}

/** A machine with rings, past the pause after RCTL. */
function started(step: { [key: string]: unknown } = {}): { m: BareMachine; o: Oracle } {
  const m = bareMachine();
  const o = new Oracle(m);
  o.setupRings({ op: 'setup_rings', ...step } as Step);
  return { m, o };
}

/** Everything of RAM but the given ranges is zero. */
function onlyWritten(ranges: readonly (readonly [number, number])[]): void {
  const copy = machine.ram.slice();
  for (const [from, to] of ranges) {
    copy.fill(0, from, to);
  }
  assert.equal(
    copy.findIndex((b) => b !== 0),
    -1,
  );
}

describe('e1000: registers', () => {
  it('have the values of the table after a reset, by name and place', () => {
    const m = bareMachine();
    for (const r of E1000_REGISTERS) {
      if (r.name !== 'RA') {
        assert.equal(m.s.mac_reg[r.offset >> 2], r.reset >>> 0, r.name);
      }
    }
    for (const r of PHY_REGISTERS) {
      assert.equal(m.s.phy_reg[r.offset], r.reset, r.name);
    }
  });

  it('the table is sound: places are unique, fields fit and do not overlap', () => {
    const seen = new Map<number, string>();
    for (const r of E1000_REGISTERS) {
      for (let i = 0; i < r.count; i++) {
        const at = r.offset + i * r.stride;
        assert.ok(!seen.has(at) && at < 0x20000, `${r.name} at ${at.toString(16)}, also ${seen.get(at)}`);
        seen.set(at, r.name);
      }
    }
    const layouts = [E1000_RX_DESC, E1000_TX_LEGACY_DESC, E1000_TX_CONTEXT_DESC, E1000_TX_DATA_DESC];
    const tables = [
      ...[...E1000_REGISTERS, ...PHY_REGISTERS].map((r) => ({ name: r.name, width: r.width, fields: r.fields })),
      ...layouts.map((l) => ({ name: l.name, width: 128, fields: l.fields })),
    ];
    for (const t of tables) {
      let end = 0;
      for (const f of t.fields.toSorted((a, b) => a.lsb - b.lsb)) {
        assert.ok(f.lsb >= end && f.lsb + f.width <= t.width, `${t.name}.${f.name}`);
        end = f.lsb + f.width;
      }
    }
  });

  it('counters clear on read if the table says so, and only then', () => {
    const m = bareMachine();
    const counters = E1000_REGISTERS.filter((r) => r.group === 'Statistics' && r.access !== 'none');
    assert.equal(counters.length > 30, true);
    for (const r of counters) {
      m.s.mac_reg[r.offset >> 2] = 5;
      const first = m.rr(r.offset);
      const second = m.rr(r.offset);
      assert.deepEqual([r.name, second], [r.name, r.access === 'rc' ? 0 : first]);
    }
  });

  it('read-only ones ignore writes, write-only ones read as 0, holes do neither', () => {
    const m = bareMachine();
    m.wr(R('STATUS'), 0);
    assert.equal(m.rr(R('STATUS')), 0x80080783);
    m.wr(R('IMS'), 0x9d);
    m.wr(R('IMC'), 0x0d);
    assert.equal(m.rr(R('IMC')), 0);
    assert.equal(m.rr(R('IMS')), 0x90);
    m.wr(R('TPR'), 7);
    assert.equal(m.rr(R('TPR')), 0);
    m.wr(0x0c, 0xffffffff);
    assert.equal(m.rr(0x0c), 0);
  });

  it('counters clear when read, 64-bit ones with their high half', () => {
    const m = bareMachine();
    m.s.mac_reg[R('TPR') >> 2] = 5;
    assert.deepEqual([m.rr(R('TPR')), m.rr(R('TPR'))], [5, 0]);
    m.s.mac_reg[R('MPC') >> 2] = 5;
    assert.deepEqual([m.rr(R('MPC')), m.rr(R('MPC'))], [5, 5], 'QEMU keeps this one');
    m.s.mac_reg[R('TORL') >> 2] = 7;
    m.s.mac_reg[R('TORH') >> 2] = 1;
    assert.deepEqual([m.rr(R('TORL')), m.rr(R('TORL')), m.rr(R('TORH')), m.rr(R('TORL'))], [7, 7, 1, 0]);
  });

  it('ring lengths keep bits 7 to 19, heads and tails 16 bits', () => {
    const m = bareMachine();
    m.wr(R('RDLEN'), 0xffffffff);
    m.wr(R('TDLEN'), 0x7f);
    m.wr(R('RDH'), 0x12345);
    assert.deepEqual([m.rr(R('RDLEN')), m.rr(R('TDLEN')), m.rr(R('RDH'))], [0xfff80, 0, 0x2345]);
  });

  it('take accesses of 1, 2, 4 and 8 bytes and unaligned ones', () => {
    const m = bareMachine();
    assert.equal(address_space_ldub(BAR0 + 8), 0x83);
    assert.equal(address_space_lduw(BAR0 + 8), 0x0783);
    assert.equal(address_space_lduw(BAR0 + 9), 0x8383, 'a byte at a time: each gives the low byte of its register');
    const b = new Uint8Array(8);
    address_space_read(BAR0 + 0x5400, b, 0, 8);
    assert.deepEqual([...b], [...US, 0, 0x80]);
    address_space_stb(BAR0 + R('ITR'), 0x12);
    assert.equal(m.rr(R('ITR')), 0x12);
    address_space_stw(BAR0 + R('ITR'), 0x3456);
    assert.equal(m.rr(R('ITR')), 0x3456);
    address_space_write(BAR0 + 0x5408, Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]), 0, 8);
    assert.deepEqual([m.rr(0x5408), m.rr(0x540c)], [0x04030201, 0x08070605]);
  });

  it('MDIC: another PHY or an unknown register sets the error bit; the interrupt bit raises MDAC', () => {
    const m = bareMachine();
    const mdic = (v: number): number => {
      m.wr(R('MDIC'), v);
      return m.rr(R('MDIC'));
    };
    assert.equal(mdic((2 << 26) | (2 << 21)) >>> 28, 5);
    assert.equal(mdic((2 << 26) | (1 << 21) | (8 << 16)), 0x58280000);
    assert.equal(mdic((1 << 26) | (1 << 21) | (MII_BMSR << 16) | 0xffff) >>> 30, 1, 'read-only');
    assert.equal(mdic((2 << 26) | (1 << 21) | (MII_BMSR << 16)) & 0xffff, 0x794d);
    mdic((1 << 29) | (2 << 26) | (1 << 21));
    assert.equal(m.rr(R('ICR')), 0x200);
  });

  it('EERD: no word above 63, and it still says done', () => {
    const m = bareMachine();
    m.wr(R('EERD'), (64 << 8) | 1);
    assert.equal(m.rr(R('EERD')), (64 << 8) | 0x10);
  });
});

describe('e1000: PCI', () => {
  it('maps base addresses where they are set, and not without COMMAND', () => {
    bareMachine();
    pci_config_write(3 << 3, 0x10, 0xe0000000, 4);
    assert.equal(address_space_ldl(0xe0000008), 0x80080783);
    assert.equal(address_space_ldl(BAR0 + 8), 0);
    pci_config_write(3 << 3, PCI_COMMAND, 4, 2);
    assert.equal(address_space_ldl(0xe0000008), 0);
    assert.equal(cpu_inb(0xc000), 0xff);
    assert.equal(pci_config_read(9 << 3, 0, 4), 0xffffffff);
  });

  it('no bus master, no reception; becoming one delivers what waited', () => {
    const { m, o } = started();
    pci_config_write(3 << 3, PCI_COMMAND, 3, 2);
    assert.equal(m.send(frame(US, 60)), 0);
    pci_config_write(3 << 3, PCI_COMMAND, 7, 2);
    assert.equal(o.scanRx().length, 1);
  });

  it('COMMAND.INTX_DISABLE masks the line', () => {
    const { m } = started({ ims: 0x9d });
    m.step(1e9);
    m.send(frame(US, 60));
    assert.equal(machine.cpu.interrupt_request, 1);
    pci_config_write(3 << 3, PCI_COMMAND, 0x407, 2);
    assert.equal(machine.cpu.interrupt_request, 0);
    assert.equal((pci_config_read(3 << 3, 4, 4) >>> 19) & 1, 1);
    pci_config_write(3 << 3, PCI_COMMAND, 7, 2);
    assert.equal(machine.cpu.interrupt_request, 1);
    m.rr(R('ICR'));
    assert.equal(machine.cpu.interrupt_request, 0);
  });
});

describe('e1000: reception', () => {
  const accepts = (rctl: number, dst: readonly number[], prepare?: (m: BareMachine) => void): boolean => {
    const { m, o } = started({ rctl });
    prepare?.(m);
    m.send(frame(dst, 60));
    return o.scanRx().length === 1;
  };

  it('filters by address', () => {
    assert.equal(accepts(0x2, US), true);
    assert.equal(accepts(0x2, OTHER), false);
    assert.equal(machine.drops.by_reason.get('RX_FILTER'), 1);
    assert.equal(accepts(0xa, OTHER), true, 'UPE');
    assert.equal(accepts(0x2, BROADCAST), false);
    assert.equal(accepts(0x8002, BROADCAST), true, 'BAM');
    assert.equal(accepts(0x2, [1, 0, 0x5e, 0, 0, 1]), false);
    assert.equal(accepts(0x12, [1, 0, 0x5e, 0, 0, 1]), true, 'MPE');
    assert.equal(
      accepts(0x2, OTHER, (m) => m.wr(R('RA') + 8, 0x12005452) ?? m.wr(R('RA') + 12, 0x80005734)),
      true,
      'RA[1]',
    );
    const hash = ((1 << 8) | 0) >> 4;
    const mta = R('MTA') + (hash >> 5) * 4;
    assert.equal(
      accepts(0x2, [1, 0, 0x5e, 0, 0, 1], (m) => m.wr(mta, 2 ** (hash & 31))),
      true,
      'MTA',
    );
  });

  it('refuses frames that are too long before it writes anything, unless LPE or SBP allow them', () => {
    const { m } = started({ rx: { bufsize: 2048 } });
    const before = machine.ram.slice();
    m.send(frame(US, 1523));
    assert.deepEqual(machine.ram, before);
    assert.equal(m.rr(R('ROC')), 1);
    assert.equal(accepts(0x2, US), true);
    const long = started({ rctl: 0x22 });
    long.m.send(frame(US, 16384));
    assert.equal(long.m.rr(R('RDH')), 9, '16388 bytes are nine buffers of 2048');
    long.m.send(frame(US, 16385));
    assert.equal(long.m.rr(R('ROC')), 1);
  });

  it('pads a short frame to 60 bytes', () => {
    const { m, o } = started();
    m.send(frame(US, 20));
    const [rx] = o.scanRx();
    assert.equal(rx!.frame.length, 120);
    assert.equal(rx!.frame.slice(40), '00'.repeat(40));
    assert.equal(m.rr(R('RUC')), 0, "QEMU's device does not count it");
  });

  for (const [bits, size] of [
    [0x00000000, 2048],
    [0x00010000, 1024],
    [0x00020000, 512],
    [0x00030000, 256],
    [0x02010000, 16384],
    [0x02020000, 8192],
    [0x02030000, 4096],
  ] as const) {
    it(`buffers of ${size}: a frame that fills one exactly, and one byte more`, () => {
      const { m, o } = started({ rctl: 0x4000022 | bits, rx: { bufsize: size, refill: false } });
      const fits = frame(US, Math.min(size, 16384));
      m.send(fits);
      assert.equal(m.rr(R('RDH')), 1);
      const desc = o.mem(0x100000, 16);
      assert.deepEqual([desc[8]! | (desc[9]! << 8), desc[12]], [fits.length, 7]);
      assert.deepEqual(o.mem(0x200000, fits.length), fits);
      onlyWritten([
        [0x100000, 0x100100],
        [0x200000, 0x200000 + size],
      ]);
      if (size < 16384) {
        m.send(frame(US, size + 1));
        assert.equal(m.rr(R('RDH')), 3);
        assert.deepEqual(
          [...o.mem(0x100018, 8)],
          [size & 0xff, size >> 8, 0, 0, 1, 0, 0, 0],
          'first part: DD, not EOP',
        );
        assert.deepEqual([...o.mem(0x100028, 8)], [1, 0, 0, 0, 7, 0, 0, 0]);
      }
    });
  }

  it('a frame that needs more buffers than there are is dropped, counted and raises RXO', () => {
    const { m } = started({ rctl: 0x30022, rx: { count: 8, bufsize: 256, refill: false } });
    assert.equal(m.send(frame(US, 4000)), -1);
    assert.deepEqual([m.rr(R('RNBC')), m.rr(R('MPC')), m.rr(R('ICR')) & 0x40], [1, 1, 0x40]);
    assert.equal(machine.drops.by_reason.get('RX_NO_BUFFERS'), 1);
  });

  it('RDT == RDH: frames wait, and an RDT write delivers them', () => {
    const { m, o } = started();
    m.wr(R('RDT'), 0);
    assert.equal(m.send(frame(US, 60)), 0);
    assert.equal(m.rr(R('MPC')), 0);
    m.wr(R('RDT'), 4);
    assert.equal(o.scanRx().length, 1);
  });

  it('link down or RCTL.EN clear: nothing is received; CTRL.SLU does not matter', () => {
    const { m, o } = started();
    m.wr(R('CTRL'), 1);
    m.send(frame(US, 60));
    assert.equal(o.scanRx().length, 1);
    for (const off of [
      () => qmp_set_link('e1000.0', false),
      (m: BareMachine) => m.wr(R('RCTL'), 0x8000) ?? m.step(1e9),
    ]) {
      const { m, o } = started();
      off(m);
      m.send(frame(US, 60));
      assert.equal(o.scanRx().length, 0);
    }
  });

  it('strips VLAN tags with CTRL.VME, and filters them with RCTL.VFE', () => {
    const { m, o } = started({ rctl: 0x42002 });
    m.wr(R('CTRL'), 0x40000041);
    const f = frame(US, 64);
    f.set([0x81, 0x00, 0x20, 0x64], 12);
    m.send(f);
    assert.equal(o.scanRx().length, 0, 'VLAN 100 is not in the table');
    m.wr(R('VFTA') + (100 >> 5) * 4, 1 << (100 & 31));
    m.send(f);
    const [rx] = o.scanRx();
    assert.equal(rx!.desc.slice(24), '0f006420', 'DD EOP IXSM VP, tag 0x2064');
    assert.deepEqual(Buffer.from(rx!.frame, 'hex'), Buffer.concat([f.subarray(0, 12), f.subarray(16)]));
    assert.equal(f[12], 0x81, "the sender's frame is untouched");
  });
});

describe('e1000: transmission', () => {
  const context = (v: {
    tse?: boolean;
    tcp?: boolean;
    ip?: boolean;
    hdr: number;
    mss: number;
    pay: number;
    l4?: number;
  }): Uint8Array => {
    const d = new DataView(new ArrayBuffer(16));
    const l4 = v.l4 ?? 34;
    d.setUint32(0, 14 | (24 << 8) | (33 << 16), true);
    d.setUint32(4, l4 | ((l4 + (v.tcp === false ? 6 : 16)) << 8), true);
    const flags = (v.tse === false ? 0 : 1 << 26) | (v.ip === false ? 0 : 1 << 25) | (v.tcp === false ? 0 : 1 << 24);
    d.setUint32(8, (0x20000000 | flags | v.pay) >>> 0, true);
    d.setUint32(12, ((v.mss << 16) | (v.hdr << 8)) >>> 0, true);
    return new Uint8Array(d.buffer);
  };
  const TSO = 0x2f100000;

  it('segments at MSS: lengths, identification, sequence number, PSH and FIN on the last', () => {
    const { m, o } = started();
    const f = new Uint8Array(54 + 250);
    f.set([...BROADCAST, ...US, 8, 0, 0x45, 0, 0, 0, 0, 9, 0x40, 0, 64, 6, 0, 0, 10, 0, 2, 15, 10, 0, 2, 2]);
    f.set([0, 1, 0, 2, 0xff, 0xff, 0xff, 0xf0, 0, 0, 0, 0, 0x50, 0x19], 34);
    o.queueDesc(context({ hdr: 54, mss: 100, pay: 250 }));
    o.queueTx(f, TSO, 0x300);
    m.wr(R('TDT'), o.tx!.next);
    const seen = m.peer.received.map((p) => {
      const v = new DataView(p.buffer);
      return [p.length, v.getUint16(16), v.getUint16(18), v.getUint32(38), p[47]];
    });
    assert.deepEqual(seen, [
      [154, 140, 9, 0xfffffff0, 0x10],
      [154, 140, 10, 0x54, 0x10],
      [104, 90, 11, 0xb8, 0x19],
    ]);
    for (const p of m.peer.received) {
      const mem = new WordMemory(TX_VLAN_ROOM + 20);
      const ip = mem.bytes.subarray(TX_VLAN_ROOM);
      ip.set(p.subarray(14, 34));
      ip.fill(0, 10, 12);
      putsum(mem, 20, 10, 0, 0);
      assert.deepEqual(ip, p.slice(14, 34), 'the IP checksum is right');
    }
    assert.deepEqual([m.rr(R('TSCTC')), m.rr(R('TPT'))], [1, 3]);
  });

  it('a payload of whole segments is followed by one without payload, as the real device does it', () => {
    const { m, o } = started();
    o.queueDesc(context({ hdr: 54, mss: 100, pay: 200 }));
    o.queueTx(new Uint8Array(254), TSO, 0x300);
    m.wr(R('TDT'), o.tx!.next);
    assert.deepEqual(
      m.peer.received.map((p) => p.length),
      [154, 154, 54],
    );
  });

  it('a packet may come in many pieces', () => {
    const { m, o } = started();
    const f = frame(OTHER, 1000);
    for (const [from, to] of [
      [0, 3],
      [3, 3],
      [3, 700],
    ] as const) {
      o.queueTx(f.subarray(from, to), 0x22100000, 0);
    }
    o.queueTx(f.subarray(700), 0x2b100000, 0);
    m.wr(R('TDT'), o.tx!.next);
    assert.deepEqual(m.peer.received, [f]);
  });

  it('a write to TDT is a frame on the wire through the functions the real one has', () => {
    const { m, o } = started();
    let names: string[] = [];
    m.peer.onReceive = () => {
      names = new Error().stack!.split('\n').map((l) => /at (?:Object\.)?(\S+) \(/.exec(l)?.[1] ?? '');
    };
    Error.stackTraceLimit = 30;
    o.queueTx(frame(OTHER, 60), 0x0b000000, 0);
    m.wr(R('TDT'), o.tx!.next);
    Error.stackTraceLimit = 10;
    const chain = `nc_sendv_compat qemu_deliver_packet_iov qemu_net_queue_deliver qemu_net_queue_send
      qemu_send_packet_async_with_flags qemu_send_packet_async qemu_send_packet
      e1000_send_packet xmit_seg process_tx_desc start_xmit set_tctl e1000_mmio_write`;
    const from = names.indexOf('nc_sendv_compat');
    assert.deepEqual(names.slice(from, from + 13), chain.split(/\s+/));
  });

  it('UDP over IPv6 with checksum offload and segmentation', () => {
    const { m, o } = started();
    const f = new Uint8Array(62 + 150);
    f.set([...BROADCAST, ...US, 0x86, 0xdd, 0x60]);
    o.queueDesc(context({ hdr: 62, mss: 100, pay: 150, ip: false, tcp: false, l4: 54 }));
    o.queueTx(f, TSO, 0x200);
    m.wr(R('TDT'), o.tx!.next);
    const lengths = m.peer.received.map((p) => [p.length, p[19], p[59]]);
    assert.deepEqual(lengths, [
      // As in QEMU, the length in the IPv6 header counts that header too.
      [162, 148, 108],
      [112, 98, 58],
    ]);
  });

  it('inserts a VLAN tag, also in a frame shorter than its addresses', () => {
    const { m, o } = started();
    m.wr(R('CTRL'), 0x40000041);
    o.queueTx(frame(OTHER, 60), 0x4b000000, 0x20640000);
    o.queueTx(frame(OTHER, 5), 0x4b000000, 0x20640000);
    m.wr(R('TDT'), o.tx!.next);
    const [tagged, runt] = m.peer.received;
    const plain = frame(OTHER, 60);
    assert.deepEqual(tagged, Uint8Array.from([...plain.subarray(0, 12), 0x81, 0, 0x20, 0x64, ...plain.subarray(12)]));
    assert.equal(runt!.length, 9);
    assert.deepEqual([...runt!.subarray(0, 5)], [...plain.subarray(0, 5)]);
  });

  it('reports status only where RS asks for it, and keeps PHY loopback to itself', () => {
    const { m, o } = started();
    m.wr(R('MDIC'), (1 << 26) | (1 << 21) | 0x5140);
    const { tx_index: txIndex } = o.queueTx(frame(US, 60), 0x03000000, 0);
    m.wr(R('TDT'), o.tx!.next);
    assert.equal(o.descAfter(txIndex).slice(24, 26), '00');
    assert.equal(m.peer.received.length, 0);
    assert.equal(o.scanRx().length, 1);
  });
});

describe('e1000: interrupts', () => {
  it('the line is (ICR & IMS) != 0, throttled to one rising edge in 128 us', () => {
    const { m } = started({ ims: 0x80 });
    m.step(1e9);
    const line = (): number => machine.cpu.interrupt_request;
    m.send(frame(US, 60));
    assert.equal(line(), 1);
    m.rr(R('ICR'));
    assert.equal(line(), 0);
    m.send(frame(US, 60));
    assert.equal(line(), 0, 'too early');
    m.step(127_000);
    assert.equal(line(), 0);
    m.step(1_000);
    assert.equal(line(), 1);
    m.wr(R('IMC'), 0x80);
    assert.equal(line(), 0);
    m.wr(R('ICR'), 0x80);
    assert.equal(m.rr(R('ICS')), m.rr(R('ICR')));
  });

  it('ITR and RADV lengthen the interval', () => {
    for (const [reg, value, us] of [
      ['ITR', 4000, 1024],
      ['RADV', 300, 307.2],
    ] as const) {
      const { m } = started({ ims: 0x80 });
      m.step(1e9);
      m.wr(R(reg), value);
      m.wr(R('RDTR'), 1);
      m.send(frame(US, 60));
      m.rr(R('ICR'));
      m.send(frame(US, 60));
      m.step(us * 1000 - 256);
      assert.equal(machine.cpu.interrupt_request, 0, reg);
      m.step(256);
      assert.equal(machine.cpu.interrupt_request, 1, reg);
    }
  });

  it('a change of the link raises LSC', () => {
    const { m } = started();
    qmp_set_link('e1000.0', false);
    assert.equal(m.rr(R('STATUS')) & 2, 0);
    assert.equal(m.rr(R('ICR')) & 4, 4);
    qmp_set_link('e1000.0', true);
    m.step(500e6);
    assert.equal(m.rr(R('STATUS')) & 2, 2);
    assert.equal(m.rr(R('ICR')) & 4, 4);
  });
});
