/**
 * What is not asked for costs nothing: the whole path where all catchpoints were set and removed again, over one that
 * never had any; and how long `npm run -s filter` takes for a small file. A journey is found by executing history
 * again, so that `set journey on` is nothing on the path either.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { placesOf } from '../../adapter/engine/catch-events.ts';
import { Image } from '../../adapter/engine/image.ts';
import { capture } from '../kit/paths.ts';
import { measureArmed } from './path.ts';

const run = promisify(execFile);

/** Every kind of event that can be caught, without conditions. */
const EVENTS = [
  { what: 'packet', layer: 'nic', filter: '' },
  { what: 'drop', reason: '' },
  { what: 'irq', cause: '', bit: 0 },
  { what: 'state', side: '', end: null, state: '' },
  { what: 'retransmit' },
  { what: 'rst' },
  { what: 'mmio', access: '', register: '', from: 0, to: 0 },
] as const;

const FILTER_RUNS = 5;

/** The quickest of some runs, in seconds. */
async function filterSeconds(): Promise<number> {
  const program = join(import.meta.dirname, '../../dist/packets.js');
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < FILTER_RUNS; i++) {
    const started = performance.now();
    await run(process.execPath, [program, 'filter', capture('02-hello.pcap'), 'tcp.flags.syn == 1']);
    best = Math.min(best, performance.now() - started);
  }
  return Number((best / 1000).toFixed(2));
}

export async function measureIdle(megabytes = 100, rounds = 5): Promise<object> {
  const image = Image.load();
  const names = new Set(EVENTS.flatMap((event) => placesOf(event).map((place) => place.name)));
  const probes = [...names].flatMap((name) => image.functions(name).flatMap((fn) => fn.probes));
  const removed = [...probes.map((id) => [id, '()=>false'] as const), ...probes.map((id) => [id, ''] as const)];
  return {
    ...(await measureArmed({ removed_catchpoints_ratio: removed }, megabytes, rounds)),
    filter_s: await filterSeconds(),
  };
}
