/**
 * `npm run bench [NAME]...`: one JSON line for each measurement of the debugger; without names, all of them.
 * `npm run bench -- WORKLOAD [N] [options]`: one JSON line of a workload of the user network.
 */

import { loadSlirpBench } from './bundle.ts';
import { measureCommands } from './commands.ts';
import { measureConditions } from './conditions.ts';
import { measureActivation, measureLaunch, measureStops } from './debugger.ts';
import { measureE1000, measureE1000Heap } from './e1000.ts';
import { measureFilters } from './filters.ts';
import { measureHistory } from './history.ts';
import { measureHistoryLive } from './history-live.ts';
import { measureIdle } from './idle.ts';
import { measureListing } from './listing.ts';
import { measureMemory } from './memory.ts';
import { measurePath, measurePathHeap } from './path.ts';
import { measureProbes } from './probes.ts';
import { hasQemu, measureQemu } from './qemu.ts';
import { measureReplay } from './replay.ts';
import { WORKLOADS } from './slirp-workloads.ts';
import { measureStep } from './step.ts';
import { measureTravel } from './travel.ts';
import { measureWatch } from './watch.ts';

const BENCHES: Readonly<Record<string, () => object | Promise<object>>> = {
  memory: measureMemory,
  launch: measureLaunch,
  activation: () => measureActivation(),
  stops: measureStops,
  commands: () => measureCommands(),
  conditions: measureConditions,
  filters: measureFilters,
  probes: measureProbes,
  step: measureStep,
  watch: measureWatch,
  e1000: () => measureE1000(),
  'e1000-heap': () => measureE1000Heap(),
  path: () => measurePath(),
  'path-warm': () => measurePath(1000),
  'path-heap': () => measurePathHeap(),
  idle: () => measureIdle(),
  replay: () => measureReplay(),
  listing: () => measureListing(),
  history: () => measureHistory(),
  'history-live': () => measureHistoryLive(),
  travel: () => measureTravel(),
  'travel-far': () => measureTravel(950, 10),
  qemu: () => measureQemu(),
};

async function main(words: readonly string[]): Promise<void> {
  const [first = ''] = words;
  if (first in WORKLOADS) {
    const { measureSlirp, parseOptions } = await loadSlirpBench();
    process.stdout.write(`${JSON.stringify(await measureSlirp(first, parseOptions(words.slice(1))))}\n`);
    return;
  }
  const unknown = words.filter((name) => !(name in BENCHES));
  if (unknown.length > 0) {
    const known = [...Object.keys(BENCHES), ...Object.keys(WORKLOADS)].join(', ');
    throw new RangeError(`unknown benchmark ${unknown.join(', ')}; known: ${known}`);
  }
  const all = Object.keys(BENCHES).filter((name) => name !== 'qemu' || hasQemu());
  for (const name of words.length > 0 ? words : all) {
    process.stdout.write(`${JSON.stringify({ bench: name, ...(await BENCHES[name]?.()) })}\n`);
  }
}

main(process.argv.slice(2)).catch((e: unknown) => {
  process.stderr.write(`${e instanceof RangeError ? e.message : e instanceof Error ? e.stack : String(e)}\n`);
  process.exitCode = e instanceof RangeError ? 2 : 1;
});
