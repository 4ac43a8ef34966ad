/** Steps against an oracle that looks at the call stack at each probe, as `Step` must not. */
import assert from 'node:assert/strict';
import type { DebugInfo } from '../../adapter/compiler/debug-info.ts';
import { type Dist, Image } from '../../adapter/engine/image.ts';
import { Step } from '../../adapter/inferior/step.ts';
import type { StepRequest } from '../../adapter/inferior/stop.ts';
import type { ProbeTables } from '../../adapter/mailbox/probes.ts';
import { compiled, execute, fn } from '../compiler/run.ts';

const PROGRAM = `
function leaf(n: number): number { return n + 1; }
function nothing(): void {}
function early(n: number): void {
  if (n > 2) {
    nothing();
    return;
  }
  leaf(n);
}
function even(n: number): boolean {
  return n === 0 ? true : odd(n - 1);
}
function odd(n: number): boolean {
  if (n === 0) { return false; }
  return even(n - 1);
}
function visit(n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    sum += visit(n - 1 - i);
    early(i);
  }
  const twice = (x: number): number => leaf(x) + leaf(x);
  sum += twice(n);
  return sum;
}
function main(): number {
  even(4);
  const v = visit(3);
  for (let i = 0; i < 3; i++) { leaf(i); leaf(i + 1); }
  nothing();
  return v;
}
`;

/** A frame that says that it returns and goes on. */
const FINALLY = `
function early(n: number): void {}
function leaf(n: number): number { return n + 1; }
function tidy(n: number): number {
  try {
    if (n > 0) {
      return tidy(n - 1) + leaf(n);
    }
    return 0;
  } finally {
    early(n);
    leaf(n);
  }
}
function main(): number {
  tidy(2);
  return 1;
}
`;

/** A probe that was passed, with the functions on the stack, innermost first. */
interface Passed {
  readonly probe: number;
  readonly frames: readonly number[];
  readonly ret: unknown;
}

/** Number of the line that holds `text`. */
function lineOf(source: string, text: string): number {
  return source.split('\n').findIndex((line) => line.includes(text)) + 1;
}

/** Functions of the program on the call stack. */
function framesNow(info: DebugInfo): number[] {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 200;
  const lines = (new Error().stack ?? '').split('\n').filter((l) => l.includes('(test.ts:'));
  Error.stackTraceLimit = limit;
  return lines.flatMap((l) => info.functions.find((f) => f.name === /at (\w+) /.exec(l)?.[1])?.id ?? []);
}

/** A run of a program that has passed all probes, in which steps can be tried from each of them. */
class Trace {
  readonly info: DebugInfo;
  readonly passed: Passed[] = [];
  readonly tables: ProbeTables;

  constructor(source: string) {
    const { debug, info } = compiled({ 'test.ts': source });
    const { error } = execute(debug.get('test.js') ?? '', info, true, {
      onHit: ({ probe, ret }) => this.passed.push({ probe: probe.id, frames: framesNow(info), ret }),
    });
    assert.equal(error, undefined);
    this.info = info;
    this.tables = new Image(info, {} as Dist).probeTables();
  }

  request(from: number, kind: StepRequest['kind'], up = 0): StepRequest {
    const { frames, probe } = this.passed[from]!;
    const fns = kind === 'into' ? null : [...new Set(frames.slice(up))];
    const nested = frames.slice(0, up).filter((f) => fns?.includes(f) ?? true).length;
    const line = up === 0 ? this.info.probes[probe]!.line : -1;
    return { kind, up, nested, fn: frames[up] ?? -1, name: '', line, count: 1, fns, targets: [] };
  }

  /** What stops a step, and what it has seen returned, told from the depth of the stack alone. */
  expected(from: number, request: StepRequest): [number, unknown] {
    const depth = this.passed[from]!.frames.length - request.up;
    let value: unknown;
    for (let i = from + 1; i < this.passed.length; i++) {
      const { probe: id, frames, ret } = this.passed[i]!;
      const probe = this.info.probes[id]!;
      if (request.fns && !request.fns.includes(probe.fn)) {
        continue;
      }
      const moved = probe.kind !== 'return' && (probe.fn !== request.fn || probe.line !== request.line);
      if (request.kind === 'out' && probe.kind === 'return' && frames.length === depth) {
        value = ret;
      }
      const same = frames.length === depth && request.kind === 'over';
      if (frames.length < depth || (moved && (same || request.kind === 'into'))) {
        return [i, value];
      }
    }
    return [-1, value];
  }

