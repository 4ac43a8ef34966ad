/** Random sequences of register writes, frames and time: the device keeps its invariants whatever a driver does. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { e1000_load, e1000_save } from '../../adapter/stack/hw/net/e1000_vmstate.ts';
import { machine } from '../../adapter/stack/softmmu/machine.ts';
import { Oracle, regoff, type Step } from './e1000_oracle.ts';
import { type BareMachine, bareMachine } from './harness.ts';

const R = (name: string): number => regoff(name);

type Op =
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
const op: fc.Arbitrary<Op> = fc.oneof(
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

function apply(m: BareMachine, o: Oracle, a: Op): void {
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

/**
 * A run has 30 steps on average. PKTGDB_STEPS sets the number of steps (npm test does 4,500), PKTGDB_SEED where they
 * start, so that a million can be had in pieces.
 */
const RUNS = {
  numRuns: Math.ceil(Number(process.env['PKTGDB_STEPS'] ?? 4500) / 30),
  seed: Number(process.env['PKTGDB_SEED'] ?? 1),
};

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

describe('e1000: random drivers', function () {
  // As long as it takes when more steps are asked for.
  this.timeout(process.env['PKTGDB_STEPS'] === undefined ? 20_000 : 0);

  it('keep the invariants, and nothing outside the rings and buffers is written', () => {
    fc.assert(
      fc.property(fc.array(op, { minLength: 1, maxLength: 60 }), (ops) => {
        const m = bareMachine();
        const o = new Oracle(m);
        o.setupRings({ op: 'setup_rings' } as Step);
        for (const a of ops) {
          const were = counts(m);
          apply(m, o, a);
          check(m);
          checkChange(m, a, were, counts(m));
        }
        const ram = Buffer.from(machine.ram.buffer as ArrayBuffer);
        let from = 0;
        for (const [start, end] of [...OURS, [ram.length, ram.length] as const]) {
          assert.equal(
            ram.subarray(from, start).compare(Buffer.alloc(start - from)),
            0,
            `written below ${start.toString(16)}`,
          );
          from = end;
        }
      }),
      RUNS,
    );
  });

  it('a device put into the saved state of another goes on as that one', () => {
    fc.assert(
      fc.property(fc.array(op, { minLength: 1, maxLength: 30 }), fc.array(op, { maxLength: 30 }), (before, after) => {
        const run = (swap: boolean): unknown => {
          const m = bareMachine();
          const o = new Oracle(m);
          o.setupRings({ op: 'setup_rings' } as Step);
          for (const a of before) {
            apply(m, o, a);
          }
          if (swap) {
            const saved = JSON.parse(JSON.stringify(e1000_save(m.s)));
            // Anything else in between must leave no trace.
            m.s.mac_reg.fill(0x5a5a5a5a);
            m.s.tx.data.fill(0x5a);
            m.s.tx.size = 3;
            assert.equal(e1000_load(m.s, saved), '');
          }
          for (const a of after) {
            apply(m, o, a);
          }
          return [e1000_save(m.s), m.peer.received, m.host.now_ns];
        };
        assert.deepEqual(run(true), run(false));
      }),
      { ...RUNS, numRuns: Math.ceil(RUNS.numRuns / 5) },
    );
  });
});
