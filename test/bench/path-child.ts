/**
 * One run of the whole path in a process of its own. Arguments: debug|release, megabytes[, heap].
 * PKTGDB_DECIDERS holds what to arm, as JSON: pairs of a probe and its function. Prints one JSON line; with `heap`,
 * what is allocated too.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Image } from '../../adapter/engine/image.ts';
import type { Host } from '../../adapter/stack/util/host.ts';
import { benchRuntime } from './bench-runtime.ts';
import { type AllocationSite, allocations } from './heap.ts';
import { BENCH_ARGV, BenchHost } from './path-host.ts';

const [build = 'release', megabytes = '50', heap = ''] = process.argv.slice(2);
const image = Image.load();
const runtime = benchRuntime(image);
const root = join(import.meta.dirname, '../../dist/stack', build);
type Main = (argc: number, argv: readonly string[], host: Host) => number;
const { main } = (await import(pathToFileURL(join(root, 'softmmu/main.js')).href)) as { main: Main };
const deciders = JSON.parse(process.env['PKTGDB_DECIDERS'] ?? '[]') as [probe: number, source: string][];
for (const [probe, source] of deciders) {
  runtime.setDecider(probe, source);
}
const host = new BenchHost(Number(megabytes) * 1e6);
const run = (): void => {
  main(BENCH_ARGV.length, BENCH_ARGV, host);
};
let sites: readonly AllocationSite[] = [];
if (heap === 'heap') {
  sites = await allocations(run);
} else {
  run();
}
console.log(
  JSON.stringify({
    build,
    megabytes: Number(megabytes),
    seconds: host.seconds,
    frames: host.frames,
    cpuSeconds: host.cpuSeconds,
    sites,
  }),
);
