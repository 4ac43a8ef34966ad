/** The machine's NICs as shared memory shows them: registers can be read at any time, and never with a side effect. */
import type { EngineApi } from '../engine/api.ts';

const SUFFIX = '/mac_reg';

/** One NIC: its name, such as `e1000.0`, and its registers, indexed by offset / 4. */
export interface Nic {
  readonly name: string;
  readonly registers: Uint32Array;
}

/** NICs in order of their names; none before launch. */
export function nics(engine: EngineApi): Nic[] {
  return [...engine.shared]
    .filter(([name]) => name.endsWith(SUFFIX))
    .map(([name, buffer]) => ({ name: name.slice(0, -SUFFIX.length), registers: new Uint32Array(buffer) }))
    .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}
