/** The probes' runtime without an engine, for measuring a stack in this process. */
import type { Image } from '../../adapter/engine/image.ts';
import * as dissected from '../../adapter/inferior/dissected.ts';
import { dissectWith } from '../../adapter/inferior/dissection.ts';
import { Runtime } from '../../adapter/inferior/runtime.ts';
import { createTicks } from '../../adapter/mailbox/ticks.ts';

/** Makes it and puts it where the compiled stack looks for it. */
export function benchRuntime(image: Image): Runtime {
  dissectWith(() => dissected);
  const runtime = new Runtime({
    A: new Uint8Array(new SharedArrayBuffer(image.info.probes.length)),
    T: new Float64Array(createTicks()),
    E: new Uint8Array(new SharedArrayBuffer(image.info.functions.length)),
    tables: image.probeTables(),
    stackUrl: '',
    takePause: () => false,
    pausePending: () => false,
    sendLog: () => undefined,
    tellStop: () => undefined,
  });
  Object.defineProperty(globalThis, '__pktgdb', { value: runtime });
  return runtime;
}
