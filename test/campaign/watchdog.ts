/**
 * A thread that ends the process when its main thread does not come back, or the time for all of it is over: what it
 * was at is said first.
 */
import { Worker } from 'node:worker_threads';

/** Seconds without a turn of the main thread's event loop. */
const PATIENCE = 30;

const PROGRAM = `
const { workerData: { shared, theme, patience, end } } = require('node:worker_threads');
const beats = new Int32Array(shared);
let last = -1;
let since = performance.now();
const start = since;
function leave(why) {
  const again = 'npm run -s campaign -- ' + theme + ' --seed=' + beats[1] + ' --cases=1';
  require('node:fs').writeSync(2, theme + ': found: ' + why + ': ' + again + '\\n');
  process.kill(process.pid, 'SIGKILL');
}
setInterval(() => {
  const now = performance.now();
  if (beats[0] !== last) {
    last = beats[0];
    since = now;
  }
  if (now - since > patience * 1000) {
    leave('hangs for ' + patience + ' s');
  } else if (now - start > end) {
    leave('not over after ' + Math.round((now - start) / 1000) + ' s');
  }
}, 1000);
`;

/**
 * Watches the first element, which the main thread increments; the second is the seed that the case was made of. `end`
 * are the milliseconds for all of it.
 */
export function watchOver(beats: Int32Array, theme: string, end: number): Worker {
  const worker = new Worker(PROGRAM, {
    eval: true,
    execArgv: [],
    workerData: { shared: beats.buffer, theme, patience: PATIENCE, end },
  });
  worker.unref();
  return worker;
}
