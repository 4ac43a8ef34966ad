/** Carries out the steps of a scenario that was run on the real device through qtest, and says what came of each. */

import { E1000_REGISTERS } from '../../adapter/stack/hw/net/e1000_regs.ts';
import {
  address_space_ldl,
  address_space_read,
  address_space_write,
  cpu_inl,
  cpu_outl,
} from '../../adapter/stack/softmmu/memory.ts';
import { build, type Dict } from '../machine/frames.ts';
import { BAR0, BAR1, type BareMachine } from './harness.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Step = { op: string } & { [key: string]: Json };

/** A recorded step. */
export interface Event {
  readonly i: number;
  readonly op: string;
  readonly args: { [key: string]: Json };
  readonly result: Json;
  readonly rx?: { readonly ring_index: number; readonly desc: string; readonly frame?: string }[];
}

interface Ring {
  base: number;
  count: number;
  bufbase: number;
  bufsize: number;
  refill: boolean;
  next: number;
  /** Bytes at the end of a frame that are its FCS. */
  fcs: number;
  /** The descriptors of a frame so far. */
  part: Uint8Array[];
}

/** Registers that a step `state` shows, and those that count. */
export const STATE_REGS = 'CTRL STATUS IMS ICS RCTL TCTL RDBAL RDLEN RDH RDT TDBAL TDLEN TDH TDT'.split(' ');
export const STATS = `TPR TPT GPRC GPTC BPRC MPRC BPTC MPTC GORCL GORCH GOTCL GOTCH TORL TORH TOTL TOTH MPC RNBC RUC ROC
   PRC64 PRC127 PRC255 PRC511 PRC1023 PRC1522 PTC64 PTC127 PTC255 PTC511 PTC1023 PTC1522 TSCTC`.split(/\s+/);

const hex = (b: Uint8Array): string => Buffer.from(b).toString('hex');
const bytes = (h: string): Uint8Array => Uint8Array.from(Buffer.from(h, 'hex'));

/** Byte offset of a register by name, such as `RDH` or `MTA[3]`. */
export function regoff(name: string): number {
  const m = /^([A-Z_0-9]+)(?:\[(\d+)\])?$/.exec(name)!;
  const base = m[1] === 'RAL' ? 0x5400 : m[1] === 'RAH' ? 0x5404 : E1000_REGISTERS.find((r) => r.name === m[1])!.offset;
  return base + 4 * Number(m[2] ?? 0);
}

/** Byte offset of the register that a step names or gives. */
function stepReg(s: Step): number {
  return typeof s['reg'] === 'number' ? s['reg'] : regoff(s['reg'] as string);
}

/** What a driver writes into the registers for its rings, in its order; a step may have other values. */
export function ringRegisters(
  rx: { readonly base: number; readonly count: number },
  tx: { readonly base: number; readonly count: number },
  s: { readonly [key: string]: unknown },
): readonly (readonly [name: string, value: number])[] {
  return [
    ['CTRL', 0x41],
    ['RDBAL', rx.base],
    ['RDBAH', 0],
    ['RDLEN', 16 * rx.count],
    ['RDH', 0],
    ['RDT', rx.count - 1],
    ['TDBAL', tx.base],
    ['TDBAH', 0],
    ['TDLEN', 16 * tx.count],
    ['TDH', 0],
    ['TDT', 0],
    ['IMS', Number(s['ims'] ?? 0)],
    ['RCTL', Number(s['rctl'] ?? 0x8002)],
    ['TCTL', Number(s['tctl'] ?? 0x4010a)],
  ];
}

/** Drives a bare machine. */
export class Oracle {
  readonly m: BareMachine;
  readonly slot = 3;
  rx: Ring | null = null;
  tx: Ring | null = null;
  constructor(m: BareMachine) {
    this.m = m;
  }

