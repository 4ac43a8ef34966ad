/** Whether this Node can run the debugger: version, shared memory, and an inspector that reaches worker threads. */
import { Worker } from 'node:worker_threads';
import { attachInspector } from './inspector.ts';

const MIN_NODE = 20;
/** A worker that has not answered by then never will. */
const TIMEOUT_MS = 5000;
const NAME = 'check-runtime';

/** Resolves to what is missing, as a sentence, or to undefined. */
export async function checkRuntime(): Promise<string | undefined> {
  const { node } = process.versions;
  if (Number.parseInt(node, 10) < MIN_NODE) {
    return `Node ${MIN_NODE} or newer is needed, and this is ${node}.`;
  }
  const worker = new Worker('setInterval(() => {}, 1000)', { eval: true, name: NAME });
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('it does not answer'), TIMEOUT_MS);
  });
  try {
    const failed = await Promise.race([inspect(), timeout]);
    return failed === undefined ? undefined : `This Node (${node}) has no inspector for worker threads: ${failed}.`;
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}

/** Evaluates something in the worker by its inspector. */
async function inspect(): Promise<string | undefined> {
  try {
    const channel = await attachInspector(NAME);
    return (await channel.evaluate<number>('6 * 7')) === 42 ? undefined : 'it answers wrongly';
  } catch (error) {
    return (error as Error).message;
  }
}
