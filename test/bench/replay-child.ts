/**
 * One replay of a capture in a process of its own, as `pktgdb-replay` plays it, on either build of the stack.
 * Arguments: debug|release, the file. Prints one JSON line.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Image } from '../../adapter/engine/image.ts';
import type * as ReplayTask from '../../adapter/inferior/replay-task.ts';
import { benchRuntime } from './bench-runtime.ts';

const [build = 'release', file = ''] = process.argv.slice(2);
const dist = join(import.meta.dirname, '../../dist');
const image = Image.load();
benchRuntime(image);
const { default: replay } = (await import(pathToFileURL(join(dist, 'replay-task.js')).href)) as typeof ReplayTask;
const before = process.cpuUsage();
const started = performance.now();
const result = await replay({ file, stackDir: join(dist, 'stack', build), limitMs: 600_000 });
const cpu = process.cpuUsage(before);
console.log(
  JSON.stringify({
    ...result,
    seconds: (performance.now() - started) / 1000,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
  }),
);
