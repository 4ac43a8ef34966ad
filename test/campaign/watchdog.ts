/** A thread that ends the process when its main thread does not come back: what it was at is said first. */
import { Worker } from 'node:worker_threads';

/** Seconds without a turn of the main thread's event loop. */
const PATIENCE = 60;

const PROGRAM = `
const { workerData: { shared, theme, patience } } = require('node:worker_threads');
const beats = new Int32Array(shared);
let last = -1;
let since = Date.now();
setInterval(() => {
  if (beats[0] !== last) {
    last = beats[0];
    since = Date.now();
  } else if (Date.now() - since > patience * 1000) {
    const again = 'npm run -s campaign -- ' + theme + ' --seed=' + beats[1] + ' --cases=1';
    require('node:fs').writeSync(2, theme + ': hangs for ' + patience + ' s: ' + again + '\\n');
    process.kill(process.pid, 'SIGKILL');
  }
}, 1000);
`;

/** Watches the first element, which the main thread increments; the second is the seed that the case was made of. */
export function watchOver(beats: Int32Array, theme: string): Worker {
  const worker = new Worker(PROGRAM, {
    eval: true,
    execArgv: [],
    workerData: { shared: beats.buffer, theme, patience: PATIENCE },
  });
  worker.unref();
  return worker;
}
