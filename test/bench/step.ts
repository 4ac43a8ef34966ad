/** What a `next` costs over a long call that enters the stepping function again: each of its probes is armed. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compile, PROBE_MODULE, PROBE_MODULE_SOURCE } from '../../adapter/compiler/compile.ts';
import { type Dist, Image } from '../../adapter/engine/image.ts';
import { Runtime } from '../../adapter/inferior/runtime.ts';

const SAMPLE = `
export function visit(n: number): number {
  let sum = 0;
  for (let i = 0; i < 10 && n > 0; i++) {
    sum += visit(n - 1);
  }
  return sum + 1;
}
`;
/** Calls of `visit(DEPTH)`: 10^0 + ... + 10^DEPTH; each call passes 3 probes, and one for each call that it makes. */
const DEPTH = 5;
const CALLS = (10 ** (DEPTH + 1) - 1) / 9;
const PROBES = 4 * CALLS;
const ROUNDS = 5;

/** Nanoseconds a probe of the call, unarmed and while a `next` waits for its end. */
export async function measureStep(): Promise<object> {
  const folder = mkdtempSync(join(tmpdir(), 'pktgdb-bench-'));
  const world = globalThis as { __pktgdb?: unknown };
  try {
    const { debug, info } = compile(new Map([['sample.ts', SAMPLE]]), { lib: false });
    const runtime = new Runtime({
      A: new Uint8Array(new SharedArrayBuffer(info.probes.length)),
      E: new Uint8Array(0),
      T: new Float64Array([0, Number.POSITIVE_INFINITY]),
      tables: new Image(info, {} as Dist).probeTables(),
      stackUrl: pathToFileURL(folder).href,
      takePause: () => false,
      pausePending: () => false,
      sendLog: () => undefined,
      tellStop: () => undefined,
    });
    world.__pktgdb = runtime;
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, PROBE_MODULE), PROBE_MODULE_SOURCE);
    writeFileSync(join(folder, 'sample.js'), debug.get('sample.js') ?? '');
    const { visit } = (await import(pathToFileURL(join(folder, 'sample.js')).href)) as { visit(n: number): number };
    const time = (armed: boolean): number => {
      let best = Number.POSITIVE_INFINITY;
      for (let i = 0; i < ROUNDS; i++) {
        if (armed) {
          // As from a caller of `visit` that is called `visit` too: every call is one of an armed function, inside the
          // step's frame.
          const step = {
            kind: 'over',
            up: 0,
            nested: 1,
            fn: 0,
            name: 'visit',
            line: 4,
            count: 1,
            targets: [],
          } as const;
          runtime.startStep({ ...step, fns: [0] });
        }
        const started = performance.now();
        visit(DEPTH);
        best = Math.min(best, ((performance.now() - started) * 1e6) / PROBES);
      }
      return Number(best.toFixed(1));
    };
    return { probes: PROBES, unarmed_ns_per_probe: time(false), next_ns_per_probe: time(true) };
  } finally {
    world.__pktgdb = undefined;
    rmSync(folder, { recursive: true });
  }
}
