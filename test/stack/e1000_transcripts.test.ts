/** The register, ring and interrupt behaviour of the real device (recorded through qtest), step by step. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { type Event, type Json, Oracle, type Step } from './e1000_oracle.ts';
import { type BareMachine, bareMachine } from './harness.ts';

const load = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../vectors/e1000/${name}`, import.meta.url), 'utf8'));

/** Answers ARP for 10.0.2.2 and .3 as the user network does: 64 bytes, at once. */
function answerArp(m: BareMachine): void {
  m.peer.onReceive = (f) => {
    const tip = f.subarray(38, 42);
    if (f[12] !== 8 || f[13] !== 6 || f[21] !== 1 || (tip[3] !== 2 && tip[3] !== 3)) {
      return;
    }
    const r = new Uint8Array(64);
    r.set(f.subarray(6, 12), 0);
    r.set([0x52, 0x55, ...tip], 6);
    r.set([8, 6, 0, 1, 8, 0, 6, 4, 0, 2, 0x52, 0x55, ...tip, ...tip], 12);
    r.set(f.subarray(22, 32), 32);
    m.send(r);
  };
}

/** The parts of `actual` that were recorded are as recorded. */
function same(actual: Json, recorded: Json, where: string): void {
  if (actual === null || typeof actual !== 'object' || Array.isArray(actual)) {
    assert.deepEqual(actual, recorded, where);
    return;
  }
  for (const [k, v] of Object.entries(actual)) {
    same(v, (recorded as { [key: string]: Json })[k]!, `${where}.${k}`);
  }
}

/** Scenarios of the device alone, and two of those that `pktgdb-machine` goes through. */
const names = readdirSync(new URL('../vectors/e1000/device/', import.meta.url))
  .filter((f) => f.endsWith('.scenario.json'))
  .map((f) => `device/${f.replace('.scenario.json', '')}`)
  .concat('01-regs-arp', '09-rings');

describe('e1000: transcripts of the real device', () => {
  for (const name of names) {
    it(`${name}: every register, descriptor and cause is the same`, () => {
      const m = bareMachine(0);
      answerArp(m);
      const o = new Oracle(m);
      const steps = (load(`${name}.scenario.json`) as { steps: Step[] }).steps;
      const events = (load(`${name}.transcript.json`) as { events: Event[] }).events;
      let compared = 0;
      steps.forEach((s, i) => {
        const e = events[i]!;
        const where = `step ${i} ${s.op}`;
        const result = o.run({ ...s, ...e.args } as Step, e);
        if (result !== null) {
          same(result, e.result, where);
          compared++;
        }
        const rx = (e.rx ?? []).map((r) => ({ ring_index: r.ring_index, desc: r.desc, frame: r.frame ?? '' }));
        assert.deepEqual(o.scanRx(), rx, `${where}: received`);
      });
      assert.ok(compared > 5);
    });
  }
});