  pciR(off: number): number {
    cpu_outl(0xcf8, 0x80000000 | (this.slot << 11) | (off & 0xfc));
    return cpu_inl(0xcfc);
  }
  pciW(off: number, v: number): void {
    cpu_outl(0xcf8, 0x80000000 | (this.slot << 11) | (off & 0xfc));
    cpu_outl(0xcfc, v);
  }
  reg(name: string): number {
    return address_space_ldl(BAR0 + regoff(name));
  }
  set(name: string, v: number): void {
    this.m.wr(regoff(name), v);
  }
  mem(addr: number, len: number): Uint8Array {
    const b = new Uint8Array(len);
    address_space_read(addr, b, 0, len);
    return b;
  }
  write(addr: number, b: Uint8Array): void {
    address_space_write(addr, b, 0, b.length);
  }

  /** The descriptors the device has filled since last time; with `refill` they are given back. */
  scanRx(): { ring_index: number; desc: string; frame: string }[] {
    const got = [];
    for (const r = this.rx; r; ) {
      const i = r.next;
      if (!r.refill && i === this.reg('RDH')) {
        break;
      }
      const d = this.mem(r.base + 16 * i, 16);
      if ((d[12]! & 1) === 0) {
        break;
      }
      const v = new DataView(d.buffer);
      const addr = v.getUint32(0, true);
      const len = v.getUint16(8, true);
      r.part.push(this.mem(addr, len));
      let frame = '';
      if ((d[12]! & 2) !== 0) {
        const whole = Buffer.concat(r.part);
        frame = hex(whole.subarray(0, whole.length - r.fcs));
        r.part = [];
      }
      got.push({ ring_index: i, desc: hex(d), frame });
      if (r.refill) {
        this.write(r.base + 16 * i + 8, new Uint8Array(8));
        this.set('RDT', i);
      }
      r.next = (i + 1) % r.count;
    }
    return got;
  }

  setupRings(s: Step): null {
    const rx = {
      base: 0x100000,
      count: 16,
      bufbase: 0x200000,
      bufsize: 2048,
      refill: true,
      next: 0,
      fcs: (Number(s['rctl'] ?? 0) & 0x04000000) !== 0 ? 0 : 4,
      part: [],
      ...(s['rx'] as object),
    };
    const tx = {
      base: 0x110000,
      count: 16,
      bufbase: 0x400000,
      bufsize: 16384,
      refill: false,
      next: 0,
      fcs: 0,
      part: [],
      ...(s['tx'] as object),
    };
    for (let i = 0; i < rx.count; i++) {
      const d = new Uint8Array(16);
      new DataView(d.buffer).setUint32(0, rx.bufbase + rx.bufsize * i, true);
      this.write(rx.base + 16 * i, d);
    }
    this.write(tx.base, new Uint8Array(16 * tx.count));
    for (const [name, v] of ringRegisters(rx, tx, s)) {
      this.set(name, v);
    }
    this.rx = rx;
    this.tx = tx;
    if (s['flush_wait'] !== false) {
      this.m.step(1e9);
    }
    return null;
  }

  /** Puts a frame and its descriptor in the ring. Returns the descriptor. */
  queueTx(frame: Uint8Array, lower: number, upper: number): { tx_index: number; desc: string } {
    const t = this.tx!;
    const i = t.next;
    const addr = t.bufbase + t.bufsize * i;
    this.write(addr, frame);
    const d = new DataView(new ArrayBuffer(16));
    d.setUint32(0, addr, true);
    d.setUint32(8, (lower | frame.length) >>> 0, true);
    d.setUint32(12, upper, true);
    return this.queueDesc(new Uint8Array(d.buffer));
  }
  queueDesc(d: Uint8Array): { tx_index: number; desc: string } {
    const t = this.tx!;
    const i = t.next;
    this.write(t.base + 16 * i, d);
    t.next = (i + 1) % t.count;
    return { tx_index: i, desc: hex(d) };
  }
  descAfter(i: number): string {
    return hex(this.mem(this.tx!.base + 16 * i, 16));
  }

