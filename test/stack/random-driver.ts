/** Random sequences of register writes, frames and time, and what has to hold of the NIC whatever a driver does. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { machine } from '../../adapter/stack/softmmu/machine.ts';
import { Oracle, regoff, type Step } from './e1000_oracle.ts';
import { type BareMachine, bareMachine } from './harness.ts';

const R = (name: string): number => regoff(name);

export type Op =
  | { readonly op: 'write'; readonly reg: string; readonly value: number }
  | { readonly op: 'read'; readonly reg: string }
  | { readonly op: 'receive'; readonly size: number }
  | { readonly op: 'transmit'; readonly size: number; readonly lower: number; readonly upper: number }
  | { readonly op: 'step'; readonly us: number }
  | { readonly op: 'setup' };

const WRITES = 'CTRL RCTL TCTL RDH RDT RDLEN TDH TDT TDLEN ICR ICS IMS IMC ITR RDTR RADV TADV MDIC EECD EERD VET'.split(
  ' ',
);
const READS = 'CTRL STATUS ICR ICS IMS RDH RDT TDH TDT TPR TPT TORH GPRC MPC EECD EERD MDIC'.split(' ');
const value = fc.oneof(
  fc.nat({ max: 40 }),
  fc.integer({ min: 0, max: 0xffffffff }),
  fc.constantFrom(0x8002, 0x4010a, 0x9d, 0x41, 0x40000041),
);
export const ops: fc.Arbitrary<Op> = fc.oneof(
  fc.record({ op: fc.constant('write' as const), reg: fc.constantFrom(...WRITES), value }),
  fc.record({ op: fc.constant('read' as const), reg: fc.constantFrom(...READS) }),
  fc.record({ op: fc.constant('receive' as const), size: fc.nat({ max: 20000 }) }),
  fc.record({
    op: fc.constant('transmit' as const),
    size: fc.nat({ max: 3000 }),
    lower: fc.constantFrom(0x0b, 0x0a, 0x22, 0x2b, 0x2f, 0x26, 0x4b, 0x6f).map((b) => b << 24),
    upper: fc.integer({ min: 0, max: 0xffffffff }),
  }),
  fc.record({ op: fc.constant('step' as const), us: fc.nat({ max: 2000000 }) }),
  fc.record({ op: fc.constant('setup' as const) }),
);

export function apply(m: BareMachine, o: Oracle, a: Op): void {
  switch (a.op) {
    case 'write':
      m.wr(R(a.reg), a.value);
      break;
    case 'read':
      m.rr(R(a.reg));
      break;
    case 'receive': {
      const f = new Uint8Array(Math.max(1, a.size));
      f.set([0x52, 0x54, 0, 0x12, 0x34, 0x56].slice(0, f.length));
      m.send(f);
      break;
    }
    case 'transmit':
      o.queueTx(new Uint8Array(a.size), (a.lower | ((a.upper & 1) << 20)) >>> 0, a.upper);
      m.wr(R('TDT'), o.tx!.next);
      break;
    case 'step':
      m.step(a.us * 1000);
      break;
    case 'setup':
      o.setupRings({ op: 'setup_rings', flush_wait: false } as Step);
      break;
  }
}

/** Where this driver's rings (which may be up to 1 MiB long) and buffers are. */
const OURS: readonly (readonly [number, number])[] = [
  [0x100000, 0x208000],
  [0x400000, 0x440000],
];

function check(m: BareMachine): void {
  const reg = (name: string): number => m.s.mac_reg[R(name) >> 2]!;
  const pending = (reg('ICR') & reg('IMS')) !== 0;
  const line = machine.cpu.interrupt_request !== 0;
  assert.ok(line === pending || (pending && m.s.mit_timer_on), 'the line is (ICR & IMS) != 0, or throttled');
  assert.equal(line, m.s.mit_irq_level);
  assert.equal(reg('ICS'), reg('ICR'));
  assert.ok(m.s.tx.size <= 0x10000 && !m.s.tx.busy);
  assert.ok(reg('RDLEN') % 128 === 0 && reg('TDLEN') % 128 === 0);
}

/** What a step may change in known ways only. */
interface Counts {
  readonly rx_in_ring: boolean;
  readonly tx_in_ring: boolean;
  readonly sent: number;
  readonly tpt: number;
  readonly tpr: number;
  readonly dropped: number;
}

function counts(m: BareMachine): Counts {
  const reg = (name: string): number => m.s.mac_reg[R(name) >> 2]!;
  return {
    rx_in_ring: reg('RDH') * 16 < reg('RDLEN'),
    tx_in_ring: reg('TDH') * 16 < reg('TDLEN'),
    sent: m.peer.received.length,
    tpt: reg('TPT'),
    tpr: reg('TPR'),
    dropped: machine.drops.total,
  };
}

/** The device never takes a head out of its ring, and counts each frame once. */
function checkChange(m: BareMachine, a: Op, were: Counts, are: Counts): void {
  if (a.op !== 'write') {
    assert.ok(!were.rx_in_ring || are.rx_in_ring, 'RDH stays in its ring');
    assert.ok(!were.tx_in_ring || are.tx_in_ring, 'TDH stays in its ring');
  }
  const loopback = (m.s.phy_reg[0]! & 0x4000) !== 0;
  if (a.op === 'transmit' && !loopback) {
    const more = are.tpt - were.tpt - (are.sent - were.sent);
    assert.ok(
      more >= 0 && more <= are.dropped - were.dropped,
      'every frame sent is counted, and empty ones that were dropped',
    );
  }
  if (a.op === 'receive') {
    assert.ok(are.tpr - were.tpr <= 1, 'a frame is counted once');
  }
}

/** Has a new machine's driver do all that; throws where an invariant does not hold. */
export function runDriver(all: readonly Op[]): void {
  const m = bareMachine();
  const o = new Oracle(m);
  o.setupRings({ op: 'setup_rings' } as Step);
  for (const a of all) {
    const were = counts(m);
    apply(m, o, a);
    check(m);
    checkChange(m, a, were, counts(m));
  }
  const ram = Buffer.from(machine.ram.buffer as ArrayBuffer);
  let from = 0;
  for (const [start, end] of [...OURS, [ram.length, ram.length] as const]) {
    assert.ok(untouched(ram.subarray(from, start)), `written below ${start.toString(16)}`);
    from = end;
  }
}

const ZEROS = Buffer.alloc(1 << 20);

function untouched(part: Buffer): boolean {
  for (let at = 0; at < part.length; at += ZEROS.length) {
    const some = part.subarray(at, at + ZEROS.length);
    if (some.compare(ZEROS, 0, some.length) !== 0) {
      return false;
    }
  }
  return true;
}
