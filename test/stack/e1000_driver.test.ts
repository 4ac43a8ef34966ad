/** The register accesses of Linux's own e1000 driver give it what it needs. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { MII_BMSR, MII_BMSR_AN_COMP, MII_BMSR_LINK_ST } from '../../adapter/stack/hw/net/e1000_hw.ts';
import {
  CTRL,
  EECD,
  ICR,
  MDIC,
  RCTL,
  RDBAL,
  RDH,
  RDLEN,
  RDT,
  STATUS,
  TCTL,
  TDBAL,
  TDH,
  TDLEN,
  TDT,
} from '../../adapter/stack/hw/net/e1000_regs.ts';
import { machine } from '../../adapter/stack/softmmu/machine.ts';
import { address_space_stl, cpu_inl, cpu_outl } from '../../adapter/stack/softmmu/memory.ts';
import { BAR1, type BareMachine, bareMachine } from './harness.ts';

interface Access {
  readonly write: boolean;
  readonly offset: number;
  readonly value: number;
}

/** `R offset -> value` and `W offset <- value` lines. */
function accesses(name: string): Access[] {
  const text = readFileSync(new URL(`../vectors/e1000/${name}`, import.meta.url), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [kind, offset, , value] = line.split(' ');
      return { write: kind === 'W', offset: Number.parseInt(offset!, 16), value: Number.parseInt(value!, 16) };
    });
}

/** Does what the driver did; time passes a little with each access, as it does for a CPU. Returns the values read. */
function replay(m: BareMachine, list: readonly Access[], us: number): number[] {
  return list.map((a) => {
    m.step(us * 1000);
    if (a.write) {
      m.wr(a.offset, a.value);
      return 0;
    }
    return m.rr(a.offset);
  });
}

/** The words that the driver clocked out of the EEPROM: of each command of 9 bits, the 16 bits read after it. */
function eepromWords(list: readonly Access[], values: readonly number[]): Map<number, number> {
  const words = new Map<number, number>();
  let bits: number[] = [];
  let out: number[] = [];
  let old = 0;
  list.forEach((a, i) => {
    if (a.offset !== EECD << 2) {
      return;
    }
    if (!a.write) {
      if (bits.length === 9 && out.length < 16 && (old & 1) !== 0) {
        out.push((values[i]! >> 3) & 1);
        if (out.length === 16) {
          const addr = Number.parseInt(bits.slice(3).join(''), 2);
          words.set(addr, Number.parseInt(out.join(''), 2));
        }
      }
      return;
    }
    if ((a.value & 2) === 0) {
      bits = [];
      out = [];
    } else if ((a.value & 1) !== 0 && (old & 1) === 0 && bits.length < 9) {
      bits.push((a.value >> 2) & 1);
    }
    old = a.value;
  });
  return words;
}

describe("e1000: Linux's driver", () => {
  for (const name of ['linux-driver-probe.txt', 'linux-driver-dhcp.txt']) {
    it(`${name}: reads the EEPROM by its serial line`, () => {
      const m = bareMachine();
      const list = accesses(name);
      const words = eepromWords(list, replay(m, list, 1));
      assert.equal(words.size, 64);
      for (const [addr, word] of words) {
        assert.equal(word, m.s.eeprom_data[addr], `word ${addr}`);
      }
    });
  }

  it('finds the PHY, and the link is up half a second after it restarts autonegotiation', () => {
    const m = bareMachine();
    const list = accesses('linux-driver-probe.txt').concat(accesses('linux-driver-dhcp.txt'));
    const values = replay(m, list, 100);
    const phyRead = (reg: number): number[] =>
      list.flatMap((a, i) => {
        const last = list[i - 1];
        const isRead = !a.write && a.offset === MDIC << 2 && last?.write && last.value >>> 16 === (0x0820 | reg);
        return isRead ? [values[i]! & 0xffff] : [];
      });
    assert.ok(phyRead(2).length > 0 && phyRead(2).every((v) => v === 0x0141));
    assert.ok(phyRead(3).length > 0 && phyRead(3).every((v) => v === 0x0c20));
    m.step(500e6);
    const want = MII_BMSR_LINK_ST | MII_BMSR_AN_COMP;
    assert.equal(m.s.phy_reg[MII_BMSR]! & want, want);
    assert.equal(m.rr(STATUS << 2) & 2, 2);
    assert.equal(m.rr(RCTL << 2) & 2, 2, 'the driver left the receiver on');
  });

  it('leaves rings that work: frames go both ways, with an interrupt', () => {
    const m = bareMachine();
    replay(m, accesses('linux-driver-probe.txt').concat(accesses('linux-driver-dhcp.txt')), 100);
    m.step(1500e6);
    // The driver's rings were higher than this machine's memory goes.
    const ring = { rx: 0x100000, tx: 0x110000 };
    m.wr(RDBAL << 2, ring.rx);
    m.wr(TDBAL << 2, ring.tx);
    assert.deepEqual([m.rr(RDLEN << 2), m.rr(TDLEN << 2)], [256 * 16, 256 * 16], "the driver's 256 descriptors");
    assert.equal(m.rr(TCTL << 2) & 2, 2, 'the driver left the transmitter on');
    const us = [0x52, 0x54, 0, 0x12, 0x34, 0x56];
    const frame = Uint8Array.from({ length: 100 }, (_, i) => us[i] ?? i);
    const [rdh, tdh] = [m.rr(RDH << 2), m.rr(TDH << 2)];
    m.wr(RDT << 2, (rdh + 8) & 255);
    m.rr(ICR << 2);
    m.step(1e9);
    const buffer = 0x200000;
    for (let i = 0; i < 8; i++) {
      address_space_stl(ring.rx + 16 * ((rdh + i) & 255), buffer + 2048 * i);
    }
    m.send(frame);
    assert.equal(m.rr(RDH << 2), (rdh + 1) & 255);
    assert.deepEqual(machine.ram.slice(buffer, buffer + 100), frame);
    assert.notEqual(machine.cpu.interrupt_request, 0, 'the driver unmasked RXT0');
    assert.equal(m.rr(ICR << 2) & 0x80, 0x80);
    assert.equal(machine.cpu.interrupt_request, 0, 'reading ICR drops the line');
    const desc = ring.tx + 16 * tdh;
    machine.ram.set(frame, 0x300000);
    address_space_stl(desc, 0x300000);
    address_space_stl(desc + 8, 0x0b000000 | frame.length);
    const sent = m.peer.received.length;
    m.wr(TDT << 2, (tdh + 1) & 255);
    assert.deepEqual(m.peer.received.slice(sent), [frame]);
    assert.equal(machine.ram[desc + 12]! & 1, 1, 'the descriptor is done');
    assert.equal(m.rr(ICR << 2) & 3, 3);
  });

  it('resets the device through the I/O window', () => {
    const m = bareMachine();
    m.wr(RCTL << 2, 2);
    cpu_outl(BAR1, CTRL << 2);
    const ctrl = cpu_inl(BAR1 + 4);
    cpu_outl(BAR1 + 4, ctrl | 0x04000000);
    assert.equal(m.rr(RCTL << 2), 0);
    assert.equal(m.rr(CTRL << 2), 0x00140240);
    assert.equal(m.rr(STATUS << 2), 0x80080783);
    assert.equal(m.rr(0x5404), 0x80005634, 'the address is back in RAH');
  });
});