  /** One step. `recorded` supplies the frames that the scenario only describes. */
  run(s: Step, recorded: Event): Json {
    switch (s.op) {
      case 'pci_setup':
        return this.pciSetup(s);
      case 'state':
        return this.state();
      case 'readl':
        return address_space_ldl(BAR0 + stepReg(s));
      case 'writel':
        this.m.wr(stepReg(s), Number(s['value']));
        return null;
      case 'pci_read':
        return this.pciR(s['off'] as number);
      case 'pci_write':
        this.pciW(s['off'] as number, Number(s['value']));
        return null;
      case 'memwrite':
        this.write(s['addr'] as number, bytes(s['hex'] as string));
        return null;
      case 'tx_raw':
        return this.txRaw(s);
      case 'eeprom':
        return this.eeprom();
      case 'phy_read':
        this.set('MDIC', (2 << 26) | (1 << 21) | ((s['phy_reg'] as number) << 16));
        return this.reg('MDIC');
      case 'phy_write':
        this.set('MDIC', (1 << 26) | (1 << 21) | ((s['phy_reg'] as number) << 16) | Number(s['value']));
        return this.reg('MDIC');
      case 'setup_rings':
        return this.setupRings(s);
      case 'clock_step':
        this.m.step(s['ns'] as number);
        return recorded.result;
      case 'icr': {
        const value = this.reg('ICR');
        return { value, asserted: value >>> 31 !== 0 };
      }
      case 'stats':
        return Object.fromEntries(STATS.map((r) => [r, this.reg(r)]));
      case 'send_frame':
        return this.sendFrame(s, bytes((recorded.result as { frame: string }).frame));
      default:
        return null;
    }
  }

  txRaw(s: Step): Json {
    const me = { mac: '52:54:00:12:34:56', ip: '10.0.2.15', gw_mac: '52:55:0a:00:02:02' };
    const records = (s['descs'] as Dict[]).map((x) => {
      if (x['desc'] !== undefined) {
        return this.queueDesc(bytes(String(x['desc'])));
      }
      const frame = x['frame'] ? build(x['frame'] as Dict, me) : bytes(String(x['buf']));
      return this.queueTx(frame, Number(x['lower'] ?? 0x0b000000), Number(x['upper'] ?? 0));
    });
    this.set('TDT', this.tx!.next);
    return records.map((r) => ({ ...r, desc_after: this.descAfter(r.tx_index) }));
  }

  pciSetup(s: Step): Json {
    const h = (v: number): string => v.toString(16).padStart(8, '0');
    const id = h(this.pciR(0));
    this.pciW(0x10, 0xffffffff);
    const bar0Mask = h(this.pciR(0x10));
    this.pciW(0x14, 0xffffffff);
    const bar1Mask = h(this.pciR(0x14));
    this.pciW(0x10, BAR0);
    this.pciW(0x14, BAR1);
    this.pciW(4, Number(s['command'] ?? 7));
    return {
      id,
      bar0_mask: bar0Mask,
      bar1_mask: bar1Mask,
      cmdsts: h(this.pciR(4)),
      classrev: h(this.pciR(8)),
      subsys: h(this.pciR(0x2c)),
    };
  }

  state(): Json {
    const regs = Object.fromEntries(STATE_REGS.map((r) => [r, `0x${this.reg(r).toString(16).padStart(8, '0')}`]));
    const out: { [key: string]: Json } = { regs, intx: ((this.pciR(4) >>> 19) & 1) === 1 };
    for (const [name, ring] of [
      ['rx', this.rx],
      ['tx', this.tx],
    ] as const) {
      if (ring) {
        out[`${name}_ring`] = Array.from({ length: ring.count }, (_, i) => hex(this.mem(ring.base + 16 * i, 16)));
      }
    }
    return out;
  }

  eeprom(): Json {
    const words: number[] = [];
    for (let i = 0; i < 64; i++) {
      this.set('EERD', (i << 8) | 1);
      words.push(this.reg('EERD') >>> 16);
    }
    const sum = words.reduce((a, b) => a + b, 0) & 0xffff;
    return { words: words.map((w) => w.toString(16).padStart(4, '0')), sum: sum.toString(16) };
  }

  sendFrame(s: Step, frame: Uint8Array): Json {
    const cso = Number(s['cso'] ?? 0);
    const css = Number(s['css'] ?? 0);
    const r = this.queueTx(
      frame,
      ((Number(s['cmd'] ?? 0x0b) << 24) | (cso << 16)) >>> 0,
      (css << 8) | (Number(s['special'] ?? 0) << 16),
    );
    this.set('TDT', this.tx!.next);
    return { ...r, desc_after: this.descAfter(r.tx_index), tdh: this.reg('TDH') };
  }
}