  /** What a step does, and how often it looked at the stack. */
  actual(from: number, request: StepRequest): { readonly end: [number, unknown]; readonly looks: number } {
    let looks = 0;
    let now = from;
    const { probe, frames } = this.passed[from]!;
    const step = new Step(request, { probe, depth: frames.length }, this.tables, () => {
      looks++;
      return this.passed[now]!.frames.length;
    });
    for (now = from + 1; now < this.passed.length; now++) {
      const event = this.passed[now]!;
      if (step.arms(event.probe) && step.hit(event.probe, event.ret)) {
        return { end: [now, step.value], looks };
      }
    }
    return { end: [-1, step.value], looks };
  }

  /** Compares the two for every probe that was passed (of one line if given), and for 'out' every frame. */
  check(kind: StepRequest['kind'], line?: number): void {
    for (const [i, { probe, frames }] of this.passed.entries()) {
      const from = line === undefined || this.info.probes[probe]!.line === line;
      for (let up = 0; from && up < (kind === 'out' ? frames.length : 1); up++) {
        const request = this.request(i, kind, up);
        assert.deepEqual(this.actual(i, request).end, this.expected(i, request), `from ${i}, frame ${up}`);
      }
    }
  }
}

describe('steps', () => {
  for (const kind of ['into', 'over', 'out'] as const) {
    it(`${kind}: end where the stack says so, from every probe that a program passes`, () => {
      new Trace(PROGRAM).check(kind);
    });
  }

  it('over and out: end there also where a frame goes on after its return, in finally', () => {
    new Trace(FINALLY).check('over', lineOf(FINALLY, 'if (n > 0)'));
    new Trace(FINALLY).check('out', lineOf(FINALLY, 'if (n > 0)'));
  });

  it('over a call that enters the function over and over: the stack is looked at once', () => {
    const trace = new Trace(PROGRAM.replace('visit(3)', 'visit(7)'));
    const call = lineOf(PROGRAM, 'sum += visit');
    const from = trace.passed.findIndex(({ probe }) => trace.info.probes[probe]!.line === call);
    const {
      end: [end],
      looks,
    } = trace.actual(from, trace.request(from, 'over'));
    assert.ok(end > from + 1000, `${end - from} probes`);
    assert.equal(trace.passed[end]!.frames.length, trace.passed[from]!.frames.length);
    assert.equal(looks, 1);
  });

  it('out: show what a probe made the function return, at a statement and at a return', () => {
    const trace = new Trace(PROGRAM);
    for (const kind of ['statement', 'return'] as const) {
      const leaf = fn(trace.info, 'leaf').probes.find((id) => trace.info.probes[id]!.kind === kind);
      const from = trace.passed.findIndex(({ probe }) => probe === leaf);
      const { probe, frames } = trace.passed[from]!;
      const caller = trace.passed.slice(from).find((e) => e.frames.length < frames.length)!;
      const start = { probe, depth: frames.length };
      const step = new Step(trace.request(from, 'out'), start, trace.tables, () => caller.frames.length);
      step.returned(probe, 'made up');
      assert.equal(step.hit(caller.probe, undefined), true);
      assert.equal(step.value, 'made up');
    }
  });

  it('from a stop between probes, such as an interruption: the first probe of the frame is no new call', () => {
    const trace = new Trace(PROGRAM);
    const entry = trace.passed.findIndex(({ probe }) => probe === fn(trace.info, 'visit').probes[0]);
    const { probe, frames } = trace.passed[entry]!;
    const request = { ...trace.request(entry, 'over'), line: -1 };
    const step = new Step(request, { probe: -1, depth: frames.length }, trace.tables, () => frames.length);
    assert.equal(step.hit(probe, undefined), true);
  });
});
